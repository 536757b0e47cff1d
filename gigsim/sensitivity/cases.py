"""Which case of the study each point of the design is: a point has runs of its own.

Points often come to equal values: neighbours of whole-numbered parameters, choices, Morris's grid,
and of Saltelli's blocks A and AB_j wherever B has A's value of parameter j. What is inferred from a
design (intervals over resampled points, moments over different replicates) takes the luck of two
points to be independent, whatever their values. Were they one case, their luck would be one, and
intervals far too short. So each is a case, and its seeds are its own.

With common random numbers a seed is a function of the replicate alone: equal values are then equal
runs, to the bit. Points share a case, and nothing is run twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.experiments.cases import Case
from gigsim.experiments.design import Raw
from gigsim.experiments.seeds import canonical
from gigsim.experiments.study_check import cases_in

#: The config's key by which the second and later cases of equal values differ from the first. A
#: run's seed is a function of all that its case sets, and of this nothing but the seed is.
NAME = "name"


def points_in_cases(
    values: Sequence[Mapping[str, Any]],
    base: Mapping[str, Any],
    where: str,
    *,
    common_random_numbers: bool,
) -> tuple[tuple[Case, ...], NDArray[np.int64]]:
    """The cases of a study, and which of them each point is.

    Args:
        values: of the points, by dotted key.
        base: resolved, as of ``study_check.parts_of``.
        where: names the study in messages.
        common_random_numbers: do points of equal values have equal seeds?

    Returns:
        The cases, in the order of the points, and the case of each point, shape (points,).

    Raises:
        InputError: a point that the config refuses.
    """
    if common_random_numbers:
        case, first = _shared(values)
        made = [dict(values[row]) for row in first]
    else:
        case = first = np.arange(len(values))
        made = _repeats_named(values, str(base[NAME]))
    place = _place_of(first, len(values), where)
    return cases_in(Raw(made, place, random=True), base), case


def distinct(cases: Sequence[Case]) -> int:
    """How many different values the points have.

    Args:
        cases: of :func:`points_in_cases`.
    """
    return sum(NAME not in case.values for case in cases)


def _shared(values: Sequence[Mapping[str, Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The case of each point, and the first point of each case."""
    numbers: dict[str, int] = {}
    case = np.array([numbers.setdefault(canonical(one), len(numbers)) for one in values])
    return case, np.unique(case, return_index=True)[1]


def _repeats_named(values: Sequence[Mapping[str, Any]], base: str) -> list[dict[str, Any]]:
    """What each case sets: the values, and where an earlier point has them, how often they came."""
    # A base that was itself taken from a repeat must not be the same as one.
    word = "again" if base.startswith("repeat-") else "repeat"
    seen: Counter[str] = Counter()
    found = []
    for one in values:
        text = canonical(one)
        seen[text] += 1
        found.append({**one, NAME: f"{word}-{seen[text]}"} if seen[text] > 1 else dict(one))
    return found


def _place_of(first: NDArray[np.int64], points: int, where: str) -> Callable[[int], str]:
    # As all places in messages are: counted from 1.
    return lambda number: f"{where}: point {first[number] + 1:,} of {points:,}"
