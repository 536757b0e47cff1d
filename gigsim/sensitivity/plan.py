"""A sensitivity study: which runs there are to be, and which of them stand at which point.

It is a study (``experiments.study``) whose cases are the points of a design, and beside it the
design: points in the unit cube and the number of each one's case. Points that come to the same
values have runs of their own, or with common random numbers share a case (``cases`` says why).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomli_w
from numpy.typing import NDArray

from gigsim.config.check import Places
from gigsim.config.sections import Config
from gigsim.config.toml_files import read_table as read_toml
from gigsim.errors import InputError
from gigsim.experiments.dotted import plain
from gigsim.experiments.sampling import Choices, Numbers, laws_of, values_at
from gigsim.experiments.study import CASES_FILE, LARGEST, Study, open_study
from gigsim.experiments.study_check import parts_of
from gigsim.experiments.study_file import MOST_CASES, MOST_RUNS, RECORDABLE, CsvDesign, StudyTable
from gigsim.runs import read_table, write_table
from gigsim.sensitivity.cases import distinct, points_in_cases
from gigsim.sensitivity.parameters import check_choices, check_laws
from gigsim.sensitivity.points import (
    Points,
    block_size,
    morris_points,
    on_whole,
    saltelli_points,
)
from gigsim.sensitivity.settings import TABLE, MorrisMethod, Settings, SobolMethod, settings_of
from gigsim.store.shards import write_durably
from gigsim.streams import Streams

#: The settings, and the points with their cases, in the folder; the first tells such a folder.
SETTINGS_FILE, POINTS_FILE = "sensitivity.toml", "points.parquet"
_ALLOWED = "a folder that gigsim sensitivity made is needed"


@dataclass(frozen=True)
class Plan:
    """What is run, and how it is put together.

    Attributes:
        study: its cases are the points; the distinct ones with common random numbers.
        settings: the method, with its outcomes and ranges.
        parameters: dotted keys, the coordinates of the points.
        points: in the unit cube, in the order of the method, shape (n, D).
        case: of each point, shape (n,).
    """

    study: Study
    settings: Settings
    parameters: tuple[str, ...]
    points: Points
    case: NDArray[np.int64]

    @property
    def name(self) -> str:
        """In folder names."""
        return self.study.name

    @property
    def distinct(self) -> int:
        """How many different values the points have."""
        return distinct(self.study.cases)

    def telling(self) -> list[tuple[str, Config]]:
        """Configs that name all files that any case's does (``origin.Begun``)."""
        return self.study.telling()

    def digest(self) -> str:
        """Twelve hexadecimal digits that name what is run: those of the study."""
        return self.study.digest()

    def same_as(self, other: Plan) -> bool:
        """Are the same runs put together in the same way?"""
        same = self.digest() == other.digest() and self.settings == other.settings
        return same and np.array_equal(self.case, other.case)

    def write(self, folder: Path) -> None:
        """Write the study, the settings and the points into a folder that is being made."""
        self.study.write(folder)
        text = tomli_w.dumps(self.settings.model_dump(mode="json"))
        write_durably(folder / SETTINGS_FILE, text.encode())
        table = pd.DataFrame(self.points, columns=list(self.parameters))
        table.insert(0, "case", self.case)
        write_table(table, folder / POINTS_FILE)

    def words(self) -> str:
        """How many points and runs there are, in words."""
        settings = self.settings
        if isinstance(settings, SobolMethod):
            size = block_size(len(self.parameters), second_order=settings.second_order)
            made = f"sobol, {settings.samples:,} samples x {size} = {len(self.case):,} points"
        else:
            size = len(self.parameters) + 1
            made = f"morris, {settings.trajectories:,} trajectories x {size} = "
            made += f"{len(self.case):,} points"
        if self.distinct < len(self.case):
            made += f", {self.distinct:,} distinct"
        seeds = self.study.replicates
        return f"{made}; {seeds:,} seed{'' if seeds == 1 else 's'} each"

    def repeats(self) -> tuple[str, ...]:
        """What is done with points that have the values of another, in words; if there are any."""
        again = len(self.case) - self.distinct
        if not again:
            return ()
        if self.study.common_random_numbers:
            done = "the same runs, as seeds are common"
        else:
            done = "runs of their own, with seeds of their own"
        return (f"{again:,} of them with the values of another: {done}",)


def load_plan(study: Path | str | Mapping[str, Any]) -> Plan:
    """Read and check a sensitivity study, the config of every case included.

    Args:
        study: a STUDY.toml with a table ``[sensitivity]``, or its content as a mapping.

    Raises:
        InputError: what ``gigsim.experiments.study.load_study`` refuses; no such table, or one
            that is not allowed (docs/sensitivity.md); SALib is not installed.
    """
    if isinstance(study, Mapping):
        return _plan(plain(study), "study", Path())
    path = Path(study)
    allowed = "a STUDY.toml is needed: see docs/sensitivity.md"
    return _plan(read_toml(path, allowed, LARGEST), str(path), path.parent)


def open_plan(folder: Path | str) -> Plan:
    """The plan of a folder, from what the folder keeps.

    Raises:
        InputError: none in the folder, or a file of it damaged.
    """
    folder = Path(folder)
    path = folder / SETTINGS_FILE
    if not path.is_file():
        problem = "no sensitivity study in this folder" if folder.is_dir() else "no such folder"
        raise InputError(str(folder), problem, _ALLOWED)
    study = open_study(folder)
    table = read_toml(path, _ALLOWED, LARGEST)
    settings = settings_of(table, Places(str(path), str(path), frozenset(), table, StudyTable))
    points = folder / POINTS_FILE
    try:
        found = read_table(points)
        case = found.pop("case").to_numpy(dtype=np.int64)
        place = found.to_numpy(dtype=np.float64)
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise InputError(str(points), f"cannot be read ({reason})", _ALLOWED) from error
    plan = Plan(study, settings, tuple(found.columns), place, case)
    rows = _rows(settings, len(plan.parameters))
    if len(case) != rows or set(case.tolist()) != set(range(len(study.cases))):
        raise InputError(str(points), "has other points than its study", _ALLOWED)
    if len(study.cases) < len(case) and not study.common_random_numbers:
        # Version 0.1 did so before it was released.
        said = "points of equal values share their runs, from which no interval is right"
        raise InputError(str(folder), said, "begin a new study: each point then has its own")
    return plan


def _plan(content: Mapping[str, Any], where: str, folder: Path) -> Plan:
    # Blamed before the rest is read, which would not know the table.
    rest = {key: value for key, value in content.items() if key != TABLE}
    places = Places(where, where, frozenset(), content, StudyTable)
    if TABLE not in content:
        raise places.error((TABLE,), "required", "a table with a method: see docs/sensitivity.md")
    if "design" in rest:
        raise places.error(("design",), f"given beside {TABLE}", "its points are the cases")
    settings = settings_of(content[TABLE], places)
    table, base, _ = parts_of(rest, where, folder)
    if "replicates" not in rest:
        allowed = "seeds of each point: 2 or more tell luck from parameters, 1 cannot"
        raise places.error(("replicates",), "required", allowed)
    laws = laws_of(settings.ranges, base, places, (TABLE, "ranges"))
    check_laws(laws, settings, places)
    _check_size(settings, len(laws), table.replicates, places)
    points = _points(settings, laws, table.seed)
    values = values_at(laws, points)
    check_choices(laws, values[0], base, places)
    common = table.common_random_numbers
    cases, case = points_in_cases(values, base, where, common_random_numbers=common)
    study = Study(
        name=table.name,
        base=base,
        replicates=table.replicates,
        seed=table.seed,
        common_random_numbers=table.common_random_numbers,
        record=_record(settings, rest, table, places),
        # Not drawn again when the folder is read, or looked over.
        design=CsvDesign(path=CASES_FILE).model_dump(mode="json"),
        limits=table.limits,
        cases=cases,
    )
    return Plan(study, settings, tuple(laws), points, case)


def _points(settings: Settings, laws: Mapping[str, Numbers | Choices], seed: int) -> Points:
    drawn, parameters = Streams(seed).seed_for("sensitivity.points"), len(laws)
    if isinstance(settings, SobolMethod):
        return saltelli_points(
            settings.samples, parameters, second_order=settings.second_order, seed=drawn
        )
    points = morris_points(settings.trajectories, settings.levels, parameters, drawn)
    for column, law in enumerate(laws.values()):
        if isinstance(law, Numbers) and law.whole:
            points[:, column] = on_whole(points[:, column], law.low, law.high, log=law.log)
    return points


def _rows(settings: Settings, parameters: int) -> int:
    if isinstance(settings, MorrisMethod):
        return settings.trajectories * (parameters + 1)
    return settings.samples * block_size(parameters, second_order=settings.second_order)


def _check_size(settings: Settings, parameters: int, replicates: int, places: Places) -> None:
    rows = _rows(settings, parameters)
    name = "samples" if isinstance(settings, SobolMethod) else "trajectories"
    if rows > MOST_CASES:
        said = f"{getattr(settings, name):,} for {parameters:,} parameters are {rows:,} points"
        raise places.error((TABLE, name), said, f"at most {MOST_CASES:,}")
    if rows * replicates > MOST_RUNS:
        said = f"{rows:,} points x {replicates:,} replicates = {rows * replicates:,} runs"
        raise places.error(("replicates",), said, f"at most {MOST_RUNS:,}")


def _record(
    settings: Settings, given: Mapping[str, Any], table: StudyTable, places: Places
) -> tuple[str, ...]:
    """Tables that are kept: as asked for, else those that outcomes are read from."""
    needed = {which.table for which in settings.read} - {"runs"}
    if "record" not in given:
        return tuple(name for name in RECORDABLE if name in needed)
    for which in settings.read:
        if which.table != "runs" and which.table not in table.record:
            said = f'lacks "{which.table}", which {which.text} is read from'
            raise places.error(("record",), said, f'add "{which.table}", or leave record out')
    return tuple(name for name in RECORDABLE if name in table.record)


def with_outcomes(plan: Plan, outcomes: tuple[str, ...]) -> Plan:
    """The plan with other outcomes of the same runs.

    Raises:
        InputError: one that is none, or whose table was not recorded.
    """
    given = {**plan.settings.model_dump(mode="json"), "outcomes": list(outcomes)}
    places = Places("--outcome", "--outcome", frozenset(), given, StudyTable)
    settings = settings_of(given, places)
    for which in settings.read:
        if which.table not in ("runs", *plan.study.record):
            allowed = f"recorded: runs, {', '.join(plan.study.record)}".removesuffix(", ")
            raise InputError(which.text, f"{which.table} was not recorded", allowed)
    return replace(plan, settings=settings)
