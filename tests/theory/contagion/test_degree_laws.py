"""Laws of degrees: their means and known shapes, and the networks that have them."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy import stats

from gigsim.society import network_models
from gigsim.theory.contagion import degree_laws
from gigsim.theory.contagion.degree_laws import (
    degree_law,
    mean_degree,
    observed_degrees,
    poisson_degrees,
    power_law_degrees,
    regular_degrees,
    scale_free_degrees,
)


def test_examples_run() -> None:
    assert doctest.testmod(degree_laws).failed == 0


@pytest.mark.parametrize("mean", [0.01, 1.0, 5.765, 30.0, 1000.0])
def test_poisson(mean: float) -> None:
    law = poisson_degrees(mean)
    assert np.allclose(law, stats.poisson.pmf(np.arange(len(law)), mean), atol=1e-14)
    assert mean_degree(law) == pytest.approx(mean, rel=1e-12)


def test_the_degrees_of_a_random_network_are_this_law() -> None:
    drawn = observed_degrees(network_models.random(50_000, 4.0, seed=1).degrees())
    law = poisson_degrees(4.0)
    both = np.zeros((2, max(len(drawn), len(law))))
    both[0, : len(drawn)], both[1, : len(law)] = drawn, law
    error = np.sqrt(both[1] * (1 - both[1]) / 50_000)
    assert np.all(np.abs(both[0] - both[1]) <= 4 * error + 4 / 50_000)


def test_regular_and_power_laws() -> None:
    assert mean_degree(regular_degrees(4)) == 4.0
    law = power_law_degrees(2.5, 2, 1000)
    assert law[:2].tolist() == [0.0, 0.0]
    assert law[20] / law[2] == pytest.approx(10.0**-2.5)
    assert law.sum() == pytest.approx(1.0)
    grown = scale_free_degrees(5, 100_000)
    assert mean_degree(grown) == pytest.approx(10.0, rel=1e-3)
    assert grown[5] == pytest.approx(2 / 7, rel=1e-6)


@pytest.mark.parametrize("shares", [[1.0], [0.5, 0.6], [-0.1, 1.1], [np.nan, 1.0], [[0.5, 0.5]]])
def test_what_is_no_law_is_refused(shares: list[float]) -> None:
    with pytest.raises(ValueError, match=r"degrees is shares|has a tie"):
        degree_law(shares)


def test_senseless_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="mean"):
        poisson_degrees(0.0)
    with pytest.raises(ValueError, match="degree must be"):
        regular_degrees(0)
    with pytest.raises(ValueError, match="lowest"):
        power_law_degrees(2.0, 3, 2)
    with pytest.raises(ValueError, match="ties"):
        scale_free_degrees(5, 4)
