import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from gigsim.theory import estimates
from gigsim.theory.estimates import SignalEstimate, clopper_pearson, mean_gap, signal_estimate
from gigsim.theory.planting import feature_label_bound, foot


def test_doctests() -> None:
    assert doctest.testmod(estimates).failed == 0


def test_never_seen_among_n_is_three_over_n() -> None:
    n = np.array([100, 1000, 20000])
    upper = clopper_pearson(0, n).high
    np.testing.assert_allclose(upper, 1 - 0.05 ** (1 / n), rtol=1e-12)
    np.testing.assert_allclose(upper * n, 3, rtol=0.02)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (200, 20000)])
def test_limits_are_scipys_exact_ones(k: int, n: int) -> None:
    two = binomtest(k, n).proportion_ci(0.9, method="exact")
    np.testing.assert_allclose(clopper_pearson(k, n, 0.9, "two"), two, rtol=1e-9)
    upper = binomtest(k, n, alternative="less").proportion_ci(0.95, method="exact")
    np.testing.assert_allclose(clopper_pearson(k, n), upper, rtol=1e-9)


@pytest.mark.parametrize("n", [5, 40, 300])
def test_limits_cover_every_xi(n: int) -> None:
    k = np.arange(n + 1)
    for xi in np.linspace(0.001, 0.999, 41):
        mass = binom.pmf(k, n, xi)
        assert mass[clopper_pearson(k, n).high >= xi].sum() >= 0.95
        low, high = clopper_pearson(k, n, side="two")
        assert mass[(low <= xi) & (xi <= high)].sum() >= 0.95


def test_no_resume_looked_at_says_nothing() -> None:
    assert clopper_pearson(0, 0, side="two") == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (0.5, 5), (float("nan"), 5)])
def test_counts_must_be_counts(k: float, n: int) -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        clopper_pearson(k, n)


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan")])
def test_level_is_a_probability(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        clopper_pearson(1, 5, level)
    with pytest.raises(ValueError, match="level"):
        mean_gap([0.5], level=level)


@pytest.mark.parametrize("method", ["clt", "hoeffding"])
def test_upper_limit_of_the_mean_gap_covers(method: str) -> None:
    """Clusters of one to four identical rows; coverage within 4 s.e. of the level or above."""
    rng = np.random.default_rng(30)
    trials, level = 2000, 0.95
    covered = 0
    for _ in range(trials):
        sizes = rng.integers(1, 5, size=120)
        deficits = np.repeat(rng.uniform(-0.5, 1.0, size=120), sizes)
        result = mean_gap(deficits, np.repeat(np.arange(120), sizes), level=level, method=method)
        covered += result.upper >= 1 / 3  # E d⁺ of a uniform on [-1/2, 1]: (1/2)/(3/2)
    assert covered / trials >= level - 4 * np.sqrt(level * (1 - level) / trials)
    if method == "clt":
        # ... and not by being useless.
        assert covered / trials <= level + 4 * np.sqrt(level * (1 - level) / trials)


def test_rows_of_one_cluster_count_once() -> None:
    rng = np.random.default_rng(31)
    deficits = rng.random(200)
    alone = mean_gap(deficits)
    copied = mean_gap(np.repeat(deficits, 5), np.repeat(np.arange(200), 5))
    assert copied.mean == pytest.approx(alone.mean)
    assert copied.upper == pytest.approx(alone.upper)
    assert mean_gap(np.repeat(deficits, 5)).upper < copied.upper


def test_too_little_to_say_is_the_worst_case() -> None:
    mean, upper = mean_gap([])
    assert np.isnan(mean)
    assert upper == 1.0
    assert mean_gap([0.2]).upper == 1.0
    assert mean_gap([0.2, 0.3], np.array([7, 7])).upper == 1.0


def test_mean_gap_takes_the_positive_part_of_each() -> None:
    assert mean_gap([-1.0, 0.5]).mean == 0.25
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        mean_gap([1.5])


@given(st.floats(0.001, 0.999), st.floats(0.0, 1.0))
def test_a_known_share_has_no_band(xi: float, gap: float) -> None:
    known = signal_estimate(xi=xi, gap=gap, gap_kind="posterior")
    alphas = np.linspace(0, 1, 11)
    np.testing.assert_array_equal(known.bound(alphas), known.bound_low(alphas))
    np.testing.assert_array_equal(known.bound(alphas), feature_label_bound(alphas, xi=xi, gap=gap))
    assert known.xi_known
    assert known.critical_mass(0.0) == foot(xi=xi, gap=gap)


def test_a_signal_never_seen_has_a_band_from_one_down() -> None:
    unseen = signal_estimate(carriers=0, inputs=2000)
    assert unseen.xi == 0.0
    assert not unseen.xi_known
    assert unseen.bound([0.001, 0.1]).tolist() == [1.0, 1.0]
    assert unseen.bound(0.0) == -np.inf
    low = unseen.bound_low([0.001, 0.1])
    assert low[0] < 0 < low[1] < 1


def test_averaged_form_is_sharper_and_its_limit_weaker() -> None:
    rng = np.random.default_rng(32)
    deficits = rng.uniform(-1, 1, 500)
    for numbers in ({"xi": 0.01}, {"carriers": 20, "inputs": 2000}):
        estimate = signal_estimate(deficits=deficits, **numbers)
        assert estimate.kappa_mean == pytest.approx(0.01 * np.maximum(deficits, 0).mean())
        assert estimate.kappa_mean < estimate.kappa_mean_upper < estimate.xi_upper
        assert estimate.bound(0.02) < estimate.bound_averaged_low(0.02)
        assert estimate.bound_averaged_low(0.02) < estimate.bound_averaged(0.02)


def test_kappa_limit_holds_jointly_when_both_parts_are_estimated() -> None:
    rng = np.random.default_rng(33)
    trials, xi, covered = 1000, 0.05, 0
    for _ in range(trials):
        estimate = signal_estimate(
            carriers=int(rng.binomial(300, xi)), inputs=300, deficits=rng.random(60)
        )
        covered += estimate.kappa_mean_upper >= xi * 0.5
    assert covered / trials >= 0.95


def test_what_is_not_known_is_nan_not_a_number() -> None:
    nothing = signal_estimate()
    assert nothing.xi_upper == 1.0
    assert np.isnan(nothing.bound(0.1))
    assert np.isnan(nothing.bound([0.1, 0.2])).all()
    assert nothing.bound_low(1.0) == 1.0
    assert np.isnan(nothing.bound_averaged(0.1))
    assert np.isnan(nothing.bound_averaged_low(0.1))


def test_an_estimate_cannot_be_changed() -> None:
    estimate = SignalEstimate(0.1, 0.1, True, 1.0, "worst")
    with pytest.raises(AttributeError):
        estimate.xi = 0.2  # type: ignore[misc]
