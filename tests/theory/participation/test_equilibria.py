"""Where a start leads, and from where on: on equilibria written down by hand."""

import pytest

from gigsim.theory.participation.equilibria import Equilibrium, FixedPoints


def point(alpha: float, below: int, above: int, until: float | None = None, attained: bool = True):  # type: ignore[no-untyped-def]
    stability = "stable" if below >= 0 and above <= 0 else "unstable"
    if below == above != 0:
        stability = "half_stable"
    if until is not None:
        stability = "neutral"
    end = alpha if until is None else until
    return Equilibrium(
        alpha, end, stability, stability == "stable", attained, below, above, 0.0, 0.0
    )  # type: ignore[arg-type]


def points(*them: Equilibrium) -> FixedPoints:
    return FixedPoints(them, (), 1e-12)


def test_a_threshold_between_two() -> None:
    found = points(point(0.0, 0, -1), point(0.2, -1, 1), point(0.7, 1, -1))
    assert (found.low, found.high, found.critical_mass()) == (0.0, 0.7, 0.2)
    starts = (0.0, 0.1, 0.2, 0.3, 0.7, 1.0)
    assert [found.outcome(x) for x in starts] == [0.0, 0.0, 0.2, 0.7, 0.7, 0.7]
    assert [p.alpha for p in found.stable] == [0.0, 0.7]
    assert found.critical_mass(0.5) == 0.2
    assert found.critical_mass(0.0) == 0.0
    assert found.critical_mass(0.1) == 0.2
    assert found.critical_mass(0.8) == float("inf")


def test_a_threshold_that_is_jumped_carries_on_from_itself() -> None:
    found = points(point(0.0, 0, -1), point(0.2, -1, 1, attained=False), point(1.0, 1, 0))
    assert found.outcome(0.2) == 1.0
    assert found.outcome(0.2 - 1e-12) == 0.0
    # One that is jumped downwards holds who is there.
    assert points(point(0.4, 1, -1, attained=False)).outcome(0.4) == 0.4


def test_a_fold_holds_from_one_side() -> None:
    found = points(point(0.0, 0, -1), point(0.3, -1, -1))
    assert [found.outcome(x) for x in (0.2, 0.3, 0.9)] == [0.0, 0.3, 0.3]
    assert found.high == 0.0
    assert found.critical_mass() == float("inf")
    assert found.critical_mass(0.25) == 0.3
    held = points(point(0.1, 1, 1), point(0.8, 1, -1))
    assert [held.outcome(x) for x in (0.0, 0.1, 0.2)] == [0.1, 0.1, 0.8]
    assert held.critical_mass() == 0.1


def test_a_stretch_holds_whoever_is_on_it() -> None:
    found = points(point(0.0, 0, -1), point(0.4, -1, -1, until=0.6))
    assert [found.outcome(x) for x in (0.3, 0.5, 0.9)] == [0.0, 0.5, 0.6]
    assert found.high == 0.6
    assert found.critical_mass(0.5) == 0.5
    rising = points(point(0.4, 1, -1, until=0.6))
    assert [rising.outcome(x) for x in (0.1, 0.5, 0.9)] == [0.4, 0.5, 0.6]
    assert rising.critical_mass(0.3) == 0.0


def test_it_may_begin_by_itself_or_never() -> None:
    assert points(point(0.6, 1, -1)).critical_mass() == 0.0
    assert points(point(0.0, 0, -1)).critical_mass() == float("inf")
    with pytest.raises(ValueError, match="level"):
        points(point(0.0, 0, -1)).critical_mass(1.5)
    with pytest.raises(ValueError, match="start"):
        points(point(0.0, 0, -1)).outcome(-1.0)
