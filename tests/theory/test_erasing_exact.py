import doctest

import numpy as np
import pytest

from gigsim.theory import erasing_exact
from gigsim.theory.erasing_exact import (
    erasing_deficit_any,
    erasing_deficit_top1,
    erasing_flip_point,
    erasing_label,
    erasing_success,
    tau,
)

GRID = np.linspace(0, 1, 41)


def test_doctests() -> None:
    assert doctest.testmod(erasing_exact).failed == 0


def erasable_texts(
    seed: int, goal: str, n: int = 300
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(n))
    if goal == "any":
        cleaned = rng.random(n)
        other = rng.random(n)
    else:
        cleaned = rng.dirichlet(np.full(4, 2.0), size=n)
        other = rng.dirichlet(np.full(4, 0.5), size=n)
    mixing = 0.5 * rng.random(n)
    if goal != "any":
        mixing = mixing[:, None]
    return (1 - mixing) * cleaned + mixing * other, cleaned, weights, rng.random(n)


@pytest.mark.parametrize("goal", ["top1", "any"])
def test_flip_points_are_where_both_texts_turn_to_what_is_reported(goal: str) -> None:
    marginals, cleaned, _, noise = erasable_texts(4, goal)
    reported = np.where(noise < 0.2, 1, erasing_label(cleaned, goal))
    deficit = erasing_deficit_any if goal == "any" else erasing_deficit_top1
    flips = erasing_flip_point(deficit(marginals, reported), deficit(cleaned, reported))
    for alpha in GRID[1:]:
        turned = np.ones(len(flips), dtype=bool)
        for m in (marginals, cleaned):
            law = (1 - alpha) * (np.stack([1 - m, m], axis=1) if goal == "any" else m)
            law[np.arange(len(law)), reported] += alpha
            turned &= law.argmax(axis=1) == reported
        np.testing.assert_array_equal(turned, alpha > flips)


def test_exact_success_of_a_case_done_by_hand() -> None:
    # Half of the texts carry a word that turns .6 : .4 into .3 : .7; ŷ = 0 leads there when
    # .3(1 − α) + α > .7(1 − α), that is α > 2/7.
    marginals, cleaned = [[0.6, 0.4], [0.3, 0.7]], [[0.6, 0.4], [0.6, 0.4]]
    exact = erasing_success([0.28, 0.29], marginals, cleaned, [0, 0], [0.5, 0.5])
    assert exact.tolist() == [0.5, 1.0]
    assert erasing_flip_point(0.4) == pytest.approx(2 / 7)
    assert tau(marginals, cleaned, weights=[0.5, 0.5]) == pytest.approx(0.15)


def test_ties_fail_but_a_text_agrees_with_itself() -> None:
    even = [[0.5, 0.5]]
    assert erasing_success(0.0, even, even, [0]) == 0
    assert erasing_success(0.0, even, even, [0], untouched=np.array([True])) == 1
    assert erasing_success(0.0, [0.5], [0.5], [0], goal="any") == 1


def test_everybody_erasing_always_succeeds() -> None:
    for goal in ("top1", "any"):
        marginals, cleaned, weights, _ = erasable_texts(5, goal)
        labels = erasing_label(cleaned, goal)
        assert erasing_success(1.0, marginals, cleaned, labels, weights, goal) == pytest.approx(1)


def test_an_irrelevant_word_is_erased_by_the_first_member() -> None:
    for goal in ("top1", "any"):
        _, cleaned, weights, _ = erasable_texts(6, goal)
        labels = erasing_label(cleaned, goal)
        assert tau(cleaned, cleaned, goal, weights) == 0
        success = erasing_success(GRID[1:], cleaned, cleaned, labels, weights, goal)
        np.testing.assert_allclose(success, 1)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="reported"):
        erasing_deficit_top1([[0.5, 0.5]], [2])
    with pytest.raises(ValueError, match="columns"):
        erasing_deficit_top1([[0.5, 0.5]], [0.5])
    with pytest.raises(ValueError, match="two labels"):
        erasing_label([0.5])
    with pytest.raises(ValueError, match="goal"):
        erasing_label([0.5], "all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="agree in shape"):
        tau([0.5], [0.5, 0.5], "any")
    with pytest.raises(ValueError, match="weights"):
        tau([0.5], [0.5], "any", [1, 1])
    with pytest.raises(ValueError, match="not be negative"):
        tau([0.5, 0.5], [0.5, 0.5], "any", [-1, 2])
    with pytest.raises(ValueError, match="do not fit"):
        erasing_success(0.1, [[0.5, 0.5]], [[0.5, 0.5]] * 2, [0])
    with pytest.raises(ValueError, match="reported"):
        erasing_success(0.1, [[0.5, 0.5]], [[0.5, 0.5]], [0, 1])
