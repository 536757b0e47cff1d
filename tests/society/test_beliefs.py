from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.society.beliefs import (
    Expectation,
    adaptive,
    neighbours,
    nothing,
    published,
    theory,
)
from gigsim.society.network_models import small_world
from gigsim.society.networks import CompleteNetwork
from gigsim.theory.planting import feature_label_bound

share = st.floats(0, 1)


def test_a_gain_is_over_the_world_without_a_collective() -> None:
    expectation = published(success=0.7, base=0.25, clean=0.2)
    assert expectation.gain == pytest.approx(0.5)
    assert expectation.advantage == pytest.approx(0.45)


def test_a_high_level_alone_is_no_gain() -> None:
    """A target with a base rate of one half: nobody has anything from an empty collective."""
    assert published(success=0.5, base=0.5, clean=0.5).gain == 0
    assert published(success=0.4, base=0.5, clean=0.5).gain == 0
    assert published(success=0.4, base=0.5, clean=0.5).advantage == pytest.approx(-0.1)


@given(share, share, share)
def test_gains_are_shares(success: float, base: float, clean: float) -> None:
    expectation = Expectation(success, base, clean)
    assert 0 <= expectation.gain <= 1
    assert -1 <= expectation.advantage <= 1


def test_theory_promises_the_bound_over_the_base_rate() -> None:
    def bound(alpha: float) -> float:
        return float(feature_label_bound(alpha, xi=0.01, gap=1.0))

    # 1 - (1 - α)/α·ξ at α = 2 % is .51.
    expectation = theory(0.02, bound, clean=0.15)
    assert expectation.gain == pytest.approx(0.51 - 0.15)
    assert expectation.advantage == pytest.approx(expectation.gain), "nothing spills over"
    assert theory(0.5, bound, clean=0.15).success == pytest.approx(0.99)


@pytest.mark.parametrize("value", [-math.inf, -3.0, 0.0, 0.1])
def test_where_the_bound_is_vacuous_nothing_is_promised(value: float) -> None:
    expectation = theory(0.0, lambda _: value, clean=0.15)
    assert expectation == Expectation(0.15, 0.15, 0.15)
    assert expectation.gain == expectation.advantage == 0


# ---------------------------------------------------------------------------------- adaptive


@given(share, share, share, st.floats(0, 1, exclude_min=True))
def test_an_adaptive_belief_goes_part_of_the_way(
    success: float, base: float, clean: float, adaptation: float
) -> None:
    before = Expectation(0.3, 0.2, clean)
    after = adaptive(before, success, base, adaptation)
    assert after.success == pytest.approx(0.3 + adaptation * (success - 0.3))
    assert after.base == pytest.approx(0.2 + adaptation * (base - 0.2))
    assert after.clean == clean
    assert adaptive(before, success, base, 1.0) == published(success, base, clean)


@given(share, share, share)
def test_what_is_published_is_believed_in_the_end(
    success: float, base: float, delta: float
) -> None:
    """It starts at U(0), and where S stands still it forgets where it started, geometrically."""
    belief, adaptation = nothing(0.15), 0.1 + 0.9 * delta
    for _ in range(10):
        belief = adaptive(belief, success, base, adaptation)
    left = (1 - adaptation) ** 10
    assert belief.success == pytest.approx(success + left * (0.15 - success))
    assert belief.base == pytest.approx(base + left * (0.15 - base))


def test_nothing_is_expected_of_no_collective() -> None:
    assert nothing(0.15).gain == nothing(0.15).advantage == 0


# -------------------------------------------------------------------------------- neighbours


def test_only_who_knows_a_holder_knows_what_the_signal_does() -> None:
    network = small_world(12, 2, 0.0, seed=1)
    holds = np.zeros(12, dtype=bool)
    holds[[3, 4, 9]] = True
    belief = neighbours(0.8, 0.2, 0.15, network, holds)
    informed = np.isin(np.arange(12), [2, 3, 4, 5, 8, 9, 10])
    assert np.array_equal(belief.success, np.where(informed, 0.8, 0.15))
    assert np.array_equal(belief.base, np.where(informed, 0.2, 0.15))
    np.testing.assert_allclose(belief.gain, np.where(informed, 0.65, 0.0))
    np.testing.assert_allclose(belief.advantage, np.where(informed, 0.6, 0.0))


@pytest.mark.parametrize("holders", [1, 2, 7, 20])
def test_where_all_know_each_other_word_of_mouth_is_publication(holders: int) -> None:
    belief = neighbours(0.8, 0.2, 0.15, CompleteNetwork(20), np.arange(20) < holders)
    assert belief == published(0.8, 0.2, 0.15)


def test_of_a_signal_that_nobody_holds_nobody_has_heard() -> None:
    belief = neighbours(0.8, 0.2, 0.15, CompleteNetwork(20), np.zeros(20, dtype=bool))
    assert belief == nothing(0.15)


def test_a_lone_holder_whom_nobody_knows_keeps_it_to_himself() -> None:
    belief = neighbours(0.8, 0.2, 0.15, CompleteNetwork(1), np.array([True]))
    assert belief == published(0.8, 0.2, 0.15)
    apart = small_world(9, 2, 0.0, seed=1)
    heard = neighbours(0.8, 0.2, 0.15, apart, np.arange(9) == 0)
    assert np.flatnonzero(heard.gain).tolist() == [0, 1, 8]
