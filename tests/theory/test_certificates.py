"""Theorems with their numbers put in."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.theory.certificates import (
    ErasingCertificate,
    FeatureLabelCertificate,
    FeatureOnlyCertificate,
    FeatureOnlyProfileCertificate,
    UnplantingCertificate,
)
from gigsim.theory.erasing import erasing_bound, erasing_critical_mass
from gigsim.theory.estimates import signal_estimate
from gigsim.theory.feature_only import feature_only_bound, feature_only_critical_mass
from gigsim.theory.floors import feature_only_bound_profile
from gigsim.theory.planting import Goal, LabelSets, critical_mass, feature_label_bound
from gigsim.theory.worlds import random_worlds
from tests.theory.enumeration import mixed, relabelled_law

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


@pytest.mark.parametrize("evasive", [False, True])
def test_theorem_3_by_a_quantile(evasive: bool) -> None:
    probabilities = np.random.default_rng(1).beta(1, 4, size=400)
    known = FeatureOnlyProfileCertificate(
        **vars(KNOWN), probabilities=probabilities, evasive=evasive
    )
    for name, xi in (("bound", KNOWN.xi), ("bound_low", KNOWN.xi_upper)):
        np.testing.assert_array_equal(
            getattr(known, name)(ALPHAS),
            feature_only_bound_profile(ALPHAS, probabilities, xi=xi, evasive=evasive),
        )
    wanted = np.array([0.05, 0.15, 0.3])
    mass = known.critical_mass(wanted)
    assert (np.diff(mass) > 0).all()
    assert (known.bound_low(mass) >= wanted).all()
    assert (known.bound_low(mass - 1e-6) < wanted).all()
    assert known.critical_mass(0.3) == mass[2] < 1
    # The band of a sample of 400 is never narrower than this.
    assert known.critical_mass(0.999) == np.inf
    assert known.theorem == "Theorem 3, quantile form"
    assert np.isnan(known.bound_averaged(ALPHAS)).all()
    assert np.isnan(known.bound_averaged_low(0.5))


def test_unplanting_has_the_form_of_theorem_1_and_a_name_of_its_own() -> None:
    mirror = UnplantingCertificate(**vars(KNOWN))
    for name in ("bound", "bound_low", "bound_averaged", "bound_averaged_low", "critical_mass"):
        np.testing.assert_array_equal(getattr(mirror, name)(ALPHAS), getattr(KNOWN, name)(ALPHAS))
    assert mirror.theorem == "Theorem 1 for unplanting"


def test_theorem_5() -> None:
    known = ErasingCertificate(
        **vars(KNOWN), tau=0.02, tau_upper=0.05, error=0.04, error_upper=0.06
    )
    np.testing.assert_array_equal(known.bound(ALPHAS), erasing_bound(ALPHAS, tau=0.04))
    np.testing.assert_array_equal(known.bound_low(ALPHAS), erasing_bound(ALPHAS, tau=0.08))
    assert known.critical_mass(0.9) == erasing_critical_mass(0.9, tau=0.08)
    assert known.bound_low(known.critical_mass(0.9)) == pytest.approx(0.9)
    assert np.isnan(known.bound_averaged(ALPHAS)).all()
    assert np.isnan(known.bound_averaged_low(0.5))
    # Nothing is promised of an opinion that is wrong everywhere until half of the people report it.
    hopeless = ErasingCertificate(**vars(KNOWN), tau=0.9, tau_upper=1.0, error=1.0, error_upper=1.0)
    assert hopeless.bound(0.5) < 0
    assert hopeless.bound(1.0) == 1


@pytest.mark.parametrize(
    ("goal", "label_sets"), [("top1", "replace"), ("any", "extend")], ids=["top1", "any"]
)
def test_erasing_with_a_wrong_opinion_is_bounded_by_tau_and_half_the_error(
    goal: Goal, label_sets: LabelSets
) -> None:
    """Random worlds, random opinions of g(x): 4,000 x 6 shares, enumerated; no violation.

    The theorem with τ alone, as if opinions were right, is violated in many of them.
    """
    generator, count, labels = np.random.default_rng(11), 4000, 3
    worlds = random_worlds(generator, count, features=5, labels=labels, multi_label=True)
    # The opinion is of the text without the signal: x and g(x) share it. Often the best, else any.
    at = worlds.base.sum(axis=2)
    marginals = worlds.base @ worlds.sets / np.where(at > 0, at, 1)[..., None]
    rows = np.arange(count)[:, None]
    cleaned = marginals[rows, worlds.signal]
    if goal == "any":
        own = np.take_along_axis(marginals, worlds.target[:, None, None], axis=2)[..., 0]
        marginals = np.stack([1 - own, own], axis=-1)
        cleaned = marginals[rows, worlds.signal]
    opinion = cleaned.argmax(axis=-1)
    astray = generator.random(opinion.shape) < generator.random((count, 1)) ** 2
    opinion = np.where(astray, generator.integers(0, cleaned.shape[2], opinion.shape), opinion)
    opinion = opinion[rows, worlds.signal]
    # A label set's number is its code.
    codes = np.arange(2**labels)[None, None, :]
    bit = 1 << worlds.target[:, None, None]
    if label_sets == "replace":
        reported = np.broadcast_to((1 << opinion)[..., None], worlds.base.shape)
    else:
        reported = np.where(opinion[..., None] == 1, codes | bit, codes & ~bit)
    erased = relabelled_law(worlds, reported, planted=False)
    moved = np.abs(marginals - cleaned).max(axis=2)
    behind = cleaned.max(axis=2) - np.take_along_axis(cleaned, opinion[..., None], axis=2)[..., 0]
    tau, error = ((at * value).sum(axis=1) for value in (moved, behind))
    assert (error > 0.01).mean() > 0.25
    informative, naive = 0, 0
    for alpha in (0.02, 0.1, 0.2, 0.3, 0.4, 0.5):
        law = mixed(worlds, alpha, erased) @ worlds.sets
        if goal == "any":
            given = np.take_along_axis(law, worlds.target[:, None, None], axis=2)[..., 0] > at / 2
        else:
            given = law.argmax(axis=2)
        success = (at * (given == given[rows, worlds.signal])).sum(axis=1)
        for b in np.flatnonzero(erasing_bound(alpha, tau=np.minimum(1, tau + error / 2)) > -1):
            known = ErasingCertificate(
                **vars(KNOWN),
                tau=float(tau[b]),
                tau_upper=float(tau[b]),
                error=float(error[b]),
                error_upper=float(error[b]),
            )
            bound = float(known.bound(alpha))
            assert success[b] >= bound - 1e-12
            assert known.bound_low(alpha) == bound
            informative += bound > 0
        naive += int((success < erasing_bound(alpha, tau=np.minimum(1, tau)) - 1e-9).sum())
    assert informative > 500
    assert naive > 0
