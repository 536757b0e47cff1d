"""Which curves a reproduction trains, and with how many seeds where it matters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.curves.statistics import climb_of
from gigsim.errors import InputError
from gigsim.reproduction.catalogue import EXPERIMENTS, named
from gigsim.reproduction.names import name_of, parts_of
from gigsim.reproduction.setting import FAMILY_SEEDS, MORE_SEEDS, SLOW, Setting, chosen


def plan(
    names: Iterable[str],
    learners: Sequence[str],
    setting: Setting | None = None,
    *,
    targets: Sequence[str] = (),
) -> list[Arm]:
    """The curves of experiments, one experiment after the other. Nothing is trained.

    Trainings that several curves share (no collective; the same one with another reading of
    success) are found by ``curves.trainings_of``, and done once.

    Args:
        names: of experiments; ``all`` is every one.
        learners: kinds; an experiment leaves out those that it says nothing about.
        setting: scale, corpus, recipes; None is the quick scale on the built-in language.
        targets: labels instead of each experiment's own.

    Raises:
        InputError: an unknown experiment or learner; nothing is left to train; a config that is
            refused.
    """
    setting = setting or Setting()
    found: list[Arm] = []
    for name in named(names):
        experiment = EXPERIMENTS[name]
        if targets:
            found += experiment.arms(setting, learners, targets)
        else:
            found += experiment.arms(setting, learners)
    if not found:
        able = dict.fromkeys(x for name in named(names) for x in EXPERIMENTS[name].ABLE)
        raise InputError(
            "learners", f"{', '.join(learners) or 'none'}: nothing to train", ", ".join(able)
        )
    return found


def left_out(names: Iterable[str], learners: Sequence[str]) -> list[str]:
    """Experiments that say nothing about any of the learners: a phrase each, with what they need.

    Raises:
        InputError: an unknown experiment or learner.
    """
    return [
        f"{name}: nothing for {', '.join(learners)}; it needs {' or '.join(EXPERIMENTS[name].ABLE)}"
        for name in named(names)
        if not chosen(learners, EXPERIMENTS[name].ABLE)
    ]


def second_stage(arms: Iterable[Arm], rows: pd.DataFrame) -> list[Arm]:
    """More seeds at the two sizes around half-way, of learners that take long.

    The curve's mean over the first stage's seeds says where half-way from U(0) to 1 is first
    reached. A curve that never gets there, or has it at the first size, gets no more, and neither
    does one that has as many seeds everywhere, or a chain of retrainings. Seeds go on
    where the first stage's end, so that the same plan is made again from the same rows.

    Args:
        arms: of the first stage; others are passed over.
        rows: of ``curve.parquet``, of all their cells.
    """
    by_name = {str(name): group for name, group in rows.groupby("name", sort=False)}
    found = []
    for arm in arms:
        parts = parts_of(arm.name)
        if not most_more(arm) or arm.name not in by_name:
            continue
        between = _around(by_name[arm.name], arm)
        if between:
            first = max(arm.seeds) + 1
            found.append(
                arm.model_copy(
                    update={
                        "name": name_of(*parts[:4], more=True),
                        "alphas": between,
                        "seeds": tuple(range(first, first + MORE_SEEDS)),
                    }
                )
            )
    return found


def most_more(arm: Arm) -> int:
    """Fits that the second stage adds to a curve at most."""
    parts = parts_of(arm.name)
    first = parts.learner in SLOW and not parts.more and not arm.warm
    return 2 * MORE_SEEDS if first and len(arm.seeds) < FAMILY_SEEDS else 0


def _around(rows: pd.DataFrame, arm: Arm) -> tuple[float, ...]:
    """The two sizes of an arm between which its mean is first half-way; () if there are none."""
    climb = climb_of(rows, arm.name)
    # Without a collective nothing was measured: halfway to 1 all the same.
    level = 0.5 if np.isnan(climb.base) else climb.part_way(0.5)
    there = np.flatnonzero(climb.mean >= level)
    if not len(there) or there[0] == 0:
        return ()
    high = int(there[0])
    if climb.sizes[high - 1] == 0:
        return ()
    return arm.alphas[high - 1], arm.alphas[high]
