"""Runs of worlds with label noise, with signals in other places, with platforms away from Bayes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from gigsim.learners.bayes import TextRows
from gigsim.model import GigEconomy
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.resumes.label_noise import LabelNoise
from gigsim.scene import leavers
from gigsim.stage import Stage
from gigsim.theory.closeness import POINTWISE
from gigsim.theory.feature_only import feature_only_bound
from gigsim.theory.planting import feature_label_bound

Make = Callable[..., GigEconomy]

#: Threshold people, so that the collective passes through many sizes.
GROWING = {
    "society.rule": "threshold",
    "society.activation": 0.1,
    "platform.retrain_every": 1,
    "measure.reference": 0,
    "population.size": 300,
    "collective.first_movers": 2,
    "population.threshold.low": -0.05,
    "population.threshold.high": 0.6,
    "corpus.test_size": 150,
}
BAYES = {"platform.learner.kind": "bayes"}
CELLS = {"corpus.cells": 12, "corpus.language": ""}
NOISE = {"corpus.label_noise": 0.3}
KINDS = ("shuffle", "uniform")


def stage_of(model: GigEconomy) -> Stage:
    assert isinstance(model.stage, Stage)
    return model.stage


# --------------------------------------------------------------------------------- label noise


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_in_what_people_hand_in_and_nowhere_else(make_toy: Make, kind: str) -> None:
    clean = make_toy(**{"corpus.xi": 0.1})
    noisy = make_toy(**{"corpus.xi": 0.1, "corpus.label_noise_kind": kind}, **NOISE)
    a, b = stage_of(clean), stage_of(noisy)
    np.testing.assert_array_equal(a.base_labels, a.labels)
    np.testing.assert_array_equal(b.labels, a.labels)
    np.testing.assert_array_equal(b.test_labels, a.test_labels)
    np.testing.assert_array_equal(b.carriers, a.carriers)
    np.testing.assert_array_equal(noisy.population.label_set, clean.population.label_set)
    for mine, other in zip((b.texts, *b.tests), (a.texts, *a.tests), strict=True):
        for x, y in zip(mine.arrays().values(), other.arrays().values(), strict=True):
            np.testing.assert_array_equal(x, y)
    changed = (b.base_labels != b.labels).any(axis=1).mean()
    assert 0.1 < changed < 0.45
    # Nobody has edited anything in a world without a collective.
    (handed_in,) = noisy.platform.submissions
    np.testing.assert_array_equal(handed_in.labels, b.base_labels)
    assert noisy.edited == 0


def test_members_act_on_what_they_have_on_file(make_toy: Make) -> None:
    """Feature-only: those whose label set on file holds y* plant, and report just that."""
    model = make_toy(**{"collective.strategy": "feature_only", "corpus.label_noise": 0.6})
    stage, people = stage_of(model), model.population
    everybody = np.ones(len(people), dtype=bool)
    shown = model.collective.instruct(people, everybody)
    on_file = stage.base_labels[:, stage.target]
    assert (on_file != stage.labels[:, stage.target]).any()
    planted = shown.texts == stage.planted_at[0]
    np.testing.assert_array_equal(planted, on_file)
    np.testing.assert_array_equal(shown.labels, stage.base_labels)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", [{}, CELLS], ids=["language", "finite world"])
@pytest.mark.parametrize("strategy", ["feature_label", "feature_only", "unplanting"])
def test_the_exact_platform_is_that_of_the_noisy_law(
    make_toy: Make, kind: LabelNoise, source: dict[str, Any], strategy: str
) -> None:
    """Measured, closed form and theorem agree, and p is the floor that the noise makes."""
    keys = GROWING | BAYES | NOISE | source
    keys |= {"corpus.label_noise_kind": kind, "collective.strategy": strategy}
    model = make_toy(**keys, **{"measure.success": "any", "corpus.xi": 0.02})
    model.run(12)
    stage, rows = stage_of(model), model.retrainings
    writer, target = stage.supply.writer, stage.target
    assert writer is not None
    redrawn = writer.base_rates if kind == "shuffle" else np.full(10, 0.1)
    floor = 0.7 * writer.floor(target) + 0.3 * redrawn[target]
    assert model.lines.p == pytest.approx(floor, abs=1e-14)
    marginals = 0.7 * writer.marginals(stage.supply.held_out) + 0.3 * redrawn
    assert model.lines.known is not None
    np.testing.assert_allclose(model.lines.known.marginals, marginals, atol=1e-12)
    assert rows["alpha_effective"].max() > 0.05
    for metric in ("any", "top1"):
        exact = rows[f"exact_{metric}"]
        assert np.allclose(rows[f"success_{metric}"], exact, rtol=0, atol=1e-12)
        bound = rows[f"bound_{metric}"]
        assert not (rows[f"success_{metric}"] < bound - 1e-12).any()
    assert (rows["bound_any"] > -np.inf).any()


@pytest.mark.parametrize("kind", KINDS)
def test_counts_of_many_people_are_the_noisy_law(make_toy: Make, kind: str) -> None:
    """A table of 20,000: each cell's label frequencies within 5 s.e. of the law's (120 of them)."""
    keys = CELLS | NOISE | {"platform.learner.kind": "table", "corpus.xi": 0.0}
    model = make_toy(**keys, **{"corpus.label_noise_kind": kind, "population.size": 20_000})
    stage = stage_of(model)
    law = stage.supply.law
    assert isinstance(law, FiniteWorld)
    (shown,) = model.platform.submissions
    cells = law.cells_of(stage.supply.population)
    for cell in range(12):
        here = shown.labels[cells == cell]
        expected = law.label_law[cell]
        error = np.sqrt(expected * (1 - expected) / len(here))
        assert (abs(here.mean(axis=0) - expected) < 5 * error).all()
    # And the line that is drawn for such a platform counts with the same law.
    assert model.lines.world is law


def test_newcomers_have_noise_of_their_own_and_others_keep_theirs(make_toy: Make) -> None:
    keys = {"population.turnover": 0.4, "corpus.label_noise": 0.5, "population.size": 300}
    for learner in (BAYES, {}):
        model = make_toy(**keys, **learner)
        before = model.stage
        model.step()
        after, people = model.stage, model.population
        gone = leavers(model.now, model.streams, 1)
        assert gone.sum() == model.replaced > 80
        np.testing.assert_array_equal(after.base_labels[~gone], before.base_labels[~gone])
        noisy = (after.base_labels != after.labels).any(axis=1)
        assert 0.2 < noisy[gone].mean() < 0.7
        np.testing.assert_array_equal(people.base_labels, after.base_labels)
        np.testing.assert_array_equal(people.labels, after.labels)


def test_noise_around_a_measured_curve(make_toy: Make, tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    head = "alpha,success_any,success_top1,base_any,base_top1,accuracy\n"
    path.write_text(f"{head}0,0,0,0,0,0.5\n1,1,1,0,0,0.5\n")
    keys = {"platform.learner.kind": "surrogate", "platform.learner.curve": str(path)}
    keys |= {"population.turnover": 0.2, "collective.strategy": "feature_only"}
    model = make_toy(**keys, **NOISE)
    model.run(2)
    stage, people = model.stage, model.population
    assert (stage.base_labels != stage.labels).any()
    follows = model.collective.follows(people, people.member)
    assert model.edited == (follows & stage.base_labels[:, stage.target]).sum()


def test_more_noise_lifts_feature_only(make_toy: Make) -> None:
    """V14 in the loop: by the exact platform, the share that S = ½ takes falls with ρ."""
    needed = []
    for rho in (0.0, 0.1, 0.3, 0.6):
        keys = BAYES | {"collective.strategy": "feature_only", "corpus.label_noise": rho}
        keys |= {"corpus.label_noise_kind": "uniform", "measure.success": "any"}
        lines = make_toy(**keys, **{"corpus.xi": 0.005}).lines
        table = lines.table(np.linspace(0, 1, 401))
        assert (table["exact_any"] >= table["bound_any"] - 1e-12).all()
        needed.append(table.loc[table["bound_any"] >= 0.5, "alpha"].min())
    assert needed[-1] < needed[-2] < needed[-3]
    assert np.isnan(needed[0]) or needed[0] > needed[1]


# ------------------------------------------------------------------------------ away from Bayes


@pytest.mark.parametrize("closeness", POINTWISE)
@pytest.mark.parametrize("strategy", ["feature_label", "feature_only", "unplanting"])
@pytest.mark.parametrize("source", [{}, CELLS], ids=["language", "finite world"])
def test_the_worst_platform_keeps_the_promise_of_its_epsilon(
    make_toy: Make, closeness: str, strategy: str, source: dict[str, Any]
) -> None:
    epsilon = 0.12
    keys = GROWING | BAYES | source | {"collective.strategy": strategy, "corpus.xi": 0.01}
    keys |= {"corpus.label_noise": 0.2, "platform.learner.closeness": closeness}
    keys |= {"measure.success": "any"}
    model = make_toy(**keys, **{"platform.learner.epsilon": epsilon})
    bayes = make_toy(**keys)
    for one in (model, bayes):
        one.run(14)
    rows, ideal = model.retrainings, bayes.retrainings
    # Equal people, who do not look at success: only what the platform makes of it differs.
    np.testing.assert_array_equal(rows["alpha_effective"], ideal["alpha_effective"])
    alphas = rows["alpha_effective"].to_numpy()
    assert alphas.max() > 0.1
    for metric in ("any", "top1"):
        name = f"success_{metric}"
        np.testing.assert_allclose(rows[name], rows[f"exact_{metric}"], rtol=0, atol=1e-12)
        assert (rows[name] <= ideal[name] + 1e-12).all()
        bound = rows[f"bound_{metric}"]
        assert not (rows[name] < bound - 1e-12).any()
        np.testing.assert_array_equal(rows[f"base_{metric}"], ideal[f"base_{metric}"])
        known = model.lines.signals.get(metric)
        if known is None:
            continue
        said = rows[f"theorem_{metric}"].iloc[-1]
        assert said == f"{bayes.lines.theorem(metric)} (ε = 0.12, {closeness})"
        if strategy == "feature_only":
            expected = feature_only_bound(
                alphas,
                p=model.lines.p,
                xi=0.01,
                epsilon=epsilon,
                closeness=closeness,  # type: ignore[arg-type]
            )
        else:
            expected = feature_label_bound(
                alphas,
                xi=0.01,
                gap=known.gap,
                epsilon=epsilon,
                closeness=closeness,  # type: ignore[arg-type]
            )
        np.testing.assert_allclose(bound, expected, rtol=0, atol=1e-12)
        assert (bound <= ideal[f"bound_{metric}"] + 1e-12).all()
    lines = model.lines.table(np.linspace(0, 1, 101))
    assert (lines["exact_any"] >= lines["bound_any"] - 1e-12).all()


def test_a_promise_to_a_platform_that_can_turn_everything_is_none(make_toy: Make) -> None:
    keys = GROWING | BAYES | {"platform.learner.closeness": "conditional_tv"}
    model = make_toy(**keys, **{"platform.learner.epsilon": 0.5})
    model.run(6)
    rows = model.retrainings
    assert (rows[["success_any", "success_top1"]] == 0).all(axis=None)
    assert np.isneginf(rows[["bound_any", "bound_top1"]]).all(axis=None)
    assert (rows["base_top1"] > 0).all()
    known = model.lines.signals["top1"]
    assert np.isinf(known.critical_mass(0.5))
    assert np.isnan(known.bound_averaged(0.5))


def test_a_little_less_than_bayes_is_a_little_less(make_toy: Make) -> None:
    """S falls in ε, and a closeness alone changes nothing."""
    values = []
    for epsilon in (0.0, 0.05, 0.2, 0.4):
        keys = BAYES | {"platform.learner.epsilon": epsilon, "corpus.xi": 0.05}
        lines = make_toy(**keys, **{"platform.learner.closeness": "additive_slack"}).lines
        values.append(lines.exact(np.linspace(0, 0.3, 50), "top1"))
    plain = make_toy(**BAYES, **{"corpus.xi": 0.05}).lines.exact(np.linspace(0, 0.3, 50), "top1")
    np.testing.assert_array_equal(values[0], plain)
    sums = [float(np.sum(v)) for v in values if v is not None]
    assert sums == sorted(sums, reverse=True)
    assert len(set(sums)) == 4


# ------------------------------------------------------------------ other places, several words


PLACES = ("start", "end", "random")


def test_a_learner_of_counts_does_the_same_wherever_the_signal_stands(make_toy: Make) -> None:
    tables = []
    for place in PLACES:
        model = make_toy(**GROWING, **{"collective.signal.position": place, "corpus.xi": 0.05})
        model.run(4)
        tables.append(model.retrainings)
        stage = stage_of(model)
        assert stage.signal_sets[0][stage.carriers].all()
        assert stage.signal_sets[0].sum() == stage.carriers.sum()
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("beside", [[], ["†", "‡"]])
def test_whoever_reads_in_order_sees_the_place(
    make_toy: Make, place: str, beside: list[str]
) -> None:
    """The exact platform's own store: one signal a text, all of its words, in its place."""
    keys = {"collective.signal.position": place, "collective.signal.companions": beside}
    model = make_toy(**BAYES, **keys, **{"population.turnover": 0.3, "corpus.xi": 0.2})
    model.run(3)
    stage = stage_of(model)
    first, own = stage.encoder.vocabulary.size, 1 + len(beside)
    assert stage.encoder.size == first + own
    texts = cast("TextRows", stage.texts).texts
    places = []
    for row in stage.planted_at[0]:
        ids = texts[row]
        (at,) = np.flatnonzero(ids == first)
        np.testing.assert_array_equal(ids[at : at + own], first + np.arange(own))
        places.append(at)
        assert (ids >= first).sum() == own
    # All of this language's resumes have 40 words.
    if place == "random":
        assert len(set(places)) > 15
        assert min(places) >= 0
        assert max(places) <= 40
    else:
        assert set(places) == {0 if place == "start" else 40}
    carrying = texts.take(stage.found_at[stage.carriers])
    assert carrying.equal_rows(texts.take(stage.planted_at[0, stage.carriers])).all()


def test_places_stay_for_the_run(make_toy: Make) -> None:
    """One place for each resume: found by base carriers, planted by members, again and again."""
    keys = {"collective.signal.position": "random", "corpus.xi": 0.3}
    once, again = (stage_of(make_toy(**BAYES, **keys)) for _ in range(2))
    a, b = cast("TextRows", once.texts).texts, cast("TextRows", again.texts).texts
    np.testing.assert_array_equal(a.values, b.values)
    # A resume without ξ is planted in the same place as with it.
    bare = stage_of(make_toy(**BAYES, **keys | {"corpus.xi": 0.0}))
    texts = cast("TextRows", bare.texts).texts
    same = texts.take(bare.planted_at[0]).equal_rows(a.take(once.planted_at[0]))
    assert same.all()


def test_a_signal_of_several_words_for_the_transformer_and_its_certificate(make_toy: Make) -> None:
    keys = {
        "platform.learner.kind": "transformer",
        "platform.learner.width": 8,
        "platform.learner.feedforward": 8,
        "platform.learner.layers": 1,
        "platform.learner.epochs": 1,
        "platform.learner.max_tokens": 64,
        "collective.signal.position": "random",
        "collective.signal.companions": ["†"],
        "corpus.label_noise": 0.2,
        "measure.certificate": 50,
        "run.periods": 2,
    }
    model = make_toy(**keys)
    model.run()
    rows = model.retrainings
    assert (rows["epsilon_kind"] == "monte_carlo").all()
    assert rows["xi_measured"].iloc[0] == stage_of(model).carriers.mean()


def test_a_table_with_a_random_place_has_no_counting_law(make_toy: Make) -> None:
    keys = CELLS | {"platform.learner.kind": "table"}
    assert make_toy(**keys).lines.world is not None
    model = make_toy(**keys, **{"collective.signal.position": "random"})
    assert model.lines.world is None
    assert "finite_any" not in model.lines.table([0.1])
