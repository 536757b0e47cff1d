"""Meeting points of maps that are known beforehand, among them nasty ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.theory.participation.diagonal import Meetings, meetings
from gigsim.theory.participation.exclusion import Intervals, halved

ENDS = np.array([0.0, 1.0])


def solve(function, breaks=ENDS, cases: int = 1, **more: int) -> Meetings:  # type: ignore[no-untyped-def]
    return meetings(lambda x, side, case: np.clip(function(x), 0, 1), breaks, cases, **more)


def test_a_parabola_meets_twice() -> None:
    """x² + 3/16 = x at ¼ and ¾."""
    found = solve(lambda x: x**2 + 3 / 16)
    # Above 1 it is clipped, so that everybody is a third.
    assert found.low.tolist() == pytest.approx([0.25, 0.75, 1.0], abs=1e-15)
    assert found.below.tolist() == [1, -1, 1]
    assert found.above.tolist() == [-1, 1, 0]
    assert found.met.all()
    # A break more changes nothing.
    again = solve(lambda x: x**2 + 3 / 16, np.array([0, 0.6, 1]))
    assert again.low.tolist() == pytest.approx([0.25, 0.75, 1.0], abs=1e-15)


def test_clipping_makes_the_top_one_too() -> None:
    found = solve(lambda x: 2 * x - 0.3)
    assert found.low.tolist() == pytest.approx([0.0, 0.3, 1.0], abs=1e-15)
    assert found.above.tolist() == [-1, 1, 0]


@settings(max_examples=25)
@given(st.lists(st.integers(1, 9_999), min_size=1, max_size=6, unique=True))
def test_as_many_as_there_are(places: list[int]) -> None:
    """x + small·Π(r − x): a rising map that meets the diagonal exactly at the r."""
    roots = np.sort(np.array(places)) / 10_000

    def product(x: np.ndarray) -> np.ndarray:
        return np.prod(roots[:, None] - x[None, :], axis=0) * (-1.0) ** (len(roots) + 1)

    steepest = np.abs(np.diff(product(np.linspace(0, 1, 10_001)))).max() * 10_000
    found = solve(lambda x: x + 0.5 * product(x) / max(steepest, 1.0))
    inner = found.low[(found.low > 0) & (found.low < 1)]
    spread = np.diff(roots, prepend=-1, append=2).min()
    if spread >= 0.02:
        assert inner.tolist() == pytest.approx(roots.tolist(), abs=1e-7)
    else:
        # Roots that lie closer may come as one, or be said to be too close to tell.
        for root in roots:
            near = np.any((found.low - 0.01 <= root) & (root <= found.high + 0.01))
            blurred = np.any((found.open_low <= root) & (root <= found.open_high))
            assert near or blurred


def test_a_step_across_is_a_jump() -> None:
    found = solve(lambda x: (x >= 0.3).astype(float))
    assert found.low.tolist() == [0.0, 0.3, 1.0]
    assert found.met.tolist() == [True, False, True]
    assert found.below.tolist() == [0, -1, 1]


def test_a_step_onto_the_diagonal_is_met() -> None:
    """Up to 0.3 at 0.3 exactly and flat from there: one rests at 0.3, and falls below it."""
    found = solve(lambda x: np.where(x >= 0.3, 0.3, 0.1))
    assert found.low.tolist() == [0.1, 0.3]
    assert found.met.tolist() == [True, True]
    assert (found.below[1], found.above[1]) == (-1, -1)
    assert not len(found.open_low)


def test_coming_close_to_a_jump_is_not_meeting() -> None:
    """Φ(x) → 0.3 from below as x → 0.3, and 0.6 at 0.3: above the diagonal all the way."""
    found = solve(lambda x: np.where(x >= 0.3, 0.6, 0.3))
    assert found.low.tolist() == [0.6]
    assert not len(found.open_low)


def test_a_tangency_is_one_and_near_it_nothing_is_claimed() -> None:
    def bowl(x: np.ndarray) -> np.ndarray:
        return 0.5 * (x - 0.5) ** 2 + x

    touching = solve(bowl)
    assert touching.low[0] == pytest.approx(0.5, abs=1e-7)
    assert (touching.below[0], touching.above[0]) == (1, 1)
    near = solve(lambda x: bowl(x) + 1e-12)
    assert near.low.tolist() == [1.0]
    assert (near.open_low[0] < 0.5) & (near.open_high[0] > 0.5)
    assert near.open_gap[0] == pytest.approx(1e-12, rel=0.1)
    far = solve(lambda x: bowl(x) + 1e-6)
    assert not len(far.open_low)
    crossing = solve(lambda x: bowl(x) - 1e-12)
    apart = np.sqrt(2e-12)
    assert crossing.low[:2].tolist() == pytest.approx([0.5 - apart, 0.5 + apart], abs=1e-9)
    # Told apart less finely.
    assert solve(bowl, most=64).resolution[0] > touching.resolution[0]


def test_cases_do_not_mix() -> None:
    slopes = np.array([0.2, 0.5, 0.9])

    def lines(x: np.ndarray, side: int, case: np.ndarray) -> np.ndarray:
        return slopes[case] * x + 0.05

    found = meetings(lines, ENDS, 3)
    assert found.case.tolist() == [0, 1, 2]
    assert found.low.tolist() == pytest.approx((0.05 / (1 - slopes)).tolist(), rel=1e-14)


def test_what_is_left_of_the_intervals_holds_every_root() -> None:
    part = Intervals(np.zeros(1), np.ones(1), np.zeros(1, np.intp), np.zeros(1, np.intp))
    left = halved(lambda x, side, case: x**2 + 3 / 16, part, np.full(1, 1e-6), 1000)
    assert np.all(left.high - left.low <= 1e-6)
    for root in (0.25, 0.75):
        assert np.any((left.low <= root) & (root <= left.high))
    assert len(left.low) < 20
    assert left.runs().max() == 1


def test_one_share_alone_across_is_none() -> None:
    """Φ = 1 at x = ½ only: nothing near it is moved by that."""
    found = solve(lambda x: np.where(x == 0.5, 1.0, 0.0), np.array([0.0, 0.5, 1.0]))
    assert found.low.tolist() == [0.0]
    # But one that is on the diagonal is a place to rest.
    found = solve(lambda x: np.where(x == 0.5, 0.5, 0.0), np.array([0.0, 0.5, 1.0]))
    assert found.low.tolist() == [0.0, 0.5]
