import doctest
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import planting
from gigsim.theory.closeness import VALID
from gigsim.theory.gaps import deficit_any, deficit_top1, gap_any, gap_top1
from gigsim.theory.planting import (
    COVERED,
    Closeness,
    critical_mass,
    feature_label_bound,
    feature_label_bound_averaged,
    flip_point,
    foot,
    staircase,
)
from gigsim.theory.worlds import random_token_worlds

UNIT = st.floats(0.0, 1.0)


def test_doctests() -> None:
    assert doctest.testmod(planting).failed == 0


def test_critical_masses_of_a_signal_in_one_resume_of_a_thousand() -> None:
    assert foot(xi=0.001, gap=1.0) == pytest.approx(0.000999, abs=5e-7)
    assert critical_mass(0.5, xi=0.001, gap=1.0) == pytest.approx(0.001996, abs=5e-7)
    assert critical_mass(0.9, xi=0.001, gap=1.0) == pytest.approx(0.009901, abs=5e-7)


def test_critical_masses_at_kappa_one_percent() -> None:
    masses = critical_mass([0.5, 0.9, 0.99], xi=0.02, gap=0.5)
    np.testing.assert_allclose(masses, [0.019608, 0.090909, 0.5], atol=5e-7)


@given(st.floats(1e-6, 1.0), st.floats(1e-6, 1.0), st.floats(0.0, 0.999))
def test_the_bound_at_its_critical_mass_is_the_success_asked_for(
    xi: float, gap: float, success: float
) -> None:
    alpha = critical_mass(success, xi=xi, gap=gap)
    assert feature_label_bound(alpha, xi=xi, gap=gap) == pytest.approx(success, abs=1e-9)


EPSILONS = st.floats(0.0, 0.3)


@given(
    st.floats(1e-6, 1.0),
    UNIT,
    EPSILONS,
    st.sampled_from(get_args(Closeness)),
    st.floats(0.7, 1.0),
    st.floats(0.0, 0.999),
)
def test_epsilon_forms_at_their_critical_mass(
    xi: float, gap: float, epsilon: float, closeness: Closeness, margin: float, success: float
) -> None:
    """The bound is the success asked for there, and where there is no such share nowhere."""
    numbers = {
        "xi": xi, "gap": gap, "margin": margin, "epsilon": epsilon, "closeness": closeness
    }  # fmt: skip
    alpha = critical_mass(success, **numbers)
    if np.isinf(alpha):
        assert feature_label_bound(1.0, **numbers) < success
    elif alpha > 1e-9:
        assert feature_label_bound(alpha, **numbers) == pytest.approx(success, abs=1e-6)
    else:
        assert feature_label_bound(1e-6, **numbers) >= success - 1e-2


def test_how_much_error_the_critical_mass_of_each_closeness_survives() -> None:
    never = np.inf
    wanted = [0.5, 0.9]
    numbers = {"xi": 0.01, "gap": 1.0}
    known = {
        "joint_tv": [(0.01 + 0.08) / 0.51, (0.01 + 0.08) / 0.11],
        "joint_contamination": [(0.01 + 1 / 24) / 0.51, (0.01 + 1 / 24) / 0.11],
        "conditional_tv": [0.0108 / (0.0108 + 0.46), 0.0108 / (0.0108 + 0.092)],
        "additive_slack": [0.0104 / (0.0104 + 0.48), 0.0104 / (0.0104 + 0.096)],
        "slides": [0.01 / (0.51 - 1 / 24), 0.01 / (0.11 - 1 / 24)],
    }
    for closeness, expected in known.items():
        found = critical_mass(wanted, epsilon=0.04, closeness=closeness, **numbers)  # type: ignore[arg-type]
        np.testing.assert_allclose(found, expected)
    much = {"joint_tv": 0.06, "joint_contamination": 0.1, "slides": 0.1}
    for closeness, epsilon in much.items():
        found = critical_mass(0.9, epsilon=epsilon, closeness=closeness, **numbers)  # type: ignore[arg-type]
        assert found == never
    for closeness in ("conditional_tv", "conditional_contamination", "additive_slack"):
        found = critical_mass(0.9, epsilon=0.45, closeness=closeness, **numbers)  # type: ignore[arg-type]
        assert 0 < found < 1
        alone = critical_mass(0.9, xi=0.0, gap=1.0, epsilon=0.45, closeness=closeness)  # type: ignore[arg-type]
        assert alone == 0
    assert critical_mass(0.9, xi=0.0, gap=1.0, epsilon=0.06, closeness="joint_tv") == never
    with pytest.raises(ValueError, match="needs a closeness"):
        critical_mass(0.5, xi=0.1, gap=1.0, epsilon=0.1)


def test_nothing_is_promised_when_nobody_plants() -> None:
    assert feature_label_bound(0.0, xi=0.01, gap=1.0) == -np.inf
    assert feature_label_bound(0.0, xi=0.0, gap=1.0) == -np.inf
    assert feature_label_bound_averaged(0.0, kappa=0.0) == -np.inf


def test_a_unique_signal_needs_next_to_nobody() -> None:
    assert feature_label_bound(1e-300, xi=0.0, gap=1.0) == 1.0
    assert feature_label_bound(5e-324, xi=0.5, gap=1.0) == -np.inf
    assert critical_mass(1.0, xi=0.0, gap=1.0) == 0.0


def test_the_formula_is_not_clipped() -> None:
    assert feature_label_bound(0.001, xi=0.5, gap=1.0) == pytest.approx(1 - 999 * 0.5)


def test_floats_and_arrays_broadcast() -> None:
    assert isinstance(feature_label_bound(0.1, xi=0.01, gap=1.0), float)
    grid = feature_label_bound(np.array([[0.1], [0.2]]), xi=np.array([0.0, 0.01, 0.1]), gap=1.0)
    assert grid.shape == (2, 3)
    assert grid[1, 2] == feature_label_bound(0.2, xi=0.1, gap=1.0)


@given(UNIT, UNIT, st.floats(0.0, 0.49), st.sampled_from(get_args(Closeness)))
def test_every_closeness_is_the_theorem_at_zero_and_falls_from_there(
    xi: float, gap: float, epsilon: float, closeness: Closeness
) -> None:
    alpha = np.linspace(0.05, 1, 20)
    exact = feature_label_bound(alpha, xi=xi, gap=gap)
    np.testing.assert_array_equal(
        feature_label_bound(alpha, xi=xi, gap=gap, epsilon=0.0, closeness=closeness), exact
    )
    loose = feature_label_bound(alpha, xi=xi, gap=gap, epsilon=epsilon, closeness=closeness)
    assert np.all(loose <= exact + 1e-12)
    assert np.all(np.diff(loose) >= -1e-9)


def test_a_unique_signal_is_immune_to_conditional_closeness_only() -> None:
    for closeness in ("conditional_tv", "conditional_contamination", "additive_slack"):
        bound = feature_label_bound(
            [0.001, 0.1, 1.0], xi=0.0, gap=1.0, epsilon=0.49, closeness=closeness
        )
        assert bound.tolist() == [1.0, 1.0, 1.0]
    assert feature_label_bound(1.0, xi=0.0, gap=1.0, epsilon=0.1, closeness="joint_tv") == 0.8


def test_epsilon_needs_a_name_for_what_is_close() -> None:
    with pytest.raises(ValueError, match=r"needs a closeness, one of joint_tv.*not a valid bound"):
        feature_label_bound(0.1, xi=0.01, gap=1.0, epsilon=0.05)
    with pytest.raises(ValueError, match="unknown closeness 'tv'; one of joint_tv"):
        feature_label_bound(0.1, xi=0.01, gap=1.0, closeness="tv")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"conditional_tv needs epsilon in \[0, 0.5\)"):
        feature_label_bound(0.1, xi=0.01, gap=1.0, epsilon=0.5, closeness="conditional_tv")


@pytest.mark.parametrize("name", ["alpha", "xi", "gap", "epsilon"])
@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_numbers_out_of_range_are_refused(name: str, wrong: float) -> None:
    numbers = {"alpha": 0.1, "xi": 0.01, "gap": 1.0, "epsilon": 0.0} | {name: wrong}
    with pytest.raises(ValueError, match=f"{name} must be in"):
        feature_label_bound(numbers.pop("alpha"), closeness="joint_tv", **numbers)


def test_no_theorem_for_the_top_label_of_extended_sets() -> None:
    assert ("top1", "extend") not in COVERED
    assert len(COVERED) == 3


def test_one_signal_point_jumps_where_the_bound_leaves_zero() -> None:
    point = flip_point(0.01, 1.0)
    assert point == foot(xi=0.01, gap=1.0)
    above = np.nextafter(point, 1)
    assert staircase([point, above], None, [point]).tolist() == [0.0, 1.0]


def test_flip_points_at_the_edges() -> None:
    assert flip_point(0.0, 1.0) == 0.0
    assert flip_point(0.0, 1.0, planted=0.0) == 1.0
    assert flip_point(0.01, 0.0) == flip_point(0.01, -1.0) == 0.0


def test_flip_points_equal_brute_force_on_texts_with_a_token() -> None:
    """Every text of 400 worlds, replaced and extended sets, both readings, around its own step."""
    xi, texts = 0.03, 5
    worlds = random_token_worlds(np.random.default_rng(3), 400, texts=texts, xi=xi)
    carried = worlds.base[:, texts:]
    marginals = (carried @ worlds.sets) / carried.sum(axis=2, keepdims=True)
    own = np.take_along_axis(marginals, worlds.target[:, None, None], axis=2)[..., 0]
    others = np.where(
        np.arange(marginals.shape[2]) == worlds.target[:, None, None], -1.0, marginals
    ).max(axis=2)
    cases = {
        ("any", "replace"): flip_point(xi, deficit_any(own)),
        ("any", "extend"): flip_point(xi, deficit_any(own)),
        ("top1", "replace"): flip_point(xi, others - own),
        ("top1", "extend"): flip_point(xi, others - own, planted=1 - others),
    }
    for (goal, label_sets), point in cases.items():
        for shift in (-1e-6, 1e-6):
            alpha = np.clip(point + shift, 0, 1)
            sides = np.stack(
                [
                    worlds.deficits(goal, worlds.law(alpha[:, t], label_sets))[:, texts + t] < 0
                    for t in range(texts)
                ],
                axis=1,
            )
            expected = (alpha > point) | ((others < own) if goal == "top1" else (own > 0.5))
            np.testing.assert_array_equal(sides, expected)


def test_gaps_of_label_marginals_are_the_worlds_own() -> None:
    worlds = random_token_worlds(np.random.default_rng(4), 50, texts=4, xi=0.1)
    for b in range(len(worlds)):
        carried = worlds.base[b, 4:]
        marginals = (carried @ worlds.sets) / carried.sum(axis=1, keepdims=True)
        target = int(worlds.target[b])
        assert gap_top1(marginals, target) == pytest.approx(worlds.gap("top1")[b], abs=1e-12)
        assert gap_any(marginals[:, target]) == pytest.approx(worlds.gap("any")[b], abs=1e-12)
        assert deficit_top1(marginals, target).shape == (4,)


def test_staircase_weighs_its_points() -> None:
    steps = staircase([0.0, 0.15, 0.5], [3.0, 1.0], [0.1, 0.2], held=[False, True])
    assert steps.tolist() == [0.25, 1.0, 1.0]
    assert staircase(1.0, [3.0, 1.0], [0.1, 0.2]) == 1.0


@given(
    st.lists(st.tuples(st.floats(0.0, 10.0), st.floats(0.0, 0.999)), min_size=1, max_size=20),
)
def test_staircase_climbs_from_zero_to_one(points: list[tuple[float, float]]) -> None:
    weights, resistance = np.array(points).T
    weights[0] += 1.0
    climb = staircase(np.linspace(0, 1, 50), weights, resistance)
    assert climb[0] == 0.0
    assert climb[-1] == 1.0
    assert np.all(np.diff(climb) >= 0)


def test_staircase_refuses_what_is_not_a_set_of_points() -> None:
    with pytest.raises(ValueError, match="n > 0 points"):
        staircase(0.1, None, [])
    with pytest.raises(ValueError, match="positive sum"):
        staircase(0.1, [0.0, 0.0], [0.1, 0.2])


@pytest.mark.parametrize("closeness", VALID)
def test_the_foot_with_epsilon_is_where_the_bound_gets_there(closeness: Closeness) -> None:
    generator = np.random.default_rng(8)
    numbers = {
        "xi": generator.uniform(0.001, 0.3, 200),
        "gap": generator.uniform(0.1, 1, 200),
        "margin": generator.uniform(0.3, 1, 200),
        "epsilon": generator.uniform(0, 0.14, 200),
        "closeness": closeness,
    }
    wanted = np.zeros(200)
    mass = foot(**numbers)
    found = np.isfinite(mass)
    assert found.any()
    at = feature_label_bound(np.where(found, mass, 1.0), **numbers)
    np.testing.assert_allclose(at[found], wanted[found], atol=1e-9)
    assert np.all(at[~found] < wanted[~found])
