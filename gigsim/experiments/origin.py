"""What a study was begun with: its files, gigsim, the libraries and the machine.

``inputs.json`` has a digest of every file that a case's config names, and ``provenance.json`` the
rest. A study goes on only with the same files and the same gigsim; where libraries or CPU are
others it says so and remembers it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from gigsim.config.sections import Config
from gigsim.environment import differences, environment
from gigsim.errors import InputError
from gigsim.inputs import digests, files_of
from gigsim.learners.hub import NAMED, located
from gigsim.store.index import explained
from gigsim.store.store import write_durably
from gigsim.store.writers import Lock

INPUTS_FILE, PROVENANCE_FILE = "inputs.json", "provenance.json"

_ALLOWED = "the folder that gigsim made is needed, whole"
#: Learners that compute with torch.
_TORCH = ("frozen", "transformer")


class Begun(Protocol):
    """What a folder is begun with: a study, or the plan of curves."""

    def telling(self) -> Sequence[tuple[str, Config]]:
        """Configs that name all files that any of its configs names.

        Each with words that say whose it is, to be put behind a key; "" where there is one config.
        """
        ...


def inputs_now(work: Begun) -> dict[str, str]:
    """Digests of the files that the configs of a study name, by name as the configs have it.

    Raises:
        InputError: one is not there or cannot be read.
    """
    named = _named(work)
    found = digests(named)
    for name, digest in found.items():
        if digest is None:
            if name in NAMED:
                # Says how to come by it.
                located(name)
            raise InputError(
                name, "no such file", f"{named[name]} names it, from the working directory"
            )
    return {name: digest for name, digest in sorted(found.items()) if digest is not None}


def write_inputs(inputs: Mapping[str, str], folder: Path) -> None:
    """Write ``inputs.json`` into a folder that is being made, durably."""
    content = json.dumps({"files": dict(inputs)}, indent=2, ensure_ascii=False, sort_keys=True)
    write_durably(folder / INPUTS_FILE, f"{content}\n".encode())


def check_inputs(work: Begun, folder: Path) -> None:
    """Refuse to go on with other files than those that a study was begun with.

    Raises:
        InputError: a file is gone or has another content; there is no ``inputs.json``.
    """
    then = _json(folder / INPUTS_FILE).get("files")
    if not isinstance(then, dict):
        raise InputError(str(folder / INPUTS_FILE), "names no files", _ALLOWED)
    now = digests({**_named(work), **dict.fromkeys(then, "")})
    for name in sorted(now):
        if name not in then:
            problem = f"was not there when the study in {folder} was begun"
            raise InputError(name, problem, "remove or rename it, or begin a new study")
        if now[name] is None:
            raise InputError(
                name,
                f"no such file, and the study in {folder} was begun with it",
                "names are relative to the working directory: go on from the one it was begun in",
            )
        if now[name] != then[name]:
            problem = f"the study in {folder} was begun with another content of it"
            raise InputError(name, problem, "the file as it was, or a new study")


def check_environment(work: Begun, folder: Path) -> tuple[str, ...]:
    """In what libraries and CPU differ from those that a study was begun with, a phrase each.

    Raises:
        InputError: another version of gigsim began it; there is no ``provenance.json``.
    """
    then = provenance_of(folder)
    load_libraries(work)
    now = environment()
    versions = then.get("versions")
    wrote = versions.get("gigsim") if isinstance(versions, dict) else None
    mine = now["versions"]["gigsim"]
    if wrote != mine:
        raise InputError(
            str(folder),
            f"begun by gigsim {wrote}, this is {mine}",
            f"go on with gigsim {wrote}, or begin a new study",
        )
    return tuple(differences(then, now))


def check_plan(digest: str, folder: Path) -> None:
    """Refuse to go on with another plan than the one that a folder was begun with.

    Raises:
        InputError: it was changed since; there is no ``provenance.json``.
    """
    if provenance_of(folder).get("config_hash") != digest:
        problem = "what it was begun with was changed since"
        raise InputError(str(folder), problem, "the files as they were, or a new folder")


def provenance_of(folder: Path) -> dict[str, Any]:
    """What ``provenance.json`` of a folder says.

    Raises:
        InputError: there is none, or it is damaged.
    """
    return _json(folder / PROVENANCE_FILE)


def load_libraries(work: Begun) -> None:
    """Load torch where a case uses it: how it sees the CPU is asked only of a loaded one."""
    if any(config.platform.learner.kind in _TORCH for _, config in work.telling()):
        import_module("torch")


def remember(folder: Path, differs: Sequence[str], finished: int) -> None:
    """Add to ``resumed`` in the provenance that a process goes on; for any number at once.

    Args:
        folder: of the study, while a writer of its store.
        differs: of :func:`check_environment`.
        finished: runs that have a result so far.

    Raises:
        InputError: it cannot be written; what was there is as it was.
    """
    path = folder / PROVENANCE_FILE
    with explained(folder):
        lock = Lock(folder / ".writers" / "provenance")
        try:
            content = _json(path)
            entry = {"differs": list(differs), "finished": finished}
            content["resumed"] = [*content.get("resumed", []), entry]
            text = json.dumps(content, indent=2, ensure_ascii=False)
            write_durably(path, f"{text}\n".encode())
        finally:
            lock.release()


def _named(work: Begun) -> dict[str, str]:
    """Names of files in all configs, with the key and the first config that name each."""
    found: dict[str, str] = {}
    for whose, config in work.telling():
        for name, key in files_of(config).items():
            found.setdefault(name, f"{key}{whose}")
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", _ALLOWED) from error
    except ValueError as error:
        raise InputError(str(path), "is damaged: no JSON", _ALLOWED) from error
    if not isinstance(content, dict):
        raise InputError(str(path), "is damaged: no JSON object", _ALLOWED)
    return content
