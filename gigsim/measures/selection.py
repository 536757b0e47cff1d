"""Who joined: how far members differ from the population in their label sets.

The theorems take members to be drawn at random. In a society they draw themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NAN = float("nan")

#: Label sets are counted by their numbers up to this one, sets of 16 labels.
_SMALL = 1 << 16


class Selection(NamedTuple):
    """``excess``: TV beyond chance, in (−1, 1); ``p``: of drawing at least as much at random."""

    excess: float
    p: float


class MatchedRate(NamedTuple):
    """``rate`` in [0, 1], re-weighted; ``matched_share``: how much of the group it speaks for."""

    rate: float
    matched_share: float


def selection(
    member: NDArray[np.bool_],
    label_set_ids: NDArray[np.integer],
    generator: np.random.Generator,
    draws: int = 999,
) -> Selection:
    """Total variation between members and population over label sets, beyond that of a lottery.

    A small random group differs from its population too, so the mean distance of ``draws`` random
    groups of equal size is taken off. The p-value is the Monte-Carlo one,
    (1 + #{draw ≥ observed})/(draws + 1): valid for every size, never 0 (Davison and Hinkley 1997,
    section 4.2). Distances are compared as whole numbers, so equal ones count as equal.

    Args:
        member: bool, shape (N,).
        label_set_ids: integers, shape (N,): equal numbers for equal label sets.
        generator: source of the random groups (multivariate hypergeometric).
        draws: random groups, at least 1.

    Returns:
        (excess, p); (NaN, NaN) for no members or nobody else: there is nothing to compare.

    Example:
        >>> sets = np.repeat([0, 1], 50)
        >>> result = selection(sets == 1, sets, np.random.default_rng(0))
        >>> result.p, result.excess > 0.4
        (0.001, True)
    """
    joined = np.asarray(member, dtype=np.bool_)
    if joined.ndim != 1 or np.shape(label_set_ids) != joined.shape:
        raise ValueError(f"need (N,) twice, got {joined.shape} and {np.shape(label_set_ids)}")
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    size, group = len(joined), int(np.count_nonzero(joined))
    if group in (0, size):
        return Selection(NAN, NAN)
    population, members = _counts(np.asarray(label_set_ids), joined)
    lottery = generator.multivariate_hypergeometric(population, group, draws, method="marginals")

    # TV = sum |members/group - population/size| / 2, kept in whole numbers.
    def distance(counts: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.abs(size * counts - group * population).sum(axis=-1)

    observed, chance = distance(members), distance(lottery)
    excess = (observed - chance.mean()) / (2 * size * group)
    return Selection(float(excess), float((1 + (chance >= observed).sum()) / (draws + 1)))


def _counts(
    sets: NDArray[np.integer], joined: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """People and members of each label set that there is, in ascending order, int64, (k,) each."""
    if sets.min() < 0 or sets.max() >= _SMALL:
        # Numbers of many labels: what there is of them is counted, not what there could be.
        sets = np.unique(sets, return_inverse=True)[1]
    population = np.bincount(sets)
    members = np.bincount(np.compress(joined, sets), minlength=len(population))
    there = population > 0
    return population[there], members[there]


def matched_rate(
    success: NDArray[np.bool_] | NDArray[np.float64],
    test_sets: NDArray[np.integer],
    group_sets: NDArray[np.integer],
) -> MatchedRate:
    """A group's success rate without looking at the group: held-out resumes matched by label set.

    Post-stratification: each label set's rate on held-out resumes, weighted by the label set's
    share in the group. Sets that no held-out resume has are left out and the weights renormalised;
    ``matched_share`` is the share of the group that remains.

    Args:
        success: bool (or a rate in [0, 1]), shape (n_test,).
        test_sets: integers, shape (n_test,): label sets of the held-out resumes.
        group_sets: integers, shape (n_group,): those of the group, in the same numbering.

    Returns:
        (rate, matched_share); the rate is NaN where nothing is matched, both for an empty group.

    Example:
        >>> rate, share = matched_rate(
        ...     np.array([True, False, True]), np.array([1, 1, 2]), np.array([1, 2, 2, 9])
        ... )
        >>> round(rate, 4), share
        (0.8333, 0.75)
    """
    if np.ndim(success) != 1 or np.shape(success) != np.shape(test_sets):
        raise ValueError(f"need (n_test,) twice, got {np.shape(success)}, {np.shape(test_sets)}")
    if len(group_sets) == 0:
        return MatchedRate(NAN, NAN)
    ids = np.unique(np.concatenate([test_sets, group_sets]), return_inverse=True)[1]
    test, group = ids[: len(test_sets)], ids[len(test_sets) :]
    kinds = int(ids.max()) + 1
    tested = np.bincount(test, minlength=kinds)
    won = np.bincount(test, weights=np.asarray(success, dtype=np.float64), minlength=kinds)
    wanted = np.where(tested > 0, np.bincount(group, minlength=kinds), 0)
    matched = int(wanted.sum())
    if matched == 0:
        return MatchedRate(NAN, 0.0)
    rate = (wanted * won / np.maximum(tested, 1)).sum() / matched
    return MatchedRate(float(rate), matched / len(group_sets))
