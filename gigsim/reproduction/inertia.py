"""Inertia: a platform that goes on from its own weights, against one that starts afresh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.curves.estimates import Estimate, Floats
from gigsim.curves.statistics import difference
from gigsim.learners.recipes import Recipe
from gigsim.reproduction.found import Found
from gigsim.reproduction.setting import TARGET, Setting, chosen, percent
from gigsim.reproduction.verdict import Expected, Outcome, Reported, Verdict

NAME = "inertia"
TITLE = "Inertia: warm start against scratch after α has changed"
# The others are solved to their optimum: where they start from changes nothing.
ABLE = ("transformer",)

PAPER = Reported(
    "nothing: the paper's platform is trained afresh; that a warm start lags is our hypothesis",
    "a scouting study before this package: S .68 instead of .94 after a warm epoch, one seed",
)
EXPECTED = Expected(
    direction="a platform trained on clean resumes that goes on from its weights, once the"
    " collective is there, needs more than one retraining to bring S within 0.05 of training from"
    " scratch",
    statistic="retrainings until the mean shortfall, S from scratch minus S warm over the sizes"
    " where scratch is at least a quarter of the way, is under 0.05",
    confirmed="its interval lies above 1",
    contrary="its interval is 1 alone: the first retraining has caught up",
)
#: How near counts as caught up, and how many retrainings are tried.
NEAR, TRIED = 0.05, 4

SCRATCH, WARM = "scratch", "warm"
ONE_EPOCH, SLOWER = "warm, one epoch", "warm, a fifth of the learning rate"
#: A platform that saves learns so much more slowly.
_FIFTH = 5
_GRIDS = {"quick": percent(1, 2, 5), "reference": percent(0.5, 2)}


def arms(
    setting: Setting, learners: Sequence[str], targets: Sequence[str] = (TARGET,)
) -> list[Arm]:
    """A curve from scratch, and warm ones of several retrainings.

    All warm platforms start from the clean training of the one from scratch; two are thrifty from
    then on.
    """
    found = []
    sizes = _GRIDS[setting.scale]
    for learner in chosen(learners, ABLE):
        for target in targets:
            scratch = setting.arm(NAME, SCRATCH, learner, target, (0.0, *sizes))
            found.append(scratch)
            clean = scratch.config.platform.learner
            for name, keys in _recipes(clean).items():
                own = {f"platform.learner.{key}": value for key, value in keys.items()}
                found.append(
                    setting.arm(
                        NAME,
                        name,
                        learner,
                        target,
                        sizes,
                        values={"platform.retrain": "warm", **own},
                        recipe=", ".join(["warm", *(f"{k}={v:g}" for k, v in keys.items())]),
                        retrainings=TRIED,
                        clean_learner=clean if keys else None,
                    )
                )
    return found


def _recipes(clean: Recipe) -> dict[str, dict[str, float]]:
    """What differs from the clean training's recipe in the retrainings of a warm platform."""
    rate = float(clean.model_dump()["learning_rate"])
    return {WARM: {}, ONE_EPOCH: {"epochs": 1}, SLOWER: {"learning_rate": rate / _FIFTH}}


def shortfalls(found: Found, variant: str) -> tuple[Floats, Floats]:
    """Mean shortfall after each retraining, shape (K,), and its draws, shape (K, D).

    NaN where from scratch S is nowhere a quarter of the way: there is nothing to catch up with.

    Raises:
        ValueError: rows are missing.
    """
    scratch = found.climb(SCRATCH)
    worth = scratch.sizes[scratch.mean >= scratch.part_way(0.25)]
    worth = worth[worth > 0]
    count = int(found.rows.loc[found.rows["variant"] == variant, "retraining"].max())
    if not len(worth):
        return np.full(count, np.nan), np.full((count, scratch.luck.draws), np.nan)
    value, drawn = scratch.level(worth)
    warm = [found.climb(variant, retraining=number).level(worth) for number in range(1, count + 1)]
    return (
        np.array([value - one for one, _ in warm]),
        np.stack([drawn - draws for _, draws in warm]),
    )


def needed(shortfall: Floats) -> tuple[Floats, Floats]:
    """Retrainings until the shortfall is under :data:`NEAR`.

    Args:
        shortfall: shape (K, D).

    Returns:
        Lower and upper ends, shape (D,): (K + 1, inf) where it never is, NaN where it is not known.
    """
    there = shortfall < NEAR
    unknown = np.isnan(shortfall).any(axis=0)
    first = np.where(there.any(axis=0), there.argmax(axis=0) + 1.0, len(shortfall) + 1.0)
    last = np.where(there.any(axis=0), first, np.inf)
    return np.where(unknown, np.nan, first), np.where(unknown, np.nan, last)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Of one learner and target."""
    found = Found.of(rows, NAME)
    counts: dict[str, Estimate] = {}
    gaps: dict[str, Estimate] = {}
    for name in found.variants:
        if name == SCRATCH:
            continue
        point, draws = shortfalls(found, name)
        low, high = needed(point[:, None])
        lows, highs = needed(draws)
        counts[name] = Estimate.between(float(low[0]), float(high[0]), lows, highs)
        gaps[name] = difference((float(point[0]), draws[0]), (0.0, np.zeros(draws.shape[1])))
    count, gap = counts[WARM], gaps[WARM]
    outcome: Outcome = "not shown"
    if count.known:
        if count.low > 1:
            outcome = "confirmed"
        elif count.high <= 1:
            outcome = "contrary"
    others = ", ".join(
        f"{name.removeprefix('warm, ')}: {its.text(digits=1)}"
        for name, its in counts.items()
        if name != WARM
    )
    text = (
        "The paper's platform always starts afresh; with"
        f" {found.learner} a warm one's S is {gap.share_text()} short of that after the first"
        f" retraining with the collective there, and within {NEAR:g} after"
        f" {count.text(digits=1, unit=' retrainings')}"
    )
    text += f"; thrifty retrainings after the same clean start: {others}." if others else "."
    if np.isnan(count.value):
        text += " From scratch S is nowhere a quarter of the way: there is nothing to lag behind."
    return Verdict.of(
        outcome,
        count,
        experiment=NAME,
        learner=found.learner,
        target=found.target,
        statistic=f"retrainings until S is within {NEAR:g} of scratch's",
        text=text,
        others={f"shortfall after the first, {name}": its for name, its in gaps.items()}
        | {f"retrainings, {name}": its for name, its in counts.items()},
    )
