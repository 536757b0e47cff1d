"""Bounds read backwards: the same as theory where theory has a formula."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from gigsim.cli.bounds.options import VALID_CLOSENESS
from gigsim.cli.bounds.solving import affine_limit, least_share, limits_of, masses_of
from gigsim.theory.erasing import erasing_bound, erasing_critical_mass
from gigsim.theory.feature_only import feature_only_bound, feature_only_critical_mass
from gigsim.theory.inverse import gap_allowed, xi_allowed, xi_allowed_feature_only
from gigsim.theory.planting import Closeness, critical_mass, feature_label_bound

SUCCESSES = (0.0, 0.3, 0.9, 0.99)
SHARES = (0.002, 0.05, 0.6)


def same(found: float, expected: float) -> bool:
    if math.isnan(expected):
        return math.isnan(found)
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("closeness", VALID_CLOSENESS)
def test_feature_label_with_every_closeness(closeness: Closeness) -> None:
    how = {"epsilon": 0.01, "closeness": closeness, "margin": 0.8}

    def bound(alpha: float, *, xi: float = 0.01, gap: float = 0.5) -> float:
        return float(feature_label_bound(alpha, xi=xi, gap=gap, **how))

    for success, alpha in product(SUCCESSES, SHARES):
        xi = affine_limit(lambda value, at=alpha: bound(at, xi=value), success)
        assert same(xi, float(xi_allowed(success, alpha, gap=0.5, **how)))
        gap = affine_limit(lambda value, at=alpha: bound(at, gap=value), success)
        assert same(gap, float(gap_allowed(success, alpha, xi=0.01, **how)))
    for success in SUCCESSES:
        mass = float(critical_mass(success, xi=0.01, gap=0.5, **how))
        assert same(least_share(bound, success), mass)


def test_feature_only_and_erasing() -> None:
    for success, alpha in product(SUCCESSES, SHARES):
        found = affine_limit(lambda xi, at=alpha: feature_only_bound(at, p=0.1, xi=xi), success)
        assert same(found, float(xi_allowed_feature_only(success, alpha, p=0.1)))
        mass = least_share(lambda a: feature_only_bound(a, p=0.1, xi=0.001), success)
        expected = float(feature_only_critical_mass(success, p=0.1, xi=0.001))
        assert same(mass, expected if expected <= 1 else math.inf)
        share = least_share(lambda a: erasing_bound(a, tau=0.05), success)
        assert same(share, float(erasing_critical_mass(success, tau=0.05)))


def test_the_ends() -> None:
    assert affine_limit(lambda _: 0.9, 0.9) == 1.0
    assert math.isnan(affine_limit(lambda value: 0.8 - value, 0.9))
    assert math.isnan(affine_limit(lambda _: -math.inf, 0.0))
    assert least_share(lambda alpha: 1.0 if alpha > 0 else -math.inf, 0.9) == 0.0
    assert least_share(lambda _: -math.inf, 0.0) == math.inf
    assert least_share(lambda alpha: alpha, 0.5, largest=0.4) == math.inf
    assert least_share(lambda alpha: alpha, 0.25, largest=0.5) == 0.25


def test_tables_of_answers() -> None:
    assert masses_of(lambda alpha: alpha, (0.25, 0.5)) == {"0.25": 0.25, "0.5": 0.5}

    def bound(alpha: float, *, xi: float, gap: float) -> float:
        return float(feature_label_bound(alpha, xi=xi, gap=gap))

    rows = limits_of(bound, {"xi": 0.02, "gap": 0.5}, (0.9,), np.array([0.1, 0.2]))
    assert [row["alpha"] for row in rows] == [0.1, 0.2]
    assert [row["success"] for row in rows] == [0.9, 0.9]
    for row in rows:
        assert row["xi"] == pytest.approx(float(xi_allowed(0.9, row["alpha"], gap=0.5)))
        assert row["gap"] == pytest.approx(float(gap_allowed(0.9, row["alpha"], xi=0.02)))
