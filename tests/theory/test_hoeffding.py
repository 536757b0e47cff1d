"""Hoeffding's inequality and what is counted with it."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from gigsim.theory import hoeffding
from gigsim.theory.hoeffding import certified, deviation, shared_risk, sizes


def test_doctests() -> None:
    assert doctest.testmod(hoeffding).failed == 0


@given(st.floats(1e-6, 1.0), st.integers(1, 2000), st.floats(0.0, 1.0, allow_subnormal=False))
def test_a_frequency_deviates_no_more_often(delta: float, n: int, p: float) -> None:
    reach = float(deviation(delta, n))
    # P{count >= n(p + R)}, by the binomial law itself.
    exceeding = binom.sf(np.ceil(n * (p + reach) - 1e-9) - 1, n, p)
    assert exceeding <= delta * (1 + 1e-9)


def test_deviation_in_numbers() -> None:
    np.testing.assert_allclose(deviation(np.exp(-2), [1, 4, 100]), [1.0, 0.5, 0.1])
    assert deviation(1.0, 5) == 0
    assert deviation(0.05, 0) == np.inf
    for wrong in ((0.0, 5), (1.1, 5), (0.05, -1), (0.05, float("nan"))):
        with pytest.raises(ValueError, match=r"delta|n must be"):
            deviation(*wrong)


@pytest.mark.parametrize(
    ("per_point", "events"), [(2, 2 + 2 * 3 + 2 * 3 * 5), (3, 2 + 3 * 5 + 2 * 3 + 2 * 3 * 5)]
)
def test_the_risk_is_shared_by_as_many_events_as_the_theorems_have(
    per_point: int, events: int
) -> None:
    """2 + 2|X*| + 2|X*||Y|, and with |X||Y| more."""
    each = shared_risk(0.05, points=np.array(3.0), labels=5, per_point=per_point)
    assert each == pytest.approx(0.05 / events)
    with pytest.raises(ValueError, match="labels"):
        shared_risk(0.05, points=np.array(3.0), labels=1, per_point=2)


def test_nobody_deviates_where_there_is_nobody() -> None:
    everybody, nobody = np.array(100.0), np.array(0.0)
    text = {"push": np.array([0.9]), "deficits": np.array([0.5]), "each": np.array(0.1)}
    total = np.array(100.0)
    assert certified(everybody, total, judges=everybody, **text).tolist() == [True]
    assert certified(nobody, total, judges=nobody, **text).tolist() == [False]


def test_members_are_whole_people() -> None:
    members, total = sizes([0.0, 0.004, 0.006, 1.0], 100)
    assert members.tolist() == [0, 0, 1, 100]
    assert total.tolist() == [100] * 4
    with pytest.raises(ValueError, match="population"):
        sizes(0.1, 0)
