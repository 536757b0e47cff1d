"""What the page offers of the strategies: those that some platform grants, and their options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gigsim.collective.catalogue import OFFERS, STRATEGIES
from gigsim.config import Config

#: Words that the schema knows and the page does not offer, by key: strategies that need what no
#: platform grants, and code of the user's own, which it never imports.
NEVER: Mapping[str, frozenset[str]] = {
    "collective.strategy": frozenset(
        name
        for name, facts in STRATEGIES.items()
        if not any(facts.needs <= offered for offered in OFFERS.values())
    ),
    "platform.learner.kind": frozenset({"own"}),
}

# Keys of the collective that only some strategies have.
_OPTIONS = frozenset(option for facts in STRATEGIES.values() for option in facts.options)


def applies(key: str, start: Config, chosen: Mapping[str, Any]) -> bool:
    """Is a key an option of the chosen strategy, if it is one of any?

    Args:
        key: dotted.
        start: the config that the page began with; what it has set can be unset, also with a
            strategy that would be refused for it.
        chosen: what the user has set so far, by dotted key.
    """
    table, _, name = key.rpartition(".")
    if table != "collective" or name not in _OPTIONS:
        return True
    strategy = chosen.get("collective.strategy", start.collective.strategy)
    nothing = type(start.collective).model_fields[name].default
    return name in STRATEGIES[strategy].options or getattr(start.collective, name) != nothing
