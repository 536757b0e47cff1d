"""The signal g: a token that members plant in their resumes, and that a platform can learn.

Planting is a matter of words: it is what a person does to a text, whatever classifier reads it
afterwards. How a classifier sees the result is the affair of ``learners.reading``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError


@dataclass(frozen=True)
class Signal:
    """The map g: the token after every ``every``-th word, and once at the end of a shorter text.

    g first removes any occurrence of the token and then plants it, so g(g(x)) = g(x) (Hardt et al.
    2023 take the signal set to be X* = g(X), on which an idempotent g is the identity), and every
    text carries it at least once.

    Attributes:
        token: what is planted: one word, without white space.
        every: words between two plantings, at least 1. Hardt et al. (2023) plant after every 20.
        reserve: True gives the token an id of its own in every vocabulary, a modelling choice that
            says "the platform's vocabulary can express it"; False reads it like any other word.

    Raises:
        InputError: the token is empty or holds white space, or ``every`` is under 1.
    """

    token: str
    every: int = 20
    reserve: bool = True

    def __post_init__(self) -> None:
        if self.token.split() != [self.token]:
            raise InputError(
                "collective.signal.token",
                f"{self.token!r} is not one word",
                "a string of at least one character and no white space is needed",
            )
        if self.every < 1:
            raise InputError(
                "collective.signal.every", f"got {self.every}", "a whole number >= 1 is needed"
            )

    def plant(self, words: Sequence[str]) -> list[str]:
        """g(x) of one resume given as words."""
        table = sorted({self.token, *words})
        number = {word: i for i, word in enumerate(table)}
        tokens = np.array([number[w] for w in words if w != self.token], dtype=np.uint32)
        offsets = np.array([0, len(tokens)], dtype=np.int64)
        planted, _ = self.plant_tokens(tokens, offsets, number[self.token])
        return [table[i] for i in planted]

    def plant_tokens(
        self, tokens: NDArray[np.uint32], offsets: NDArray[np.int64], number: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Plant the word with the given number in many texts that are free of it.

        Args:
            tokens: uint32, shape (total words,): all texts one after the other, no signal in them.
            offsets: int64, shape (n + 1,).
            number: the signal's number among the words.

        Returns:
            The same two arrays for the planted texts.
        """
        lengths = np.diff(offsets)
        planted = np.zeros_like(offsets)
        np.cumsum(lengths + np.maximum(lengths // self.every, 1), out=planted[1:])
        within = np.arange(len(tokens)) - np.repeat(offsets[:-1], lengths)
        # Word j has j // every signals before it; whatever place no word takes is a signal's.
        out = np.full(planted[-1], number, dtype=np.uint32)
        out[np.repeat(planted[:-1], lengths) + within + within // self.every] = tokens
        return out, planted
