"""Checkpoints of a long run: what ``kill -9`` cannot take, and how a run goes on from it.

A restored run takes the same steps, to the same bits, as one that was never interrupted, given the
same files, libraries and kind of CPU. Where those differ it says so; where the world that the
config makes is another one, it refuses.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gigsim.checkpoint_state import CLASSES, SAVED, fingerprints, put_state, take_state
from gigsim.config import Config, build
from gigsim.environment import differences, environment
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.packing import DamagedError, Packed, Packer, read_packed, unpack, write_packed
from gigsim.trust import require

if TYPE_CHECKING:
    from gigsim.learners.cache import TrainingCache

#: Version of what is in a checkpoint; another one is refused.
SCHEMA_VERSION = 1

#: What a checkpoint's name ends with.
SUFFIX = ".checkpoint"

_KIND = "gigsim checkpoint"
_NEEDED = "a file written by `gigsim run` or gigsim.save_checkpoint is needed"


class OtherMachine(UserWarning):
    """A run goes on where libraries or CPU are not those it began with: bits may differ."""


def save_checkpoint(model: GigEconomy, path: Path | str) -> None:
    """Write all that a run needs to go on, as one safetensors file.

    It appears whole or not at all, takes the place of the one before, and is on the disk on return.
    It holds no resume and no text of one.

    Args:
        model: between two periods. Of a subclass, see :meth:`Checkpoint.restore`.
        path: in a folder that is there; by custom it ends with ``.checkpoint``.

    Raises:
        InputError: it cannot be written.
        TypeError: the model has attributes that would be lost, as those of a subclass.
    """
    path = Path(path)
    packer = Packer(CLASSES)
    content = {
        "schema_version": SCHEMA_VERSION,
        "period": model.period,
        "class": _name_of(type(model)),
        "config": model.config.model_dump(mode="json"),
        "environment": environment(),
        "fingerprints": fingerprints(model),
        "state": packer.pack(take_state(model)),
    }
    try:
        write_packed(path, Packed(_KIND, content, packer.arrays))
    except OSError as error:
        raise InputError(
            str(path),
            f"the checkpoint cannot be written ({error.strerror})",
            "free some space, or name another place",
        ) from error


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read and can be gone on from.

    Attributes:
        path: the file.
        config: of the run.
        period: the last one that is in it.
        differs: what of the libraries and the CPU is not as it was, a phrase each
            (``environment.differences``); empty where equal bits are to be expected.
    """

    path: Path
    config: Config
    period: int
    differs: tuple[str, ...]
    _content: dict[str, Any] = field(repr=False)
    _packed: Packed = field(repr=False)

    def restore(
        self,
        *,
        workers: int = 0,
        observer: Callable[[str], None] | None = None,
        cache: TrainingCache | None = None,
        kind: type[GigEconomy] = GigEconomy,
        trust: bool = False,
    ) -> GigEconomy:
        """The model, ready for its next period.

        Args:
            workers: as of :class:`GigEconomy`; need not be what it was.
            observer: as there.
            cache: as there.
            kind: the model's class. A subclass must be named: what it does otherwise is no state.
            trust: as of :class:`GigEconomy`.

        Raises:
            InputError: a file of its config is gone or is not what it was, or this version of a
                library makes other resumes or another network of it; the content is damaged.
        """
        try:
            state = unpack(self._content["state"], self._packed.arrays, CLASSES)
        except DamagedError as error:
            raise InputError(str(self.path), str(error), _NEEDED) from error
        if not isinstance(state, dict) or not {*SAVED, "lines", "serials"} <= set(state):
            raise InputError(str(self.path), "its state is not that of a run", _NEEDED)
        wrote = self._content["class"]
        if wrote != _name_of(kind):
            raise InputError(str(self.path), f"the model was a {wrote}", "restore it as kind=...")
        require([self.config], trust)
        unopened = type(kind.__name__, (kind,), {"_open": _nothing})
        model = unopened(self.config, workers=workers, observer=observer, cache=cache, trust=trust)
        try:
            put_state(model, state)
            self._check(fingerprints(model))
        except BaseException:
            model.close()
            raise
        model.__class__ = kind
        model.resumed = [
            *model.resumed,
            {"period": self.period, "differs": list(self.differs)},
        ]
        return model

    def _check(self, found: dict[str, str]) -> None:
        """Refuse a world that is not the one that the run began in."""
        corpus = self.config.corpus
        places = {
            "resumes": corpus.path or corpus.language or "corpus",
            "network": "network",
            "curve": getattr(self.config.platform.learner, "curve", ""),
        }
        for what, digest in self._content["fingerprints"].items():
            if found.get(what) != digest:
                others = f", and the same libraries ({'; '.join(self.differs)})"
                kind, _, file = what.partition(" ")
                raise InputError(
                    file or places.get(kind, kind),
                    f"not the {kind} that the run of {self.path} began with",
                    "files that its config names are needed as they were"
                    + (others if self.differs else ""),
                )


def load_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint and check that it is whole.

    Raises:
        InputError: no such file; no checkpoint, a truncated or damaged one; one of another schema
            or written by another version of gigsim, whose steps may be other ones.
    """
    path = Path(path)
    try:
        packed = read_packed(path, _KIND)
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", _NEEDED) from error
    except DamagedError as error:
        raise InputError(str(path), str(error), _NEEDED) from error
    content = packed.content
    if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
        found = content.get("schema_version") if isinstance(content, dict) else None
        raise InputError(
            str(path),
            f"a checkpoint of schema {found}",
            f"this version of gigsim reads schema {SCHEMA_VERSION}",
        )
    now = environment()
    wrote, mine = content["environment"]["versions"]["gigsim"], now["versions"]["gigsim"]
    if wrote != mine:
        raise InputError(
            str(path),
            f"written by gigsim {wrote}, this is {mine}",
            f"go on with gigsim {wrote}, or run again from the start",
        )
    return Checkpoint(
        path=path,
        config=build(content["config"], where=str(path)),
        period=content["period"],
        differs=tuple(differences(content["environment"], now)),
        _content=content,
        _packed=packed,
    )


def restore(
    path: Path | str,
    *,
    workers: int = 0,
    observer: Callable[[str], None] | None = None,
    cache: TrainingCache | None = None,
    kind: type[GigEconomy] = GigEconomy,
    trust: bool = False,
) -> GigEconomy:
    """Go on from a checkpoint: the model as :func:`save_checkpoint` found it.

    Args:
        path: the file.
        workers: processes for trainings, as of :class:`GigEconomy`; need not be what it was.
        observer: is told in a few words what happens.
        cache: of trainings that were done before.
        kind: the model's class. A subclass must be named: what it does otherwise is no state.
        trust: import code of the user's own that the config names?

    Returns:
        The model, ready for its next period.

    Warns:
        OtherMachine: libraries or CPU are not those that it was written with.

    Raises:
        InputError: as :func:`load_checkpoint` and :meth:`Checkpoint.restore`.
    """
    found = load_checkpoint(path)
    if found.differs:
        warnings.warn(
            f"{path} was written elsewhere: {'; '.join(found.differs)}", OtherMachine, stacklevel=2
        )
    return found.restore(workers=workers, observer=observer, cache=cache, kind=kind, trust=trust)


def _name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _nothing(_: GigEconomy) -> None:
    """In the place of period 0: what it would make comes from a checkpoint."""
