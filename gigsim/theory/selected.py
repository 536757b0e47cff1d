"""Planting by members who are not a random draw: who joins decides what they can promise.

Let members be a share α of the population, of law P_C over resumes and label sets, the rest
P_rest = (P0 − αP_C)/(1−α). The platform sees P = αP* + (1−α)P_rest, P* being the law of h(z) for
z ~ P_C: planted mass lies where *members'* texts are mapped to, and it has to beat the labels of
those who did *not* join. Success is still over everybody, S(α) = Pr_{x~P0}{f(g(x)) = y*}.

Derivation. With w_C and w_0 the pushed-forward masses of members and of P0, y* loses at signal
point x only if α·w_C(x) ≤ (1−α)·P_rest(x)·Δ_x (Δ_x under P_rest). Summed over the losing points F,
α·P_C(g⁻¹F) ≤ (1−α)·ξ_rest·Δ_rest; and P0(g⁻¹F) is at most P_C(g⁻¹F)/ρ where ρ = min w_C/w_0, and at
most P_C(g⁻¹F) plus the total variation between the two. Where members are drawn at random ρ = 1,
the distance is 0, P_rest = P0, and both bounds are Theorem 1.

Theorem 1 itself does fail here. Two texts of mass ½, each with its own signal point, of which the
other labels hold ξ = 1 %; all members (α = 20 %) come from the first: the second point never sees
y*, S = ½, and Theorem 1 at Δ = 1 would promise 0.96 (``tests/theory/test_selected.py``). So would
it with ξ and Δ of the rest put in.

All *derived* and checked on random worlds (``theory.selected_worlds``); readings of success and
label sets as in ``planting.COVERED``. Vacuous where some signal point gets no member (ρ = 0) and
the members are far from the population.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.closeness import Closeness
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import critical_mass, feature_label_bound


def feature_label_bound_selected(
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    ratio: ArrayLike,
    margin: ArrayLike = 1.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """S(α) ≥ 1 − ((1−α)/(αρ))·ξ_rest·Δ_rest: what Theorem 1 loses, divided by ρ.

    With ``margin`` and ``epsilon`` likewise: what ``planting.feature_label_bound`` loses at ξ_rest
    and Δ_rest is divided by ρ, whatever the closeness (derived: ρ enters the proof in its last
    line only).

    Args:
        alpha: share of members in the population, in [0, 1].
        xi: P_rest(X*), mass of the signal set among those who did *not* join, in [0, 1].
        gap: Δ under P_rest, in [0, 1]; the maximum or the P_rest-weighted mean over X*.
        ratio: ρ in [0, 1], :func:`membership_ratio` over the signal points.
        margin: μ, as in ``planting.feature_label_bound``.
        epsilon: as there.
        closeness: as there; ``slides`` is not valid.

    Returns:
        The bound, broadcast, unclipped; −inf where ``alpha`` or ``ratio`` is 0 or ``margin`` is not
        positive.

    Raises:
        ValueError: as ``planting.feature_label_bound``.

    Example:
        >>> float(feature_label_bound_selected(0.1, xi=0.01, gap=1.0, ratio=0.5).round(6))
        0.82
    """
    density = unit_interval("ratio", ratio)
    bound = feature_label_bound(
        alpha, xi=xi, gap=gap, margin=margin, epsilon=epsilon, closeness=closeness
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bound = 1 - (1 - bound) / density
    return np.where(density > 0, bound, -np.inf)[()]


def feature_label_bound_selected_distance(
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    distance: ArrayLike,
    margin: ArrayLike = 1.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """S(α) ≥ 1 − ((1−α)/α)·ξ_rest·Δ_rest − TV: for members who are near the population.

    The minimum ρ over all texts cannot be estimated from samples; the total variation between
    members and population can where they differ in something countable (their label sets). It may
    be taken before or after g: a map never makes it larger.

    Args:
        alpha: as in :func:`feature_label_bound_selected`, and so all others but
        xi: of the rest.
        gap: of the rest.
        distance: TV between the members' texts and the population's, in [0, 1].
        margin: as there.
        epsilon: as there.
        closeness: as there.

    Returns:
        The bound, broadcast, unclipped.

    Example:
        >>> float(feature_label_bound_selected_distance(0.1, xi=0.01, gap=1, distance=0.2).round(6))
        0.71
    """
    bound = feature_label_bound(
        alpha, xi=xi, gap=gap, margin=margin, epsilon=epsilon, closeness=closeness
    )
    return (bound - unit_interval("distance", distance))[()]


def critical_mass_selected(
    success: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    ratio: ArrayLike,
    margin: ArrayLike = 1.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """The share at which :func:`feature_label_bound_selected` reaches S̄: κ/(κ + μρ(1−S̄)) at ε = 0.

    Theorem 1 asked for 1 − ρ(1−S̄). ξ_rest, Δ_rest and ρ depend on who joined, so on α as well: the
    answer is for a collective that grows without changing them.

    Args and result as ``planting.critical_mass``, ``ratio`` as above; inf where it is 0.

    Example:
        >>> float(critical_mass_selected(0.9, xi=0.01, gap=1.0, ratio=0.5).round(6))
        0.166667
    """
    density = unit_interval("ratio", ratio)
    wanted = 1 - density * (1 - unit_interval("success", success))
    share = critical_mass(
        wanted, xi=xi, gap=gap, margin=margin, epsilon=epsilon, closeness=closeness
    )
    return np.where(density > 0, share, np.inf)[()]


def membership_ratio(members: ArrayLike, base: ArrayLike) -> Floats:
    """ρ: the smallest ratio of the members' mass to the population's, where the latter has any.

    Args:
        members: w_C(x), shape (..., X), sums to 1.
        base: w_0(x), shape (..., X), sums to 1.

    Returns:
        In [0, 1], shape (...).

    Raises:
        ValueError: masses that are negative or do not sum to 1.

    Example:
        >>> float(membership_ratio([0.8, 0.2, 0.0], [0.5, 0.5, 0.0]))
        0.4
    """
    joined, everybody = unit_interval("members", members), unit_interval("base", base)
    for name, mass in (("members", joined), ("base", everybody)):
        if not np.allclose(mass.sum(axis=-1), 1.0, atol=1e-9):
            raise ValueError(f"{name} must sum to 1, got {mass.sum(axis=-1)}")
    quotient = np.where(everybody > 0, joined / np.where(everybody > 0, everybody, 1.0), np.inf)
    # Equal laws give 1 up to rounding; two laws that both sum to 1 cannot give more.
    return np.minimum(quotient.min(axis=-1), 1.0)[()]
