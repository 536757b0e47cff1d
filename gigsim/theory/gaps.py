"""How far the target is behind: the deficit d(x) of one text and the gap Δ of a signal set.

Resumes carry label sets, so there are two readings of "the platform gives y*": ``any``, the
predicted set holds it (P0(y* in Y|x) > ½), and ``top1``, its marginal is the largest. Each has its
own deficit, positive where y* is behind, and Δ = max over X* of d(x)⁺.

Δ has three sources. Worst case: Δ = 1, no assumption. An exact posterior with a floor: a true
upper bound. A sample of d(x): no upper bound on a maximum; ``estimates.mean_gap`` gives one on the
*mean*, which is what the averaged form of the bound needs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Sums of probabilities leave [0, 1] by rounding; anything further out is a mistake.
_ROUNDING = 1e-9


def unit_interval(name: str, value: ArrayLike) -> Floats:
    """``value`` as float64; out of [0, 1] by rounding (1e-9) is put back.

    Raises:
        ValueError: an element is not in [0, 1] (NaN is not).
    """
    array = np.asarray(value, dtype=np.float64)
    if not np.all((array >= -_ROUNDING) & (array <= 1 + _ROUNDING)):
        raise ValueError(f"{name} must be in [0, 1], got {value!r}")
    return np.clip(array, 0.0, 1.0)


def deficit_any(target_marginal: ArrayLike) -> Floats:
    """d(x) = 1 − 2·P0(y* in Y|x), in [−1, 1]: how far y* is from being predicted with P > ½.

    Example:
        >>> deficit_any([0.0, 0.5, 0.75]).tolist()
        [1.0, 0.0, -0.5]
    """
    return (1 - 2 * unit_interval("target_marginal", target_marginal))[()]


def deficit_top1(marginals: ArrayLike, target: int) -> Floats:
    """d(x) = max_{l≠y*} m_l(x) − m_{y*}(x), in [−1, 1]: how far y* is from being the top label.

    Args:
        marginals: label marginals P0(l in Y|x), shape (..., L), L ≥ 2.
        target: column of y*.

    Returns:
        Shape (...).

    Example:
        >>> deficit_top1([[0.7, 0.2], [0.1, 0.6]], target=1).round(6).tolist()
        [0.5, -0.5]
    """
    array = unit_interval("marginals", marginals)
    if array.ndim == 0 or array.shape[-1] < 2 or not 0 <= target < array.shape[-1]:
        raise ValueError(
            f"need two labels or more and a column of them, got {array.shape}, {target}"
        )
    return (np.delete(array, target, axis=-1).max(axis=-1) - array[..., target])[()]


def gap_any(target_marginal: ArrayLike) -> float:
    """Δ for the reading ``any``: max over x of (1 − 2·P0(y* in Y|x))⁺.

    Give all of X*: over a sample of it this is only a lower estimate of Δ (use a floor of the
    posterior, :func:`gap_any_from_floor`, or the averaged form).

    Example:
        >>> gap_any([0.2, 0.9])
        0.6
    """
    return float(np.maximum(deficit_any(target_marginal), 0.0).max())


def gap_top1(marginals: ArrayLike, target: int) -> float:
    """Δ for the reading ``top1``: max over x of (max_{l≠y*} m_l(x) − m_{y*}(x))⁺.

    With the same warning about samples as :func:`gap_any`; shapes as in :func:`deficit_top1`.

    Example:
        >>> round(gap_top1([[0.7, 0.2], [0.1, 0.6]], target=1), 6)
        0.5
    """
    return float(np.maximum(deficit_top1(marginals, target), 0.0).max())


def gap_any_from_floor(floor: float) -> float:
    """Δ for ``any`` from a floor of the posterior: P0(y* in Y|x) ≥ floor for *every* x.

    Then Δ = max (1 − 2·P0(y* in Y|x))⁺ ≤ (1 − 2·floor)⁺, with no maximum over texts to search. The
    built-in language has such a floor: with probability ρ its label channel redraws the label set
    whatever the text is, so floor = ρ·π(y*), π(y*) being the share of drawn label sets that hold
    y*. Exact for that language; a sample of real resumes gives no floor, and then Δ = 1.

    Example:
        >>> gap_any_from_floor(0.01)
        0.98
    """
    return float(np.maximum(1 - 2 * unit_interval("floor", floor), 0.0))


def gap_top1_from_floor(floor: float, ceiling: float = 1.0) -> float:
    """Δ for ``top1`` from m_{y*}(x) ≥ floor and m_l(x) ≤ ceiling (all other l) at *every* x.

    Then Δ ≤ (ceiling − floor)⁺. With the label channel of :func:`gap_any_from_floor`,
    floor = ρ·π(y*) and ceiling = 1 − ρ + ρ·max_{l≠y*} π(l). Assumptions as there.

    Example:
        >>> round(gap_top1_from_floor(0.002, ceiling=0.975), 6)
        0.973
    """
    return float(np.maximum(unit_interval("ceiling", ceiling) - unit_interval("floor", floor), 0.0))
