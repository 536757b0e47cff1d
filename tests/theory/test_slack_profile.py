"""The best per-x bound of a sample: against brute force, and in repeated samples."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gigsim.theory import slack_profile
from gigsim.theory.epsilon import certify_sample
from gigsim.theory.slack import feature_label_bound_slack_quantile
from gigsim.theory.slack_profile import feature_label_bound_slack_profile
from gigsim.theory.text_slack import slack_any

_UNIT = st.floats(0, 1)
_SLACKS = npst.arrays(np.float64, st.integers(1, 30), elements=_UNIT)


def _profile(alpha: object, slack: object, **changed: float) -> np.ndarray:
    given = {"xi": 0.01, "gap": 0.9} | changed
    return np.asarray(feature_label_bound_slack_profile(alpha, slack, **given))


def test_examples_run() -> None:
    assert doctest.testmod(slack_profile).failed == 0


@settings(max_examples=40)
@given(_SLACKS, st.floats(0, 1), st.floats(0, 0.1), _UNIT, st.floats(0.05, 1))
def test_the_profile_is_the_best_of_all_quantiles(
    slack: np.ndarray, alpha: float, xi: float, gap: float, margin: float
) -> None:
    got = float(_profile(alpha, slack, xi=xi, gap=gap, margin=margin))
    reach = np.sqrt(-np.log(0.05) / (2 * slack.size))
    # An epsilon between sample values, or under all of them, is no better.
    grid = [limit for limit in [*slack, *np.linspace(0, 1, 21)] if limit < margin]
    every = [
        float(
            feature_label_bound_slack_quantile(
                alpha,
                xi=xi,
                gap=gap,
                slack=limit,
                q=min(1.0, (slack > limit).mean() + reach),
                margin=margin,
            )
        )
        for limit in grid
    ]
    if got == -np.inf:
        assert alpha == 0 or not (slack < margin).any() or max(every) == -np.inf
        return
    assert got <= max(every) + 1e-9
    above = [b for b, limit in zip(every, grid, strict=True) if limit >= slack.min()]
    assert max(above) == pytest.approx(got, rel=1e-9, abs=1e-9)
    assert max(every) <= max(got, 0.0) + 1e-9


def test_bounds_from_samples_hold_as_often_as_they_say() -> None:
    """A world of 40 texts and a platform that errs: exact success against promises from samples."""
    generator = np.random.default_rng(7)
    cells, xi, level, runs = 40, 0.02, 0.9, 150
    weights = generator.dirichlet(np.ones(cells))
    alphas = np.array([0.02, 0.05, 0.1, 0.3])
    deficits = generator.uniform(-0.2, 1, cells)
    # The binary question: P0(y* in Y|x) = (1 - d)/2; some texts the platform cannot see through.
    base = (1 - deficits) / 2
    blind = generator.random(cells) < 0.15
    odds = (1 - alphas[:, None]) * xi
    target = (odds * base + alphas[:, None]) / (odds + alphas[:, None])
    says = np.where(blind, base > 0.5, target > 0.5)
    slack = slack_any(target, says)
    success = says @ weights
    broken = np.zeros((2, len(alphas)))
    kappa = xi * (np.maximum(deficits, 0) @ weights)
    told = np.zeros((2, len(alphas)))
    for _ in range(runs):
        drawn = generator.choice(cells, p=weights, size=400)
        for k, alpha in enumerate(alphas):
            upper = certify_sample(slack[k, drawn], level=level).mean_upper
            odd = (1 - alpha) / alpha
            mean_form = 1 - odd * kappa - upper * (1 + odd * xi)
            gap = max(deficits.max(), 0)
            form = float(_profile(alpha, slack[k, drawn], xi=xi, gap=gap, level=level))
            for row, bound in enumerate((mean_form, form)):
                told[row, k] += bound > 0.1
                broken[row, k] += bound > success[k] + 1e-12
    assert (told[:, -1] == runs).all()
    assert (broken <= runs * (1 - level) + 4 * np.sqrt(runs * level * (1 - level))).all()


@pytest.mark.parametrize("xi", [0.0, 0.003, 0.2])
@pytest.mark.parametrize("margin", [0.4, 1.0])
def test_many_shares_at_once_are_the_direct_maximum(xi: float, margin: float) -> None:
    slack = np.round(np.random.default_rng(5).beta(0.3, 3, size=300), 3)
    alphas = np.concatenate([[0.0, 1e-300], np.geomspace(1e-7, 1, 238)]).reshape(4, 60)
    whole = _profile(alphas, slack, xi=xi, margin=margin)
    limits = slack[slack < margin]
    every = feature_label_bound_slack_quantile(
        alphas[..., None],
        xi=xi,
        gap=0.9,
        slack=limits,
        q=np.minimum((slack > limits[:, None]).mean(axis=1) + np.sqrt(-np.log(0.05) / 600), 1.0),
        margin=margin,
    )
    np.testing.assert_allclose(whole, every.max(axis=-1), rtol=1e-12, atol=1e-12)
    assert (np.diff(whole.ravel()) >= 0).all()
    assert _profile(alphas, np.ones(3)).shape == alphas.shape
    assert (_profile(alphas, np.ones(3)) == -np.inf).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: _profile(0.1, [0.5], margin=-2), "margin must be"),
        (lambda: _profile(0.1, [0.5], level=0.4), "level must be"),
        (lambda: _profile(0.1, [0.5], xi=2.0), "xi must be"),
        (lambda: _profile(-0.1, [0.5]), "alpha must be"),
        (lambda: _profile(0.1, []), "n > 0"),
    ],
)
def test_bad_numbers_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
