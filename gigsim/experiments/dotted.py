"""Tables of dotted keys: TOML reads an unquoted ``a.b = c`` as a table in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from pydantic import BaseModel

from gigsim.config.check import Path, Places
from gigsim.config.schema import leaves
from gigsim.config.sections import Config

# More dots than any key has; a hostile file may have thousands.
_DEEPEST = 10


def plain(value: Any) -> Any:
    """What TOML would have in place of what Python code hands over, at any depth."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(inner) for inner in value]
    return value


def flat(
    table: Mapping[str, Any],
    whole: Callable[[str, Mapping[str, Any]], bool],
    path: Path,
    places: Places,
) -> dict[str, Any]:
    """A table's dotted keys and their values.

    Args:
        table: nested, or with dotted keys, or both.
        whole: is the table at a dotted key a value, rather than more keys? Asked of non-empty ones.
        path: where the table stands, for messages.
        places: whom to blame.

    Raises:
        InputError: a key that is given twice.
    """
    found: dict[str, Any] = {}
    for key, value in _flat(table, whole, ""):
        if key in found:
            raise places.error((*path, quoted(key)), "given twice", "give it once")
        found[key] = value
    return found


def is_value(key: str, table: Mapping[str, Any]) -> bool:
    """Is the table a value of the config's key, such as a distribution, or a table of keys?"""
    return "kind" in table if key in kinded() else key not in _sections()


def quoted(key: str) -> str:
    """A dotted key as one part of a path."""
    return f'"{key}"'


def at(table: Any, key: str) -> Any:
    """What stands at a dotted key of a config or of its plain table; None if nothing does."""
    for part in key.split("."):
        table = table.get(part) if isinstance(table, Mapping) else getattr(table, part, None)
    return table


def table_of(key: str) -> str:
    """The table of several kinds that the key is or is in; else the key itself."""
    outer = key.rpartition(".")[0]
    return outer if outer in kinded() else key


@cache
def kinded() -> frozenset[str]:
    """The config's tables whose keys depend on their ``kind``."""
    return frozenset(path for path, _, form in leaves(Config) if form.kinds)


@cache
def _sections() -> frozenset[str]:
    paths = [path.split(".") for path, kind, _ in leaves(Config) if not kind]
    return frozenset(".".join(p[:length]) for p in paths for length in range(1, len(p)))


def _flat(
    table: Mapping[str, Any], whole: Callable[[str, Mapping[str, Any]], bool], prefix: str
) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        key = prefix + ".".join(part.strip() for part in name.split("."))
        deep = key.count(".") >= _DEEPEST
        if isinstance(value, Mapping) and value and not deep and not whole(key, value):
            yield from _flat(value, whole, f"{key}.")
        else:
            yield key, value
