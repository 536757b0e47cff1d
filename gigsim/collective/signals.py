"""The signal g: tokens that members plant in their resumes, and that a platform can learn.

Planting is a matter of words: it is what a person does to a text, whatever classifier reads it
afterwards. How a classifier sees the result is the affair of ``learners.reading``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError

#: ``spread``: after every so many words. Otherwise once: before the first word, after the last one,
#: or at a place that is drawn for each resume.
Position = Literal["spread", "start", "end", "random"]


@dataclass(frozen=True)
class Signal:
    """The map g: the signal after every ``every``-th word (once at the end of a shorter text).

    g first removes any occurrence of the signal's words and then plants it, so g(g(x)) = g(x)
    (Hardt et al. 2023 take the signal set to be X* = g(X), on which an idempotent g is the
    identity), and every text carries it at least once.

    Attributes:
        token: what is planted: one word, without white space.
        every: words between two plantings, at least 1. Hardt et al. (2023) plant after every 20.
            Without meaning where the signal stands once.
        reserve: True gives each word of the signal an id of its own in every vocabulary, a
            modelling choice that says "the platform's vocabulary can express it"; False reads it
            like any other word.
        position: where it stands.
        companions: further words that are planted right after each ``token``: the signal is all of
            them together.

    Raises:
        InputError: a word is empty or holds white space or occurs twice, or ``every`` is under 1.
    """

    token: str
    every: int = 20
    reserve: bool = True
    position: Position = "spread"
    companions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for number, word in enumerate(self.words):
            if word.split() != [word]:
                raise InputError(
                    "collective.signal.companions" if number else "collective.signal.token",
                    f"{word!r} is not one word",
                    "a string of at least one character and no white space is needed",
                )
        if len(set(self.words)) < len(self.words):
            raise InputError(
                "collective.signal.companions",
                f"a word occurs twice in {', '.join(map(repr, self.words))}",
                "every word of a signal is to be a different one",
            )
        if self.every < 1:
            raise InputError(
                "collective.signal.every", f"got {self.every}", "a whole number >= 1 is needed"
            )

    @property
    def words(self) -> tuple[str, ...]:
        """All words of the signal, in the order in which they are planted."""
        return (self.token, *self.companions)

    def plant(self, words: Sequence[str], drawn: float | None = None) -> list[str]:
        """g(x) of one resume given as words.

        Args:
            words: the resume, with or without the signal.
            drawn: in [0, 1), the resume's own, where the position is random (:meth:`places`).
        """
        own = set(self.words)
        table = sorted({*self.words, *words})
        number = {word: i for i, word in enumerate(table)}
        tokens = np.array([number[w] for w in words if w not in own], dtype=np.uint32)
        offsets = np.array([0, len(tokens)], dtype=np.int64)
        places = self.places(np.diff(offsets), None if drawn is None else np.array([drawn]))
        planted, _ = self.plant_tokens(tokens, offsets, [number[w] for w in self.words], places)
        return [table[i] for i in planted]

    def places(
        self, lengths: NDArray[np.int64], drawn: NDArray[np.float64] | None
    ) -> NDArray[np.int64] | None:
        """How many words stand before the signal in each text; None where it is spread.

        Args:
            lengths: int64, shape (n,): words of each text without the signal.
            drawn: float64 in [0, 1), shape (n,): each resume's own luck, the same whenever it is
                planted; all places are alike. Needed where the position is random.

        Returns:
            int64, shape (n,), in [0, ``lengths``].

        Raises:
            ValueError: a random position without ``drawn``, or of another shape.
        """
        if self.position == "spread":
            return None
        if self.position == "start":
            return np.zeros_like(lengths)
        if self.position == "end":
            return lengths.copy()
        if drawn is None or drawn.shape != lengths.shape:
            raise ValueError(f"a random position needs {len(lengths)} numbers that are drawn")
        # A number just under 1 may be rounded to one place too many.
        return np.minimum((drawn * (lengths + 1)).astype(np.int64), lengths)

    def plant_tokens(
        self,
        tokens: NDArray[np.uint32],
        offsets: NDArray[np.int64],
        numbers: int | Sequence[int],
        places: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Plant the words with the given numbers in many texts that are free of them.

        Args:
            tokens: uint32, shape (total words,): all texts one after the other, no signal in them.
            offsets: int64, shape (n + 1,).
            numbers: of the signal's words among the words, in its order.
            places: int64, shape (n,): words before the signal (:meth:`places`); None spreads it.

        Returns:
            The same two arrays for the planted texts.

        Raises:
            ValueError: not one number for each word; places for a spread signal, or none for
                another.
        """
        own = np.atleast_1d(np.asarray(numbers, dtype=np.uint32))
        if len(own) != len(self.words) or (places is None) != (self.position == "spread"):
            raise ValueError(f"{self} is not planted with {len(own)} numbers, places {places}")
        lengths = np.diff(offsets)
        within = np.arange(len(tokens)) - np.repeat(offsets[:-1], lengths)
        if places is None:
            times = np.maximum(lengths // self.every, 1)
            # Word j has j // every signals before it; whatever place no word takes is a signal's.
            before = within // self.every
        else:
            times = np.ones_like(lengths)
            before = (within >= np.repeat(places, lengths)).astype(np.int64)
        planted = np.zeros_like(offsets)
        np.cumsum(lengths + len(own) * times, out=planted[1:])
        out = np.full(planted[-1], own[0], dtype=np.uint32)
        taken = np.repeat(planted[:-1], lengths) + within + len(own) * before
        if len(own) > 1:
            free = np.ones(len(out), dtype=bool)
            free[taken] = False
            out[free] = np.tile(own, int(times.sum()))
        out[taken] = tokens
        return out, planted
