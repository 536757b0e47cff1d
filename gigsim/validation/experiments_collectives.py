"""Experiments on strategies and on two collectives at once: V50 and V51.

Statistics, sizes, seeds and expected directions below were fixed before the first training of these
seeds. The sizes of collectives were chosen on seed 999, which is in none.
"""

from __future__ import annotations

import numpy as np

from gigsim.collective.catalogue import StrategyName
from gigsim.theory.gaps import Floats
from gigsim.validation.experiments import (
    FIRST,
    LEARNERS,
    PEOPLE,
    SECOND,
    Experiment,
    Group,
    Job,
    LearnerName,
    Results,
)
from gigsim.validation.experiments_statistics import (
    LEVEL,
    Difference,
    crossing,
    difference,
    p_text,
    ratio_text,
)
from gigsim.validation.known import Obtained

_BOTH: tuple[LearnerName, ...] = ("transformer", "linear")

_LABEL_SIZES = (4, 8, 16, 32, 64)
_ONLY_SIZES = (40, 80, 160, 320, 640, 1280)
_NOISE = 0.3
_STRATEGIES: tuple[tuple[StrategyName, tuple[int, ...], float], ...] = (
    ("feature_label", _LABEL_SIZES, 0.0),
    ("feature_only", _ONLY_SIZES, 0.0),
    ("feature_only", _ONLY_SIZES, _NOISE),
)
_STRATEGY_SEEDS = range(4, 12)
_STRATEGY_EPOCHS = 4
# The paper's 0.1 % of 25,000 resumes.
_RESUMES = 25

_TWO_SIZE = 60
_TWO_SEEDS = range(8)
_FAR, _LITTLE = 0.2, 0.1


def _strategy(
    learner: LearnerName, strategy: StrategyName, size: int, noise: float, seed: int
) -> Job:
    group = Group(size, strategy=strategy)
    return Job(learner, (group,), seed, noise=noise, epochs=_STRATEGY_EPOCHS)


def _masses(results: Results, learner: LearnerName, strategy: StrategyName, noise: float) -> Floats:
    """The logarithm of the number of members at which S = 0.5 (any), one a seed."""
    sizes = _LABEL_SIZES if strategy == "feature_label" else _ONLY_SIZES
    return np.log(
        [
            crossing(
                sizes,
                [results[_strategy(learner, strategy, n, noise, seed)][0].any for n in sizes],
                0.5,
            )
            for seed in _STRATEGY_SEEDS
        ]
    )


def strategies(results: Results) -> Obtained:
    """V50: feature-label, feature-only, and feature-only with 30 % label noise.

    Expected (Hardt et al. 2023): feature-label works at about 0.1 % of 25,000 resumes, which is 25
    of them; feature-only needs 10 to 50 times more; replacing 30 % of the base labels by random
    ones cuts that by about 5.

    2,000 people, ξ = 0 as in the paper, `any`, 8 seeds, the transformer for 4 epochs. The critical
    mass is the number of members at S = 0.5, linear in log α between the sizes 4 to 64
    (feature-label) and 40 to 1,280 (feature-only; 2,560 where that is never reached). It passes if,
    for the transformer, (a) the geometric mean for feature-label is at most 25 members, (b) the 95
    % interval of the ratio feature-only to feature-label meets 10 to 50, and (c) noise lowers the
    critical mass of feature-only, one-sided t on logarithms, paired by seed, at 5 %. `linear` is
    reported beside it.

    A first run, on seeds 0 to 3, was too small to tell: 4.8 [2.7, 8.6] members, 50 [6, 412] times
    as many, a cut by 3.7 [0.3, 48] (p = 0.10; `linear` 9.1 [5.6, 14.6], 89 [32, 249] and 5.8 [2.5,
    13.4], p = 0.004). From its spread 8 seeds have a power of 0.8 at a cut by 5. So these are 8
    fresh seeds, the rest as it was, and theirs is the verdict, whatever it is.
    """
    said: list[str] = []
    lacking: dict[str, bool] = {}
    for learner in _BOTH:
        label = _masses(results, learner, "feature_label", 0.0)
        only = _masses(results, learner, "feature_only", 0.0)
        noisy = _masses(results, learner, "feature_only", _NOISE)
        few, dearer, cut = difference(label), difference(only - label), difference(only - noisy)
        meets = np.exp(dearer.low) <= 50 and np.exp(dearer.high) >= 10
        holds = {
            "(a)": bool(np.exp(few.mean) <= _RESUMES),
            "(b)": bool(meets),
            "(c)": cut.p_greater <= LEVEL,
        }
        refuted = {
            "(a)": bool(np.exp(few.low) > _RESUMES),
            "(b)": not meets,
            "(c)": cut.p_less <= LEVEL,
        }
        if learner == "transformer":
            lacking = {part: refuted[part] for part, is_so in holds.items() if not is_so}
        share = 100 * np.exp(few.mean) / PEOPLE
        at_once = int((np.exp(label) <= _LABEL_SIZES[0]).sum())
        said.append(
            f"{LEARNERS[learner]}: (a) feature-label {ratio_text(few)} members ({share:.1f} %; "
            f"{at_once} of {len(label)} populations there at the smallest size already), "
            f"(b) feature-only {np.exp(only.mean()):.0f} members, {ratio_text(dearer)} times as "
            f"many, (c) noise cuts it {ratio_text(cut)} times ({p_text(cut.p_greater)})"
        )
    return _verdict(said, lacking)


def _verdict(said: list[str], lacking: dict[str, bool]) -> Obtained:
    """From what does not hold for the transformer, and whether there is evidence against it."""
    if not lacking:
        return Obtained(". ".join(said), True)
    against = [part for part, is_refuted in lacking.items() if is_refuted]
    word = f"against the paper: {', '.join(against)}. " if against else ""
    missing = [part for part in lacking if part not in against]
    word += f"not shown: {', '.join(missing)}. " if missing else ""
    return Obtained(word + ". ".join(said), False, "contrary" if against else "not shown")


def _two(learner: LearnerName, groups: tuple[Group, ...], seed: int) -> Job:
    return Job(learner, groups, seed)


_A = Group(_TWO_SIZE, target=FIRST, token=0)
_B_SHARED = Group(_TWO_SIZE, target=SECOND, token=0)
_B_DISTINCT = Group(_TWO_SIZE, target=SECOND, token=1)
_B_SAME = Group(_TWO_SIZE, target=FIRST, token=1)


def _losses(
    results: Results, learner: LearnerName, other: Group
) -> tuple[Difference, Difference, Difference]:
    """What A, B and their mean lose of their top-1 success by B's being there too."""
    lost = []
    for seed in _TWO_SEEDS:
        together = results[_two(learner, (_A, other), seed)]
        alone = [results[_two(learner, (group,), seed)][0].top1 for group in (_A, other)]
        lost.append([a - t.top1 for a, t in zip(alone, together, strict=True)])
    table = np.array(lost)
    far = [difference(column, _FAR) for column in table.T]
    return far[0], far[1], difference(table.mean(axis=1), _LITTLE)


def two_collectives(results: Results) -> Obtained:
    """V51: two collectives of 3 % each.

    Expected (Karan et al. 2025): with a shared token and different targets each is far below what
    it gets alone; with distinct tokens, or the same target, little is lost.

    2,000 people, 60 members each, ξ = 0, feature-label, top-1 on a collective's own signal and
    target, 8 seeds, losses against the same collective alone, paired by seed, one-sided t at 5 %.
    It passes if, for the transformer, with the shared token both lose more than 0.2, and with
    distinct tokens, and with the same target, their mean loses less than 0.1. `linear` is reported
    beside it. (Labels compete for the top, so with a shared token the two share at most 1.)
    """
    said: list[str] = []
    lacking: dict[str, bool] = {}
    for learner in _BOTH:
        first, second, _ = _losses(results, learner, _B_SHARED)
        distinct = _losses(results, learner, _B_DISTINCT)[2]
        same = _losses(results, learner, _B_SAME)[2]
        alone = np.mean([results[_two(learner, (_A,), seed)][0].top1 for seed in _TWO_SEEDS])
        holds = {
            "shared token": max(first.p_greater, second.p_greater) <= LEVEL,
            "distinct tokens": distinct.p_less <= LEVEL,
            "same target": same.p_less <= LEVEL,
        }
        refuted = {
            "shared token": min(first.p_less, second.p_less) <= LEVEL,
            "distinct tokens": distinct.p_greater <= LEVEL,
            "same target": same.p_greater <= LEVEL,
        }
        if learner == "transformer":
            lacking = {part: refuted[part] for part, is_so in holds.items() if not is_so}
        said.append(
            f"{LEARNERS[learner]}: alone S = {alone:.2f}; lost with a shared token "
            f"{first.text(digits=2)} and {second.text(digits=2)}, with distinct tokens "
            f"{distinct.text(digits=2)}, with the same target {same.text(digits=2)}"
        )
    return _verdict(said, lacking)


EXPERIMENTS = (
    Experiment(
        "V50",
        "feature-label, feature-only, and feature-only with 30 % label noise",
        "25 resumes (0.1 % of 25,000) suffice for feature-label; feature-only needs 10-50 times"
        " more; noise cuts that about 5 times",
        "Hardt et al. 2023",
        tuple(
            _strategy(learner, strategy, size, noise, seed)
            for seed in _STRATEGY_SEEDS
            for learner in _BOTH
            for strategy, sizes, noise in _STRATEGIES
            for size in sizes
        ),
        strategies,
    ),
    Experiment(
        "V51",
        "two collectives of equal size",
        "a shared token with different targets costs both dearly; distinct tokens, or the same"
        " target, cost little",
        "Karan et al. 2025",
        tuple(
            _two(learner, groups, seed)
            for seed in _TWO_SEEDS
            for learner in _BOTH
            for groups in (
                (_A,),
                (_B_SHARED,),
                (_B_DISTINCT,),
                (_B_SAME,),
                (_A, _B_SHARED),
                (_A, _B_DISTINCT),
                (_A, _B_SAME),
            )
        ),
        two_collectives,
    ),
)
