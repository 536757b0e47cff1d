"""A learner of the user's own: what a class has to be that the config names by its import path.

The user subclasses :class:`OwnLearner` (as ``gigsim.OwnLearner``) and is given resumes as a
scientific Python program expects them; ``learners.foreign`` makes of it a learner like all others.
docs/learners.md is the how-to, examples/own_learner.py two scikit-learn classifiers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.protocol import State

Reads = Literal["tfidf", "counts", "tokens"]


class OwnClassifier(Protocol):
    """What :meth:`OwnLearner.fit` returns."""

    def probabilities(self, rows: Any) -> NDArray[np.floating]:
        """The probability of each label, shape (n, L), of n resumes as the learner reads them."""
        ...


class OwnLearner:
    """A learner of one's own. Subclass it, define :meth:`fit`, say how it reads.

    Settings of the config are keyword arguments of the class: ``platform.learner.settings.alpha``
    is its ``alpha``. It is made anew in every process, so that whatever is to be remembered between
    trainings is in what :meth:`state` gives.

    Attributes:
        reads: what ``rows`` are. ``"tfidf"``: float64 CSR matrix of shape (n, words), rows of unit
            length, idf fitted on the resumes trained on; ``"counts"``: int32 CSR matrix of that
            shape; ``"tokens"``: :class:`~gigsim.learners.own_rows.Texts`, ids in their order.
        stochastic: do two seeds give two classifiers? One that draws nothing is trained once where
            others are trained several times.
        features: words of the vocabulary, by document frequency on the training side; the built-in
            language has its own whole list.
        limit: the most words read of a resume; None for all.
        labels: number of labels L; set before :meth:`fit` is called.
        threads: that one training may use; set before :meth:`fit` is called. BLAS and OpenMP are
            held to it.
    """

    reads: Reads = "tfidf"
    stochastic: bool = True
    features: int = 30_000
    limit: int | None = None
    labels: int = 0
    threads: int = 1

    def fit(self, rows: Any, labels: NDArray[np.bool_], seed: int) -> OwnClassifier:
        """Train.

        Args:
            rows: n resumes, as ``reads`` says.
            labels: bool, shape (n, L): the label sets handed in. A label may be in all or in none.
            seed: in [0, 2**32): all randomness is to come from it, none from the global state of
                NumPy or torch.
        """
        raise NotImplementedError

    def state(self, classifier: OwnClassifier) -> State:
        """Optional, with :meth:`restore`: a classifier as arrays of numbers, by name.

        Strategies whose members ask the platform (erasure, adaptive unplanting) and a platform that
        retrains warm need it.
        """
        raise NotImplementedError

    def restore(self, state: State) -> OwnClassifier:
        """Optional, with :meth:`state`: the classifier that these arrays are."""
        raise NotImplementedError

    def fit_from(
        self, rows: Any, labels: NDArray[np.bool_], seed: int, start: OwnClassifier
    ) -> OwnClassifier:
        """Optional: :meth:`fit`, going on from a classifier, for ``platform.retrain = "warm"``."""
        raise NotImplementedError


def defines(own: OwnLearner, method: str) -> bool:
    """Has the class a method of its own in the place of one that is optional?"""
    theirs: Callable[..., Any] = inspect.getattr_static(type(own), method)
    return theirs is not inspect.getattr_static(OwnLearner, method)
