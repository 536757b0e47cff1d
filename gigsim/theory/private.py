"""Gradient control of a platform that learns privately (DP-SGD): every row clipped, noise added.

The platform takes the gradient of each of its n rows, shortens it to norm C at most, sums, adds
Gaussian noise of standard deviation σC in each of the d coordinates, and divides by n:

    θ_{t+1} = θ_t − η( (1−α)·g0(θ_t) + α·g'(θ_t) + s·Z_t ),   s = σC/n,   Z_t ~ N(0, I),

g0 being the mean of the base's *clipped* gradients and g' the members' report, of norm C at most
for the same reason. Members cancel g0 and pull with rate B = αξ as in ``gradient_learner``. Noise
stays: with q = 1 − ηB, as long as no report has to be longer than C,

    θ_T − θ*  ~  N( qᵀ(θ_0 − θ*),  v_T²·I ),     v_T = ηs·√((1 − q²ᵀ)/(1 − q²)),

from which both forms of the bound follow. They have the shape that is quoted of follow-up work on
collective action under differential privacy, S_T ≥ −(1−ηB(α,C))ᵀ‖θ_0−θ*‖ − σC·f1(B,T,η)·f2(d,δ);
its B, f1 and f2 could not be read, these here are *derived*: f1 = v_T/(σC), f2 = √d + √(2 log 1/δ),
B = (αC − (1−α)N)/R, see :func:`private_success_bound`. More noise, less success, and a larger
collective needed. A larger C lets members pull harder and makes the noise larger: either may win.

Every row takes part in every step here; drawing batches adds noise that is not in the formulas.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.checks import non_negative, positive
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.gradient_learner import gain_left, log_left, pull
from gigsim.theory.private_noise import accumulated_noise, private_radius, probability, tail

__all__ = [
    "accumulated_noise",
    "private_critical_mass",
    "private_distance_bound",
    "private_radius",
    "private_success_bound",
]

# Halvings of the interval of rates: to the last bit.
_HALVINGS = 80


def private_distance_bound(
    alpha: ArrayLike,
    *,
    steps: ArrayLike,
    eta: ArrayLike,
    xi: ArrayLike,
    start: ArrayLike,
    noise: ArrayLike,
    clip: ArrayLike,
    dimension: ArrayLike,
    batch: ArrayLike = 1.0,
    delta: ArrayLike | None = None,
) -> Floats:
    """How far from θ* a private platform is after T steps, in expectation or with high probability.

        E‖θ_T − θ*‖ ≤ √( q²ᵀ‖θ_0−θ*‖² + d·v_T² )                      (``delta`` None)
        ‖θ_T − θ*‖  ≤ qᵀ‖θ_0−θ*‖ + v_T·(√d + √(2 log(1/δ)))           with probability ≥ 1 − δ

    Derived from the law in the module's docstring: the first is Jensen's inequality (equality for
    the root of the mean square), the second the concentration of ‖Z‖, whose mean is at most √d and
    which is 1-Lipschitz in Z. **Assumes that no report is shortened**: the control gradient has
    norm C at most at every θ met. :func:`private_success_bound` sees to that itself.

    Args:
        alpha: share of the collective, in [0, 1].
        steps: T ≥ 0.
        eta: step size η > 0.
        xi: gain ξ in (0, 1/(αη)].
        start: ‖θ_0 − θ*‖ ≥ 0.
        noise: σ ≥ 0, the noise multiplier.
        clip: C > 0, the norm to which every row's gradient is shortened.
        dimension: d ≥ 1, the number of parameters.
        batch: n, rows averaged over.
        delta: δ in (0, 1), or None for the expectation.

    Returns:
        The distance, broadcast (S_T is at least minus this); inf where ``alpha`` is 0 and ``steps``
        is not.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> numbers = dict(steps=50, eta=0.1, xi=0.8, start=1.0, clip=1.0, dimension=4, batch=100)
        >>> private_distance_bound(0.2, noise=[0.0, 1.0, 10.0], **numbers).round(4).tolist()
        [0.4464, 0.4465, 0.4576]
        >>> private_distance_bound(0.2, noise=[0.0, 1.0], delta=0.05, **numbers).round(4).tolist()
        [0.4464, 0.4688]
    """
    share, count = unit_interval("alpha", alpha), non_negative("steps", steps)
    taken = pull(share, eta=eta, xi=xi)
    mean = np.exp(log_left(count, taken)) * non_negative("start", start)
    rate = taken / positive("eta", eta)
    spread = accumulated_noise(count, eta=eta, rate=rate, noise=noise, clip=clip, batch=batch)
    size = positive("dimension", dimension)
    if delta is None:
        far = np.sqrt(mean**2 + size * spread**2)
    else:
        far = mean + spread * (np.sqrt(size) + tail(delta))
    return np.where((share == 0) & (count > 0), np.inf, far)[()]


def private_success_bound(
    alpha: ArrayLike,
    *,
    steps: ArrayLike,
    eta: ArrayLike,
    start: ArrayLike,
    noise: ArrayLike,
    clip: ArrayLike,
    base_norm: ArrayLike,
    dimension: ArrayLike,
    batch: ArrayLike = 1.0,
    delta: ArrayLike,
) -> Floats:
    """S_T(α, σ, C) of a collective whose reports are clipped as well, with probability ≥ 1 − δ.

    With R of :func:`private_radius` at δ/2, members use the gain ξ = min{1/(αη),
    (C − ((1−α)/α)N)/R} (:func:`gradient_learner.gain_left`): inside the ball no report of theirs is
    longer than C. Then :func:`private_distance_bound` holds at δ/2. Derived.

    Non-increasing in σ and non-decreasing in α. Neither in C: B = αξ grows with C/R and the noise
    with C.

    Args:
        alpha: share of the collective, in [0, 1].
        steps: T ≥ 0.
        eta: step size η > 0.
        start: ‖θ_0 − θ*‖ ≥ 0.
        noise: σ ≥ 0, the noise multiplier.
        clip: C > 0.
        base_norm: N ≥ norm of the mean of the base's clipped gradients, at every θ within R of θ*;
            C always is such a number.
        dimension: d ≥ 1.
        batch: n, rows averaged over.
        delta: δ in (0, 1).

    Returns:
        Minus a distance, broadcast; −inf where the collective is too small to be sure of any pull
        (α ≤ N/(N + C)) and ``steps`` is not 0.

    Example:
        >>> numbers = dict(steps=200, eta=0.1, start=1.0, clip=1.0, base_norm=0.25, dimension=4)
        >>> numbers |= dict(batch=500, delta=0.05)
        >>> private_success_bound(0.5, noise=[0.0, 1.0, 5.0], **numbers).round(4).tolist()
        [-0.0005, -0.0041, -0.019]
        >>> float(private_success_bound(0.2, noise=1.0, **numbers))
        -inf
    """
    share, count, step = unit_interval("alpha", alpha), non_negative("steps", steps), eta
    half = probability(delta) / 2
    private = {"eta": step, "noise": noise, "clip": clip, "dimension": dimension, "batch": batch}
    radius = private_radius(count, start=start, delta=half, **private)
    gain = gain_left(share, eta=step, base_norm=base_norm, reach=clip, distance=radius)
    pulls = gain > 0
    far = private_distance_bound(
        np.where(pulls, share, 0.0),
        steps=count,
        xi=np.where(pulls, gain, 1.0),
        start=start,
        delta=half,
        **private,
    )
    return (-far)[()]


def private_critical_mass(
    distance: ArrayLike,
    *,
    steps: ArrayLike,
    eta: ArrayLike,
    start: ArrayLike,
    noise: ArrayLike,
    clip: ArrayLike,
    base_norm: ArrayLike,
    dimension: ArrayLike,
    batch: ArrayLike = 1.0,
    delta: ArrayLike,
) -> Floats:
    """The share of the collective above which :func:`private_success_bound` is −``distance``.

    Non-decreasing in σ: privacy asks for larger collectives. Derived: the bound falls with the rate
    B, the smallest sufficient B is found by halving, and α = (B·R + N)/(C + N) pulls at that rate.

    Args:
        distance: wanted, ≥ 0.
        steps: T ≥ 0.
        eta: step size η > 0.
        start: ‖θ_0 − θ*‖ ≥ 0.
        noise: σ ≥ 0, the noise multiplier.
        clip: C > 0.
        base_norm: N, see :func:`private_success_bound`.
        dimension: d ≥ 1.
        batch: n, rows averaged over.
        delta: δ in (0, 1).

    Returns:
        Shares in [0, 1], broadcast: 0 where the model is there without any step, inf where no share
        is known to be enough (the noise of the last step alone is too much, or all of the
        population would not do).

    Example:
        >>> numbers = dict(steps=200, eta=0.1, start=1.0, clip=1.0, base_norm=0.25, dimension=4)
        >>> numbers |= dict(batch=500, delta=0.05)
        >>> private_critical_mass(0.05, noise=[0.0, 2.0, 4.0, 100.0], **numbers).round(4).tolist()
        [0.3189, 0.3328, 0.3493, inf]
    """
    wanted, count = non_negative("distance", distance), non_negative("steps", steps)
    step, half = positive("eta", eta), probability(delta) / 2
    far, limit = non_negative("start", start), positive("clip", clip)
    private = {"eta": step, "noise": noise, "clip": limit, "batch": batch}
    radius = private_radius(count, start=far, delta=half, dimension=dimension, **private)
    width = np.sqrt(positive("dimension", dimension)) + tail(half)

    def reached(rate: Floats) -> Floats:
        left = np.exp(log_left(count, np.minimum(step * rate, 1.0))) * far
        return left + accumulated_noise(count, rate=rate, **private) * width

    shape = np.broadcast(wanted, radius, width, step, limit, np.asarray(base_norm)).shape
    low, high = np.zeros(shape), np.broadcast_to(1 / step, shape)
    enough = reached(high) <= wanted
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        good = reached(middle) <= wanted
        low, high = np.where(good, low, middle), np.where(good, middle, high)
    norm = non_negative("base_norm", base_norm)
    mass = (high * radius + norm) / (limit + norm)
    mass = np.where(enough & (mass <= 1), mass, np.inf)
    return np.where((count == 0) & (far <= wanted), 0.0, mass)[()]
