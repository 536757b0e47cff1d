"""Label-only cancelling laws for generalised linear models: keep the features, choose the labels.

Where ∇ℓ(θ; (x, y)) = (m(x'θ) − y)·x, as for least squares (m the identity) and for canonical GLMs
such as logistic regression (m = σ), a member who keeps x and reports

    y' = m(x'θ*) + ((1−α)/α)·(m(x'θ*) − y)

leaves a residual of −(1−α)/α times his true one. Members being a random part of the population,
the collective's gradient at θ* is then −((1−α)/α)·g_P0(θ*), cancelling exactly (derived; the
paper says that losses of this kind admit cancelling laws). Unbounded
labels make any α > 0 enough; labels are inflated by 1/α, so with few members their sampling error
is large (``sampling_covariance``). With labels in [0, 1] the rule works only from a share on.

A penalty r(θ) has no residual to turn round. Its gradient is spread over all labels
(:func:`penalty_shift`): y' = (m − (1−α)y + x'Σ⁻¹∇r(θ*))/α with Σ = E[xx'] (derived: then
αE[(m − y')x] + (1−α)E[(m − y)x] + ∇r = 0).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.gaps import Floats, unit_interval


def linear_label(
    prediction: ArrayLike, label: ArrayLike, alpha: ArrayLike, shift: ArrayLike = 0.0
) -> Floats:
    """The label y' = (x'θ* − (1−α)y + shift)/α: least squares moves to θ*, at any α > 0.

    Exact where the collective's own x and y are distributed as the base's. Derived; see the module.

    Args:
        prediction: x'θ*, what the target model says.
        label: the member's true label y.
        alpha: share of the collective, in (0, 1].
        shift: of :func:`penalty_shift`; 0 for least squares without a penalty.

    Returns:
        Labels, broadcast; of the order of 1/α.

    Raises:
        ValueError: α is not in (0, 1].

    Example:
        >>> float(linear_label(1.0, 0.5, 0.1))
        5.5
    """
    return _label(np.asarray(prediction, dtype=np.float64), label, alpha, shift)


def glm_label(
    mean: ArrayLike, label: ArrayLike, alpha: ArrayLike, shift: ArrayLike = 0.0
) -> Floats:
    """The label y' = m + ((1−α)/α)(m − y) + shift/α, for a canonical GLM, m = m(x'θ*).

    Not clipped: an allowed label only where :func:`glm_label_feasible`. A label between 0 and 1 is
    reported by saying 1 with that probability. Derived; see the module.

    Args:
        mean: m(x'θ*), such as the target model's probability of a 1.
        label: the member's true label y.
        alpha: share of the collective, in (0, 1].
        shift: of :func:`penalty_shift`.

    Raises:
        ValueError: α is not in (0, 1].

    Example:
        >>> glm_label([0.3, 0.8], [0.0, 1.0], 0.4).round(6).tolist()
        [0.75, 0.5]
    """
    return _label(np.asarray(mean, dtype=np.float64), label, alpha, shift)


def glm_label_feasible(
    mean: ArrayLike,
    label: ArrayLike,
    alpha: ArrayLike,
    shift: ArrayLike = 0.0,
    *,
    low: float = 0.0,
    high: float = 1.0,
) -> NDArray[np.bool_]:
    """Whether :func:`glm_label` is an allowed label, in [low, high].

    For labels 0 and 1 without a penalty: m ≤ α where y = 0, and m ≥ 1 − α where y = 1.

    Example:
        >>> glm_label_feasible([0.3, 0.3, 0.8], [0, 0, 1], [0.4, 0.2, 0.4]).tolist()
        [True, False, True]
    """
    wanted = glm_label(mean, label, alpha, shift)
    # y' is a quotient: its rounding must not forbid a label that is just allowed.
    room = 1e-12 * max(1.0, abs(low), abs(high))
    return (wanted >= low - room) & (wanted <= high + room)


def glm_label_critical_mass(
    mean: ArrayLike,
    label: ArrayLike,
    shift: ArrayLike = 0.0,
    *,
    low: float = 0.0,
    high: float = 1.0,
) -> Floats:
    """The share from which on y' is an allowed label for this member; the maximum is the rule's.

    Derived: with e = m + shift − y, y' ≤ high iff α ≥ e/(high − y), and y' ≥ low iff
    α ≥ −e/(y − low). For y in {0, 1} without a penalty it is |m − y|, the error of the target model
    on the member's true label: targets that fit everybody's data are cheap. A *sufficient* share:
    labels chosen jointly (``cancelling_pool.critical_mass_labels``) may do with fewer.

    Args:
        mean: m(x'θ*).
        label: y in [low, high].
        shift: of :func:`penalty_shift`.
        low: the least label allowed.
        high: the largest.

    Returns:
        Broadcast, at least 0. Over 1 (inf for a y at the edge that must move out): at no share.

    Raises:
        ValueError: a label that is not allowed itself.

    Example:
        >>> glm_label_critical_mass([0.3, 0.8], [0.0, 1.0]).round(6).tolist()
        [0.3, 0.2]
    """
    own = np.asarray(label, dtype=np.float64)
    if not np.all((own >= low) & (own <= high)):
        raise ValueError(f"labels must be in [{low}, {high}], got {label!r}")
    error = np.asarray(mean, dtype=np.float64) + np.asarray(shift, dtype=np.float64) - own
    room = np.where(error > 0, high - own, own - low)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error == 0, 0.0, np.abs(error) / room)[()]


def penalty_shift(
    features: Floats, penalty_gradient: ArrayLike, weights: Floats | None = None
) -> Floats:
    """x'Σ⁻¹∇r(θ*), Σ = E[xx']: the part of every reported label that cancels the penalty.

    Derived; see the module. Exact because E[(x'Σ⁻¹v)·x] = v for every v.

    Args:
        features: x_i with a 1 for the intercept, shape (n, d), of the base population.
        penalty_gradient: ∇r(θ*) per unit of mass, shape (d,); 0 for a free intercept.
        weights: of the rows, shape (n,), summing to 1; None for equal ones.

    Returns:
        Shape (n,), to be given to :func:`linear_label` or :func:`glm_label`.

    Raises:
        numpy.linalg.LinAlgError: features that are linearly dependent.

    Example:
        >>> penalty_shift(np.array([[1.0], [-1.0]]), [0.5]).tolist()
        [0.5, -0.5]
    """
    mass = np.full(len(features), 1 / len(features)) if weights is None else weights
    moment = (features * mass[:, None]).T @ features
    return features @ np.linalg.solve(moment, np.asarray(penalty_gradient, dtype=np.float64))


def sampling_covariance(
    alpha: float, *, base_gradients: Floats, member_gradients: Floats
) -> Floats:
    """Covariance of the gradient left at θ* because the members are drawn at random.

    Derived (simple random sampling of αn members from the n people at hand): if person i would add
    e_i to the summed gradient as he is and q_i as a member, the mean gradient has the expectation
    (1−α)ē + αq̄ and the covariance α(1−α)/n · Cov(q − e), Cov with n − 1. For the label rule
    q = −((1−α)/α)e, so it is ((1−α)/α)·Cov(e)/n: it falls as 1/n and grows as 1/α. Divided by the
    Hessian on both sides it is the covariance of θ̂.

    Args:
        alpha: share of the members, in [0, 1].
        base_gradients: e_i, shape (n, d), n ≥ 2.
        member_gradients: q_i, shape (n, d), the expected ones where reports are randomised.

    Returns:
        Shape (d, d).

    Example:
        >>> e = np.array([[1.0], [-1.0]])
        >>> sampling_covariance(0.5, base_gradients=e, member_gradients=-e).tolist()
        [[1.0]]
    """
    share = float(unit_interval("alpha", alpha))
    change = np.asarray(member_gradients, dtype=np.float64) - base_gradients
    count = len(change)
    if count < 2:
        raise ValueError(f"need gradients of at least 2 people, got {count}")
    centred = change - change.mean(axis=0)
    return share * (1 - share) / count * (centred.T @ centred) / (count - 1)


def sampled_distance_bound(
    residual: float, covariance: Floats, strong_convexity: float, risk: float
) -> float:
    """‖θ̂ − θ*‖ ≤ (‖E g_P(θ*)‖ + sqrt(tr Cov/δ))/μ with a probability of at least 1 − δ.

    Derived: Markov's inequality for the squared deviation of the gradient, whose mean is tr Cov.
    Needs a μ that does not depend on who is a member: certain where members change labels only.
    Conservative (no shape of the law is used).

    Args:
        residual: norm of the expected gradient at θ*, at least 0.
        covariance: of :func:`sampling_covariance`, plus that of randomised labels.
        strong_convexity: μ > 0.
        risk: δ in (0, 1).

    Example:
        >>> sampled_distance_bound(0.0, np.eye(1) * 0.01, 0.5, 0.25)
        0.4
    """
    if not (0 < risk < 1 and strong_convexity > 0 and residual >= 0):
        raise ValueError("need a risk in (0, 1), a positive μ and a residual of at least 0")
    return float((residual + np.sqrt(np.trace(covariance) / risk)) / strong_convexity)


def _label(mean: Floats, label: ArrayLike, alpha: ArrayLike, shift: ArrayLike) -> Floats:
    share = unit_interval("alpha", alpha)
    if np.any(share <= 0):
        raise ValueError(f"alpha must be in (0, 1], got {alpha!r}")
    return ((mean - (1 - share) * np.asarray(label) + np.asarray(shift)) / share)[()]
