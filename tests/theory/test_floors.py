"""Floors of P0(y*|x) from samples: coverage in repeated samples, and the best of all quantiles."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gigsim.theory import floors
from gigsim.theory.feature_only import feature_only_bound_quantile, flip_point_any
from gigsim.theory.floors import feature_only_bound_profile, floor_quantile
from gigsim.theory.planting import staircase


def test_examples_run() -> None:
    assert doctest.testmod(floors).failed == 0


def test_a_floor_covers_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    runs, q, level = 2000, 0.1, 0.9
    got = np.array([floor_quantile(row, q, level) for row in generator.random((runs, 120))])
    allowed = 1 - level + 4 * np.sqrt(level * (1 - level) / runs)
    assert 0.05 < (got > q).mean() <= allowed


def test_a_small_sample_has_no_floor() -> None:
    assert floor_quantile(np.ones(298), 0.01) == 0.0
    assert floor_quantile(np.ones(299), 0.01) == 1.0
    assert np.copysign(1.0, floor_quantile(np.ones(1), 0.01)) == 1.0


@pytest.mark.parametrize("evasive", [False, True])
@settings(max_examples=40)
@given(
    npst.arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1)),
    st.floats(0, 1),
    st.floats(0, 0.1),
)
@example(np.array([2.02314802e-225]), 2.023148016064148e-225, 0.0)
@example(np.array([0.5]), 5e-324, 0.0)
def test_the_profile_is_the_best_of_all_quantiles(
    evasive: bool, sample: np.ndarray, alpha: float, xi: float
) -> None:
    got = float(feature_only_bound_profile(alpha, sample, xi=xi, evasive=evasive))
    reach = np.sqrt(-np.log(0.05) / (2 * sample.size))
    grid = np.concatenate([sample, np.linspace(0, 1, 21)])
    every = [
        float(
            feature_only_bound_quantile(
                alpha, p=t, q=min(1.0, (sample < t).mean() + reach), xi=xi, evasive=evasive
            )
        )
        for t in grid
    ]
    best = max(every)
    # A t between sample values is no better than the next one above; beyond the last, q is 1.
    beyond = sample.max() < grid
    assert max(v for v, out in zip(every, beyond, strict=True) if not out) == pytest.approx(got)
    assert best <= max(got, 0.0) + 1e-12


def test_the_profile_holds_in_nearly_all_samples() -> None:
    """Success of exact Bayes with a signal that goes with no text against promises from samples."""
    generator = np.random.default_rng(4)
    cells = generator.beta(0.4, 3, size=60)
    weights = generator.dirichlet(np.ones(60))
    xi, level, runs = 0.002, 0.9, 150
    alphas = np.linspace(0.005, 0.6, 40)
    for evasive in (False, True):
        exact = staircase(alphas, weights, flip_point_any(xi, cells, evasive=evasive))
        broken = informative = 0
        for _ in range(runs):
            sample = cells[generator.choice(60, p=weights, size=300)]
            promised = feature_only_bound_profile(
                alphas, sample, xi=xi, level=level, evasive=evasive
            )
            assert (np.diff(promised) >= 0).all()
            informative += promised.max() > 0.3
            broken += (exact < promised - 1e-12).any()
        assert informative == runs
        assert broken <= runs * (1 - level) + 4 * np.sqrt(runs * level * (1 - level))


@pytest.mark.parametrize("evasive", [False, True])
@pytest.mark.parametrize("xi", [0.0, 1e-5, 0.003, 0.2])
def test_many_shares_at_once_are_the_direct_maximum(evasive: bool, xi: float) -> None:
    sample = np.round(np.random.default_rng(5).beta(0.4, 3, 300), 4)
    alphas = np.concatenate([[0.0, 1e-300], np.geomspace(1e-7, 1, 238)]).reshape(4, 60)
    whole = feature_only_bound_profile(alphas, sample, xi=xi, evasive=evasive)
    below = (sample < sample[:, None]).mean(axis=1)
    every = feature_only_bound_quantile(
        alphas[..., None],
        p=sample,
        q=np.minimum(below + np.sqrt(-np.log(0.05) / 600), 1.0),
        xi=xi,
        evasive=evasive,
    )
    np.testing.assert_allclose(whole, every.max(axis=-1), rtol=1e-12, atol=1e-12)
    assert whole[0, 0] == -np.inf
    least = float(feature_only_bound_profile(5e-324, sample, xi=xi, evasive=evasive))
    assert least < 0 if xi else least > 0.5
    assert feature_only_bound_profile(0.5, np.zeros(5), xi=0.0) == -np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: floor_quantile([], 0.1), "n > 0"),
        (lambda: floor_quantile([0.5], 1.0), "q must be"),
        (lambda: floor_quantile([1.5], 0.1), "must be in"),
        (lambda: feature_only_bound_profile(0.1, [], xi=0.1), "n > 0"),
        (lambda: feature_only_bound_profile(0.1, [0.5], xi=0.1, level=0.4), "level must be"),
        (lambda: feature_only_bound_profile(0.1, [0.5], xi=1.1), "xi must be"),
    ],
)
def test_bad_numbers_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
