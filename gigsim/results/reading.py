"""Reading runs back: one, a study of many thousands, or a folder full of both.

>>> import gigsim
>>> runs = gigsim.load_runs("runs")           # doctest: +SKIP
>>> runs.runs.groupby("collective.leak")["success_top1"].mean()   # doctest: +SKIP
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from gigsim.config import Config
from gigsim.errors import InputError
from gigsim.results.kinds import kind_of
from gigsim.results.source import FAILURE_COLUMNS, KEYS, TABLES, Source
from gigsim.results.sources import RunSource, open_source, sources_in
from gigsim.run_rows import runs_table

_NEEDED = "a folder written by `gigsim run` or `gigsim sweep`, or one that holds such folders"


@dataclass(frozen=True)
class Runs:
    """Runs read back, from one folder or many (docs/runs.md).

    Tables have the columns ``source`` (name of the folder), ``case``, ``replicate`` and ``seed`` in
    front; a single run is case 0, replicate 0. They are read when they are first asked for, and
    then kept: of a study that is still being run, another :func:`load_runs` sees more.

    Attributes:
        sources: the folders, by their names as in the column ``source``.
    """

    sources: dict[str, Source]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a finished run: also the varied keys of studies, and the numbers of its summary.

        The numbers are those of ``runs.parquet`` (docs/tables.md). A varied key that another
        source does not vary is empty in that source's rows.
        """
        # Single runs at once: a table of one row takes pandas milliseconds.
        single = {n: s for n, s in self.sources.items() if isinstance(s, RunSource)}
        others = self._joined([n for n in self.sources if n not in single], lambda s: s.runs())
        if not single:
            return others
        keys = [{"source": name, **source.keys()} for name, source in single.items()]
        rows = runs_table(keys, [source.summary for source in single.values()])
        if not len(others):
            return rows
        order = {name: number for number, name in enumerate(self.sources)}
        table = pd.concat([others, rows], ignore_index=True)
        return table.sort_values(
            "source", key=lambda names: names.map(order), kind="stable"
        ).reset_index(drop=True)

    @cached_property
    def periods(self) -> pd.DataFrame:
        """One row a period."""
        return self._table("periods")

    @cached_property
    def retrainings(self) -> pd.DataFrame:
        """One row a deployed classifier."""
        return self._table("retrainings")

    @cached_property
    def collectives(self) -> pd.DataFrame:
        """One row a period and collective."""
        return self._table("collectives")

    @cached_property
    def theory(self) -> pd.DataFrame:
        """One row a share α: the lines of theory."""
        return self._table("theory")

    @cached_property
    def freelancers(self) -> pd.DataFrame:
        """One row a freelancer: the final state."""
        return self._table("freelancers")

    @cached_property
    def spot_checks(self) -> pd.DataFrame:
        """One row a spot check; of runs whose config asks for them."""
        return self._table("spot_checks")

    @cached_property
    def timings(self) -> pd.DataFrame:
        """One row a clock reading."""
        return self._table("timings")

    @cached_property
    def failures(self) -> pd.DataFrame:
        """One row a run that ended without a result: kind, why, traceback, attempts."""
        found = self._joined([*self.sources], lambda source: source.failures())
        return found if len(found) else pd.DataFrame(columns=["source", *FAILURE_COLUMNS])

    @property
    def missing(self) -> dict[str, tuple[str, ...]]:
        """For each table the sources that have not recorded it, whose rows it lacks."""
        absent = {
            table: tuple(n for n, source in self.sources.items() if table not in source.tables)
            for table in TABLES
        }
        return {table: names for table, names in absent.items() if names}

    @property
    def complete(self) -> bool:
        """Has everything that was asked for ended with a result, in all sources?"""
        return all(source.complete for source in self.sources.values())

    def config(self, source: str, case: int = 0, replicate: int = 0) -> Config:
        """The resolved config of a run, with its seed.

        Raises:
            InputError: there is no such source or run.
        """
        if source not in self.sources:
            names = ", ".join([*self.sources][:5]) + (", ..." if len(self.sources) > 5 else "")
            raise InputError(source, "no such source", f"one of: {names}")
        return self.sources[source].config(case, replicate)

    def _table(self, name: str) -> pd.DataFrame:
        holding = [n for n, source in self.sources.items() if name in source.tables]
        return self._joined(holding, lambda source: source.table(name))

    def _joined(self, names: list[str], read: Callable[[Source], pd.DataFrame]) -> pd.DataFrame:
        parts = []
        for name in names:
            part = read(self.sources[name])
            if len(part):
                parts.append(part.assign(source=name))
        if not parts:
            return pd.DataFrame(columns=["source", *KEYS])
        table = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
        # Keys that only some studies vary belong with the others, not at the end.
        varied = dict.fromkeys(key for n in names for key in self.sources[n].varied if key in table)
        front = ["source", *(key for key in KEYS if key in table), *varied]
        return table[front + [column for column in table if column not in front]]


def load_runs(path: Path | str | Sequence[Path | str]) -> Runs:
    """Read runs: those of one folder, or of all that it holds.

    Args:
        path: the folder of a run, of replicates or of a study (complete, running or interrupted); a
            folder that holds such folders, like ``runs``; or a list of any of them. In a folder of
            many, what is none of these is left out; what is damaged is not.

    Returns:
        Their tables, each read when it is asked for.

    Raises:
        InputError: there is no such folder, it holds no runs, one of them is damaged or of another
            schema version; it names which.
    """
    paths = [path] if isinstance(path, str | Path) else [*path]
    found: list[Path] = []
    for one in map(Path, paths):
        found += _folders(one)
    if not found:
        raise InputError("load_runs", "an empty list", _NEEDED)
    distinct = list({folder.resolve(): folder for folder in found}.values())
    sources, refused = [], list[InputError]()
    for folder in distinct:
        try:
            sources.append(open_source(folder))
        except InputError as error:
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        first = ", ".join(Path(error.where).name for error in refused[:5])
        more = f" and {len(refused) - 5} more" if len(refused) > 5 else ""
        raise InputError(
            first + more,
            f"{len(refused)} damaged; the first: {refused[0].problem}",
            "mend or delete them (gigsim runs prune --failed), or give a list of the others",
        )
    counted = Counter(folder.resolve().name for folder in distinct)
    # Of two folders of one name the whole paths.
    names = [f.resolve().name if counted[f.resolve().name] == 1 else str(f) for f in distinct]
    return Runs(dict(zip(names, sources, strict=True)))


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        raise InputError(str(path), "no such folder", f"{_NEEDED} is needed")
    kind = kind_of(path)
    if kind == "curve":
        raise InputError(str(path), "holds curves, not runs", "gigsim.load_curve reads them")
    if kind is not None:
        return [path]
    found = sources_in(path)
    if not found:
        raise InputError(str(path), "holds no runs", f"{_NEEDED} is needed")
    return found
