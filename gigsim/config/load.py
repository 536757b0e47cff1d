"""Configs in and out: scenarios and files, ``a.b=c`` overrides, and the name of the result."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ValidationError

from gigsim.config.changes import timeline
from gigsim.config.check import Places, checked
from gigsim.config.clashes import ClashError
from gigsim.config.schema import Form, forms, leaves, shown, tables_in
from gigsim.config.sections import Config
from gigsim.config.toml_files import LONGEST, read_scenario, scenarios
from gigsim.errors import InputError

__all__ = ["build", "digest", "dumps", "load", "scenarios", "tables_in"]


def load(
    scenario: str | Path = "default", overrides: Iterable[str] | Mapping[str, Any] = ()
) -> Config:
    """Read a scenario.

    Args:
        scenario: a TOML file, or the name of a scenario that ships (``-`` and ``_`` alike).
        overrides: ``"a.b=c"`` strings, where c is read as TOML and otherwise as text, or a mapping
            from dotted keys to values. Of two for one key the later one holds.

    Returns:
        The validated, frozen config. What the file leaves out keeps its default.

    Raises:
        InputError: no such scenario, not TOML, an unknown key, a value out of its range.
    """
    where, table = read_scenario(scenario)
    return build(table, overrides, where)


def build(
    table: Mapping[str, Any],
    overrides: Iterable[str] | Mapping[str, Any] = (),
    where: str = "config",
) -> Config:
    """Validate a nested table after applying overrides.

    Args:
        table: the user's keys; what it leaves out keeps its default.
        overrides: as of :func:`load`.
        where: names the table in messages.

    Raises:
        InputError: an unknown key, a value out of its range, values that do not go together.
    """
    option = where
    if isinstance(overrides, Mapping):
        pairs = [(_parts(str(key), f"{where}: {key}"), v) for key, v in overrides.items()]
    else:
        option = "--set"
        pairs = [_parse_override(text) for text in overrides]
    places = Places(where, option, frozenset(path for path, _ in pairs), table)
    _refuse_overlap(pairs, places)
    merged = Config().model_dump(mode="json")
    _merge(merged, table)
    # Kinds and whole tables first: the other keys may come in any order and must survive.
    pairs.sort(key=lambda pair: pair[0][-1] != "kind" and not isinstance(pair[1], Mapping))
    for path, value in pairs:
        for key in reversed(path):
            value = {key: value}
        _merge(merged, value)
    try:
        config = Config.model_validate(checked(merged, places))
    except ValidationError as error:
        raise _explain(error, places) from error
    timeline(config, build, option if ("at",) in places.overridden else where)
    return config


def dumps(config: Config) -> str:
    """The fully resolved config as TOML; ``load`` of it gives an equal config."""
    return tomli_w.dumps(config.model_dump(mode="json"))


def digest(config: Config) -> str:
    """Twelve hexadecimal digits that name what is computed; of files it holds their paths only."""
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _parse_override(text: str) -> tuple[tuple[str, ...], Any]:
    key, separator, value = text.partition("=")
    place = f"--set {text if len(text) <= 80 else f'{text[:77]}...'}"
    if not separator or not key.strip():
        raise InputError(place, "not of the form a.b=c", "e.g. population.size=600")
    if len(text) > LONGEST:
        raise InputError(place, f"{len(text):,} characters", f"at most {LONGEST:,}")
    path = _parts(key.strip(), place)
    try:
        parsed = tomllib.loads(f"x = {value.strip()}")
    except (ValueError, RecursionError):
        return path, value.strip()
    # What goes on after a line break would be lost.
    return path, parsed["x"] if len(parsed) == 1 else value.strip()


def _parts(key: str, place: str) -> tuple[str, ...]:
    path = tuple(part.strip() for part in key.split("."))
    if not all(path):
        raise InputError(place, f"{shown(key)} has an empty part", "e.g. population.size")
    return path


def _refuse_overlap(pairs: list[tuple[tuple[str, ...], Any]], places: Places) -> None:
    """Refuse a value and a part of it side by side: one of them would get lost."""
    whole = {path: value for path, value in pairs if not isinstance(value, Mapping)}
    for path, _ in pairs:
        for length in range(1, min(len(path), 5)):
            if path[:length] in whole:
                other = ".".join(path[:length])
                said = shown(whole[path[:length]])
                raise places.error(
                    path, f"given beside {other}{f' = {said}' if said else ''}", "one of the two"
                )


@cache
def _kinded() -> frozenset[tuple[str, ...]]:
    """Tables whose keys depend on their ``kind``: another kind starts from its own defaults."""
    return frozenset(tuple(path.split(".")) for path, _, form in leaves(Config) if form.kinds)


def _merge(table: dict[str, Any], other: Mapping[str, Any], path: tuple[str, ...] = ()) -> None:
    """Lay ``other`` over ``table``; a kinded table of another kind is replaced, not mixed."""
    for key, value in other.items():
        here, at = table.get(key), (*path, key)
        if isinstance(value, Mapping) and isinstance(here, dict):
            if at in _kinded() and value.get("kind", here.get("kind")) != here.get("kind"):
                table[key] = dict(value)
            else:
                _merge(here, value, at)
        else:
            table[key] = dict(value) if isinstance(value, Mapping) else value


def _explain(error: ValidationError, places: Places) -> InputError:
    """What only the models see: values that do not go together, in one table or across tables."""
    first = error.errors()[0]
    clash = first.get("ctx", {}).get("error")
    if isinstance(clash, ClashError):
        return places.error(places.blamed(clash.keys), clash.problem, clash.allowed)
    path, described = _dotted(first["loc"], first["msg"])
    said = first["msg"].removeprefix("Value error, ")
    quoted = shown(first["input"])
    return places.error(path, f"{quoted}: {said}" if quoted else said, described)


def _dotted(loc: tuple[int | str, ...], message: str) -> tuple[tuple[str, ...], str]:
    """The user's path of pydantic's error, and what the keys that its message names are."""
    known, path = forms(Config), list[str]()
    kinds: dict[str, type[BaseModel]] = {}
    form: Form | None = None
    for part in map(str, loc):
        if part in kinds:
            known, form = forms(kinds[part]), None
        elif part in known:
            path.append(part)
            form = known[part]
            known, kinds = forms(form.plain) if form.plain else {}, form.kinds
    if form is not None and not form.tables:
        return tuple(path), f"allowed: {form}: {form.description}"
    named = [name for name in known if f"{name} " in message or f"{name}=" in message]
    return tuple(path), "; ".join(f"{n}: {known[n]}, {known[n].description}" for n in named)
