"""Values and arrays in one safetensors file: written whole, read back to the last bit, no pickle.

Numbers of a nested value go into arrays, so that NaNs keep their bits too; what remains (names,
flags, counts, where which array belongs) is JSON in the file's metadata. Of classes only those on a
list given are written and made again, so that reading a file runs nothing that is in the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

#: What safetensors calls the types of arrays.
_TYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "int64": "I64",
    "uint64": "U64",
    "int32": "I32",
    "uint32": "U32",
    "int16": "I16",
    "uint16": "U16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
}

#: Columns of one of these types become an array, with what its elements are made again by.
_SCALARS: dict[type, tuple[type, ...]] = {
    bool: (bool, np.bool_),
    int: (int, np.int64),
    float: (float, np.float64),
}

#: Whole numbers from here on need more than 64 bits; JSON has them all.
_WIDE = 2**63

Arrays = dict[str, NDArray[Any]]


class DamagedError(ValueError):
    """Not a file of ours, or no longer what was written; says why in a few words."""


class Packer:
    """Turns values into JSON and arrays.

    Args:
        classes: dataclasses and named tuples that may occur.

    Attributes:
        arrays: the arrays so far, by name. An array that occurs twice is there once.
    """

    def __init__(self, classes: Sequence[type]) -> None:
        self.arrays: Arrays = {}
        self._classes = frozenset(classes)
        self._names: dict[int, str] = {}
        # Who is named by his id must not be collected.
        self._kept: list[NDArray[Any]] = []

    def pack(self, value: Any) -> Any:
        """The value as JSON.

        Raises:
            TypeError: a part of it is of a kind that is not written.
        """
        if value is None or type(value) in (bool, int, str):
            return value
        if isinstance(value, np.ndarray):
            return {"array": self._name(value)} | ({"order": "F"} if _fortran(value) else {})
        if type(value) is float or isinstance(value, np.generic):
            number = np.asarray(value)
            return {"float" if type(value) is float else "scalar": self._name(number)}
        if isinstance(value, Mapping):
            if not all(type(key) is str for key in value):
                raise TypeError("keys of a mapping must be text")
            return {"dict": {key: self.pack(inner) for key, inner in value.items()}}
        kind = type(value)
        if kind in self._classes:
            parts = (
                {f.name: getattr(value, f.name) for f in fields(value)}
                if is_dataclass(value)
                else value._asdict()
            )
            return {kind.__name__: {name: self.pack(part) for name, part in parts.items()}}
        if kind is tuple:
            return {"tuple": [self.pack(inner) for inner in value]}
        if kind in (list, deque):
            return self._sequence(list(value))
        raise TypeError(f"a {kind.__name__} is not written")

    def _sequence(self, values: list[Any]) -> Any:
        for plain, kinds in _SCALARS.items():
            if values and all(type(value) in kinds for value in values):
                if plain is int and not all(-_WIDE <= value < _WIDE for value in values):
                    break
                return {"column": self._name(np.array(values, dtype=np.dtype(plain)))}
        if len(values) > 1 and all(type(value) is dict for value in values):
            keys = list(values[0])
            if keys and all(list(row) == keys for row in values):
                return {"rows": {key: self.pack([row[key] for row in values]) for key in keys}}
        return {"list": [self.pack(value) for value in values]}

    def _name(self, array: NDArray[Any]) -> str:
        if array.dtype.name not in _TYPES:
            raise TypeError(f"an array of {array.dtype} is not written")
        if id(array) not in self._names:
            self._names[id(array)] = name = str(len(self._names))
            self._kept.append(array)
            self.arrays[name] = array.T if _fortran(array) else np.asarray(array, order="C")
        return self._names[id(array)]


def unpack(node: Any, arrays: Arrays, classes: Sequence[type]) -> Any:
    """The value that :meth:`Packer.pack` made JSON of; lists for deques.

    Raises:
        DamagedError: that is no such JSON.
    """
    made = {kind.__name__: kind for kind in classes}

    @cache
    def array_of(name: str, turned: bool) -> NDArray[Any]:
        """What was one array is one again; to be changed at will, so not the file's memory."""
        array = arrays[name].copy()
        return array.T if turned else array

    def value_of(node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        kind, inner = next(iter(node.items()))
        if kind == "array":
            return array_of(inner, node.get("order") == "F")
        if kind == "float":
            return float(arrays[inner])
        if kind == "scalar":
            return arrays[inner][()]
        if kind == "column":
            return arrays[inner].tolist()
        if kind == "rows":
            columns = {key: value_of(column) for key, column in inner.items()}
            return [
                dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
            ]
        if kind == "dict":
            return {key: value_of(part) for key, part in inner.items()}
        if kind in ("tuple", "list"):
            return (tuple if kind == "tuple" else list)(value_of(part) for part in inner)
        return made[kind](**{name: value_of(part) for name, part in inner.items()})

    try:
        return value_of(node)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        said = f"its content makes no sense ({type(error).__name__}: {error})"
        raise DamagedError(said) from error


@dataclass(frozen=True)
class Packed:
    """A file's content: what kind of file it says it is, its JSON, its arrays."""

    kind: str
    content: Any
    arrays: Arrays


def write_packed(path: Path, packed: Packed) -> None:
    """Write a file that appears whole or not at all, and is on the disk on return.

    Args:
        path: takes the place of what is there.
        packed: its arrays in C order.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    # Wide elements first, so that each array begins at a multiple of its element's size.
    named = sorted(packed.arrays.items(), key=lambda pair: (-pair[1].dtype.itemsize, pair[0]))
    content = json.dumps(packed.content, separators=(",", ":"), allow_nan=False)
    described: dict[str, Any] = {
        "__metadata__": {packed.kind: content, "digest": _digest(content, packed.arrays)}
    }
    end = 0
    for name, array in named:
        start, end = end, end + array.nbytes
        described[name] = {
            "dtype": _TYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    header = json.dumps(described, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with _appearing(path) as stream:
        stream.write(struct.pack("<Q", len(header)))
        stream.write(header)
        for _, array in named:
            stream.write(_bytes_of(array))


def read_packed(path: Path, kind: str) -> Packed:
    """Read a file of :func:`write_packed` and check its digest.

    Raises:
        OSError: there is no such file, or it cannot be read.
        DamagedError: it is not such a file, of another kind, truncated or changed.
    """
    with path.open("rb"):
        """The library's words for a missing file or a folder are not the system's."""
    try:
        with safe_open(path, framework="numpy") as opened:
            metadata = opened.metadata() or {}
            if kind not in metadata:
                raise DamagedError(f"no {kind}")
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        content = metadata[kind]
        if metadata.get("digest") != _digest(content, arrays):
            raise DamagedError("damaged: its digest does not fit its content")
        return Packed(kind, json.loads(content), arrays)
    except (SafetensorError, json.JSONDecodeError) as error:
        raise DamagedError(f"no {kind}, or damaged ({error})") from error


def sync(path: Path) -> None:
    """Have a file's content, or the names in a folder, on the disk on return."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _appearing(path: Path) -> Iterator[BinaryIO]:
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        with partial.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync(path.parent)


def _digest(content: str, arrays: Arrays) -> str:
    found = hashlib.blake2b(content.encode(), digest_size=16)
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
        found.update(_bytes_of(array))
    return found.hexdigest()


def _bytes_of(array: NDArray[Any]) -> memoryview | bytes:
    # A view of no bytes cannot be cast.
    return array.reshape(-1).view(np.uint8).data if array.size else b""


def _fortran(array: NDArray[Any]) -> bool:
    """Does the array lie in memory column by column? Sums over it are then in another order."""
    return array.flags.f_contiguous and not array.flags.c_contiguous
