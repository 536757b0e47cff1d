"""A corpus of resumes as arrays: words by number, label sets by row, near-duplicates by cluster.

A *word* here is a whitespace-delimited stretch of the resume's text, kept as it is (case,
punctuation and all): how a learner reads words is the learner's affair (``learners.reading``).
Real resumes and resumes written by the built-in language have this same form.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.errors import InputError

SCHEMA_VERSION = 1

#: Four bytes each.
Numbers = TypeVar("Numbers", np.uint32, np.int32)

#: As many elements as 32 bits can count.
_COUNTABLE = np.iinfo(np.int32).max

#: What reading a damaged or hostile archive of arrays raises.
UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, MemoryError)

#: The ten occupations of the published corpus, in alphabetical order: the columns of ``labels``.
OCCUPATIONS = (
    "Database_Administrator",
    "Front_End_Developer",
    "Java_Developer",
    "Network_Administrator",
    "Project_manager",
    "Python_Developer",
    "Security_Analyst",
    "Software_Developer",
    "Systems_Administrator",
    "Web_Developer",
)


def ragged_index(offsets: NDArray[np.int64], rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Positions of all elements of the given rows of a ragged array, row after row.

    Args:
        offsets: int64, shape (n + 1,); row ``i`` spans ``offsets[i]:offsets[i + 1]``.
        rows: integers in [0, n), shape (m,), repeats allowed.

    Returns:
        int64, shape (total length of the rows,).
    """
    starts = offsets[:-1][rows]
    lengths = offsets[1:][rows] - starts
    filled = lengths > 0
    starts, lengths = starts[filled], lengths[filled]
    ends = np.cumsum(lengths)
    # One sum over steps of 1, but for those from the end of a row to the beginning of the next, is
    # faster than repeating the beginnings.
    index = np.ones(ends[-1] if len(ends) else 0, dtype=np.int64)
    index[:1] = starts[:1]
    index[ends[:-1]] = starts[1:] - starts[:-1] - lengths[:-1] + 1
    return np.cumsum(index, out=index)


def gather(
    values: NDArray[Numbers], offsets: NDArray[np.int64], rows: NDArray[np.integer]
) -> tuple[NDArray[Numbers], NDArray[np.int64]]:
    """The given rows of a ragged array, one after the other.

    Args:
        values: uint32 or int32, shape (total length,).
        offsets: int64, shape (n + 1,); row ``i`` is ``values[offsets[i]:offsets[i + 1]]``.
        rows: integers in [0, n), shape (m,), repeats allowed.

    Returns:
        (the values of the rows, where each of them begins: int64, shape (m + 1,)).
    """
    lengths = np.diff(offsets)
    most = len(rows) * int(lengths.max(initial=0))
    if len(values) > _COUNTABLE or (most > _COUNTABLE and lengths[rows].sum() > _COUNTABLE):
        ends = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths[rows], out=ends[1:])
        return values[ragged_index(offsets, rows)], ends
    # SciPy copies the rows of a matrix as they are, whole rows at a time, where NumPy would go
    # through an index of each element: the values are the columns of the nonzeros, whose own values
    # nobody looks at.
    unused = np.zeros(len(values), dtype=np.int8)
    columns = np.ascontiguousarray(values).view(np.int32)
    shape = (len(lengths), _COUNTABLE)
    matrix = sparse.csr_array((unused, columns, offsets.astype(np.int32)), shape=shape)
    found = matrix[np.asarray(rows)]
    return found.indices.view(values.dtype), found.indptr.astype(np.int64)


def stretches(
    values: NDArray[Numbers], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[Numbers], NDArray[np.int64]]:
    """Parts of an array that do not overlap, one after the other.

    Args:
        values: uint32 or int32, shape (total length,).
        starts: int64, shape (n,), ascending: where each part begins.
        lengths: int64, shape (n,): each ends before the next one begins.

    Returns:
        (the parts, where each of them begins: int64, shape (n + 1,)).
    """
    # The parts and what lies between them are the rows of a ragged array.
    edges = np.stack([starts, starts + lengths], axis=1).ravel()
    offsets = np.concatenate([[0], edges, [len(values)]])
    return gather(values, offsets, np.arange(1, len(edges), 2))


@dataclass(frozen=True)
class Corpus:
    """Resumes as arrays.

    Attributes:
        words: the distinct words; a token is an index into this tuple.
        tokens: uint32, shape (total words,): all resumes one after the other.
        offsets: int64, shape (n + 1,): resume ``i`` is ``tokens[offsets[i]:offsets[i + 1]]``.
        labels: bool, shape (n, L): the label set of each resume; a row may be empty.
        label_names: the L label names, the columns of ``labels``.
        clusters: int64, shape (n,): near-duplicates share a number.
        test_side: bool, shape (n,): True on the side that is never trained on. Whole clusters are
            on one side (``resumes.split``).
        origin: one line that says where the resumes come from.
    """

    words: tuple[str, ...]
    tokens: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    labels: NDArray[np.bool_]
    label_names: tuple[str, ...]
    clusters: NDArray[np.int64]
    test_side: NDArray[np.bool_]
    origin: str = field(default="")

    def __post_init__(self) -> None:
        n = len(self.offsets) - 1
        if self.labels.shape != (n, len(self.label_names)):
            raise ValueError(f"labels are {self.labels.shape}, not {(n, len(self.label_names))}")
        if len(self.clusters) != n or len(self.test_side) != n:
            raise ValueError("clusters and test_side need one entry a resume")
        if self.offsets[0] != 0 or self.offsets[-1] != len(self.tokens):
            raise ValueError("offsets do not span the tokens")

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Words in each resume, int64, shape (n,)."""
        return np.diff(self.offsets)

    def select(self, rows: NDArray[np.integer]) -> Corpus:
        """The resumes at ``rows`` (integers, repeats allowed), over the same words."""
        rows = np.asarray(rows)
        tokens, offsets = gather(self.tokens, self.offsets, rows)
        return Corpus(
            words=self.words,
            tokens=tokens,
            offsets=offsets,
            labels=self.labels[rows],
            label_names=self.label_names,
            clusters=self.clusters[rows],
            test_side=self.test_side[rows],
            origin=self.origin,
        )

    def without(self, words: Sequence[str]) -> Corpus:
        """The same resumes with every occurrence of the given words taken out."""
        unwanted = set(words)
        keep = ~np.array([word in unwanted for word in self.words], dtype=bool)[self.tokens]
        kept = np.zeros(len(keep) + 1, dtype=np.int64)
        np.cumsum(keep, out=kept[1:])
        return replace(self, tokens=self.tokens[keep], offsets=kept[self.offsets])

    def training_side(self) -> Corpus:
        """The resumes that classifiers, vocabularies and languages may see."""
        return self.select(np.flatnonzero(~self.test_side))

    def text(self, row: int) -> str:
        """Resume ``row`` as one line of text."""
        return " ".join(
            self.words[t] for t in self.tokens[self.offsets[row] : self.offsets[row + 1]]
        )

    def save(self, path: Path | str) -> None:
        """Write to one ``.npz`` file, whole or not at all."""
        with written_whole(Path(path)) as stream:
            np.savez(
                stream,
                schema_version=np.int64(SCHEMA_VERSION),
                words=pack_strings(self.words),
                tokens=self.tokens,
                offsets=self.offsets,
                labels=self.labels,
                label_names=pack_strings(self.label_names),
                clusters=self.clusters,
                test_side=self.test_side,
                origin=pack_strings((self.origin,)),
            )


def load_corpus(path: Path | str) -> Corpus:
    """Read a corpus written by :meth:`Corpus.save`.

    Raises:
        InputError: the file is missing, or is not a corpus of this schema.
    """
    path = Path(path)
    allowed = "a file written by `gigsim corpus import SOURCE DEST` is needed"
    if not path.is_file():
        raise InputError(str(path), "no such file", allowed)
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("not a zip archive of arrays")
        with np.load(path, allow_pickle=False) as arrays:
            if int(arrays["schema_version"]) != SCHEMA_VERSION:
                raise ValueError(f"corpus schema {int(arrays['schema_version'])}")
            corpus = Corpus(
                words=unpack_strings(arrays["words"]),
                tokens=arrays["tokens"],
                offsets=arrays["offsets"],
                labels=arrays["labels"],
                label_names=unpack_strings(arrays["label_names"]),
                clusters=arrays["clusters"],
                test_side=arrays["test_side"],
                origin=unpack_strings(arrays["origin"])[0],
            )
            for fault in _faults(corpus):
                raise ValueError(fault)
            return corpus
    except (*UNREADABLE, ValueError, TypeError, KeyError) as error:
        raise InputError(str(path), f"not a gigsim corpus ({error})", allowed) from error


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that appears under its name only when it is complete."""
    partial = path.with_name(path.name + f".partial-{os.getpid()}")
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _faults(corpus: Corpus) -> Iterator[str]:
    """What a stored corpus breaks; the shapes were checked when it was made."""
    for name, dtype in (
        ("tokens", np.uint32),
        ("offsets", np.int64),
        ("labels", np.bool_),
        ("clusters", np.int64),
        ("test_side", np.bool_),
    ):
        if getattr(corpus, name).dtype != dtype:
            yield f"{name} must be {np.dtype(dtype).name}, not {getattr(corpus, name).dtype}"
    if not len(corpus):
        yield "it holds no resume"
    if (corpus.lengths < 1).any():
        yield "offsets must ascend: every resume has a word at least"
    if len(set(corpus.words)) < len(corpus.words):
        yield "its words must be distinct"
    if int(corpus.tokens.max(initial=0)) >= len(corpus.words):
        yield "tokens must be numbers of its words"
    sides = np.unique(np.stack([corpus.clusters, corpus.test_side]), axis=1)
    if len(np.unique(sides[0])) < sides.shape[1]:
        yield "a cluster of near-duplicates is on both sides of the split"


def pack_strings(strings: Sequence[str]) -> NDArray[np.uint8]:
    """Strings as UTF-8 bytes with newlines between: no pickle in the file."""
    return np.frombuffer("\n".join(strings).encode(), dtype=np.uint8)


def unpack_strings(packed: NDArray[np.uint8]) -> tuple[str, ...]:
    """The strings of :func:`pack_strings`."""
    return tuple(packed.tobytes().decode().split("\n"))
