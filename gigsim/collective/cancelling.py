"""Cancelling strategies carried out against real learners: scikit-learn's regressions.

The platform here is ``LinearRegression``, ``Ridge`` or ``LogisticRegression`` itself, penalty and
intercept included; the collective wants its coefficients to be θ*. What members submit is built
from the theory (``theory.cancelling_pool``, ``theory.label_rules``), the platform is fitted to it,
and how far from θ* it ended is put beside what was predicted.

A population of n people is either *exact*, each row split into its honest part and its member's
(sample weights 1−α and α), or its members are *drawn*: αn people of the n, who submit rows of their
own. Drawn members are not distributed exactly as the base, which leaves a gradient of covariance
((1−α)/α)·Cov(∇ℓ)/n under the label rule: the distance it adds falls as n^(−1/2) and grows as
α^(−1/2). Members who can talk to each other can choose against that too (``coordinated``).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.collective.demonstration import Demonstration, demonstrate
from gigsim.collective.regressions import Problem, Rows
from gigsim.theory.cancelling_pool import (
    best_mixture,
    critical_mass_labels,
    critical_mass_pool,
    frank_wolfe_members,
)
from gigsim.theory.gaps import Floats
from gigsim.theory.label_rules import (
    glm_label,
    glm_label_critical_mass,
    penalty_shift,
    sampling_covariance,
)
from gigsim.theory.risk_minimizer import deviating_share

LabelRule = Literal["pointwise", "joint", "coordinated"]


def gradient_cancelling(
    problem: Problem,
    alpha: float,
    *,
    pool_features: Floats,
    pool_labels: Floats,
    generator: np.random.Generator | None = None,
) -> Demonstration:
    """Members submit edits out of a pool, mixed so that the gradient at θ* vanishes.

    The mixture is that of the linear program; above α_c only λ of the members deviate. Where no
    mixture points against the base gradient it is the one that leaves the least.

    Args:
        problem: the platform, the people and θ*.
        alpha: share of the collective, in (0, 1].
        pool_features: what may be submitted, with a 1 first for an intercept, shape (k, d).
        pool_labels: with which labels, shape (k,).
        generator: draws the members; None for an exact population.

    Example:
        >>> from gigsim.collective.regressions import example_problem
        >>> problem = example_problem("least_squares", np.random.default_rng(0), people=200)
        >>> pool = np.repeat(problem.features, 2, axis=0), np.tile([-9.0, 9.0], 200)
        >>> half = gradient_cancelling(problem, 0.5, pool_features=pool[0], pool_labels=pool[1])
        >>> half.critical_mass < 0.5, round(half.reached, 9), half.holds
        (True, 0.0, True)
    """
    share, members = _share(problem, alpha, generator)
    means = problem.platform.means(pool_features @ problem.target)
    own = (means - pool_labels)[:, None] * pool_features + problem.penalty_gradient
    found = critical_mass_pool(problem.base_gradient, own)
    if np.isnan(found.t):
        mixture = best_mixture(share, problem.base_gradient, own)
        weights, deviating = mixture.weights, 1 - mixture.honest
        weights = weights / max(float(weights.sum()), np.finfo(float).tiny)
    else:
        weights, deviating = found.weights, float(deviating_share(share, found.t))
    acting = share * deviating
    base = problem.rows
    expected = Rows(
        np.concatenate([base.features, pool_features]),
        np.concatenate([base.labels, pool_labels]),
        np.concatenate([(1 - acting) * base.weights, acting * len(problem) * weights]),
    )
    if generator is None or members is None:
        return demonstrate(problem, share, found.critical_mass, deviating, expected, expected)
    count = round(acting * len(problem))
    gone = generator.permutation(len(problem))[:count]
    stay = np.delete(np.arange(len(problem)), gone)
    taken = np.repeat(np.arange(len(weights)), _whole(weights, count))
    submitted = Rows(
        np.concatenate([base.features[stay], pool_features[taken]]),
        np.concatenate([base.labels[stay], pool_labels[taken]]),
        np.ones(len(problem)),
    )
    covariance = sampling_covariance(
        acting, base_gradients=problem.errors, member_gradients=np.zeros_like(problem.errors)
    )
    return demonstrate(
        problem, share, found.critical_mass, deviating, expected, submitted, members, covariance
    )


def label_only(
    problem: Problem,
    alpha: float,
    *,
    rule: LabelRule = "pointwise",
    limits: tuple[float, float] | None = None,
    generator: np.random.Generator | None = None,
) -> Demonstration:
    """Members keep their features and report labels that cancel the gradient at θ*.

    * ``pointwise``: the rule of ``label_rules``, clipped to ``limits``. Each needs to know his own
      row, θ*, α and (for a penalty) the base's second moments.
    * ``joint``: the labels of the linear program, which needs fewer members.
    * ``coordinated``: drawn members choose their labels knowing all submissions, each one of the
      two limits (``frank_wolfe_members``).

    Args:
        problem: the platform, the people and θ*.
        alpha: share of the collective, in (0, 1].
        rule: see above.
        limits: the least and largest label; (0, 1) for logistic regression, None for no limits.
        generator: draws the members (and for logistic regression their randomised labels); None
            for an exact population.

    Example:
        >>> from gigsim.collective.regressions import example_problem
        >>> problem = example_problem("least_squares", np.random.default_rng(0), people=200)
        >>> found = label_only(problem, 0.05)
        >>> found.critical_mass, round(found.reached, 9), found.holds
        (0.0, 0.0, True)
    """
    share, members = _share(problem, alpha, generator)
    logistic = problem.platform.kind == "logistic"
    limits = limits or ((0.0, 1.0) if logistic else None)
    if rule != "pointwise" and limits is None:
        raise ValueError(f"the rule {rule!r} needs limits of labels")
    critical, deviating, wanted = _labels(problem, share, rule, limits)
    base = problem.rows
    mixed = Rows(base.features, (1 - share) * base.labels + share * wanted, base.weights)
    if generator is None or members is None:
        if rule == "coordinated":
            raise ValueError("coordinated members are drawn: give a generator")
        return demonstrate(problem, share, critical, deviating, mixed, mixed)
    who = generator.permutation(len(problem))[:members]
    labels = base.labels.copy()
    if rule == "coordinated":
        assert limits is not None
        labels[who] = _coordinated(problem, who, limits, generator)
        covariance = None
    else:
        covariance = sampling_covariance(
            share,
            base_gradients=problem.errors,
            member_gradients=(problem.means - wanted)[:, None] * problem.features,
        )
        labels[who] = wanted[who]
        if logistic:  # a label between 0 and 1 is said with that probability
            labels[who] = generator.random(members) < wanted[who]
            spread = share * wanted * (1 - wanted) / len(problem) ** 2
            covariance = covariance + (problem.features * spread[:, None]).T @ problem.features
    submitted = Rows(base.features, labels, base.weights)
    return demonstrate(problem, share, critical, deviating, mixed, submitted, members, covariance)


def _labels(
    problem: Problem, share: float, rule: LabelRule, limits: tuple[float, float] | None
) -> tuple[float, float, Floats]:
    """α_c, λ and the label that each would report as a member."""
    shift = np.zeros(len(problem))
    if problem.platform.penalty > 0:
        shift = penalty_shift(problem.features, problem.penalty_gradient)
    if limits is None:
        return 0.0, 1.0, glm_label(problem.means, problem.labels, share, shift)
    low, high = limits
    if rule == "pointwise":
        needed = glm_label_critical_mass(problem.means, problem.labels, shift, low=low, high=high)
        wanted = glm_label(problem.means, problem.labels, share, shift)
        critical = float(needed.max())
        return critical if critical <= 1 else np.inf, 1.0, np.clip(wanted, low, high)
    even = np.full(len(problem), 1 / len(problem))
    found = critical_mass_labels(
        problem.base_gradient,
        problem.means,
        problem.features,
        even,
        penalty_gradient=problem.penalty_gradient,
        low=low,
        high=high,
    )
    if np.isnan(found.t):
        raise ValueError("no labels within the limits point against the base gradient")
    deviating = float(deviating_share(share, found.t))
    return (
        found.critical_mass,
        deviating,
        deviating * found.weights + (1 - deviating) * problem.labels,
    )


def _coordinated(
    problem: Problem,
    who: NDArray[np.intp],
    limits: tuple[float, float],
    generator: np.random.Generator,
) -> Floats:
    """Labels of these members, each one of the limits, that leave the least gradient."""
    others = np.delete(problem.errors, who, axis=0).sum(axis=0)
    others = others + len(problem) * problem.penalty_gradient
    options = [
        sparse.csr_array((problem.means[who] - label)[:, None] * problem.features[who])
        for label in limits
    ]
    found = frank_wolfe_members(others, options, generator=generator, tolerance=1e-6)
    return np.asarray(limits)[found.choices]


def _share(
    problem: Problem, alpha: float, generator: np.random.Generator | None
) -> tuple[float, int | None]:
    """The share as it can be, and how many members that is."""
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha must be in (0, 1], got {alpha!r}")
    if generator is None:
        return float(alpha), None
    members = max(1, round(alpha * len(problem)))
    return members / len(problem), members


def _whole(weights: Floats, count: int) -> NDArray[np.int64]:
    """``count`` members divided over the edits by largest remainder."""
    due = weights / weights.sum() * count
    whole = np.floor(due).astype(np.int64)
    late = np.argsort(whole - due, kind="stable")[: count - int(whole.sum())]
    whole[late] += 1
    return whole
