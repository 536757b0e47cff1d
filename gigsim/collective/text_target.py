"""A model of the collective's own, and what members submit so that the platform learns it.

For a platform that minimises a convex loss (``linear``). The collective wants the classifier of
period 0 with one thing changed: the weight of its token for the label y* is raised just so far that
a wanted share of people, showing the token, would be given y*. That is θ*. Each follower then picks
one edit of his *own* resume, a version (as found, or with the token) and whether to report y*, so
that all picks together cancel the gradient at θ* of the loss over what everybody submits. With
labels alone (``label_only``) the version is as found.

What it takes, and is taken as known, as Theorem 7 does: the platform's loss and features, and what
the others submit. The idf is refitted at each retraining and the token's falls the more plant it;
the plan goes by the idf of what it makes people submit, found by iterating.

Do not expect θ* to be reached. A resume teaches all of its words along with the token, and what a
few dozen resumes teach in a thousand directions cannot be cancelled by the same few dozen: the
distance that is left is the result, and it is reported beside what Theorem 7's reasoning allows.

Source: Hardt et al. (2023), Theorem 7 (gradient-cancelling). The choice of θ* and the pool of
feasible resumes are ours. Distance: scikit-learn's loss ½‖w‖² + C·Σ log-loss, with its intercept
minimised out, is 1-strongly convex in w, so ‖ŵ − w*‖ is at most the norm of its gradient at w*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import brentq
from scipy.special import expit

from gigsim.collective.strategies import FOUND, PLANTED, Edits, nothing
from gigsim.errors import InputError
from gigsim.learners.protocol import State
from gigsim.learners.tfidf import inverse_frequencies, tfidf
from gigsim.theory.gaps import Floats
from gigsim.theory.member_choices import frank_wolfe_members

#: Plans that are looked at beside nobody's edits: first that all plant, then each is made for the
#: idf that the one before it would cause. The best by the idf that it causes itself is taken.
_ROUNDS = 3

#: How hard to look for the best picks. Measured with 30 to 600 members: ten times the effort leaves
#: a gradient that is 1 to 3 % smaller.
_ITERATIONS, _TOLERANCE, _KICKS = 40, 0.02, 2

#: Intercepts looked through; the loss is minimised within, whatever the share of y*.
_FAR = 700.0


class Distance(NamedTuple):
    """How far the platform is from the collective's model.

    Attributes:
        left: ‖ŵ − w*‖ over the words' weights for y*.
        bound: what it is at most by strong convexity: the norm of the gradient at w*.
        start: ‖w₀ − w*‖ from the weights of period 0, read with today's idf, on which w* depends.
    """

    left: float
    bound: float
    start: float


@dataclass(frozen=True, eq=False)
class TextTarget:
    """θ*, for each idf, and the ways to it.

    Attributes:
        weights: float64, shape (words,): those of period 0 for y*.
        intercept: that of period 0.
        tokens: the ids that the token is read as.
        column: of y* among the labels.
        penalty: C of the platform's loss.
        share: of people that θ* would give y* with the token.
    """

    weights: Floats
    intercept: float
    tokens: NDArray[np.int64]
    column: int
    penalty: float
    share: float

    @classmethod
    def of(
        cls, state: State, tokens: NDArray[np.int64], column: int, penalty: float, share: float
    ) -> TextTarget:
        """From the linear classifier of period 0.

        Raises:
            InputError: y* is everybody's or nobody's, and that classifier has no finite weights.
        """
        intercept = float(state["intercepts"][column])
        if not np.isfinite(intercept):
            raise InputError(
                "collective.target",
                "everybody or nobody of the population carries it, so there is no model to start"
                " from",
                "a label that some carry",
            )
        return cls(state["weights"][column].copy(), intercept, tokens, column, penalty, share)

    def model(self, planted: sparse.csr_array, idf: Floats) -> Floats:
        """w*, float64, shape (words,), for features by this idf.

        Args:
            planted: counts of everybody's resume with the token, shape (N, words).
            idf: shape (words,).
        """
        features = tfidf(planted, idf)
        missing = -(features @ self.weights + self.intercept)
        token = np.asarray(features[:, self.tokens].sum(axis=1)).ravel()
        # Who does not show the token, cut off or without a weight, is not to be had by it.
        seen = token > 0
        raised = self.weights.copy()
        if seen.any():
            needed = np.sort(missing[seen] / token[seen])
            place = min(int(np.ceil(self.share * len(needed))), len(needed)) - 1
            # Just over, as a label is given above one half.
            raised[self.tokens] += max(0.0, np.nextafter(needed[place], np.inf))
        return raised

    def plan(
        self,
        found: sparse.csr_array,
        planted: sparse.csr_array,
        labels: NDArray[np.bool_],
        follows: NDArray[np.bool_],
        *,
        versions: bool,
        generator: np.random.Generator,
    ) -> Edits:
        """What everybody submits.

        Args:
            found: counts of everybody's resume as found, shape (N, words).
            planted: with the token.
            labels: bool, shape (N, L): true label sets.
            follows: bool, shape (N,).
            versions: may members plant the token (``gradient_cancelling``), or change their labels
                only (``label_only``)?
            generator: breaks the order of members while choices are made whole.
        """
        everybody = nothing(labels)
        if not follows.any():
            return everybody
        shown = (FOUND, PLANTED) if versions else (FOUND,)
        # Each option: a version, and whether y* is reported.
        options = [(v, y) for v in shown for y in (False, True)]
        pick_version = np.array([v for v, _ in options], dtype=np.int8)
        pick_label = np.array([y for _, y in options])
        # The first idf is that of a collective that plants and reports y*: where nobody else shows
        # the token, it has no weight before somebody does.
        plan = Edits(np.where(follows, shown[-1], FOUND).astype(np.int8), labels.copy())
        plan.labels[follows, self.column] = True
        best, least = everybody, self._part_left(found, planted, everybody)
        for remaining in reversed(range(_ROUNDS)):
            left = self._part_left(found, planted, plan)
            if left < least:
                best, least = plan, left
            if not remaining:
                break
            idf = inverse_frequencies(_pick(found, planted, plan.version))
            choice = self._choose(found, planted, labels, follows, options, idf, generator)
            version, reported = everybody.version.copy(), labels.copy()
            version[follows] = pick_version[choice]
            reported[follows, self.column] = pick_label[choice]
            plan = Edits(version, reported)
        return best

    def _part_left(self, found: sparse.csr_array, planted: sparse.csr_array, plan: Edits) -> float:
        """The gradient that a plan leaves at θ*, as a part of the way there is to go.

        By the idf that it causes: the way is longer the less the token weighs. Infinite where the
        token has no weight at all, so that there is no way.
        """
        rows = _pick(found, planted, plan.version)
        idf = inverse_frequencies(rows)
        wanted = self.model(planted, idf)
        way = float(np.linalg.norm(wanted - self.weights))
        own = plan.labels[:, self.column]
        # Nor is a label that everybody or nobody reports a model of anything.
        if not (idf[self.tokens] > 0).any() or own.all() or not own.any():
            return float("inf")
        gradient = self._left(tfidf(rows, idf), plan.labels, wanted)
        return float(np.linalg.norm(gradient)) / max(way, np.finfo(float).eps)

    def _choose(
        self,
        found: sparse.csr_array,
        planted: sparse.csr_array,
        labels: NDArray[np.bool_],
        follows: NDArray[np.bool_],
        options: list[tuple[int, bool]],
        idf: Floats,
        generator: np.random.Generator,
    ) -> NDArray[np.int8]:
        """The option of each follower that goes best with all others', for this idf."""
        wanted = self.model(planted, idf)
        rest = tfidf(found[~follows], idf)
        base = self._gradients(rest, labels[~follows, self.column], wanted).sum(axis=0)
        base[:-1] += wanted / self.penalty
        counts = {FOUND: found[follows], PLANTED: planted[follows]}
        features = {v: tfidf(counts[v], idf) for v, _ in options}
        everybody = np.ones(int(follows.sum()), dtype=bool)
        pool = [self._gradients(features[v], everybody & y, wanted) for v, y in options]
        return frank_wolfe_members(
            base,
            pool,
            generator=generator,
            iterations=_ITERATIONS,
            tolerance=_TOLERANCE,
            kicks=_KICKS,
        ).choices

    def distance(
        self,
        rows: sparse.csr_array,
        labels: NDArray[np.bool_],
        planted: sparse.csr_array,
        state: State,
    ) -> Distance:
        """How far the classifier that was trained on ``rows`` is from θ*.

        Args:
            rows: counts of what was submitted, shape (n, words).
            labels: bool, shape (n, L): what was reported.
            planted: counts of everybody's resume with the token, shape (N, words).
            state: the classifier.

        Returns:
            NaN throughout where nobody's submission shows the token.
        """
        features = tfidf(rows, state["idf"])
        wanted = self.model(planted, state["idf"])
        if not (state["idf"][self.tokens] > 0).any():
            # Nobody shows the token: it has no weight, and there is no model to be after.
            return Distance(float("nan"), float("nan"), float("nan"))
        gradient = self._left(features, labels, wanted)
        return Distance(
            left=float(np.linalg.norm(state["weights"][self.column] - wanted)),
            bound=float(np.linalg.norm(gradient)),
            start=float(np.linalg.norm(self.weights - wanted)),
        )

    def _left(
        self, features: sparse.csr_array, labels: NDArray[np.bool_], wanted: Floats
    ) -> Floats:
        """Gradient at w* of the loss with its intercept minimised out, float64, shape (words,)."""
        own = labels[:, self.column]
        scores = features @ wanted
        # The best intercept for w*: the rates add up. A label that all report alike has none.
        if own.all() or not own.any():
            intercept = np.inf if own.all() else -np.inf
        else:
            reach = _FAR + np.abs(scores).max()
            intercept = brentq(lambda b: (expit(scores + b) - own).sum(), -reach, reach)
        return wanted + self.penalty * (features.T @ (expit(scores + intercept) - own))

    def _gradients(
        self, features: sparse.csr_array, reports: NDArray[np.bool_], wanted: Floats
    ) -> sparse.csr_array:
        """Of each row's loss at θ*, sparse, shape (n, words + 1): the last for the intercept."""
        residual = expit(features @ wanted + self.intercept) - reports
        with_one = sparse.hstack([features, np.ones((features.shape[0], 1))], format="csr")
        return sparse.csr_array(with_one.multiply(residual[:, None]))


def _pick(
    found: sparse.csr_array, planted: sparse.csr_array, version: NDArray[np.int8]
) -> sparse.csr_array:
    """Each one's row of counts in the version that is submitted."""
    order = np.arange(len(version)) + len(version) * (version == PLANTED)
    return sparse.vstack([found, planted], format="csr")[order]
