"""Vectors of frozen encoders in a folder, by text: nothing is read twice, whoever asks.

A file holds the vectors of some thousand texts of one encoder on one kind of machine, with a digest
of each text. Other texts of the same encoder go to further files, so that another seed, another
signal or more people cost only the texts that are new. Files are whole or not there; what is
damaged is removed with a warning and made again. Runs, studies and users may share a folder.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from gigsim.learners.cache_folder import CacheFolder, Lock
from gigsim.learners.embedding_rows import KEY_BYTES
from gigsim.learners.fingerprint import Digest

#: Names the folder; empty or ``off`` keeps nothing.
VARIABLE = "GIGSIM_EMBEDDINGS"

#: Where it is in the working directory unless the variable says otherwise.
DEFAULT = Path("models") / "cache" / "embeddings"

#: Bytes that may lie there; the files that were used least recently go first.
LIMIT = 4 * 10**9

_FORMAT, _SCHEMA = "gigsim embeddings", "1"

#: Hexadecimal digits of a file's name that tell the encoder; the others tell its content.
_ENCODER = 32

_NAME = re.compile(r"[0-9a-f]{64}")


class EmbeddingCacheWarning(UserWarning):
    """A cache of embeddings is not what it should be; results are as they would be without it."""


class _DamagedError(Exception):
    """The bytes are not those that were written."""


@dataclass(frozen=True)
class EmbeddingCache:
    """Embeddings in a folder, for any number of processes at once.

    Attributes:
        folder: made when it is needed. Its file system must have locks (flock), as local ones do.
        limit: bytes that may lie there, at least 0.
    """

    folder: Path
    limit: int = LIMIT

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise ValueError(f"a number of bytes is 0 or more, got {self.limit}")

    @classmethod
    def from_environment(cls) -> EmbeddingCache | None:
        """That of ``GIGSIM_EMBEDDINGS``, or the default one; None where it is switched off."""
        name = os.environ.get(VARIABLE)
        if name is None:
            return cls(DEFAULT)
        return None if name in ("", "off") else cls(Path(name))

    @contextmanager
    def opened(self, encoder: str, width: int) -> Iterator[OpenCache]:
        """The vectors of one encoder; other processes wait, so that no text is read twice.

        Args:
            encoder: 64 hexadecimal digits, of everything that the bits of a vector follow from.
            width: d.
        """
        files = CacheFolder(self.folder.absolute(), self.limit)
        lock: Lock | None = None
        try:
            lock = files.lock(encoder)
        except OSError as error:
            _warn_once(f"{self.folder}: embeddings are not kept ({error.strerror})")
        try:
            yield OpenCache(files, encoder, width, writable=lock is not None)
        finally:
            if lock is not None:
                lock.release(remove=True)


@dataclass(frozen=True)
class OpenCache:
    """The vectors of one encoder, for the length of one reading.

    Attributes:
        files: of all encoders.
        encoder: which.
        width: d.
        writable: whether anything can be added.
    """

    files: CacheFolder
    encoder: str
    width: int
    writable: bool

    def look_up(self, texts: NDArray[np.void], vectors: NDArray[np.float32]) -> NDArray[np.int64]:
        """Fill in what there is.

        Args:
            texts: digests, ascending, shape (n,).
            vectors: shape (n, d), filled in where a text is known.

        Returns:
            The numbers of the others, int64, ascending.
        """
        missing = np.ones(len(texts), dtype=bool)
        for path in self._paths():
            if not missing.any():
                break
            try:
                self._take(path, texts, vectors, missing)
            except FileNotFoundError:
                # Somebody made room just now.
                continue
            except (_DamagedError, SafetensorError, OSError, KeyError, ValueError) as error:
                _warn(f"{path}: {error or 'damaged'}; its texts are read again")
                with suppress(OSError):
                    self.files.drop(path.stem)
        return np.flatnonzero(missing)

    def add(self, texts: NDArray[np.void], vectors: NDArray[np.float32]) -> None:
        """Keep some more, shapes (n,) and (n, d); not being able to loses nothing."""
        if not self.writable or not len(texts):
            return
        order = np.argsort(texts)
        keys = np.ascontiguousarray(texts[order]).view(np.uint8).reshape(len(texts), KEY_BYTES)
        tensors: dict[str, NDArray[Any]] = {
            "keys": keys,
            "vectors": np.ascontiguousarray(vectors[order]),
        }
        digests = {name: _digest(self.encoder, values) for name, values in tensors.items()}
        content = save(tensors, {"format": _FORMAT, "schema": _SCHEMA, **digests})
        name = self.encoder[:_ENCODER] + digests["keys"][: 64 - _ENCODER]
        try:
            lock = self.files.lock(name)
            try:
                self.files.store(name, content)
            finally:
                lock.release(remove=True)
        except OSError as error:
            _warn_once(f"{self.files.path}: embeddings are not kept ({error.strerror})")

    def _paths(self) -> list[Path]:
        """The files of this encoder, in the order of their names."""
        beginning = self.encoder[:_ENCODER]
        found = self.files.path.glob(f"{beginning}*.safetensors")
        return sorted(path for path in found if _NAME.fullmatch(path.stem))

    def _take(
        self,
        path: Path,
        texts: NDArray[np.void],
        vectors: NDArray[np.float32],
        missing: NDArray[np.bool_],
    ) -> None:
        """What one file has of what is missing; its vectors are read only if it has any."""
        with safe_open(path, framework="np") as file:
            metadata: dict[str, Any] = file.metadata() or {}
            if (metadata.get("format"), metadata.get("schema")) != (_FORMAT, _SCHEMA):
                raise _DamagedError("no file of embeddings")
            keys = self._checked(file.get_tensor("keys"), metadata["keys"])
            known = keys.view(texts.dtype).ravel()
            place = np.searchsorted(known, texts)
            place[place == len(known)] = 0
            here = missing & (known[place] == texts) if len(known) else np.zeros_like(missing)
            if not here.any():
                return
            kept = self._checked(file.get_tensor("vectors"), metadata["vectors"])
        if kept.shape != (len(known), self.width) or kept.dtype != np.float32:
            raise _DamagedError(f"vectors of shape {kept.shape}, not {(len(known), self.width)}")
        vectors[here] = kept[place[here]]
        missing[here] = False
        # It may be another user's: then it only looks older than it is.
        with suppress(OSError):
            os.utime(path)

    def _checked(self, values: NDArray[Any], digest: str) -> NDArray[Any]:
        if _digest(self.encoder, values) != digest:
            raise _DamagedError("its content has changed")
        return values


def _digest(encoder: str, values: NDArray[Any]) -> str:
    digest = Digest()
    digest.add("encoder", encoder)
    digest.add_array("values", values)
    return digest.hexdigest()


#: What this process has said; Python's own memory of it is lost when filters change.
_said: set[str] = set()


def _warn_once(text: str) -> None:
    if text not in _said:
        _said.add(text)
        _warn(text)


def _warn(text: str) -> None:
    warnings.warn(text, EmbeddingCacheWarning, stacklevel=2)
