"""Named random streams: draws are indexed by (stream, period, freelancer), never consumed.

Every draw of a run comes from its one seed through a stream's name and the period, and element
``i`` of a draw belongs to freelancer ``i`` whatever the number of freelancers is. So one more
joiner, another learner or another plot changes nobody else's luck: two runs that differ in one
part share all the others (common random numbers).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


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

    def normal(self, name: str, period: int = 0, size: int = 1) -> NDArray[np.float64]:
        """Standard normals by inversion, shape (size,), with the same stable prefix."""
        # random() can return 0, whose normal quantile is -inf; the next float up is harmless.
        return ndtri(np.maximum(self.uniform(name, period, size), np.finfo(float).tiny))

    def seed_for(self, name: str, period: int = 0) -> int:
        """A 63-bit seed for a library with a generator of its own (torch, networkx)."""
        return self._key(name, period) >> 65
