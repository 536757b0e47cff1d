"""What the page offers, by heading, with handy ranges, and which choices a key has to do with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from gigsim.config import Config

#: What the page offers, by heading. A table's key stands for all its fields; keys that the chosen
#: ``kind`` does not have are left out, and so are those that no choice reads (:data:`READ_BY`).
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Population": ("population.size", "population.cost", "population.threshold"),
    "Network": ("network",),
    "Society": (
        "society.rule",
        "society.reference_group",
        "society.required_neighbours",
        "society.choice_precision",
        "society.imitation_strength",
        "society.learning_rate",
        "society.initial_propensity",
        "society.aspiration",
        "society.habituation",
        "society.belief",
        "society.adaptation",
        "society.activation",
        "society.spillover",
    ),
    "Collective": (
        "collective.first_movers",
        "collective.seeding",
        "collective.leak",
        "collective.retention",
        "collective.strategy",
        "collective.label_sets",
        "collective.adaptive",
        "collective.target",
        "collective.signal.token",
        "collective.signal.reserve",
    ),
    "Money and contract": (
        "collective.dues",
        "collective.fund",
        "collective.subsidy",
        "collective.subsidy_until",
        "collective.provision_point",
        "collective.refund",
    ),
    "Platform": (
        "platform.learner.kind",
        "platform.learner.source",
        "platform.learner.curve",
        "platform.learner.arm",
        "platform.learner.draw",
        "platform.learner.bound_xi",
        "platform.learner.bound_gap",
        "platform.learner.bound_p",
        "platform.learner.bound_base_rate",
        "platform.learner.bound_epsilon",
        "platform.learner.bound_closeness",
        "platform.retrain",
        "platform.retrain_every",
    ),
    "Resumes": ("corpus.xi",),
    "Measure": (
        "measure.success",
        "measure.spot_checks",
        "measure.spot_size",
        "measure.spot_repeats",
        "measure.spot_composition",
        "measure.spot_learner.kind",
    ),
}

#: Handy ranges of sliders: lowest, highest, step. The schema's limits are for machines. Money is in
#: units of b: costs of the default law lie between .25 and 2.25.
RANGES: Mapping[str, tuple[float, float, float]] = {
    "population.size": (50, 5000, 50),
    "population.cost.low": (0, 3, 0.05),
    "population.cost.high": (0, 5, 0.05),
    "network.degree": (2, 40, 2),
    "society.activation": (0, 1, 0.01),
    "society.choice_precision": (0, 50, 0.5),
    "society.imitation_strength": (0, 50, 0.5),
    "society.aspiration": (-1, 2, 0.05),
    "collective.first_movers": (0, 300, 1),
    "collective.leak": (0, 0.05, 0.001),
    "collective.dues": (0, 0.5, 0.01),
    "collective.fund": (0, 500, 5),
    "collective.subsidy": (0, 1, 0.01),
    "collective.subsidy_until": (0, 1, 0.01),
    "collective.provision_point": (0, 0.5, 0.01),
    "platform.retrain_every": (1, 24, 1),
    "corpus.xi": (0, 0.1, 0.001),
    "measure.spot_size": (100, 5000, 100),
}

_SOURCE = "platform.learner.source"
_STOOD_IN = ("platform.learner.kind", frozenset({"surrogate"}))

#: Keys, or tables of keys, that one choice alone reads: the key of the choice, and its words.
READ_BY: Mapping[str, tuple[str, frozenset[str]]] = {
    "population.threshold": ("society.rule", frozenset({"threshold"})),
    "society.reference_group": ("society.rule", frozenset({"threshold"})),
    "society.required_neighbours": ("society.rule", frozenset({"complex_contagion"})),
    "society.choice_precision": ("society.rule", frozenset({"logit"})),
    "society.imitation_strength": ("society.rule", frozenset({"imitation"})),
    **{
        f"society.{name}": ("society.rule", frozenset({"reinforcement"}))
        for name in ("learning_rate", "initial_propensity", "aspiration", "habituation")
    },
    "society.adaptation": ("society.belief", frozenset({"adaptive"})),
    **{
        f"platform.learner.{name}": (_SOURCE, frozenset({"curve"}))
        for name in ("curve", "arm", "draw")
    },
    **{
        f"platform.learner.bound_{name}": (_SOURCE, frozenset({"bound"}))
        for name in ("xi", "gap", "p", "base_rate", "epsilon", "closeness")
    },
    **{
        f"measure.spot_{name}": _STOOD_IN
        for name in ("checks", "size", "repeats", "composition", "learner")
    },
}


def reader(key: str) -> tuple[str, frozenset[str]] | None:
    """The choice that alone reads a dotted key, and its words; None where it is always read."""
    return READ_BY.get(_listed(key) or "")


def is_set(key: str, start: Config) -> bool:
    """Has a config something other than the default at a key that one choice alone reads?

    Such a key is offered whatever is chosen: a config may be refused for it, and it can be unset.

    Args:
        key: dotted; of a table in :data:`READ_BY`, any key in it.
        start: the config that the page began with.

    Raises:
        KeyError: it is not read by one choice alone.
    """
    name = _listed(key)
    if name is None:
        raise KeyError(key)
    *path, last = name.split(".")
    here: Any = start
    for part in path:
        here = getattr(here, part, None)
    if not isinstance(here, BaseModel) or last not in type(here).model_fields:
        return False
    return bool(getattr(here, last) != type(here).model_fields[last].default)


def _listed(key: str) -> str | None:
    """The key itself or its table, whichever stands in READ_BY."""
    return next((name for name in READ_BY if f"{key}.".startswith(f"{name}.")), None)
