"""Feature-label planting against *any* classifier whose slack can be measured: two bounds.

The slack of a classifier f at x is by how much it misses the best answer under P,

    slack(x) = max_y P(y|x) − P(f(x)|x),

0 where f answers as the Bayes classifier does. Where P is known it can be computed for a
classifier in hand (``theory.epsilon`` certifies it), so these bounds speak of a real learner, not
of a class of them. ``planting.feature_label_bound`` with ``additive_slack`` needs the largest slack
on X*; here its mean is enough, or its value at all but a few points.

Derivation. f fails at signal point x only if P(y*|x) − P(f(x)|x) ≤ slack(x), that is, with w = G(x)
the planted mass, b = (1−α)/α and μ the margin by which planted rows favour y*,

    μ·w ≤ b·P0(x)·Δ_x + slack(x)·(w + b·P0(x)).

The sum over the failing points is μ·(1−S) on the left and at most bκ + ε̄_G + bξ·ε̄_0 on the right.
Where slack(x) ≤ ε it reads (μ−ε)·w ≤ b·P0(x)·(Δ_x + ε), which gives the second bound.

Readings of success as in ``planting.COVERED``; for ``any`` f answers "in the set" or "not" and
P(y|x) is the probability of that answer. All *derived*, checked on random worlds and classifiers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import feature_label_bound, planted_margin


def feature_label_bound_mean_slack(
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    kappa: ArrayLike,
    slack: ArrayLike,
    slack_base: ArrayLike | None = None,
    margin: ArrayLike = 1.0,
) -> Floats:
    """S(α) ≥ 1 − (bκ + ε̄_G + bξ·ε̄_0)/μ with b = (1−α)/α, for any classifier of this mean slack.

    Args:
        alpha: share that plants, in [0, 1].
        xi: P0(X*) in [0, 1].
        kappa: κ = Σ_{x in X*} P0(x)·Δ_x⁺, or Δ·ξ, in [0, 1].
        slack: ε̄_G, mean slack over g(x), x ~ P0: over resumes with the signal put in, in [0, 1].
        slack_base: ε̄_0, mean slack over x ~ P0 given X*: over base resumes that carry the signal by
            themselves. None takes ``slack``: right where the signal is independent of the text,
            since then the two laws are the same; otherwise give it, or 1.
        margin: μ in [−1, 1], as in ``planting.feature_label_bound``.

    Returns:
        The bound, broadcast, unclipped; −inf where ``alpha`` is 0 or ``margin`` is not positive.
        Vacuous for a mean slack of μ or more.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> float(feature_label_bound_mean_slack(0.1, xi=0.01, kappa=0.01, slack=0.05).round(6))
        0.8555
    """
    share, (favours, push) = unit_interval("alpha", alpha), planted_margin(margin)
    planted = unit_interval("slack", slack)
    carried = planted if slack_base is None else unit_interval("slack_base", slack_base)
    against = unit_interval("kappa", kappa) + unit_interval("xi", xi) * carried
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lost = (1 - share) * against / share + planted
        bound = 1 - lost / push
    return np.where((share > 0) & favours, bound, -np.inf)[()]


def critical_mass_mean_slack(
    success: ArrayLike,
    *,
    xi: ArrayLike,
    kappa: ArrayLike,
    slack: ArrayLike,
    slack_base: ArrayLike | None = None,
    margin: ArrayLike = 1.0,
) -> Floats:
    """The share at which the bound above reaches S̄: K/(K + μ(1−S̄) − ε̄_G), K = κ + ξ·ε̄_0.

    For a slack that does not change with α (a learner's usually does: then solve the bound itself).

    Args and ranges as :func:`feature_label_bound_mean_slack`.

    Returns:
        Shares in [0, 1], broadcast; inf where ε̄_G > μ(1−S̄): no share is known to be enough.

    Example:
        >>> critical_mass_mean_slack(
        ...     [0.9, 0.96], xi=0.01, kappa=0.01, slack=0.05).round(4).tolist()
        [0.1736, inf]
    """
    wanted, (favours, push) = unit_interval("success", success), planted_margin(margin)
    planted = unit_interval("slack", slack)
    carried = planted if slack_base is None else unit_interval("slack_base", slack_base)
    against = unit_interval("kappa", kappa) + unit_interval("xi", xi) * carried
    room = push * (1 - wanted) - planted
    total = against + room
    share = np.where(against > 0, against / np.where(total > 0, total, 1.0), 0.0)
    return np.where(favours & (room >= 0), share, np.inf)[()]


def feature_label_bound_slack_quantile(
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    slack: ArrayLike,
    q: ArrayLike,
    margin: ArrayLike = 1.0,
) -> Floats:
    """S(α) ≥ 1 − q − bξ(Δ + ε)/(μ − ε): slack at most ε except on planted mass q.

    Args:
        alpha: share that plants, in [0, 1].
        xi: P0(X*) in [0, 1].
        gap: Δ in [0, 1], the maximum or the P0-weighted mean over X*.
        slack: ε, under μ.
        q: G{x: slack(x) > ε}, share of resumes with the signal put in where the slack is larger.
        margin: μ in [−1, 1].

    Returns:
        The bound, broadcast, unclipped; −inf where ``alpha`` is 0 or ``margin`` is not positive.

    Raises:
        ValueError: a number out of its range, or ``slack`` not under ``margin``.

    Example:
        >>> float(feature_label_bound_slack_quantile(
        ...     0.1, xi=0.01, gap=1.0, slack=0.1, q=0.02).round(6))
        0.87
    """
    bound = feature_label_bound(
        alpha, xi=xi, gap=gap, margin=margin, epsilon=slack, closeness="additive_slack"
    )
    return (bound - unit_interval("q", q))[()]
