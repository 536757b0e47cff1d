"""Trainings that were done before, by any process: fetched, not trained again.

A folder of finished trainings by what determines them (``fingerprint``): whoever asks for one that
is there gets exactly what a training would have given, to the bit. Who asks for one that another
process is at waits for it; should that process be killed, a waiting one trains. Runs, studies and
users may share a folder.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gigsim.errors import InputError
from gigsim.learners.cache_entry import DamagedError, decode, encode
from gigsim.learners.cache_folder import FULL, CacheFolder
from gigsim.learners.fingerprint import Unknown, fingerprint
from gigsim.learners.pool import FitJob, FitResult


class TrainingCacheWarning(UserWarning):
    """A cache of trainings is not what it should be; results are as they would be without it."""


@dataclass(frozen=True)
class TrainingCache:
    """Finished trainings in a folder, for any number of processes at once. Picklable.

    Attributes:
        folder: made when it is needed. Its file system must have locks (flock), as local ones do;
            made absolute.
        limit: bytes of finished trainings that may lie there, at least 0; the least recently used
            go first. A training that is larger by itself is not kept.
    """

    folder: Path
    limit: int

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise ValueError(f"a number of bytes is 0 or more, got {self.limit}")
        # A worker process may be somewhere else.
        object.__setattr__(self, "folder", Path(self.folder).absolute())

    def check(self) -> None:
        """Refuse before a run what would make the cache useless in it; makes the folder.

        A full disk is not refused: what is there can be fetched, and trainings go on without.

        Raises:
            InputError: the folder cannot be made, written to or locked.
        """
        try:
            self._files.prepare()
        except OSError as error:
            if error.errno in FULL:
                return
            raise InputError(
                str(self.folder),
                f"cannot be used as a cache of trainings ({error.strerror})",
                "a writable folder on a file system with locks is needed, or no cache",
            ) from error

    def fetch_or_train(self, job: FitJob, train: Callable[[FitJob], FitResult]) -> FitResult:
        """What training this job gives: from the folder, or trained here and kept there.

        Learners that train as quickly as they could be fetched are trained.

        Args:
            job: what to train.
            train: does it; called at most once.

        Returns:
            The result; ``cached`` says whether it was fetched, ``seconds`` then how long that took,
            waiting for another process's training included.

        Raises:
            Exception: whatever ``train`` raises; nothing is kept then.
        """
        if job.learner.quick:
            return train(job)
        began = time.perf_counter()
        try:
            key = fingerprint(job)
        except Unknown as reason:
            _warn_once(f"trained without the cache of trainings: {reason}")
            return train(job)
        # Damage is dealt with below, by one process at a time.
        with suppress(DamagedError, OSError):
            found = self._find(key, began)
            if found is not None:
                return found
        try:
            lock = self._files.lock(key)
        except OSError as error:
            _warn_once(f"{self.folder}: trained without the cache of trainings ({error.strerror})")
            return train(job)
        try:
            found = self._find_or_drop(key, began)
            if found is None:
                found = train(job)
                self._keep(key, found)
            return found
        finally:
            lock.release(remove=True)

    # ------------------------------------------------------------------------------ machinery

    @property
    def _files(self) -> CacheFolder:
        return CacheFolder(self.folder, self.limit)

    def _find(self, key: str, began: float) -> FitResult | None:
        content = self._files.read(key)
        if content is None:
            return None
        return replace(decode(key, content), seconds=time.perf_counter() - began)

    def _find_or_drop(self, key: str, began: float) -> FitResult | None:
        """As above; what is not whole is removed and said to be."""
        try:
            return self._find(key, began)
        except DamagedError as reason:
            _warn(f"{self._files.place(key)}: {reason}; trained again")
        except OSError as error:
            _warn(f"{self._files.place(key)}: cannot be read ({error.strerror}); trained again")
        try:
            self._files.drop(key)
        except OSError as error:
            _warn(f"{self._files.place(key)}: cannot be removed ({error.strerror})")
        return None

    def _keep(self, key: str, result: FitResult) -> None:
        """Store it; a result at hand is not lost because it cannot be kept."""
        try:
            self._files.store(key, encode(key, result))
        except OSError as error:
            _warn_once(f"{self.folder}: trainings are not kept ({error.strerror})")


#: What this process has said. Python's own memory of it is lost whenever a library changes its
#: filters for a moment, which some do at every training.
_said: set[str] = set()


def _warn_once(text: str) -> None:
    if text not in _said:
        _said.add(text)
        _warn(text)


def _warn(text: str) -> None:
    warnings.warn(text, TrainingCacheWarning, stacklevel=2)
