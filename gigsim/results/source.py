"""What a folder with results can be asked, whether it holds a run, replicates or a study.

Whatever the folder, its runs are numbered by case and replicate, and its tables have the columns
``case``, ``replicate`` and ``seed`` in front. A single run is case 0, replicate 0.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.config import Config
from gigsim.errors import InputError
from gigsim.runs import check_schema, read_table

#: Tables that a source may hold beside ``runs``.
TABLES = ("periods", "retrainings", "collectives", "theory", "freelancers", "timings")
#: Columns in front of every table.
KEYS = ("case", "replicate", "seed")
#: Columns of :meth:`Source.failures`.
FAILURE_COLUMNS = (*KEYS, "kind", "why", "traceback", "attempts")

NEEDED = "a folder written by `gigsim run`, `sweep` or `curve` is needed"


@dataclass(frozen=True)
class Ended:
    """How far the runs of a source are.

    Attributes:
        runs: that there are to be.
        finished: with a result, all of it readable.
        failed: ended without one.
        open: not yet ended.
        held: of the open ones, those that a live process works on.
    """

    runs: int
    finished: int
    failed: int = 0
    open: int = 0
    held: int = 0


class Source(ABC):
    """One folder with results.

    Args:
        path: the folder.

    Raises:
        InputError: it is damaged, or of another schema.
    """

    kind: ClassVar[Literal["run", "replicates", "study", "curve"]]

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def ended(self) -> Ended:
        """How far its runs are, now."""
        return self._ended()

    @property
    def complete(self) -> bool:
        """Has everything that was asked for ended with a result?"""
        return self._complete()

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that it holds, beside ``runs``."""
        return self._tables()

    @property
    def varied(self) -> tuple[str, ...]:
        """Dotted keys of the config in which its cases differ."""
        return self._varied()

    @property
    def learner(self) -> str:
        """Kind of the platform's learner; ``varied`` where the cases differ in it."""
        return self._learner()

    @property
    def name(self) -> str:
        """Of the scenario, or of the study."""
        return self._name()

    def runs(self) -> pd.DataFrame:
        """One row a finished run: :data:`KEYS`, the varied keys, the numbers of its summary."""
        return self._runs()

    def table(self, name: str, numbers: list[tuple[int, int]] | None = None) -> pd.DataFrame:
        """A table of :attr:`tables`, :data:`KEYS` in front; of some (case, replicate) or of all."""
        return self._table(name, numbers)

    def failures(self) -> pd.DataFrame:
        """One row a failed run; columns :data:`FAILURE_COLUMNS`."""
        return pd.DataFrame(self._failures(), columns=list(FAILURE_COLUMNS))

    def config(self, case: int, replicate: int) -> Config:
        """The resolved config of a run, with its seed.

        Raises:
            InputError: there is no such run.
        """
        return self._config_of(case, replicate)

    def provenance(self) -> dict[str, Any]:
        """Where the results come from; empty where nobody wrote it down."""
        path = self.path / "provenance.json"
        return self._json("provenance.json") if path.is_file() else {}

    @abstractmethod
    def _ended(self) -> Ended: ...

    @abstractmethod
    def _complete(self) -> bool: ...

    @abstractmethod
    def _tables(self) -> tuple[str, ...]: ...

    def _varied(self) -> tuple[str, ...]:
        return ()

    @abstractmethod
    def _learner(self) -> str: ...

    @abstractmethod
    def _name(self) -> str: ...

    @abstractmethod
    def _runs(self) -> pd.DataFrame: ...

    @abstractmethod
    def _table(self, name: str, numbers: list[tuple[int, int]] | None) -> pd.DataFrame: ...

    def _failures(self) -> list[dict[str, Any]]:
        return []

    @abstractmethod
    def _config_of(self, case: int, replicate: int) -> Config: ...

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise damaged(self.path, f"{name}: {error}") from error
        if not isinstance(found, dict):
            raise damaged(self.path, f"{name} holds no table")
        return found

    def _parquet(self, name: str) -> pd.DataFrame:
        try:
            return read_table(self.path / f"{name}.parquet")
        except (OSError, ValueError) as error:
            raise damaged(self.path, str(error)) from error

    def _look_at(self, names: tuple[str, ...]) -> None:
        """Refuse now what could not be read later, as far as the ends of the files tell."""
        for name in names:
            path = self.path / f"{name}.parquet"
            try:
                check_schema(pq.read_schema(path), f"{name}.parquet")
            except pa.ArrowException as error:
                raise damaged(self.path, f"{name}.parquet is damaged: {error}") from error
            except (OSError, ValueError) as error:
                raise damaged(self.path, str(error)) from error

    def _no_such(self, case: int, replicate: int, allowed: str) -> InputError:
        return InputError(str(self.path), f"has no run {case}.{replicate}", allowed)


def damaged(path: Path, problem: str) -> InputError:
    """The refusal of a folder that was one of ours."""
    return InputError(str(path), f"not a complete run ({problem})", NEEDED)
