"""A reproduction on its way: one folder of curves an experiment and learner, and the report.

Each step ends with its rows in the report's folder, so that whatever ends the process leaves whole
experiments behind; the next process goes on in the folders that it finds, trains what is missing
and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.curves.plan import Plan
from gigsim.curves.tables import load_curve
from gigsim.curves.work import begin_curves
from gigsim.errors import InputError
from gigsim.experiments.origin import provenance_of
from gigsim.reproduction.about import About, Made, check_same, made_in
from gigsim.reproduction.catalogue import named
from gigsim.reproduction.plan import plan, second_stage
from gigsim.reproduction.report import write_report
from gigsim.reproduction.setting import Setting
from gigsim.results.kinds import kind_of
from gigsim.runs import read_table, write_table
from gigsim.store.index import explained

#: Of the lines of theory, beside the rows.
_LINES = "theory"


@dataclass(frozen=True)
class Step:
    """One experiment with one learner.

    Attributes:
        experiment: its name.
        learner: kind.
        arms: its curves.
    """

    experiment: str
    learner: str
    arms: tuple[Arm, ...]

    @property
    def name(self) -> str:
        """Of its file among the report's."""
        return f"{self.experiment}-{self.learner}"

    @property
    def plan(self) -> Plan:
        """Its first stage."""
        return Plan(f"reproduce-{self.name}", self.arms)

    def more(self, rows: pd.DataFrame) -> Plan | None:
        """Its second stage, from the rows of the first; None where there is none."""
        arms = second_stage(self.arms, rows)
        return Plan(f"reproduce-{self.name}-more", tuple(arms)) if arms else None


def steps(
    names: Sequence[str], learners: Sequence[str], setting: Setting, targets: Sequence[str] = ()
) -> list[Step]:
    """What is to be done, an experiment after the other, quick learners first in each.

    Raises:
        InputError: as :func:`gigsim.reproduction.plan.plan`.
    """
    found = plan(names, learners, setting, targets=targets)
    wanted = [(name, learner) for name in named(names) for learner in dict.fromkeys(learners)]
    prefix = {step: f"{step[0]}: " for step in wanted}
    made = []
    for step in wanted:
        own = [
            arm
            for arm in found
            if arm.name.startswith(prefix[step]) and f" / {step[1]} / " in arm.name
        ]
        if own:
            made.append(Step(*step, tuple(own)))
    return made


def folder_of(wanted: Plan, out: Path, command: Sequence[str]) -> Path:
    """The folder of a plan: the one that an earlier process began, or a new one.

    Raises:
        InputError: ``out`` cannot be written to.
    """
    digest = wanted.digest()
    if out.is_dir():
        for path in sorted(out.glob(f"*-{wanted.name}-{digest}")):
            if kind_of(path) == "curve":
                return path
    return begin_curves(wanted, out, command)


def keep(step: Step, folders: Sequence[Path], into: Path, setting: Setting, about: About) -> None:
    """Put the rows of a step that is done, and its lines of theory, into the report's folder.

    Args:
        step: whose trainings are done.
        folders: of its plans, the second stage's last.
        into: the report's folder.
        setting: of all steps.
        about: ``About.of`` it.

    Raises:
        InputError: trainings of it failed; the folder cannot be written to.
    """
    found = [load_curve(folder) for folder in folders]
    for curves in found:
        if not curves.complete:
            again = f"gigsim curve --resume {curves.path} --retry-failed"
            raise InputError(str(curves.path), "lacks trainings that failed", again)
    check_same(into, about)
    digests = [curves.plan.digest() for curves in found]
    provenance = provenance_of(folders[0])
    Made.of(about, setting, step.learner, digests, provenance).write(into, step.name)
    lines = found[0].theory.drop(columns="arm")
    with explained(into):
        (into / _LINES).mkdir(parents=True, exist_ok=True)
        _write(lines[lines["alpha"] > 0], into / _LINES / f"{step.name}.parquet")
        # Last: rows that are there are whole.
        rows = pd.concat([curves.rows for curves in found], ignore_index=True)
        _write(rows, into / f"{step.name}.parquet")


def _write(table: pd.DataFrame, path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    write_table(table, partial)
    partial.replace(path)


def kept(into: Path) -> pd.DataFrame:
    """All rows in a report's folder, whoever put them there.

    Raises:
        InputError: there are none, or a file is damaged.
    """
    return pd.concat(_tables(into), ignore_index=True)


def report(into: Path) -> list[Path]:
    """Write the report of what is in its folder; returns the files.

    Raises:
        InputError: as :func:`kept`; the folder cannot be written to.
    """
    rows, lines = kept(into), pd.concat(_tables(into / _LINES), ignore_index=True)
    grids = {str(name): own for name, own in lines.groupby("name", sort=False)}
    with explained(into):
        return write_report(into, rows, grids, made=made_in(into))


def _tables(folder: Path) -> list[pd.DataFrame]:
    paths = sorted(folder.glob("[a-z]*.parquet")) if folder.is_dir() else []
    if not paths:
        raise InputError(str(folder), "no rows of experiments", "gigsim reproduce puts them there")
    found = []
    for path in paths:
        try:
            found.append(read_table(path))
        except (OSError, ValueError) as error:
            raise InputError(str(path), f"cannot be read ({error})", "as it was written") from error
    return found
