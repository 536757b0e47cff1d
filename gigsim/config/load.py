"""Configs in and out: TOML files, scenarios that ship, ``a.b=c`` overrides, one-line errors."""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ValidationError

from gigsim.config.sections import Config
from gigsim.errors import InputError

#: Tables whose fields depend on their ``kind``: choosing another kind starts from its defaults.
_KINDED = {("platform", "learner"), ("population", "cost"), ("population", "threshold")}


def scenarios() -> tuple[str, ...]:
    """Names of the scenarios that ship, sorted."""
    folder = files("gigsim") / "scenarios"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def load(
    scenario: str | Path = "default", overrides: Iterable[str] | Mapping[str, Any] = ()
) -> Config:
    """Read a scenario.

    Args:
        scenario: a TOML file, or the name of a scenario that ships (``-`` and ``_`` alike).
        overrides: ``"a.b=c"`` strings, where c is read as TOML and otherwise as text, or a mapping
            from dotted keys to values.

    Returns:
        The validated, frozen config. What the file leaves out keeps its default.

    Raises:
        InputError: no such scenario, not TOML, an unknown key, a value out of its range.
    """
    where, text = _read(scenario)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(where, f"not TOML: {error}", "see https://toml.io") from error
    return build(table, overrides, where)


def build(
    table: Mapping[str, Any],
    overrides: Iterable[str] | Mapping[str, Any] = (),
    where: str = "config",
) -> Config:
    """Validate a nested table after applying overrides; ``where`` names it in messages."""
    merged = Config().model_dump(mode="json")
    _merge(merged, table)
    typed: set[tuple[str, ...]] = set()
    if isinstance(overrides, Mapping):
        pairs = [(tuple(key.split(".")), value) for key, value in overrides.items()]
    else:
        pairs = [_parse_override(text) for text in overrides]
        typed = {path for path, _ in pairs}
    # Kinds and whole tables first: the other keys may come in any order and must survive.
    pairs.sort(key=lambda pair: pair[0][-1] != "kind" and not isinstance(pair[1], Mapping))
    for path, value in pairs:
        for key in reversed(path):
            value = {key: value}
        _merge(merged, value)
    try:
        return Config.model_validate(merged)
    except ValidationError as error:
        raise _explain(error, where, typed) from error


def dumps(config: Config) -> str:
    """The fully resolved config as TOML; ``load`` of it gives an equal config."""
    return tomli_w.dumps(config.model_dump(mode="json"))


def digest(config: Config) -> str:
    """Twelve hexadecimal digits that name what is computed."""
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _read(scenario: str | Path) -> tuple[str, str]:
    path, name = Path(scenario), str(scenario).replace("-", "_")
    try:
        if path.suffix == ".toml" or path.is_file():
            return str(path), path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise InputError(str(path), f"cannot be read ({problem})", _allowed_names()) from error
    if name not in scenarios():
        raise InputError(f"scenario {str(scenario)!r}", "no such scenario", _allowed_names())
    text = (files("gigsim") / "scenarios" / f"{name}.toml").read_text(encoding="utf-8")
    return f"scenario {name}", text


def _allowed_names() -> str:
    return f"give a TOML file or one of: {', '.join(scenarios())}"


def _parse_override(text: str) -> tuple[tuple[str, ...], Any]:
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise InputError(f"--set {text}", "not of the form a.b=c", "e.g. population.size=600")
    try:
        parsed = tomllib.loads(f"x = {value.strip()}")["x"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    return tuple(key.strip().split(".")), parsed


def _merge(table: dict[str, Any], other: Mapping[str, Any], path: tuple[str, ...] = ()) -> None:
    """Lay ``other`` over ``table``; a kinded table of another kind is replaced, not mixed."""
    for key, value in other.items():
        here, at = table.get(key), (*path, key)
        if isinstance(value, Mapping) and isinstance(here, dict):
            if at in _KINDED and value.get("kind", here["kind"]) != here["kind"]:
                table[key] = dict(value)
            else:
                _merge(here, value, at)
        else:
            table[key] = dict(value) if isinstance(value, Mapping) else value


def _explain(error: ValidationError, where: str, typed: set[tuple[str, ...]]) -> InputError:
    """Turn pydantic's first complaint into: file or ``--set``, dotted key, value, what is allowed.

    Args:
        error: what pydantic says.
        where: the file that was read.
        typed: keys that were given after ``--set``.
    """
    first, *others = error.errors()
    path, model = _dotted(first["loc"])
    kind = first["type"]
    if kind == "union_tag_invalid":
        path = (*path, "kind")
    dotted = ".".join(path)
    place = "--set" if any(key[: len(path)] == path for key in typed if path) else where
    place = f"{place}: {dotted}" if dotted else place
    value = first.get("input")
    if kind == "extra_forbidden":
        keys = sorted(model.model_fields) if model else []
        near = difflib.get_close_matches(path[-1], keys, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        return InputError(place, "unknown key", f"{hint}allowed here: {', '.join(keys)}")
    if kind in ("literal_error", "union_tag_invalid"):
        expected = first.get("ctx", {}).get("expected") or first["ctx"]["expected_tags"]
        tag = first.get("ctx", {}).get("tag", value)
        # A word or a number: pydantic complains once of each.
        same = [e["msg"] for e in others if _dotted(e["loc"])[0] == path]
        also = "".join(f", or else {message[0].lower()}{message[1:]}" for message in same)
        return InputError(place, f"{tag!r} is not known", f"allowed: {expected}{also}")
    message = first["msg"].removeprefix("Value error, ")
    if kind == "value_error":
        return InputError(place, message, "docs/config.md describes every key")
    described = _describe(model, path[-1]) if model and path else ""
    shown = "" if isinstance(value, dict) else f"{value!r}: "
    return InputError(place, f"{shown}{message[0].lower()}{message[1:]}", f"{described}".strip())


def _dotted(loc: tuple[int | str, ...]) -> tuple[tuple[str, ...], type[BaseModel] | None]:
    """The user's path of an error, without pydantic's union tags, and the table it is in."""
    model: type[BaseModel] | None = Config
    owner: type[BaseModel] | None = Config
    tags: dict[str, type[BaseModel]] = {}
    path: list[str] = []
    for part in map(str, loc):
        if part in tags:
            model, owner, tags = tags[part], tags[part], {}
            continue
        if model is None:
            break
        owner = model
        path.append(part)
        field = model.model_fields.get(part)
        members = tables_in(field.annotation) if field else []
        union = len(members) > 1
        tags = {m.model_fields["kind"].default: m for m in members} if union else {}
        model = members[0] if len(members) == 1 else None
    return tuple(path), owner


def tables_in(annotation: Any) -> list[type[BaseModel]]:
    """The config tables in an annotation, which may be a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for argument in getattr(annotation, "__args__", ()) for m in tables_in(argument)]


def _describe(model: type[BaseModel], name: str) -> str:
    field = model.model_fields.get(name)
    return (field.description or "") if field else ""
