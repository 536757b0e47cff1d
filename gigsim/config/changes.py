"""Changes in time: what a run's ``[[at]]`` tables make of its config, period by period."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gigsim.config.sections import Config
from gigsim.errors import InputError

#: Keys, or tables of keys, that may change while a run goes on. Everything else is fixed with the
#: first period: who is there, what they wrote, how it is read, what is measured.
CHANGEABLE = (
    "population.cost",
    "population.threshold",
    "population.turnover",
    "society",
    "collective.first_movers",
    "collective.leak",
    "collective.retention",
    "collective.abstain",
    "collective.dues",
    "collective.subsidy",
    "collective.subsidy_until",
    "collective.provision_point",
    "collective.refund",
    "platform.retrain",
    "platform.retrain_every",
    "platform.repeats",
)

# Characters of a key that a message quotes.
_KEY = 80

Build = Callable[[Mapping[str, Any], Mapping[str, Any], str], Config]


def timeline(config: Config, build: Build, where: str = "config") -> dict[int, Config]:
    """The config from each change on, by period, each laid over all that came before.

    Args:
        config: the config of period 0.
        build: validates a table with overrides (``load.build``).
        where: names the config in messages.

    Returns:
        Periods in increasing order. Changes of the same period are laid over each other in the
        order in which they are written.

    Raises:
        InputError: a key that may not change, an unknown key or a value out of its range, each
            with the number of its change.
    """
    current, configs = config, dict[int, Config]()
    numbered = sorted(enumerate(config.at, start=1), key=lambda pair: pair[1].period)
    for number, change in numbered:
        place = f"{where}: at[{number}].set"
        values: dict[str, Any] = {}
        for key, value in _flat(change.set):
            if not _may_change(key):
                near = difflib.get_close_matches(key, CHANGEABLE, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                raise InputError(
                    f"{place}: {key if len(key) <= _KEY else f'{key[: _KEY - 3]}...'}",
                    "does not change in time",
                    f"{hint}what may: {', '.join(CHANGEABLE)}",
                )
            if key in values:
                raise InputError(f"{place}: {key}", "given twice", "give it once")
            values[key] = value
        current = build(current.model_dump(mode="json") | {"at": []}, values, place)
        configs[change.period] = current
    return configs


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys of a table: TOML reads an unquoted ``a.b = c`` as a table in a table."""
    for name, value in table.items():
        key = f"{prefix}{name}"
        inner = any(free.startswith(f"{key}.") for free in CHANGEABLE)
        if inner and isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        else:
            yield key, value


def _may_change(key: str) -> bool:
    return any(key == free or key.startswith(f"{free}.") for free in CHANGEABLE)
