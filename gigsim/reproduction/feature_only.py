"""Feature-only planting, target by target: nobody misreports, and it takes more people."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.reproduction import feature_label
from gigsim.reproduction.found import Found
from gigsim.reproduction.setting import TARGETS, Setting, chosen, percent
from gigsim.reproduction.verdict import Expected, Outcome, Reported, Verdict

NAME = "feature-only"
TITLE = "Feature-only planting, target by target"
ABLE = ("linear", "frozen", "transformer", "bayes", "own")

PAPER = Reported(
    "without changing labels success takes 1 to 5 % of the data, depending on the target, and is"
    " about 90 % when 10 % of the target's own resumes take part; against 0.1 % with labels, that"
    " is ten to fifty times as many",
    "Hardt et al. 2023: the authors' slides (1 to 5 %), and a third party's summary of"
    " arXiv:2302.04262 (90 % at 10 % of the target class)",
)
EXPECTED = Expected(
    direction="feature-only needs ten to fifty times as many edited resumes as feature-label to"
    " come half-way from U(0) to 1 (y* among the predicted labels, the reading that Theorem 3"
    " covers)",
    statistic="edited resumes half-way, feature-only over feature-label, a ratio",
    confirmed="both curves come half-way, the interval has an upper end and lies above 1, and the"
    " ratio itself lies between 10 and 50",
    contrary="its whole interval lies below 10, or above 50",
)
LEAST, MOST = 10.0, 50.0
#: Of the target's own resumes, at which the paper has about 90 %: as many of all people join.
SHARE = 0.1

VARIANT, WITH_LABELS = "feature-only", "feature-label"
_GRIDS = {
    "quick": percent(0, 0.5, 1, 2, 5, 10, 20, 50, 100),
    "reference": percent(0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100),
}
_SLOW_GRID = percent(0, 0.5, 1, 2, 5, 10, 20, 50, 100)


def grid(setting: Setting, learner: str) -> tuple[float, ...]:
    """Sizes at which a feature-only collective is tried: of it only who carries y* edits."""
    slow = learner in ("transformer", "own") and setting.scale == "reference"
    return _SLOW_GRID if slow else _GRIDS[setting.scale]


def values() -> dict[str, str]:
    """What makes a curve one of feature-only planting."""
    return {"collective.strategy": "feature_only", "measure.success": "any"}


def arms(setting: Setting, learners: Sequence[str], targets: Sequence[str] = TARGETS) -> list[Arm]:
    """Two curves a learner and target; the second is feature-label's, whose trainings it shares."""
    found = []
    for learner in chosen(learners, ABLE):
        for target in targets:
            sizes = grid(setting, learner)
            found.append(setting.arm(NAME, VARIANT, learner, target, sizes, values=values()))
            sizes = feature_label.grid(setting, learner)
            same = {"measure.success": "any"}
            found.append(setting.arm(NAME, WITH_LABELS, learner, target, sizes, values=same))
    return found


def verdict(rows: pd.DataFrame) -> Verdict:
    """Of one learner and target."""
    found = Found.of(rows, NAME)
    only = found.climb(VARIANT, axis="edited")
    labelled = found.climb(WITH_LABELS, axis="edited")
    one, other = (c.mass(c.part_way(0.5)) for c in (only, labelled))
    ratio = (one / other).estimate()
    members = found.climb(VARIANT)
    needed = members.mass(members.part_way(0.5)).estimate()
    at = members.at(SHARE)
    outcome: Outcome = "not shown"
    if ratio.known and (ratio.high < LEAST or ratio.low > MOST):
        outcome = "contrary"
    elif ratio.bounded and ratio.low > 1 and LEAST <= ratio.value <= MOST:
        outcome = "confirmed"
    text = (
        "The paper reports 1 to 5 % of the data against 0.1 % with labels, ten to fifty times as"
        f" many; with {found.learner} half-way takes {one.estimate().text(100, unit=' %')} of the"
        f" resumes edited (α = {needed.text(100, unit=' %')}) against"
        f" {other.estimate().text(100, unit=' %')} with labels, {ratio.text(unit=' times')} as"
        f" many; where 10 % take part, so that 10 % of the target's own resumes are edited, S is"
        f" {at.share_text()} (U(0) = {members.base:.3f}) against the paper's 0.9 or so."
    )
    return Verdict.of(
        outcome,
        ratio,
        experiment=NAME,
        learner=found.learner,
        target=found.target,
        statistic="edited resumes half-way, feature-only over feature-label",
        text=text,
        others={
            "edited half-way, feature-only": one.estimate(),
            "edited half-way, feature-label": other.estimate(),
            "α half-way, feature-only": needed,
            "S at α = 10 %": at,
        },
    )
