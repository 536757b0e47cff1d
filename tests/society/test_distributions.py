from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from gigsim.society.distributions import Constant, Distribution, LogNormal, Normal, Uniform
from gigsim.streams import Streams

centre = st.floats(-100, 100)
spread = st.floats(0.01, 100)
continuous = st.one_of(
    st.builds(lambda low, width: Uniform(low=low, high=low + width), centre, spread),
    st.builds(Normal, mean=centre, sd=spread),
    st.builds(LogNormal, median=spread, sigma=st.floats(0.01, 3)),
)
shares = st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=20).map(np.array)


@given(continuous, shares)
def test_quantile_and_cdf_are_inverses(law: Any, u: np.ndarray) -> None:
    x = law.quantile(u)
    assert x.shape == law.cdf(x).shape == u.shape
    # x is known to one part in 1e16 of the law's place, u to that over its width.
    np.testing.assert_allclose(law.cdf(x), u, atol=1e-10)
    np.testing.assert_allclose(law.quantile(law.cdf(x)), x, rtol=1e-6, atol=1e-7)


@given(continuous, shares)
def test_they_grow(law: Any, u: np.ndarray) -> None:
    grid = np.sort(u)
    assert (np.diff(law.quantile(grid)) >= 0).all()
    assert (np.diff(law.cdf(np.sort(law.quantile(grid) - 1))) >= 0).all()


@pytest.mark.parametrize(
    ("law", "reference"),
    [
        (Uniform(low=0.25, high=2.25), stats.uniform(0.25, 2.0)),
        (Normal(mean=1.5, sd=0.5), stats.norm(1.5, 0.5)),
        (LogNormal(median=2.0, sigma=0.7), stats.lognorm(0.7, scale=2.0)),
    ],
)
def test_they_are_scipys(law: Any, reference: Any) -> None:
    x = np.linspace(-1, 6, 200)
    np.testing.assert_allclose(law.cdf(x), reference.cdf(x), atol=1e-12)
    u = np.linspace(0.001, 0.999, 200)
    np.testing.assert_allclose(law.quantile(u), reference.ppf(u), rtol=1e-10)
    drawn = law.quantile(Streams(3).uniform("cost", size=20_000))
    assert stats.kstest(drawn, reference.cdf).pvalue > 1e-4


def test_a_constant_is_a_step() -> None:
    law = Constant(value=0.5)
    assert law.quantile(np.array([0.0, 0.3, 0.9])).tolist() == [0.5, 0.5, 0.5]
    assert law.cdf(np.array([0.4, 0.5, 0.6])).tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("law", [Normal(mean=0, sd=1), LogNormal(median=1, sigma=1)])
def test_a_uniform_of_exactly_zero_gives_a_number(law: Any) -> None:
    assert np.isfinite(law.quantile(np.array([0.0]))).all()


def test_nobody_is_below_zero_under_a_lognormal() -> None:
    assert LogNormal(median=1, sigma=1).cdf(np.array([-3.0, 0.0])).tolist() == [0.0, 0.0]


def test_a_person_keeps_his_rank_when_the_law_changes() -> None:
    u = Streams(1).uniform("cost", size=100)
    order = np.argsort(u)
    for law in (Uniform(low=0, high=1), Normal(mean=0, sd=1), LogNormal(median=1, sigma=1)):
        assert np.array_equal(np.argsort(law.quantile(u)), order)


@pytest.mark.parametrize(
    "table",
    [
        {"kind": "uniform", "low": 1, "high": 1},
        {"kind": "uniform", "low": 2, "high": 1},
        {"kind": "normal", "mean": 0, "sd": 0},
        {"kind": "normal", "mean": float("nan"), "sd": 1},
        {"kind": "lognormal", "median": 0, "sigma": 1},
        {"kind": "constant"},
        {"kind": "constant", "value": 1, "low": 0},
        {"kind": "gamma"},
        {"value": 1},
    ],
)
def test_what_is_no_law_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Distribution).validate_python(table)
