"""One finished training as bytes: a safetensors file that knows what it is and whether it is whole.

Tensors ``state/<name>`` and ``probabilities/<number>``; in the metadata the version of this form,
the key of the training, the bits of its loss and a digest of all of it.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from gigsim.learners.fingerprint import Digest
from gigsim.learners.pool import FitResult
from gigsim.learners.protocol import State

#: Of the form below; a file of another one is not read.
SCHEMA = "1"

_FORMAT = "gigsim training"


class DamagedError(Exception):
    """The bytes are not, or no longer, those of the training that was looked for; says why."""


def encode(key: str, result: FitResult) -> bytes:
    """A training's outcome, to the bit; how long it took is not kept."""
    loss = struct.pack("<d", result.loss).hex()
    names, tensors = list(result.state), {}
    for name, values in result.state.items():
        tensors[f"state/{name}"] = np.asarray(values).copy(order="C")
    for number, values in enumerate(result.probabilities):
        tensors[f"probabilities/{number}"] = values.copy(order="C")
    metadata = {
        "format": _FORMAT,
        "schema": SCHEMA,
        "key": key,
        "loss": loss,
        "names": json.dumps(names),
        "digest": _digest(key, loss, names, tensors),
    }
    return save(tensors, metadata)


def decode(key: str, content: bytes) -> FitResult:
    """The outcome of the training with this key.

    Args:
        key: of the training.
        content: of a file.

    Returns:
        The result; ``seconds`` is 0, which training it took here.

    Raises:
        DamagedError: these are the bytes of something else, or not all of them, or changed ones.
    """
    try:
        metadata = _metadata(content)
        tensors = load(content)
        found = {name: metadata[name] for name in ("format", "schema", "key", "loss", "digest")}
        names = json.loads(metadata["names"])
        state: State = {name: tensors[f"state/{name}"] for name in names}
        count = len(tensors) - len(state)
        probabilities = tuple(tensors[f"probabilities/{number}"] for number in range(count))
        loss = struct.unpack("<d", bytes.fromhex(found["loss"]))[0]
    except (SafetensorError, ValueError, KeyError, TypeError, struct.error) as error:
        raise DamagedError("not a training, or a damaged one") from error
    if (found["format"], found["schema"]) != (_FORMAT, SCHEMA):
        raise DamagedError(f"schema {found['schema']} of {found['format']!r}")
    if found["key"] != key:
        raise DamagedError("another training")
    if found["digest"] != _digest(key, found["loss"], names, tensors):
        raise DamagedError("its content has changed")
    return FitResult(state, loss, probabilities, 0.0, cached=True)


def _metadata(content: bytes) -> dict[str, str]:
    """safetensors: eight bytes say how long the JSON is that follows."""
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    if not isinstance(metadata, dict):
        raise TypeError("no metadata")
    return metadata


def _digest(key: str, loss: str, names: list[str], tensors: dict[str, NDArray[Any]]) -> str:
    digest = Digest()
    digest.add_plain("of", [_FORMAT, SCHEMA, key, loss, names])
    digest.add_arrays("tensors", tensors)
    return digest.hexdigest()
