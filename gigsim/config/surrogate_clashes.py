"""What does not go together in a surrogate and in its spot checks (``clashes``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gigsim.collective.catalogue import STRATEGIES
from gigsim.config.clash import ClashError, toml
from gigsim.learners.recipes import SurrogateRecipe

if TYPE_CHECKING:
    from gigsim.config.sections import Config

_LEARNER = "platform.learner"
#: The keys of a recipe that one source alone reads.
_OF_CURVES = ("curve", "arm", "draw")
_OF_BOUNDS = tuple(name for name in SurrogateRecipe.model_fields if name.startswith("bound_"))
#: Strategies for which the theorem that a bound is of takes the numbers of the recipe.
_BOUND = ("feature_label", "feature_only")
#: Strategies that leave texts without the signal as they are, so that U stays what it is.
_STEPS = ("feature_label", "unplanting")


def stand_in(config: Config) -> Iterator[ClashError]:
    """What a surrogate's source needs, and what it does not read."""
    recipe = config.platform.learner
    if not isinstance(recipe, SurrogateRecipe):
        return
    source = f"{_LEARNER}.source"
    if recipe.source == "curve" and not recipe.curve:
        yield ClashError(
            (f"{_LEARNER}.curve", f"{_LEARNER}.kind"),
            f'{_LEARNER}.kind = "surrogate" has no curve',
            f"{_LEARNER}.curve is a CSV or Parquet file with a row a training",
        )
    foreign = {
        "curve": (_OF_BOUNDS, "bound"),
        "bound": (_OF_CURVES, "curve"),
        "staircase": ((*_OF_CURVES, *_OF_BOUNDS), "curve or bound"),
    }
    unread, readers = foreign[recipe.source]
    for name in unread:
        value, plain = getattr(recipe, name), SurrogateRecipe.model_fields[name].default
        if value != plain:
            yield ClashError(
                (f"{_LEARNER}.{name}", source),
                f'{_LEARNER}.{name} with {source} = "{recipe.source}", which does not read it',
                f"leave it {toml(plain)}; {source} = {readers} reads it",
            )
    if recipe.source == "bound":
        yield from _bound(config, recipe)
    if recipe.source == "staircase":
        yield from _staircase(config)


def _bound(config: Config, recipe: SurrogateRecipe) -> Iterator[ClashError]:
    section, goal = config.collective, config.measure.success
    source, said = f"{_LEARNER}.source", f'{_LEARNER}.source = "bound"'
    facts = STRATEGIES[section.strategy]
    if section.strategy not in _BOUND:
        yield ClashError(
            (source, "collective.strategy"),
            f'{said} with collective.strategy = "{section.strategy}", whose theorem takes other'
            " numbers",
            f"collective.strategy = {' or '.join(_BOUND)}",
        )
    elif facts.theorem_for(goal, section.label_sets) is None:
        yield ClashError(
            (source, "measure.success", "collective.strategy", "collective.label_sets"),
            f'{said}: no theorem covers measure.success = "{goal}" with collective.strategy ='
            f' "{section.strategy}" and collective.label_sets = "{section.label_sets}"',
            'measure.success = "any"',
        )
    if recipe.bound_epsilon and recipe.bound_closeness == "none":
        yield ClashError(
            (f"{_LEARNER}.bound_epsilon", f"{_LEARNER}.bound_closeness"),
            f"{_LEARNER}.bound_epsilon = {recipe.bound_epsilon:g} without a closeness",
            f"{_LEARNER}.bound_closeness says what an ε is a distance of",
        )


def _staircase(config: Config) -> Iterator[ClashError]:
    section, source = config.collective, f"{_LEARNER}.source"
    said = f'{source} = "staircase"'
    if config.corpus.path:
        yield ClashError(
            (source, "corpus.path"),
            f"{said} needs a law that is known, and a corpus has none",
            "leave corpus.path empty: the built-in language, or corpus.cells",
        )
    if section.strategy not in _STEPS:
        yield ClashError(
            (source, "collective.strategy"),
            f'{said} with collective.strategy = "{section.strategy}", which changes what resumes'
            " without the signal are given",
            f'collective.strategy = {" or ".join(_STEPS)}, or {_LEARNER}.kind = "bayes"',
        )
    elif section.label_sets == "extend" and (
        section.wrong_label
        or (section.strategy == "unplanting" and config.measure.success == "top1")
    ):
        yield ClashError(
            (source, "collective.label_sets"),
            f'{said} with collective.label_sets = "extend": no closed form is known here',
            'collective.label_sets = "replace"',
        )
    if section.rotate_every:
        yield ClashError(
            (source, "collective.rotate_every"),
            f"{said} with collective.rotate_every = {section.rotate_every}",
            "the law of one token: 0",
        )


def spot_checks(config: Config) -> Iterator[ClashError]:
    """What a spot check cannot be of: it is one training from scratch, as on a curve."""
    measure, key = config.measure, "measure.spot_checks"
    if not measure.spot_checks:
        return
    if list(measure.spot_checks) != sorted(set(measure.spot_checks)):
        yield ClashError(
            (key,), f"{key} = {[*measure.spot_checks]}", "each period once, the earliest first"
        )
    said = f"{key} = {[*measure.spot_checks]}"
    if not isinstance(config.platform.learner, SurrogateRecipe):
        yield ClashError(
            (key, f"{_LEARNER}.kind"),
            f'{said} with {_LEARNER}.kind = "{config.platform.learner.kind}", which trains for real'
            " at every retraining",
            f'{_LEARNER}.kind = "surrogate", or leave it empty',
        )
        return
    for other, value, only, why in (
        ("corpus.cells", config.corpus.cells, 0, "its resumes would be of another finite world"),
        ("collective.rotate_every", config.collective.rotate_every, 0, "it has one token"),
        ("platform.data", config.platform.data, "current", "it has no earlier periods"),
        ("platform.retrain", config.platform.retrain, "scratch", "it has no earlier weights"),
    ):
        if value != only:
            yield ClashError(
                (key, other),
                f"{said} with {other} = {toml(value)}: {why}",
                f"{other} = {toml(only)}, or no spot checks",
            )
