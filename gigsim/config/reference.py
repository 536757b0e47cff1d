"""The config reference, written from the schema, so that it cannot drift from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gigsim.config.load import tables_in
from gigsim.config.sections import Config

_HEAD = """# Every key of a config

Written by `python -m gigsim.config.reference`. A key's dotted path is its name in a TOML file,
after `--set`, and in `GigEconomy(**{"a.b": c})`. What a file leaves out has the default given here.

| key | default | what, unit, reason | allowed |
|---|---|---|---|
"""


def reference() -> str:
    """The reference as Markdown."""
    return _HEAD + "\n".join(_rows(Config, "")) + "\n"


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        members = tables_in(field.annotation)
        if len(members) == 1:
            yield from _rows(members[0], f"{path}.")
        elif members:
            default = field.get_default()
            chosen = getattr(default, "kind", "")
            if not chosen:
                # A number, or a table of another kind in its place.
                yield _row(path, field, default)
            kinds = [member.model_fields["kind"].default for member in members]
            marked = ", ".join(f"`{kind}`" for kind in kinds)
            start = f'`"{chosen}"`' if chosen else "(a number)"
            yield f"| `{path}.kind` | {start} | {field.description} | {marked} |"
            for kind, member in zip(kinds, members, strict=True):
                yield from _leaf_rows(member, f"{path}.", kind, default if kind == chosen else None)
        else:
            yield _row(path, field, field.get_default())


def _leaf_rows(
    model: type[BaseModel], prefix: str, kind: str, chosen: BaseModel | None
) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name != "kind":
            default = getattr(chosen, name) if chosen else field.get_default()
            yield _row(f"{prefix}{name}", field, default, f"({kind}) ")


def _row(path: str, field: FieldInfo, default: object, note: str = "") -> str:
    value = tomli_w.dumps({"x": default})[4:].strip() if _has_default(default) else "(give one)"
    text = " ".join((field.description or "").split()).replace("|", "\\|")
    return f"| `{path}` | `{value}` | {note}{text} | {_allowed(field)} |"


def _has_default(default: object) -> bool:
    return isinstance(default, bool | int | float | str)


def _allowed(field: FieldInfo) -> str:
    words = [*_choices(field.annotation), *_limits(field)]
    kind = getattr(field.annotation, "__name__", "")
    return ", ".join(words) or (kind if kind in ("str", "bool", "int", "float") else "")


def _choices(annotation: object) -> Iterator[str]:
    """The words of a Literal, and the limits of the number that may stand in its place."""
    for arm in get_args(annotation):
        if isinstance(arm, str):
            yield f"`{arm}`"
        elif isinstance(arm, FieldInfo):
            yield from _limits(arm)
        else:
            yield from _choices(arm)


def _limits(field: FieldInfo) -> Iterator[str]:
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    for constraint in field.metadata:
        for name, sign in signs.items():
            if getattr(constraint, name, None) is not None:
                yield f"{sign} {getattr(constraint, name):g}"


if __name__ == "__main__":
    import sys

    sys.stdout.write(reference())
