"""Feature-label planting: how large must a collective be that plants and reports y*?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.reproduction.found import Found
from gigsim.reproduction.setting import TARGETS, Setting, chosen, percent
from gigsim.reproduction.verdict import Expected, Outcome, Reported, Verdict

NAME = "feature-label"
TITLE = "Feature-label planting"
ABLE = ("linear", "frozen", "transformer", "bayes", "own")

PAPER = Reported(
    "the strategy is effective at about 0.1 % of the data (some 25 resumes), and success is over"
    " 90 % with less than 0.5 % (some 125 of 25,000), in line with the theorem for a unique signal",
    "Hardt et al. 2023: the authors' slides (0.1 %), and a third party's summary of"
    " arXiv:2302.04262 (90 %, 0.5 %)",
)
EXPECTED = Expected(
    direction="S(α), y* the top label, rises to over 0.9 before α = 0.5 %",
    statistic="the α at which S reaches 0.9",
    confirmed="its interval lies below 0.5 % (it may be open below: S is there at the least α)",
    contrary="its interval lies above 0.5 % (it may be open above: S is nowhere there)",
)
#: The success that counts here, and the share by which it should be there.
SUCCESS, SHARE = 0.9, 0.005

VARIANT = "feature-label"
_GRIDS = {
    "quick": percent(0, 0.1, 0.2, 0.5, 1, 2, 5, 10),
    "reference": percent(0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 3, 5),
}
_SLOW_GRID = percent(0, 0.05, 0.1, 0.2, 0.5, 1, 2)
# An exact classifier follows as soon as members outnumber what one in a thousand carries.
_EXACT_GRID = percent(
    *(0, 0.01, 0.02, 0.03, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.1, 0.15, 0.2, 0.5, 1)
)


def grid(setting: Setting, learner: str) -> tuple[float, ...]:
    """Sizes at which a feature-label collective is tried."""
    if learner == "bayes":
        return _EXACT_GRID
    if learner == "frozen":
        # A frozen encoder is hard to move: the curve rises where others have ended.
        return tuple(sorted({*_GRIDS[setting.scale], *percent(10, 20)}))
    slow = learner in ("transformer", "own") and setting.scale == "reference"
    return _SLOW_GRID if slow else _GRIDS[setting.scale]


def arms(setting: Setting, learners: Sequence[str], targets: Sequence[str] = TARGETS) -> list[Arm]:
    """One curve a learner and target."""
    return [
        setting.arm(NAME, VARIANT, learner, target, grid(setting, learner))
        for learner in chosen(learners, ABLE)
        for target in targets
    ]


def verdict(rows: pd.DataFrame) -> Verdict:
    """Of one learner and target."""
    found = Found.of(rows, NAME)
    climb = found.climb(VARIANT)
    mass = climb.mass(SUCCESS).estimate()
    half = climb.mass(climb.part_way(0.5)).estimate()
    outcome: Outcome = "not shown"
    if mass.known and mass.high < SHARE:
        outcome = "confirmed"
    elif mass.known and mass.low > SHARE:
        outcome = "contrary"
    at = climb.at(SHARE)
    text = (
        "The paper reports S over 0.9 with less than 0.5 % of the data (some 125 resumes); with"
        f" {found.learner} on {found.people:,} resumes, of which 0.5 % are"
        f" {round(SHARE * found.people)}, S is {at.share_text()} there, reaches 0.9 at α ="
        f" {mass.text(100, unit=' %')} and is half-way from U(0) = {climb.base:.3f} to 1 at"
        f" {half.text(100, unit=' %')}."
    )
    return Verdict.of(
        outcome,
        mass,
        experiment=NAME,
        learner=found.learner,
        target=found.target,
        statistic="α at which S reaches 0.9",
        text=text,
        others={"α half-way": half, "S at α = 0.5 %": at},
    )
