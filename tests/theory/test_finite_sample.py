import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from gigsim.theory import finite_sample
from gigsim.theory.feature_only import flip_point_any
from gigsim.theory.finite_sample import (
    finite_sample_success,
    finite_sample_success_feature_only,
)
from gigsim.theory.planting import flip_point, staircase


def test_doctests() -> None:
    assert doctest.testmod(finite_sample).failed == 0


def test_one_participant_is_enough_for_a_signal_that_nobody_carries() -> None:
    curve = finite_sample_success([0.0, 1 / 2000], [1.0, 0.3, -0.2], population=2000, xi=0.0)
    np.testing.assert_allclose(curve.mean, [1 / 3, 1.0], rtol=1e-15)
    np.testing.assert_allclose(curve.sd, 0.0, atol=1e-15)


def test_everybody_planting_always_succeeds() -> None:
    curve = finite_sample_success(1.0, [1.0, 0.3], population=50, xi=0.9)
    assert curve == (1.0, 0.0)


def test_a_share_too_small_for_any_carrier_is_none() -> None:
    curve = finite_sample_success(0.01, [1.0], population=100, xi=2.2250738585072014e-308)
    assert curve == (1.0, 0.0)


def test_a_tie_is_a_failure() -> None:
    """With xi = 1 all others carry the signal: m = K d exactly at d = 1 and one half of N."""
    deficits = [1.0, 0.999]
    assert finite_sample_success(0.5, deficits, population=100, xi=1.0).mean == 0.5
    assert finite_sample_success(0.51, deficits, population=100, xi=1.0).mean == 1.0


def test_nobody_planting_leaves_the_base_classifier() -> None:
    deficits = [-0.5, -0.1, 0.0, 0.4]
    for xi in (0.0, 0.01, 1.0):
        assert finite_sample_success(0.0, deficits, population=10, xi=xi) == (0.5, 0.0)


@given(
    st.integers(1, 60),
    st.just(0.0) | st.floats(1e-200, 1.0),
    st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=8),
    st.floats(0.0, 1.0),
)
def test_equals_the_sum_over_all_carriers(
    population: int, xi: float, deficits: list[float], alpha: float
) -> None:
    """The definition, written out; texts within rounding of a tie are left out of the test."""
    planted = round(alpha * population)
    carriers = np.arange(population - planted + 1)
    mass = binom.pmf(carriers, population - planted, xi)
    distance = np.abs(planted - np.multiply.outer(deficits, carriers))
    d = np.array(deficits)[~np.any((distance > 0) & (distance < 1e-9), axis=1)]
    if d.size == 0:
        return
    won = (np.multiply.outer(d, carriers) < planted).mean(axis=0)
    if planted == 0:
        won = np.full(len(carriers), (d < 0).mean())
    curve = finite_sample_success(alpha, d, population=population, xi=xi)
    mean = mass @ won
    assert curve.mean == pytest.approx(mean, abs=1e-9)
    assert curve.sd == pytest.approx(np.sqrt(mass @ (won - mean) ** 2), abs=1e-6)


def test_matches_simulated_populations() -> None:
    """Resumes are drawn, carriers flagged one by one, and each text classified from the counts.

    The text learner knows P0(Y|x); the planted rows say y*, the carriers say P0(Y|x).
    """
    rng = np.random.default_rng(20)
    population, xi, texts, worlds = 400, 0.02, 300, 4000
    marginals = rng.dirichlet([0.3, 0.3, 0.3, 0.6], size=texts)
    target = 1
    others = np.delete(marginals, target, axis=1).max(axis=1)
    alphas = np.array([1, 3, 6, 10]) / population
    curve = finite_sample_success(
        alphas, others - marginals[:, target], population=population, xi=xi
    )
    for i, m in enumerate((1, 3, 6, 10)):
        carries = rng.random((worlds, population)) < xi
        carries[:, :m] = False
        k = carries.sum(axis=1)[:, None]
        share = (m + k * marginals[:, target] > k * others).mean(axis=1)
        standard_error = share.std(ddof=1) / np.sqrt(worlds)
        assert abs(share.mean() - curve.mean[i]) < 4 * standard_error
        # The sd of an sd: delta method with the sample's own fourth moment.
        squared = (share - share.mean()) ** 2
        of_sd = squared.std(ddof=1) / np.sqrt(worlds) / (2 * curve.sd[i])
        assert abs(share.std(ddof=1) - curve.sd[i]) < 4 * of_sd


def test_becomes_the_staircase_as_the_population_grows() -> None:
    rng = np.random.default_rng(21)
    deficits = rng.uniform(-0.5, 1.0, size=2000)
    xi = 0.01
    alphas = np.linspace(0.001, 0.02, 20)
    limit = staircase(alphas, None, flip_point(xi, deficits))
    errors = []
    for population in (2_000, 200_000, 20_000_000):
        curve = finite_sample_success(alphas, deficits, population=population, xi=xi)
        errors.append(np.abs(curve.mean - limit).max())
    assert errors[0] > 0.02
    # K/N is normal with sd of order N^-1/2, and F(m/K) is Lipschitz for uniform d: a hundred times
    # the population is a tenth of the error, down to the steps of the sample of texts (1/2000).
    assert errors[1] < errors[0] / 5
    assert errors[2] < 2 / 2000
    assert curve.sd.max() < 2e-3


@given(st.floats(0.0, 0.3), st.integers(50, 3000))
def test_more_members_never_hurt(xi: float, population: int) -> None:
    alphas = np.arange(0, 40) / population
    curve = finite_sample_success(
        np.minimum(alphas, 1), np.linspace(-0.2, 1, 50), population=population, xi=xi
    )
    assert np.all(np.diff(curve.mean) >= -1e-12)
    assert np.all((curve.mean >= 0) & (curve.mean <= 1))


def test_shapes_follow_alpha() -> None:
    curve = finite_sample_success(np.full((2, 3), 0.1), [0.5], population=100, xi=0.1)
    assert curve.mean.shape == curve.sd.shape == (2, 3)
    assert isinstance(finite_sample_success(0.1, [0.5], population=100, xi=0.1).mean, float)


def test_refuses_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="population"):
        finite_sample_success(0.1, [0.5], population=0, xi=0.1)
    for deficits in ([], [float("nan")], [[0.1]]):
        with pytest.raises(ValueError, match="deficits"):
            finite_sample_success(0.1, deficits, population=10, xi=0.1)
    with pytest.raises(ValueError, match="xi"):
        finite_sample_success(0.1, [0.5], population=10, xi=1.5)


@pytest.mark.parametrize("evasive", [False, True])
def test_feature_only_matches_simulated_populations(evasive: bool) -> None:
    """Rows are drawn one by one: who is a member, has the target, carries the signal by himself.

    The learner counts the rows with the signal by whether they have the target, and corrects the
    odds of each text that P0 gives.
    """
    rng = np.random.default_rng(22)
    population, xi, b, worlds = 1000, 0.02, 0.2, 4000
    own = rng.beta(0.3, 1.2, size=300)
    for m in (4, 20, 60):
        has = rng.random((worlds, population)) < b
        carries = rng.random((worlds, population)) < xi
        carries[:, :m] = has[:, :m] | (carries[:, :m] & (not evasive))
        n1, n0 = (carries & has).sum(axis=1)[:, None], (carries & ~has).sum(axis=1)[:, None]
        wins = own * n1 / b > (1 - own) * n0 / (1 - b)
        share = np.where(n1 + n0 > 0, wins, own > 0.5).mean(axis=1)
        curve = finite_sample_success_feature_only(
            m / population, own, population=population, xi=xi, base_rate=b, evasive=evasive
        )
        assert abs(share.mean() - curve.mean) < 4 * share.std(ddof=1) / np.sqrt(worlds)
        squared = (share - share.mean()) ** 2
        of_sd = squared.std(ddof=1) / np.sqrt(worlds) / (2 * curve.sd)
        assert abs(share.std(ddof=1) - curve.sd) < 4 * of_sd


@pytest.mark.parametrize("evasive", [False, True])
def test_feature_only_becomes_the_staircase_as_the_population_grows(evasive: bool) -> None:
    rng = np.random.default_rng(23)
    own = rng.uniform(0.02, 0.6, size=2000)
    alphas = np.linspace(0.005, 0.3, 12)
    limit = staircase(alphas, None, flip_point_any(0.01, own, evasive=evasive))
    errors = []
    for population in (2_000, 200_000, 20_000_000):
        curve = finite_sample_success_feature_only(
            alphas, own, population=population, xi=0.01, base_rate=0.15, evasive=evasive
        )
        errors.append(np.abs(curve.mean - limit).max())
    assert errors[1] < errors[0] / 5
    assert errors[2] < 2 / 2000


def test_feature_only_at_the_edges() -> None:
    own = [0.1, 0.5, 0.7, 0.9]
    for xi in (0.0, 0.01, 1.0):
        curve = finite_sample_success_feature_only(
            [0.0, 0.0], own, population=50, xi=xi, base_rate=0.3
        )
        assert curve.mean.tolist() == [0.5, 0.5]
        assert curve.sd.tolist() == [0.0, 0.0]
    # Everybody plants and who evades leaves: only rows with the target carry the signal.
    full = finite_sample_success_feature_only(
        1.0, own, population=5000, xi=0.5, base_rate=0.3, evasive=True
    )
    assert full == (1.0, 0.0)
    for rate in (0.0, 1.0):
        with pytest.raises(ValueError, match="base_rate"):
            finite_sample_success_feature_only(0.1, own, population=50, xi=0.1, base_rate=rate)
    with pytest.raises(ValueError, match="population"):
        finite_sample_success_feature_only(0.1, own, population=0, xi=0.1, base_rate=0.3)
    with pytest.raises(ValueError, match="n > 0 texts"):
        finite_sample_success_feature_only(0.1, [], population=9, xi=0.1, base_rate=0.3)


def test_binning_many_values_changes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    own = np.random.default_rng(24).beta(0.3, 1.2, size=500)
    numbers = {"population": 50_000, "xi": 0.01, "base_rate": 0.2}
    coarse = finite_sample_success_feature_only([0.01, 0.05], own, **numbers)
    monkeypatch.setattr(finite_sample, "_MOST_BINS", 10**6)
    exact = finite_sample_success_feature_only([0.01, 0.05], own, **numbers)
    np.testing.assert_allclose(coarse.mean, exact.mean, atol=2e-4)
    np.testing.assert_allclose(coarse.sd, exact.sd, atol=2e-4)
