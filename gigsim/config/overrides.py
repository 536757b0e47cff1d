"""``a.b=c``: one key of a config and its value, as the command line and tables give it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from gigsim.config.schema import shown
from gigsim.config.toml_files import LONGEST
from gigsim.errors import InputError


def parse_override(text: str) -> tuple[tuple[str, ...], Any]:
    """The path and the value of one ``"a.b=c"``.

    Raises:
        InputError: it has another form, or is too long.
    """
    key, separator, value = text.partition("=")
    place = f"--set {text if len(text) <= 80 else f'{text[:77]}...'}"
    if not separator or not key.strip():
        raise InputError(place, "not of the form a.b=c", "e.g. population.size=600")
    if len(text) > LONGEST:
        raise InputError(place, f"{len(text):,} characters", f"at most {LONGEST:,}")
    return path_of(key.strip(), place), parse_value(value)


def overridden(settings: Iterable[str]) -> dict[str, Any]:
    """``"a.b=c"`` strings, as of ``load``, as values by dotted key; the later of two holds.

    Raises:
        InputError: one has another form.
    """
    return {".".join(path): value for path, value in map(parse_override, settings)}


def parse_value(text: str) -> Any:
    """A value as the command line and tables have it: TOML, and otherwise plain text."""
    try:
        parsed = tomllib.loads(f"x = {text.strip()}")
    except (ValueError, RecursionError):
        return text.strip()
    # What goes on after a line break would be lost.
    return parsed["x"] if len(parsed) == 1 else text.strip()


def path_of(key: str, place: str) -> tuple[str, ...]:
    """A dotted key's parts; ``place`` names it in messages.

    Raises:
        InputError: a part of it is empty.
    """
    path = tuple(part.strip() for part in key.split("."))
    if not all(path):
        raise InputError(place, f"{shown(key)} has an empty part", "e.g. population.size")
    return path
