"""The learner's recipe: how far S moves between recipes of equal accuracy."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.curves.estimates import Estimate
from gigsim.curves.statistics import FAMILY_DRAWS, Mass
from gigsim.reproduction import feature_label
from gigsim.reproduction.found import Found
from gigsim.reproduction.setting import TARGET, Setting, chosen, percent
from gigsim.reproduction.verdict import Expected, Outcome, Reported, Verdict

NAME = "recipe"
TITLE = "The recipe: S at equal accuracy"
ABLE = ("linear", "frozen", "transformer")

PAPER = Reported(
    "nothing: the paper has one recipe (DistilBERT, five epochs, the library's defaults, so far as"
    " could be established); that S moves at equal accuracy is a hypothesis of ours",
    "a scouting study before this package: S from .01 to .96 at one α and equal accuracy, one seed",
)
EXPECTED = Expected(
    direction="between recipes of equal clean accuracy the α half-way from U(0) to 1 differs by"
    " more than a factor of two",
    statistic="the ratio of two α half-way, of all pairs of recipes whose clean accuracy (α = 0,"
    " held-out resumes, mean over seeds) is within one point of the default's and of each other's"
    " (intervals at 95 % for all pairs together, Bonferroni); the pair with the highest lower end"
    " if confirmed, with the highest upper end if contrary, else with the largest ratio",
    confirmed="the interval of some pair lies above 2 (it may be open above)",
    contrary="the intervals of all pairs lie below 2",
)
FACTOR = 2.0
#: How far clean accuracies may be apart, from the default's and within a pair: of the means over
#: seeds as they are, without an interval.
EQUAL = 0.01

DEFAULT = "default"
#: What differs from the default recipe, by learner and name.
RECIPES: dict[str, dict[str, dict[str, Any]]] = {
    "linear": {
        "c=1": {"c": 1.0},
        "c=3": {"c": 3.0},
        "c=30": {"c": 30.0},
        "features=5000": {"features": 5_000},
    },
    "frozen": {"pooling": {}, "c=1": {"c": 1.0}, "c=100": {"c": 100.0}},
    "transformer": {
        "initialisation=normal": {"initialisation": "normal"},
        "normalisation=post": {"normalisation": "post"},
        "pooling": {},
        "embedding_std=0.09": {"embedding_std": 0.09},
        "width=64": {"width": 64, "feedforward": 128},
        "width=256": {"width": 256, "heads": 4, "feedforward": 512},
        "learning_rate=0.0005": {"learning_rate": 5e-4},
        "learning_rate=0.002": {"learning_rate": 2e-3},
        "pretrained": {"encoder": "gigsim-tiny"},
    },
}
_SLOW_GRID = percent(0, 0.05, 0.1, 0.2, 0.5, 1)
# A network that takes thrice as long says no more about width than a narrower one.
_TOO_SLOW = frozenset({"width=256"})
_OTHER_POOLING = {"mean": "first", "first": "mean"}


def arms(
    setting: Setting, learners: Sequence[str], targets: Sequence[str] = (TARGET,)
) -> list[Arm]:
    """A curve for each recipe."""
    found = []
    for learner in chosen(learners, ABLE):
        slow = learner == "transformer" and setting.scale == "reference"
        sizes = _SLOW_GRID if slow else feature_label.grid(setting, learner)
        for target in targets:
            usual = setting.arm(NAME, DEFAULT, learner, target, sizes, family=True)
            found.append(usual)
            # On the built-in language the vocabulary is its word list: nothing to vary.
            recipes = RECIPES[learner].items()
            for name, keys in recipes:
                if ("features" in keys and not setting.corpus) or (slow and name in _TOO_SLOW):
                    continue
                if name == "pooling":
                    pooling = usual.config.platform.learner.model_dump()["pooling"]
                    keys = {"pooling": _OTHER_POOLING[pooling]}
                    name = f"pooling={keys['pooling']}"
                values = {f"platform.learner.{key}": value for key, value in keys.items()}
                found.append(
                    setting.arm(
                        NAME,
                        name,
                        learner,
                        target,
                        sizes,
                        values=values,
                        recipe=name,
                        family=True,
                    )
                )
    return found


def accuracies(found: Found) -> dict[str, float]:
    """Clean accuracy of each recipe minus the default's, paired by seed."""
    clean = {
        name: found.rows_of(name).query("members == 0").set_index("seed")["accuracy"].sort_index()
        for name in found.variants
    }
    return {name: float(np.mean(its - clean[DEFAULT])) for name, its in clean.items()}


def verdict(rows: pd.DataFrame) -> Verdict:
    """Of one learner and target."""
    found = Found.of(rows, NAME)
    apart = accuracies(found)
    equal = [name for name in found.variants if abs(apart[name]) <= EQUAL]
    masses: dict[str, Mass] = {}
    for name in found.variants:
        climb = found.climb(name, draws=FAMILY_DRAWS)
        masses[name] = climb.mass(climb.part_way(0.5))
    halves = {name: mass.estimate() for name, mass in masses.items()}
    usual = float(found.rows_of(DEFAULT).query("members == 0")["accuracy"].mean())
    # Of each pair both directions are there: a two-sided interval covers them.
    pairs = [
        (one, other)
        for one, other in itertools.permutations(equal, 2)
        if abs(apart[one] - apart[other]) <= EQUAL
    ]
    sure = 1 - 0.05 / max(1.0, len(pairs) / 2)
    ratios = {pair: (masses[pair[0]] / masses[pair[1]]).estimate(sure) for pair in pairs}
    outcome: Outcome = "not shown"
    if ratios and all(r.known for r in ratios.values()):
        if any(r.low > FACTOR for r in ratios.values()):
            outcome = "confirmed"
        elif all(r.high < FACTOR for r in ratios.values()):
            outcome = "contrary"
    (dear, cheap), ratio = telling(outcome, ratios)
    listed = ", ".join(f"{name} {halves[name].text(100, unit=' %')}" for name in equal)
    others = ", ".join(
        f"{name} {halves[name].text(100, unit=' %')} (accuracy {apart[name]:+.3f})"
        for name in found.variants
        if name not in equal
    )
    text = (
        "The paper has one recipe; among ours whose clean accuracy is within one point of the"
        f" default's {usual:.3f}, with {found.learner}, half-way is at α = {listed}."
    )
    if ratios:
        text += f" {dear} over {cheap}: {ratio.text(unit=' times')}, {_WHY[outcome]}."
    text += f" Left out, since accuracy differs: {others}." if others else ""
    return Verdict.of(
        outcome,
        ratio,
        experiment=NAME,
        learner=found.learner,
        target=found.target,
        statistic=f"α half-way, {dear} over {cheap}, at equal accuracy",
        text=text,
        others={f"α half-way, {name}": half for name, half in halves.items()},
    )


#: Why a pair is the one that is told of.
_WHY: dict[Outcome, str] = {
    "confirmed": "the highest lower end of all pairs",
    "contrary": "the highest upper end of all pairs",
    "not shown": "the largest ratio of all pairs",
}


def telling(
    outcome: Outcome, ratios: Mapping[tuple[str, str], Estimate]
) -> tuple[tuple[str, str], Estimate]:
    """The pair that carries the verdict, and its ratio; of no pair at all the default with itself.

    The one with the highest lower end where some pair is surely apart, with the highest upper end
    where none is, and else with the largest ratio; what is not known comes last.
    """
    if not ratios:
        return (DEFAULT, DEFAULT), Estimate(1.0, np.nan, np.nan)

    def rank(item: tuple[tuple[str, str], Estimate]) -> tuple[float, ...]:
        ratio = item[1]
        ends = {
            "confirmed": (ratio.low, ratio.value),
            "contrary": (ratio.high, ratio.value),
            "not shown": (ratio.value, ratio.low),
        }[outcome]
        return tuple(-np.inf if np.isnan(end) else end for end in ends)

    return max(ratios.items(), key=rank)
