"""Free riding and goods with a threshold: known answers and their equations."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from gigsim.theory.participation import public_goods as module
from gigsim.theory.participation.public_goods import (
    assured_good,
    olson_parameter,
    public_good_share,
    threshold_good,
    volunteers,
)
from gigsim.theory.planting import feature_label_bound


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


def test_the_public_good_v30() -> None:
    """κ = 10⁻³, c/b = .01, N = 25,000: .002; quadruple N and it halves, to nothing at the foot."""

    def share(population: float) -> float:
        return float(public_good_share(0.01, kappa=1e-3, population=population, continuous=True))

    assert share(25_000) == pytest.approx(0.002, rel=1e-12)
    assert share(100_000) == pytest.approx(0.001, rel=1e-12)
    # κ/(1+κ) = .000999: the next ones are under it.
    assert share(100_300) == 0.0
    assert share(400_000) == 0.0


@settings(max_examples=40)
@given(st.floats(1e-4, 0.1), st.floats(1e-3, 0.3), st.integers(10, 10**6))
def test_where_they_stop_one_more_adds_the_cost(kappa: float, ratio: float, people: int) -> None:
    share = float(public_good_share(ratio, kappa=kappa, population=people))
    if 0 < share < 1 - 1 / people:
        gain = feature_label_bound(share + 1 / people, xi=kappa, gap=1.0) - feature_label_bound(
            share, xi=kappa, gap=1.0
        )
        assert float(gain) == pytest.approx(ratio, rel=1e-6)
    close = float(public_good_share(ratio, kappa=kappa, population=people, continuous=True))
    if share > 0 and close < 1:
        assert share <= close <= share + 0.5 / people + 1e-12


def test_olsons_parameter_decides() -> None:
    """At the foot one more adds about b/(κN): with κN well under b/c people go on beyond it."""
    kappa, ratio = 1e-3, 0.01
    for population in (2_000, 25_000, 90_000, 120_000, 10**6):
        goes_on = public_good_share(ratio, kappa=kappa, population=population) > 0
        assert goes_on == (float(olson_parameter(kappa, population)) < 0.99 / ratio)


@settings(max_examples=60)
@given(st.floats(0.001, 0.9), st.integers(2, 200), st.data())
def test_palfrey_and_rosenthal(ratio: float, players: int, data: st.DataObject) -> None:
    needed = data.draw(st.integers(1, players))
    low, high = threshold_good(ratio, players=players, needed=needed)
    best = (needed - 1) / (players - 1)
    top = float(binom.pmf(needed - 1, players - 1, best))
    if top < ratio * (1 - 1e-9):
        assert np.isnan([low, high]).all()
        return
    for root in (low, high):
        if not np.isnan(root):
            pivotal = float(binom.pmf(needed - 1, players - 1, root))
            assert pivotal == pytest.approx(ratio, rel=1e-8)
    assert np.isnan(low) == (needed == 1)
    assert np.isnan(high) == (needed == players)
    if not np.isnan(low + high):
        assert low <= best <= high


@settings(max_examples=60)
@given(st.floats(0.001, 0.99), st.integers(2, 200), st.data())
def test_assurance(ratio: float, players: int, data: st.DataObject) -> None:
    needed = data.draw(st.integers(1, players))
    root = assured_good(ratio, players=players, needed=needed)
    if needed == players:
        assert root == 1.0
        return
    least = float(binom.sf(needed - 2, players - 1, root))
    assert float(binom.pmf(needed - 1, players - 1, root)) == pytest.approx(ratio * least, rel=1e-8)
    # With the refund more take part than without it, and there is always a way to begin.
    without = threshold_good(ratio, players=players, needed=needed).stable
    assert np.isnan(without) or root >= without - 1e-9


def test_volunteers_v42() -> None:
    found = volunteers(0.5, players=np.array([2, 5, 10, 100]))
    assert found.contributes.tolist() == pytest.approx([0.5, 0.1591, 0.0741, 0.00698], abs=5e-5)
    assert found.nobody.tolist() == pytest.approx([0.25, 0.4204, 0.4629, 0.4965], abs=5e-5)
    for players in (2, 5, 10, 100):
        root = threshold_good(0.5, players=players, needed=1).stable
        assert root == pytest.approx(float(volunteers(0.5, players=players).contributes))
        assert root == pytest.approx(assured_good(0.5, players=players, needed=1))
    assert float(volunteers(0.3, players=10**6).nobody) == pytest.approx(0.3, rel=1e-5)
    assert volunteers([0.0, 1.0], players=3).contributes.tolist() == [1.0, 0.0]


def test_a_million_players() -> None:
    low, high = threshold_good(1e-4, players=10**6, needed=1000)
    assert low < 999 / 999_999 < high
    assert assured_good(0.01, players=10**6, needed=1000) > 1e-3


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="ratio"):
        threshold_good(1.0, players=5, needed=2)
    with pytest.raises(ValueError, match="needed"):
        threshold_good(0.5, players=5, needed=6)
    with pytest.raises(ValueError, match="players"):
        assured_good(0.5, players=1, needed=1)
    with pytest.raises(ValueError, match="players"):
        volunteers(0.5, players=1)
    with pytest.raises(ValueError, match="population"):
        public_good_share(0.1, kappa=0.1, population=0)


@pytest.mark.parametrize("ratio", [1e-17, 1e-300])
def test_a_good_that_costs_next_to_nothing_is_given(ratio: float) -> None:
    """No number lies between the root and 1: the search for it ends all the same."""
    assert threshold_good(ratio, players=10, needed=9).stable == pytest.approx(1.0)
    assert assured_good(ratio, players=10, needed=9) == pytest.approx(1.0)
