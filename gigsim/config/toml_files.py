"""Scenario files: found by path or name, read within limits, parsed into one table."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from gigsim.errors import InputError

#: Bytes of a scenario file; the longest that ships has 3,000.
LARGEST = 256 << 10
#: Characters of one line of it, or of one override. Python's parser takes a time that grows with
#: the square of the parts of a dotted key: one of this length takes a second.
LONGEST = 10_000

_LINE = re.compile(r"at line (\d+)")


def scenarios() -> tuple[str, ...]:
    """Names of the scenarios that ship, sorted."""
    folder = files("gigsim") / "scenarios"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def read_scenario(scenario: str | Path) -> tuple[str, dict[str, Any]]:
    """A scenario's table, and what messages call it.

    Args:
        scenario: a TOML file, or the name of a scenario that ships (``-`` and ``_`` alike). A file
            wins over a scenario of its name.

    Raises:
        InputError: there is none, it is no file, is too large, is not UTF-8, is not TOML.
    """
    path, name = Path(scenario), str(scenario).replace("-", "_")
    # Long names and those with a NUL have no file; os.path says so without raising.
    exists = "\0" not in name and os.path.lexists(scenario)
    if path.suffix == ".toml" or (exists and (path.is_file() or name not in scenarios())):
        return str(path), read_table(path, _allowed_names())
    if name in scenarios():
        where = f"scenario {name}"
        text = (files("gigsim") / "scenarios" / f"{name}.toml").read_text(encoding="utf-8")
    else:
        near = difflib.get_close_matches(name.lower(), scenarios(), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        quoted = repr(str(scenario) if len(name) <= 80 else f"{str(scenario)[:77]}...")
        raise InputError(f"scenario {quoted}", "no such scenario", f"{hint}{_allowed_names()}")
    return where, _parsed(text, where)


def read_table(path: Path, allowed: str, largest: int = LARGEST) -> dict[str, Any]:
    """The table in a TOML file.

    Args:
        path: the file.
        allowed: what a message about the file says would be right.
        largest: bytes that it may have.

    Raises:
        InputError: there is none, it is no file, is too large, is not UTF-8, is not TOML.
    """
    return _parsed(read_text(path, allowed, largest), str(path))


def read_text(path: Path, allowed: str, largest: int) -> str:
    """The text of a file in UTF-8; arguments and errors as of :func:`read_table`."""
    return _decoded(_content(path, allowed, largest), str(path))


def _parsed(text: str, where: str) -> dict[str, Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST:
            raise InputError(
                where, f"line {number} has {len(line):,} characters", f"at most {LONGEST:,}"
            )
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise InputError(where, "not TOML: nested too deeply", "see https://toml.io") from error
    except ValueError as error:
        raise InputError(
            where, f"not TOML: {error}{_quoted(str(error), text)}", "see https://toml.io"
        ) from error


def _content(path: Path, allowed: str, largest: int) -> bytes:
    """The bytes of a regular file; a pipe or a device is refused and never waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise InputError(str(path), f"cannot be read ({problem})", allowed) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        what = "is a folder" if stat.S_ISDIR(mode) else "is not a file"
        raise InputError(str(path), what, allowed)
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise InputError(str(path), f"more than {largest:,} bytes", allowed)
    return content


def _decoded(content: bytes, where: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(where, "cannot be read (it is in UTF-16)", "save it in UTF-8")
    try:
        # Some editors begin UTF-8 with a mark.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start}"
        raise InputError(where, f"cannot be read ({problem})", "save it in UTF-8") from error


def _quoted(message: str, text: str) -> str:
    """The line that a message about TOML speaks of."""
    found = _LINE.search(message)
    line = text.split("\n")[int(found[1]) - 1].strip() if found else ""
    return f": {line if len(line) <= 80 else f'{line[:77]}...'}" if line else ""


def _allowed_names() -> str:
    return f"give a TOML file or one of: {', '.join(scenarios())}"
