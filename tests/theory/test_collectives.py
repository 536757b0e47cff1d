"""Several collectives: the winner rule against counting, and its known cases."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import collectives
from gigsim.theory.collectives import (
    clashes,
    collective_bound,
    collective_critical_mass,
    collectives_success,
    mixed_law,
    solo_share,
)
from gigsim.theory.planting import feature_label_bound_averaged
from gigsim.theory.worlds import Worlds, all_label_sets, random_worlds

shares = st.floats(0.0, 1.0)


def test_doctests() -> None:
    assert doctest.testmod(collectives).failed == 0


def _several(worlds: Worlds, signals: list[np.ndarray], targets: list[np.ndarray]) -> dict:
    each = [
        Worlds(worlds.base, worlds.sets, signal, target)
        for signal, target in zip(signals, targets, strict=True)
    ]
    return {
        "planted": np.stack([one.planted() for one in each], axis=1),
        "base": worlds.base,
        "weights": np.stack([one.weights for one in each], axis=1),
        "targets": np.stack(targets, axis=1),
        "sets": worlds.sets,
    }


def test_the_winner_rule_by_counting_members() -> None:
    """One by one: every kind of person submits, every text has a winner."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        world = random_worlds(rng, 1, features=4, labels=3)
        signals = [random_worlds(rng, 1, features=4, labels=3).signal for _ in range(3)]
        targets = rng.integers(0, 3, size=(3, 1))
        alphas = rng.dirichlet(np.ones(4))[:3]
        law = (1 - alphas.sum()) * world.base[0]
        for j in range(3):
            for x in range(4):
                law[signals[j][0, x], targets[j, 0]] += alphas[j] * world.base[0, x].sum()
        top = law.argmax(axis=1)
        expected = [
            sum(world.base[0, x].sum() for x in range(4) if top[signals[j][0, x]] == targets[j, 0])
            for j in range(3)
        ]
        numbers = _several(world, signals, list(targets))
        found = collectives_success(alphas[None], **numbers)
        np.testing.assert_allclose(found[0], expected, atol=1e-12)
        np.testing.assert_allclose(
            mixed_law(alphas[None], planted=numbers["planted"], base=world.base)[0], law, atol=1e-12
        )


@pytest.mark.parametrize("goal", ["top1", "any"])
def test_one_collective_is_a_world_as_ever(goal: str) -> None:
    rng = np.random.default_rng(1)
    worlds = random_worlds(rng, 500, labels=3, multi_label=True)
    alpha = rng.random(500)
    numbers = _several(worlds, [worlds.signal], [worlds.target])
    found = collectives_success(alpha[:, None], goal=goal, **numbers)
    np.testing.assert_allclose(found[:, 0], worlds.success(alpha, goal), atol=1e-12)


def test_v44_same_new_signal_and_other_labels_the_larger_takes_all() -> None:
    worlds = random_worlds(np.random.default_rng(2), 200, xi=0.0)
    second = (worlds.target + 1) % 4
    numbers = _several(worlds, [worlds.signal] * 2, [worlds.target, second])
    found = collectives_success(np.tile([0.02, 0.01], (200, 1)), **numbers)
    np.testing.assert_allclose(found, np.tile([1.0, 0.0], (200, 1)), atol=1e-12)
    # Equal sizes: a tie, which nobody has unless a rule says who.
    equal = np.full((200, 2), 0.01)
    np.testing.assert_array_equal(collectives_success(equal, **numbers), 0)
    first = collectives_success(equal, ties="first", **numbers)
    np.testing.assert_allclose(first[:, 0], np.where(worlds.target < second, 1.0, 0.0), atol=1e-12)
    np.testing.assert_allclose(first.sum(axis=1), 1, atol=1e-12)


def test_v45_signal_sets_apart_each_as_if_alone() -> None:
    rng = np.random.default_rng(3)
    base = rng.dirichlet(np.full(24, 0.5), size=1000).reshape(1000, 6, 4)
    first = np.tile([0, 1, 0, 1, 1, 0], (1000, 1))
    second = np.tile([3, 2, 2, 3, 2, 3], (1000, 1))
    labels = rng.integers(0, 4, size=(2, 1000))
    worlds = Worlds(base, np.eye(4, dtype=bool), first, labels[0])
    alphas = rng.dirichlet(np.ones(3), size=1000)[:, :2]
    found = collectives_success(alphas, **_several(worlds, [first, second], list(labels)))
    for j, signal in enumerate((first, second)):
        alone = Worlds(base, worlds.sets, signal, labels[j])
        share = solo_share(alphas[:, j], alphas[:, 1 - j])
        np.testing.assert_allclose(found[:, j], alone.success(share), atol=1e-12)
        assert np.all(found[:, j] >= alone.success(alphas[:, j]) - 1e-12)


def test_v46_same_signal_and_label_are_one_collective() -> None:
    rng = np.random.default_rng(4)
    worlds = random_worlds(rng, 1000)
    alphas = rng.dirichlet(np.ones(3), size=1000)[:, :2]
    found = collectives_success(
        alphas, **_several(worlds, [worlds.signal] * 2, [worlds.target] * 2)
    )
    together = worlds.success(alphas.sum(axis=1))
    np.testing.assert_allclose(found, np.stack([together] * 2, axis=1), atol=1e-12)


def test_clashes_by_counting() -> None:
    rng = np.random.default_rng(5)
    sets = all_label_sets(3)
    planted = rng.dirichlet(np.ones(32), size=(20, 2)).reshape(20, 2, 4, 8)
    inside = rng.random((20, 2, 4)) < 0.5
    targets = rng.integers(0, 3, size=(20, 2))
    found = clashes(planted=planted, signal_sets=inside, targets=targets, sets=sets)
    for b in range(20):
        assert found[b, 0, 0] == found[b, 1, 1] == 0
        for i, j in ((0, 1), (1, 0)):
            mass = sum(
                planted[b, i, x, s]
                for x in range(4)
                for s in range(8)
                if inside[b, j, x] and not sets[s, targets[b, j]]
            )
            assert found[b, i, j] == pytest.approx(mass)


@given(shares, shares)
def test_nobody_else_is_the_averaged_theorem(alpha: float, kappa: float) -> None:
    found = collective_bound(alpha, kappa=kappa)
    expected = feature_label_bound_averaged(alpha, kappa=kappa)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@given(shares, st.floats(0.0, 0.3), st.floats(0.0, 1.0), st.floats(0.0, 0.99))
def test_the_critical_mass_is_where_the_bound_gets_there(
    kappa: float, others: float, part: float, success: float
) -> None:
    conflict = others * part
    share = float(collective_critical_mass(success, kappa=kappa, others=others, conflict=conflict))
    if share == np.inf:
        most = collective_bound(1 - others, kappa=kappa, others=others, conflict=conflict)
        assert most <= success + 1e-9
    elif share > 1e-9:
        found = collective_bound(share, kappa=kappa, others=others, conflict=conflict)
        assert found == pytest.approx(success, abs=1e-6)


@given(st.floats(0.01, 0.5), shares, st.floats(0.0, 0.5), shares)
def test_knowing_more_of_the_others_promises_more(
    alpha: float, kappa: float, others: float, part: float
) -> None:
    total_only = collective_bound(alpha, kappa=kappa, others=others)
    assert total_only <= collective_bound(alpha, kappa=kappa, others=others, conflict=part * others)


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1"):
        collective_bound(0.6, kappa=0.1, others=0.5)
    with pytest.raises(ValueError, match="a part of them"):
        collective_bound(0.1, kappa=0.1, others=0.1, conflict=0.2)
    with pytest.raises(ValueError, match="a part of them"):
        collective_critical_mass(0.1, kappa=0.1, others=0.1, conflict=0.2)
    with pytest.raises(ValueError, match="more than 1"):
        solo_share(0.6, 0.5)
    worlds = random_worlds(np.random.default_rng(6), 1)
    numbers = _several(worlds, [worlds.signal] * 2, [worlds.target] * 2)
    with pytest.raises(ValueError, match="more than 1"):
        collectives_success([[0.6, 0.5]], **numbers)
    with pytest.raises(ValueError, match="top1"):
        collectives_success([[0.1, 0.1]], goal="any", ties="first", **numbers)
