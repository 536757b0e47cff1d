"""What the ranges of a design have to be, beyond what any random design's are: able to vary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gigsim.config.check import Path, Places
from gigsim.config.load import vary
from gigsim.config.schema import kind_of, shown
from gigsim.errors import InputError
from gigsim.experiments.dotted import quoted
from gigsim.experiments.sampling import Choices, Numbers
from gigsim.experiments.seeds import canonical
from gigsim.sensitivity.cases import NAME
from gigsim.sensitivity.settings import MOST_PARAMETERS, TABLE, MorrisMethod, Settings

_RANGES: Path = (TABLE, "ranges")


def check_laws(laws: Mapping[str, Numbers | Choices], settings: Settings, places: Places) -> None:
    """Refuse parameters that a method cannot ask about.

    Args:
        laws: of the parameters, by dotted key.
        settings: the method.
        places: whom to blame.

    Raises:
        InputError: none, or too many; the config's name, which does nothing; a choice that no key
            takes; one choice, which cannot vary; choices where the method takes steps.
    """
    if not 1 <= len(laws) <= MOST_PARAMETERS:
        said = f"{len(laws):,} parameters"
        raise places.error(_RANGES, said, f"at least 1 and at most {MOST_PARAMETERS:,}")
    for key, law in laws.items():
        path = (*_RANGES, quoted(key))
        if key == NAME:
            raise places.error(path, "is in folder names, and no run hangs on it", "leave it out")
        if not isinstance(law, Choices):
            continue
        if isinstance(settings, MorrisMethod):
            said = "choices have no order to take steps in"
            raise places.error(path, said, 'low and high, or method = "sobol"')
        for number, value in enumerate(law.values, start=1):
            _check_value(value, (*path, f"choices[{number}]"), places)
        if len(law.values) == 1:
            said = f"one choice, {_words(law.values[0])}, cannot vary"
            raise places.error((*path, "choices"), said, "two different values or more")


def check_choices(
    laws: Mapping[str, Numbers | Choices],
    point: Mapping[str, Any],
    base: Mapping[str, Any],
    places: Places,
) -> None:
    """Refuse choices of which two are the same to the config, as 1 and 1.0 are.

    Args:
        laws: of the parameters, by dotted key.
        point: the values of one, which those of all other keys are taken from.
        base: resolved.
        places: whom to blame.

    Raises:
        InputError: two that are the same.
    """
    for key, law in laws.items():
        if not isinstance(law, Choices):
            continue
        seen: dict[str, int] = {}
        for number, value in enumerate(law.values, start=1):
            try:
                text = vary(base, {**point, key: value}).model_dump_json()
            except InputError:
                # Said of the point that has it, when all of them are looked at.
                text = canonical(value)
            if (other := seen.setdefault(text, number)) != number:
                path = (*_RANGES, quoted(key), f"choices[{number}]")
                said = f"{_words(value)}: the same as choices[{other}]"
                raise places.error(path, said, "each value once")


def _check_value(value: Any, path: Path, places: Places) -> None:
    """Refuse what TOML has and no config does, wherever in the value: dates, nan, inf."""
    try:
        canonical(value)
    except (TypeError, ValueError) as error:
        said = shown(value) or kind_of(value)
        raise places.error(path, said, "a value that the key takes") from error


def _words(value: Any) -> str:
    return shown(value) or canonical(value)
