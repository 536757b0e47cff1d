"""Where the code behind an import path is, what is in it, and the class itself.

To :func:`locate` a module is to ask where it is; nothing of it, nor of the packages around it, is
run. :func:`load_class` runs it, and is for those alone who may (``gigsim.trust``).
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from gigsim.errors import InputError

KEY = "platform.learner.path"

_PLACES = "a module is looked for where Python looks (sys.path), and last in the working directory"

#: Of modules that this process has imported: the specification that each was made from, which a
#: reload replaces, and SHA-256 of the file just before.
_imported: dict[str, tuple[ModuleSpec | None, str]] = {}


@dataclass(frozen=True)
class Source:
    """The code behind an import path.

    Attributes:
        path: ``package.module:Class``.
        file: of the module.
        sha256: of that file's bytes when it was imported, 64 hexadecimal digits.
    """

    path: str
    file: Path
    sha256: str

    def as_dict(self) -> dict[str, str]:
        """For ``provenance.json``: the file by its name alone."""
        return {"path": self.path, "file": self.file.name, "sha256": self.sha256}


def locate(path: str) -> Path | None:
    """The file of the module of an import path, found without running anything; None: no module."""
    name = path.partition(":")[0]
    loaded = sys.modules.get(name)
    origin = getattr(loaded, "__file__", None) if loaded else _origin(name)
    return Path(origin) if origin and Path(origin).is_file() else None


def source_of(path: str) -> Source | None:
    """The code behind an import path, as this process has imported it, or else as it is now.

    Raises:
        InputError: the file may not be read.
    """
    file = locate(path)
    if file is None:
        return None
    name = path.partition(":")[0]
    known = _imported.get(name)
    if known is not None and known[0] is _spec(sys.modules.get(name)):
        return Source(path, file, known[1])
    return Source(path, file, _sha256(path, file))


def sources(paths: Iterable[str]) -> list[dict[str, str]]:
    """For ``provenance.json``: the code behind each import path that is found, in their order."""
    found = [source_of(path) for path in dict.fromkeys(paths)]
    return [source.as_dict() for source in found if source is not None]


def load_class(path: str) -> tuple[type[Any], Source]:
    """Import the class behind an import path.

    The working directory is then the last place where Python looks for modules, here and later: a
    module may import others beside it, and none shadows an installed one.

    Raises:
        InputError: there is no such module, or no class of that name is defined in it. What the
            module itself raises is raised as it is.
    """
    name, _, attribute = path.partition(":")
    file = locate(path)
    if file is None or name == "__main__":
        # A worker process has another main module.
        own = " of its own" if name == "__main__" else ""
        raise InputError(KEY, f"{path!r}: there is no module {name}{own}", _PLACES)
    if not {"", str(Path.cwd())} & set(sys.path):
        sys.path.append(str(Path.cwd()))
    now = _sha256(path, file)
    module = importlib.import_module(name)
    if name not in _imported or _imported[name][0] is not _spec(module):
        _imported[name] = _spec(module), now
    kind = getattr(module, attribute, None)
    if not isinstance(kind, type):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        near = difflib.get_close_matches(attribute, classes, n=1)
        problem = "is no class" if hasattr(module, attribute) else f"there is none in {file.name}"
        hint = f"did you mean {name}:{near[0]}? " if near else ""
        raise InputError(KEY, f"{path!r}: {problem}", f"{hint}package.module:Class is needed")
    if kind.__module__ != name:
        # Else what is digested would not be what is run.
        home = f"{kind.__module__}:{kind.__qualname__}"
        raise InputError(KEY, f"{path!r}: the class is from another module", f"give {home}")
    return kind, Source(path, file, _imported[name][1])


def _origin(name: str) -> str | None:
    """The file of a module that is not imported. Parents are searched, and not imported either."""
    importlib.invalidate_caches()
    parts = name.split(".")
    where: list[str] | None = None
    spec = None
    for depth in range(len(parts)):
        spec = _find(".".join(parts[: depth + 1]), where)
        if spec is None:
            return None
        inside = spec.submodule_search_locations
        where = [] if inside is None else list(inside)
    return spec.origin if spec is not None and spec.has_location else None


def _find(name: str, where: list[str] | None) -> ModuleSpec | None:
    """What the finders of this process, editable installs' too, say of one module."""
    for finder in sys.meta_path:
        if (spec := finder.find_spec(name, where)) is not None:
            return spec
    return PathFinder.find_spec(name, [str(Path.cwd())]) if where is None else None


def _spec(module: ModuleType | None) -> ModuleSpec | None:
    return getattr(module, "__spec__", None)


def _sha256(path: str, file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            KEY,
            f"{path!r}: {file} cannot be read ({error.strerror})",
            "a module that may be read is needed",
        ) from error
