"""The Bayes platform: the exact classifier of the law (1 − α)·P0 + α·P*, for theory without noise.

Nothing is trained and nothing is sampled: the platform is given the law itself, as if the
population were infinite, and α is the share of people who follow the collective. Members count as
randomly drawn, which a real collective's are not (``selection``). Success then climbs the exact
staircase of ``theory.planting``. With ε above 0 it is the worst classifier that is so close to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.protocol import Rows
from gigsim.learners.ragged import Ragged
from gigsim.learners.vocabulary import Vocabulary, WordList
from gigsim.resumes.corpus import Corpus
from gigsim.theory.closeness import Closeness
from gigsim.theory.gaps import Floats
from gigsim.theory.mixture import (
    Strategy,
    clean_marginals,
    erased_marginals,
    planted_marginals,
)
from gigsim.theory.planting import LabelSets
from gigsim.theory.suboptimal import worst_marginals


@dataclass(frozen=True, eq=False)
class TextRows:
    """Texts as they are read: an exact classifier needs no other form.

    Attributes:
        texts: the ids of n resumes.
    """

    texts: Ragged

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[np.integer]) -> TextRows:
        """The given rows, in the given order."""
        return TextRows(self.texts.take(rows))

    def append(self, others: Rows) -> TextRows:
        """These rows and then the others."""
        if not isinstance(others, TextRows):
            raise TypeError(f"the bayes platform reads TextRows, not {type(others).__name__}")
        return TextRows(Ragged.concatenate([self.texts, others.texts]))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Ids one after the other, and where each text begins."""
        return {"values": self.texts.values, "offsets": self.texts.offsets}


@dataclass(frozen=True)
class BayesReader:
    """Reads the words of the law, each by its own id."""

    name = "bayes"
    limit = None
    ordered = True
    stochastic = False

    def vocabulary(self, training_side: Corpus, word_list: Sequence[str] | None) -> Vocabulary:
        """The law's words.

        Raises:
            InputError: there is no word list: the resumes are a corpus's, and have no known law.
        """
        if word_list is None:
            raise InputError(
                "platform.learner.kind",
                "bayes needs an exact posterior, and a corpus has none",
                "leave corpus.path empty: the built-in language, or corpus.cells",
            )
        return WordList(word_list)

    def represent(self, texts: Ragged, vocabulary_size: int) -> TextRows:
        """The texts as they are."""
        return TextRows(texts)


def require_new_signal(tokens: Sequence[str], words: Sequence[str]) -> None:
    """The mixture is exact only if the law never writes a signal by itself.

    Args:
        tokens: of the collective.
        words: of the law.

    Raises:
        InputError: a token is one of the words.
    """
    for token in set(tokens) & set(words):
        raise InputError(
            "collective.signal.token",
            f"{token!r} is a word of the law, and bayes then has no exact posterior",
            "a token that the resumes do not use, such as ※, is needed",
        )


class Followed(NamedTuple):
    """What one period's submissions hold: ``share`` of the people plant token number ``token``."""

    share: float
    token: int


@dataclass(frozen=True, eq=False)
class BayesPlatform:
    """What the exact classifier says of held-out resumes when the collective follows its strategy.

    Attributes:
        marginals: m = P0(l in Y | x) of the held-out resumes, shape (n, L).
        pairs: q = P0(l and y* in Y | x), shape (n, L), needed for ``feature_only``; else None.
        target: column of y*.
        xi: share of base resumes that carry each token, in [0, 1].
        tokens: number of the collective's tokens; a base resume carries one of them at most.
        strategy: what members do (``theory.mixture``).
        label_sets: what members do to their label set (feature_label).
        evasive: do members without y* take all tokens out (feature_only)?
        wrong_label: probability of a wrong label (feature_label).
        reported: P*(l in Y | x), what members with these texts report, shape (n, L), needed for
            ``unplanting``; else None.
        epsilon: ε in [0, 1]. Above 0 the classifier is the one that is worst for the collective of
            all that are ε-close to the exact one (``theory.suboptimal``) at the texts that show the
            signal; on others, which do not enter S, it is the exact one.
        closeness: what ε is a distance of; None at ε = 0.
    """

    marginals: Floats
    pairs: Floats | None
    target: int
    xi: float
    tokens: int = 1
    strategy: Strategy = "feature_label"
    label_sets: LabelSets = "replace"
    evasive: bool = False
    wrong_label: float = 0.0
    reported: Floats | None = None
    epsilon: float = 0.0
    closeness: Closeness | None = None

    def planted(self, window: Sequence[Followed], token: int = 0) -> Floats:
        """P(l in Y | x with the token) in the law that was submitted, exact.

        Args:
            window: one entry a period whose submissions the platform is shown; all weigh alike.
            token: the one that is planted in the held-out resumes.

        Returns:
            float64, shape (n, L). Not rounded to float32: near-ties would become ties.
        """
        everybody = float(np.mean([f.share for f in window]))
        these = float(np.mean([f.share if f.token == token else 0.0 for f in window]))
        if self.strategy == "feature_only" and not self.evasive and these < everybody:
            # Who carries this token and plants another lacks it then; who has no y* keeps it.
            return self._kept_and_planted(everybody, these)
        # Who follows carries this token only by planting it: the base is that of the others.
        rest = self.xi * (1 - everybody) / (1 - these) if these < 1 else self.xi
        return planted_marginals(
            self.marginals,
            self.target,
            these,
            rest,
            strategy=self.strategy,
            label_sets=self.label_sets,
            evasive=self.evasive,
            wrong_label=self.wrong_label,
            pairs=self.pairs,
            reported=self.reported,
        )

    def clean(self, window: Sequence[Followed]) -> Floats:
        """P(l in Y | x without any token) in the law that was submitted, float64, shape (n, L)."""
        return clean_marginals(
            self.marginals,
            self.target,
            float(np.mean([f.share for f in window])),
            min(1.0, self.tokens * self.xi),
            strategy=self.strategy,
            evasive=self.evasive,
            pairs=self.pairs,
        )

    def probabilities(self, window: Sequence[Followed]) -> tuple[Floats, ...]:
        """What a trained learner would say of the held-out texts, in the order of a run.

        Returns:
            Planted with the first token, clean, planted with each further token; float64, (n, L).
        """
        first, *others = (self._answers(window, token) for token in range(self.tokens))
        return (first, self.clean(window), *others)

    def _answers(self, window: Sequence[Followed], token: int) -> Floats:
        exact = self.planted(window, token)
        if self.epsilon == 0:
            return exact
        if self.closeness is None:
            raise ValueError("epsilon > 0 needs a closeness")
        return worst_marginals(
            exact,
            self.target,
            epsilon=self.epsilon,
            closeness=self.closeness,
            unplanting=self.strategy == "unplanting",
        )

    def _kept_and_planted(self, everybody: float, these: float) -> Floats:
        if self.pairs is None:
            raise ValueError("feature_only needs pairs, P0(l and y* in Y|x)")
        own = self.marginals[:, [self.target]]
        count = self.xi * (self.marginals - everybody * self.pairs) + these * self.pairs
        mass = self.xi * (1 - everybody * own) + these * own
        return np.where(mass > 0, count / np.where(mass > 0, mass, 1.0), self.marginals)


@dataclass(frozen=True, eq=False)
class ErasingBayesPlatform:
    """The same where the collective erases a signal: texts stay, labels are those of the cleaned.

    Attributes:
        found: P0(l in Y | x) of the held-out resumes as people have them, shape (n, L).
        clean: of the same without the signal.
        reported_found: P*(l in Y | x), what members with these texts report, shape (n, L).
        reported_clean: what members with the cleaned texts report.
    """

    found: Floats
    clean: Floats
    reported_found: Floats
    reported_clean: Floats

    def probabilities(self, window: Sequence[Followed]) -> tuple[Floats, ...]:
        """What a trained learner would say of the held-out texts: as found, and cleaned."""
        share = float(np.mean([f.share for f in window]))
        return (
            erased_marginals(self.found, self.reported_found, share),
            erased_marginals(self.clean, self.reported_clean, share),
        )
