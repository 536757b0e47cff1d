"""The worlds that planting is tried on: their laws against members moved one by one."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.validation.feature_only_worlds import (
    away_from_signals,
    feature_only_law,
    floored_worlds,
)
from gigsim.validation.planting_worlds import (
    ANY,
    READINGS,
    SINGLE,
    base_worlds,
    draw_planted,
    erring_law,
    with_signal_mass,
)
from tests.theory.enumeration import mixed, submitted_law

ROUNDING = 1e-12


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("evasive", [False, True])
def test_feature_only_is_members_moved_one_by_one(multi_label: bool, evasive: bool) -> None:
    rng = np.random.default_rng(80)
    worlds, _, _ = floored_worlds(rng, 100, multi_label=multi_label)
    away = away_from_signals(worlds, rng)
    alpha = rng.random(len(worlds))
    planted = submitted_law(worlds, strategy="feature_only", evasive=evasive, away=away)
    found = feature_only_law(worlds, alpha, away if evasive else None)
    np.testing.assert_allclose(found, mixed(worlds, alpha, planted), atol=ROUNDING)


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_wrong_labels_are_members_moved_one_by_one(reading: object) -> None:
    rng = np.random.default_rng(81)
    worlds = base_worlds(rng, 50, multi_label=reading.multi_label)  # type: ignore[attr-defined]
    label_sets = reading.label_sets  # type: ignore[attr-defined]
    alpha = rng.random(len(worlds))
    for wrong in (0.0, 0.3):
        planted = submitted_law(
            worlds, strategy="feature_label", label_sets=label_sets, wrong_label=wrong
        )
        found = erring_law(worlds, alpha, np.full(len(worlds), wrong), label_sets)
        np.testing.assert_allclose(found, mixed(worlds, alpha, planted), atol=ROUNDING)


@pytest.mark.parametrize("some_low", [False, True])
@pytest.mark.parametrize("multi_label", [False, True])
def test_floors_are_floors(multi_label: bool, some_low: bool) -> None:
    rng = np.random.default_rng(82)
    worlds, floor, low = floored_worlds(rng, 500, multi_label=multi_label, some_low=some_low)
    np.testing.assert_allclose(worlds.base.sum(axis=(1, 2)), 1)
    own = (1 - worlds.deficits("any") / worlds.base.sum(axis=2)) / 2
    np.testing.assert_array_equal(own < floor[:, None] - 1e-9, low & (own < floor[:, None] - 1e-9))
    assert low.any() == some_low
    if not some_low:
        np.testing.assert_allclose(own.min(axis=1), floor, atol=1e-9)


def test_evading_leaves_the_signal_set() -> None:
    rng = np.random.default_rng(83)
    worlds = base_worlds(rng, 300, multi_label=False)
    away = away_from_signals(worlds, rng)
    assert not np.take_along_axis(worlds.in_signal_set, away, axis=1).any()
    stay = ~worlds.in_signal_set
    np.testing.assert_array_equal(away[stay], np.nonzero(stay)[1])


def test_worlds_are_as_asked_for() -> None:
    rng = np.random.default_rng(84)
    worlds = with_signal_mass(base_worlds(rng, 400, multi_label=True), np.full(400, 0.07))
    np.testing.assert_allclose(worlds.xi, 0.07)
    single = (worlds.in_signal_set.sum(axis=1) == 1).mean()
    assert 0.3 < single < 0.7, "some signal sets are a point, others are not"
    exact = draw_planted(rng, 300, reading=SINGLE)
    assert not exact.wrong.any()
    assert not exact.epsilon.any()
    assert np.all((exact.alpha > 0) & (exact.alpha <= 1))
    close = draw_planted(rng, 300, reading=ANY, closeness="conditional_tv", erring=True)
    assert np.all(2 * close.epsilon < close.margin)
    assert (close.wrong > 0).sum() == 150
