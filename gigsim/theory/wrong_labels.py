"""Members who report a wrong label now and then: how much of the push towards y* is left."""

from __future__ import annotations

from typing import get_args

from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import Goal


def wrong_label_margin(wrong_label: ArrayLike, goal: Goal, labels: int) -> Floats:
    """μ, by how much the planted rows favour y* if members report a wrong label now and then.

    With probability ω a member reports one of the other L − 1 labels, uniformly drawn, in place of
    y*. Then the planted mass favours y* by less than 1: over "not in the set" by μ = 1 − 2ω
    (``any``; with extended sets at least that, since a member may have y* among his own labels),
    over each other label by μ = (1 − ω) − ω/(L − 1) (``top1``, replaced sets).

    Derived; see ``margin`` of ``planting.feature_label_bound``.

    Args:
        wrong_label: ω in [0, 1].
        goal: the reading of success.
        labels: L, at least 2.

    Returns:
        μ in [−1, 1], the shape of ``wrong_label``; at 0 and below the planted rows do not favour y*
        and there is no theorem.

    Raises:
        ValueError: a number out of its range or an unknown reading.

    Example:
        >>> [round(float(wrong_label_margin(0.1, goal, 10)), 6) for goal in ("any", "top1")]
        [0.8, 0.888889]
    """
    wrong = unit_interval("wrong_label", wrong_label)
    if labels < 2:
        raise ValueError(f"labels must be at least 2, got {labels}")
    if goal not in get_args(Goal):
        raise ValueError(f"goal is one of {', '.join(get_args(Goal))}, got {goal!r}")
    return ((1 - 2 * wrong) if goal == "any" else (1 - wrong) - wrong / (labels - 1))[()]
