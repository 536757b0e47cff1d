"""Laws of how many people one knows, as arrays: element k is the share of people of degree k.

What the theory of cascades on random networks takes: networks that are random but for their
degrees (the configuration model), of which a large random graph is one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, xlogy

from gigsim.theory.checks import positive
from gigsim.theory.gaps import Floats

# Tails beyond this mass are cut, and what is left is scaled to one.
_TAIL = 1e-16


def degree_law(shares: ArrayLike) -> Floats:
    """``shares`` as a law: float64, shape (K + 1,), no trailing zeros, with people who have ties.

    Raises:
        ValueError: a share is negative or not a number, they do not sum to 1 (within 1e-9), or
            nobody has a tie.
    """
    law = np.asarray(shares, dtype=np.float64)
    if law.ndim != 1 or not np.all(law >= 0) or abs(law.sum() - 1.0) > 1e-9:
        raise ValueError("a law of degrees is shares of people by degree, from 0, that sum to 1")
    law = np.trim_zeros(law, "b")
    if len(law) < 2:
        raise ValueError("nobody has a tie")
    return law / law.sum()


def mean_degree(law: ArrayLike) -> float:
    """The mean number of neighbours, z = Σ k·p_k.

    Example:
        >>> mean_degree([0.0, 0.5, 0.0, 0.5])
        2.0
    """
    shares = degree_law(law)
    return float(shares @ np.arange(len(shares)))


def poisson_degrees(mean: float) -> Floats:
    """Poisson(z): large graphs in which every pair is tied with the same probability.

    Raises:
        ValueError: ``mean`` is not positive.
    """
    z = float(positive("mean", mean))
    k = np.arange(int(z + 12.0 * np.sqrt(z) + 30.0))
    law = np.exp(xlogy(k, z) - z - gammaln(k + 1))
    return degree_law(np.where(law > _TAIL, law, 0.0) / law.sum())


def regular_degrees(degree: int) -> Floats:
    """Everybody knows ``degree`` people, at least 1."""
    if degree < 1:
        raise ValueError(f"degree must be at least 1, got {degree}")
    return np.eye(degree + 1)[degree]


def power_law_degrees(exponent: float, lowest: int, highest: int) -> Floats:
    """p_k ∝ k^(−exponent) for ``lowest`` ≤ k ≤ ``highest``.

    Raises:
        ValueError: not 1 ≤ lowest ≤ highest, or an exponent that is not finite.
    """
    if not 1 <= lowest <= highest or not np.isfinite(exponent):
        raise ValueError(f"need 1 <= lowest <= highest, got {lowest}, {highest}, {exponent!r}")
    k = np.arange(lowest, highest + 1)
    law = np.zeros(highest + 1)
    # Over the largest term, so that none overflows.
    logs = -exponent * np.log(k)
    law[lowest:] = np.exp(logs - logs.max())
    return law / law.sum()


def scale_free_degrees(ties: int, highest: int) -> Floats:
    """Barabási and Albert's law, 2m(m + 1)/(k(k + 1)(k + 2)) for k ≥ m, cut at ``highest``.

    Bollobás et al. (2001). The network itself is not random but for its degrees (hubs know hubs).

    Args:
        ties: m ≥ 1, ties that a newcomer brings.
        highest: largest degree, at least m; in N people about m·√N.
    """
    if not 1 <= ties <= highest:
        raise ValueError(f"need 1 <= ties <= highest, got {ties}, {highest}")
    k = np.arange(ties, highest + 1, dtype=np.float64)
    law = np.zeros(highest + 1)
    law[ties:] = 1.0 / (k * (k + 1) * (k + 2))
    return law / law.sum()


def observed_degrees(degrees: NDArray[np.int64]) -> Floats:
    """The law of the degrees of a network's nodes, shape (N,).

    Example:
        >>> observed_degrees([1, 1, 2]).round(3).tolist()
        [0.0, 0.667, 0.333]
    """
    counts = np.bincount(np.asarray(degrees))
    return degree_law(counts / counts.sum())
