"""The built-in language as an exact world: what a Bayes platform does for each strategy.

Texts are drawn from the language, so success is a Monte Carlo average over *texts*. Everything else
is exact: the labels of a text are not drawn, their law is known, and so is the law of what people
submit at every share α. Read with the texts as drawn for the whole of X, the world is exact
altogether, and a bound that is put together from the same texts must hold without any allowance.

Two kinds of signal:

* a token that the language never writes, carried by a share ξ of base resumes whatever their words
  and labels are: for planting (``feature_label``, ``feature_only``) and ``unplanting``;
* a word of the language, which does say something about the labels: for ``erasure``, where g takes
  all its occurrences out.

A tie counts as failure throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.resumes.corpus import Corpus
from gigsim.resumes.law import LanguageLaw
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.mixture import planted_marginals
from gigsim.theory.planting import Goal, LabelSets

Strategy = Literal["feature_label", "feature_only", "unplanting", "erasure"]


class TextAverage(NamedTuple):
    """A mean over texts and its standard error, both in the shape of α."""

    mean: Floats
    standard_error: Floats


@dataclass(frozen=True)
class Plan:
    """What members do, in the terms of the config's ``collective``.

    Attributes:
        strategy: the strategy.
        label_sets: ``replace`` or ``extend`` (``collective.reports``; not for feature_only).
        evasive: do members without y* take the signal out (feature_only)?
        wrong_label: probability of a wrong label in [0, 1] (feature_label).
        adaptive: is the label reported in place of y* the likeliest of the text, or one for all,
            the most frequent (unplanting with replaced sets)?

    Raises:
        ValueError: an option that is not one of the strategy's.
    """

    strategy: Strategy
    label_sets: LabelSets = "replace"
    evasive: bool = False
    wrong_label: float = 0.0
    adaptive: bool = False

    def __post_init__(self) -> None:
        own = {"feature_label": "wrong_label", "feature_only": "evasive", "unplanting": "adaptive"}
        for name in ("wrong_label", "evasive", "adaptive"):
            if getattr(self, name) and own.get(self.strategy) != name:
                raise ValueError(f"{name} is no option of {self.strategy}")


@dataclass(frozen=True, eq=False)
class LanguageWorld:
    """Texts of the language, with all that is known of them.

    Attributes:
        law: the language.
        target: column of y*.
        xi: ξ of the planted token, in [0, 1].
        word: the word that an erasing collective would have ignored; "" for none.
        texts: n resumes; their drawn labels are not used.
        marginals: m_l(x) = P0(l in Y|x), shape (n, L).
        pairs: P0(l and y* in Y|x), shape (n, L).
        cleaned: m_l(g(x)), the text without the word, shape (n, L).
        carries: bool, shape (n,): the texts that the word is in.
    """

    law: LanguageLaw
    target: int
    xi: float
    word: str
    texts: Corpus
    marginals: Floats
    pairs: Floats
    cleaned: Floats
    carries: NDArray[np.bool_]

    @classmethod
    def draw(
        cls,
        law: LanguageLaw,
        target: int,
        n: int,
        generator: np.random.Generator,
        *,
        xi: float = 0.0,
        word: str = "",
    ) -> LanguageWorld:
        """A world of ``n`` independent texts.

        Args:
            law: the language.
            target: column of y*, in [0, L).
            n: texts, at least 1.
            generator: source of the texts.
            xi: ξ of the planted token, in [0, 1].
            word: a word of the language, or "".

        Raises:
            ValueError: a number out of its range, or no such word.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        if not 0 <= target < len(law.label_names):
            raise ValueError(f"target is one of {len(law.label_names)} columns, got {target}")
        if word and word not in law.words:
            raise ValueError(f"{word!r} is no word of the language")
        texts = law.sample(n, generator)
        marginals = law.marginals(texts)
        shorter = texts.without([word])
        carries = shorter.lengths < texts.lengths
        cleaned = marginals.copy()
        # A text without any word is read as π, the limit of what short texts say.
        cleaned[carries] = law.marginals(shorter.select(np.flatnonzero(carries)))
        return cls(
            law=law,
            target=target,
            xi=float(unit_interval("xi", xi)),
            word=word,
            texts=texts,
            marginals=marginals,
            pairs=law.pair_marginals(texts, target),
            cleaned=cleaned,
            carries=carries,
        )

    def probabilities(self, alpha: float, plan: Plan) -> Floats:
        """P(l in Y|g(x)) of what is submitted, at the texts with the token planted, shape (n, L).

        Args:
            alpha: share of the people who follow, in [0, 1]; members are a random share.
            plan: any but ``erasure``.

        Raises:
            ValueError: a share out of its range, or ``erasure`` (:meth:`erased`).
        """
        if plan.strategy == "erasure":
            raise ValueError("nothing is planted by erasure")
        if plan.strategy != "unplanting":
            return planted_marginals(
                self.marginals,
                self.target,
                alpha,
                self.xi,
                strategy=plan.strategy,
                label_sets=plan.label_sets,
                evasive=plan.evasive,
                wrong_label=plan.wrong_label,
                pairs=self.pairs,
            )
        share = float(unit_interval("alpha", alpha))
        carriers = (1 - share) * self.xi
        if carriers + share == 0:
            return self.marginals.copy()
        reported = self._without_target(plan)
        return (carriers * self.marginals + share * reported) / (carriers + share)

    def erased(self, alpha: float, label_sets: LabelSets) -> tuple[Floats, Floats]:
        """P(l in Y|x) and P(l in Y|g(x)) of what is submitted to erase the word, each (n, L).

        Members keep their texts. ``replace`` reports the likeliest label of g(x) alone; ``extend``
        keeps one's own labels and has y* among them iff P0(y* in Y|g(x)) > ½.

        Args:
            alpha: share of the people who follow, in [0, 1].
            label_sets: see above.
        """
        share = float(unit_interval("alpha", alpha))
        if label_sets == "replace":
            labels = self.marginals.shape[1]
            reported = np.eye(labels)[self.cleaned.argmax(axis=1)]
            found = (1 - share) * self.marginals + share * reported
            return found, (1 - share) * self.cleaned + share * reported
        if label_sets != "extend":
            raise ValueError(f"label_sets is 'replace' or 'extend', got {label_sets!r}")
        held = (self.cleaned[:, self.target] > 0.5).astype(np.float64)
        both = self.marginals.copy(), self.cleaned.copy()
        for submitted in both:
            own = submitted[:, self.target]
            submitted[:, self.target] = (1 - share) * own + share * held
        return both

    def won(self, alpha: float, plan: Plan, goal: Goal) -> NDArray[np.bool_]:
        """On which texts the Bayes platform does what the collective is after, bool, shape (n,).

        Planting: f(g(x)) gives y*. Unplanting: it does not. Erasing: f(x) = f(g(x)), the answer
        being whether y* is in the set (``any``) or the top label (``top1``).

        Args:
            alpha: share of the people who follow, in [0, 1].
            plan: what they do.
            goal: the reading of success.

        Raises:
            ValueError: a share out of its range or an unknown goal.
        """
        if goal not in ("any", "top1"):
            raise ValueError(f"goal is 'any' or 'top1', got {goal!r}")
        if plan.strategy == "erasure":
            found, cleaned = (
                _answers(submitted, self.target, goal)
                for submitted in self.erased(alpha, plan.label_sets)
            )
            # A text without the word is its own g(x), tie or not.
            return ((found == cleaned) & (found >= 0)) | ~self.carries
        submitted = self.probabilities(alpha, plan)
        if goal == "any":
            ahead = submitted[:, self.target] - 0.5
        else:
            rivals = np.delete(submitted, self.target, axis=1)
            ahead = submitted[:, self.target] - rivals.max(axis=1)
        return ahead < 0 if plan.strategy == "unplanting" else ahead > 0

    def success(self, alpha: ArrayLike, plan: Plan, goal: Goal) -> TextAverage:
        """S(α), the mean of :meth:`won` over the texts, with its standard error.

        Args:
            alpha: shares in [0, 1], any shape.
            plan: what members do.
            goal: the reading of success.
        """
        shares = np.asarray(alpha, dtype=np.float64)
        mean = np.array([self.won(a, plan, goal).mean() for a in shares.ravel()])
        mean = mean.reshape(shares.shape)
        error = np.sqrt(mean * (1 - mean) / len(self.marginals))
        return TextAverage(mean[()], error[()])

    def _without_target(self, plan: Plan) -> Floats:
        """P*(l in Y|g(x)) of an unplanting collective, shape (n, L)."""
        if plan.label_sets == "extend":
            own = self.marginals.copy()
            own[:, self.target] = 0.0
            return own
        if plan.label_sets != "replace":
            raise ValueError(f"label_sets is 'replace' or 'extend', got {plan.label_sets!r}")
        scores = self.marginals if plan.adaptive else self.law.base_rates
        rivals = np.where(np.arange(self.marginals.shape[1]) == self.target, -np.inf, scores)
        other = np.broadcast_to(rivals.argmax(axis=-1), len(self.marginals))
        return np.eye(self.marginals.shape[1])[other]


def _answers(submitted: Floats, target: int, goal: Goal) -> NDArray[np.int64]:
    """What the Bayes platform answers, as a number; −1 for a tie."""
    if goal == "any":
        own = submitted[:, target]
        return np.where(own == 0.5, -1, own > 0.5)
    second, first = np.sort(submitted, axis=1)[:, -2:].T
    return np.where(first == second, -1, submitted.argmax(axis=1))
