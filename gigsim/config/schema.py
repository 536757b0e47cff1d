"""What may stand at each key of a config, read off the schema: for messages and the reference."""

from __future__ import annotations

import operator
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

#: Characters of a text that a message quotes.
_QUOTED = 60
# The longest path, and the longest name in it, that systems have. Texts without a limit of their
# own are names of files, or shorter.
_PATH, _NAME = 4096, 255
_LIMITS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "ge": (">=", operator.ge),
    "gt": (">", operator.gt),
    "le": ("<=", operator.le),
    "lt": ("<", operator.lt),
}


@dataclass(frozen=True)
class Number:
    """Numbers that a key takes.

    Attributes:
        whole: whole numbers only.
        limits: names of pydantic's constraints with their bounds, e.g. ``("ge", 2)``.
    """

    whole: bool
    limits: tuple[tuple[str, float], ...] = ()

    def bounds(self) -> list[str]:
        """Its limits in signs, e.g. ``>= 2``."""
        return [f"{_LIMITS[name][0]} {figure(bound)}" for name, bound in self.limits]

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return " ".join([kind, " and ".join(self.bounds())]).strip()

    def complaint(self, value: float) -> str:
        """What is wrong with a number that is no truth value; empty if nothing is."""
        if isinstance(value, float) and value - value != 0:
            return "not a finite number"
        if self.whole and value % 1:
            return "not a whole number"
        for name, bound in self.limits:
            if not _LIMITS[name][1](value, bound):
                return "too small" if name in ("ge", "gt") else "too large"
        try:
            float(value)
        except OverflowError:
            return "too large"
        return ""


@dataclass(frozen=True)
class Text:
    """Texts that a key takes.

    Attributes:
        least: fewest characters.
        most: most characters; 0: any number.
        pattern: a regular expression that has to match, or empty.
    """

    least: int = 0
    most: int = 0
    pattern: str = ""

    def __str__(self) -> str:
        length = f" of {self.least} to {self.most} characters" if self.most else ""
        return f"text{length}{f' matching {self.pattern}' if self.pattern else ''}"

    def complaint(self, value: str) -> str:
        """What is wrong with a text; empty if nothing is."""
        if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in value):
            return "has a line break or another control character"
        if value and value.isspace():
            return "blank"
        if len(value) < self.least:
            return "empty" if not value else "too short"
        if self.most and len(value) > self.most:
            return f"too long ({len(value):,} characters)"
        if not self.most and (
            len(value) > _PATH or any(len(os.fsencode(p)) > _NAME for p in value.split("/"))
        ):
            return "longer than the name of a file can be"
        if self.pattern and not re.search(self.pattern, value):
            return "not of the form needed"
        return ""


@dataclass
class Form:
    """Everything that may stand at one key; what is empty or None may not.

    Attributes:
        description: what it is, with its unit and the reason of its default.
        default: what a file that leaves it out has.
        required: there is no default.
        words: the words known.
        number: numbers.
        text: any text.
        flag: true and false.
        texts: a list of texts.
        numbers: a list of numbers.
        most: most entries of that list; 0: any number.
        tables: a table of one of these; more than one are told apart by their ``kind``.
        rows: a list of such tables.
        keyed: a table of dotted keys, which are not its own.
        keyed_rows: a list of such tables of dotted keys.
    """

    description: str
    default: Any
    required: bool
    words: tuple[str, ...] = ()
    number: Number | None = None
    text: Text | None = None
    flag: bool = False
    texts: Text | None = None
    numbers: Number | None = None
    most: int = 0
    tables: tuple[type[BaseModel], ...] = ()
    rows: type[BaseModel] | None = None
    keyed: bool = False
    keyed_rows: bool = False

    @property
    def kinds(self) -> dict[str, type[BaseModel]]:
        """The tables by their ``kind``; empty where there are not several."""
        several = self.tables if len(self.tables) > 1 else ()
        return {model.model_fields["kind"].default: model for model in several}

    @property
    def plain(self) -> type[BaseModel] | None:
        """The table that stands here, if it is always the same one."""
        return self.tables[0] if len(self.tables) == 1 else None

    def __str__(self) -> str:
        """What is allowed, without the description."""
        parts = [", ".join(f'"{word}"' for word in self.words)] if self.words else []
        parts += [str(self.number)] if self.number else []
        parts += [str(self.text)] if self.text else []
        parts += ["true or false"] if self.flag else []
        if self.texts:
            most = f"at most {self.most} " if self.most else ""
            parts.append(f"a list of {most}texts, each {self.texts}")
        if self.numbers:
            most = f"at most {self.most} " if self.most else ""
            parts.append(f"a list of {most}numbers, each {self.numbers}")
        if self.kinds:
            parts.append(f"a table with a kind: {', '.join(self.kinds)}")
        elif self.plain:
            parts.append(f"a table with the keys: {', '.join(self.plain.model_fields)}")
        if self.rows:
            parts.append(f"a list of tables with the keys: {', '.join(self.rows.model_fields)}")
        parts += ["a table of dotted keys and their values"] if self.keyed else []
        parts += ["a list of tables of dotted keys and their values"] if self.keyed_rows else []
        return ", or ".join(parts)


@cache
def forms(model: type[BaseModel]) -> dict[str, Form]:
    """What may stand at each key of one table of the schema."""
    return {name: _form(field) for name, field in model.model_fields.items()}


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, Form]]:
    """Every key below a table: its dotted name, the kind of its table or empty, and its form."""
    for name, form in forms(model).items():
        path = f"{prefix}{name}"
        if form.plain:
            yield from leaves(form.plain, f"{path}.")
            continue
        yield path, "", form
        for kind, member in form.kinds.items():
            for inner, inner_form in forms(member).items():
                if inner != "kind":
                    yield f"{path}.{inner}", kind, inner_form


def tables_in(annotation: Any) -> list[type[BaseModel]]:
    """The config tables in an annotation, which may be a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for argument in getattr(annotation, "__args__", ()) for m in tables_in(argument)]


def figure(number: float) -> str:
    """A number as people write it: 10,000,000, .000001 as 1e-06."""
    if isinstance(number, int) or (number % 1 == 0 and abs(number) < 1e15):
        return f"{int(number):,}"
    return f"{number:g}"


def shown(value: Any) -> str:
    """A value of whatever kind, short enough for a message, as TOML would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value if len(value) <= _QUOTED else f"{value[: _QUOTED - 3]}...")
    if isinstance(value, int) and value.bit_length() > 64:
        # Python refuses to write out the longest ones.
        power = f"2**{value.bit_length() - 1}"
        return f"-{power} or less" if value < 0 else f"{power} or more"
    if isinstance(value, int | float):
        return repr(value)
    return ""


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if hasattr(value, "isoformat"):
        return f"{value.isoformat()}, a date or a time"
    return f"a {type(value).__name__}"


def _form(field: FieldInfo) -> Form:
    required = field.is_required()
    default = None if required else field.get_default(call_default_factory=True)
    if default is PydanticUndefined:
        raise TypeError(f"a default that is none: {field!r}")
    form = Form(" ".join((field.description or "").split()), default, required)
    _take(form, field.annotation, field.metadata)
    if any(isinstance(entry, BeforeValidator) for entry in field.metadata):
        # A plain number in the place of a law: everybody's value.
        form.number = forms(form.kinds["constant"])["value"].number
    return form


def _take(form: Form, annotation: Any, metadata: Any) -> None:
    """Add to ``form`` what one arm of an annotation allows."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = [n for m in arguments[1:] for n in (m.metadata if hasattr(m, "metadata") else [m])]
        _take(form, arguments[0], inner)
    elif origin in (Union, UnionType):
        for arm in arguments:
            _take(form, arm, [])
    elif origin is Literal:
        form.words += arguments
    elif origin is tuple:
        rows = Form("", None, False)
        _take(rows, arguments[0], [])
        form.texts, form.rows, form.keyed_rows = rows.text, rows.plain, rows.keyed
        form.numbers = rows.number
        form.most = _bound(metadata, "max_length") or 0
    elif origin is dict:
        form.keyed = True
    elif annotation is type(None):
        # The absence of the key, which TOML cannot write.
        pass
    elif annotation is bool:
        form.flag = True
    elif annotation in (int, float):
        limits = [(name, _bound(metadata, name)) for name in _LIMITS]
        kept = tuple((name, bound) for name, bound in limits if bound is not None)
        form.number = Number(annotation is int, kept)
    elif annotation is str:
        least, most = _bound(metadata, "min_length"), _bound(metadata, "max_length")
        form.text = Text(least or 0, most or 0, _bound(metadata, "pattern") or "")
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        form.tables += (annotation,)
    else:
        raise TypeError(f"no message would know what {annotation!r} allows")


def _bound(metadata: Any, name: str) -> Any:
    return next((b for m in metadata if (b := getattr(m, name, None)) is not None), None)
