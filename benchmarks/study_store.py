"""What the store of a study costs: per run, in the parent's memory, and to read.

    python benchmarks/study_store.py [overhead] [memory] [reading]

overhead: a model that does nothing, 1,000 cases on two processes, each case one row; every run is
durable (fsync) when it counts. Beside it ``mesa.batch_run`` on the same model and cases, which
keeps its rows in memory. Start-up of the processes is timed apart.
memory: the parent's resident memory after 1,000 and 20,000 such runs, for both.
reading: 100,000 runs of 11 periods each, written through the store and read with pandas
alone, before the end and after it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
from numpy.typing import NDArray

import gigsim
from gigsim.experiments.case import keyed
from gigsim.experiments.runner import work_off
from gigsim.store.columns import encode
from gigsim.store.store import Failure, Finished, Store

WORKERS = 2


class Nothing(mesa.Model):
    """A model of 0 ms: one number, reported once."""

    def __init__(self, x: int = 0) -> None:
        super().__init__(rng=1)
        self.x = x
        self.datacollector = mesa.DataCollector(model_reporters={"x": "x"})
        self.datacollector.collect(self)
        self.running = False

    def step(self) -> None:
        """Nothing."""


def nothing(x: int, tell: Callable[[Any], None]) -> dict[str, bytes]:
    """One run of it for our own engine: the same number, as a table."""
    model = Nothing(x)
    rows = model.datacollector.get_model_vars_dataframe()
    return {"runs": encode(keyed(rows, {"case": x, "replicate": 0, "seed": 1}))}


def same(number: int) -> int:
    """The number of a run is all that its worker has to know."""
    return number


def tables(result: dict[str, bytes]) -> dict[str, bytes]:
    """The worker has packed them already."""
    return result


def no_failures(failures: Sequence[Failure]) -> pa.Table:
    """Nothing fails here."""
    return pa.table({"case": pa.array([failure.number for failure in failures], pa.int64())})


def ours(folder: Path, runs: int) -> tuple[float, float]:
    """Seconds from the first durable run to the last, and in all."""
    folder.mkdir()
    Store.create(folder, runs, 1, ("runs",))
    began, first = time.perf_counter(), 0.0

    def ended(number: int, outcome: Any) -> bool:
        nonlocal first
        first = first or time.perf_counter()
        return not outcome.failed

    with Store.open(folder) as store:
        assert work_off(store, nothing, same, WORKERS, tables=tables, ended=ended)
        worked = time.perf_counter()
        store.finish(no_failures)
    return worked - first, time.perf_counter() - began


def mesas(runs: int) -> tuple[float, int]:
    """Seconds in all, and rows."""
    began = time.perf_counter()
    rows = mesa.batch_run(
        Nothing,
        {"x": list(range(runs))},
        number_processes=WORKERS,
        max_steps=0,
        display_progress=False,
    )
    return time.perf_counter() - began, len(rows)


def overhead(scratch: Path, runs: int = 2000) -> None:
    """Milliseconds a run."""
    mesas(2)
    start, _ = mesas(2)
    seconds, rows = mesas(runs)
    print(
        f"mesa.batch_run   {1e3 * (seconds - start) / runs:6.2f} ms a run, {rows} rows in memory,"
        f" start {start:.1f} s"
    )
    worked, all_of_it = ours(scratch / "overhead", runs)
    found = len(pd.read_parquet(scratch / "overhead" / "runs"))
    print(
        f"gigsim's store   {1e3 * worked / runs:6.2f} ms a run, {found} rows on disk,"
        f" {all_of_it:.1f} s with start and end"
    )


def memory(scratch: Path) -> None:
    """Resident memory of the parent, in MiB, before and after."""
    here = psutil.Process()

    def resident() -> float:
        return here.memory_info().rss / 2**20

    for runs in (1_000, 20_000):
        before = resident()
        ours(scratch / f"memory-{runs}", runs)
        print(f"gigsim's store   {runs:6,} runs: parent {before:.0f} -> {resident():.0f} MiB")
    for runs in (1_000, 20_000):
        before = resident()
        mesas(runs)
        print(f"mesa.batch_run   {runs:6,} runs: parent {before:.0f} -> {resident():.0f} MiB")


def synthetic(number: int, values: NDArray[np.float64]) -> dict[str, bytes]:
    """A run's tables: columns of ``values``, shape (columns, periods), and the last period."""
    columns = {f"column_{k}": column for k, column in enumerate(values)}
    keys = {"case": number, "replicate": 0, "seed": number}
    rows = values.shape[1]
    table = pa.table({name: np.full(rows, key) for name, key in keys.items()} | columns)
    return {"periods": encode(table), "runs": encode(table.slice(rows - 1))}


def reading(scratch: Path, runs: int = 100_000, periods: int = 11) -> None:
    """Seconds to write, to read one row a run, and to read one row a period."""
    folder = scratch / "reading"
    folder.mkdir()
    values = np.random.default_rng(1).random((30, periods))
    Store.create(folder, runs, 1, ("runs", "periods"))
    began = time.perf_counter()
    with Store.open(folder) as store:
        for _ in range(0, runs, 500):
            claimed = store.claim(500)
            store.commit([Finished(n, synthetic(n, values + n)) for n in claimed])
        print(f"{runs:,} runs of {periods} periods: written in {time.perf_counter() - began:.0f} s")
        timed("files while it runs", lambda: len(list(folder.rglob("*.parquet"))))
        timed(
            "pandas.read_parquet(runs) while it runs", lambda: len(pd.read_parquet(folder / "runs"))
        )
        began = time.perf_counter()
        store.finish(no_failures)
        print(f"put together in {time.perf_counter() - began:.0f} s")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{size / 2**30:.2f} GiB in {sum(1 for _ in folder.rglob('*'))} files")
    timed("pandas.read_parquet(runs)", lambda: len(pd.read_parquet(folder / "runs")))
    timed("pandas.read_parquet(periods)", lambda: len(pd.read_parquet(folder / "periods")))


def timed(what: str, work: Callable[[], int]) -> None:
    """Do it, and print how long it took and what came of it."""
    began = time.perf_counter()
    found = work()
    print(f"{what}: {found:,} in {time.perf_counter() - began:.2f} s")


def main(wanted: list[str]) -> None:
    """The parts that are asked for, or all."""
    parts = {"overhead": overhead, "memory": memory, "reading": reading}
    print(f"gigsim {gigsim.__version__}, mesa {mesa.__version__}, {WORKERS} processes")
    scratch = Path(tempfile.mkdtemp(prefix="gigsim-store-"))
    try:
        for name in wanted or parts:
            parts[name](scratch)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main(sys.argv[1:])
