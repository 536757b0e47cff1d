"""Small plans on the built-in language."""

from __future__ import annotations

from typing import Any

from gigsim.config import Config, build
from gigsim.curves.plan import Plan, plan_of

#: 120 people, 80 held-out resumes, and a transformer that is trained in a moment.
SMALL: dict[str, Any] = {
    "name": "small",
    "population.size": 120,
    "corpus.test_size": 80,
    "platform.learner": {
        "kind": "transformer",
        "layers": 1,
        "width": 16,
        "heads": 1,
        "feedforward": 16,
        "max_tokens": 32,
        "epochs": 1,
    },
    "collective.first_movers": 0,
    # Else each seed draws who carries the signal by himself, and has a clean training of its own.
    "corpus.xi": 0.0,
}


def small_config(**values: Any) -> Config:
    """A small config; dotted keys with double underscores for dots."""
    return build({}, SMALL | {key.replace("__", "."): value for key, value in values.items()})


def small_plan(**lists: Any) -> Plan:
    """Two sizes and three seeds, unless said otherwise, with the linear learner."""
    wanted: dict[str, Any] = {"alphas": (0.05, 0.2), "seeds": 3, "learners": ["linear"]}
    return plan_of(small_config(), **(wanted | lists))
