"""Cancelling against scikit-learn's own regressions."""

import doctest
from dataclasses import replace

import numpy as np
import pytest

from gigsim.collective import cancelling, regressions
from gigsim.collective.cancelling import (
    Demonstration,
    LabelRule,
    gradient_cancelling,
    label_only,
)
from gigsim.collective.regressions import Kind, Problem, Regression, Rows, example_problem
from gigsim.theory.label_rules import penalty_shift
from gigsim.theory.risk_minimizer import distance_bound

KINDS: tuple[Kind, ...] = ("least_squares", "ridge", "logistic")
# Shares in units of the critical mass.
BELOW, ABOVE = (0.3, 0.7, 0.97), (1.0, 1.02, 1.5)
# ‖θ* − θ̂‖ without a collective; further off, the curvature left with a free intercept may promise
# nothing (a bound of inf).
AWAY = 0.3
# The tolerance of logistic regression's solver is 1e-10 on a gradient; curvatures are over 0.01.
HIT = 1e-8


def test_doctests() -> None:
    assert doctest.testmod(cancelling).failed == 0
    assert doctest.testmod(regressions).failed == 0


def _problem(kind: Kind, seed: int, *, intercept: bool = True, people: int = 300) -> Problem:
    rng = np.random.default_rng(seed)
    return example_problem(kind, rng, people=people, intercept=intercept, dimensions=2, away=AWAY)


def _pool(problem: Problem) -> dict[str, np.ndarray]:
    """Everybody's features with either label."""
    labels = [0.0, 1.0] if problem.platform.kind == "logistic" else [-6.0, 6.0]
    return {
        "pool_features": np.repeat(problem.features, 2, axis=0),
        "pool_labels": np.tile(labels, len(problem)),
    }


def _limits(problem: Problem) -> tuple[float, float]:
    return (0.0, 1.0) if problem.platform.kind == "logistic" else (-8.0, 8.0)


def _check(found: Demonstration, factor: float) -> None:
    assert found.holds
    if factor >= 1:
        assert found.reached < HIT
        assert found.expected_gradient < 1e-12
    else:
        assert HIT < found.reached <= found.expected + found.solver_error
        assert found.predicted == pytest.approx(found.expected)
        assert found.predicted < 30 * found.reached, "a bound that says something"


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_gradient_cancelling_hits_at_the_predicted_share(
    kind: Kind, intercept: bool, seed: int
) -> None:
    problem = _problem(kind, seed, intercept=intercept)
    pool = _pool(problem)
    critical = gradient_cancelling(problem, 0.9, **pool).critical_mass
    assert 0.005 < critical < 0.6
    for factor in (*BELOW, *ABOVE):
        found = gradient_cancelling(problem, critical * factor, **pool)
        assert found.critical_mass == critical
        assert found.deviating == pytest.approx(min(1, 1 / factor))
        _check(found, factor)
    assert found.clean == pytest.approx(AWAY, abs=1e-6)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_labels_chosen_jointly_hit_at_the_predicted_share(
    kind: Kind, intercept: bool, seed: int
) -> None:
    problem = _problem(kind, seed, intercept=intercept)
    limits = _limits(problem)
    critical = label_only(problem, 0.9, rule="joint", limits=limits).critical_mass
    assert 0.02 < critical < 0.9
    for factor in (*BELOW, *ABOVE):
        if critical * factor <= 1:
            _check(label_only(problem, critical * factor, rule="joint", limits=limits), factor)


@pytest.mark.parametrize("kind", KINDS)
def test_each_turning_his_own_residual_round(kind: Kind) -> None:
    """The pointwise rule: as far as labels are allowed it hits, and clipped it misses by less."""
    # A weak pull of the penalty and a target near the clean model: the rule's labels are allowed.
    problem = example_problem(
        kind, np.random.default_rng(3), people=300, dimensions=2, penalty=0.5, away=0.1
    )
    problem = replace(problem, labels=_tamed(problem))
    limits = _limits(problem)
    critical = label_only(problem, 0.5, limits=limits).critical_mass
    joint = label_only(problem, 0.5, rule="joint", limits=limits).critical_mass
    assert joint < critical < 1
    for factor in (*BELOW, 1.0, min(1.5, 1 / critical)):
        found = label_only(problem, critical * factor, limits=limits)
        assert found.holds
        assert (found.reached < HIT) == (factor >= 1)


def _tamed(problem: Problem) -> np.ndarray:
    """Labels of logistic regression that the target does not contradict too strongly."""
    if problem.platform.kind != "logistic":
        return problem.labels
    means = problem.means
    return np.where(means > 0.9, 1.0, np.where(means < 0.1, 0.0, problem.labels))


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["least_squares", "ridge"])
def test_unbounded_labels_hit_at_any_share(kind: Kind, alpha: float) -> None:
    """V20: an exact copy of the base sample, y' = (x'θ* − (1−α)y)/α."""
    found = label_only(_problem(kind, 4), alpha)
    assert found.critical_mass == 0.0
    assert found.reached < 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_the_risk_that_scikit_learn_minimises(kind: Kind) -> None:
    """Its optimum has no gradient, penalty, weights and intercept included."""
    rng = np.random.default_rng(5)
    for intercept in (True, False):
        problem = _problem(kind, 5, intercept=intercept)
        rows = Rows(problem.features, problem.labels, rng.uniform(0.1, 3, len(problem)))
        theta = problem.platform.fit(rows)
        assert np.abs(problem.platform.gradient(theta, rows)).max() < 1e-9
        away = theta + 0.1 * rng.normal(size=theta.shape)
        step, gradient = 1e-6, problem.platform.gradient
        for k, direction in enumerate(np.eye(len(theta))):
            bend = gradient(away + step * direction, rows) - gradient(away - step * direction, rows)
            hessian = problem.platform.hessian(away, rows)
            np.testing.assert_allclose(bend / (2 * step), hessian[k], atol=1e-7)
        distance = problem.platform.distance(
            float(np.linalg.norm(gradient(away, rows))), away, rows
        )
        assert np.linalg.norm(away - theta) <= distance


def test_lbfgs_is_moved_as_well() -> None:
    problem = _problem("logistic", 6)
    problem = replace(problem, platform=replace(problem.platform, solver="lbfgs"))
    found = label_only(problem, 0.9, rule="joint")
    assert found.holds
    assert found.reached < 1e-6


def test_fractional_labels_are_two_weighted_rows() -> None:
    problem = _problem("logistic", 7)
    labels = np.random.default_rng(7).random(len(problem))
    rows = Rows(problem.features, labels, np.ones(len(problem)))
    theta = problem.platform.fit(rows)
    assert np.abs(problem.platform.gradient(theta, rows)).max() < 1e-9


@pytest.mark.parametrize("rule", ["pointwise", "joint"])
def test_drawn_members_miss_by_the_sampling_error(rule: LabelRule) -> None:
    """Mean squared distance over draws: 1 within 4 s.e. of what the covariance says (V20)."""
    problem = _problem("least_squares", 8, people=400)
    limits = (-8.0, 8.0) if rule == "joint" else None
    draws = [
        label_only(problem, 0.2, rule=rule, limits=limits, generator=np.random.default_rng(k))
        for k in range(60 if rule == "joint" else 150)
    ]
    squares = np.array([(found.reached / found.sampling_error) ** 2 for found in draws])
    error = squares.std(ddof=1) / np.sqrt(len(squares))
    assert squares.mean() == pytest.approx(1, abs=4 * error)
    assert all(found.holds for found in draws)
    assert draws[0].members == 80
    assert draws[0].expected < 1e-9


def test_drawn_logistic_members_say_one_with_a_probability() -> None:
    """To first order, so in a population that is large enough for the distance to be small."""
    problem = _problem("logistic", 9, people=2000)
    problem = replace(problem, platform=replace(problem.platform, penalty=20.0))
    found = label_only(problem, 0.5, rule="joint")
    draws = [
        label_only(problem, 0.5, rule="joint", generator=np.random.default_rng(k)) for k in range(8)
    ]
    assert found.reached < HIT
    squares = np.array([(one.reached / one.sampling_error) ** 2 for one in draws])
    error = squares.std(ddof=1) / np.sqrt(len(squares))
    assert squares.mean() == pytest.approx(1, abs=max(4 * error, 0.3))
    assert all(one.holds for one in draws)


def test_the_sampling_error_falls_with_the_root_of_n_and_grows_as_alpha_falls() -> None:
    small, large = (_problem("least_squares", 10, people=n) for n in (500, 8000))
    drawn = {
        (n, alpha): label_only(problem, alpha, generator=np.random.default_rng(0)).sampling_error
        for n, problem in (("small", small), ("large", large))
        for alpha in (0.05, 0.2)
    }
    # Another sample has another covariance: a few per cent.
    assert drawn["small", 0.05] / drawn["large", 0.05] == pytest.approx(4, rel=0.15)
    ratio = np.sqrt((0.95 / 0.05) / (0.8 / 0.2))
    assert drawn["small", 0.05] / drawn["small", 0.2] == pytest.approx(ratio, rel=1e-9)


def test_members_who_coordinate_beat_the_sampling_error() -> None:
    problem = _problem("logistic", 11)
    critical = label_only(problem, 0.9, rule="joint").critical_mass
    alpha = min(1.2 * critical, 0.9)
    both = [
        [
            label_only(problem, alpha, rule=rule, generator=np.random.default_rng(k)).reached
            for k in range(5)
        ]
        for rule in ("joint", "coordinated")
    ]
    assert np.mean(both[1]) < 0.3 * np.mean(both[0])
    found = label_only(problem, alpha, rule="coordinated", generator=np.random.default_rng(0))
    assert found.holds
    assert np.isnan(found.sampling_error)


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_members_with_edits_of_a_pool(kind: Kind) -> None:
    problem = _problem(kind, 12)
    pool = _pool(problem)
    critical = gradient_cancelling(problem, 0.9, **pool).critical_mass
    for k in range(3):
        found = gradient_cancelling(
            problem, 1.5 * critical, **pool, generator=np.random.default_rng(k)
        )
        assert found.holds
        assert found.reached < 0.5 * found.clean
        # A draw is a few standard errors off at most; whole members add their rounding.
        assert found.reached < 4 * found.sampling_error + 0.05
        assert found.members == round(1.5 * critical * 300)


def test_a_pool_that_cannot_cancel_still_comes_nearer() -> None:
    problem = _problem("least_squares", 13)
    pull = problem.base_gradient
    # One row only, whose gradient is against the base's but not exactly.
    row = np.array([1.0, *(pull[1:] / pull[0])]) + np.array([0.0, 0.2, 0.0])
    label = row @ problem.target + pull[0] * 3
    found = gradient_cancelling(
        problem, 0.1, pool_features=row[None, :], pool_labels=np.array([label])
    )
    assert found.critical_mass == np.inf
    assert found.holds
    assert HIT < found.reached < found.clean


def test_same_seed_same_bits() -> None:
    problem = _problem("logistic", 14)
    one, two = (
        label_only(problem, 0.6, rule="joint", generator=np.random.default_rng(3)) for _ in range(2)
    )
    assert one == two


def test_bad_input_is_refused() -> None:
    problem = _problem("least_squares", 15)
    with pytest.raises(ValueError, match="alpha must be in"):
        label_only(problem, 0.0)
    with pytest.raises(ValueError, match="needs limits"):
        label_only(problem, 0.1, rule="joint")
    with pytest.raises(ValueError, match="give a generator"):
        label_only(problem, 0.1, rule="coordinated", limits=(-8, 8))
    with pytest.raises(ValueError, match="with a penalty of"):
        Regression("ridge")
    with pytest.raises(ValueError, match="are 0 or 1"):
        replace(problem, platform=Regression("logistic", 1.0))
    with pytest.raises(ValueError, match="is 1"):
        replace(problem, features=problem.features + 1)
    with pytest.raises(ValueError, match="a target"):
        replace(problem, target=problem.target[:1])


@pytest.mark.parametrize("kind", ["least_squares", "ridge"])
def test_a_law_with_t_of_two(kind: Kind) -> None:
    """V21: an exact hit at α = 1/3, and below it no further off than the gradient left over μ."""
    problem = _problem(kind, 16)
    shift = np.zeros(len(problem))
    if kind == "ridge":
        # The members' own gradient, penalty included, has to be −2 times the base's.
        shift = 3 * penalty_shift(problem.features, problem.penalty_gradient)
    labels = problem.means + 2 * (problem.means - problem.labels) + shift
    base = float(np.linalg.norm(problem.base_gradient))
    everybody = np.ones(len(problem))
    own = problem.platform.gradient(problem.target, Rows(problem.features, labels, everybody))
    np.testing.assert_allclose(own, -2 * problem.base_gradient, atol=1e-12)
    curvature = problem.platform.convexity(problem.target, problem.rows)
    for alpha in (0.0, 0.1, 0.2, 0.3, 0.33):
        mixed = (1 - alpha) * problem.labels + alpha * labels
        theta = problem.platform.fit(Rows(problem.features, mixed, everybody))
        reached = float(np.linalg.norm(theta - problem.target))
        bound = distance_bound(
            alpha, base_gradient=base, collective_gradient=2 * base, strong_convexity=curvature
        )
        assert HIT < reached <= bound + 1e-12
    mixed = (2 * problem.labels + labels) / 3
    theta = problem.platform.fit(Rows(problem.features, mixed, everybody))
    np.testing.assert_allclose(theta, problem.target, atol=1e-12)
