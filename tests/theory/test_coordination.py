"""Coordination noise as formulas; on worlds it is tried in ``tests.validation``."""

import doctest

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gigsim.theory import coordination
from gigsim.theory.coordination import (
    acting_share,
    break_even_noise,
    coordination_bound,
    coordination_critical_mass,
    noise_bound,
)
from gigsim.theory.planting import feature_label_bound
from gigsim.theory.worlds import random_worlds

shares = st.floats(0.0, 1.0)


def test_doctests() -> None:
    assert doctest.testmod(coordination).failed == 0


def test_the_formula_as_it_is_derived() -> None:
    """S ≥ 1 − (1−α)Δξ/(α(1−2η)), and α → α(1−η) for those who do nothing."""
    bound = coordination_bound(0.2, xi=0.05, gap=0.5, wrong=0.1)
    assert bound == pytest.approx(1 - 0.8 * 0.025 / (0.2 * 0.8))
    idle = coordination_bound(0.2, xi=0.05, gap=0.5, abstaining=0.3)
    assert idle == pytest.approx(float(feature_label_bound(0.14, xi=0.05, gap=0.5)))
    for wrong in (0.5, 0.7):
        assert coordination_bound(0.2, xi=0.05, gap=0.5, wrong=wrong) == -np.inf


def test_who_abstains_is_not_there() -> None:
    worlds = random_worlds(np.random.default_rng(0), 300)
    acting = acting_share(0.4, 0.25)
    law = 0.4 * (0.75 * worlds.planted() + 0.25 * worlds.base) + 0.6 * worlds.base
    np.testing.assert_allclose(law, worlds.law(acting), atol=1e-15)


@given(shares, shares, st.floats(0.0, 0.95), st.floats(0.0, 0.45), st.floats(0.0, 0.99))
def test_the_critical_mass_is_where_the_bound_gets_there(
    xi: float, gap: float, abstaining: float, wrong: float, success: float
) -> None:
    noise = {"abstaining": abstaining, "wrong": wrong}
    share = float(coordination_critical_mass(success, xi=xi, gap=gap, **noise))
    if share == np.inf:
        assert coordination_bound(1.0, xi=xi, gap=gap, **noise) <= success + 1e-9
    elif share > 1e-9:
        assert coordination_bound(share, xi=xi, gap=gap, **noise) == pytest.approx(
            success, abs=1e-6
        )
    assert coordination_critical_mass(success, xi=0.1, gap=1, abstaining=1.0) == np.inf
    assert coordination_critical_mass(success, xi=0.1, gap=1, wrong=0.5) == np.inf


@given(
    st.floats(0.0, 0.3),
    st.floats(1.1, 3.0),
    st.floats(1.5, 8.0),
    st.sampled_from(["wrong", "abstain"]),
    st.floats(0.001, 0.999),
)
def test_more_members_with_more_noise_break_even_where_it_says(
    alpha: float, size: float, noise: float, kind: str, part: float
) -> None:
    assume(alpha > 1e-6 and alpha * size < 0.99)
    even = float(break_even_noise(alpha, size=size, noise=noise, kind=kind))
    limit = 1.0 if kind == "abstain" else 0.5
    # Beyond it the larger one's noise leaves nothing to compare.
    highest = limit / noise

    def promise(share: float, rate: float) -> float:
        name = "abstaining" if kind == "abstain" else "wrong"
        return float(coordination_bound(share, xi=0.01, gap=1.0, **{name: rate}))

    for rate, larger_wins in ((even * part, True), (even + (highest - even) * part, False)):
        assume(abs(rate - even) > 1e-6 and rate < highest)
        assert (promise(size * alpha, noise * rate) > promise(alpha, rate)) == larger_wins


def test_twice_the_size_with_four_times_the_noise() -> None:
    """Worse above 1/14 for a small collective with wrong labels, above 1/7 for idle members."""
    assert break_even_noise(1e-12) == pytest.approx(1 / 14)
    assert break_even_noise([0.1, 0.2], kind="abstain").tolist() == pytest.approx([1 / 7] * 2)
    # With α(1−2η)/(1−α) against 2α(1−8η)/(1−2α) by hand: 1/(14 − 12α).
    alpha = np.linspace(0, 0.45, 10)
    np.testing.assert_allclose(break_even_noise(alpha), 1 / (14 - 12 * alpha))


@given(st.floats(0.01, 1.0), shares, st.floats(0.0, 0.99))
def test_noise_that_clashes_with_nothing_is_an_absence(
    alpha: float, kappa: float, noise: float
) -> None:
    found = noise_bound(alpha, kappa=kappa, noise=noise, conflict=0.0)
    lost = alpha * (1 - noise)
    assert found == pytest.approx(1 - (1 - alpha) * kappa / lost, rel=1e-9)
    # It even takes base mass away with it: those who abstain leave theirs.
    assert found >= coordination_bound(alpha, xi=kappa, gap=1.0, abstaining=noise) - 1e-9


def test_no_size_makes_up_for_noise_on_the_worst_texts() -> None:
    assert noise_bound(1.0, kappa=0.3, noise=0.2) == pytest.approx(1 - 0.2 / 0.8)


def test_what_is_out_of_range_is_refused() -> None:
    for wrong in ({"size": 1.0}, {"noise": 1.0}, {"size": 20.0}):
        with pytest.raises(ValueError, match="size"):
            break_even_noise(0.1, **wrong)
    with pytest.raises(ValueError, match="kind"):
        break_even_noise(0.1, kind="asleep")
    with pytest.raises(ValueError, match="abstaining"):
        coordination_bound(0.1, xi=0.1, gap=1.0, abstaining=1.5)
