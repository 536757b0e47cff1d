"""Real regressions as platforms: scikit-learn's estimators with their risk, gradient and curvature.

A convex risk minimiser of the theory is an objective; a platform is ``LinearRegression``, ``Ridge``
or ``LogisticRegression`` as shipped, which minimises a *sum* of weighted losses with an unpenalised
intercept. Here the two meet: the risk per unit of mass that the estimator minimises, its gradient
and curvature at any θ, and the fit itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from gigsim.theory.curvature import distance_bound_local, logistic_curvature
from gigsim.theory.gaps import Floats
from gigsim.theory.risk_minimizer import (
    distance_from_gradient,
    strong_convexity,
)

Kind = Literal["least_squares", "ridge", "logistic"]

# Distances at which the curvature of a logistic risk is taken; finer is sharper, never wrong.
_RADII = np.concatenate([[0.0], np.geomspace(1e-6, 100.0, 160)])


@dataclass(frozen=True)
class Rows:
    """Weighted rows: features (n, d) with a 1 first for an intercept, labels (n,), weights (n,)."""

    features: Floats
    labels: Floats
    weights: Floats


@dataclass(frozen=True)
class Regression:
    """One of scikit-learn's regressions, and its risk Σ w_i ℓ_i / W + (λ/2)‖coefficients‖².

    Attributes:
        kind: which of them.
        penalty: ``alpha`` of Ridge, 1/C of LogisticRegression: λ = penalty/W, W the sum of weights.
            0 for least squares.
        intercept: whether one is fitted; it is not penalised.
        solver: of LogisticRegression.
    """

    kind: Kind
    penalty: float = 0.0
    intercept: bool = True
    solver: str = "newton-cholesky"

    def __post_init__(self) -> None:
        if (self.penalty > 0) != (self.kind != "least_squares") or self.penalty < 0:
            raise ValueError(f"{self.kind} with a penalty of {self.penalty}")

    def means(self, scores: Floats) -> Floats:
        """m(x'θ)."""
        return expit(scores) if self.kind == "logistic" else scores

    def penalty_curvature(self, dimensions: int, mass: float) -> Floats:
        """λ for each coefficient, 0 for the intercept, shape (d,)."""
        each = np.full(dimensions, self.penalty / mass)
        if self.intercept:
            each[0] = 0.0
        return each

    def gradient(self, theta: Floats, rows: Rows) -> Floats:
        """∇ of the risk at θ, shape (d,)."""
        mass = float(rows.weights.sum())
        errors = self.means(rows.features @ theta) - rows.labels
        pull = self.penalty_curvature(len(theta), mass) * theta
        return (rows.weights * errors) @ rows.features / mass + pull

    def hessian(self, theta: Floats, rows: Rows) -> Floats:
        """Of the risk at θ, shape (d, d)."""
        mass = float(rows.weights.sum())
        steep = rows.weights / mass
        if self.kind == "logistic":
            means = self.means(rows.features @ theta)
            steep = steep * means * (1 - means)
        data = (rows.features * steep[:, None]).T @ rows.features
        return data + np.diag(self.penalty_curvature(len(theta), mass))

    def distance(self, gradient_left: float, theta: Floats, rows: Rows) -> float:
        """What a gradient left at θ means for the distance of the risk minimiser: a bound."""
        if self.kind != "logistic":
            return float(distance_from_gradient(gradient_left, self.convexity(theta, rows)))
        mass = float(rows.weights.sum())
        curvature = logistic_curvature(
            _RADII,
            features=rows.features,
            scores=rows.features @ theta,
            weights=rows.weights / mass,
            penalty=self.penalty_curvature(len(theta), mass),
        )
        return distance_bound_local(gradient_left, _RADII, curvature)

    def convexity(self, theta: Floats, rows: Rows) -> float:
        """Smallest eigenvalue of the Hessian at θ."""
        return float(strong_convexity(self.hessian(theta, rows)))

    def fit(self, rows: Rows) -> Floats:
        """θ̂, by scikit-learn, shape (d,). A label between 0 and 1 goes in as two weighted rows."""
        if self.kind == "logistic":
            rows = _two_labels(rows)
        features = rows.features[:, 1:] if self.intercept else rows.features
        model = self._estimator()
        model.fit(features, rows.labels, sample_weight=rows.weights)
        coefficients = np.ravel(model.coef_)
        return (
            np.append(np.ravel(model.intercept_), coefficients) if self.intercept else coefficients
        )

    def _estimator(self) -> Any:
        if self.kind == "least_squares":
            return LinearRegression(fit_intercept=self.intercept)
        if self.kind == "ridge":
            return Ridge(alpha=self.penalty, fit_intercept=self.intercept)
        return LogisticRegression(
            C=1 / self.penalty,
            fit_intercept=self.intercept,
            solver=self.solver,
            tol=1e-10,
            max_iter=10_000,
        )


@dataclass(frozen=True)
class Problem:
    """A platform, the people, and the model that the collective wants.

    Attributes:
        platform: what is fitted.
        features: x with a 1 first if the platform fits an intercept, shape (n, d).
        labels: y, shape (n,); 0 or 1 for ``logistic``.
        target: θ*, shape (d,), the intercept first.
    """

    platform: Regression
    features: Floats
    labels: Floats
    target: Floats

    def __post_init__(self) -> None:
        count, dimensions = self.features.shape
        if self.labels.shape != (count,) or self.target.shape != (dimensions,):
            raise ValueError("need features (n, d), labels (n,) and a target (d,)")
        if self.platform.intercept and np.any(self.features[:, 0] != 1):
            raise ValueError("the first feature of a platform with an intercept is 1")
        if self.platform.kind == "logistic" and not np.all(np.isin(self.labels, (0, 1))):
            raise ValueError("labels of a logistic regression are 0 or 1")

    def __len__(self) -> int:
        return len(self.features)

    @property
    def rows(self) -> Rows:
        """Everybody as he is, a weight of 1 each."""
        return Rows(self.features, self.labels, np.ones(len(self)))

    @cached_property
    def means(self) -> Floats:
        """m(x'θ*), shape (n,)."""
        return self.platform.means(self.features @ self.target)

    @cached_property
    def penalty_gradient(self) -> Floats:
        """∇r(θ*) per unit of mass, shape (d,)."""
        return self.platform.penalty_curvature(len(self.target), len(self)) * self.target

    @cached_property
    def base_gradient(self) -> Floats:
        """g_P0(θ*), shape (d,)."""
        return self.platform.gradient(self.target, self.rows)

    @property
    def errors(self) -> Floats:
        """∇ℓ(θ*; z_i) without the penalty, shape (n, d)."""
        return (self.means - self.labels)[:, None] * self.features


def example_problem(
    kind: Kind,
    generator: np.random.Generator,
    *,
    people: int = 400,
    dimensions: int = 3,
    intercept: bool = True,
    penalty: float = 4.0,
    away: float = 0.5,
) -> Problem:
    """People with normal features and a target at a distance ``away`` from the clean model.

    Args:
        kind: of the platform.
        generator: source of all randomness.
        people: n.
        dimensions: of the features, without the intercept.
        intercept: whether the platform fits one.
        penalty: of the platform; ignored for least squares.
        away: ‖θ* − θ̂‖ without a collective.
    """
    platform = Regression(kind, 0.0 if kind == "least_squares" else penalty, intercept)
    features = generator.normal(size=(people, dimensions))
    if intercept:
        features = np.concatenate([np.ones((people, 1)), features], axis=1)
    truth = generator.normal(size=features.shape[1])
    scores = features @ truth
    if kind == "logistic":
        labels = (generator.random(people) < expit(scores)).astype(np.float64)
    else:
        labels = scores + generator.normal(size=people)
    clean = platform.fit(Rows(features, labels, np.ones(people)))
    step = generator.normal(size=len(clean))
    return Problem(platform, features, labels, clean + away * step / np.linalg.norm(step))


def _two_labels(rows: Rows) -> Rows:
    """Labels in [0, 1] as rows with 0 and rows with 1, without those of no weight."""
    weights = np.concatenate([rows.weights * (1 - rows.labels), rows.weights * rows.labels])
    labels = np.repeat([0.0, 1.0], len(rows.labels))
    some = weights > 0
    return Rows(np.tile(rows.features, (2, 1))[some], labels[some], weights[some])
