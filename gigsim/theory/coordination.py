"""Coordination noise: members who do nothing, who report a wrong label, or who do something else.

Each weakens a collective in its own way, by less or more than the members that are lost; and a
larger collective that coordinates worse may be the weaker one. Karan, Kalle, Vincent and Sundaram
(2025), "Sync or Sink", look at noise as one more distribution among the collectives; the forms here
are *derived* and checked on random worlds, for the feature-label strategy, the Bayes classifier
(ε = 0) and members drawn at random, erring at random as well. With members who know the signal and
fail to report y* in one known way, see ``wrong_labels.wrong_label_margin`` too.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.collectives import collective_bound
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import critical_mass, feature_label_bound

#: Members who err ``abstain``, submitting what is theirs, or plant a ``wrong`` label.
Noise = Literal["abstain", "wrong"]


def acting_share(alpha: ArrayLike, abstaining: ArrayLike) -> Floats:
    """α(1 − η): the collective that is left where members silently do nothing at rate η.

    Exact, for every strategy and learner: those who abstain at random submit P0, as others do.

    Example:
        >>> float(acting_share(0.1, 0.25).round(6))
        0.075
    """
    return (unit_interval("alpha", alpha) * (1 - unit_interval("abstaining", abstaining)))[()]


def coordination_bound(
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    abstaining: ArrayLike = 0.0,
    wrong: ArrayLike = 0.0,
) -> Floats:
    """Theorem 1 with noise: S ≥ 1 − (1−a)·Δξ/(a(1−2ω)) with a = α(1−η), unclipped.

    A share η of the members abstains; of those who act a share ω puts the signal in with a wrong
    label, at worst one and the same for all: the planted rows then favour y* by 1 − 2ω. Holds for
    ``top1`` (replaced sets) and ``any`` (both kinds). Who errs must not depend on the text
    (:func:`noise_bound` is for anything else).

    Args:
        alpha: share of the population in the collective, in [0, 1].
        xi: mass of the signal set under P0, in [0, 1].
        gap: Δ in [0, 1].
        abstaining: η in [0, 1].
        wrong: ω in [0, 1]; from ½ on nothing is promised (−inf).

    Example:
        >>> float(coordination_bound(0.1, xi=0.01, gap=1.0, abstaining=0.2, wrong=0.1).round(6))
        0.85625
    """
    return feature_label_bound(
        acting_share(alpha, abstaining),
        xi=xi,
        gap=gap,
        margin=1 - 2 * unit_interval("wrong", wrong),
    )


def coordination_critical_mass(
    success: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    abstaining: ArrayLike = 0.0,
    wrong: ArrayLike = 0.0,
) -> Floats:
    """Where :func:`coordination_bound` reaches S̄: κ/((κ + (1−2ω)(1−S̄))·(1−η)).

    Returns:
        Shares, broadcast; inf where no share in [0, 1] is known to be enough.

    Example:
        >>> float(coordination_critical_mass(0.9, xi=0.01, gap=1.0, abstaining=0.5).round(6))
        0.181818
    """
    acting = 1 - unit_interval("abstaining", abstaining)
    needed = critical_mass(success, xi=xi, gap=gap, margin=1 - 2 * unit_interval("wrong", wrong))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(acting > 0, needed / acting, np.inf)
    return np.where(share <= 1, share, np.inf)[()]


def noise_bound(
    alpha: ArrayLike, *, kappa: ArrayLike, noise: ArrayLike, conflict: ArrayLike = 1.0
) -> Floats:
    """Noise of any law Q: S ≥ 1 − [(1−α)κ + α·η·ρ]/(α(1−η)), ρ = Q{x in X*, y ≠ y*}, unclipped.

    A share η of the members submits from Q, whatever it is, in place of the plan: a second
    collective of size αη (``collectives.collective_bound``). With ρ = 1, all of the noise carries
    the signal and a wrong label, on the worst texts: then S ≥ 1 − η/(1−η) − ..., a loss that no
    size makes up for. Where the noise does not depend on the text, :func:`coordination_bound` is
    sharper.

    Args:
        alpha: share of the population in the collective, noise included, in [0, 1].
        kappa: κ = Σ_{x in X*} P0(x)·Δ_x⁺, or Δ·ξ, in [0, 1].
        noise: η in [0, 1].
        conflict: ρ in [0, 1].

    Example:
        >>> float(noise_bound(0.1, kappa=0.01, noise=0.1, conflict=0.5).round(6))
        0.844444
    """
    share, rate = unit_interval("alpha", alpha), unit_interval("noise", noise)
    lost = share * rate
    return collective_bound(
        share * (1 - rate),
        kappa=kappa,
        others=lost,
        conflict=lost * unit_interval("conflict", conflict),
    )


def break_even_noise(
    alpha: ArrayLike, *, size: float = 2.0, noise: float = 4.0, kind: Noise = "wrong"
) -> Floats:
    """From which η on ``size`` times the members with ``noise`` times the noise promise less.

    The bound depends on the odds α/(1−α) times 1 − 2η (``wrong``), or on α(1 − η) (``abstain``).
    With k = ``size``, m = ``noise``, A = α/(1−α) and B = kα/(1−kα), the larger collective has the
    lower bound (for ``abstain`` also: never the higher success) iff

        η > (B − A)/(2(mB − A))   (wrong),        η > (k − 1)/(km − 1)   (abstain).

    "Twice the size with four times the noise does worse" holds above 1/14 for small collectives
    (wrong labels), and above 1/7 for members who do nothing: not below.

    Args:
        alpha: share of the smaller collective, in [0, 1/k).
        size: k > 1.
        noise: m > 1.
        kind: what members do who err.

    Returns:
        η in the shape of ``alpha``.

    Raises:
        ValueError: a number out of its range or an unknown kind.

    Example:
        >>> float(break_even_noise(0.0).round(6)), float(break_even_noise(0.0, kind="abstain"))
        (0.071429, 0.14285714285714285)
    """
    share = unit_interval("alpha", alpha)
    if size <= 1 or noise <= 1 or np.any(share * size >= 1):
        raise ValueError(
            f"need size > 1, noise > 1 and alpha < 1/size, got {size}, {noise}, {alpha!r}"
        )
    if kind == "abstain":
        return np.full_like(share, (size - 1) / (size * noise - 1))[()]
    if kind != "wrong":
        raise ValueError(f"kind is wrong or abstain, got {kind!r}")
    # Both odds over α, so that the limit α = 0 is a number.
    small, large = 1 / (1 - share), size / (1 - size * share)
    return ((large - small) / (2 * (noise * large - small)))[()]
