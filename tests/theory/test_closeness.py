"""What ε allows a platform, for each closeness."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from gigsim.theory import closeness as closeness_module
from gigsim.theory.closeness import VALID, Allowance, Closeness, allowance


def test_doctests() -> None:
    assert doctest.testmod(closeness_module).failed == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("joint_tv", (0.4, 0.0, 0.0)),
        ("joint_contamination", (0.25, 0.0, 0.0)),
        ("conditional_tv", (0.0, 0.4, 0.0)),
        ("conditional_contamination", (0.0, 0.25, 0.0)),
        ("additive_slack", (0.0, 0.2, 0.0)),
        ("slides", (0.0, 0.0, 0.25)),
    ],
)
def test_each_closeness_at_one_fifth(name: Closeness, expected: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(allowance(0.2, name), expected)
    assert allowance(0.0, name) == Allowance(*map(np.asarray, (0.0, 0.0, 0.0)))


def test_slides_is_not_among_the_valid_ones() -> None:
    assert "slides" not in VALID
    assert len(VALID) == 5


@pytest.mark.parametrize("margin", [0.2, 0.7, 1.0])
@pytest.mark.parametrize(
    ("name", "highest"),
    [
        ("conditional_tv", lambda margin: margin / 2),
        ("conditional_contamination", lambda margin: margin / (1 + margin)),
        ("additive_slack", lambda margin: margin),
        ("joint_tv", lambda margin: 1.0),
        ("slides", lambda margin: 1.0),
    ],
)
def test_the_limits_are_where_the_rate_reaches_the_margin(
    name: Closeness, highest: object, margin: float
) -> None:
    limit = highest(margin)  # type: ignore[operator]
    just_under = allowance(limit * (1 - 1e-9), name, margin)
    if name not in ("joint_tv", "slides"):
        assert just_under.rate == pytest.approx(margin, rel=1e-6)
        assert just_under.rate < margin
    with pytest.raises(ValueError, match="needs epsilon in"):
        allowance(limit, name, margin)


def test_arrays_and_names() -> None:
    many = allowance(np.array([0.0, 0.1]), "joint_tv")
    assert many.budget.tolist() == [0.0, 0.2]
    with pytest.raises(ValueError, match="needs a closeness"):
        allowance(0.1, None)
    with pytest.raises(ValueError, match="unknown closeness 'near'"):
        allowance(0.0, "near")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="epsilon must be in"):
        allowance(-0.1, "joint_tv")
