"""What theory takes from a run and gives to it: facts of period 0, ε and the distance to a model.

The laboratory trains and measures; here the outcomes are put into the theory's terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from gigsim.collective.catalogue import STRATEGIES
from gigsim.collective.text_target import Distance, TextTarget
from gigsim.coverage import HeldOut, exact_marginals
from gigsim.errors import InputError
from gigsim.learners.pool import FitResult
from gigsim.learners.protocol import State
from gigsim.learners.recipes import LinearRecipe
from gigsim.learners.tfidf import counts_of
from gigsim.lines import TheoryLines
from gigsim.measures.certificate import Epsilon, Probe
from gigsim.theory.planting import Goal

if TYPE_CHECKING:
    from gigsim.model import GigEconomy
    from gigsim.stage import Stage


def held_out_facts(model: GigEconomy, results: Sequence[FitResult]) -> HeldOut:
    """P0 at the held-out resumes: the law's, or as the clean classifiers of period 0 have it.

    Args:
        model: in period 0, its collective briefed.
        results: the clean trainings.
    """
    stage, section = cast("Stage", model.stage), model.config.collective
    exact = exact_marginals(stage, section, model.config.corpus.xi)
    if exact is not None:
        clean, found = exact
    else:
        # Their mean: of the texts as shown (planted, or found where that is shown) and clean.
        found, clean = (
            np.stack([result.probabilities[k] for result in results]).mean(axis=0, dtype=np.float64)
            for k in (0, 1)
        )
    return HeldOut(
        marginals=np.clip(clean, 0, 1),
        found=np.clip(found, 0, 1) if stage.aim == "erased" else None,
        reported=model.collective.reports(stage.test_labels, results[0].probabilities[1]),
        clusters=stage.test_clusters,
        source="classifier" if exact is None else "posterior",
    )


def wanted_model(model: GigEconomy, state: State) -> TextTarget | None:
    """The model that a gradient-cancelling collective is after; None for other strategies.

    Args:
        model: in period 0.
        state: the platform's classifier.

    Raises:
        InputError: there is none (``TextTarget.of``), or labels alone cannot get anywhere.
    """
    recipe, stage = model.config.platform.learner, model.stage
    if "convex loss" not in STRATEGIES[model.config.collective.strategy].needs:
        return None
    assert isinstance(recipe, LinearRecipe), "the config's clashes refuse others"
    reads, section = cast("Stage", stage), model.config.collective
    if section.strategy == "label_only" and not reads.contains[0].any():
        raise InputError(
            "collective.strategy",
            f"label_only with {section.signal.token!r}, which is in nobody's resume: labels teach"
            " the platform nothing of it",
            "a word that resumes use (collective.signal.token), or corpus.xi above 0",
        )
    tokens = reads.encoder.ids(0)
    return TextTarget.of(state, tokens, stage.target, recipe.c, model.config.measure.success_target)


def certified(
    model: GigEconomy, probe: Probe | None, lines: TheoryLines, deployed: FitResult, alpha: float
) -> dict[Goal, Epsilon]:
    """ε of the deployed classifier, for each metric that Theorem 1 covers; empty without a probe.

    Args:
        model: whose it is.
        probe: the texts that ε is certified on: the last that ``deployed`` classified.
        lines: the run's theory.
        deployed: the training.
        alpha: share that followed in what it was trained on.
    """
    if probe is None:
        return {}
    return {
        metric: probe.assess(
            deployed.probabilities[-1],
            alpha,
            section=model.config.collective,
            target=model.stage.target,
            xi=known.xi,
            goal=metric,
        )
        for metric, known in lines.signals.items()
    }


def distance_left(model: GigEconomy, state: State) -> Distance | None:
    """How far a classifier is from the model that the collective is after, if it is after one."""
    if model.collective.aim is None:
        return None
    stage = cast("Stage", model.stage)
    shown, texts = model.platform.submissions[-1], counts_of(stage.texts)
    planted = texts[stage.planted_at[0]]
    return model.collective.aim.distance(texts[shown.texts], shown.labels, planted, state)
