"""What a platform needs of a learner: rows and labels in, probabilities out.

A learner sees what a platform sees: submitted rows and submitted labels. Membership, the signal
and clean copies are not in its reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import (
    BayesRecipe,
    FrozenRecipe,
    LinearRecipe,
    OwnRecipe,
    Recipe,
    SurrogateRecipe,
    TableRecipe,
    TransformerRecipe,
)
from gigsim.learners.vocabulary import Vocabulary
from gigsim.resumes.corpus import Corpus
from gigsim.trust import require_here

Precision = Literal["float32", "medium", "bfloat16"]
Device = Literal["cpu", "cuda", "mps"]

#: The weights of a classifier by name.
State = dict[str, NDArray[Any]]


class Rows(Protocol):
    """Texts in the form that a learner trains on: made once, picked from at each retraining."""

    def __len__(self) -> int: ...

    def take(self, rows: NDArray[np.integer]) -> Rows:
        """The given rows (integers, repeats allowed), in the given order."""
        ...

    def append(self, others: Rows) -> Rows:
        """These rows and then the others, which are of the same form."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that they are, by name: equal arrays, equal rows."""
        ...


class Classifier(Protocol):
    """A trained learner.

    Attributes:
        loss: binary cross-entropy at the end of training, mean over rows and labels; NaN for a
            classifier that was restored.
    """

    loss: float

    @property
    def state(self) -> State:
        """Its weights, enough to restore it."""
        ...

    def probabilities(self, rows: Rows) -> NDArray[np.float32]:
        """The probability of each label, float32, shape (n, L)."""
        ...


class Reader(Protocol):
    """How texts are read, whoever learns from them. Small, immutable and picklable."""

    @property
    def name(self) -> str:
        """For errors, such as ``linear``."""
        ...

    @property
    def limit(self) -> int | None:
        """The most pieces that it reads of a text; None for all."""
        ...

    @property
    def ordered(self) -> bool:
        """Whether it sees the order of the pieces, or their counts only."""
        ...

    @property
    def stochastic(self) -> bool:
        """Whether two seeds give two classifiers; a solver of a convex problem draws nothing."""
        ...

    def vocabulary(self, training_side: Corpus, word_list: Sequence[str] | None) -> Vocabulary:
        """How it reads words.

        Args:
            training_side: resumes that the platform may have seen before the run.
            word_list: all the words there are, for the built-in language; None for other corpora.
        """
        ...

    def represent(self, texts: Ragged, vocabulary_size: int) -> Rows:
        """Texts as ids in [0, vocabulary_size), in the form that it trains on."""
        ...


class Learner(Reader, Protocol):
    """A kind of classifier and the recipe for training it. Small, immutable and picklable."""

    @property
    def libraries(self) -> tuple[str, ...]:
        """The modules that it trains with: another version of one may give other bits."""
        ...

    @property
    def quick(self) -> bool:
        """Whether training takes no longer than fetching what was trained before."""
        ...

    def material(self) -> State:
        """What a training starts from beside recipe and seed: the weights of a published encoder.

        Raises:
            InputError: they cannot be loaded.
        """
        ...

    def fit(
        self, rows: Rows, labels: NDArray[np.bool_], seed: int, start: State | None = None
    ) -> Classifier:
        """Train on n rows with labels of shape (n, L), from ``start`` or from scratch.

        The same arguments give the same bits, and no global random state or number of threads is
        changed.

        Raises:
            InputError: the training diverged, or did not converge: the recipe is to be changed.
        """
        ...

    def restore(self, state: State) -> Classifier:
        """The classifier with the given weights."""
        ...


def make_learner(
    recipe: LinearRecipe | TransformerRecipe | FrozenRecipe | TableRecipe | OwnRecipe,
    *,
    labels: int,
    precision: Precision = "float32",
    threads: int = 1,
    device: Device = "cpu",
) -> Learner:
    """The learner of a recipe that is trained on a sample.

    ``bayes`` is trained on nothing (``learners.bayes``), and ``surrogate`` reads no texts at all
    (``learners.surrogate``).

    Args:
        recipe: what to train and how.
        labels: number of labels L.
        precision: of the matrix products in a transformer or a frozen encoder.
        threads: of one training, at least 1.
        device: where a transformer is trained, or a frozen encoder reads; others use the CPU.

    Raises:
        InputError: the device is not there; the recipe is of code that nobody trusts here
            (``gigsim.trust``), or that is no learner.
    """
    # Imported here because each pulls in a large library that the other kind does without.
    if isinstance(recipe, LinearRecipe):
        from gigsim.learners.linear import LinearLearner

        return LinearLearner(recipe, labels, threads)
    if isinstance(recipe, TableRecipe):
        from gigsim.learners.table import TableLearner

        return TableLearner(recipe, labels)
    if isinstance(recipe, OwnRecipe):
        require_here("platform.learner.path", recipe.path)
        from gigsim.learners.foreign import ForeignLearner

        return ForeignLearner(recipe, labels, threads)
    if isinstance(recipe, FrozenRecipe):
        from gigsim.learners.frozen import FrozenLearner

        return FrozenLearner(recipe, labels, precision, threads, device)
    from gigsim.learners.transformer import TransformerLearner

    return TransformerLearner(recipe, labels, precision, threads, device)


def make_reader(
    recipe: Recipe,
    *,
    labels: int,
    precision: Precision = "float32",
    threads: int = 1,
    device: Device = "cpu",
) -> Reader:
    """How the platform of a recipe reads resumes; a :class:`Learner` where it trains on them.

    Arguments as for :func:`make_learner`.

    Raises:
        InputError: as there.
        TypeError: the recipe is a surrogate's, which reads no resumes.
    """
    if isinstance(recipe, SurrogateRecipe):
        raise TypeError("a surrogate reads no resumes")
    if isinstance(recipe, BayesRecipe):
        from gigsim.learners.bayes import BayesReader

        return BayesReader()
    return make_learner(recipe, labels=labels, precision=precision, threads=threads, device=device)
