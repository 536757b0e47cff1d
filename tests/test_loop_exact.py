"""The loop around platforms of which all is known: the exact classifier, the counted table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gigsim import GigEconomy
from gigsim.stage import Stage
from gigsim.theory.gaps import deficit_any, deficit_top1
from gigsim.theory.planting import flip_point, staircase
from tests.worlds import Unmoved

#: Threshold people, so that the collective passes through many sizes, and ξ for the steps to lie
#: where it passes.
GROWING = {
    "society.rule": "threshold",
    "society.activation": 0.04,
    "platform.retrain_every": 1,
    "measure.reference": 0,
    "population.size": 400,
    "collective.first_movers": 1,
    "corpus.xi": 0.2,
    "corpus.test_size": 300,
    "population.threshold.low": -0.05,
    "population.threshold.high": 0.6,
    "run.periods": 60,
}


@pytest.mark.parametrize("cells", [0, 40])
@pytest.mark.parametrize("label_sets", ["replace", "extend"])
def test_the_loop_climbs_the_staircase_exactly(
    make_toy: Callable[..., GigEconomy], cells: int, label_sets: str
) -> None:
    """Every retraining of ``bayes`` lies on the closed form: largest difference 0 resumes."""
    source = {"corpus.cells": cells, "corpus.language": ""} if cells else {}
    model = make_toy(
        **(GROWING | source),
        **{"platform.learner.kind": "bayes", "collective.label_sets": label_sets},
    )
    model.run()
    stage = model.stage
    assert isinstance(stage, Stage)
    law, target = stage.supply.law, stage.target
    assert law is not None
    marginals = law.marginals(stage.supply.held_out)
    top1, either = deficit_top1(marginals, target), deficit_any(marginals[:, target])
    rivals = np.delete(marginals, target, axis=1).max(axis=1)
    push = 1.0 if label_sets == "replace" else 1 - rivals
    table = model.retrainings
    alphas = table["alpha_effective"].to_numpy()
    for metric, deficits, points in (
        ("any", either, flip_point(0.2, either)),
        ("top1", top1, flip_point(0.2, top1, push)),
    ):
        exact = staircase(alphas, None, points, held=deficits < 0)
        found = table[f"success_{metric}"].to_numpy()
        # A hair of rounding in the mean; a single resume would be 1/300.
        np.testing.assert_allclose(found, exact, rtol=0, atol=1e-12)
        assert len(np.unique(found)) >= 8


def test_one_participant_suffices_in_the_loop(make_toy: Callable[..., GigEconomy]) -> None:
    """V12: a signal that nobody carries, one text, one first mover: S(1/N) = 1."""
    model = make_toy(
        Unmoved,
        **{
            "platform.learner.kind": "table",
            "corpus.language": "",
            "corpus.cells": 1,
            "corpus.xi": 0.0,
            "collective.first_movers": 1,
            "platform.retrain_every": 1,
            "run.periods": 1,
        },
    )
    model.run()
    after = model.retrainings.iloc[-1]
    assert after["alpha_effective"] == 0.01
    assert after["success_top1"] == after["success_any"] == 1.0
