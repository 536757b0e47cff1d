"""The config reference, written from the schema, so that it cannot drift from it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import tomli_w
from pydantic import BaseModel

from gigsim.config.changes import CHANGEABLE
from gigsim.config.schema import Form, Text, forms
from gigsim.config.sections import Config

_HEAD = """# Every key of a config

Written by `python -m gigsim.config.reference`. A key's dotted path is its name in a TOML file,
after `--set`, and in `GigEconomy(**{"a.b": c})`. What a file leaves out has the default given here.
A table with a `kind` has the keys of that kind, in brackets, and no others.

| key | default | what, unit, reason | allowed |
|---|---|---|---|
"""

_CHANGES = """
## Changes in time

Each `[[at]]` table lays keys over everything that held before, from the beginning of its period on:

```toml
[[at]]
period = 12
set = { "collective.leak" = 0.05, "society.belief" = "adaptive" }
```

These may change, or what is in them: CHANGEABLE.
The rest is fixed with the first period: who is there, what they wrote, how it is read, and what is
measured of it.
"""


def reference() -> str:
    """The reference as Markdown."""
    free = ", ".join(f"`{key}`" for key in CHANGEABLE)
    return _HEAD + "\n".join(_rows(Config, "")) + "\n" + _CHANGES.replace("CHANGEABLE", free)


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, form in forms(model).items():
        path = f"{prefix}{name}"
        if form.plain:
            yield from _rows(form.plain, f"{path}.")
        elif form.kinds:
            yield from _kinded_rows(path, form)
        elif form.rows:
            yield f"| `[[{path}]]` | none | {form.description} | any number of tables |"
            yield from _rows(form.rows, f"{path}.")
        else:
            yield _row(f"`{path}`", form, form.default)


def _kinded_rows(path: str, form: Form) -> Iterator[str]:
    chosen = getattr(form.default, "kind", "")
    if not chosen:
        yield _row(f"`{path}`", form, form.default)
    start = f'`"{chosen}"`' if chosen else "(a number instead)"
    kinds = ", ".join(f"`{kind}`" for kind in form.kinds)
    instead = f"; or `{path}`: {form.number}, the same for everybody" if form.number else ""
    yield f"| `{path}.kind` | {start} | {form.description} | {kinds}{instead} |"
    keys = [
        (name, kind, inner)
        for kind, member in form.kinds.items()
        for name, inner in forms(member).items()
        if name != "kind"
    ]
    order = list(dict.fromkeys(name for name, _, _ in keys))
    # A key that several kinds have stands once for each meaning that it has.
    keys.sort(key=lambda key: order.index(key[0]))
    for name, group in groupby(keys, key=lambda key: key[0]):
        meanings: dict[str, list[tuple[str, Form]]] = {}
        for _, kind, inner in group:
            meanings.setdefault(f"{inner.description}{inner}", []).append((kind, inner))
        for members in meanings.values():
            of = [kind for kind, _ in members]
            inner = members[0][1]
            own = chosen in of
            default = getattr(form.default, name) if own else inner.default
            yield _row(f"`{path}.{name}`", inner, default, f"({', '.join(of)}) ")


def _row(key: str, form: Form, default: object, note: str = "") -> str:
    if form.required and default is None:
        value = "(give one)"
    else:
        plain = list(default) if isinstance(default, tuple) else default
        value = "`{}`" if plain == {} else f"`{tomli_w.dumps({'x': plain})[4:].strip()}`"
    text = form.description.replace("|", "\\|")
    return f"| {key} | {value} | {note}{text} | {_allowed(form)} |"


def _allowed(form: Form) -> str:
    if form.flag:
        return "`true`, `false`"
    if form.keyed:
        return "table of dotted keys"
    if form.texts:
        return f"list of at most {form.most} texts: {_text(form.texts)}"
    if form.numbers:
        kind = "whole numbers" if form.numbers.whole else "numbers"
        return " ".join([f"list of at most {form.most} {kind}", ", ".join(form.numbers.bounds())])
    if form.text:
        return _text(form.text)
    words = ", ".join(f"`{word}`" for word in form.words)
    if form.number is None:
        return words
    kind = "whole number" if form.number.whole else "number"
    number = " ".join([kind, ", ".join(form.number.bounds())]).strip()
    return f"{words}, or {number}" if words else number


def _text(text: Text) -> str:
    least = "not empty" if text.least else ""
    most = f"at most {text.most} characters" if text.most else ""
    pattern = f"`{text.pattern}`" if text.pattern else ""
    return ", ".join(["text", *(part for part in (least, most, pattern) if part)])


if __name__ == "__main__":
    import sys

    sys.stdout.write(reference())
