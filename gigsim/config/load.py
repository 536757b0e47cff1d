"""Configs in and out: scenarios and files, ``a.b=c`` overrides, and the name of the result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ValidationError

from gigsim.config.changes import timeline
from gigsim.config.check import Places, checked
from gigsim.config.clashes import ClashError
from gigsim.config.overrides import parse_override, path_of
from gigsim.config.schema import Form, forms, leaves, shown, tables_in
from gigsim.config.sections import Config
from gigsim.config.toml_files import read_scenario, scenarios
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
    merged, places = _laid_over(table, overrides, where)
    try:
        config = Config.model_validate(checked(merged, places))
    except ValidationError as error:
        raise _explain(error, places) from error
    timeline(config, build, places.option if ("at",) in places.overridden else where)
    return config


def resolve(
    table: Mapping[str, Any],
    overrides: Iterable[str] | Mapping[str, Any] = (),
    where: str = "config",
) -> dict[str, Any]:
    """As :func:`build`, but key by key: the table on which others will still lay theirs.

    Returns:
        A config's plain table with every key that has a default. :func:`build` may refuse it,
        where values do not go together.

    Raises:
        InputError: an unknown key, a value out of its range.
    """
    merged, places = _laid_over(table, overrides, where)
    plain = checked(merged, places)
    try:
        return Config.model_validate(plain).model_dump(mode="json")
    except ValidationError:
        return _filled(plain)


def vary(base: Mapping[str, Any], values: Mapping[str, Any], where: str = "config") -> Config:
    """``build(base, values, where)`` for a base that was checked, at a fifth of its cost.

    Only what the values touch is checked key by key; what goes together is checked as ever.

    Args:
        base: as of :func:`resolve`; left as it is.
        values: by dotted key.
        where: names the values in messages.

    Raises:
        InputError: as of :func:`build`; of several mistakes it may be another.
    """
    pairs = _by_path(values, where)
    places = Places(where, where, frozenset(path for path, _ in pairs), base)
    _refuse_overlap(pairs, places)
    touched: dict[str, Any] = {}
    for path, _ in pairs:
        for kinded in (path[:n] for n in range(1, len(path) + 1) if path[:n] in _kinded()):
            # A table of several kinds is checked as a whole.
            _merge(touched, _nested(kinded, _inner(base, kinded)))
    for path, value in pairs:
        _merge(touched, _nested(path, value))
    varied = _replaced(base, checked(touched, places))
    try:
        config = Config.model_validate(varied)
    except ValidationError as error:
        raise _explain(error, places) from error
    timeline(config, build, where)
    return config


def _laid_over(
    table: Mapping[str, Any], overrides: Iterable[str] | Mapping[str, Any], where: str
) -> tuple[dict[str, Any], Places]:
    """Defaults with the table and then the overrides laid over them, and whom to blame."""
    option = where
    if isinstance(overrides, Mapping):
        pairs = _by_path(overrides, where)
    else:
        option = "--set"
        pairs = _kinds_first(parse_override(text) for text in overrides)
    places = Places(where, option, frozenset(path for path, _ in pairs), table)
    _refuse_overlap(pairs, places)
    merged = Config().model_dump(mode="json")
    _merge(merged, table)
    for path, value in pairs:
        _merge(merged, _nested(path, value))
    return merged, places


def _by_path(values: Mapping[str, Any], where: str) -> list[tuple[tuple[str, ...], Any]]:
    return _kinds_first((path_of(str(k), f"{where}: {k}"), v) for k, v in values.items())


def _kinds_first(
    pairs: Iterable[tuple[tuple[str, ...], Any]],
) -> list[tuple[tuple[str, ...], Any]]:
    """Kinds and whole tables first: the other keys may come in any order and must survive."""
    return sorted(
        pairs, key=lambda pair: pair[0][-1] != "kind" and not isinstance(pair[1], Mapping)
    )


def _nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return value


def _inner(table: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    inner: Any = table
    for key in path:
        inner = inner[key]
    return inner


def _replaced(
    table: Mapping[str, Any], other: Mapping[str, Any], path: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The table with ``other`` in place of its own, key by key; kinded tables as a whole."""
    found = dict(table)
    for key, value in other.items():
        at = (*path, key)
        plain = isinstance(value, Mapping) and at not in _kinded()
        found[key] = _replaced(table[key], value, at) if plain else value
    return found


def _filled(table: dict[str, Any]) -> dict[str, Any]:
    """The table with the defaults of those of its tables that have several kinds."""
    for path, kind, form in leaves(Config):
        *outer, last = path.split(".")
        inner: Any = table
        for part in outer:
            inner = inner[part] if isinstance(inner, dict) else None
        if kind and not form.required and isinstance(inner, dict) and inner["kind"] == kind:
            inner.setdefault(last, form.default)
    return table


def dumps(config: Config) -> str:
    """The fully resolved config as TOML; ``load`` of it gives an equal config."""
    return tomli_w.dumps(config.model_dump(mode="json"))


def digest(config: Config) -> str:
    """Twelve hexadecimal digits that name what is computed; of files it holds their paths only."""
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


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
                table[key] = _copied(value)
            else:
                _merge(here, value, at)
        else:
            table[key] = _copied(value)


def _copied(value: Any, levels: int = 4) -> Any:
    """A value whose tables are its own: what is laid over it later leaves the giver's as it was.

    A config is not deeper than that many levels, but what a user gives may be.
    """
    if not isinstance(value, Mapping) or not levels:
        return value
    return {key: _copied(inner, levels - 1) for key, inner in value.items()}


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
