import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import unplanting
from gigsim.theory.closeness import VALID, Closeness
from gigsim.theory.planting import feature_label_bound, staircase
from gigsim.theory.unplanting import (
    best_other_label,
    unplanting_bound,
    unplanting_bound_averaged,
    unplanting_critical_mass,
    unplanting_deficit_any,
    unplanting_deficit_top1,
    unplanting_exact_deficit_top1,
    unplanting_flip_point,
    unplanting_margin,
)
from gigsim.theory.worlds import random_token_worlds

UNIT = st.floats(0.0, 1.0)


def test_doctests() -> None:
    assert doctest.testmod(unplanting).failed == 0


def test_a_common_label_leaves_no_less_to_overcome_than_the_best_one() -> None:
    marginals = np.random.default_rng(0).random((500, 5))
    best = best_other_label(marginals, 2)
    assert np.all(best != 2)
    adaptive = unplanting_deficit_top1(marginals, 2, best)
    for common in (0, 1, 3, 4):
        deficit = unplanting_deficit_top1(marginals, 2, common)
        assert np.all(adaptive <= deficit)
        exact = unplanting_exact_deficit_top1(marginals, 2, common)
        assert np.all(exact <= deficit)
        np.testing.assert_array_equal(exact < 0, adaptive < 0)
    np.testing.assert_allclose(unplanting_exact_deficit_top1(marginals, 2, best), adaptive)


def test_two_labels_make_the_readings_one() -> None:
    yes = np.linspace(0, 1, 11)
    both = np.stack([1 - yes, yes], axis=1)
    np.testing.assert_allclose(
        unplanting_deficit_top1(both, 1, 0), unplanting_deficit_any(yes), atol=1e-15
    )


@given(st.floats(1e-6, 1.0), st.floats(1e-6, 1.0), st.floats(0.0, 0.999), st.floats(0.1, 1.0))
def test_the_bound_at_its_critical_mass_is_the_success_asked_for(
    xi: float, gap: float, success: float, margin: float
) -> None:
    alpha = unplanting_critical_mass(success, xi=xi, gap=gap, margin=margin)
    bound = unplanting_bound(alpha, xi=xi, gap=gap, margin=margin)
    assert bound == pytest.approx(success, abs=1e-9)
    averaged = unplanting_bound_averaged(alpha, kappa=xi * gap, margin=margin)
    assert averaged == pytest.approx(success, abs=1e-9)


@pytest.mark.parametrize("goal", ["top1", "any"])
@pytest.mark.parametrize("wrong", [0.0, 0.2])
def test_flip_points_are_where_the_platform_changes_its_mind(goal: str, wrong: float) -> None:
    """A signal in a share ξ of all resumes, {ŷ} reported: S(α) by computing P at every text."""
    xi, labels, target, planted = 0.05, 3, 1, 2
    world = random_token_worlds(np.random.default_rng(1), 1, texts=400, labels=labels, xi=xi)
    mass = world.base[0, :400].sum(axis=1)
    marginals = (world.base[0, :400] @ world.sets) / mass[:, None]
    margin = float(unplanting_margin(wrong, goal, labels))
    said = np.full(labels, wrong / (labels - 1))
    said[planted] = 1 - wrong
    if goal == "any":
        deficit = unplanting_deficit_any(marginals[:, target])
    else:
        deficit = unplanting_exact_deficit_top1(marginals, target, planted)
    flips = unplanting_flip_point(xi, deficit, margin)
    alphas = np.linspace(0, 0.2, 23)
    climb = staircase(alphas, mass, flips, held=deficit < 0)
    for alpha, expected in zip(alphas, climb, strict=True):
        seen = (1 - alpha) * xi * marginals + alpha * said
        if goal == "any":
            gone = seen[:, target] < 0.5 * ((1 - alpha) * xi + alpha)
        else:
            gone = np.delete(seen, target, axis=1).max(axis=1) > seen[:, target]
        assert mass @ gone / mass.sum() == pytest.approx(expected, abs=1e-12)
        kappa = xi * (mass @ np.maximum(deficit, 0)) / mass.sum()
        assert expected >= unplanting_bound_averaged(alpha, kappa=kappa, margin=margin) - 1e-12
    assert 0 < climb[1] < climb[-1]


def test_own_labels_without_the_target_are_not_covered_for_the_top_label() -> None:
    """The counter-example of the module docstring: S = 0 where the formula promises 0.82."""
    xi, alpha, others = 0.2, 0.5, 9
    marginals = np.append(np.full(others, 1 / others), 1.0)
    deficit = unplanting_deficit_top1(marginals, others, 0)
    bound = unplanting_bound(alpha, xi=xi, gap=deficit)
    assert bound == pytest.approx(1 - 0.2 * 8 / 9)
    own = np.append(np.full(others, 1 / others), 0.0)
    seen = (1 - alpha) * xi * marginals + alpha * own
    assert seen.argmax() == others, "y* is still the top label, at every text with the signal"
    replaced = (1 - alpha) * xi * marginals + alpha * np.eye(others + 1)[0]
    assert replaced.argmax() == 0, "and is not, if {ŷ} is reported"


def test_it_is_the_planting_bound_with_another_gap() -> None:
    alpha = np.linspace(0, 1, 7)
    np.testing.assert_array_equal(
        unplanting_bound(alpha, xi=0.1, gap=0.3, epsilon=0.01, closeness="conditional_tv"),
        feature_label_bound(alpha, xi=0.1, gap=0.3, epsilon=0.01, closeness="conditional_tv"),
    )
    assert unplanting_bound(0.0, xi=0.0, gap=1.0) == -np.inf
    assert unplanting_bound(1e-300, xi=0.0, gap=1.0) == 1.0


@given(UNIT, st.integers(2, 20))
def test_margins(wrong: float, labels: int) -> None:
    any_label, top = (float(unplanting_margin(wrong, goal, labels)) for goal in ("any", "top1"))
    assert -1 <= top <= any_label + 1e-12 <= 1 + 1e-12
    assert float(unplanting_margin(0.0, "top1", labels)) == 1


def test_refusals() -> None:
    with pytest.raises(ValueError, match="other than the target"):
        unplanting_deficit_top1([[0.5, 0.5]], 1, 1)
    with pytest.raises(ValueError, match="columns"):
        unplanting_deficit_top1([[0.5, 0.5]], 1, 0.0)
    with pytest.raises(ValueError, match="two labels"):
        best_other_label([[0.5]], 0)
    with pytest.raises(ValueError, match="target_marginal"):
        unplanting_deficit_any(1.5)
    with pytest.raises(ValueError, match="needs a closeness"):
        unplanting_bound(0.1, xi=0.1, gap=1.0, epsilon=0.1)
    with pytest.raises(ValueError, match="goal"):
        unplanting_margin(0.1, "all", 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="labels"):
        unplanting_margin(0.1, "any", 1)


@pytest.mark.parametrize("closeness", VALID)
def test_the_critical_mass_with_epsilon_is_where_the_bound_gets_there(closeness: Closeness) -> None:
    generator = np.random.default_rng(8)
    numbers = {
        "xi": generator.uniform(0.001, 0.3, 200),
        "gap": generator.uniform(0.1, 1, 200),
        "margin": generator.uniform(0.3, 1, 200),
        "epsilon": generator.uniform(0, 0.14, 200),
        "closeness": closeness,
    }
    wanted = generator.uniform(0, 1, 200)
    mass = unplanting_critical_mass(wanted, **numbers)
    found = np.isfinite(mass)
    assert found.any()
    at = unplanting_bound(np.where(found, mass, 1.0), **numbers)
    np.testing.assert_allclose(at[found], wanted[found], atol=1e-9)
    assert np.all(at[~found] < wanted[~found])
