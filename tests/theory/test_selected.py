"""Planting by members who are not a random draw."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import selected
from gigsim.theory.closeness import VALID, Closeness
from gigsim.theory.planting import critical_mass, feature_label_bound
from gigsim.theory.selected import (
    critical_mass_selected,
    feature_label_bound_selected,
    feature_label_bound_selected_distance,
    membership_ratio,
)
from gigsim.theory.selected_worlds import SelectedWorlds
from gigsim.theory.worlds import Worlds

UNIT = st.floats(0.0, 1.0, allow_subnormal=False)
#: Under it quotients of two roundings are all that is left.
SHARE = st.floats(1e-9, 1.0)


def test_doctests() -> None:
    assert doctest.testmod(selected).failed == 0


def two_texts() -> SelectedWorlds:
    """Two texts, each with its signal point; members (20 %) come from the first text alone."""
    base = np.zeros((1, 4, 2))
    base[0, :2, 1] = 0.495
    base[0, 2:, 1] = 0.005
    world = Worlds(base, np.eye(2, dtype=bool), np.array([[2, 3, 2, 3]]), np.array([0]))
    joins = np.zeros_like(base)
    joins[0, [0, 2]] = 0.4
    return SelectedWorlds(world, joins)


def test_theorem_1_fails_for_members_who_are_not_drawn_at_random() -> None:
    """The counter-example of the module: half of the texts never see the signal with y*."""
    worlds = two_texts()
    alpha = worlds.alpha[0]
    assert alpha == pytest.approx(0.2)
    assert worlds.success()[0] == pytest.approx(0.5)
    assert worlds.population.xi[0] == pytest.approx(0.01)
    assert feature_label_bound(alpha, xi=0.01, gap=1.0) == pytest.approx(0.96)
    # With the numbers of those who did not join it fails as well ...
    rest = worlds.rest
    assert feature_label_bound(alpha, xi=rest.xi, gap=rest.gap())[0] == pytest.approx(0.96)
    # ... and what holds says nothing, or that half may be lost.
    numbers = {"xi": rest.xi, "gap": rest.gap()}
    assert worlds.ratio[0] == 0
    assert feature_label_bound_selected(alpha, ratio=worlds.ratio, **numbers)[0] == -np.inf
    assert worlds.distance[0] == pytest.approx(0.5)
    found = feature_label_bound_selected_distance(alpha, distance=worlds.distance, **numbers)
    assert found[0] == pytest.approx(0.46)


@given(SHARE, UNIT, UNIT, st.floats(0.1, 1.0))
def test_random_members_are_theorem_1(alpha: float, xi: float, gap: float, margin: float) -> None:
    numbers = {"xi": xi, "gap": gap, "margin": margin}
    expected = feature_label_bound(alpha, **numbers)
    whole = feature_label_bound_selected(alpha, ratio=1.0, **numbers)
    assert whole == pytest.approx(expected, abs=1e-9, rel=1e-9)
    assert feature_label_bound_selected_distance(alpha, distance=0.0, **numbers) == expected


@given(
    st.floats(1e-4, 1.0), UNIT, st.floats(0.01, 1.0), st.floats(0.0, 0.4),
    st.sampled_from(VALID), st.floats(0.0, 0.99),
)  # fmt: skip
def test_the_bound_at_its_critical_mass(
    xi: float, gap: float, ratio: float, epsilon: float, closeness: Closeness, success: float
) -> None:
    numbers = {"xi": xi, "gap": gap, "ratio": ratio, "epsilon": epsilon, "closeness": closeness}
    share = critical_mass_selected(success, **numbers)
    if np.isinf(share):
        assert feature_label_bound_selected(1.0, **numbers) < success
    elif share > 1e-6:
        assert feature_label_bound_selected(share, **numbers) == pytest.approx(success, abs=1e-6)


def test_critical_masses_in_closed_form() -> None:
    assert critical_mass_selected(0.9, xi=0.01, gap=1.0, ratio=0.25) == pytest.approx(0.01 / 0.035)
    assert critical_mass_selected(0.9, xi=0.01, gap=1.0, ratio=1.0) == pytest.approx(
        critical_mass(0.9, xi=0.01, gap=1.0)
    )
    assert critical_mass_selected(0.9, xi=0.01, gap=1.0, ratio=0.0) == np.inf


def test_ratios() -> None:
    base = [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]
    members = [[0.5, 0.5, 0.0], [0.4, 0.6, 0.0]]
    assert membership_ratio(members, base).tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="members must sum to 1"):
        membership_ratio([0.5, 0.4], [0.5, 0.5])
    with pytest.raises(ValueError, match="ratio must be in"):
        feature_label_bound_selected(0.1, xi=0.1, gap=1.0, ratio=1.1)
    with pytest.raises(ValueError, match="distance must be in"):
        feature_label_bound_selected_distance(0.1, xi=0.1, gap=1.0, distance=-0.1)
