"""Theorem 1 where some members report a wrong label, against exact success."""

from __future__ import annotations

import doctest
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import wrong_labels
from gigsim.theory.finite_sample import finite_sample_success
from gigsim.theory.planting import (
    COVERED,
    Closeness,
    Goal,
    LabelSets,
    critical_mass,
    feature_label_bound,
    feature_label_bound_averaged,
    foot,
)
from gigsim.theory.worlds import Worlds, random_worlds
from gigsim.theory.wrong_labels import wrong_label_margin
from tests.theory.enumeration import submitted_law

ROUNDING = 1e-12
VALID = tuple(name for name in get_args(Closeness) if name != "slides")


@dataclass(frozen=True)
class ErringWorlds(Worlds):
    """Worlds in which members report a wrong label with a given probability."""

    wrong_label: float = 0.0

    def planted(self, label_sets: LabelSets = "replace") -> np.ndarray:
        return submitted_law(
            self, strategy="feature_label", label_sets=label_sets, wrong_label=self.wrong_label
        )


def erring(seed: int, wrong: float, *, multi_label: bool, count: int = 2000) -> ErringWorlds:
    rng = np.random.default_rng(seed)
    labels = 3 if multi_label else 4
    worlds = random_worlds(rng, count, labels=labels, multi_label=multi_label)
    return ErringWorlds(
        **{name: getattr(worlds, name) for name in ("base", "sets", "signal", "target")},
        wrong_label=wrong,
    )


@pytest.mark.parametrize("wrong", [0.02, 0.2, 0.45])
@pytest.mark.parametrize(
    ("multi", "goal", "label_sets"),
    [(False, "top1", "replace"), *((True, *pair) for pair in sorted(COVERED))],
)
def test_theorem_1_with_the_margin(
    wrong: float, multi: bool, goal: Goal, label_sets: LabelSets
) -> None:
    worlds = erring(40, wrong, multi_label=multi)
    margin = float(wrong_label_margin(wrong, goal, worlds.sets.shape[1]))
    assert margin > 0
    kappa = worlds.kappa(goal)
    feet = foot(xi=kappa, gap=1.0, margin=margin)
    rng = np.random.default_rng(41)
    broken = 0
    for alpha in (rng.uniform(0.001, 1, len(worlds)), feet + (1 - feet) * rng.random(len(worlds))):
        success = worlds.success(alpha, goal, label_sets)
        bound = feature_label_bound(alpha, xi=worlds.xi, gap=worlds.gap(goal), margin=margin)
        averaged = feature_label_bound_averaged(alpha, kappa=kappa, margin=margin)
        assert np.all(bound <= averaged + ROUNDING)
        assert np.all(success >= averaged - ROUNDING)
        assert (bound > 0).mean() > 0.05, "the check must not be vacuous"
        careless = feature_label_bound_averaged(alpha, kappa=kappa)
        broken += int((success < careless - 1e-6).sum())
    if wrong > 0.1 and label_sets == "replace":
        assert broken > 0, "without the margin it fails: the check has power"


@pytest.mark.parametrize("closeness", VALID)
@pytest.mark.parametrize("goal", ["top1", "any"])
def test_every_valid_closeness_holds_with_the_margin(closeness: Closeness, goal: Goal) -> None:
    rng = np.random.default_rng(42)
    for multi in (False, True):
        worlds = erring(43, 0.15, multi_label=multi, count=1000)
        margin = float(wrong_label_margin(0.15, goal, worlds.sets.shape[1]))
        alpha = rng.uniform(0.01, 1, len(worlds))
        for epsilon in (0.003, 0.03, 0.2):
            worst = worlds.worst_case_success(alpha, epsilon, closeness, goal)
            for gap in (worlds.gap(goal), worlds.kappa(goal) / worlds.xi):
                bound = feature_label_bound(
                    alpha,
                    xi=worlds.xi,
                    gap=gap,
                    epsilon=epsilon,
                    closeness=closeness,
                    margin=margin,
                )
                assert np.all(worst >= bound - ROUNDING)


def test_doctests() -> None:
    assert doctest.testmod(wrong_labels).failed == 0


def test_members_who_all_err_promise_nothing() -> None:
    assert feature_label_bound(0.5, xi=0.0, gap=1.0, margin=0.0) == -np.inf
    assert feature_label_bound_averaged(1.0, kappa=0.0, margin=-1.0) == -np.inf
    assert critical_mass(0.5, xi=0.01, gap=1.0, margin=0.0) == np.inf
    worlds = erring(44, 0.6, multi_label=True, count=200)
    assert np.any(worlds.success(1.0, "any") == 0)


def test_margins() -> None:
    assert wrong_label_margin(0.0, "any", 10) == wrong_label_margin(0.0, "top1", 10) == 1
    assert wrong_label_margin(0.5, "any", 10) == 0
    assert wrong_label_margin(0.9, "top1", 10) == pytest.approx(0)
    # One other label: the two readings ask the same.
    grid = np.linspace(0, 1, 11)
    np.testing.assert_allclose(
        wrong_label_margin(grid, "any", 2), wrong_label_margin(grid, "top1", 2), atol=1e-15
    )
    with pytest.raises(ValueError, match="labels must be at least 2"):
        wrong_label_margin(0.1, "any", 1)
    with pytest.raises(ValueError, match="goal is one of any, top1"):
        wrong_label_margin(0.1, "first", 10)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"margin must be in \[-1, 1\]"):
        feature_label_bound(0.1, xi=0.1, gap=1.0, margin=1.5)
    with pytest.raises(ValueError, match=r"conditional_tv needs epsilon in \[0, 0.2\)"):
        feature_label_bound(
            0.1, xi=0.1, gap=1.0, epsilon=0.3, closeness="conditional_tv", margin=0.4
        )


@given(st.floats(0.01, 1.0), st.floats(1e-6, 1.0), st.floats(0.0, 0.999))
def test_the_bound_at_its_critical_mass_is_the_success_asked_for(
    margin: float, kappa: float, success: float
) -> None:
    alpha = critical_mass(success, xi=kappa, gap=1.0, margin=margin)
    bound = feature_label_bound(alpha, xi=kappa, gap=1.0, margin=margin)
    assert bound == pytest.approx(success, abs=1e-9)


def test_a_margin_is_as_if_all_texts_were_harder() -> None:
    """m·μ > K·d is m > K·d/μ; and a planted row that speaks against y* never helps it."""
    deficits = np.array([-0.4, 0.1234567, 0.5432, 0.678])
    alphas = np.linspace(0, 0.1, 21)
    found = finite_sample_success(alphas, deficits, population=300, xi=0.02, margin=0.75)
    expected = finite_sample_success(alphas, deficits / 0.75, population=300, xi=0.02)
    np.testing.assert_allclose(found.mean, expected.mean, atol=1e-12)
    for margin in (0.0, -0.5):
        worse = finite_sample_success([0.0, 0.5], deficits, population=300, xi=0.0, margin=margin)
        assert worse.mean.tolist() == [0.25, 0.0]
    with pytest.raises(ValueError, match="margin must be in"):
        finite_sample_success(0.1, deficits, population=10, xi=0.1, margin=2)


def test_the_expected_margin_is_right_when_many_err() -> None:
    """Simulated: m planted rows of whom each errs by luck, K carriers, texts read from counts.

    The expectation form leaves that luck out; at m = 60 it must agree within a few per cent.
    """
    rng = np.random.default_rng(45)
    population, xi, m, wrong, worlds = 2000, 0.03, 60, 0.2, 4000
    own = rng.beta(0.3, 1.5, size=400)
    margin = float(wrong_label_margin(wrong, "any", 4))
    curve = finite_sample_success(
        m / population, 1 - 2 * own, population=population, xi=xi, margin=margin
    )
    k = rng.binomial(population - m, xi, size=worlds)[:, None]
    errs = rng.binomial(m, wrong, size=worlds)[:, None]
    share = ((m - errs) + k * own > errs + k * (1 - own)).mean(axis=1)
    error = share.std(ddof=1) / np.sqrt(worlds)
    assert abs(share.mean() - curve.mean) < 4 * error + 0.03
