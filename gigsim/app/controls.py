"""Controls of the page, made from the config's schema: what can be set, and between which limits.

Nothing is written down twice: kinds, limits, choices and explanations are the schema's. What the
page adds is a handy range for some sliders, always cut to what the schema allows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gigsim.app.offered import RANGES, is_set, reader
from gigsim.app.strategies import NEVER, applies
from gigsim.config import Config

Number = int | float
Widget = Literal["slider", "choice", "switch", "text"]

#: Numbers that nobody wants to drag.
_TYPED = frozenset({"run.seed"})
# A slider's grid goes no finer: below it a number is typed.
_FINEST = 6


@dataclass(frozen=True)
class Control:
    """One thing to set.

    Attributes:
        key: dotted key of the config.
        help: the schema's description.
        widget: how it is shown.
        value: what it stands at; the text, for ``text``.
        low: smallest value of a slider.
        high: largest value of a slider.
        step: distance of a slider's values; ``value`` is on this grid, since browsers silently
            move it there otherwise.
        choices: values of a choice.
        required: the schema has no default: the value has to be given even if nobody touched it.
        verbatim: the text is the value; other text is read as after ``--set``.
    """

    key: str
    help: str
    widget: Widget
    value: Any
    low: Number = 0
    high: Number = 0
    step: Number = 1
    choices: tuple[str, ...] = ()
    required: bool = False
    verbatim: bool = False

    @property
    def whole(self) -> bool:
        """Does a slider stand on whole numbers?"""
        return isinstance(self.value, int)


def controls(start: Config, keys: Sequence[str], chosen: Mapping[str, Any] = {}) -> list[Control]:
    """The controls of some keys.

    Args:
        start: the config whose values they stand at.
        keys: dotted keys; a table's key stands for its fields.
        chosen: what the user has set so far, by dotted key; decides which kinds' fields and which
            options of a strategy exist.

    Returns:
        In the order of ``keys`` and of the schema. A key that exists for another kind only than
        the chosen one has no control, nor has an option of another strategy, or a key that only
        another choice reads, that is not set.

    Raises:
        KeyError: no kind has such a key.
    """
    table = start.model_dump(mode="json")
    found = (c for key in keys for c in _walk(Config, table, key.split("."), "", chosen))
    return [
        control
        for control in found
        if applies(control.key, start, chosen) and _is_read(control.key, start, table, chosen)
    ]


def given(control: Control) -> Any:
    """The value that a control hands to the config: typed text is read as after ``--set``."""
    if control.widget != "text" or control.verbatim:
        return control.value
    try:
        return tomllib.loads(f"x = {control.value}")["x"]
    except tomllib.TOMLDecodeError:
        return control.value.strip()


def _is_read(key: str, start: Config, table: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    """Does what is chosen read a key, or has the start set it?"""
    by = reader(key)
    if by is None or is_set(key, start):
        return True
    decides, words = by
    return any(c.value in words for c in _walk(Config, table, decides.split("."), "", chosen))


def _walk(
    model: type[BaseModel],
    table: Mapping[str, Any],
    parts: Sequence[str],
    prefix: str,
    chosen: Mapping[str, Any],
) -> Iterator[Control]:
    """Controls of the key ``parts`` in a table, or of all its fields if the key ends here."""
    for name in list(parts[:1]) or list(model.model_fields):
        field, key, value = model.model_fields[name], f"{prefix}{name}", table.get(name)
        arms = list(_arms(field.annotation, field.metadata))
        members = [arm for arm, _ in arms if _is_table(arm)]
        # Where a number or a table may stand, what stands there now decides.
        if not members or (len(members) < len(arms) and not isinstance(value, Mapping)):
            if len(parts) > 1:
                raise KeyError(f"{key} is no table")
            yield _control(key, field, value, chosen)
        elif len(members) == 1:
            yield from _walk(members[0], value or {}, parts[1:], f"{key}.", chosen)
        else:
            yield from _of_kind(members, field, value or {}, parts[1:], key, chosen)


def _of_kind(
    members: Sequence[type[BaseModel]],
    field: FieldInfo,
    table: Mapping[str, Any],
    parts: Sequence[str],
    key: str,
    chosen: Mapping[str, Any],
) -> Iterator[Control]:
    """Controls of a table whose fields depend on its ``kind``."""
    by_kind = {member.model_fields["kind"].default: member for member in members}
    kind = chosen.get(f"{key}.kind", table["kind"])
    if parts and not any(parts[0] in member.model_fields for member in members):
        raise KeyError(f"{key}.{parts[0]}")
    if not parts or parts[0] == "kind":
        choices = tuple(kind for kind in by_kind if kind not in NEVER.get(f"{key}.kind", ()))
        yield Control(f"{key}.kind", _words(field), "choice", kind, choices=choices)
    member = by_kind[kind]
    inner = table if kind == table["kind"] else {}
    for name in parts[:1] or member.model_fields:
        if name != "kind" and name in member.model_fields:
            yield from _walk(member, inner, [name, *parts[1:]], f"{key}.", chosen)


def _control(key: str, field: FieldInfo, start: Any, chosen: Mapping[str, Any]) -> Control:
    required = start is None and field.is_required()
    if start is None and not required:
        start = field.get_default(call_default_factory=True)
    value = chosen.get(key, start)
    about: dict[str, Any] = {"key": key, "help": _words(field), "required": required}
    arms = list(_arms(field.annotation, field.metadata))
    kinds = [arm for arm, _ in arms]
    if kinds == [bool]:
        return Control(widget="switch", value=bool(value), **about)
    if all(isinstance(kind, str) for kind in kinds):
        choices = tuple(kind for kind in kinds if kind not in NEVER.get(key, ()))
        return Control(widget="choice", value=value or choices[0], choices=choices, **about)
    number = isinstance(value, int | float) or (required and kinds[0] in (int, float))
    if number and key not in _TYPED:
        kind, metadata = next((k, m) for k, m in arms if k in (int, float))
        slider = _slider(key, metadata, kind is int, value)
        if slider is not None:
            found, low, high, step = slider
            return Control(widget="slider", value=found, low=low, high=high, step=step, **about)
    return Control(widget="text", value=_text(value), verbatim=kinds == [str], **about)


def _slider(
    key: str, metadata: Sequence[Any], whole: bool, value: Number | None
) -> tuple[Number, Number, Number, Number] | None:
    """Value, lowest, highest and step of a slider, or None if the value wants a finer grid."""
    least, most, open_low, open_high, unit = _limits(metadata)
    if value is None:
        value = 1
    at = _decimal(value)
    at = at if least is None else max(at, least)
    at = at if most is None else min(at, most)
    low, high, step = map(_decimal, RANGES.get(key, _handy(at, least, most, whole, unit)))
    low = low if least is None else max(low, least)
    high = high if most is None else min(high, most)
    # A value outside of the handy range widens it.
    low, high = min(low, at), max(high, at)
    if (at - low) % step or low % step:
        finest = max(_places(at), _places(low), 0 if whole else 2)
        step = min(step, Decimal(1).scaleb(-finest))
    # An open limit is not a value: the slider starts or ends one step inside.
    low += step if open_low and low == least else 0
    high -= step if open_high and high == most else 0
    if _places(step) > _FINEST or not low <= at <= high or low >= high:
        return None
    cast = int if whole else float
    return cast(at), cast(low), cast(high), cast(step)


def _handy(
    at: Decimal, least: Decimal | None, most: Decimal | None, whole: bool, unit: Decimal | None
) -> tuple[Decimal, Decimal, Decimal]:
    """A range around a value where the page has no opinion, and its step."""
    low = least if least is not None else min(Decimal(0), 2 * at)
    reach = max(Decimal(10 if whole else 1), 4 * abs(at))
    high = most if most is not None and most - low <= reach else low + reach
    if unit is not None:
        return low, high, unit
    if whole:
        return low, high, Decimal(1)
    return low, high, Decimal("0.01") if high - low <= 5 else Decimal("0.1")


def _limits(
    metadata: Sequence[Any],
) -> tuple[Decimal | None, Decimal | None, bool, bool, Decimal | None]:
    """The schema's lowest and highest value, whether these are excluded, and the unit."""
    found: dict[str, Decimal] = {}
    for constraint in metadata:
        for name in ("ge", "gt", "le", "lt", "multiple_of"):
            limit = getattr(constraint, name, None)
            if limit is not None:
                found[name] = _decimal(limit)
    least, most = found.get("ge", found.get("gt")), found.get("le", found.get("lt"))
    return least, most, "gt" in found, "lt" in found, found.get("multiple_of")


def _arms(annotation: Any, metadata: Sequence[Any]) -> Iterator[tuple[Any, Sequence[Any]]]:
    """What may stand here, with its limits: types, tables, and the words of a Literal."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extra = get_args(annotation)
        limits = [m for e in extra for m in (e.metadata if isinstance(e, FieldInfo) else [e])]
        yield from _arms(inner, limits)
    elif origin in (Union, UnionType):
        for arm in get_args(annotation):
            yield from _arms(arm, metadata)
    elif origin is Literal:
        yield from ((word, ()) for word in get_args(annotation))
    else:
        yield annotation, metadata


def _is_table(arm: Any) -> bool:
    return isinstance(arm, type) and issubclass(arm, BaseModel)


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return tomli_w.dumps({"x": value})[4:].strip()


def _words(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _decimal(value: Number | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def _places(value: Decimal) -> int:
    """Digits after the point that a value needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
