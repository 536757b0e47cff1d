"""A competing signal that is weak: base label sets randomised, and feature-only gets cheaper."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.curves.estimates import Estimate
from gigsim.reproduction import feature_only
from gigsim.reproduction.found import Found
from gigsim.reproduction.setting import SLOW, TARGET, Setting, chosen, percent
from gigsim.reproduction.verdict import Expected, Outcome, Reported, Verdict

NAME = "label-noise"
TITLE = "Competing signal: a share ρ of the base label sets randomised"
ABLE = ("linear", "frozen", "transformer", "bayes", "own")

PAPER = Reported(
    "a little uncertainty about labels makes feature-only planting far more effective: with 30 % of"
    " the base labels random the critical mass is about a fifth of what it is with none",
    "Hardt et al. 2023: the authors' slides (the direction), and a third party's summary of"
    " arXiv:2302.04262 (0 to 30 %, about five times)",
)
EXPECTED = Expected(
    direction="the α at which feature-only planting is half-way from U(0) to 1 falls in ρ, to about"
    " a fifth at ρ = 30 % (one uniform label in place of a set, as the theory's p = ρ/K has it)",
    statistic="that α without noise over that α with 30 %, a ratio",
    confirmed="both curves come half-way, the interval has an upper end and lies above 1, and the"
    " ratio itself lies between 2.5 and 10, within a factor of two of five",
    contrary="its whole interval lies below 2.5, or above 10",
)
LEAST, MOST = 2.5, 10.0

#: "uniform": one label, uniformly drawn. "shuffle": another person's whole set (marginals kept).
KINDS = ("uniform", "shuffle")
NONE, STRONG = "none", 0.3
_SHARES = (0.05, 0.1, 0.2, STRONG)
# Of learners that take long, the kind that carries the verdict at two shares, the other at one.
_SLOW_SHARES = {"uniform": (0.1, STRONG), "shuffle": (STRONG,)}
_SLOW_GRID = percent(0, 0.5, 1, 2, 5, 10, 20)


def variant(kind: str, share: float) -> str:
    """The name of a curve."""
    return f"{kind} {share:g}"


def arms(
    setting: Setting, learners: Sequence[str], targets: Sequence[str] = (TARGET,)
) -> list[Arm]:
    """Feature-only curves: one without noise, and one for each kind and share of it."""
    found = []
    for learner in chosen(learners, ABLE):
        slow = learner in SLOW
        sizes = feature_only.grid(setting, learner)
        noisy = _SLOW_GRID if slow else sizes
        for target in targets:
            plain = feature_only.values()
            found.append(setting.arm(NAME, NONE, learner, target, sizes, values=plain))
            for kind in KINDS:
                for share in _SLOW_SHARES[kind] if slow else _SHARES:
                    noise = {"corpus.label_noise": share, "corpus.label_noise_kind": kind}
                    found.append(
                        setting.arm(
                            NAME,
                            variant(kind, share),
                            learner,
                            target,
                            noisy,
                            values={**plain, **noise},
                        )
                    )
    return found


def verdict(rows: pd.DataFrame) -> Verdict:
    """Of one learner and target."""
    found = Found.of(rows, NAME)
    clean = found.climb(NONE)
    mass = clean.mass(clean.part_way(0.5))
    ratios: dict[str, Estimate] = {}
    masses: dict[str, Estimate] = {NONE: mass.estimate()}
    for name in found.variants:
        if name != NONE:
            noisy = found.climb(name)
            its = noisy.mass(noisy.part_way(0.5))
            masses[name] = its.estimate()
            ratios[name] = (mass / its).estimate()
    ratio, other = (ratios[variant(kind, STRONG)] for kind in KINDS)
    outcome: Outcome = "not shown"
    if ratio.known and (ratio.high < LEAST or ratio.low > MOST):
        outcome = "contrary"
    elif ratio.bounded and ratio.low > 1 and LEAST <= ratio.value <= MOST:
        outcome = "confirmed"
    text = (
        "The paper reports a critical mass about five times smaller with 30 % of the base labels"
        f" random; with {found.learner} feature-only is half-way at α ="
        f" {masses[NONE].text(100, unit=' %')} without noise and at"
        f" {masses[variant(KINDS[0], STRONG)].text(100, unit=' %')} with 30 % of uniform labels,"
        f" {ratio.text(unit=' times')} less; with other people's label sets instead,"
        f" {other.text(unit=' times')} less."
    )
    return Verdict.of(
        outcome,
        ratio,
        experiment=NAME,
        learner=found.learner,
        target=found.target,
        statistic="α half-way without noise over α half-way with 30 % uniform labels",
        text=text,
        others={f"α half-way, {name}": found for name, found in masses.items()}
        | {f"ratio, {name}": found for name, found in ratios.items()},
    )
