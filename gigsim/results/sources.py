"""The three kinds of folders that hold results."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.config import Config, build, load
from gigsim.errors import InputError
from gigsim.experiments.study import Study, open_study
from gigsim.results.kinds import kind_of
from gigsim.results.source import (
    FAILURE_COLUMNS,
    NEEDED,
    TABLES,
    Ended,
    Source,
    damaged,
)
from gigsim.run_rows import runs_table
from gigsim.runs import SPOT_CHECKS
from gigsim.store.store import read_counts, read_failures, read_table, table_names

_MAYBE_WHOLE = ("tipping_period", "settled")
#: What a run's summary.json needs for its row in a table of runs, and for being listed.
_SUMMARISED = {
    "name",
    "learner",
    "seed",
    "complete",
    "periods",
    "tipped",
    "tipping_period",
    "grown",
    "settled",
    "limit_reached",
    "final",
    "clean_rate",
    "clean_accuracy",
    "alpha_platform",
    "theory_gap",
}

#: The same of replicates.
_SUMMARISED_TOGETHER = {
    "name",
    "learner",
    "seed",
    "periods",
    "replicates",
    "replicates_done",
    "failed",
    "complete",
}


class RunSource(Source):
    """The folder of one run."""

    kind = "run"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._look_at(TABLES)
        self.summary = self._json("summary.json")
        if missing := _SUMMARISED - set(self.summary):
            raise damaged(path, f"summary.json has no {min(missing)}")
        self._look_at(self.tables[len(TABLES) :])

    def _ended(self) -> Ended:
        return Ended(runs=1, finished=1)

    def _complete(self) -> bool:
        return bool(self.summary["complete"])

    def _tables(self) -> tuple[str, ...]:
        return (*TABLES, SPOT_CHECKS) if SPOT_CHECKS in self.summary else TABLES

    def _learner(self) -> str:
        return str(self.summary["learner"])

    def _name(self) -> str:
        return str(self.summary["name"])

    @cached_property
    def _config(self) -> Config:
        return load(self.path / "config.toml")

    def _runs(self) -> pd.DataFrame:
        return runs_table([self.keys()], [self.summary])

    def _table(self, name: str, numbers: list[tuple[int, int]] | None) -> pd.DataFrame:
        return _behind(self._parquet(name), self.keys())

    def _config_of(self, case: int, replicate: int) -> Config:
        if (case, replicate) != (0, 0):
            raise self._no_such(case, replicate, "a single run is 0.0")
        return self._config

    def keys(self) -> dict[str, int]:
        """What stands in front of all of its rows."""
        return {"case": 0, "replicate": 0, "seed": int(self.summary["seed"])}


class ReplicatesSource(Source):
    """The folder of a scenario's replicates."""

    kind = "replicates"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._look_at(("runs", *self.tables))
        self.summary = self._json("summary.json")
        if missing := _SUMMARISED_TOGETHER - set(self.summary):
            raise damaged(path, f"summary.json has no {min(missing)}")

    def _ended(self) -> Ended:
        asked, done = self.summary["replicates"], self.summary["replicates_done"]
        failed = len(self.summary["failed"])
        return Ended(runs=asked, finished=done, failed=failed, open=asked - done - failed)

    def _complete(self) -> bool:
        return bool(self.summary["complete"])

    def _tables(self) -> tuple[str, ...]:
        found = tuple(name for name in TABLES if name != "freelancers")
        return (*found, SPOT_CHECKS) if self._config.measure.spot_checks else found

    def _learner(self) -> str:
        return str(self.summary["learner"])

    def _name(self) -> str:
        return str(self.summary["name"])

    @cached_property
    def _config(self) -> Config:
        return load(self.path / "config.toml")

    def _runs(self) -> pd.DataFrame:
        return _behind(self._parquet("runs"), {"case": 0})

    def _table(self, name: str, numbers: list[tuple[int, int]] | None) -> pd.DataFrame:
        found = _behind(self._parquet(name), {"case": 0})
        if numbers is None:
            return found
        wanted = [replicate for _, replicate in numbers]
        return found[found["replicate"].isin(wanted)].reset_index(drop=True)

    def _config_of(self, case: int, replicate: int) -> Config:
        count = self.summary["replicates"]
        if case != 0 or not 0 <= replicate < count:
            raise self._no_such(case, replicate, f"0.0 to 0.{count - 1}")
        seed = self._config.run.seed + replicate
        return build(self._config.model_dump(mode="json"), {"run.seed": seed})

    def _failures(self) -> list[dict[str, Any]]:
        # What replicates keep of a failure; its kind is not known.
        kept = {"case": 0, "kind": None, "traceback": "", "attempts": 1}
        return [kept | one for one in self.summary["failed"]]


class StudySource(Source):
    """The folder of a study: complete, being run, or left in the middle."""

    kind = "study"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        # First the tables: where there is no index they are counted.
        compacted = [name for name in ("runs", *TABLES) if self._part(name).is_file()]
        self._look_at(tuple(f"{name}/part-00000" for name in compacted))
        # Also tells an index that is damaged or of another version.
        _ = self.ended

    @cached_property
    def study(self) -> Study:
        """Its design and configs."""
        if not (self.path / "study.toml").is_file():
            raise damaged(self.path, "study.toml is missing")
        return open_study(self.path)

    def _part(self, name: str) -> Path:
        return self.path / name / "part-00000.parquet"

    def _ended(self) -> Ended:
        if not (self.path / "index.sqlite").exists():
            # Compacted tables say all there is to say.
            runs, finished = self.study.runs, len(self.table("runs"))
            failed = len(self._failures())
            return Ended(runs, finished, failed, runs - finished - failed)
        found = read_counts(self.path)
        held = found.claimed + found.claimed_by_others
        return Ended(found.runs, found.finished, found.failed, found.open + held, held)

    def _complete(self) -> bool:
        found = self.ended
        return found.finished == found.runs

    def _tables(self) -> tuple[str, ...]:
        return tuple(name for name in table_names(self.path) if name != "runs")

    def _varied(self) -> tuple[str, ...]:
        return self.study.keys

    def _learner(self) -> str:
        cases = self.study.cases
        if any(key.startswith("platform.learner") for key in self.study.keys):
            # A thousand tell enough: building each config takes milliseconds.
            kinds = {self.study.case_config(c.number).platform.learner.kind for c in cases[:1000]}
            return kinds.pop() if len(kinds) == 1 else "varied"
        return self.study.config(0).platform.learner.kind

    def _name(self) -> str:
        return self.study.name

    def _runs(self) -> pd.DataFrame:
        found = self.table("runs")
        whole = {name: "Int64" for name in _MAYBE_WHOLE if name in found}
        return found.astype(whole)

    def _table(self, name: str, numbers: list[tuple[int, int]] | None) -> pd.DataFrame:
        wanted = None
        if numbers is not None:
            wanted = [case * self.study.replicates + replicate for case, replicate in numbers]
        return read_table(self.path, name, numbers=wanted)

    def _config_of(self, case: int, replicate: int) -> Config:
        cases, replicates = len(self.study.cases), self.study.replicates
        if not (0 <= case < cases and 0 <= replicate < replicates):
            raise self._no_such(case, replicate, f"0.0 to {cases - 1}.{replicates - 1}")
        return self.study.config(case * replicates + replicate)

    def _failures(self) -> list[dict[str, Any]]:
        if not (self.path / "index.sqlite").exists():
            return self._failures_of_the_end()
        rows = []
        for one in read_failures(self.path):
            case, replicate = divmod(one.number, self.study.replicates)
            seed = self.study.seed_of(case, replicate)
            values = (case, replicate, seed, one.kind, one.why, one.traceback, one.attempts)
            rows.append(dict(zip(FAILURE_COLUMNS, values, strict=True)))
        return rows

    def _failures_of_the_end(self) -> list[dict[str, Any]]:
        path = self.path / "failures.parquet"
        try:
            found = pq.read_table(path).to_pylist() if path.is_file() else []
        except (OSError, ValueError, pa.ArrowException) as error:
            raise damaged(path.parent, f"{path.name}: {error}") from error
        # How often a run was tried is in the index alone.
        return [{name: row.get(name) for name in FAILURE_COLUMNS} for row in found]


def open_source(path: Path) -> Source:
    """The source in a folder.

    Raises:
        InputError: there is no such folder, it holds nothing of ours, it is damaged.
    """
    if not path.is_dir():
        raise InputError(str(path), "no such folder", NEEDED)
    kind = kind_of(path)
    if kind is None:
        raise InputError(str(path), "holds no run, no replicates, no study and no curves", NEEDED)
    kinds: dict[str, Callable[[Path], Source]]
    kinds = {"run": RunSource, "replicates": ReplicatesSource, "study": StudySource}
    if kind == "curve":
        # Imported where it is wanted: learners come with it.
        from gigsim.results.curves import CurveSource

        return CurveSource(path)
    return kinds[kind](path)


def sources_in(path: Path) -> list[Path]:
    """Folders of runs, replicates and studies directly in a folder, oldest name first.

    Curves have no periods: :func:`gigsim.load_curve` reads them.
    """
    return sorted(
        child
        for child in path.iterdir()
        if not child.name.startswith(".")
        and child.is_dir()
        and kind_of(child) not in (None, "curve")
    )


def _behind(table: pd.DataFrame, keys: dict[str, int]) -> pd.DataFrame:
    """The table with constant columns in front."""
    front = pd.DataFrame({name: [value] * len(table) for name, value in keys.items()})
    return pd.concat([front.astype("int64"), table.reset_index(drop=True)], axis=1)
