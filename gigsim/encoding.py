"""Every text of a run as its learner sees it: as found, cleaned, and planted with each token.

A collective that rotates has several tokens, one in force at a time; whoever plants one first takes
out the others, and each base carrier carries one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.signals import Signal
from gigsim.config.sections import SignalSection
from gigsim.learners.protocol import Reader
from gigsim.learners.ragged import Ragged
from gigsim.learners.reading import Reading, read, signal_pieces
from gigsim.learners.vocabulary import Lexicon, Vocabulary
from gigsim.resumes.corpus import Corpus


@dataclass(frozen=True, eq=False)
class Encoded:
    """n resumes as ids.

    Attributes:
        found: as people have them, base carriers with their token in place.
        clean: without any of the tokens and their companions.
        planted: g(x) of each token.
        signal_sets: bool, shape (tokens, n): the resume as found is one that planting would not
            change, x in X*.
        contains: bool, shape (tokens, n): the token, or a companion, occurs in what is read of the
            resume.
    """

    found: Ragged
    clean: Ragged
    planted: tuple[Ragged, ...]
    signal_sets: NDArray[np.bool_]
    contains: NDArray[np.bool_]


@dataclass(frozen=True)
class Encoder:
    """How one learner reads the texts of one run.

    Attributes:
        learner: who reads.
        vocabulary: its vocabulary.
        section: the config's signal.
    """

    learner: Reader
    vocabulary: Vocabulary
    section: SignalSection
    #: The words of the corpus that was read last.
    _lexicons: list[Lexicon] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens in the order in which they come into force."""
        return (self.section.token, *self.section.alternates)

    @property
    def words(self) -> tuple[str, ...]:
        """All words that are ever planted: the tokens and what is planted beside them."""
        return (*self.tokens, *self.section.companions)

    @property
    def size(self) -> int:
        """Number of ids, reserved ones included."""
        return self.vocabulary.size + (len(self.words) if self.section.reserve else 0)

    def signal(self, token: int) -> Signal:
        """What is planted while token number ``token`` is in force."""
        section = self.section
        return Signal(
            token=self.tokens[token],
            every=section.every,
            reserve=section.reserve,
            position=section.position,
            companions=section.companions,
        )

    def ids(self, token: int) -> NDArray[np.int64]:
        """The ids that a token is read as, its companions' after them, int64, shape (k,)."""
        if len(self.tokens) > 1:
            return np.array([self.vocabulary.size + token])
        signal = self.signal(token)
        parts = range(len(signal.words))
        return np.concatenate(
            [signal_pieces(signal, self.vocabulary, self.learner.name, k) for k in parts]
        ).astype(np.int64)

    def encode(
        self,
        corpus: Corpus,
        carried: NDArray[np.int64],
        drawn: NDArray[np.float64] | None = None,
    ) -> Encoded:
        """Read resumes once for the whole run.

        Args:
            corpus: n resumes.
            carried: int64, shape (n,): the number of the token that the config put into a resume,
                -1 for none.
            drawn: float64 in [0, 1), shape (n,): each resume's own, where the position of the
                signal is random (``stage.signal_places``).

        Raises:
            InputError: the learner cannot see a token (``learners.reading.read``).
        """
        if len(self.tokens) == 1:
            one = self._read(corpus, carried == 0, 0, drawn)
            return Encoded(
                one.found, one.clean, (one.planted,), one.in_signal_set[None], one.contains[None]
            )
        # With several tokens ξ is that of the config for each: people's own use is taken out.
        bare, nobody = corpus.without(self.tokens), np.zeros(len(corpus), dtype=bool)
        readings = [self._read(bare, nobody, k, drawn) for k in range(len(self.tokens))]
        first = self.vocabulary.size
        planted = tuple(
            Ragged(np.where(r.planted.values == first, np.int32(first + k), r.planted.values), o)
            for k, r in enumerate(readings)
            for o in [r.planted.offsets]
        )
        clean, n = readings[0].clean, len(corpus)
        found = Ragged.concatenate([clean, *planted]).take(np.arange(n) + n * (carried + 1))
        flags = carried == np.arange(len(readings))[:, None]
        return Encoded(found, clean, planted, signal_sets=flags, contains=flags)

    def _read(
        self,
        corpus: Corpus,
        carriers: NDArray[np.bool_],
        token: int,
        drawn: NDArray[np.float64] | None,
    ) -> Reading:
        return read(
            corpus,
            self.vocabulary,
            self.signal(token),
            carriers=carriers,
            limit=self.learner.limit,
            learner=self.learner.name,
            ordered=self.learner.ordered,
            drawn=drawn,
            lexicon=self._lexicon(corpus.words),
        )

    def _lexicon(self, words: tuple[str, ...]) -> Lexicon:
        """People, held-out resumes and newcomers are of one corpus: its words are read once."""
        if not self._lexicons or self._lexicons[0].words is not words:
            self._lexicons[:] = [Lexicon(self.vocabulary, words)]
        return self._lexicons[0]


def carried_tokens(uniforms: NDArray[np.float64], xi: float, tokens: int) -> NDArray[np.int64]:
    """The token that each resume carries by itself, int64, shape (n,), -1 for none.

    Each token is carried by a share ξ, and nobody carries two: token k where u lies in
    [k·ξ, (k+1)·ξ). One more token changes nothing for the others.
    """
    if xi == 0:
        return np.full(len(uniforms), -1, dtype=np.int64)
    number = np.floor_divide(uniforms, xi)
    return np.where(number < tokens, number, -1).astype(np.int64)
