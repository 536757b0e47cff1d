"""The seven experiments, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.errors import InputError
from gigsim.reproduction import (
    epochs,
    feature_label,
    feature_only,
    inertia,
    label_noise,
    placement,
    recipe,
)
from gigsim.reproduction.names import with_parts
from gigsim.reproduction.setting import Setting
from gigsim.reproduction.verdict import Expected, Reported, Verdict


class Experiment(Protocol):
    """What a module of an experiment has.

    Attributes:
        NAME: as on the command line.
        TITLE: of its chapter in a report.
        ABLE: kinds of learners that it says something about.
        PAPER: what the paper reports.
        EXPECTED: the hypothesis, fixed before any run of the reference scale.
    """

    NAME: str
    TITLE: str
    ABLE: tuple[str, ...]
    PAPER: Reported
    EXPECTED: Expected

    def arms(
        self, setting: Setting, learners: Sequence[str], targets: Sequence[str] = ...
    ) -> list[Arm]:
        """The curves; learners that it says nothing about are passed over."""

    def verdict(self, rows: pd.DataFrame) -> Verdict:
        """Of one learner and target; rows of other experiments may be among them."""


#: In the order of a report: the paper's five, and two of ours.
EXPERIMENTS: Mapping[str, Experiment] = {
    module.NAME: module
    for module in (feature_label, feature_only, label_noise, epochs, placement, recipe, inertia)
}
#: Not in the paper.
OURS = frozenset({recipe.NAME, inertia.NAME})


def named(names: Iterable[str]) -> list[str]:
    """Names as users write them, in the order of a report; ``all`` is every one.

    Raises:
        InputError: an unknown name, or none.
    """
    wanted = {name.replace("_", "-").lower() for name in names}
    unknown = sorted(wanted - {*EXPERIMENTS, "all"})
    if unknown or not wanted:
        allowed = f"one of {', '.join(EXPERIMENTS)}, or all"
        raise InputError("experiment", f"{', '.join(unknown) or 'none'}: not known", allowed)
    return [name for name in EXPERIMENTS if "all" in wanted or name in wanted]


def verdicts(rows: pd.DataFrame) -> list[Verdict]:
    """Of every experiment, learner and target that rows are of, in the order of a report.

    Args:
        rows: of ``curve.parquet``; those that are of no experiment are passed over.

    Raises:
        ValueError: curves of an experiment are missing.
    """
    named_rows = with_parts(rows)
    found = []
    for name, experiment in EXPERIMENTS.items():
        own = named_rows[named_rows["experiment"] == name]
        for _, group in own.groupby(["learner", "target"], sort=False):
            found.append(experiment.verdict(group.drop(columns=["experiment", "variant"])))
    return found
