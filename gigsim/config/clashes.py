"""Keys of a config that exclude or need each other: what no single key can see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gigsim.collective.catalogue import STRATEGIES
from gigsim.config.clash import ClashError, listed
from gigsim.config.collective_clashes import companions, rotation, strategy
from gigsim.config.schema import shown
from gigsim.config.surrogate_clashes import spot_checks, stand_in
from gigsim.errors import InputError
from gigsim.learners.recipes import BayesRecipe, FrozenRecipe, SurrogateRecipe, TransformerRecipe
from gigsim.society.distributions import Constant, Uniform
from gigsim.theory.closeness import POINTWISE

if TYPE_CHECKING:
    from gigsim.config.sections import Config

__all__ = ["PLEDGING", "ClashError", "clashes"]

#: Rules that set an expected gain against a cost, and so against a cost that may be returned.
PLEDGING = ("best_response", "logit")


def clashes(config: Config) -> Iterator[ClashError]:
    """Everything in a config that does not go together; nothing in a valid one."""
    yield from _sizes(config)
    yield from _shares(config)
    yield from _platform(config)
    yield from _side_by_side(config)
    yield from strategy(config)
    yield from rotation(config)
    yield from companions(config)
    yield from _theorem(config)
    yield from _pivotal(config)
    yield from _provision_point(config)


def _sizes(config: Config) -> Iterator[ClashError]:
    size, first_movers = config.population.size, config.collective.first_movers
    if first_movers > size:
        yield ClashError(
            ("collective.first_movers", "population.size"),
            f"collective.first_movers = {first_movers} is more than population.size = {size}",
            "give at most as many as there are people",
        )
    try:
        config.network.check(size)
    except InputError as error:
        yield ClashError(
            (error.where, "population.size", "network.kind"), error.problem, error.allowed
        )


def _shares(config: Config) -> Iterator[ClashError]:
    """A law of probabilities that reaches beyond them; of other kinds only the draws tell."""
    law = config.society.activation
    values: dict[str, float] = {}
    if isinstance(law, Constant):
        values = {"value": law.value}
    elif isinstance(law, Uniform):
        values = {"low": law.low, "high": law.high}
    for name, value in values.items():
        if not 0 <= value <= 1:
            yield ClashError(
                (f"society.activation.{name}",),
                f"society.activation.{name} = {value:g} is no probability",
                "a number >= 0 and <= 1",
            )


def _platform(config: Config) -> Iterator[ClashError]:
    learner, corpus, run = config.platform.learner, config.corpus, config.run
    measure = config.measure
    trained = measure.spot_learner if measure.spot_checks else learner
    if not isinstance(trained, TransformerRecipe | FrozenRecipe):
        for key, value, only in (
            ("run.device", run.device, "cpu"),
            ("run.precision", run.precision, "float32"),
        ):
            if value != only:
                yield ClashError(
                    (key, "platform.learner.kind"),
                    f'{key} = "{value}" is for the transformer and a frozen encoder, and'
                    f' platform.learner.kind = "{learner.kind}" computes on the CPU, not below its'
                    " own precision",
                    f'leave {key} = "{only}"',
                )
    yield from stand_in(config)
    yield from spot_checks(config)
    sources = {"path": corpus.path, "language": corpus.language, "cells": corpus.cells}
    given = tuple(f"corpus.{name}" for name, value in sources.items() if value)
    if len(given) > 1:
        yield ClashError(
            given, f"{' and '.join(given)} exclude each other", "resumes come from one source"
        )
    if isinstance(learner, BayesRecipe) and corpus.path:
        yield ClashError(
            ("platform.learner.kind", "corpus.path"),
            'platform.learner.kind = "bayes" needs an exact posterior, and a corpus has none',
            "leave corpus.path empty: the built-in language, or corpus.cells",
        )
    if isinstance(learner, BayesRecipe) and learner.epsilon > 0:
        yield from _suboptimal(config, learner)


def _side_by_side(config: Config) -> Iterator[ClashError]:
    """Networks that share each operation: what one of them cannot share."""
    learner, count = config.platform.learner, config.run.side_by_side
    if count == 1 or not isinstance(learner, TransformerRecipe):
        return
    for name, value, only, why in (
        ("encoder", shown(learner.encoder), '"lean"', "a published encoder's network is not ours"),
        ("dropout", f"{learner.dropout:g}", "0", "the masks would not be each network's own"),
    ):
        if getattr(learner, name) not in ("lean", 0):
            key = f"platform.learner.{name}"
            yield ClashError(
                ("run.side_by_side", key),
                f"run.side_by_side = {count} with {key} = {value}: {why}",
                f"run.side_by_side = 1, or {key} = {only}",
            )


def _suboptimal(config: Config, learner: BayesRecipe) -> Iterator[ClashError]:
    """An exact classifier that is only ε-close to Bayes: how, and against whom."""
    keys = ("platform.learner.epsilon", "platform.learner.closeness")
    said = f"platform.learner.epsilon = {learner.epsilon:g}"
    if learner.closeness not in POINTWISE:
        if learner.closeness == "none":
            problem = f"{said} without a closeness"
        else:
            problem = (
                f'{said} with platform.learner.closeness = "{learner.closeness}": which texts the'
                " worst classifier would fail on is a knapsack over all of them, of no closed form"
            )
        allowed = " or ".join(f'"{name}"' for name in POINTWISE)
        yield ClashError(keys, problem, f"platform.learner.closeness = {allowed}")
    strategy = config.collective.strategy
    if STRATEGIES[strategy].aim == "erased":
        yield ClashError(
            (keys[0], "collective.strategy"),
            f'{said} with collective.strategy = "{strategy}", whose theorem has no such form:'
            " success is there a matter of two texts",
            "platform.learner.epsilon = 0",
        )


def _theorem(config: Config) -> Iterator[ClashError]:
    collective, metric = config.collective, config.measure.success
    if config.society.belief != "theory":
        return
    facts = STRATEGIES[collective.strategy]
    if facts.theorem_for(metric, collective.label_sets) is not None:
        return
    what = "top-1" if metric == "top1" else '"any"'
    # What would do, where one other key is enough.
    having = [
        f'measure.success = "{goal}"'
        if sets == collective.label_sets
        else f'collective.label_sets = "{sets}"'
        for goal, sets in sorted(facts.covered)
        if (goal == metric) != (sets == collective.label_sets)
        and (goal == metric) <= ("label_sets" in facts.options)
    ]
    yield ClashError(
        ("society.belief", "measure.success", "collective.strategy", "collective.label_sets"),
        'society.belief = "theory" needs a theorem: none covers'
        f' {what} with collective.strategy = "{collective.strategy}" and collective.label_sets ='
        f' "{collective.label_sets}"',
        f"set {listed(having)}" if having else "another strategy or belief",
    )


def _provision_point(config: Config) -> Iterator[ClashError]:
    """A contract with refund: people go by what is promised at a size that nobody has seen."""
    collective, society = config.collective, config.society
    key, point = "collective.provision_point", collective.provision_point
    # Who is pivotal weighs the point too, and needs a curve anyhow (society.pivotal.PublicGood).
    if not (point and collective.refund and society.rule in PLEDGING):
        return
    said = f"{key} = {point:g} with a refund"
    measured = isinstance(config.platform.learner, SurrogateRecipe)
    if society.belief != "theory" and not measured:
        yield ClashError(
            (key, "collective.refund", "society.belief", "platform.learner.kind"),
            f"{said} needs to know what a collective of that size achieves, which"
            f' society.belief = "{society.belief}" with platform.learner.kind ='
            f' "{config.platform.learner.kind}" does not say',
            'society.belief = "theory", platform.learner.kind = "surrogate" or'
            " collective.refund = false",
        )
    elif society.belief not in ("theory", "published"):
        yield ClashError(
            (key, "collective.refund", "society.belief"),
            f'{said} and society.belief = "{society.belief}": people then go by the curve',
            'society.belief = "published" or collective.refund = false',
        )


def _pivotal(config: Config) -> Iterator[ClashError]:
    """What one more member adds is known of a curve alone."""
    society, learner = config.society, config.platform.learner
    if society.rule != "pivotal" or society.belief == "theory":
        return
    if not isinstance(learner, SurrogateRecipe):
        yield ClashError(
            ("society.rule", "society.belief", "platform.learner.kind"),
            f'society.rule = "pivotal" with society.belief = "{society.belief}" and'
            f' platform.learner.kind = "{learner.kind}": what one more member adds is known of a'
            " curve, and there is none",
            'society.belief = "theory", or platform.learner.kind = "surrogate"',
        )
