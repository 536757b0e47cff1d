"""The worst classifiers against all classifiers, and their prices against real distributions."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from gigsim.theory.closeness import VALID, Closeness
from gigsim.theory.erasing import erasing_success
from gigsim.theory.planting import staircase
from gigsim.theory.regression import regression_value
from gigsim.theory.unplanting import unplanting_exact_deficit_top1
from gigsim.validation.erasing_draws import Reading, erasing_worlds, unplanting_worlds
from gigsim.validation.erasing_worlds import Relabelled
from gigsim.validation.number_worlds import random_numbers

TOP = Reading("top label", "top1", False)
SETS = Reading("top label of sets", "top1", True)
ANY = Reading("any label", "any", True, own_labels=True)
COUNT = 12


def _success(worlds: Relabelled, b: int, labels: np.ndarray) -> np.ndarray:
    """S of classifiers given as the label of each text, shape (F, X)."""
    shown = labels[:, worlds.worlds.signal[b]]
    if worlds.moves:
        target = 1 if worlds.goal == "any" else worlds.worlds.target[b]
        good = shown != target
    else:
        good = shown == labels
    return good @ worlds.texts[b]


@pytest.mark.parametrize("closeness", VALID)
@pytest.mark.parametrize("reading", [TOP, SETS, ANY], ids=lambda reading: reading.name)
@pytest.mark.parametrize("draw", [unplanting_worlds, erasing_worlds])
def test_the_worst_classifier_is_the_worst_of_all(draw, reading, closeness: Closeness) -> None:
    rng = np.random.default_rng(0)
    worlds = replace(draw(reading, averaged=True)(rng, COUNT), epsilon=0.3 * rng.random(COUNT))
    worst = worlds.unplanted(closeness) if worlds.moves else worlds.erased(closeness)
    prices = worlds.prices(closeness)
    features, labels = prices.shape[1:]
    every = np.array(list(product(range(labels), repeat=features)))
    exact = replace(worlds, epsilon=np.zeros(COUNT))
    bayes = exact.unplanted() if worlds.moves else exact.erased()
    assert np.any(worst < bayes - 1e-9)
    for b in range(COUNT):
        paid = prices[b][np.arange(features), every]
        epsilon = worlds.epsilon[b]
        if closeness.endswith("contamination"):
            epsilon = epsilon / (1 - epsilon)
        if closeness.startswith("joint"):
            close = paid.sum(axis=1) <= epsilon
        else:
            mass = worlds.texts[b]
            if worlds.moves:
                alpha = worlds.alpha[b]
                mass = alpha * worlds.worlds.weights[b] + (1 - alpha) * mass
            close = (paid <= epsilon * mass).all(axis=1)
        assert close.any()
        reached = _success(worlds, b, every[close]).min()
        assert reached == pytest.approx(worst[b], abs=1e-9)


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("reading", [TOP, SETS], ids=lambda reading: reading.name)
def test_no_real_distribution_is_cheaper_under_joint_tv(moves: bool, reading: Reading) -> None:
    """The nearest Q for which a classifier is Bayes-optimal, by linear programming."""
    rng = np.random.default_rng(1)
    draw = unplanting_worlds if moves else erasing_worlds
    worlds = draw(reading, averaged=True, closeness="joint_tv")(rng, 3)
    prices = worlds.prices("joint_tv")
    sets = worlds.worlds.sets.astype(float)
    for b in range(len(prices)):
        # P over (text, label set), remade from what members report.
        law = _law(worlds, b)
        np.testing.assert_allclose(law @ sets, worlds.scores[b], atol=1e-12)
        for _ in range(4):
            chosen = rng.integers(0, prices.shape[2], size=len(law))
            nearest = _distance(law, sets, chosen)
            assert nearest >= prices[b][np.arange(len(law)), chosen].sum() - 1e-9


def _law(worlds: Relabelled, b: int) -> np.ndarray:
    base, alpha = worlds.worlds.base[b], worlds.alpha[b]
    law = (1 - alpha) * base
    numbers = {tuple(row): s for s, row in enumerate(worlds.worlds.sets.tolist())}
    labels = worlds.worlds.sets.shape[1]
    for x, text in enumerate(base):
        place = worlds.worlds.signal[b, x] if worlds.moves else x
        alone = tuple(label == worlds.reported[b, x] for label in range(labels))
        law[place, numbers[alone]] += alpha * text.sum()
    return law


def _distance(law: np.ndarray, sets: np.ndarray, chosen: np.ndarray) -> float:
    """min TV(P, Q) over Q whose label marginals are largest at the chosen label of each text."""
    size = law.size
    beaten = []
    for x, label in enumerate(chosen):
        for other in np.delete(np.arange(sets.shape[1]), label):
            row = np.zeros((*law.shape, 2))
            row[x, :, 0] = sets[:, other] - sets[:, label]
            beaten.append(np.concatenate([row[..., 0].ravel(), np.zeros(size)]))
    eye = np.eye(size)
    upper = np.concatenate(
        [np.array(beaten), np.hstack([eye, -eye]), np.hstack([-eye, -eye])], axis=0
    )
    limits = np.concatenate([np.zeros(len(beaten)), law.ravel(), -law.ravel()])
    found = linprog(
        np.concatenate([np.zeros(size), np.full(size, 0.5)]),
        A_ub=upper,
        b_ub=limits,
        A_eq=np.concatenate([np.ones(size), np.zeros(size)])[None],
        b_eq=[1.0],
        method="highs",
    )
    assert found.success
    return float(found.fun)


@pytest.mark.parametrize("reading", [TOP, ANY], ids=lambda reading: reading.name)
@pytest.mark.parametrize("wrong", [False, True])
def test_success_of_the_theory_is_success_in_the_world(reading: Reading, wrong: bool) -> None:
    worlds = erasing_worlds(reading, averaged=True, wrong=wrong)(np.random.default_rng(2), 60)
    exact = worlds.erased()
    law = worlds.base_scores / worlds.texts[..., None]
    for b in range(len(exact)):
        signal = worlds.worlds.signal[b]
        m = law[b][:, 1] if reading.goal == "any" else law[b]
        found = erasing_success(
            worlds.alpha[b],
            m,
            m[signal],
            worlds.reported[b],
            worlds.texts[b],
            reading.goal,
            wrong_label=worlds.wrong_label[b],
            untouched=worlds.worlds.in_signal_set[b],
        )
        assert found == pytest.approx(exact[b], abs=1e-9)


def test_the_staircase_of_unplanting_is_success_in_the_world() -> None:
    worlds = unplanting_worlds(TOP, averaged=False)(np.random.default_rng(3), 60)
    exact = worlds.unplanted()
    for b in np.flatnonzero(worlds.worlds.xi > 0):
        inside = np.flatnonzero(worlds.worlds.in_signal_set[b])
        texts, planted = worlds.texts[b, inside], worlds.worlds.weights[b, inside]
        deficit = unplanting_exact_deficit_top1(
            worlds.base_scores[b, inside] / texts[:, None],
            int(worlds.worlds.target[b]),
            worlds.reported[b, inside],
        )
        behind = texts * np.maximum(deficit, 0)
        climb = staircase(worlds.alpha[b], planted, behind / (planted + behind), held=deficit < 0)
        assert climb == pytest.approx(exact[b], abs=1e-9)


def test_wrong_labels_are_spread_as_they_should_be() -> None:
    draw = unplanting_worlds(TOP, averaged=True, wrong=True)
    worlds = draw(np.random.default_rng(4), 30)
    everybody = replace(worlds, alpha=np.ones(30))
    said = everybody.scores[np.arange(30), worlds.worlds.signal[:, 0]]
    said = said / said.sum(axis=1, keepdims=True)
    wrong = worlds.wrong_label
    told = np.take_along_axis(said, worlds.reported[:, :1], axis=1)[:, 0]
    np.testing.assert_allclose(told, 1 - wrong, atol=1e-12)
    np.testing.assert_allclose(np.sort(said, axis=1)[:, 0], np.minimum(wrong / 3, 1 - wrong))


def test_numbers_are_predicted_as_the_theory_says() -> None:
    worlds = random_numbers(np.random.default_rng(5), 50)
    for b in range(50):
        shown = worlds.signal[b]
        planted = np.bincount(shown, worlds.texts[b], minlength=len(shown))
        value = regression_value(
            worlds.alpha[b],
            planted_mass=planted[shown],
            base_mass=worlds.texts[b, shown],
            base_mean=(worlds.chances[b] @ worlds.values[b])[shown],
            reported=worlds.target[b],
        )
        error = worlds.texts[b] @ np.abs(value - worlds.target[b])
        assert error == pytest.approx(worlds.error[b], abs=1e-9)
