"""How many bytes the tables of a study will have: written to memory, from a short run's rows.

Parquet's size depends on how often values repeat, so rows cannot just be counted. Tables of whole
runs are imitated: columns that a short run changes every period, at retrainings, or never do so
here too, shares of people are shares of as many people, and all else is drawn anew for every run.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gigsim.experiments.probe import Probe
from gigsim.experiments.workload import Workload
from gigsim.store.shards import WRITTEN_AS
from gigsim.streams import Streams

# Rows that are written to memory; what is left over is taken to have the same size a row.
_ROWS = 30_000
# How alike a number and a share of people have to be.
_EXACT = 1e-9


def rows_of(name: str, load: Workload, people: int, theory: int) -> int:
    """Rows that one run has in a table.

    Args:
        name: of the table.
        load: what the run does.
        people: N.
        theory: rows of the lines of theory.
    """
    rows = {
        "runs": 1,
        "periods": load.periods + 1,
        "collectives": load.periods + 1,
        "retrainings": load.retrainings + 1,
        "timings": load.retrainings + load.trainings + 2,
        "freelancers": people,
        "theory": theory,
    }
    return rows[name]


def bytes_of(name: str, probe: Probe, load: Workload, runs: int, columns: Sequence[str]) -> float:
    """Bytes that a table takes for each run.

    Args:
        name: of the table.
        probe: a short run.
        load: what a whole run does.
        runs: of the study; what a file has once is shared among them.
        columns: varied keys, which ``runs`` has too.
    """
    rng = Streams(0).generator(f"footprint/{name}")
    rows = rows_of(name, load, probe.people, len(probe.tables["theory"]))
    written = min(rows, _ROWS)
    count = max(1, min(runs, _ROWS // written))
    found: dict[str, Any] = {
        "case": np.repeat(np.arange(count), written),
        "replicate": np.zeros(count * written, dtype=np.int64),
        "seed": np.repeat(rng.integers(2**63, size=count), written),
    }
    if name == "runs":
        found |= {key: rng.random(count) for key in columns}
    found |= _columns(name, probe, load, written, count, rng)
    sink = io.BytesIO()
    table = pa.Table.from_pandas(pd.DataFrame(found), preserve_index=False)
    pq.write_table(table.replace_schema_metadata(None), sink, **WRITTEN_AS)
    return sink.getbuffer().nbytes / count * rows / written


def _columns(
    name: str, probe: Probe, load: Workload, rows: int, runs: int, rng: np.random.Generator
) -> Mapping[str, NDArray[Any]]:
    table = probe.tables[name]
    if name in ("theory", "freelancers"):
        return {str(c): _own(name, str(c), table[c], rows, runs, rng) for c in table}
    # Rows since a retraining carry its numbers.
    share = 1.0 if name == "retrainings" else (load.retrainings + 1) / (load.periods + 1)
    carried = np.floor(np.arange(rows) * share).astype(int)
    return {str(c): _drawn(table[c], carried, probe, runs, rng) for c in table}


def _own(
    name: str, column: str, values: pd.Series, rows: int, runs: int, rng: np.random.Generator
) -> NDArray[Any]:
    """A column of a table that a short run has in its full length, for several runs."""
    one = np.resize(values.to_numpy(), rows)
    every = np.tile(one, runs)
    law = column == "alpha" or column.startswith("bound_")
    if every.dtype.kind != "f" or law or values.nunique() < 2:
        return every
    if name == "freelancers" and column in ("utility", "wealth"):
        # Half of them are or were members, each with a cost of his own.
        return np.where(rng.random(len(every)) < 0.5, rng.random(len(every)), every)
    return every * np.repeat(1 + rng.random(runs), rows)


def _drawn(
    values: pd.Series, carried: NDArray[np.int64], probe: Probe, runs: int, rng: np.random.Generator
) -> NDArray[Any]:
    """A column that grows with a run, for several runs: drawn anew as often as it changes."""
    seen = values.dropna().to_numpy()
    rows = len(carried)
    if len(seen) == 0:
        return np.full(runs * rows, np.nan)
    if seen.dtype.kind not in "fi":
        return rng.choice(seen, size=runs * rows)
    changes = _changes(values)
    if changes == "never":
        own = seen[:1] if seen[0] in (0, 1) or seen.dtype.kind == "i" else rng.random(runs)
        return np.repeat(np.resize(own, runs), rows)
    which = carried if changes == "retraining" else np.arange(rows)
    drawn = _numbers(seen, probe, (runs, int(which[-1]) + 1), rng)
    return drawn[:, which].ravel()


def _changes(values: pd.Series) -> str:
    if values.nunique(dropna=False) < 2 and len(values) > 1:
        return "never"
    if len(values) == 3 and values.iloc[:2].nunique(dropna=False) == 1:
        return "retraining"
    return "period"


def _numbers(
    seen: NDArray[Any], probe: Probe, shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[Any]:
    """Numbers like those seen: whole ones, shares of people or of resumes, or any."""
    seen = seen[np.isfinite(seen)]
    if seen.dtype.kind == "i":
        return rng.integers(2 * int(np.abs(seen).max(initial=0)) + 2, size=shape)
    for count in (probe.people, probe.held_out):
        times = seen * count
        if count and np.abs(times - np.rint(times)).max(initial=0.0) < _EXACT * count:
            return rng.integers(count + 1, size=shape) / count
    return rng.random(shape)
