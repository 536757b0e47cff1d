"""What a corpus says of ξ, κ, p and τ, for one signal and one target: the numbers of the theorems.

A corpus is a sample of P0. Its resumes are read as the linear learner reads them, and P0(label in
Y|x) is estimated out of fold: near-duplicate clusters are dealt to folds, and each resume gets the
probabilities of linear classifiers that saw neither it nor its near-duplicates. What each number
assumes:

====== ================================ ==========================================================
number from                             assumes
====== ================================ ==========================================================
ξ      clusters with a resume in X*     clusters are independent draws; nothing else
κ      d⁺ of the carriers, if there are also that the probabilities are calibrated, text by text;
       thirty clusters of them          noise in them inflates d⁺ on average, smoothness hides gaps
κ      d⁺ of all resumes with the       besides, that the signal goes with no text and no label,
       signal planted, if there are not like a token that nobody has a reason to use
p      P(y* in Y|x), one a cluster      as κ; ``theory.floors``
τ      largest change of a probability  as κ; and that texts without the signal which had it read
       when the signal is taken out     like texts that never had it
====== ================================ ==========================================================

So ξ has a true confidence limit; limits of the others are those of sampling alone, and the bounds
with them are estimates. Δ is a maximum over X* and cannot be estimated: it stays at its worst, 1.
Every bound is vacuous where the limit of ξ is about as large as α (``planting.foot``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.collective.signals import Signal
from gigsim.errors import InputError
from gigsim.learners.linear import CountRows, LinearLearner
from gigsim.learners.reading import read
from gigsim.learners.recipes import LinearRecipe
from gigsim.resumes.corpus import Corpus
from gigsim.theory.estimates import MeanGap, SignalEstimate, mean_gap, signal_estimate
from gigsim.theory.floors import feature_only_bound_profile, floor_quantile
from gigsim.theory.gaps import Floats, deficit_any, deficit_top1
from gigsim.theory.planting import Goal

#: Clusters of carriers from which on their own deficits are averaged (the CLT's rule of thumb).
ENOUGH = 30

#: Groups of resumes of equal size, by probability, for :attr:`CorpusFacts.miscalibration`.
_GROUPS = 10


@dataclass(frozen=True, eq=False)
class CorpusFacts:
    """What is known of one corpus, signal, target and reading of success.

    Attributes:
        target: the label y*.
        column: its column.
        signal: g.
        goal: the reading of success that ``known`` and ``tau`` are for.
        level: confidence of each limit.
        clusters: int64, shape (n,): near-duplicates share a number; 0, 1, ... without gaps.
        carrier: bool, shape (n,): resumes in X*, as the linear learner reads them.
        contains: bool, shape (n,): resumes in which the signal occurs at all.
        found: P(l in Y|x) of each resume as it is, out of fold, float64, shape (n, L).
        planted: the same with the signal planted.
        cleaned: the same without the signal.
        base_rate: share of resumes that carry y*.
        known: ξ and κ with their limits, Δ = 1: :meth:`estimate` of the goal's deficit.
        tau: mean over resumes of max_l |P(l|x) − P(l|g(x))|, g taking the signal out (``any``: of
            y* alone), and its upper limit.
        miscalibration: mean distance between predicted and observed frequency of y* in ten groups
            of equal size, ordered by prediction; 0 is calibrated.
    """

    target: str
    column: int
    signal: Signal
    goal: Goal
    level: float
    clusters: NDArray[np.int64]
    carrier: NDArray[np.bool_]
    contains: NDArray[np.bool_]
    found: Floats
    planted: Floats
    cleaned: Floats
    base_rate: float
    known: SignalEstimate
    tau: MeanGap
    miscalibration: float

    @property
    def kappa_from(self) -> Literal["carriers", "planted"]:
        """Which deficits κ is the mean of; see the module for what either assumes."""
        return _kappa_from(self.clusters, self.carrier)

    @property
    def target_probabilities(self) -> Floats:
        """P(y* in Y|x) of the first resume of each cluster, shape (clusters,): a sample for p."""
        return self.found[np.unique(self.clusters, return_index=True)[1], self.column]

    def estimate(self, deficits: Callable[[Floats], ArrayLike]) -> SignalEstimate:
        """ξ and κ for a deficit of one's own, such as that of unplanting.

        Args:
            deficits: from marginals, shape (k, L), to d(x) in [−1, 1], shape (k,).
        """
        return _estimate(
            deficits, self.clusters, self.carrier, self.found, self.planted, self.level
        )

    def floor(self, q: float) -> float:
        """The p with P0{x: P0(y* in Y|x) < p} ≤ q (``theory.floors.floor_quantile``)."""
        return floor_quantile(self.target_probabilities, q, self.level)

    def feature_only_bound(self, alpha: ArrayLike, *, evasive: bool = False) -> Floats:
        """The best of all relaxed bounds of Theorem 3 (``theory.floors``), at the limit of ξ.

        The limits of ξ and of p each take half of the risk, so the bound holds with ``level`` as
        far as the probabilities are right.

        Args:
            alpha: share in the collective, with or without y*, in [0, 1], any shape.
            evasive: do members without y* take the signal out?
        """
        joint = (1 + self.level) / 2
        estimated = _xi(self.clusters, self.carrier, joint)
        return feature_only_bound_profile(
            alpha,
            self.target_probabilities,
            xi=estimated.xi_upper,
            level=joint,
            evasive=evasive,
        )


def corpus_facts(
    corpus: Corpus,
    target: str,
    signal: Signal,
    *,
    folds: int = 5,
    seed: int = 0,
    goal: Goal = "top1",
    level: float = 0.95,
    recipe: LinearRecipe | None = None,
    threads: int = 1,
) -> CorpusFacts:
    """Read a corpus, train out of fold, and put the numbers together.

    The vocabulary is that of the whole corpus (texts, no labels). A word of the corpus as the
    signal needs ``signal.reserve`` false, so that it is read as it always was. 25,000 real resumes
    take some minutes on a core.

    Args:
        corpus: n resumes; both sides of its split are used.
        target: the label y*.
        signal: g; taking it out is what erasing asks for.
        folds: at least 2.
        seed: of the dealing of clusters to folds.
        goal: the reading of success.
        level: confidence of each limit, in (0, 1).
        recipe: of the linear learner; None for the default one.
        threads: of the linear algebra.

    Raises:
        InputError: an unknown target, fewer clusters than folds, a signal that the linear learner
            cannot see, or a training that does not converge.
        ValueError: another number out of its range.
    """
    if target not in corpus.label_names:
        raise InputError(
            "target", f"no label {target!r}", f"one of: {', '.join(corpus.label_names)}"
        )
    if folds < 2:
        raise ValueError(f"folds must be at least 2, got {folds}")
    if goal not in ("any", "top1"):
        raise ValueError(f"goal is 'any' or 'top1', got {goal!r}")
    column = corpus.label_names.index(target)
    clusters = np.unique(corpus.clusters, return_inverse=True)[1].astype(np.int64)
    count = int(clusters.max(initial=-1)) + 1
    if count < folds:
        raise InputError(
            "corpus",
            f"{count} clusters of near-duplicates for {folds} folds",
            "at least one a fold is needed",
        )
    learner = LinearLearner(recipe or LinearRecipe(), len(corpus.label_names), threads)
    reading = read(
        corpus,
        learner.vocabulary(corpus, None),
        signal,
        carriers=np.zeros(len(corpus), dtype=bool),
        limit=learner.limit,
        learner=learner.name,
        ordered=learner.ordered,
    )
    fold = (np.random.default_rng(seed).permutation(count) % folds)[clusters]
    found, planted, cleaned = _out_of_fold(
        learner,
        [
            learner.represent(texts, reading.size)
            for texts in (reading.found, reading.planted, reading.clean)
        ],
        corpus.labels,
        fold,
    )

    def deficits(marginals: Floats) -> Floats:
        if goal == "any":
            return np.asarray(deficit_any(marginals[:, column]))
        return np.asarray(deficit_top1(marginals, column))

    change = np.abs(found - cleaned)
    change = change[:, column] if goal == "any" else change.max(axis=1)
    carrier = reading.in_signal_set
    return CorpusFacts(
        target=target,
        column=column,
        signal=signal,
        goal=goal,
        level=level,
        clusters=clusters,
        carrier=carrier,
        contains=reading.contains,
        found=found,
        planted=planted,
        cleaned=cleaned,
        base_rate=float(corpus.labels[:, column].mean()),
        known=_estimate(deficits, clusters, carrier, found, planted, level),
        tau=mean_gap(change, clusters, level=level),
        miscalibration=_miscalibration(found[:, column], corpus.labels[:, column]),
    )


def _out_of_fold(
    learner: LinearLearner,
    versions: list[CountRows],
    labels: NDArray[np.bool_],
    fold: NDArray[np.int64],
) -> list[Floats]:
    """Probabilities of each version by classifiers of the other folds' first versions, (n, L)."""
    results = [np.empty(labels.shape) for _ in versions]
    for held in np.unique(fold):
        inside, outside = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        classifier = learner.fit(versions[0].take(outside), labels[outside], 0)
        for result, rows in zip(results, versions, strict=True):
            result[inside] = classifier.probabilities(rows.take(inside))
    return results


def _kappa_from(
    clusters: NDArray[np.int64], carrier: NDArray[np.bool_]
) -> Literal["carriers", "planted"]:
    return "carriers" if len(np.unique(clusters[carrier])) >= ENOUGH else "planted"


def _xi(clusters: NDArray[np.int64], carrier: NDArray[np.bool_], level: float) -> SignalEstimate:
    """ξ alone; near-duplicates are no independent draws, so clusters are counted."""
    return signal_estimate(
        carriers=len(np.unique(clusters[carrier])), inputs=len(np.unique(clusters)), level=level
    )


def _estimate(
    deficits: Callable[[Floats], ArrayLike],
    clusters: NDArray[np.int64],
    carrier: NDArray[np.bool_],
    found: Floats,
    planted: Floats,
    level: float,
) -> SignalEstimate:
    """ξ, κ and their limits; see :class:`CorpusFacts`."""
    whose = carrier if _kappa_from(clusters, carrier) == "carriers" else np.ones_like(carrier)
    marginals = found if whose is carrier else planted
    return signal_estimate(
        carriers=len(np.unique(clusters[carrier])),
        inputs=len(np.unique(clusters)),
        gap_kind="worst",
        deficits=deficits(marginals[whose]),
        clusters=clusters[whose],
        level=level,
    )


def _miscalibration(predicted: Floats, carried: NDArray[np.bool_]) -> float:
    """Mean |predicted − observed| over groups of equal size (up to one), weighted by size."""
    order = np.argsort(predicted, kind="stable")
    groups = [group for group in np.array_split(order, _GROUPS) if len(group)]
    gaps = [abs(float((predicted[g] - carried[g]).mean())) * len(g) for g in groups]
    return sum(gaps) / len(predicted)
