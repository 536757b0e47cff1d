import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import gaps


def test_doctests() -> None:
    assert doctest.testmod(gaps).failed == 0


def test_unit_interval_forgives_rounding_only() -> None:
    assert gaps.unit_interval("m", [1 + 1e-12, -1e-12]).tolist() == [1.0, 0.0]
    for wrong in (1.001, -0.001, float("nan")):
        with pytest.raises(ValueError, match=r"m must be in \[0, 1\]"):
            gaps.unit_interval("m", wrong)


def test_top1_compares_with_the_best_other_label() -> None:
    marginals = np.array([[0.5, 0.3, 0.9], [0.2, 0.8, 0.1]])
    np.testing.assert_allclose(gaps.deficit_top1(marginals, 1), [0.6, -0.6])
    assert gaps.gap_top1(marginals, 1) == pytest.approx(0.6)
    assert gaps.gap_top1(marginals[1:], 1) == 0.0
    with pytest.raises(ValueError, match="a column of them"):
        gaps.deficit_top1(marginals, 3)


def test_gap_any_is_zero_when_the_target_is_always_predicted() -> None:
    assert gaps.gap_any([0.5, 0.7, 1.0]) == 0.0
    assert gaps.gap_any([0.0]) == 1.0


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.5))
def test_floors_of_a_label_channel_bound_every_gap(seed: int, rho: float) -> None:
    """P0(Y|x) = (1−ρ) q(Y|x) + ρ π(Y), whatever q is."""
    rng = np.random.default_rng(seed)
    sets = rng.random((7, 4)) < 0.4
    prior = rng.dirichlet(np.ones(7))
    posterior = (1 - rho) * rng.dirichlet(np.full(7, 0.1), size=50) + rho * prior
    marginals, base = posterior @ sets, prior @ sets
    floor = rho * base[0]
    ceiling = 1 - rho + rho * base[1:].max()
    assert gaps.gap_any(marginals[:, 0]) <= gaps.gap_any_from_floor(floor) + 1e-12
    assert gaps.gap_top1(marginals, 0) <= gaps.gap_top1_from_floor(floor, ceiling) + 1e-12
