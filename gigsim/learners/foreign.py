"""A learner of the user's own (``learners.own``) as one of ours: checked, kept and restored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from gigsim.errors import InputError
from gigsim.learners.own import OwnClassifier, OwnLearner, defines
from gigsim.learners.own_checks import checked_learner, checked_probabilities, checked_state
from gigsim.learners.own_rows import Texts, counts
from gigsim.learners.own_source import KEY, Source, load_class
from gigsim.learners.protocol import Rows, State
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import OwnRecipe
from gigsim.learners.tfidf import CountRows, counts_of, inverse_frequencies, tfidf
from gigsim.learners.vocabulary import BagOfWords, Vocabulary, WordList
from gigsim.resumes.corpus import Corpus

#: In the state of a learner that reads TF-IDF, beside its own arrays.
_IDF = "gigsim.idf"
#: Probabilities nearer to 0 and 1 than this count as that near in the loss: float32 has no nearer
#: ones to 1, and a single sure mistake would make the mean infinite.
_SURE = 2.0**-24


@dataclass(frozen=True)
class ForeignLearner:
    """A learner of the user's own as one of ours.

    Made by ``learners.protocol.make_learner`` alone, which asks whether it may. A worker process
    that it is sent to imports the class again.

    Attributes:
        recipe: where the class is, and its settings.
        labels: number of labels L.
        threads: of one training.

    Raises:
        InputError: there is no such class, or it is not what is needed. What its own code raises
            is raised as it is.
    """

    recipe: OwnRecipe
    labels: int
    threads: int = 1

    quick = False
    libraries = ()

    def __post_init__(self) -> None:
        _ = self._made

    def __reduce__(self) -> tuple[type[ForeignLearner], tuple[OwnRecipe, int, int]]:
        # The class's own things stay here: they need not be picklable.
        return ForeignLearner, (self.recipe, self.labels, self.threads)

    @cached_property
    def _made(self) -> tuple[OwnLearner, Source]:
        kind, source = load_class(self.recipe.path)
        own = checked_learner(kind, OwnLearner, self.recipe)
        own.labels, own.threads = self.labels, self.threads
        return own, source

    @property
    def own(self) -> OwnLearner:
        """The user's."""
        return self._made[0]

    @property
    def source(self) -> Source:
        """The file that the class is from."""
        return self._made[1]

    @property
    def foreign(self) -> str:
        """What it is, in words: its code is not known to the cache of trainings."""
        return self.recipe.path

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.recipe.path.rpartition(":")[2]

    @property
    def limit(self) -> int | None:
        """As the class says."""
        return self.own.limit

    @property
    def ordered(self) -> bool:
        """Of ids it sees the order."""
        return self.own.reads == "tokens"

    @property
    def stochastic(self) -> bool:
        """As the class says."""
        return self.own.stochastic

    @property
    def keeps_state(self) -> bool:
        """Can its classifiers be put down as arrays, and taken up again?"""
        return defines(self.own, "state")

    def require(self, *, warm: bool, opinions: bool) -> None:
        """Refuse before a run what would end it later.

        Args:
            warm: will it have to go on from a classifier?
            opinions: will a classifier be asked again, after it was measured?

        Raises:
            InputError: it does not define what that takes.
        """
        if warm and not defines(self.own, "fit_from"):
            raise self._refusal_of_warmth()
        if opinions and not self.keeps_state:
            raise self._refusal_of_keeping()

    def vocabulary(self, training_side: Corpus, word_list: Sequence[str] | None) -> Vocabulary:
        """The given words, or the most frequent tokens of the training side."""
        if word_list is not None:
            return WordList(word_list)
        return BagOfWords.from_corpus(training_side, self.own.features)

    def represent(self, texts: Ragged, vocabulary_size: int) -> CountRows | Texts:
        """Counts, or ids in their order."""
        if self.ordered:
            return Texts(texts, vocabulary_size)
        return CountRows(counts(texts, vocabulary_size))

    def material(self) -> State:
        """Nothing."""
        return {}

    def fit(
        self, rows: Rows, labels: NDArray[np.bool_], seed: int, start: State | None = None
    ) -> ForeignClassifier:
        """Have it train, and look at what it says of what it was trained on.

        Raises:
            InputError: it is to go on from a classifier and cannot; its probabilities are none.
        """
        if labels.shape != (len(rows), self.labels):
            raise ValueError(f"labels are {labels.shape}, not {(len(rows), self.labels)}")
        if start is not None and not defines(self.own, "fit_from"):
            raise self._refusal_of_warmth()
        idf = inverse_frequencies(counts_of(rows)) if self.own.reads == "tfidf" else None
        given, drawn = self.given(rows, idf), seed % 2**32
        # Its own copy, so that no training can change what another one reads.
        reported = labels.copy()
        with threadpool_limits(self.threads):
            if start is None:
                fitted = self.own.fit(given, reported, drawn)
            else:
                before = self.restore(start).fitted
                fitted = self.own.fit_from(given, reported, drawn, before)
        if not callable(getattr(fitted, "probabilities", None)):
            raise InputError(
                KEY,
                f"{self.foreign!r}: what it trains is a {type(fitted).__name__} without"
                " probabilities(rows)",
                "fit is to return an object that has it",
            )
        classifier = ForeignClassifier(self, fitted, idf)
        said = classifier.probabilities(rows).astype(np.float64)
        right = np.where(labels, said, 1.0 - said)
        classifier.loss = float(-np.log(np.maximum(right, _SURE)).mean())
        return classifier

    def restore(self, state: State) -> ForeignClassifier:
        """The classifier with the given arrays.

        Raises:
            InputError: it does not define ``state`` and ``restore``.
        """
        if not self.keeps_state:
            raise self._refusal_of_keeping()
        theirs = {name: values for name, values in state.items() if name != _IDF}
        return ForeignClassifier(self, self.own.restore(theirs), state.get(_IDF))

    def given(self, rows: Rows, idf: NDArray[np.float64] | None) -> Any:
        """Rows as the class reads them, in arrays that it cannot change for others."""
        if isinstance(rows, Texts):
            return rows.read_only()
        found = counts_of(rows)
        return (found if idf is None else tfidf(found, idf)).copy()

    def _refusal_of_warmth(self) -> InputError:
        return InputError(
            "platform.retrain",
            f'"warm", and {self.foreign!r} cannot go on from a classifier',
            'define fit_from, state and restore, or platform.retrain = "scratch"',
        )

    def _refusal_of_keeping(self) -> InputError:
        return InputError(
            KEY,
            f"{self.foreign!r} cannot put down a classifier, and a later question to it is due",
            "define state and restore, or choose a collective.strategy that asks the platform"
            " nothing (neither erasure nor adaptive unplanting)",
        )


class ForeignClassifier:
    """A classifier of the user's, with the idf that it was trained with."""

    def __init__(
        self, learner: ForeignLearner, fitted: OwnClassifier, idf: NDArray[np.float64] | None
    ) -> None:
        self.loss = float("nan")
        self.fitted = fitted
        self._learner, self._idf = learner, idf

    @property
    def state(self) -> State:
        """Its arrays; none of a learner that cannot put them down."""
        learner = self._learner
        if not learner.keeps_state:
            return {}
        found = checked_state(learner.own.state(self.fitted), learner.foreign, _IDF)
        return found if self._idf is None else {**found, _IDF: self._idf}

    def probabilities(self, rows: Rows) -> NDArray[np.float32]:
        """The probability of each label, float32, shape (n, L).

        Raises:
            InputError: it says something else than probabilities.
        """
        learner = self._learner
        with threadpool_limits(learner.threads):
            said = self.fitted.probabilities(learner.given(rows, self._idf))
        return checked_probabilities(said, (len(rows), learner.labels), learner.foreign)
