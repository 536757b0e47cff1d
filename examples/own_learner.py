"""A learner of your own on the platform: two scikit-learn classifiers.

    cd examples
    gigsim run default --trust --set platform.learner.kind=own \
        --set platform.learner.path=own_learner:NaiveBayes \
        --set platform.learner.settings.alpha=0.1

``own_learner`` is looked for on Python's path and then in the working directory, and imported
because of ``--trust``. docs/learners.md says what a learner is given, what it has to return, and
what else it may define.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.linear_model import SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import MultinomialNB

import gigsim


class NaiveBayes(gigsim.OwnLearner):
    """Multinomial naive Bayes on counts of words, a label at a time. This is all that it takes."""

    reads = "counts"
    stochastic = False

    def __init__(self, alpha: float = 0.1) -> None:
        self.alpha = alpha

    def fit(self, rows, labels, seed):
        """Train on a sparse matrix (n, words) of counts and label sets (n, L)."""
        return Fitted(OneVsRestClassifier(MultinomialNB(alpha=self.alpha)).fit(rows, labels))


@dataclass
class Fitted:
    """Any multi-label classifier of scikit-learn that knows probabilities."""

    model: OneVsRestClassifier

    def probabilities(self, rows):
        """Shape (n, L)."""
        return self.model.predict_proba(rows)


class Descent(gigsim.OwnLearner):
    """Logistic regression by a few epochs of stochastic gradient descent, on TF-IDF.

    It can put down what it learned as arrays and go on from there. So it also works with
    ``platform.retrain = "warm"``, where the platform lags, and with strategies whose members ask
    the platform what it makes of their resume.
    """

    reads = "tfidf"

    def __init__(self, epochs: int = 5, penalty: float = 1e-5) -> None:
        self.epochs, self.penalty = epochs, penalty

    def fit(self, rows, labels, seed):
        """From zero."""
        return self._descend(rows, labels, seed, np.zeros((self.labels, rows.shape[1] + 1)))

    def fit_from(self, rows, labels, seed, start):
        """From the weights of a classifier."""
        return self._descend(rows, labels, seed, start.weights)

    def state(self, classifier):
        """What there is to know of a classifier."""
        return {"weights": classifier.weights}

    def restore(self, state):
        """The classifier again."""
        return Weights(state["weights"])

    def _descend(self, rows, labels, seed, start):
        weights = start.copy()
        for label, carried in enumerate(labels.T):
            if carried.any() and not carried.all():
                model = SGDClassifier(
                    loss="log_loss",
                    alpha=self.penalty,
                    max_iter=self.epochs,
                    tol=None,
                    random_state=seed,
                )
                model.fit(
                    rows, carried, coef_init=start[label, :-1], intercept_init=start[label, -1:]
                )
                weights[label] = np.append(model.coef_[0], model.intercept_[0])
            else:
                # A label that nobody or everybody carries: there is nothing to separate.
                weights[label] = 0.0
                weights[label, -1] = 30.0 if carried.any() else -30.0
        return Weights(weights)


@dataclass
class Weights:
    """A row a label, its intercept last: shape (L, words + 1)."""

    weights: np.ndarray

    def probabilities(self, rows):
        """Shape (n, L)."""
        return expit(rows @ self.weights[:, :-1].T + self.weights[:, -1])
