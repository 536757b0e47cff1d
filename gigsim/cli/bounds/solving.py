"""Bounds read backwards: the share that suffices, and how far each other number may go.

Both work for every form of every bound, because all of them never fall in α and fall along a line
in ξ, Δ, κ, τ and the like. Where theory has a formula (``theory.inverse``), the tests compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gigsim.theory.gaps import Floats

# Halvings of the interval of shares: to the last bit.
_HALVINGS = 60


def affine_limit(bound: Callable[[float], Any], wanted: float) -> float:
    """The largest number in [0, 1] at which a bound that falls along a line promises ``wanted``.

    Args:
        bound: affine and non-increasing on [0, 1].
        wanted: what is to be promised.

    Returns:
        The number; NaN where not even 0 is enough (also where nothing is promised at all).
    """
    best, worst = float(bound(0.0)), float(bound(1.0))
    # Written so that −inf, which is what an empty promise is, is no success.
    if not best >= wanted:
        return float("nan")
    return 1.0 if worst >= wanted else (best - wanted) / (best - worst)


def least_share(bound: Callable[[float], Any], wanted: float, largest: float = 1.0) -> float:
    """The smallest share at which a bound that never falls in α promises ``wanted``.

    Args:
        bound: of a share.
        wanted: what is to be promised.
        largest: the largest share that there can be.

    Returns:
        A share in [0, ``largest``], from above to the last bit: 0 where any share is enough, inf
        where not even the largest is.
    """
    if not float(bound(largest)) >= wanted:
        return float("inf")
    low, high = 0.0, largest
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if float(bound(middle)) >= wanted:
            high = middle
        else:
            low = middle
    return high if low > 0 else 0.0


def masses_of(
    bound: Callable[[float], Any], goals: Iterable[float], largest: float = 1.0
) -> dict[str, float]:
    """:func:`least_share` of several successes, by success, as JSON has them."""
    return {f"{goal:g}": least_share(bound, goal, largest) for goal in goals}


def limits_of(
    bound: Callable[..., Any], terms: Mapping[str, float], goals: Sequence[float], alphas: Floats
) -> list[dict[str, float]]:
    """How far each number may go, the others as given, for each success and share.

    Args:
        bound: of a share and, by name, of ``terms``; affine in each of these.
        terms: the numbers and what they are now.
        goals: successes.
        alphas: shares.
    """
    rows = []
    for goal in goals:
        for alpha in alphas.tolist():
            row = {"success": goal, "alpha": alpha}
            for name in terms:

                def along(value: float, name: str = name, alpha: float = alpha) -> Any:
                    return bound(alpha, **{**terms, name: value})

                row[name] = affine_limit(along, goal)
            rows.append(row)
    return rows
