"""Numbers read off curves, against curves whose numbers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gigsim.curves.crossings import crossings
from gigsim.curves.estimates import Estimate
from gigsim.curves.statistics import (
    FAMILY_DRAWS,
    Climb,
    Luck,
    climb_of,
    difference,
)

SIZES = np.array([0.0, 0.001, 0.002, 0.005, 0.01, 0.02])


def climb(success: np.ndarray, name: str = "one", se: float = 0.0, base: float = 0.0) -> Climb:
    seeds = tuple(range(len(success)))
    return Climb(name, SIZES, seeds, success, np.full(len(SIZES), se), base)


def table(**columns: object) -> pd.DataFrame:
    plain = {"goal": "top1", "base_top1": 0.2, "success_se": 0.01, "edited": 0}
    return pd.DataFrame({**plain, **columns})


def test_a_crossing_lies_between_two_sizes_in_proportion_of_logarithms() -> None:
    low, high = crossings(np.array([0.001, 0.1]), np.array([[0.2, 0.8]]), 0.5)
    assert low[0] == high[0] == pytest.approx(0.01)


def test_what_is_reached_at_once_or_never_is_only_bounded() -> None:
    values = np.array([[0.6, 0.7], [0.1, 0.4], [np.nan, 0.9]])
    low, high = crossings(np.array([0.01, 0.1]), values, 0.5)
    assert (low[0], high[0]) == (0.0, 0.01)
    assert (low[1], high[1]) == (0.1, np.inf)
    assert np.isnan(low[2])
    assert np.isnan(high[2])


def test_the_first_of_several_crossings_counts() -> None:
    low, _ = crossings(np.array([0.001, 0.01, 0.1, 1.0]), np.array([[0.1, 0.9, 0.1, 0.9]]), 0.5)
    assert low[0] == pytest.approx(np.sqrt(1e-5))


@given(
    half=st.floats(0.0015, 0.015),
    factor=st.floats(0.1, 10),
    level=st.floats(0.2, 0.8),
)
def test_a_crossing_moves_with_the_unit_of_sizes(half: float, factor: float, level: float) -> None:
    sizes = SIZES[1:]
    values = (1 / (1 + (half / sizes) ** 3))[None]
    low, high = crossings(sizes, values, level)
    other, another = crossings(factor * sizes, values, level)
    assert other[0] == pytest.approx(factor * low[0])
    assert np.isinf(high[0]) == np.isinf(another[0])


def test_at_one_size_the_interval_is_students() -> None:
    values = np.array([0.4, 0.5, 0.55, 0.7])
    found = climb(np.tile(values[:, None], (1, len(SIZES)))).at(0.005)
    exact = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    # Two quantiles of 4,000 draws of a t with 3 degrees: 4 standard errors of each.
    law = stats.t(3, 0, stats.sem(values))
    error = 4 * np.sqrt(0.025 * 0.975 / 4000) / law.pdf(law.ppf(0.025))
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(exact[0], abs=error)
    assert found.high == pytest.approx(exact[1], abs=error)


def test_an_interval_of_a_share_is_one_of_shares() -> None:
    found = climb(np.tile(np.array([0.99, 1.0, 1.0])[:, None], (1, len(SIZES))), se=0.01).at(0.01)
    assert found.high == 1.0
    assert 0 < found.low < found.value


def test_a_large_collective_by_three_seeds_is_not_said_to_be_sure_of_its_tails() -> None:
    """Far out Student's t of the logarithms; crossings of drawn curves stop short of it."""
    halves = 0.004 * np.exp(np.array([-0.2, 0.0, 0.2]))
    with np.errstate(divide="ignore"):
        values = 1 / (1 + (halves[:, None] / SIZES) ** 4)
    curve = climb(values)
    low, high = crossings(SIZES[1:], curve.draws[:, 1:], 0.5)
    found = curve.mass(0.5)
    assert (found.lows <= low).all()
    assert (found.highs >= high).all()
    drawn, wide = np.quantile(low, 0.025), found.estimate().low
    assert wide < drawn


def test_a_plateau_under_the_level_opens_the_interval() -> None:
    """The slope knows of no plateau: what drawn curves do is in the interval too."""
    end = np.array([0.46, 0.5, 0.58])
    values = np.outer(end, np.array([0, 0.2, 0.9, 1, 1, 1]))
    found = climb(values).mass(0.5).estimate()
    assert np.isfinite(found.value)
    assert np.isinf(found.high)


def test_more_draws_are_of_the_same_curve() -> None:
    rows = table(
        alpha=np.repeat([0.0, 0.01, 0.02], 3),
        seed=[1, 2, 3] * 3,
        members=np.repeat([0, 10, 20], 3),
        success=[0.2, 0.2, 0.2, 0.4, 0.45, 0.5, 0.8, 0.85, 0.8],
    )
    few, many = (climb_of(rows, "one", draws=draws) for draws in (4_000, FAMILY_DRAWS))
    assert len(many.draws) == FAMILY_DRAWS
    one, other = (c.mass(0.6).estimate() for c in (few, many))
    assert one.value == other.value
    assert one.low == pytest.approx(other.low, rel=0.05)
    again = climb_of(rows[::-1], "one")
    assert (again.mean == few.mean).all()
    assert again.base == few.base


def test_held_out_resumes_widen_the_interval_however_many_seeds_there_are() -> None:
    same = np.full((50, len(SIZES)), 0.5)
    found = climb(same, se=0.01).at(0.01)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.01, rel=0.1)


def test_an_exact_learner_has_the_error_of_the_held_out_resumes_alone() -> None:
    one = np.full((1, len(SIZES)), 0.5)
    exact = Climb("one", SIZES, (0,), one, np.full(len(SIZES), 0.01), 0.0, exact=True)
    assert exact.at(0.01).known
    assert not climb(one, se=0.01).at(0.01).known


def test_nine_in_ten_and_more_intervals_of_a_critical_mass_hold_the_true_one() -> None:
    """300 sets of four seeds: 95 % of the intervals, less 4 standard errors, cover."""
    generator = np.random.default_rng(7)
    truth, hits, count = 0.004, 0, 300
    for _ in range(count):
        halves = truth * np.exp(0.3 * generator.standard_normal(4))
        with np.errstate(divide="ignore"):
            curves = 1 / (1 + (halves[:, None] / SIZES) ** 2)
        found = climb(curves, se=1e-6).mass(0.5).estimate()
        hits += found.low <= truth <= found.high
    assert hits / count > 0.95 - 4 * np.sqrt(0.95 * 0.05 / count)


def test_what_seeds_have_in_common_cancels_in_a_ratio() -> None:
    generator = np.random.default_rng(3)
    halves = 0.003 * np.exp(0.4 * generator.standard_normal(5))
    with np.errstate(divide="ignore"):
        first = 1 / (1 + (halves[:, None] / SIZES) ** 2)
        second = 1 / (1 + (2 * halves[:, None] / SIZES) ** 2)
    one, other = (climb(c, n).mass(0.5) for c, n in ((first, "first"), (second, "second")))
    ratio = (other / one).estimate()
    assert ratio.low < 2.0 < ratio.high
    alone = one.estimate()
    assert ratio.high / ratio.low < (alone.high / alone.low) ** 0.5


def test_a_curve_that_never_gets_there_has_a_limit_and_an_open_interval() -> None:
    low = climb(np.full((3, len(SIZES)), 0.2) + 0.01 * np.arange(3)[:, None])
    found = low.mass(0.5).estimate()
    assert (found.value, found.open, found.high) == (0.02, "at least", np.inf)
    assert found.text(100, unit=" %") == "at least 2.0 % [2.0, ∞]"
    with np.errstate(divide="ignore"):
        steep = np.tile(1 / (1 + (0.004 / SIZES) ** 2), (3, 1))
    ratio = (low.mass(0.5) / climb(steep, "other").mass(0.5)).estimate()
    assert ratio.open == "at least"
    assert ratio.value == pytest.approx(5, rel=0.05)
    assert ratio.low > 4.5
    assert np.isinf(ratio.high)
    assert (climb(steep).mass(0.5) / low.mass(0.5)).estimate().open == "at most"


def test_two_curves_of_which_neither_gets_there_have_no_ratio() -> None:
    low = climb(np.full((3, len(SIZES)), 0.2)).mass(0.5)
    ratio = (low / low).estimate()
    assert np.isnan(ratio.value)
    assert ratio.low == 0
    assert np.isinf(ratio.high)


def test_a_level_is_the_mean_over_sizes_above_zero() -> None:
    values = np.tile(np.array([0.9, 0.1, 0.2, 0.3, 0.4, 0.5]), (3, 1))
    value, drawn = climb(values).level()
    assert value == pytest.approx(0.3)
    assert drawn == pytest.approx(np.full(4000, 0.3))
    assert difference((value, drawn), (0.1, np.full(4000, 0.1))).share_text() == (
        "0.200 [0.200, 0.200]"
    )


def test_half_way_starts_from_the_base_rate() -> None:
    assert climb(np.zeros((2, len(SIZES))), base=0.5).part_way(0.5) == 0.75


def test_rows_become_a_curve_and_gaps_stay_gaps() -> None:
    rows = table(
        alpha=[0.0, 0.0, 0.01, 0.01, 0.02],
        seed=[1, 2, 1, 2, 1],
        members=[0, 0, 10, 10, 20],
        success=[0.2, 0.2, 0.4, 0.6, 0.8],
    )
    found = climb_of(rows, "one")
    assert found.seeds == (1, 2)
    assert found.base == pytest.approx(0.2)
    assert found.mean == pytest.approx([0.2, 0.5, 0.8])
    assert np.isnan(found.success[1, 2])
    # A single seed of a learner that draws says nothing about other seeds.
    assert found.at(0.01).known
    assert not found.at(0.02).known


def test_the_size_may_be_the_share_of_people_who_edited() -> None:
    rows = table(
        alpha=[0.0, 0.1, 0.1], seed=[1, 1, 2], members=[0, 100, 100], success=[0.0, 0.5, 0.5]
    ).assign(edited=[0, 14, 16])
    assert climb_of(rows, "one", axis="edited").sizes == pytest.approx([0.0, 0.015])


def test_the_size_may_be_the_share_who_follow_and_equal_shares_are_one_size() -> None:
    rows = table(
        alpha=[0.0, 0.0, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4],
        seed=[1, 2] * 4,
        members=[0, 0, 100, 100, 200, 200, 400, 400],
        success=[0.1, 0.1, 0.1, 0.1, 0.5, 0.7, 0.5, 0.7],
    ).assign(alpha_effective=[0.0, 0.0, 0.0, 0.0, 0.02, 0.04, 0.02, 0.04])
    found = climb_of(rows, "one", axis="effective")
    assert found.sizes == pytest.approx([0.0, 0.03])
    assert found.success == pytest.approx(np.array([[0.1, 0.5], [0.1, 0.7]]))
    assert found.held_out.shape == (2,)
    assert found.at(0.03).value == pytest.approx(0.6)


def test_two_rows_of_one_cell_are_refused() -> None:
    rows = table(alpha=[0.1, 0.1], seed=[1, 1], members=[1, 1], success=[0.0, 1.0])
    with pytest.raises(ValueError, match="several rows"):
        climb_of(rows, "one")
    with pytest.raises(ValueError, match="no rows"):
        climb_of(rows[:0], "one")


def test_luck_depends_on_seed_and_name_alone() -> None:
    luck = Luck(100)
    assert (luck.of_seed(3) == Luck(100).of_seed(3)).all()
    assert (luck.of_curve("a") != luck.of_curve("b")).any()
    assert np.isnan(luck.spread(1)).all()
    assert luck.spread(10_000) == pytest.approx(np.ones(100), abs=0.1)


def test_an_estimate_says_what_it_is_in_words_and_to_programs() -> None:
    found = Estimate(0.00214, 0.0018, np.inf, "at least")
    assert found.text(100, unit=" %") == "at least 0.21 % [0.18, ∞]"
    assert found.as_json() == {"number": 0.00214, "low": 0.0018, "high": None, "open": "at least"}
    assert Estimate(3.0, np.nan, np.nan).text() == "3.0 (no interval)"
    assert Estimate(12345.0, 10000.0, 20000.0).text() == "12,345 [10,000, 20,000]"
