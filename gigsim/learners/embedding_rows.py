"""Resumes as vectors of a frozen encoder, each with a digest of the text that it stands for."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.protocol import Rows
from gigsim.learners.ragged import Ragged

#: Bytes of a text's digest: two texts of a billion share one with probability 1e-21.
KEY_BYTES = 16


@dataclass(frozen=True, eq=False)
class EmbeddingRows:
    """n resumes as vectors.

    Attributes:
        keys: uint8, shape (n, 16): a digest of the ids of each text.
        vectors: float32, shape (n, d).
        encoder: digest of the encoder's weights and of how it reads; of all but the machine.
    """

    keys: NDArray[np.uint8]
    vectors: NDArray[np.float32]
    encoder: str

    def __len__(self) -> int:
        return len(self.vectors)

    def take(self, rows: NDArray[np.integer]) -> EmbeddingRows:
        """The given rows, in the given order."""
        return EmbeddingRows(self.keys[rows], self.vectors[rows], self.encoder)

    def append(self, others: Rows) -> EmbeddingRows:
        """These rows and then the others, of the same encoder."""
        more = embedding_rows(others)
        if more.encoder != self.encoder:
            raise ValueError("vectors of two encoders do not go together")
        return EmbeddingRows(
            np.concatenate([self.keys, more.keys]),
            np.concatenate([self.vectors, more.vectors]),
            self.encoder,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Which texts they are and whose vectors: the same on every machine.

        The vectors follow from it, up to the rounding of the machine that made them.
        """
        encoder = np.frombuffer(bytes.fromhex(self.encoder), dtype=np.uint8)
        return {"keys": self.keys, "encoder": encoder}


def embedding_rows(rows: Rows) -> EmbeddingRows:
    """Rows of whatever kind, which must be these."""
    if not isinstance(rows, EmbeddingRows):
        raise TypeError(f"the frozen learner reads EmbeddingRows, not {type(rows).__name__}")
    return rows


def text_keys(texts: Ragged) -> NDArray[np.uint8]:
    """A digest of the ids of each text, uint8, shape (n, 16)."""
    content = np.ascontiguousarray(texts.values, dtype="<i4").tobytes()
    bounds = (4 * texts.offsets).tolist()
    digests = b"".join(
        hashlib.blake2b(content[begin:end], digest_size=KEY_BYTES).digest()
        for begin, end in itertools.pairwise(bounds)
    )
    return np.frombuffer(digests, dtype=np.uint8).reshape(len(texts), KEY_BYTES)
