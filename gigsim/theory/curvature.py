"""The distance from θ* where the risk is convex but flattens out: logistic regression.

Its curvature falls exponentially with the scores and only a penalty keeps it from 0, so the one μ
that holds everywhere is the penalty's: a bound, but a loose one (and none where the intercept is
free). What is left of the curvature within a distance r of θ* is known, and enough.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from gigsim.theory.gaps import Floats
from gigsim.theory.risk_minimizer import strong_convexity


def logistic_curvature(
    radii: ArrayLike,
    *,
    features: Floats,
    scores: Floats,
    weights: Floats,
    penalty: Floats,
) -> Floats:
    """Smallest eigenvalue of a logistic risk's Hessian anywhere at distance r from θ*, from below.

    Derived: at distance r the score of row i is off by at most r‖x_i‖ and σ'(s) = σ(s)σ(−s) falls
    with |s|, so the Hessian is at least Σ w_i σ'(|x_i'θ*| + r‖x_i‖) x_i x_i' + diag(penalty). The
    labels do not matter, so this is known before the members report theirs.

    Args:
        radii: r ≥ 0, shape (R,).
        features: x_i with a 1 for the intercept, shape (n, d).
        scores: x_i'θ*, shape (n,).
        weights: w_i ≥ 0 of the rows in the risk, summing to 1 (of rows that are sure to be there:
            those of the base times 1−α, or all where members change labels only).
        penalty: curvature of the penalty in each coordinate, shape (d,); 0 for a free intercept.

    Returns:
        Shape (R,), non-increasing in r.

    Example:
        >>> logistic_curvature([0.0, 9.0], features=np.ones((1, 1)), scores=np.zeros(1),
        ...     weights=np.ones(1), penalty=np.array([0.1])).round(4).tolist()
        [0.35, 0.1001]
    """
    far = np.abs(scores) + np.multiply.outer(
        np.asarray(radii, dtype=np.float64), np.linalg.norm(features, axis=1)
    )
    steep = expit(far) * expit(-far) * weights
    hessians = np.einsum("rn,nd,ne->rde", steep, features, features, optimize=True)
    return strong_convexity(hessians + np.diag(penalty))


def distance_bound_local(residual: float, radii: Floats, curvature: Floats) -> float:
    """The distance bound with a curvature that falls with the distance from θ*.

    Derived. With u the direction from θ* to θ̂ and D their distance, the risk's slope along u
    rises by at least ∫₀^D μ(r) dr, from at least −‖g_P(θ*)‖ to 0 at θ̂; so that integral is at most
    ‖g_P(θ*)‖. It is taken from below (curvature of a step's outer end), so the bound is rigorous
    for any grid of radii, and finer grids are sharper. ``risk_minimizer.distance_from_gradient`` is
    the case of a constant curvature.

    Args:
        residual: ‖g_P(θ*)‖ ≥ 0.
        radii: increasing from 0, shape (R,), R ≥ 2.
        curvature: μ(r) ≥ 0 at the radii, non-increasing (:func:`logistic_curvature`).

    Returns:
        The bound; inf where the curvature up to the last radius does not settle it.

    Raises:
        ValueError: negative numbers, radii that do not increase from 0, or a curvature that rises.

    Example:
        >>> distance_bound_local(0.3, np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.2, 0.2]))
        1.5
    """
    left = float(residual)
    mu = np.asarray(curvature, dtype=np.float64)
    widths = np.diff(radii)
    if len(radii) < 2 or radii[0] != 0 or np.any(widths <= 0) or mu.shape != radii.shape:
        raise ValueError("need radii that increase from 0 and a curvature for each")
    if not left >= 0 or not np.all(mu >= 0):
        raise ValueError("the residual and the curvature must be at least 0")
    if np.any(np.diff(mu) > 1e-12 * mu[0]):
        raise ValueError("the curvature must not rise with the distance")
    if left == 0:
        return 0.0
    risen = np.concatenate([[0.0], np.cumsum(mu[1:] * widths)])
    step = int(np.searchsorted(risen, left, side="left")) - 1
    if step + 1 == len(radii):
        return float("inf")
    return float(radii[step] + (left - risen[step]) / mu[step + 1])
