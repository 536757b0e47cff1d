from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.society.beliefs import Expectation, published, theory
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
