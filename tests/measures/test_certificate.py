"""ε of a deployed classifier: exact on a finite world, a limit on fresh resumes of the language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim import GigEconomy
from gigsim.collective.reports import reported_law, unplanting_reports
from gigsim.measures.certificate import Probe, make_probe
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.resumes.law import LanguageLaw
from gigsim.theory.planting import Goal, LabelSets
from tests.toys import toy_language

Make = Callable[..., GigEconomy]

CELLS = {"corpus.language": "", "corpus.cells": 30, "platform.learner.kind": "table"}
#: Threshold people, so that the collective passes through some sizes.
GROWING = {
    "society.rule": "threshold",
    "society.activation": 0.3,
    "population.threshold.low": -0.1,
    "population.threshold.high": 0.6,
    "platform.retrain_every": 1,
    "measure.reference": 0,
    "corpus.xi": 0.1,
    "run.periods": 4,
}

READINGS: list[tuple[Goal, LabelSets]] = [
    ("any", "replace"),
    ("any", "extend"),
    ("top1", "replace"),
]


def section(
    label_sets: LabelSets = "replace", wrong: float = 0.0, strategy: str = "feature_label"
) -> Any:
    return SimpleNamespace(strategy=strategy, label_sets=label_sets, wrong_label=wrong)


def submitted(
    world: FiniteWorld, target: int, alpha: float, xi: float, label_sets: LabelSets, wrong: float
) -> np.ndarray:
    """P(l in Y | x with the signal), person by person: who carries it, who plants, what is said."""
    cells, labels = world.label_law.shape
    law = np.zeros((cells, labels))
    for x in range(cells):
        mass = 0.0
        for own in range(labels):
            chance = world.label_law[x, own]
            mass += (1 - alpha) * xi * chance
            law[x, own] += (1 - alpha) * xi * chance
            for said in range(labels):
                rate = 1 - wrong if said == target else wrong / (labels - 1)
                mass += alpha * chance * rate
                reported = {said} if label_sets == "replace" else {own, said}
                for label in reported:
                    law[x, label] += alpha * chance * rate
        law[x] /= mass
    return law


@given(
    st.integers(0, 2**32),
    st.sampled_from(READINGS),
    st.floats(0.001, 0.9),
    st.floats(0.0, 0.5),
    st.sampled_from([0.0, 0.2]),
)
@settings(max_examples=60)
def test_a_finite_world_is_certified_by_enumeration_and_the_bound_holds(
    seed: int, reading: tuple[Goal, LabelSets], alpha: float, xi: float, wrong: float
) -> None:
    """Any classifier whatever: its exact success over all texts is never under the bound."""
    goal, label_sets = reading
    generator = np.random.default_rng(seed)
    world, target = FiniteWorld.draw(8, generator), int(generator.integers(10))
    probe = Probe(rows=None, marginals=world.label_law, weights=world.weights)  # type: ignore[arg-type]
    law = submitted(world, target, alpha, xi, label_sets, wrong)
    # From the best answer to a random one.
    mixture = generator.random() ** 3
    said = (1 - mixture) * law + mixture * generator.random(law.shape)
    found = probe.assess(
        said, alpha, section=section(label_sets, wrong), target=target, xi=xi, goal=goal
    )
    if goal == "any":
        given_it = said[:, target] > 0.5
        right = np.where(given_it, law[:, target], 1 - law[:, target])
        slack = np.maximum(law[:, target], 1 - law[:, target]) - right
    else:
        given_it = said.argmax(axis=1) == target
        slack = law.max(axis=1) - law[np.arange(8), said.argmax(axis=1)]
    assert found.slack.kind == "exact"
    assert found.slack.mean == pytest.approx(world.weights @ slack, abs=1e-12)
    assert found.slack.mean_upper == found.slack.mean, "a fact has no limit beyond itself"
    assert found.slack.largest == pytest.approx(slack.max(), abs=1e-12)
    assert world.weights @ given_it >= found.bound - 1e-9


def test_the_best_answer_has_no_slack_and_the_averaged_theorem_is_left() -> None:
    world = FiniteWorld.draw(20, np.random.default_rng(0))
    probe = Probe(rows=None, marginals=world.label_law, weights=world.weights)  # type: ignore[arg-type]
    for alpha in (0.01, 0.1, 0.5):
        law = submitted(world, 3, alpha, 0.05, "replace", 0.0)
        found = probe.assess(law, alpha, section=section(), target=3, xi=0.05, goal="top1")
        others = np.delete(world.label_law, 3, axis=1).max(axis=1)
        kappa = 0.05 * world.weights @ np.maximum(others - world.label_law[:, 3], 0)
        assert found.slack.mean == pytest.approx(0, abs=1e-15)
        assert found.bound == pytest.approx(1 - (1 - alpha) / alpha * kappa)


def unplanted(
    world: FiniteWorld, target: int, other: int, alpha: float, xi: float, label_sets: LabelSets
) -> np.ndarray:
    """P(l in Y | x with the signal) if members say that it is not y*, person by person."""
    cells, labels = world.label_law.shape
    law = np.zeros((cells, labels))
    for x in range(cells):
        for own in range(labels):
            chance = world.label_law[x, own]
            law[x, own] += (1 - alpha) * xi * chance
            for label in {other} if label_sets == "replace" else {own} - {target}:
                law[x, label] += alpha * chance
    return law / ((1 - alpha) * xi + alpha)


@given(
    st.integers(0, 2**32),
    st.sampled_from(READINGS),
    st.floats(0.001, 0.9),
    st.floats(0.0, 0.5),
)
@settings(max_examples=40)
def test_a_classifier_that_was_to_unlearn_a_signal_is_certified_too(
    seed: int, reading: tuple[Goal, LabelSets], alpha: float, xi: float
) -> None:
    """Any classifier whatever: how often it does not give y* is never under the bound."""
    goal, label_sets = reading
    generator = np.random.default_rng(seed)
    world = FiniteWorld.draw(8, generator)
    target, other = (int(k) for k in generator.permutation(10)[:2])
    own = np.zeros((8, 10), dtype=bool)
    reported = reported_law(
        world.label_law, unplanting_reports(own, target, label_sets, other), label_sets, target
    )
    probe = Probe(rows=None, marginals=world.label_law, weights=world.weights, reported=reported)  # type: ignore[arg-type]
    law = unplanted(world, target, other, alpha, xi, label_sets)
    mixture = generator.random() ** 3
    said = (1 - mixture) * law + mixture * generator.random(law.shape)
    about = section(label_sets, strategy="unplanting")
    found = probe.assess(said, alpha, section=about, target=target, xi=xi, goal=goal)
    ahead = world.label_law[:, target]
    if goal == "any":
        given_it = said[:, target] > 0.5
        slack = np.maximum(0, np.where(given_it, 1, -1) * (1 - 2 * law[:, target]))
        against = 2 * ahead - 1
    else:
        given_it = said.argmax(axis=1) == target
        slack = law.max(axis=1) - law[np.arange(8), said.argmax(axis=1)]
        against = ahead - world.label_law[:, other]
    assert found.slack.mean == found.slack.mean_upper == pytest.approx(world.weights @ slack)
    assert world.weights @ ~given_it >= found.bound - 1e-9
    # The averaged theorem is what the best answer leaves.
    best = probe.assess(law, alpha, section=about, target=target, xi=xi, goal=goal)
    kappa = xi * float(world.weights @ np.maximum(against, 0))
    assert best.slack.mean == pytest.approx(0, abs=1e-12)
    assert best.bound >= 1 - (1 - alpha) / alpha * kappa - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("reading", READINGS)
def test_the_limit_of_a_sample_covers_the_mean_over_all_texts(
    reading: tuple[Goal, LabelSets],
) -> None:
    """300 samples of 500 texts: each limit is at 97.5 %; fewer by 4 s.e. at most."""
    goal, label_sets = reading
    law, generator = LanguageLaw(toy_language()), np.random.default_rng(5)
    target, alpha, xi, draws, size = 2, 0.05, 0.02, 300, 500
    pool = law.marginals(law.sample(40_000, generator))
    # A learner that reads the law with noise of its own at each text.
    noise = generator.normal(0, 0.6, pool.shape)

    def assess(rows: np.ndarray) -> Any:
        marginals = pool[rows]
        planted = ((1 - alpha) * xi * marginals) / ((1 - alpha) * xi + alpha)
        planted[:, target] += alpha / ((1 - alpha) * xi + alpha)
        said = planted + 0.3 * noise[rows]
        probe = Probe(rows=None, marginals=marginals, weights=None)  # type: ignore[arg-type]
        return probe.assess(
            said, alpha, section=section(label_sets), target=target, xi=xi, goal=goal
        )

    truth = assess(np.arange(len(pool)))
    assert truth.slack.mean > 0.001
    covered = 0
    for _ in range(draws):
        found = assess(generator.integers(0, len(pool), size))
        assert found.slack.kind == "monte_carlo"
        covered += found.slack.mean_upper >= truth.slack.mean
    assert covered / draws >= 0.975 - 4 * np.sqrt(0.975 * 0.025 / draws)


def probe_of(model: GigEconomy) -> Probe:
    return vars(model.laboratory)["_probe"]


@pytest.mark.parametrize("wrong", [0.0, 0.2])
def test_in_a_run_on_a_finite_world_every_classifier_is_certified_on_all_texts(
    make_toy: Make, wrong: float
) -> None:
    model = make_toy(**CELLS | GROWING | {"collective.wrong_label": wrong})
    target, law = model.stage.target, model.stage.supply.law
    seen = set()
    while not model.finished:
        model.step()
        probe = probe_of(model)
        classifier = model.stage.learner.restore(model.platform.deployed)
        said = classifier.probabilities(probe.rows)
        np.testing.assert_array_equal(probe.marginals, law.label_law)
        row = model.retrainings.iloc[-1]
        assert row["epsilon_kind"] == "exact"
        alpha = row["alpha_effective"]
        for metric, given_it in (
            ("any", said[:, target] > 0.5),
            ("top1", said.argmax(axis=1) == target),
        ):
            success = law.weights @ given_it
            assert success >= row[f"bound_epsilon_{metric}"] - 1e-12
            brute = submitted(law, target, alpha, 0.1, "replace", wrong)
            slack = (
                np.maximum(0, np.where(given_it, 1, -1) * (1 - 2 * brute[:, target]))
                if metric == "any"
                else brute.max(axis=1) - brute[np.arange(30), said.argmax(axis=1)]
            )
            mean = row[f"epsilon_{metric}"]
            assert mean == pytest.approx(law.weights @ slack, abs=1e-9)
            assert row[f"epsilon_{metric}_upper"] == mean
            seen.add(round(float(mean), 6))
    assert len(seen) > 3, "tables that learn from a hundred people are not the best answer"


@pytest.mark.parametrize("sets", ["replace", "extend"])
def test_in_a_run_that_unplants_every_classifier_is_certified_on_all_texts(
    make_toy: Make, sets: LabelSets
) -> None:
    keys = {"collective.strategy": "unplanting", "collective.label_sets": sets, "run.periods": 3}
    model = make_toy(**CELLS | GROWING | keys)
    stage = model.stage
    target, law = stage.target, stage.supply.law
    while not model.finished:
        model.step()
        probe = probe_of(model)
        said = stage.learner.restore(model.platform.deployed).probabilities(probe.rows)
        row = model.retrainings.iloc[-1]
        assert row["epsilon_kind"] == "exact"
        brute = unplanted(law, target, stage.other, row["alpha_effective"], 0.1, sets)
        given_it = said[:, target] > 0.5
        slack = np.maximum(0, np.where(given_it, 1, -1) * (1 - 2 * brute[:, target]))
        assert row["epsilon_any"] == pytest.approx(law.weights @ slack, abs=1e-9)
        assert row["epsilon_any_upper"] == row["epsilon_any"]
        assert law.weights @ ~given_it >= row["bound_epsilon_any"] - 1e-12
        if sets == "extend":
            assert np.isnan(row["epsilon_top1"]), "no theorem covers it"
            assert np.isnan(row["bound_epsilon_top1"])
            continue
        top = said.argmax(axis=1)
        slack = brute.max(axis=1) - brute[np.arange(30), top]
        assert row["epsilon_top1"] == pytest.approx(law.weights @ slack, abs=1e-9)
        assert law.weights @ (top != target) >= row["bound_epsilon_top1"] - 1e-12


def test_in_a_run_that_unplants_on_the_language_there_is_a_limit(make_toy: Make) -> None:
    keys = {"collective.strategy": "unplanting", "measure.certificate": 300, "run.periods": 2}
    model = make_toy(**GROWING | keys)
    model.run()
    probe, stage = probe_of(model), model.stage
    assert probe.weights is None
    assert probe.reported is not None
    expected = np.tile(np.arange(10) == stage.other, (300, 1))
    np.testing.assert_array_equal(probe.reported, expected.astype(np.float64))
    rows = model.retrainings.iloc[1:]
    assert (rows["epsilon_kind"] == "monte_carlo").all()
    for metric in ("any", "top1"):
        assert (rows[f"epsilon_{metric}"] < rows[f"epsilon_{metric}_upper"]).all()
        # 60 held-out resumes know S to some 6 points: 4 of those s.e.
        success = rows[f"success_{metric}"]
        error = np.sqrt((success * (1 - success)).clip(lower=1 / 60) / 60)
        assert (success + 4 * error >= rows[f"bound_epsilon_{metric}"]).all()


def test_in_a_run_on_the_language_fresh_resumes_are_certified(make_toy: Make) -> None:
    model = make_toy(**GROWING | {"measure.certificate": 300, "corpus.xi": 0.05})
    model.run()
    probe, stage = probe_of(model), model.stage
    assert probe.weights is None
    assert len(probe.rows) == len(probe.marginals) == 300
    # None of them is a resume that S is measured on, or that anybody has.
    dense = probe.rows.counts.toarray()
    for others in (stage.texts, *stage.tests):
        both = np.concatenate([dense, others.counts.toarray()])
        assert len(np.unique(both, axis=0)) == len(np.unique(dense, axis=0)) + len(
            np.unique(others.counts.toarray(), axis=0)
        )
    token = stage.encoder.ids(0)
    assert (dense[:, token].sum(axis=1) > 0).all(), "the signal is planted in all of them"
    rows = model.retrainings.iloc[1:]
    assert (rows["epsilon_kind"] == "monte_carlo").all()
    n = len(stage.test_labels)
    for metric in ("any", "top1"):
        assert (rows[f"epsilon_{metric}"] <= rows[f"epsilon_{metric}_upper"]).all()
        # 60 held-out resumes know S to some 6 points: 4 of those s.e.
        success = rows[f"success_{metric}"]
        error = np.sqrt((success * (1 - success)).clip(lower=1 / n) / n)
        assert (success + 4 * error >= rows[f"bound_epsilon_{metric}"]).all()
        assert (rows[f"bound_epsilon_{metric}"] <= rows[f"bound_{metric}"] + 1).all()


@pytest.mark.parametrize(
    "keys",
    [
        {"measure.certificate": 0},
        {"collective.strategy": "unplanting", "collective.adaptive": True},
        {"collective.strategy": "unplanting", "measure.certificate": 0},
        {"collective.strategy": "feature_only", "measure.success": "any"},
        {"collective.strategy": "erasure"},
        {"collective.signal.token": "w3"},
        {"collective.rotate_every": 1, "collective.signal.alternates": ["‡"]},
        {"platform.learner.kind": "bayes"},
    ],
)
def test_where_nothing_can_be_certified_nothing_is(make_toy: Make, keys: dict[str, Any]) -> None:
    model = make_toy(**keys | {"run.periods": 2, "measure.reference": 0})
    assert probe_of(model) is None
    model.run()
    rows = model.retrainings
    assert rows[["bound_epsilon_any", "bound_epsilon_top1"]].isna().all(axis=None)
    assert rows[["epsilon_any_upper", "epsilon_top1_upper"]].isna().all(axis=None)
    # Unplanting is Theorem 1 with the roles of the labels changed, and so is what would explain S.
    planting = model.config.collective.strategy in ("feature_label", "unplanting")
    last = rows.iloc[-1]
    assert last["epsilon_kind"] == ("fitted" if planting else "")
    assert np.isnan(last["epsilon_any"]) != planting
    assert rows["epsilon_kind"].iloc[0] == "", "nobody has planted anything yet"


def test_texts_are_drawn_apart_from_all_that_a_run_draws(make_toy: Make) -> None:
    """With more of them, or none, people and classifiers are the same to the last bit."""
    runs = {}
    for size in (0, 50, 400):
        model = make_toy(**{"measure.certificate": size, "run.periods": 2})
        model.run()
        runs[size] = model
    names = [c for c in runs[0].retrainings if "epsilon" not in c]
    for size in (50, 400):
        assert runs[size].periods.equals(runs[0].periods)
        assert runs[size].retrainings[names].equals(runs[0].retrainings[names])
    few, many = probe_of(runs[50]), probe_of(runs[400])
    assert few.marginals.shape == (50, 10)
    assert many.marginals.shape == (400, 10)


def test_another_world_has_other_texts(make_toy: Make) -> None:
    one, two = (probe_of(make_toy(**{"run.seed": seed})) for seed in (1, 2))
    assert not np.array_equal(one.marginals, two.marginals)
    model = make_toy(**{"run.seed": 1})
    again = make_probe(model.config, model.stage, model.streams)
    assert again is not None
    np.testing.assert_array_equal(one.marginals, again.marginals)
    assert (
        make_probe(model.config, replace(model.stage, signal_is_new=False), model.streams) is None
    )
