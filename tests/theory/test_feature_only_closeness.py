"""The ε-forms of Theorem 3: the printed table, the order of the forms, the critical masses."""

from __future__ import annotations

import doctest
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import feature_only_closeness
from gigsim.theory.adversary import worst_case_success
from gigsim.theory.closeness import VALID, Closeness
from gigsim.theory.feature_only import (
    Form,
    feature_only_bound,
    feature_only_bound_quantile,
    feature_only_critical_mass,
    feature_only_foot,
)
from gigsim.theory.feature_only_closeness import terms
from gigsim.theory.worlds import Worlds
from gigsim.validation.feature_only_worlds import feature_only_law

CLOSENESS = st.sampled_from(get_args(Closeness))


def test_doctests() -> None:
    assert doctest.testmod(feature_only_closeness).failed == 0


def test_the_table_of_the_printed_form() -> None:
    alpha, p, xi, e = 0.3, 0.2, 0.004, 0.05
    free = (1 - p) / (alpha * p) * xi
    expected = {
        "joint_tv": 1 - ((1 - p) * xi + 2 * e) / (alpha * p),
        "joint_contamination": 1 - ((1 - p) * xi + e / (1 - e)) / (alpha * p),
        "conditional_tv": 1 - (1 + 2 * e) / (1 - 2 * e) * free,
        "conditional_contamination": 1 - free / (1 - 2 * e),
        "additive_slack": 1 - (1 + e) / (1 - e) * free,
        "slides": 1 - free - e / (1 - e),
    }
    for closeness, value in expected.items():
        found = feature_only_bound(alpha, p=p, xi=xi, epsilon=e, closeness=closeness)  # type: ignore[arg-type]
        assert found == pytest.approx(value, abs=1e-12)
    assert set(expected) == set(get_args(Closeness))


@given(
    st.floats(0.01, 1.0),
    st.floats(0.01, 1.0),
    st.floats(0.0, 0.5),
    st.floats(0.0, 0.4),
    CLOSENESS,
)
def test_the_forms_come_in_order_and_fall_with_epsilon(
    alpha: float, p: float, xi: float, epsilon: float, closeness: Closeness
) -> None:
    numbers = {"p": p, "xi": xi, "epsilon": epsilon, "closeness": closeness}
    printed = feature_only_bound(alpha, **numbers)
    sharp = feature_only_bound(alpha, form="sharp", **numbers)
    evasive = feature_only_bound(alpha, evasive=True, **numbers)
    assert printed <= sharp + 1e-9
    assert sharp <= evasive + 1e-9
    for form in get_args(Form):
        for leaves in (False, True):
            exact = feature_only_bound(alpha, p=p, xi=xi, form=form, evasive=leaves)
            close = feature_only_bound(alpha, form=form, evasive=leaves, **numbers)
            assert close <= exact + 1e-9
            at_zero = numbers | {"epsilon": 0.0}
            assert feature_only_bound(alpha, form=form, evasive=leaves, **at_zero) == exact
    for leaves in (False, True):
        quantile = feature_only_bound_quantile(alpha, q=0.0, evasive=leaves, **numbers)
        floor = feature_only_bound(alpha, evasive=leaves, **numbers)
        assert quantile <= floor + 1e-9


@given(
    st.floats(0.001, 1.0),
    st.floats(1e-6, 0.9),
    st.floats(0.0, 0.4),
    CLOSENESS,
    st.sampled_from(get_args(Form)),
    st.booleans(),
    st.floats(0.0, 0.99),
)
def test_critical_masses_are_the_least_share_that_gives_the_success(
    p: float,
    xi: float,
    epsilon: float,
    closeness: Closeness,
    form: Form,
    evasive: bool,
    success: float,
) -> None:
    numbers = {
        "p": p, "xi": xi, "epsilon": epsilon, "closeness": closeness,
        "form": form, "evasive": evasive,
    }  # fmt: skip
    share = float(feature_only_critical_mass(success, **numbers))
    grid = np.linspace(1e-4, 1, 400)
    reached = feature_only_bound(grid, **numbers) >= success + 1e-9
    assert not reached[grid < share * (1 - 1e-9)].any()
    if 1e-9 < share <= 1:
        assert feature_only_bound(share, **numbers) == pytest.approx(success, abs=1e-6)
    if share > 1:
        assert not reached.any()


def test_sharp_critical_mass_in_closed_form() -> None:
    share = feature_only_critical_mass(0.8, p=0.1, xi=0.01, form="sharp")
    assert share == pytest.approx(0.8 * 0.01 / (0.1 * (0.2 - 0.01)))
    # Over one half y* is predicted anyway; the less planted, the fewer carriers are left behind.
    assert feature_only_critical_mass(0.8, p=0.6, xi=0.01, form="sharp") == 0
    for form in get_args(Form):
        foot = feature_only_foot(p=0.1, xi=0.01, form=form)
        assert feature_only_bound(foot, p=0.1, xi=0.01, form=form) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("closeness", VALID)
def test_a_unique_signal_is_immune_to_closeness_at_each_x(closeness: Closeness) -> None:
    numbers = {"p": 0.1, "xi": 0.0, "epsilon": 0.02, "closeness": closeness}
    bound = feature_only_bound(0.5, **numbers)
    share = feature_only_critical_mass(0.9, **numbers)
    if closeness.startswith("joint"):
        assert bound < 0.7
        assert share > 1
    else:
        assert bound == 1
        assert share == 0


def test_the_slides_term_fails_here_too() -> None:
    """ξ = 0, α = 0.2, P0(y*|x) = p = 0.1 everywhere: joint TV of αp/2 = 0.01 turns every point."""
    base = np.array([[[0.05, 0.45], [0.05, 0.45], [0.0, 0.0]]])
    world = Worlds(base, np.eye(2, dtype=bool), np.array([[2, 2, 2]]), np.array([0]))
    law = feature_only_law(world, np.array([0.2]))
    worst = worst_case_success(
        -world.deficits("any", law),
        law.sum(axis=2),
        world.weights,
        epsilon=0.01 + 1e-12,
        closeness="joint_tv",
    )
    assert worst[0] == 0
    numbers = {"p": 0.1, "xi": 0.0, "epsilon": 0.01}
    assert feature_only_bound(0.2, closeness="slides", **numbers) > 0.98
    assert feature_only_bound(0.2, closeness="joint_tv", **numbers) == pytest.approx(0)


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="needs a closeness"):
        feature_only_bound(0.1, p=0.1, xi=0.01, epsilon=0.1)
    with pytest.raises(ValueError, match=r"conditional_tv needs epsilon in \[0, 0.5\)"):
        terms(p=0.1, epsilon=0.5, closeness="conditional_tv")
    with pytest.raises(ValueError, match="form is one of"):
        terms(p=0.1, form="loose")  # type: ignore[arg-type]
