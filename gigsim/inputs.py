"""The files that a config names: which they are, and a digest of what is in each.

Config and seed give equal bits only where these files are what they were. Which keys name files is
read off the schema: every text without a limit of its own does, but those in :data:`NO_FILES`, so
that a new key is one of them until somebody says otherwise.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gigsim.config import Config, build
from gigsim.config.changes import timeline
from gigsim.config.schema import Form, Text, forms, leaves
from gigsim.config.sections import CollectiveSection
from gigsim.errors import InputError
from gigsim.learners.hub import NAMED, located
from gigsim.learners.own_source import locate
from gigsim.learners.recipes import FrozenRecipe, OwnRecipe, TransformerRecipe
from gigsim.society.distributions import Table

#: Texts of any length that are no names of files, by the table that they stand in.
NO_FILES: frozenset[tuple[type[BaseModel], str]] = frozenset(
    {(CollectiveSection, "target"), (Table, "column")}
)
#: Names that may be of an encoder of ours, of a folder on this machine, or of something that is
#: neither.
_MAYBE = frozenset({(TransformerRecipe, "encoder"), (FrozenRecipe, "encoder")})
#: Names of code, by the table that they stand in: the file is that of its module.
_CODE = frozenset({(OwnRecipe, "path")})
#: The dotted keys of those.
CODE_KEYS = ("platform.learner.path",)
_LEAN = "lean"

_CHUNK = 1 << 20
# From so many bytes on a file is not read twice by a process if the system says it is untouched.
_LARGE = 16 << 20


@cache
def file_keys() -> tuple[str, ...]:
    """Dotted keys of the schema that name files, sorted."""
    found = set()
    for key, kind, form in leaves(Config):
        *_, last = key.split(".")
        if _names_files(form) and not _excluded(key, kind, last):
            found.add(key)
    return tuple(sorted(found))


def files_of(config: Config) -> dict[str, str]:
    """The files and folders that a config and its changes in time name.

    An encoder is one where a folder of its name is there, or where its name is one of ours
    (``hub.NAMED``), which is the folder that it lies in; it is one of the hub's otherwise. Code of
    the user's own is the file of its module, which is not run, or its import path where there is
    none.

    Returns:
        For each name, as the config has it or relative to the working directory, the first dotted
        key that names it. A name of ours is an encoder here; a file that is called so is ``./`` and
        its name.
    """
    return files_in((config, *timeline(config, build).values()))


def files_in(configs: Iterable[Config]) -> dict[str, str]:
    """:func:`files_of`, of configs whose changes in time are there already."""
    found: dict[str, str] = {}
    for one in configs:
        for key, name in _named(one, ""):
            found.setdefault(name, key)
    return found


def digest_of(name: str) -> str | None:
    """BLAKE2b, 32 hexadecimal digits, of a file's bytes, or of the files in a folder.

    Hidden files and folders in a folder do not count.

    Args:
        name: as of :func:`files_of`: of an encoder of ours, or a path, relative to the working
            directory or absolute.

    Returns:
        None where there is none of this name.

    Raises:
        InputError: it may not be read.
    """
    path = Path(name)
    if name in NAMED:
        try:
            path = Path(located(name))
        except InputError:
            # It is not on this machine.
            return None
    try:
        if path.is_dir():
            found = hashlib.blake2b(digest_size=16)
            for inner in _inside(path):
                found.update(f"{inner.relative_to(path).as_posix()!r} {_of_file(inner)};".encode())
            return found.hexdigest()
        return _of_file(path) if path.is_file() else None
    except OSError as error:
        raise InputError(
            name, f"cannot be read ({error.strerror})", "a file that may be read is needed"
        ) from error


def digests(names: Iterable[str]) -> dict[str, str | None]:
    """:func:`digest_of` of each name."""
    return {name: digest_of(name) for name in names}


def _names_files(form: Form) -> bool:
    return any(_free(text) for text in (form.text, form.texts))


def _free(text: Text | None) -> bool:
    return text is not None and not text.most and not text.pattern


def _excluded(key: str, kind: str, last: str) -> bool:
    """Is a leaf of the schema one of :data:`NO_FILES`?"""
    table: type[BaseModel] = Config
    for name in key.split(".")[:-1]:
        form = forms(table)[name]
        table = form.plain or form.kinds[kind]
    return (table, last) in NO_FILES


def _named(table: BaseModel, prefix: str) -> Iterator[tuple[str, str]]:
    """Keys and names of files below a table."""
    for field, form in forms(type(table)).items():
        value: Any = getattr(table, field)
        if isinstance(value, BaseModel):
            yield from _named(value, f"{prefix}{field}.")
        elif (type(table), field) in _CODE:
            file = locate(value)
            yield f"{prefix}{field}", value if file is None else _shortest(file)
        elif _names_files(form) and (type(table), field) not in NO_FILES:
            for name in (value,) if isinstance(value, str) else value or ():
                if isinstance(name, str) and name and name not in form.words:
                    if (type(table), field) in _MAYBE:
                        if not _encoder(name):
                            continue
                    elif name in NAMED:
                        name = f"./{name}"
                    yield f"{prefix}{field}", name


def _encoder(name: str) -> bool:
    """Is it on this machine by that name, wherever the hub's cache may have it?"""
    # "lean" is no folder, even where one is called so.
    return name != _LEAN and (name in NAMED or Path(name).is_dir())


def _shortest(file: Path) -> str:
    """Relative to the working directory where it is in it."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def _inside(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(at, name) for name in sorted(files) if not name.startswith("."))


def _of_file(path: Path) -> str:
    there = path.stat()
    if there.st_size < _LARGE:
        return _read(path)
    times = (there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns, there.st_ctime_ns)
    return _remembered(path.absolute(), times)


@lru_cache(maxsize=64)
def _remembered(path: Path, _: tuple[int, ...]) -> str:
    return _read(path)


def _read(path: Path) -> str:
    found = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
