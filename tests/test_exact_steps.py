"""The exact steps of every strategy against the exact platform, which knows none of the formulas.

The platform makes the law of what is submitted and reads the labels off it; here a share α of
members is put before it directly, and S is measured on the held-out resumes as in any run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gigsim import GigEconomy
from gigsim.exact_steps import exact_success
from gigsim.lines import METRICS
from gigsim.shares import Shares

Make = Callable[..., GigEconomy]

CELLS = {"corpus.language": "", "corpus.cells": 30}
#: A word of the language, which erasing is for.
WORD = {"collective.signal.token": "w3", "corpus.xi": 0.0}

#: By name: what members do.
STRATEGIES: dict[str, dict[str, Any]] = {
    "feature_label": {},
    "feature_label, some err": {"collective.wrong_label": 0.3},
    "feature_only": {"collective.strategy": "feature_only"},
    "feature_only, evasive": {"collective.strategy": "feature_only", "collective.evasive": True},
    "unplanting": {"collective.strategy": "unplanting"},
    "unplanting, adaptive": {"collective.strategy": "unplanting", "collective.adaptive": True},
    "erasure": {"collective.strategy": "erasure"},
}

#: Where no closed form is known: readings by strategy and label sets.
UNKNOWN = {
    ("feature_label, some err", "extend"): {"any", "top1"},
    ("unplanting", "extend"): {"top1"},
}


def world(make_toy: Make, source: dict[str, Any], name: str, sets: str) -> GigEconomy:
    keys = {
        "platform.learner.kind": "bayes",
        "measure.reference": 0,
        "measure.success": "any",
        "corpus.xi": 0.1,
        "corpus.test_size": 150,
        "collective.label_sets": sets,
    }
    return make_toy(**keys | STRATEGIES[name] | source)


def measured(model: GigEconomy, alpha: float) -> dict[str, float]:
    """S of the platform that is shown the law that a share α of members makes."""
    laboratory = model.laboratory
    shares = vars(laboratory)["_shares"]
    shares.clear()
    shares.append(Shares(members=alpha, followers=alpha, planters=alpha, edited=alpha, token=0))
    laboratory.retrain()
    return laboratory.evaluation.values


CASES = [
    (kind, name, sets)
    for name in STRATEGIES
    for sets in ("replace", "extend")
    for kind in ("cells", "language", *(["word"] if name == "erasure" else []))
    # The config refuses these: their members report no other label.
    if sets == "replace" or not name.startswith(("feature_only", "unplanting, adaptive"))
]


@pytest.mark.parametrize(("kind", "name", "sets"), CASES)
def test_equal_to_what_the_exact_platform_measures(
    make_toy: Make, kind: str, name: str, sets: str
) -> None:
    source = {"cells": CELLS, "language": {}, "word": WORD}[kind]
    model = world(make_toy, source, name, sets)
    lines = model.lines
    alphas = np.concatenate([[0.0, 1.0], np.random.default_rng(3).uniform(0, 0.6, 18)])
    points = [measured(model, alpha) for alpha in alphas.tolist()]
    for metric in METRICS:
        steps = lines.exact(alphas, metric)
        if metric in UNKNOWN.get((name, sets), set()):
            assert steps is None
            continue
        assert steps is not None
        found = [values[f"success_{metric}"] for values in points]
        # A hair of rounding in the mean; a single resume would be 1/150.
        np.testing.assert_allclose(found, steps, rtol=0, atol=1e-12)
        # The same one by one, and in a table of any shape.
        grid = lines.exact(alphas.reshape(4, 5), metric)
        np.testing.assert_array_equal(np.ravel(grid), steps)
        assert lines.exact(float(alphas[2]), metric) == steps[2]
        known = lines.signals.get(metric)
        if known is not None:
            assert (steps >= known.bound(alphas) - 1e-12).all(), "the theorem holds"
        if kind == "word":
            assert len(np.unique(steps)) > 1, "there is something to climb"
            assert steps[1] == 1.0, "where all say the same of x and g(x), all agree"
            assert steps[0] < 1.0


def test_more_shares_than_are_computed_at_a_time(make_toy: Make) -> None:
    lines = world(make_toy, WORD, "erasure", "replace").lines
    grid = np.linspace(0, 1, 301)
    for metric in METRICS:
        whole = lines.exact(grid, metric)
        assert whole is not None
        again = [float(lines.exact(alpha, metric) or 0.0) for alpha in grid[::50].tolist()]
        np.testing.assert_array_equal(whole[::50], again)


def test_strategies_that_aim_at_a_model_have_no_steps(make_toy: Make) -> None:
    model = make_toy(**{"collective.strategy": "label_only", "corpus.xi": 0.05})
    assert model.lines.known is not None
    for metric in METRICS:
        assert model.lines.exact(0.1, metric) is None
        section = model.config.collective
        steps = exact_success(0.1, section, model.lines.known, 0, xi=0.1, goal=metric, pairs=None)
        assert steps is None


def test_feature_only_needs_the_pairs_for_the_top_label(make_toy: Make) -> None:
    model = world(make_toy, {}, "feature_only", "replace")
    known, section = model.lines.known, model.config.collective
    assert known is not None
    for metric, there in (("any", True), ("top1", False)):
        steps = exact_success(
            0.1, section, known, model.stage.target, xi=0.1, goal=metric, pairs=None
        )
        assert (steps is not None) == there


def test_a_learner_that_trains_has_no_exact_steps_save_of_erasing(make_toy: Make) -> None:
    for name in STRATEGIES:
        model = make_toy(**{"measure.success": "any"} | STRATEGIES[name] | WORD)
        there = [model.lines.exact(0.1, metric) is not None for metric in METRICS]
        assert there == [name == "erasure"] * 2, name
