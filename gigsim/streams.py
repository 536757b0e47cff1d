"""Named random streams: draws are indexed by (stream, period, freelancer), never consumed.

Every draw of a run comes from its one seed through a stream's name and the period, and element
``i`` of a draw belongs to freelancer ``i`` whatever the number of freelancers is. So one more
joiner, another learner or another plot changes nobody else's luck: two runs that differ in one
part share all the others (common random numbers).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

#: People whose uniforms are looked at together: as many as stay in a core's cache.
_PIECE = 1 << 14


class Streams:
    """All random numbers of one run.

    Args:
        seed: the run's seed, a non-negative integer.
    """

    def __init__(self, seed: int) -> None:
        if seed < 0:
            raise ValueError(f"a seed is a non-negative integer, got {seed}")
        self.seed = int(seed)

    def _key(self, name: str, period: int) -> int:
        text = f"{self.seed}/{name}/{period}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")

    def generator(self, name: str, period: int = 0) -> np.random.Generator:
        """A generator that is a pure function of (seed, name, period)."""
        return np.random.Generator(np.random.Philox(key=self._key(name, period)))

    def uniform(self, name: str, period: int = 0, size: int = 1) -> NDArray[np.float64]:
        """Uniforms on [0, 1), shape (size,); element ``i`` does not depend on ``size``.

        ``Generator.random`` spends exactly one 64-bit word an element, which is what makes the
        prefix stable; rejection samplers do not, so other laws go through their quantiles.
        """
        return self.generator(name, period).random(size)

    def pieces(
        self, name: str, period: int = 0, size: int = 1
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """The draws of :meth:`uniform` some people at a time, for who keeps none of them.

        Yields:
            (whose, their uniforms): a slice of 0, ..., size - 1, and an array of that length which
            the next piece overwrites.
        """
        generator = self.generator(name, period)
        drawn = np.empty(min(size, _PIECE))
        for start in range(0, size, _PIECE):
            stop = min(start + _PIECE, size)
            piece = drawn[: stop - start]
            generator.random(out=piece)
            yield slice(start, stop), piece

    def below(
        self, name: str, period: int, chances: NDArray[np.float64] | float, size: int
    ) -> NDArray[np.bool_]:
        """Whose uniform is below his own chance: ``uniform(name, period, size) < chances``.

        Args:
            name: of the stream.
            period: of the draw.
            chances: one for all, or one a person, shape (size,). Nothing is drawn for one that
                leaves nothing to chance.
            size: how many people.

        Returns:
            bool, shape (size,).
        """
        if not isinstance(chances, np.ndarray):
            if not 0.0 < chances < 1.0:
                return np.full(size, chances > 0.0)
            # The same number again and again takes no memory.
            chances = np.broadcast_to(np.float64(chances), size)
        elif size and chances.min() >= 1.0:
            return np.ones(size, dtype=bool)
        found = np.empty(size, dtype=bool)
        for whose, piece in self.pieces(name, period, size):
            np.less(piece, chances[whose], out=found[whose])
        return found

    def normal(self, name: str, period: int = 0, size: int = 1) -> NDArray[np.float64]:
        """Standard normals by inversion, shape (size,), with the same stable prefix."""
        # random() can return 0, whose normal quantile is -inf; the next float up is harmless.
        return ndtri(np.maximum(self.uniform(name, period, size), np.finfo(float).tiny))

    def seed_for(self, name: str, period: int = 0) -> int:
        """A 63-bit seed for a library with a generator of its own (torch, networkx)."""
        return self._key(name, period) >> 65
