"""Colours and words that all figures share."""

from __future__ import annotations

from gigsim.collective.catalogue import STRATEGIES, Aim, StrategyName
from gigsim.config import Config
from gigsim.learners.recipes import SurrogateRecipe

# Okabe and Ito's palette: told apart with any colour vision, and in grey.
ORANGE, SKY, GREEN, BLUE, RED, PURPLE, GREY = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
    "#8A8A8A",
)
LINE = 1.8
_READING = {
    ("planted", "top1"): "target is the top label",
    ("planted", "any"): "target is among the predicted labels",
    ("unplanted", "top1"): "target is not the top label",
    ("unplanted", "any"): "target is not among the predicted labels",
    ("erased", "top1"): "same top label with and without the signal",
    ("erased", "any"): "target predicted with the signal iff without it",
}
_SUCCESS: dict[Aim, str] = {
    "planted": "S, success of those who show the signal",
    "unplanted": "S, who shows the signal is not given the target",
    "erased": "S, resumes on which the signal does not matter",
}
# Where a signal is erased nobody shows anything: U is S.
_BASE: dict[Aim, str] = {
    "planted": "U, the same resumes without the signal",
    "unplanted": "U, likewise without the signal",
}
#: Up to so many replicates are drawn one by one, thin, under their bands.
THIN = 20


def reading(strategy: StrategyName, metric: str) -> str:
    """What S counts, in words."""
    return _READING[STRATEGIES[strategy].aim, metric]


def success_words(strategy: StrategyName) -> str:
    """S, in words."""
    return _SUCCESS[STRATEGIES[strategy].aim]


def base_words(strategy: StrategyName) -> str | None:
    """U, in words; None where it is the same curve as S."""
    return _BASE.get(STRATEGIES[strategy].aim)


def erases(strategy: StrategyName) -> bool:
    """Is there nothing to show, so that nobody can ride free by showing it?"""
    return STRATEGIES[strategy].aim == "erased"


def source_of(config: Config) -> str:
    """Where a surrogate's S(α) comes from; empty of platforms that work S out."""
    recipe = config.platform.learner
    return recipe.source if isinstance(recipe, SurrogateRecipe) else ""


def platform_note(config: Config) -> str:
    """What S(α) is where no platform trains, so that nobody takes a bound for a measurement.

    A line of its own for a title, with the line break in front; empty where one trains.
    """
    words = {
        "curve": "S(α) is a measured curve that stands for the platform",
        "bound": "S(α) is a bound: what theory promises at least, not measured",
        "staircase": "S(α) is the exact staircase of a law: computed, not measured",
    }
    source = source_of(config)
    return f"\n{words[source]}" if source else ""
