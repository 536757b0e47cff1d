"""Made-up runs for the store: any number of them at no cost, equal for equal numbers."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

import gigsim.store.store as store_module
from gigsim.store.store import Failure, Finished, Store, encode

TABLES = ("runs", "periods", "theory")
REPLICATES = 4

#: Processes that begin in milliseconds, from a server that has the imports and no threads.
FORKS: ForkServerContext = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])

_OURS = str(Path(store_module.__file__).parent)


def finished(number: int, rows: int = 3) -> Finished:
    """A run whose columns, types and rows depend on its number."""
    case, replicate = divmod(number, REPLICATES)
    keys = {"case": case, "replicate": replicate, "seed": number * 7919}
    rng = np.random.default_rng(number)
    row: dict[str, Any] = {"alpha": rng.random(), "note": f"run {number}"}
    # Whole in some runs, real in others, empty in some; a column that only later runs have.
    row["tipped"] = (None, number, number + 0.5)[number % 3]
    if number % 5 == 4:
        row["late"] = number
    periods = pd.DataFrame({"period": np.arange(number % 4 * rows), "alpha": rng.random()})
    for place, (name, value) in enumerate(keys.items()):
        periods.insert(place, name, value)
    tables = {"runs": pd.DataFrame([keys | row]), "periods": periods}
    return Finished(number, {name: encode(table) for name, table in tables.items()})


def bare(number: int, rows: int = 10) -> Finished:
    """A run that costs next to nothing to make."""
    case, replicate = divmod(number, REPLICATES)
    keys = [np.full(rows, key) for key in (case, replicate, number * 7919)]
    columns = [*keys, np.arange(rows), np.full(rows, number / 8)]
    table = encode(pa.table(columns, ["case", "replicate", "seed", "period", "alpha"]))
    return Finished(number, {"runs": table, "periods": table})


def failure(number: int) -> Failure:
    """What a run fails with, if it is one that fails."""
    return Failure(number, "error", f"ValueError: {number}", "Traceback ...\n", 1)


def fails(number: int) -> bool:
    """One run in eleven does."""
    return number % 11 == 10


def failures_table(failed: Sequence[Failure]) -> pa.Table:
    """The rows of ``failures.parquet``."""
    columns = {
        "case": pa.array([f.number // REPLICATES for f in failed], pa.int64()),
        "replicate": pa.array([f.number % REPLICATES for f in failed], pa.int64()),
        "kind": pa.array([f.kind for f in failed], pa.string()),
        "why": pa.array([f.why for f in failed], pa.string()),
    }
    return pa.table(columns)


def create(folder: Path, runs: int) -> Path:
    """An empty store."""
    folder.mkdir()
    Store.create(folder, runs, REPLICATES, TABLES)
    return folder


def commit(store: Store, numbers: Sequence[int], claim: int = 0) -> list[int]:
    """Commit these runs, those that fail as failures."""
    good = [finished(number) for number in numbers if not fails(number)]
    bad = [failure(number) for number in numbers if fails(number)]
    return store.commit(good, bad, claim)


def work(
    folder: Path, acknowledge: Callable[[int], None] = lambda number: None, batch: int = 3
) -> None:
    """Do what is open, to the end."""
    with Store.open(folder) as store:
        numbers = store.claim(batch)
        while numbers:
            more = commit(store, numbers, claim=batch)
            for number in numbers:
                acknowledge(number)
            numbers = more
        store.finish(failures_table)


def digest(folder: Path) -> dict[str, str]:
    """What is in each file that has to be equal, byte for byte."""
    files = sorted(folder.rglob("*.parquet"))
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def content(folder: Path) -> list[str]:
    """Names of all files of a complete store."""
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*"))


def dies_at(line: int) -> None:
    """Kill this process when it has run so many lines of the store's modules."""
    seen = 0

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(_OURS):
            return None
        seen += event == "line"
        if seen >= line:
            os.kill(os.getpid(), signal.SIGKILL)
        return watch

    sys.settrace(watch)


@contextmanager
def process(target: Callable[..., None], *arguments: Any) -> Iterator[ForkServerProcess]:
    """A process that is gone when this is left."""
    child = FORKS.Process(target=target, args=arguments, daemon=True)
    child.start()
    try:
        yield child
    finally:
        child.kill()
        child.join()
        child.close()
