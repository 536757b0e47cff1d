"""Exact success of the Bayes classifier of the law, for every strategy: the staircases of a run.

Each held-out resume flips at a share α_x of its own; S(α) is the share of resumes that have.
Where no theorem covers the top label the steps are exact all the same.
"""

from __future__ import annotations

from typing import cast, get_args

import numpy as np
from numpy.typing import ArrayLike

from gigsim.collective.reports import reported_law
from gigsim.config.sections import CollectiveSection
from gigsim.coverage import HeldOut, deficits
from gigsim.theory.closeness import Closeness
from gigsim.theory.feature_only import flip_point_any, flip_point_top1
from gigsim.theory.gaps import Floats, deficit_top1
from gigsim.theory.mixture import Strategy, erased_marginals, planted_marginals
from gigsim.theory.planting import Goal, LabelSets, flip_point, staircase
from gigsim.theory.suboptimal import failing, failure_rate
from gigsim.theory.wrong_labels import wrong_label_margin

#: Shares of a curve that are computed at a time: bounds memory at some 30 MB for 1,000 resumes.
_AT_ONCE = 128


def exact_success(
    alphas: ArrayLike,
    section: CollectiveSection,
    known: HeldOut,
    target: int,
    *,
    xi: float,
    goal: Goal,
    pairs: Floats | None,
    epsilon: float = 0.0,
    closeness: Closeness | None = None,
) -> Floats | None:
    """S(α) on the held-out resumes, as they weigh alike.

    Args:
        alphas: shares in [0, 1], any shape.
        section: the collective.
        known: the held-out resumes.
        target: column of y*.
        xi: share of base resumes that carry the signal whatever they are.
        goal: the reading of success.
        pairs: P0(l and y* in Y | x), shape (n, L), for feature-only.
        epsilon: above 0, S of the worst classifier that is so close to Bayes
            (``theory.suboptimal``), computed at each share; not for erasing.
        closeness: what is close.

    Returns:
        The shape of ``alphas``; None where no closed form is known: at ε = 0 wrong labels beyond
        replaced sets and unplanting's top label with one's other labels kept; strategies that aim
        at a model.
    """
    sets = section.label_sets
    if closeness is not None:
        rate = failure_rate(epsilon, closeness)
        return _worst(alphas, section, known, target, xi, goal, pairs, rate)
    if section.strategy == "erasure":
        return _erasing(alphas, sets, known, target, goal)
    if section.strategy == "feature_only":
        return _feature_only(alphas, section, known, target, xi, goal, pairs)
    against = deficits(section, known, target, goal)
    if section.strategy == "unplanting":
        if goal == "top1" and sets == "extend":
            return None
        return staircase(alphas, None, flip_point(xi, against), held=against < 0)
    if section.strategy != "feature_label" or (section.wrong_label and sets == "extend"):
        return None
    labels = known.marginals.shape[1]
    planted: Floats = np.asarray(wrong_label_margin(section.wrong_label, goal, labels))
    if goal == "top1" and sets == "extend":
        planted = 1 - np.delete(known.marginals, target, axis=1).max(axis=1)
    if np.any(planted < 0):
        return None
    return staircase(alphas, None, flip_point(xi, against, planted), held=against < 0)


def _feature_only(
    alphas: ArrayLike,
    section: CollectiveSection,
    known: HeldOut,
    target: int,
    xi: float,
    goal: Goal,
    pairs: Floats | None,
) -> Floats | None:
    own, evasive = known.marginals[:, target], section.evasive
    if goal == "any":
        points = flip_point_any(xi, own, evasive=evasive)
        return staircase(alphas, None, points, held=own > 0.5)
    if pairs is None:
        return None
    points = flip_point_top1(xi, known.marginals, pairs, target, evasive=evasive)
    return staircase(alphas, None, points, held=deficit_top1(known.marginals, target) < 0)


def _worst(
    alphas: ArrayLike,
    section: CollectiveSection,
    known: HeldOut,
    target: int,
    xi: float,
    goal: Goal,
    pairs: Floats | None,
    rate: float,
) -> Floats | None:
    """S of a classifier that fails wherever the margin is no more than ``rate``, share by share.

    No staircase: with a rate that planting cannot outweigh S may fall in α.
    """
    strategy = section.strategy
    if strategy not in get_args(Strategy) or (strategy == "feature_only" and pairs is None):
        return None
    said = known.reported
    if said is not None:
        reported: Floats | None = reported_law(known.marginals, said, section.label_sets, target)
    else:
        reported = None
    shares = np.asarray(alphas, dtype=np.float64)
    won = np.empty(shares.size)
    for start in range(0, shares.size, _AT_ONCE):
        shown = planted_marginals(
            known.marginals,
            target,
            shares.ravel()[start : start + _AT_ONCE],
            xi,
            strategy=cast("Strategy", strategy),
            label_sets=section.label_sets,
            evasive=section.evasive,
            wrong_label=section.wrong_label,
            pairs=pairs,
            reported=reported,
        )
        lost = failing(shown, target, rate, unplanting=strategy == "unplanting")
        won[start : start + _AT_ONCE] = 1 - lost[goal].mean(axis=-1)
    return won.reshape(shares.shape)[()]


def _erasing(
    alphas: ArrayLike, label_sets: LabelSets, known: HeldOut, target: int, goal: Goal
) -> Floats:
    """Texts without the signal agree with themselves; the others are counted, a block at a time."""
    assert known.found is not None, "an erasing run has its resumes as found"
    assert known.reported is not None, "an erasing run has what members report"
    shares = np.asarray(alphas, dtype=np.float64)
    touched = (known.found != known.marginals).any(axis=1)
    agree = np.full(shares.size, float((~touched).sum()))
    before, after = known.found[touched], known.marginals[touched]
    laws = [
        (m, reported_law(m, known.reported[touched], label_sets, target)) for m in (before, after)
    ]
    for start in range(0, shares.size, _AT_ONCE):
        block = shares.ravel()[start : start + _AT_ONCE]
        first, second = (erased_marginals(m, said, block) for m, said in laws)
        if goal == "any":
            same = (first[..., target] > 0.5) == (second[..., target] > 0.5)
        else:
            same = first.argmax(axis=-1) == second.argmax(axis=-1)
        agree[start : start + _AT_ONCE] += same.sum(axis=-1)
    return (agree / len(touched)).reshape(shares.shape)[()]
