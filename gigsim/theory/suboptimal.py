"""The worst classifier that is ε-close to Bayes at each text, as the label probabilities it gives.

``adversary.worst_case_success`` enumerates the points of a small world; here every text is on its
own, so there may be as many as one likes. With m the exact label marginals of a text that shows the
signal, and M the margin by which the collective has its way with it,

========= ==================== ==================================
reading   planting y*          unplanting y*
========= ==================== ==================================
``any``   M = 2·m_{y*} − 1     M = 1 − 2·m_{y*}
``top1``  M = m_{y*} − max_l   M = max_l − m_{y*}
========= ==================== ==================================

(max over the other labels), the text fails iff M ≤ rate, the rates being those of ``closeness``. A
tie is a failure.

Derived for label sets: of total variation, sets that hold y* and not the rival l have mass of at
least M, so M/2 of it can be moved to {l}, which turns y* against l; and m_{y*} − ½ of the sets that
hold y* turns ``any``. The larger of the two, moved at once, turns both, so that *one* classifier is
the worst by both readings. A contamination with {l} alone does the same, and for additive slack the
answer itself is what is close. Unplanting is the mirror of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.closeness import POINTWISE, Closeness, allowance, highest_epsilon
from gigsim.theory.gaps import Floats, unit_interval


def failure_rate(epsilon: float, closeness: Closeness) -> float:
    """The margin, per unit of mass, up to which a text can be made to fail, in [0, 1].

    1 from where on all texts can: no margin is larger.

    Args:
        epsilon: in [0, 1].
        closeness: one of ``closeness.POINTWISE``.

    Raises:
        ValueError: ε out of its range, or another closeness: which texts the worst classifier would
            fail on is then a knapsack over all of them.

    Example:
        >>> failure_rate(0.1, "conditional_tv"), failure_rate(0.5, "conditional_contamination")
        (0.2, 1.0)
    """
    slack = float(unit_interval("epsilon", epsilon))
    if closeness not in POINTWISE:
        raise ValueError(f"closeness at each x is one of {', '.join(POINTWISE)}, got {closeness!r}")
    if slack >= highest_epsilon(closeness):
        return 1.0
    return float(allowance(slack, closeness).rate)


def failing(
    marginals: ArrayLike, target: int, rate: float, *, unplanting: bool = False
) -> dict[str, NDArray[np.bool_]]:
    """Which texts fail, by reading.

    Args:
        marginals: m in [0, 1], shape (..., L), L at least 2.
        target: column of y*.
        rate: :func:`failure_rate`; 0 is Bayes, ties failing.
        unplanting: is y* to be kept away?

    Returns:
        ``any`` and ``top1``: bool, shape (...).
    """
    base = unit_interval("marginals", marginals)
    own, rival = base[..., target], np.delete(base, target, axis=-1).max(axis=-1)
    sign = -1.0 if unplanting else 1.0
    return {"any": sign * (2 * own - 1) <= rate, "top1": sign * (own - rival) <= rate}


def worst_marginals(
    marginals: ArrayLike,
    target: int,
    *,
    epsilon: float,
    closeness: Closeness,
    unplanting: bool = False,
) -> Floats:
    """What the worst classifier says of texts that show the signal.

    The numbers carry its answers, by both readings, and are otherwise as close to the exact ones as
    that allows: y* is in the set iff its number is over ½, and is the top label iff it is the
    largest, ties being broken against the collective.

    Args:
        marginals: m, exact, shape (..., L), L at least 2.
        target: column of y*.
        epsilon: in [0, 1]; 0 gives Bayes with ties broken against the collective.
        closeness: one of ``closeness.POINTWISE``.
        unplanting: is y* to be kept away?

    Returns:
        float64, shape (..., L), in [0, 1].

    Raises:
        ValueError: as :func:`failure_rate`.

    Example:
        A lead of .2 is turned by a total variation of .1, a lead of .4 is not.

        >>> worst_marginals([[0.4, 0.6], [0.3, 0.7]], 1, epsilon=0.1,
        ...                 closeness="conditional_tv").argmax(axis=1).tolist()
        [0, 1]
    """
    base = unit_interval("marginals", marginals)
    lost = failing(base, target, failure_rate(epsilon, closeness), unplanting=unplanting)
    return (_kept if unplanting else _withheld)(base, target, lost["any"], lost["top1"])


def _withheld(
    base: Floats, target: int, out_of_set: NDArray[np.bool_], beaten: NDArray[np.bool_]
) -> Floats:
    """y* at ½ or less where it is to be out of the set, and under its best rival where beaten."""
    said = base.copy()
    rivals = np.where(np.arange(base.shape[-1]) == target, -1.0, base)
    best = rivals.argmax(axis=-1)[..., None]
    own = np.where(out_of_set, np.minimum(base[..., target], 0.5), base[..., target])
    # Beyond 1 there is no room for a rival; below it a hair is enough.
    own = np.where(beaten, np.minimum(own, np.nextafter(1.0, 0.0)), own)
    high = np.take_along_axis(base, best, axis=-1)[..., 0]
    raised = np.where(beaten, np.maximum(high, np.nextafter(own, 1.0)), high)
    np.put_along_axis(said, best, raised[..., None], axis=-1)
    said[..., target] = own
    return said


def _kept(base: Floats, target: int, in_set: NDArray[np.bool_], first: NDArray[np.bool_]) -> Floats:
    """y* over ½ where it is to be in the set, and over all others where it is to be first."""
    own, least = base[..., target], np.nextafter(0.5, 1.0)
    rival = np.delete(base, target, axis=-1).max(axis=-1)
    own = np.where(in_set, np.maximum(own, least), own)
    # Where y* is to be first and yet out of the set, the others come down to it.
    most = np.where(in_set, 1.0, 0.5)
    raised = np.clip(np.nextafter(np.maximum(own, rival), 1.0), np.finfo(np.float64).tiny, most)
    own = np.where(first, raised, own)
    under = np.where(first, np.nextafter(own, 0.0), 1.0)
    said = np.minimum(base, under[..., None])
    said[..., target] = own
    return said
