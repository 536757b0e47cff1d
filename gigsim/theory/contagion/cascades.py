"""Watts (2002), *A simple model of global cascades on random networks*: when one person tips many.

On a network that is random but for its degrees, a few initial members have neighbours who know one
member each. Those are *vulnerable* who then join. A cascade from a vanishing share of the people is
global iff the vulnerable people hang together: iff a tie followed to a vulnerable person leads on
to more than one of them on average. How large they loom is percolation on the vulnerable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import gammaincc, gammaln

from gigsim.theory.contagion.degree_laws import degree_law
from gigsim.theory.contagion.monotone_maps import limit
from gigsim.theory.contagion.responses import Response
from gigsim.theory.gaps import Floats


@dataclass(frozen=True)
class VulnerableCluster:
    """The vulnerable people of a large random network.

    Attributes:
        share: of all people, who join when one neighbour has.
        branching: vulnerable people that a tie to a vulnerable person leads on to; a global cascade
            is possible iff above 1.
        giant: share of all people in the giant cluster of vulnerable people; 0 if there is none.
        trigger: probability that a single random first mover, who need not be vulnerable, sets off
            a global cascade: that he knows somebody in the giant cluster.
        mean_size: mean over all people of the size of the vulnerable cluster that a person is in,
            0 for who is not vulnerable (Watts's ⟨n⟩); inf if there is a giant one.
    """

    share: float
    branching: float
    giant: float
    trigger: float
    mean_size: float


def vulnerability(law: ArrayLike, response: Response) -> Floats:
    """ρ_k: the share of people of degree k who join when one of their neighbours has.

    Args:
        law: shares of people by degree (``degree_laws``), shape (K + 1,).
        response: R(m, k) (``responses``).

    Returns:
        Shape (K + 1,); 0 for k = 0, whom nobody persuades.
    """
    degrees = np.arange(len(degree_law(law)))
    return np.where(degrees > 0, response(np.minimum(degrees, 1), degrees), 0.0)


def branching(law: ArrayLike, response: Response) -> float:
    """Σ k(k − 1)·ρ_k·p_k / z: a vanishing seed sets off global cascades iff it exceeds 1.

    Watts (2002), equation (5). People who join without anybody (thresholds of at most 0) count as
    vulnerable; with a share of them no seed is vanishing (``cascade_size`` covers that).

    Args:
        law: shares of people by degree, shape (K + 1,).
        response: R(m, k).

    Example:
        >>> from gigsim.theory.contagion.degree_laws import poisson_degrees
        >>> from gigsim.theory.contagion.responses import share_response
        >>> from gigsim.theory.contagion.threshold_laws import fixed_threshold
        >>> rule = share_response(fixed_threshold(0.18))
        >>> [round(branching(poisson_degrees(z), rule), 3) for z in (1.0, 3.0, 5.765, 7.0)]
        [0.981, 1.942, 1.0, 0.572]
    """
    shares = degree_law(law)
    k = np.arange(len(shares))
    return float((k * (k - 1) * vulnerability(shares, response)) @ shares / (k @ shares))


def cascade_condition(law: ArrayLike, response: Response) -> bool:
    """Whether a vanishing seed can set off a global cascade: :func:`branching` above 1."""
    return branching(law, response) > 1.0


def largest_vulnerable_degree(threshold: float) -> float:
    """K* = ⌊1/φ⌋: with how many neighbours a single one is still enough, 1/k ≥ φ in float64.

    Args:
        threshold: φ, in (−∞, ∞) but not NaN.

    Returns:
        An integer as float; inf for φ ≤ 0, 0 for φ > 1.

    Example:
        >>> [largest_vulnerable_degree(t) for t in (0.18, 0.2, 0.25, 0.26, 1.0)]
        [5.0, 5.0, 4.0, 3.0, 1.0]
    """
    if np.isnan(threshold):
        raise ValueError("threshold must be a number")
    if threshold <= 0.0:
        return np.inf
    most = float(np.floor(1.0 / threshold))
    if not np.isfinite(most):
        return np.inf
    return most + (1.0 / (most + 1.0) >= threshold) - (most > 0 and 1.0 / most < threshold)


def poisson_window(threshold: float) -> tuple[float, float] | None:
    """Mean degrees between which a vanishing seed tips a Poisson network; None if there are none.

    The condition is z·P(Poisson(z) ≤ K* − 2) > 1. Its left side is log-concave in z, so the set is
    an interval. Below it the network is too sparse to hang together, above it people know too many
    others for one of them to count.

    Args:
        threshold: φ, everybody's.

    Returns:
        The open interval of z; (1, inf) for φ ≤ 0.

    Example:
        >>> [round(z, 3) for z in poisson_window(0.18)], poisson_window(0.26)
        ([1.021, 5.765], None)
    """
    most = largest_vulnerable_degree(threshold)
    if most < 2:
        return None
    shape = most - 1.0
    if not np.isfinite(shape):
        return 1.0, np.inf

    def excess(z: float) -> float:
        return float(z * gammaincc(shape, z)) - 1.0

    def slope(z: float) -> float:
        return float(gammaincc(shape, z) - np.exp(shape * np.log(z) - z - gammaln(shape)))

    peak = float(brentq(slope, 1e-3, shape + 10.0 * np.sqrt(shape) + 10.0, xtol=1e-12))
    if excess(peak) <= 0.0:
        return None
    beyond = peak
    while excess(beyond) > 0.0:
        beyond = 2.0 * beyond + 1.0
    low = brentq(excess, 0.5, peak, xtol=1e-14)
    return float(low), float(brentq(excess, peak, beyond, xtol=1e-13))


def vulnerable_cluster(law: ArrayLike, response: Response) -> VulnerableCluster:
    """How the vulnerable people of a network that is random but for its degrees hang together.

    Generating functions of Newman, Strogatz and Watts (2001) as in Watts (2002), equations (1)–(4):
    G0(x) = Σ ρ_k·p_k·x^k, G1 = G0'/z; a tie leads to nobody of the giant vulnerable cluster with
    the smallest probability u = 1 − G1(1) + G1(u). The cluster holds G0(1) − G0(u) of all people,
    and 1 − Σ p_k·u^k know somebody in it.

    Args:
        law: shares of people by degree, shape (K + 1,).
        response: R(m, k).

    Example:
        >>> from gigsim.theory.contagion.degree_laws import poisson_degrees
        >>> from gigsim.theory.contagion.responses import count_response
        >>> found = vulnerable_cluster(poisson_degrees(2.0), count_response(1))
        >>> round(found.giant, 4) == round(found.trigger, 4) == 0.7968
        True
    """
    shares = degree_law(law)
    k = np.arange(len(shares))
    mean = float(k @ shares)
    weak = vulnerability(shares, response) * shares
    share, along = float(weak.sum()), float(k @ weak) / mean
    ratio = branching(shares, response)

    def avoided(u: Floats) -> Floats:
        return 1.0 - along + (k * weak) @ np.asarray(u) ** np.maximum(k - 1, 0) / mean

    if ratio <= 1.0:
        size = share + along**2 * mean / (1.0 - ratio) if ratio < 1.0 else np.inf
        return VulnerableCluster(share, ratio, 0.0, 0.0, size)
    u = limit(avoided).value
    giant, trigger = share - float(weak @ u**k), 1.0 - float(shares @ u**k)
    return VulnerableCluster(share, ratio, giant, trigger, np.inf)
