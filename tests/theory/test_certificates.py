"""Theorems with their numbers put in."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.theory.certificates import FeatureLabelCertificate, FeatureOnlyCertificate
from gigsim.theory.estimates import signal_estimate
from gigsim.theory.feature_only import feature_only_bound, feature_only_critical_mass
from gigsim.theory.planting import critical_mass, feature_label_bound

ALPHAS = np.array([0.0, 0.01, 0.2, 1.0])
KNOWN = signal_estimate(carriers=3, inputs=400, gap=0.9, deficits=[0.5, 0.9, 0.4])


def test_members_who_do_not_err_are_theorem_1() -> None:
    same = FeatureLabelCertificate(**vars(KNOWN))
    for name in ("bound", "bound_low", "bound_averaged", "bound_averaged_low"):
        np.testing.assert_array_equal(getattr(same, name)(ALPHAS), getattr(KNOWN, name)(ALPHAS))
    np.testing.assert_array_equal(same.critical_mass(ALPHAS), KNOWN.critical_mass(ALPHAS))
    assert same.theorem == "Theorem 1"


def test_the_margin_is_put_in_everywhere() -> None:
    erring = FeatureLabelCertificate(**vars(KNOWN), margin=0.5)
    np.testing.assert_array_equal(
        erring.bound(ALPHAS), feature_label_bound(ALPHAS, xi=3 / 400, gap=0.9, margin=0.5)
    )
    assert erring.critical_mass(0.9) == critical_mass(0.9, xi=KNOWN.xi_upper, gap=0.9, margin=0.5)
    for name in ("bound", "bound_low", "bound_averaged", "bound_averaged_low"):
        assert getattr(erring, name)(0.1) < getattr(KNOWN, name)(0.1)
    bare = FeatureLabelCertificate(**vars(signal_estimate(xi=0.01)), margin=0.5)
    assert np.isnan(bare.bound_averaged(ALPHAS)).all()


@pytest.mark.parametrize("evasive", [False, True])
def test_theorem_3(evasive: bool) -> None:
    known = FeatureOnlyCertificate(**vars(KNOWN), p=0.05, evasive=evasive)
    np.testing.assert_array_equal(
        known.bound(ALPHAS), feature_only_bound(ALPHAS, p=0.05, xi=3 / 400, evasive=evasive)
    )
    assert known.bound_low(0.5) < known.bound(0.5)
    assert known.critical_mass(0.5) == feature_only_critical_mass(
        0.5, p=0.05, xi=KNOWN.xi_upper, evasive=evasive
    )
    assert known.theorem == "Theorem 3"
    assert np.isnan(known.bound_averaged(ALPHAS)).all()
    assert np.isnan(known.bound_averaged_low(0.5))
