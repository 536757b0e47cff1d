"""Studies: a base config, what differs between cases, replicates with seeds of their own.

``load_study`` reads and checks a STUDY.toml (docs/studies.md), every case's config included.
``open_study`` reads what a study's folder keeps of it: ``study.toml`` and ``cases.parquet`` say
everything, without the files that the study was made from.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import tomli_w

from gigsim.config.load import vary
from gigsim.config.sections import Config
from gigsim.config.toml_files import read_table
from gigsim.errors import InputError
from gigsim.experiments.cases import (
    Case,
    Kind,
    cell,
    kind_in_runs,
    read_cases,
    varied_keys,
    write_cases,
)
from gigsim.experiments.design import cases_of
from gigsim.experiments.dotted import at, plain, table_of
from gigsim.experiments.seeds import canonical, run_seed
from gigsim.experiments.study_check import cases_in, parts_of
from gigsim.experiments.study_file import MOST_RUNS, RECORDABLE, StudyLimits, StudyTable
from gigsim.experiments.telling import cases_that_tell

#: Bytes of a STUDY.toml; a design of more cases than it holds belongs into a CSV.
LARGEST = 4 << 20
STUDY_FILE, CASES_FILE = "study.toml", "cases.parquet"

_ALLOWED = "a STUDY.toml is needed: see docs/studies.md"


@dataclass(frozen=True)
class Study:
    """Many runs: cases, and replicates of each.

    Run ``number`` is replicate ``number % replicates`` of case ``number // replicates``.

    Attributes:
        name: in folder names.
        base: the config that every case starts from, as a plain table with every key. Its
            ``run.seed`` is the default one, and unused.
        replicates: runs of each case.
        seed: of the study.
        common_random_numbers: has replicate r the same seed in every case?
        record: tables to keep of every run beside ``runs`` and ``timings``.
        design: plain table, or None for one case.
        limits: what a run may take.
        cases: numbered from 0.
    """

    name: str
    base: Mapping[str, Any]
    replicates: int
    seed: int
    common_random_numbers: bool
    record: tuple[str, ...]
    design: Mapping[str, Any] | None
    limits: StudyLimits
    cases: tuple[Case, ...]

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.cases) * self.replicates

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The varied keys, in the design's order."""
        return varied_keys(case.values for case in self.cases)

    def seed_of(self, case: int, replicate: int) -> int:
        """The seed of a run, in [0, 2**63): a function of the study's seed, values and replicate.

        Common random numbers leave the values out.
        """
        values = None if self.common_random_numbers else self.cases[case].values
        return run_seed(self.seed, values, replicate)

    def case_config(self, case: int) -> Config:
        """The config of a case, with the base's seed.

        Raises:
            InputError: the config refuses it; only where a folder's files were tampered with, or
                written by a version that knew other keys.
        """
        return self._configs(case)

    def config(self, number: int) -> Config:
        """The config of a run, with its seed; arguments and errors as of :meth:`case_config`."""
        case, replicate = divmod(number, self.replicates)
        return with_seed(self._configs(case), self.seed_of(case, replicate))

    def columns(self, case: int) -> dict[str, Any]:
        """The varied keys' values in a case, as tables of runs have them.

        What a case does not set has the value that its config has, or None where that has no such
        key. A key whose values have several types, tables or lists has JSON text in every case, so
        that a column has one type; of what the config has, however much of it the case spells out,
        so that equal values are one text.
        """
        return {
            key: cell(self._resolved(case, key) if kind == "json" else self._value(case, key), kind)
            for key, kind in self._kinds.items()
        }

    def telling(self) -> list[tuple[str, Config]]:
        """Configs that name all files that any case's does (``origin.Begun``)."""
        return [
            (f" of case {case}" if self.keys else "", self.case_config(case))
            for case in cases_that_tell(self.cases)
        ]

    def digest(self) -> str:
        """Twelve hexadecimal digits that name what is computed and kept."""
        what = {
            "name": self.name,
            "base": self.base,
            "replicates": self.replicates,
            "seed": self.seed,
            "common_random_numbers": self.common_random_numbers,
            "record": self.record,
            "limits": self.limits.model_dump(),
            "cases": [case.values for case in self.cases],
        }
        return hashlib.blake2b(canonical(what).encode(), digest_size=6).hexdigest()

    def dumps(self) -> str:
        """The study as TOML, its base inside; ``load_study`` of a folder's gives an equal one.

        Cases that came from a file are not in it: they are the folder's ``cases.parquet``.
        """
        limits = {k: v for k, v in self.limits.model_dump().items() if v is not None}
        design = dict(self.design) if self.design is not None else None
        if design is not None and design["kind"] == "csv":
            design["path"] = CASES_FILE
        return tomli_w.dumps(
            {
                "name": self.name,
                "replicates": self.replicates,
                "seed": self.seed,
                "common_random_numbers": self.common_random_numbers,
                "record": list(self.record),
                "limits": limits,
                **({"design": design} if design is not None else {}),
                "config": self.base,
            }
        )

    def write(self, folder: Path) -> None:
        """Write ``study.toml`` and ``cases.parquet``, durably, into a folder that is being made."""
        write_cases(self.cases, self.keys, folder / CASES_FILE)
        with (folder / STUDY_FILE).open("w", encoding="utf-8", newline="\n") as file:
            file.write(self.dumps())
            file.flush()
            os.fsync(file.fileno())

    @cached_property
    def _configs(self) -> Callable[[int], Config]:
        # Replicates of a case follow each other.
        return lru_cache(maxsize=64)(self._built)

    def _built(self, case: int) -> Config:
        values = self.cases[case].values
        return vary(self.base, values, f"study {self.name}: case {case}")

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        cases = range(len(self.cases))
        return {key: kind_in_runs(self._value(case, key) for case in cases) for key in self.keys}

    def _value(self, case: int, key: str) -> Any:
        """What the config of a case has at a varied key, as the case spells it if it sets it."""
        values = self.cases[case].values
        return values[key] if key in values else self._resolved(case, key)

    def _resolved(self, case: int, key: str) -> Any:
        """What the config of a case has at a varied key, with all that its tables leave out."""
        # Another kind of table, or another part of it, changes what is at this key.
        touched = any(table_of(other) == table_of(key) for other in self.cases[case].values)
        return plain(at(self.case_config(case) if touched else self.base, key))

    def __getstate__(self) -> dict[str, Any]:
        # What is cached is not sent to other processes.
        return {field.name: getattr(self, field.name) for field in fields(self)}


def load_study(study: Path | str | Mapping[str, Any]) -> Study:
    """Read and check a study, the config of every case included.

    Args:
        study: a STUDY.toml, or its content as a mapping; paths in the latter are relative to the
            working directory, and ``config`` may be a :class:`~gigsim.config.Config`.

    Raises:
        InputError: no such file, not TOML, a key that is unknown or has a value that is not
            allowed, a case that the config refuses, two equal cases.
    """
    if isinstance(study, Mapping):
        return _checked(plain(study), "study", Path())
    path = Path(study)
    return _checked(read_table(path, _ALLOWED, LARGEST), str(path), path.parent)


def open_study(folder: Path | str) -> Study:
    """The study of a folder, from what the folder keeps.

    The cases are taken as they are: they were checked when the folder was made.

    Raises:
        InputError: no study in the folder, or a file of it damaged.
    """
    folder = Path(folder)
    if not (folder / STUDY_FILE).is_file():
        problem = "no study in this folder" if folder.is_dir() else "no such folder"
        raise InputError(str(folder), problem, "the folder that gigsim sweep made is needed")
    path = folder / STUDY_FILE
    table, base, _ = parts_of(read_table(path, _ALLOWED, LARGEST), str(path), folder)
    return _study(table, base, read_cases(folder / CASES_FILE))


def with_seed(config: Config, seed: int) -> Config:
    """The config with another seed; far cheaper than ``vary``, and equal to its result."""
    return config.model_copy(update={"run": config.run.model_copy(update={"seed": seed})})


def _checked(content: Mapping[str, Any], where: str, folder: Path) -> Study:
    table, base, places = parts_of(content, where, folder)
    raw = cases_of(table.design, base, table.seed, places, folder)
    runs = len(raw.values) * table.replicates
    if runs > MOST_RUNS:
        raise places.error(
            ("replicates",),
            f"{len(raw.values):,} cases x {table.replicates:,} replicates = {runs:,} runs",
            f"at most {MOST_RUNS:,}",
        )
    return _study(table, base, cases_in(raw, base))


def _study(table: StudyTable, base: dict[str, Any], cases: tuple[Case, ...]) -> Study:
    return Study(
        name=table.name,
        base=base,
        replicates=table.replicates,
        seed=table.seed,
        common_random_numbers=table.common_random_numbers,
        record=tuple(name for name in RECORDABLE if name in table.record),
        design=table.design.model_dump(mode="json") if table.design else None,
        limits=table.limits,
        cases=cases,
    )
