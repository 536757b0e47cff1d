"""Slack measured, certified and fitted: against brute force and in repeated samples."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gigsim.theory import epsilon, text_slack
from gigsim.theory.epsilon import (
    certify_exact,
    certify_quantile,
    certify_sample,
    fitted_certificate,
    fitted_slack,
)
from gigsim.theory.planting import feature_label_bound
from gigsim.theory.text_slack import slack_any, slack_top1

_UNIT = st.floats(0, 1)
_SLACKS = npst.arrays(np.float64, st.integers(1, 30), elements=_UNIT)


def test_examples_run() -> None:
    assert doctest.testmod(epsilon).failed == 0
    assert doctest.testmod(text_slack).failed == 0


@settings(max_examples=40)
@given(npst.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=_UNIT))
def test_slack_is_zero_for_the_best_label_only(marginals: np.ndarray) -> None:
    best = marginals.argmax(axis=1)
    assert (slack_top1(marginals, best) == 0).all()
    for label in range(marginals.shape[1]):
        chosen = np.full(len(marginals), label)
        expected = [max(row) - row[label] for row in marginals.tolist()]
        assert slack_top1(marginals, chosen).tolist() == expected


@settings(max_examples=40)
@given(_UNIT, st.booleans())
def test_the_binary_question_is_the_top_label_of_two(marginal: float, says: bool) -> None:
    both = [marginal, 1 - marginal]
    assert slack_any(marginal, says) == pytest.approx(slack_top1(both, 0 if says else 1), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: slack_top1([[0.1, 0.2]], [2]), "columns in 0..1"),
        (lambda: slack_top1([[0.1, 0.2]], [0.0]), "whole numbers"),
        (lambda: slack_top1([[0.1, 0.2]], 0), r"need \(..., L\)"),
        (lambda: slack_top1([[0.1, 1.2]], [0]), "must be in"),
        (lambda: slack_any(0.3, 1), "must be bool"),
        (lambda: certify_exact([]), "n > 0"),
        (lambda: certify_exact([0.1], [0.0]), "positive sum"),
        (lambda: certify_exact([0.1], [float("inf")]), "positive sum"),
        (lambda: certify_exact([0.1], [1.0, 1.0]), "one a text"),
        (lambda: certify_exact([0.1], masses=[-0.1]), "q must be"),
        (lambda: certify_sample([[0.1]]), "n > 0"),
        (lambda: certify_sample([0.1, float("nan")]), "must be in"),
        (lambda: certify_sample([0.1], level=1.0), "level must be"),
        (lambda: certify_sample([0.1], np.array([0]), method="bernstein"), "without clusters"),
        (lambda: certify_quantile([0.1], 0.0), "q must be"),
        (lambda: certify_quantile([0.1], 0.1, 1.0), "level must be"),
        (lambda: certify_quantile([0.1], 0.1, 0.9, np.array([1, 2])), "clusters must have"),
        (lambda: fitted_slack(0.5, 0.1, xi=0.1, kappa=0.1, margin=1.5), "margin must be"),
    ],
)
def test_bad_numbers_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@settings(max_examples=40)
@given(_SLACKS, st.data(), st.floats(0, 1))
def test_an_exact_certificate_states_facts(
    slack: np.ndarray, data: st.DataObject, q: float
) -> None:
    weights = data.draw(npst.arrays(np.float64, slack.shape, elements=st.integers(0, 5)))
    if weights.sum() == 0:
        return
    got = certify_exact(slack, weights, masses=[q])
    law = weights / weights.sum()
    assert got.mean == got.mean_upper == pytest.approx(slack @ law)
    assert got.largest == slack[weights > 0].max()
    limit = got.quantiles[q]
    assert law[slack > limit].sum() <= q + 1e-9
    smaller = slack[(weights > 0) & (slack < limit)]
    if smaller.size:
        assert law[slack > smaller.max()].sum() > q - 1e-9


@settings(max_examples=40)
@given(_SLACKS)
def test_equal_weights_are_no_weights(slack: np.ndarray) -> None:
    assert certify_exact(slack).mean == pytest.approx(slack.mean())
    assert certify_exact(slack, masses=[0.0]).quantiles[0.0] == slack.max()


def test_a_sample_is_certified_with_room() -> None:
    slack = np.random.default_rng(0).beta(0.3, 5, size=2000)
    wide = certify_sample(slack, level=0.99)
    narrow = certify_sample(slack, level=0.99, method="clt")
    assert wide.kind == "monte_carlo"
    assert wide.inputs == 2000
    assert wide.mean == narrow.mean == pytest.approx(slack.mean())
    assert wide.mean < narrow.mean_upper < wide.mean_upper
    exact = certify_sample(slack, level=0.99, method="bernstein")
    assert narrow.mean_upper < exact.mean_upper < wide.mean_upper
    # Hoeffding: sqrt(ln 100 / 4000).
    assert wide.mean_upper - wide.mean == pytest.approx(np.sqrt(np.log(100) / 4000))
    limits = [wide.quantiles[q] for q in sorted(wide.quantiles, reverse=True)]
    assert limits == sorted(limits)
    assert all(limit in slack for limit in limits)


def test_too_small_a_sample_says_the_worst() -> None:
    # (1 - q)^n <= 1 - level first at n = 299 for 1 % and 95 %.
    slack = np.zeros(298)
    assert certify_quantile(slack, 0.01) == 1.0
    assert certify_quantile(np.zeros(299), 0.01) == 0.0
    # One cluster only: one draw.
    assert certify_quantile(np.zeros(1000), 0.1, 0.95, np.zeros(1000, dtype=int)) == 1.0
    assert certify_quantile(np.zeros(1000), 0.1, 0.95, np.arange(1000)) == 0.0


@pytest.mark.parametrize("law", ["continuous", "atoms"])
def test_limits_cover_as_often_as_they_say(law: str) -> None:
    generator = np.random.default_rng(1)
    runs, n, q, level = 2000, 120, 0.1, 0.9
    if law == "continuous":
        samples, mean, quantile = generator.random((runs, n)), 0.5, 1 - q
    else:
        # P{slack > 0.2} = 0.12 > q >= P{slack > 0.6} = 0.05.
        samples = generator.choice([0.2, 0.6, 0.9], p=[0.88, 0.07, 0.05], size=(runs, n))
        mean, quantile = 0.2 * 0.88 + 0.6 * 0.07 + 0.9 * 0.05, 0.6
    certificates = [certify_sample(row, level=level, masses=[q]) for row in samples]
    allowed = 1 - level + 4 * np.sqrt(level * (1 - level) / runs)
    assert np.mean([c.quantiles[q] < quantile for c in certificates]) <= allowed
    assert np.mean([c.mean_upper < mean for c in certificates]) <= allowed
    # The order statistic is no more careful than a discrete law forces it to be.
    if law == "continuous":
        assert np.mean([c.quantiles[q] < quantile for c in certificates]) > 0.05


def test_limits_of_clusters_cover() -> None:
    generator = np.random.default_rng(2)
    clusters = np.repeat(np.arange(200), generator.integers(1, 4, size=200))
    misses = 0
    for _ in range(500):
        slack = generator.random(200)[clusters]
        misses += certify_quantile(slack, 0.3, 0.9, clusters) < 0.7
    assert misses <= 500 * 0.1 + 4 * np.sqrt(500 * 0.1 * 0.9)


@settings(max_examples=40)
@given(_UNIT, st.floats(1e-3, 1), _UNIT, _UNIT, st.floats(0.1, 1))
def test_the_fitted_slack_explains_the_success(
    success: float, alpha: float, xi: float, gap: float, margin: float
) -> None:
    kappa = xi * gap
    slack = float(fitted_slack(success, alpha, xi=xi, kappa=kappa, margin=margin))
    odds = (1 - alpha) / alpha
    bound = 1 - (odds * kappa + slack + odds * xi * slack) / margin
    nominal = float(feature_label_bound(alpha, xi=xi, gap=gap, margin=margin))
    assert 0 <= slack <= 1
    if slack > 0:
        assert bound == pytest.approx(success, abs=1e-9)
    else:
        assert nominal <= success + 1e-9


def test_a_fit_certifies_nothing() -> None:
    got = fitted_certificate(0.5, 0.1, xi=0.01, kappa=0.01)
    assert got.kind == "fitted"
    assert got.mean == pytest.approx((0.5 - 0.09) / 1.09)
    assert np.isnan([got.mean_upper, got.largest, got.level]).all()
    assert fitted_slack(0.0, 0.0, xi=0.0, kappa=0.0) == 0.0
    assert fitted_slack(0.0, 0.5, xi=0.0, kappa=0.0, margin=0.0) == 0.0
