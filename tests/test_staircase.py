"""The exact staircase in the place of a platform: it is ``bayes``, without its resumes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gigsim.config import Config, build
from gigsim.model import GigEconomy
from gigsim.staircase import StaircaseStandIn
from gigsim.theory.gaps import deficit_any, deficit_top1
from gigsim.theory.planting import flip_point, staircase

Make = Callable[..., GigEconomy]

STEPS = {"platform.learner.kind": "surrogate", "platform.learner.source": "staircase"}


def stairs(config: Config, **keys: Any) -> StaircaseStandIn:
    return StaircaseStandIn.of(build(config.model_dump(mode="json"), STEPS | keys))


def test_it_is_the_theory_to_the_last_digit(toy_config: Config) -> None:
    found = stairs(toy_config)
    known = found.lines.known
    assert known is not None
    assert found.held_out == len(known.marginals) == 200
    target = found.lines.target
    alphas = np.concatenate([[0.0], np.geomspace(1e-5, 1, 500)])
    for goal, deficit in (
        ("top1", deficit_top1(known.marginals, target)),
        ("any", deficit_any(known.marginals[:, target])),
    ):
        expected = staircase(alphas, None, flip_point(0.01, deficit), held=deficit < 0)
        assert found.mean(f"success_{goal}", alphas).tolist() == expected.tolist()
        assert found.at(alphas[40])[f"success_{goal}"] == expected[40]
        # Planting leaves texts without the signal as they are.
        assert (found.mean(f"base_{goal}", alphas) == expected[0]).all()


WORLDS: dict[str, dict[str, Any]] = {
    "feature_label": {},
    "extended": {"collective.label_sets": "extend", "measure.success": "any"},
    "unplanting": {"collective.strategy": "unplanting"},
    "noise": {"corpus.label_noise": 0.2},
    "abstain, wrong labels": {"collective.abstain": 0.3, "collective.wrong_label": 0.1},
    "a finite world": {"corpus.cells": 12, "corpus.language": ""},
}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS.keys())
def test_a_run_on_it_is_the_run_of_bayes(make_toy: Make, world: dict[str, Any]) -> None:
    """Same law, same held-out resumes: the same S, U and quality at the same α_effective."""
    growing = {
        "society.rule": "threshold",
        "society.activation": 0.2,
        "population.threshold.high": 0.5,
        "population.threshold.low": -0.1,
        "platform.retrain_every": 1,
        "measure.reference": 0,
    } | world
    exact, model = make_toy(**growing, **{"platform.learner.kind": "bayes"}), None
    model = make_toy(**growing, **STEPS)
    for economy in (exact, model):
        economy.run(4)
    names = ["alpha_effective", "base_any", "base_top1", "accuracy", "f1_micro"]
    names.append(f"success_{model.config.measure.success}")
    a, b = (economy.retrainings[names].to_numpy() for economy in (exact, model))
    assert len(np.unique(a[:, 0])) == 5
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)
    assert model.clean_rate == exact.clean_rate
    assert model.lines.signals == {}


def test_what_it_says_of_itself(toy_config: Config) -> None:
    found = stairs(toy_config)
    assert "no measurement" in found.words
    assert "200 held-out" in found.words
    rate = found.at(0.0)["success_top1"]
    mean = (rate * 200 + 2) / 204
    assert found.error("success_top1", 0.0) == pytest.approx(np.sqrt(mean * (1 - mean) / 204))
    other = stairs(toy_config, **{"run.seed": 2})
    assert [str(part) for part in found.parts()] != [str(part) for part in other.parts()]
