"""Laws of thresholds: the same numbers as the config's laws, and argument checks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.society.distributions import Constant, Normal, Uniform
from gigsim.theory.contagion.threshold_laws import (
    ThresholdLaw,
    fixed_threshold,
    normal_thresholds,
    sample_thresholds,
    uniform_thresholds,
)

_REAL = st.floats(-2, 2)


@given(_REAL, st.floats(0.01, 2), st.lists(_REAL, min_size=1))
def test_they_are_the_laws_of_the_config(place: float, width: float, shares: list[float]) -> None:
    r = np.array(shares)
    pairs: list[tuple[ThresholdLaw, Constant | Uniform | Normal]] = [
        (fixed_threshold(place), Constant(value=place)),
        (uniform_thresholds(place, place + width), Uniform(low=place, high=place + width)),
        (normal_thresholds(place, width), Normal(mean=place, sd=width)),
    ]
    for law, config in pairs:
        assert np.array_equal(law(r), config.cdf(r))


@given(st.lists(_REAL, min_size=1), _REAL)
def test_a_sample_is_counted(values: list[float], share: float) -> None:
    assert float(sample_thresholds(values)(np.array(share))) == np.mean(np.array(values) <= share)


def test_senseless_laws_are_refused() -> None:
    with pytest.raises(ValueError, match="high must be above low"):
        uniform_thresholds(0.5, 0.5)
    with pytest.raises(ValueError, match="sd must be"):
        normal_thresholds(0.5, 0.0)
    with pytest.raises(ValueError, match="at least one threshold"):
        sample_thresholds([])
    with pytest.raises(ValueError, match="all of them numbers"):
        sample_thresholds([0.1, np.nan])
