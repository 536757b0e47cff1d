"""A table against the schema, key by key: strict types, and one clear line on what is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from gigsim.config.schema import Form, Number, Text, forms, kind_of, leaves, shown
from gigsim.config.sections import Config
from gigsim.errors import InputError

Path = tuple[str, ...]

#: Characters of a key that a message quotes.
_KEY = 80
# An entry of a list in a path: at[2].
_NUMBER = re.compile(r"\[\d+\]$")


@dataclass(frozen=True)
class Places:
    """Where the user has to go to with a key.

    Attributes:
        where: the file, or what else was read.
        option: where overrides come from.
        overridden: keys that were given there.
        given: the table that was read.
        schema: what it has to be.
    """

    where: str
    option: str
    overridden: frozenset[Path]
    given: Mapping[str, Any]
    schema: type[BaseModel] = Config

    def error(
        self, path: Path, problem: str, allowed: str, culprit: Path | None = None
    ) -> InputError:
        """A complaint about a key: file or option, dotted key, problem, what is allowed.

        A key that is missing was given nowhere: the ``culprit`` is the table that lacks it.
        """
        place = self.option if self._is_overridden(culprit or path) else self.where
        dotted = ".".join(path)
        dotted = dotted if len(dotted) <= _KEY else f"{dotted[: _KEY - 3]}..."
        return InputError(f"{place}: {dotted}" if path else place, problem, allowed)

    def blamed(self, keys: Iterable[str]) -> Path:
        """Of the dotted keys that do not go together, the first that the user gave."""
        paths = [tuple(key.split(".")) for key in keys]
        written = [path for path in paths if self._is_overridden(path)]
        return (written or [path for path in paths if self._is_given(path)] or paths)[0]

    def _is_overridden(self, path: Path) -> bool:
        # A key of an overridden table, or a table of which a key was overridden.
        plain = tuple(_NUMBER.sub("", part) for part in path)
        shared = (min(len(plain), len(key)) for key in self.overridden)
        return any(
            key[:n] in (plain[:n], path[:n]) for n, key in zip(shared, self.overridden, strict=True)
        )

    def _is_given(self, path: Path) -> bool:
        inner: Any = self.given
        for part in path:
            if not isinstance(inner, Mapping) or part not in inner:
                return False
            inner = inner[part]
        return True


def checked(table: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """A whole config's table, of plain Python values; ints where whole numbers are asked for.

    Args:
        table: for a config, defaults with the user's keys laid over them.
        places: whom to blame, and the schema.

    Returns:
        What the schema's model accepts, unless values do not go together.

    Raises:
        InputError: a key that is unknown or missing, a value that is not allowed there.
    """
    return checked_table(table, places.schema, (), places)


def checked_table(
    table: Mapping[str, Any], model: type[BaseModel], path: Path, places: Places, kind: str = ""
) -> dict[str, Any]:
    """One table within it, as :func:`checked`.

    Args:
        table: the user's keys.
        model: the schema of this table.
        path: where it stands.
        places: whom to blame.
        kind: of the table, where there are several.
    """
    known = forms(model)
    for key in table:
        if key not in known:
            name = str(key)
            raise places.error(
                (*path, name), _unknown(name), _known(name, model, path, places, kind)
            )
    missing = [name for name, form in known.items() if form.required and name not in table]
    if missing:
        needs = f', kind = "{kind}" needs {" and ".join(missing)}' if kind else ""
        described = "; ".join(f"{n}: {known[n]}: {known[n].description}" for n in missing)
        raise places.error((*path, missing[0]), f"required{needs}", described, path)
    return {key: _value(_plain(v), known[key], (*path, key), places) for key, v in table.items()}


def _value(value: Any, form: Form, path: Path, places: Places) -> Any:
    """The value at one key, if it is allowed."""

    def refuse(problem: str, hint: str = "", at: Path = path) -> InputError:
        quoted = shown(value)
        allowed = f"{hint}allowed: {form}: {form.description}".removesuffix(": ")
        return places.error(at, f"{quoted}: {problem}" if quoted else problem, allowed)

    if isinstance(value, dict):
        if form.kinds:
            return _kinded(value, form, path, places)
        if form.plain:
            return checked_table(value, form.plain, path, places)
        if form.keyed:
            # Where nothing is the default, nothing may be said.
            if not value and form.default != {}:
                raise refuse("an empty table")
            return value
    elif isinstance(value, list) and form.rows:
        return [_row(_plain(v), form, path, n, places) for n, v in enumerate(value, start=1)]
    elif isinstance(value, list) and form.keyed_rows:
        return [_keyed_row(_plain(v), form, path, n, places) for n, v in enumerate(value, start=1)]
    elif isinstance(value, list) and form.texts:
        return _texts(value, form.texts, form, path, places)
    elif isinstance(value, list) and form.numbers:
        return _numbers(value, form.numbers, form, path, places)
    elif isinstance(value, bool):
        if form.flag:
            return value
    elif isinstance(value, int | float) and form.number:
        if complaint := form.number.complaint(value):
            raise refuse(complaint)
        return int(value) if form.number.whole else value
    elif isinstance(value, str) and form.text:
        if complaint := form.text.complaint(value):
            raise refuse(complaint)
        return value
    elif value in form.words:
        return value
    elif isinstance(value, str) and form.words:
        raise places.error(path, f"{shown(value)} is not known", _words(value, form))
    raise refuse(kind_of(value), _rewritten(value, form, path))


def _row(value: Any, form: Form, path: Path, number: int, places: Places) -> dict[str, Any]:
    place = (*path[:-1], f"{path[-1]}[{number}]")
    if not isinstance(value, dict) or form.rows is None:
        said = ": ".join(part for part in (shown(value), kind_of(value)) if part)
        raise places.error(place, said, f"allowed: {form}: {form.description}")
    return checked_table(value, form.rows, place, places)


def _keyed_row(value: Any, form: Form, path: Path, number: int, places: Places) -> dict[str, Any]:
    if not isinstance(value, dict):
        place = (*path[:-1], f"{path[-1]}[{number}]")
        said = ": ".join(part for part in (shown(value), kind_of(value)) if part)
        raise places.error(place, said, f"allowed: {form}: {form.description}")
    return value


def _texts(values: list[Any], text: Text, form: Form, path: Path, places: Places) -> list[str]:
    allowed = f"allowed: {form}: {form.description}"
    if form.most and len(values) > form.most:
        raise places.error(path, f"a list of {len(values)}", allowed)
    for number, value in enumerate(map(_plain, values), start=1):
        complaint = text.complaint(value) if isinstance(value, str) else kind_of(value)
        if complaint:
            place = (*path[:-1], f"{path[-1]}[{number}]")
            said = ": ".join(part for part in (shown(value), complaint) if part)
            raise places.error(place, said, allowed)
    return values


def _numbers(
    values: list[Any], number: Number, form: Form, path: Path, places: Places
) -> list[int | float]:
    allowed = f"allowed: {form}: {form.description}"
    if form.most and len(values) > form.most:
        raise places.error(path, f"a list of {len(values)}", allowed)
    found: list[int | float] = []
    for place, value in enumerate(map(_plain, values), start=1):
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if complaint := number.complaint(value) if fits else kind_of(value):
            said = ": ".join(part for part in (shown(value), complaint) if part)
            raise places.error((*path[:-1], f"{path[-1]}[{place}]"), said, allowed)
        found.append(int(value) if number.whole else value)
    return found


def _kinded(table: dict[str, Any], form: Form, path: Path, places: Places) -> dict[str, Any]:
    kinds, place = form.kinds, (*path, "kind")
    also = f", or else {form.number} in place of the table" if form.number else ""
    words = Form(form.description, None, True, words=tuple(kinds))
    if "kind" not in table:
        allowed = f"allowed: {words}{also}: {form.description}"
        raise places.error(place, "required", allowed, path)
    kind = _plain(table["kind"])
    if not isinstance(kind, str):
        raise places.error(place, f"{shown(kind)}: {kind_of(kind)}", f"allowed: {words}{also}")
    if kind not in kinds:
        raise places.error(place, f"{shown(kind)} is not known", _words(kind, words, also))
    return checked_table(table, kinds[kind], path, places, kind)


def _plain(value: Any) -> Any:
    """What TOML would have in place of a value that Python code hands over."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _unknown(key: str) -> str:
    # A letter of another alphabet looks like the right one.
    return "unknown key" if key.isascii() else f"unknown key, spelt {key[:_KEY]!a}"


def _known(key: str, model: type[BaseModel], path: Path, places: Places, kind: str) -> str:
    """What is allowed in a table that has not got the key, and where the key is."""
    own, every = sorted(forms(model)), list(leaves(places.schema))
    here = ".".join(path)
    others = [found for dotted, found, _ in every if found and dotted == f"{here}.{key}"]
    if others:
        have = "has" if len(others) == 1 else "have"
        hint = f"only {here}.kind = {' or '.join(others)} {have} it; "
    elif near := difflib.get_close_matches(key, own, n=1):
        hint = f"did you mean {near[0]}? "
    else:
        elsewhere = dict.fromkeys(p for p, _, _ in every if p.rpartition(".")[2] == key)
        hint = f"did you mean {' or '.join(elsewhere)}? " if 0 < len(elsewhere) <= 3 else ""
    allowed = f'allowed with kind = "{kind}"' if kind else "allowed here"
    return f"{hint}{allowed}: {', '.join(own)}"


def _words(value: str, form: Form, also: str = "") -> str:
    near = difflib.get_close_matches(value.lower().replace("-", "_"), form.words, n=1)
    hint = f'did you mean "{near[0]}"? ' if near else ""
    return f"{hint}allowed: {form}{also}: {form.description}".removesuffix(": ")


def _rewritten(value: Any, form: Form, path: Path) -> str:
    """How a value of the wrong type may have been meant."""
    if isinstance(value, str):
        if value in form.kinds:
            return f'did you mean {".".join(path)}.kind = "{value}"? '
        if form.flag and value.lower() in ("true", "false"):
            return f"did you mean {value.lower()}? "
        if form.number and value.strip().replace(".", "", 1).isdigit():
            return f"did you mean {shown(value.strip())[1:-1]} without quotes? "
    elif form.text and isinstance(value, int | float) and shown(value):
        return f"did you mean '\"{shown(value)}\"', in quotes? "
    return ""
