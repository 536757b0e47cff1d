"""The finite-sample bound on erasing as a formula."""

import doctest

import numpy as np
import pytest

from gigsim.theory import statistical_erasing
from gigsim.theory.hoeffding import deviation
from gigsim.theory.statistical import erasing_window, statistical_bound_erasing

# Text 0 is cleaned to 1, text 2 stays as it is.
WORLD = {
    "weights": [0.5, 0.3, 0.2],
    "planted": [0.5, 0.3, 0.2],
    "deficits": [0.1, -0.2, -0.1],
    "cleaned": [1, 1, 2],
    "labels": 2,
    "test": 5000,
}


def test_doctests() -> None:
    assert doctest.testmod(statistical_erasing).failed == 0


def test_texts_that_stay_agree_with_themselves() -> None:
    """However small the collective: two of the texts are what they are cleaned to."""
    bound = statistical_bound_erasing(0.01, population=10**8, **WORLD)
    # 2 + 2·3 + 2·3·2 events.
    each = 0.05 / 20
    assert bound == pytest.approx(0.5 - deviation(each, 10**6) - deviation(each, 5000))


def test_with_endless_data_who_is_certified_with_his_cleaned_text() -> None:
    numbers = WORLD | {"test": 1e18}
    # Text 0 needs α·0.5 > (1−α)·0.1, α > 1/6; its cleaned text has the label anyway.
    assert statistical_bound_erasing(0.166, population=1e18, **numbers) == pytest.approx(
        0.5, abs=1e-6
    )
    assert statistical_bound_erasing(0.167, population=1e18, **numbers) == pytest.approx(
        1, abs=1e-6
    )
    # Now the cleaned text needs α·0.3 > (1−α)·0.2, α > 0.4.
    harder = numbers | {"deficits": [0.1, 0.2, -0.1]}
    for alpha, expected in ((0.39, 0.5), (0.41, 1.0)):
        found = statistical_bound_erasing(alpha, population=1e18, **harder)
        assert found == pytest.approx(expected, abs=1e-6)
        known = statistical_bound_erasing(alpha, population=1e18, gap=0.1, **harder)
        assert known == pytest.approx(1.0, abs=1e-6)


def test_the_gap_asks_for_members_and_for_others() -> None:
    """2 log(1/δ̃)/η² ≤ n ≤ N − 2 log(1/δ̃)/η²."""
    total, gap = 10_000, 0.1
    least = float(erasing_window(gap, labels=2, points=3))
    assert least == pytest.approx(2 * np.log(26 / 0.05) / 0.01)
    # That many deviate by half of the gap, and no more.
    assert deviation(0.05 / 26, least) == pytest.approx(gap / 2)
    members = np.array([np.floor(least), np.ceil(least), total - np.ceil(least), total - least + 1])
    found = statistical_bound_erasing(members / total, population=total, gap=gap, **WORLD)
    assert np.isfinite(found).tolist() == [False, True, True, False]
    assert erasing_window(0.0, labels=2, points=3) == np.inf


def test_what_is_out_of_range_is_refused() -> None:
    for wrong, message in (
        ({"cleaned": [1, 0, 2]}, "idempotent"),
        ({"cleaned": [1, 1, 3]}, "texts in 0..2"),
        ({"gap": 0.1, "estimating": 5}, "all members judge"),
        ({"gap": 1.5}, "gap"),
        ({"labels": 1}, "labels"),
    ):
        with pytest.raises(ValueError, match=message):
            statistical_bound_erasing(0.1, population=100, **(WORLD | wrong))


def test_frequencies_over_1_are_refused() -> None:
    for name in ("weights", "planted"):
        with pytest.raises(ValueError, match=f"{name} must sum to at most 1"):
            statistical_bound_erasing(0.1, population=100, **(WORLD | {name: [0.6, 0.6, 0.6]}))
