import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import erasing
from gigsim.theory.closeness import Closeness
from gigsim.theory.erasing import (
    erasing_bound,
    erasing_bound_averaged,
    erasing_critical_mass,
    erasing_deficit_any,
    erasing_deficit_top1,
    erasing_flip_point,
    erasing_label,
    erasing_success,
    tau,
)
from gigsim.theory.wrong_labels import wrong_label_margin
from tests.theory.test_erasing_exact import GRID, erasable_texts

VALID: tuple[Closeness, ...] = (
    "joint_tv",
    "joint_contamination",
    "conditional_tv",
    "conditional_contamination",
    "additive_slack",
)


def test_doctests() -> None:
    assert doctest.testmod(erasing).failed == 0


@given(st.floats(1e-6, 0.5), st.floats(0.0, 0.999), st.floats(0.1, 1.0))
def test_the_bound_at_its_critical_mass_is_the_success_asked_for(
    moved: float, success: float, margin: float
) -> None:
    alpha = erasing_critical_mass(success, tau=moved, margin=margin)
    assert erasing_bound(alpha, tau=moved, margin=margin) == pytest.approx(success, abs=1e-9)


def test_known_answers_at_the_ends() -> None:
    # A signal that says nothing of labels is erased by the first member, but not by nobody.
    assert erasing_bound(1e-9, tau=0.0) == 1.0
    assert erasing_bound(0.0, tau=0.0) == -np.inf
    assert erasing_bound(1.0, tau=1.0) == 1.0
    assert erasing_critical_mass([0.0, 1.0], tau=0.0).tolist() == [0, 0]
    assert erasing_critical_mass(1.0, tau=0.1) == 1.0
    assert erasing_critical_mass(0.5, tau=0.1, margin=0.0) == np.inf


@pytest.mark.parametrize("closeness", VALID)
def test_forms_with_epsilon_start_at_the_theorem_and_fall(closeness: Closeness) -> None:
    plain = erasing_bound(GRID, tau=0.1)
    at_zero = erasing_bound(GRID, tau=0.1, epsilon=0.0, closeness=closeness)
    np.testing.assert_allclose(at_zero, plain)
    epsilon = np.linspace(0, 0.49, 50)[:, None]
    falling = erasing_bound(GRID, tau=0.1, epsilon=epsilon, closeness=closeness, reach=3.0)
    assert np.all(falling[1:] <= falling[:-1] + 1e-12)
    assert np.all(falling[:, 1:] >= falling[:, :-1] - 1e-12)


def test_what_epsilon_costs() -> None:
    joint = erasing_bound(0.5, tau=0.0, epsilon=0.1, closeness="joint_tv", reach=0.2)
    assert joint == pytest.approx(1 - 0.2 / 0.5)
    rare = erasing_bound(0.5, tau=0.0, epsilon=0.1, closeness="joint_tv", reach=2.0)
    assert rare == pytest.approx(1 - 2 * 0.2 / 0.5)
    # At α = 2ε a classifier close to Bayes at every text need not follow the collective anywhere.
    assert erasing_bound(0.2, tau=0.0, epsilon=0.1, closeness="conditional_tv") == -np.inf
    assert erasing_bound(0.21, tau=0.0, epsilon=0.1, closeness="conditional_tv") == 1.0


@pytest.mark.parametrize("goal", ["top1", "any"])
@pytest.mark.parametrize("wrong", [0.0, 0.15])
@pytest.mark.parametrize("guessed", [False, True])
def test_success_is_over_the_bounds_and_complete_above_the_flip_points(
    goal: str, wrong: float, guessed: bool
) -> None:
    marginals, cleaned, weights, noise = erasable_texts(3, goal)
    reported = erasing_label(cleaned, goal)
    if guessed:  # an estimate that is wrong now and then
        reported = np.where(noise < 0.2, 1 - np.minimum(reported, 1), reported)
    margin = float(wrong_label_margin(wrong, goal, 2 if goal == "any" else 4))
    deficit = erasing_deficit_any if goal == "any" else erasing_deficit_top1
    before, after = deficit(marginals, reported), deficit(cleaned, reported)
    exact = erasing_success(GRID, marginals, cleaned, reported, weights, goal, wrong_label=wrong)
    averaged = erasing_bound_averaged(
        GRID, deficit=weights @ before, deficit_cleaned=weights @ after, margin=margin
    )
    assert np.all(exact >= averaged - 1e-12)
    if not guessed:
        assert np.all(after == 0)
        moved = tau(marginals, cleaned, goal, weights)
        restated = erasing_bound(GRID, tau=moved, margin=margin)
        assert np.all(averaged >= restated - 1e-12)
        assert (restated > 0).any()
    if wrong == 0:
        flips = erasing_flip_point(before, after)
        on_it = (weights * (GRID[:, None] > flips)).sum(axis=1)
        assert np.all(exact >= on_it - 1e-12)
        assert exact[flips.max() < GRID] == pytest.approx(1)


def test_replaced_sets_are_not_covered_for_any_label() -> None:
    """The counter-example of the module docstring."""
    weights, alpha = np.array([0.9, 0.1]), 0.4
    marginals = np.array([[0.9, 0.95], [0.8, 0.95]])
    cleaned = marginals[[1, 1]]
    assert erasing_label(cleaned).tolist() == [1, 1], "so members report {1}, y* = 0"
    moved = tau(marginals[:, 0], cleaned[:, 0], "any", weights)
    assert erasing_bound(alpha, tau=moved) == pytest.approx(0.73)
    assert tau(marginals, cleaned, "top1", weights) == pytest.approx(moved)
    with_signal, without = (1 - alpha) * marginals[:, 0]
    assert with_signal > 0.5 > without, "all texts with the signal disagree with themselves"


def test_refusals() -> None:
    with pytest.raises(ValueError, match="needs a closeness"):
        erasing_bound(0.1, tau=0.1, epsilon=0.1)
    with pytest.raises(ValueError, match="not valid for erasing"):
        erasing_bound(0.1, tau=0.1, closeness="slides")
    with pytest.raises(ValueError, match="needs reach"):
        erasing_bound(0.1, tau=0.1, epsilon=0.1, closeness="joint_tv")
    with pytest.raises(ValueError, match="reach"):
        erasing_bound(0.1, tau=0.1, epsilon=0.1, closeness="joint_tv", reach=-1.0)
    with pytest.raises(ValueError, match="epsilon"):
        erasing_bound(0.1, tau=0.1, epsilon=1.0, closeness="additive_slack")
    with pytest.raises(ValueError, match="margin"):
        erasing_bound(0.1, tau=0.1, margin=2.0)
    with pytest.raises(ValueError, match="margin"):
        erasing_critical_mass(0.1, tau=0.1, margin=np.nan)


@pytest.mark.parametrize(
    ("closeness", "epsilon"),
    [
        ("joint_tv", 0.01),
        ("joint_contamination", 0.02),
        ("conditional_tv", 0.1),
        ("conditional_contamination", 0.1),
        ("additive_slack", 0.2),
    ],
)
def test_critical_masses_with_epsilon_are_where_the_bound_gets_there(
    closeness: Closeness, epsilon: float
) -> None:
    generator = np.random.default_rng(6)
    success, moved = generator.uniform(0, 1, 400), generator.uniform(0, 0.3, 400)
    numbers = {
        "tau": moved,
        "epsilon": epsilon,
        "closeness": closeness,
        "reach": generator.uniform(0, 3, 400),
        "margin": generator.uniform(-0.2, 1, 400),
    }
    mass = erasing_critical_mass(success, **numbers)
    found = np.isfinite(mass)
    assert found.any()
    assert not found.all()
    assert np.all(mass[found] <= 1)
    at = erasing_bound(np.where(found, mass, 1.0), **numbers)
    np.testing.assert_allclose(at[found], success[found], atol=1e-9)
    assert np.all(at[~found] < success[~found])


def test_critical_masses_where_texts_say_nothing_of_the_signal() -> None:
    """τ = 0: under a rate, whatever is above its foot, and there the bound is 1 at once."""
    slack = {"tau": 0.0, "epsilon": 0.2, "closeness": "additive_slack", "margin": 0.5}
    foot = erasing_critical_mass([0.0, 1.0], **slack)
    np.testing.assert_allclose(foot, 0.4)
    assert erasing_bound(0.4 + 1e-9, **slack) == 1
    assert erasing_bound(0.4 - 1e-9, **slack) == -np.inf
    assert erasing_critical_mass(0.0, **(slack | {"margin": 0.2})) == np.inf
    assert erasing_critical_mass([0.0, 1.0], tau=0.0).tolist() == [0, 0]
    joint = {"tau": 0.0, "epsilon": 0.1, "closeness": "joint_tv", "reach": 0.0}
    assert erasing_critical_mass([0.0, 1.0], **joint).round(9).tolist() == [0.2, np.inf]
    with pytest.raises(ValueError, match="not valid for erasing"):
        erasing_critical_mass(0.1, tau=0.1, closeness="slides")
    with pytest.raises(ValueError, match="needs reach"):
        erasing_critical_mass(0.1, tau=0.1, epsilon=0.1, closeness="joint_tv")


def test_the_bound_is_not_said_to_be_the_theorem() -> None:
    assert "whose constants were not at hand" in (erasing.__doc__ or "").replace("\n", " ")
