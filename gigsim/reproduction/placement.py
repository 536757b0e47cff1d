"""Where and how often the signal stands, how many tokens it has, and how unique it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.curves.estimates import Estimate
from gigsim.curves.statistics import FAMILY_DRAWS
from gigsim.reproduction import feature_label
from gigsim.reproduction.found import Found
from gigsim.reproduction.setting import SLOW, TARGET, Setting, chosen, percent
from gigsim.reproduction.verdict import Expected, Outcome, Reported, Verdict

NAME = "placement"
TITLE = "Placement: spacing, position, several tokens; uniqueness varied on purpose"
ABLE = ("linear", "frozen", "transformer", "own")

PAPER = Reported(
    "where and how densely the signal is placed hardly matters; that it is unique does",
    "Hardt et al. 2023: the authors' slides, and a third party's summary of arXiv:2302.04262",
)
EXPECTED = Expected(
    direction="another spacing or position, or companions beside the token, move the α half-way"
    " from U(0) to 1 by less than a factor of two (ξ = 0 held fixed), and base carriers of the"
    " signal (ξ = 2 %) move it up",
    statistic="the α half-way of a placing over that of every 20 words (intervals at 95 % for all"
    " placings together, Bonferroni): of the placing whose interval reaches furthest from 1 if"
    " confirmed, keeps furthest from 1 if contrary, else whose ratio is furthest from 1; of ξ = 2 %"
    " if that alone is contrary",
    confirmed="the intervals of all placings lie between 1/2 and 2, and the interval of ξ = 2 %"
    " over ξ = 0 lies above 1",
    contrary="the interval of some placing lies wholly outside 1/2 to 2, or that of ξ = 2 % wholly"
    " below 1",
)
FACTOR = 2.0

USUAL = "every 20 words"
#: What differs from every 20 words, by name.
PLACINGS: dict[str, dict[str, Any]] = {
    "every 5 words": {"collective.signal.every": 5},
    "every 40 words": {"collective.signal.every": 40},
    "every 80 words": {"collective.signal.every": 80},
    "at the start": {"collective.signal.position": "start"},
    "at the end": {"collective.signal.position": "end"},
    "at random places": {"collective.signal.position": "random"},
    "three tokens": {"collective.signal.companions": ("⁂", "⁑")},
}
#: ξ, shares of base resumes that carry the signal as members place it, with their own labels.
SHARES = (0.002, 0.005, 0.02)
# Of learners that take long, at the reference scale.
_SLOW_SHARES = (0.005, 0.02)
_SLOW_GRID = percent(0, 0.05, 0.1, 0.2, 0.5, 1)
# An encoder reads the first 128 pieces of a resume. Of the language that is all of it; of a real
# one the beginning: what stands later is not seen, and a config that plants it there is refused.
_WINDOWED = ("frozen", "transformer")
_UNSEEN = frozenset({"every 80 words", "at the end", "at random places"})


def xi_variant(share: float) -> str:
    """The name of a curve with base carriers."""
    return f"xi={share:g}"


def arms(
    setting: Setting, learners: Sequence[str], targets: Sequence[str] = (TARGET,)
) -> list[Arm]:
    """A curve for each placing, and for each ξ."""
    found = []
    for learner in chosen(learners, ABLE):
        slow = learner in SLOW and setting.scale == "reference"
        sizes = _SLOW_GRID if slow else feature_label.grid(setting, learner)
        curves: dict[str, dict[str, Any]] = {USUAL: {}}
        for name, values in PLACINGS.items():
            if not (setting.corpus and learner in _WINDOWED and name in _UNSEEN):
                curves[name] = values
        for share in _SLOW_SHARES if slow else SHARES:
            curves[xi_variant(share)] = {"corpus.xi": share}
        for target in targets:
            for name, values in curves.items():
                found.append(setting.arm(NAME, name, learner, target, sizes, values=values))
    return found


def verdict(rows: pd.DataFrame) -> Verdict:
    """Of one learner and target."""
    found = Found.of(rows, NAME)
    usual = found.climb(USUAL, draws=FAMILY_DRAWS)
    mass = usual.mass(usual.part_way(0.5))
    places = [name for name in found.variants if name in PLACINGS]
    if not places:
        raise ValueError(f"{NAME}: no rows of any placing but the usual one")
    ratios: dict[str, Estimate] = {}
    for name in found.variants:
        if name != USUAL:
            climb = found.climb(name, draws=FAMILY_DRAWS)
            sure = 1 - 0.05 / len(places) if name in PLACINGS else 0.95
            ratios[name] = (climb.mass(climb.part_way(0.5)) / mass).estimate(sure)
    unique = ratios[xi_variant(SHARES[-1])]
    outcome: Outcome = "not shown"
    told = max(places, key=lambda name: _apart(ratios[name].value))
    if all(r.known for r in ratios.values()):
        outside = any(ratios[n].low > FACTOR or ratios[n].high < 1 / FACTOR for n in places)
        inside = all(ratios[n].low > 1 / FACTOR and ratios[n].high < FACTOR for n in places)
        if outside or unique.high < 1:
            outcome = "contrary"
            told = max(places, key=lambda name: _clear(ratios[name]))
            told = told if outside else xi_variant(SHARES[-1])
        elif inside and unique.low > 1:
            outcome = "confirmed"
            told = max(places, key=lambda name: _reach(ratios[name]))
    listed = ", ".join(f"{name} {ratios[name].text()}" for name in places)
    carried = ", ".join(
        f"{name} {ratios[name].text()}" for name in found.variants if name.startswith("xi=")
    )
    text = (
        "The paper reports that placing hardly matters and uniqueness does; with"
        f" {found.learner} half-way is at α = {mass.estimate().text(100, unit=' %')} for a token"
        f" {USUAL}, and times that for: {listed}; with base carriers: {carried}."
    )
    return Verdict.of(
        outcome,
        ratios[told],
        experiment=NAME,
        learner=found.learner,
        target=found.target,
        statistic=f"α half-way, {told} over {USUAL}",
        text=text,
        others={f"α half-way, {USUAL}": mass.estimate()}
        | {f"{name} over {USUAL}": ratio for name, ratio in ratios.items()},
    )


def _apart(ratio: float) -> float:
    """How far from 1, either way; what is not known comes last."""
    if np.isnan(ratio):
        return 0.0
    return max(ratio, 1 / ratio) if ratio > 0 else np.inf


def _reach(ratio: Estimate) -> float:
    """How far from 1 its interval reaches."""
    return max(_apart(ratio.low), _apart(ratio.high))


def _clear(ratio: Estimate) -> float:
    """How far from 1 all of its interval is; at most 1 where 1 is in it."""
    return max(ratio.low, 1 / ratio.high if ratio.high > 0 else np.inf)
