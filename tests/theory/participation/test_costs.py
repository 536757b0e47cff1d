"""Laws of costs: quantile and distribution undo each other, and they are the config's."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.society import distributions as config
from gigsim.theory.participation import costs as module
from gigsim.theory.participation.costs import (
    Costs,
    IdenticalCosts,
    LogisticCosts,
    LogNormalCosts,
    NormalCosts,
    SampleCosts,
    UniformCosts,
    cost_law,
)
from tests.theory.participation.societies import costs

LAWS = [
    config.Constant(value=0.3),
    config.Uniform(low=-0.5, high=2.0),
    config.Normal(mean=0.2, sd=0.7),
    config.LogNormal(median=0.4, sigma=0.9),
]


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
def test_the_config_has_the_same_laws(law) -> None:  # type: ignore[no-untyped-def]
    mine = cost_law(**law.model_dump())
    x, u = np.linspace(-1, 3, 101), np.linspace(0.001, 0.999, 57)
    np.testing.assert_allclose(mine.cdf(x), law.cdf(x), rtol=1e-14, atol=1e-300)
    np.testing.assert_allclose(mine.quantile(u), law.quantile(u), rtol=1e-14)


@settings(max_examples=60)
@given(costs, st.floats(1e-6, 1.0), st.floats(-1.0, 3.0))
def test_at_most_x_are_as_many_as_the_quantile_says(law: Costs, u: float, x: float) -> None:
    """F(x) ≥ u iff x ≥ Q(u), but for rounding of smooth laws."""
    price, share = float(law.quantile(u)), float(law.cdf(x))
    if isinstance(law, (IdenticalCosts, SampleCosts)):
        assert (share >= u) == (x >= price)
    elif x > price + 1e-9:
        assert share >= u - 1e-12
    elif x < price - 1e-9:
        assert share <= u + 1e-12


@settings(max_examples=40)
@given(costs)
def test_the_law_rises_and_its_jumps_are_known(law: Costs) -> None:
    x = np.linspace(-2, 4, 301)
    shares = law.cdf(x)
    assert np.all(np.diff(shares) >= 0)
    assert np.all((shares >= 0) & (shares <= 1))
    assert law.quantile(0.0) == -np.inf
    for level in law.levels:
        assert law.quantile(np.nextafter(level, 1.0)) > law.quantile(level)


def test_ties_in_a_sample_are_one_step() -> None:
    law = SampleCosts(np.array([2.0, 1.0, 1.0, 3.0]))
    assert law.levels.tolist() == [0.5, 0.75]
    assert law.quantile([0.25, 0.5, 0.6, 1.0]).tolist() == [1.0, 1.0, 2.0, 3.0]


def test_logistic_costs_are_the_logit_rule() -> None:
    law = LogisticCosts(0.5, 4.0)
    assert float(law.cdf(0.7)) == pytest.approx(1 / (1 + np.exp(-4 * 0.2)))
    assert float(law.quantile(float(law.cdf(0.7)))) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: UniformCosts(1.0, 1.0), "above low"),
        (lambda: NormalCosts(0.0, 0.0), "sd"),
        (lambda: LogNormalCosts(0.0, 1.0), "median"),
        (lambda: LogisticCosts(0.0, -1.0), "precision"),
        (lambda: IdenticalCosts(np.nan), "cost"),
        (lambda: SampleCosts(np.array([])), "at least one"),
        (lambda: SampleCosts(np.array([1.0, np.inf])), "finite"),
        (lambda: cost_law("table", path="costs.csv"), "kind is one of"),
        (lambda: cost_law("normal", mean=0.0), "normal takes mean, sd"),
    ],
)
def test_what_is_refused(make, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=said):
        make()
