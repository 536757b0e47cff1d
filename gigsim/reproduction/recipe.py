"""The learner's recipe: how far S moves between recipes of equal accuracy."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.curves.estimates import Estimate
from gigsim.curves.statistics import Mass
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
    statistic="of all pairs of recipes whose clean accuracy (α = 0, held-out resumes, mean over"
    " seeds) is within one point of the default's, the largest ratio of their α half-way (intervals"
    " at 95 % for all pairs together, Bonferroni)",
    confirmed="the interval of some pair lies above 2",
    contrary="the intervals of all pairs lie below 2",
)
FACTOR = 2.0
#: How far a recipe's clean accuracy may be from the default's.
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
_SLOW_GRID = percent(0, 0.1, 0.2, 0.5, 1, 2)
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
            usual = setting.arm(NAME, DEFAULT, learner, target, sizes)
            found.append(usual)
            # On the built-in language the vocabulary is its word list: nothing to vary.
            recipes = RECIPES[learner].items()
            for name, keys in recipes:
                if "features" in keys and not setting.corpus:
                    continue
                if name == "pooling":
                    pooling = usual.config.platform.learner.model_dump()["pooling"]
                    keys = {"pooling": _OTHER_POOLING[pooling]}
                    name = f"pooling={keys['pooling']}"
                values = {f"platform.learner.{key}": value for key, value in keys.items()}
                found.append(
                    setting.arm(NAME, name, learner, target, sizes, values=values, recipe=name)
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
        climb = found.climb(name)
        masses[name] = climb.mass(climb.part_way(0.5))
    halves = {name: mass.estimate() for name, mass in masses.items()}
    usual = float(found.rows_of(DEFAULT).query("members == 0")["accuracy"].mean())
    pairs = list(itertools.permutations(equal, 2))
    if pairs:
        # Of each unordered pair both directions are there: a two-sided interval covers them.
        sure = 1 - 0.05 / (len(pairs) / 2)
        ratios = {pair: (masses[pair[0]] / masses[pair[1]]).estimate(sure) for pair in pairs}
        (dear, cheap), ratio = max(ratios.items(), key=lambda item: _rank(item[1]))
    else:
        ratios, (dear, cheap), ratio = {}, (DEFAULT, DEFAULT), Estimate(1.0, np.nan, np.nan)
    outcome: Outcome = "not shown"
    if ratios and all(r.known for r in ratios.values()):
        if any(r.low > FACTOR for r in ratios.values()):
            outcome = "confirmed"
        elif all(r.high < FACTOR for r in ratios.values()):
            outcome = "contrary"
    listed = ", ".join(f"{name} {halves[name].text(100, unit=' %')}" for name in equal)
    others = ", ".join(
        f"{name} {halves[name].text(100, unit=' %')} (accuracy {apart[name]:+.3f})"
        for name in found.variants
        if name not in equal
    )
    text = (
        "The paper has one recipe; among ours whose clean accuracy is within one point of the"
        f" default's {usual:.3f}, with {found.learner}, half-way is at α = {listed}, at most"
        f" {ratio.text(unit=' times')} apart ({dear} over {cheap})."
    )
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


def _rank(ratio: Estimate) -> tuple[float, float]:
    """By the ratio, and of equal ones by what is sure of it."""
    return (ratio.value, ratio.low if ratio.known else 0.0)
