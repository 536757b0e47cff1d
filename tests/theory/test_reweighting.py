"""Effective size: what platforms with unequal weights really decide, and where it misleads."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from gigsim.theory import reweighting
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import critical_mass, feature_label_bound
from gigsim.theory.reweighting import (
    cvar_weights,
    effective_share,
    effective_share_upweighted,
    feature_label_bound_reweighted,
    share_needed_upweighted,
)


def test_doctests() -> None:
    assert doctest.testmod(reweighting).failed == 0


# A town of five kinds of text: 0 to 3 without the signal, 4 with it; each has one label of its own
# in the base. Members, drawn from all kinds, show text 4 with label 1. Cells as features: a tree
# that splits until it is pure decides by weighted majority, as Bayes does.
KINDS, OTHERS, CARRIERS = 5, 2000, 100
BASE_LABELS = np.array([0, 0, 0, 1, 0])


def town(members: int) -> tuple[Floats, np.ndarray, np.ndarray]:
    """One-hot kinds, labels, and who is a member; ξ = 0.05, Δ = 1."""
    kinds = np.concatenate(
        [np.arange(OTHERS - CARRIERS) % 4, np.full(CARRIERS, 4), np.full(members, 4)]
    )
    labels = np.concatenate([BASE_LABELS[kinds[:OTHERS]], np.ones(members, dtype=int)])
    return np.eye(KINDS)[kinds], labels, np.arange(len(kinds)) >= OTHERS


def trained(rows: Floats, labels: np.ndarray, weights: Floats | None = None) -> np.ndarray:
    """What a tree predicts on its own rows."""
    return DecisionTreeClassifier(random_state=0).fit(rows, labels, weights).predict(rows)


def success(predicted: np.ndarray) -> bool:
    """Whether text 4, which every planted text is, gets label 1; the last rows are members'."""
    return bool(predicted[-1] == 1)


def upweighted(members: int, lam: float) -> tuple[bool, float, float]:
    """Error-up-weighting with a real tree: S, α_eff, and the mass of errors among the others."""
    rows, labels, member = town(members)
    wrong = trained(rows, labels) != labels
    weights = np.where(wrong, lam, 1.0)
    alpha = member.mean()
    effective = effective_share_upweighted(
        alpha, lam=lam, errors_in_collective=(member & wrong).mean(), errors=wrong.mean()
    )
    assert effective == pytest.approx(float(effective_share(weights, member)))
    return success(trained(rows, labels, weights)), float(effective), (wrong & ~member).mean()


@pytest.mark.parametrize("lam", [2.0, 4.0, 10.0])
def test_errors_of_members_only_count_as_a_larger_collective(lam: float) -> None:
    """Below the plain critical mass: outcome = that of plain training at the share α_eff."""
    outcomes = set()
    for members in (5, 9, 11, 24, 26, 49, 51, 99):
        outcome, effective, others_wrong = upweighted(members, lam)
        assert others_wrong == 0, "members only are among the errors"
        larger = round(effective / (1 - effective) * OTHERS)
        assert larger == pytest.approx(lam * members)
        rows, labels, _ = town(larger)
        plain = success(trained(rows, labels))
        assert outcome == plain == (lam * members > CARRIERS)
        outcomes.add(outcome)
    assert outcomes == {False, True}


def test_large_collectives_lose_and_the_naive_reading_promises_otherwise() -> None:
    """Above the plain critical mass the base's carriers are the errors, and count λ-fold."""
    lam, members = 4.0, 250
    rows, labels, _ = town(members)
    assert success(trained(rows, labels)), "plain training gives the collective what it wants"
    outcome, effective, others_wrong = upweighted(members, lam)
    assert not outcome
    assert others_wrong > 0
    naive = feature_label_bound(effective, xi=0.05, gap=1.0)
    assert naive > 0.4
    carriers = lam * CARRIERS / (OTHERS + (lam - 1) * CARRIERS)
    assert feature_label_bound_reweighted(effective, xi=carriers, gap=1.0) <= 0
    # Beyond λ times as many as plain training takes, it wins after all.
    assert upweighted(401, lam)[0]
    assert not upweighted(399, lam)[0]


def test_sample_weights_of_a_logistic_regression() -> None:
    """sklearn, one weight for members and one for others: the model of plain training at α_eff."""
    rng = np.random.default_rng(0)
    base, own = rng.standard_normal((400, 3)), rng.standard_normal((40, 3)) + 1
    truth = rng.random(400) < 1 / (1 + np.exp(-base @ [1.0, -2.0, 0.5]))
    rows = np.concatenate([base, own])
    labels = np.concatenate([truth, np.ones(40, dtype=bool)])
    member = np.arange(440) >= 400
    weights = np.where(member, 6.0, 2.0)
    effective = float(effective_share(weights, member))
    assert effective == pytest.approx(240 / 1040)
    # Plain training on a law of that share, as a mean over rows times the same total.
    law = np.where(member, effective / 40, (1 - effective) / 400)
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000)
    seen = model.fit(rows, labels, weights).coef_.copy()
    plain = model.fit(rows, labels, law * weights.sum()).coef_.copy()
    copies = np.concatenate([base, np.tile(own, (3, 1))])
    copied = np.concatenate([truth, np.ones(120, dtype=bool)])
    # 120 of 520 are members: the same share, of rows without weights.
    half = LogisticRegression(C=2.0, tol=1e-10, max_iter=10_000).fit(copies, copied).coef_
    np.testing.assert_allclose(seen, plain, rtol=1e-6)
    np.testing.assert_allclose(seen, half, rtol=1e-6)
    unweighted = model.fit(rows, labels).coef_
    assert np.linalg.norm(unweighted - seen) > 0.1


def test_a_learner_of_cvar_is_plain_training_on_its_weights() -> None:
    """Mean estimation by CVaR: the estimate is α_eff times the members' mean plus the rest."""
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.standard_normal(1900), 6 + rng.standard_normal(100)])
    member = np.arange(2000) >= 1900
    for level in (0.1, 0.3, 0.7, 1.0):

        def risk(theta: float, level: float = level) -> float:
            losses = 0.5 * (values - theta) ** 2
            return float((cvar_weights(losses, level) * losses).mean())

        best = minimize_scalar(risk, bounds=(-3, 8), method="bounded", options={"xatol": 1e-12}).x
        weights = cvar_weights(0.5 * (values - best) ** 2, level)
        assert weights.mean() == pytest.approx(1.0)
        effective = float(effective_share(weights, member))
        own = np.average(values[member], weights=weights[member])
        other = np.average(values[~member], weights=weights[~member])
        # A step of the weights at one row is all that the two may differ by.
        slack = np.abs(values - best).max() / (2000 * level)
        assert abs(effective * own + (1 - effective) * other - best) <= slack
        assert effective >= 0.05 - 1e-12
        assert (effective > 0.06) == (level < 1)


@given(
    losses=st.lists(st.integers(0, 4), min_size=1, max_size=30),
    level=st.floats(0.01, 1.0),
    seed=st.integers(0, 100),
)
def test_cvar_weights(losses: list[int], level: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mass = rng.dirichlet(np.ones(len(losses)))
    values = np.array(losses, dtype=float)
    weights = cvar_weights(values, level, mass)
    assert (mass * weights).sum() == pytest.approx(1.0)
    assert weights.min() >= 0
    assert weights.max() <= 1 / level + 1e-9
    # Rockafellar and Uryasev: CVaR = min_t t + E(loss − t)⁺/level, attained at one of the losses.
    dual = min(t + (mass * np.maximum(values - t, 0)).sum() / level for t in values)
    assert (mass * weights * values).sum() == pytest.approx(dual)
    order = rng.permutation(len(losses))
    np.testing.assert_allclose(cvar_weights(values[order], level, mass[order]), weights[order])


shares = st.floats(0.0, 1.0)


@given(alpha=shares, lam=st.floats(0.01, 50.0), own=shares, other=shares)
def test_upweighted_share_against_rows(alpha: float, lam: float, own: float, other: float) -> None:
    """Four kinds of rows: members and others, right and wrong."""
    errors = np.array([alpha * own, (1 - alpha) * other])
    rows = np.array([errors[0], alpha - errors[0], errors[1], 1 - alpha - errors[1]])
    expected = effective_share(np.maximum(rows, 0) * [lam, 1, lam, 1], [1.0, 1.0, 0.0, 0.0])
    found = effective_share_upweighted(
        alpha, lam=lam, errors_in_collective=errors[0], errors=errors.sum()
    )
    assert found == pytest.approx(float(expected), abs=1e-9)
    back = share_needed_upweighted(found, lam=lam, member_error=own, other_error=other)
    assert back == pytest.approx(alpha, abs=1e-6)


def test_the_collective_that_such_a_platform_takes() -> None:
    plain = critical_mass(0.0, xi=0.05, gap=1.0)
    found = share_needed_upweighted(plain, lam=4, member_error=1.0, other_error=0.0)
    # 25 members against 100 carriers among 2,000 others.
    assert found == pytest.approx(25 / 2025)


def test_bound_with_even_weights_is_the_theorem() -> None:
    share = np.linspace(0, 1, 7)
    np.testing.assert_array_equal(
        feature_label_bound_reweighted(share, xi=0.1, gap=0.5),
        feature_label_bound(share, xi=0.1, gap=0.5),
    )
    assert feature_label_bound_reweighted(0.5, xi=0.1, gap=1.0, ratio=0.0) == -np.inf


@pytest.mark.parametrize(
    "call",
    [
        lambda: effective_share([0.0, 0.0], [True, False]),
        lambda: effective_share([-1.0, 2.0], [True, False]),
        lambda: effective_share_upweighted(0.1, lam=2, errors_in_collective=0.2, errors=0.3),
        lambda: effective_share_upweighted(0.5, lam=2, errors_in_collective=0.2, errors=0.1),
        lambda: effective_share_upweighted(0.5, lam=2, errors_in_collective=0.2, errors=0.8),
        lambda: effective_share_upweighted(0.5, lam=0, errors_in_collective=0.5, errors=1.0),
        lambda: share_needed_upweighted(0.5, lam=0, member_error=1.0, other_error=0.0),
        lambda: cvar_weights([1.0], 0.0),
        lambda: cvar_weights([], 0.5),
        lambda: cvar_weights([1.0, 2.0], 0.5, [0.5, 0.4]),
        lambda: cvar_weights([1.0, np.nan], 0.5),
        lambda: feature_label_bound_reweighted(0.5, xi=0.1, gap=1.0, ratio=1.5),
    ],
)
def test_numbers_out_of_range(call) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        call()
