"""How far are real learners from Bayes on the language, and does the bound survive knowing it?

    python benchmarks/certified_epsilon.py [--alphas 0.005 0.02 0.05] [--seeds 1]

2,000 resumes of the built-in language, a signal that 1 % carry anyway, random members who plant it
and report the target alone (feature-label), recipes as they are by default. S is measured on
held-out texts. The slack of the trained classifier is certified on *other* fresh texts, against the
exact law of what was submitted, with one-sided limits; every bound with ε below holds with 95 %
(the risks of its limits added up). One line a learner, share, seed and reading:

* S and its standard error; ε: mean slack, its upper limit (Bernstein), and the slack that at most
  10 % of texts exceed (upper limit);
* the nominal bounds with ε = 0: Theorem 1 with the language's floor for Δ, and its averaged form at
  the upper limit of κ;
* the bounds with ε: ``mean`` from the mean slack, ``per x`` from the best quantile of it;
* whether S is at least each bound (``ok``, ``BROKEN``); ``vacuous`` is a bound not above 0.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gigsim.collective.signals import Signal
from gigsim.collective.strategies import feature_label
from gigsim.config import Config
from gigsim.learners.protocol import Classifier, Learner, Rows, make_learner
from gigsim.learners.reading import Reading, read
from gigsim.learners.recipes import LinearRecipe, TransformerRecipe
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language_file import load_language
from gigsim.resumes.law import LanguageLaw
from gigsim.streams import Streams
from gigsim.theory.epsilon import (
    certify_sample,
)
from gigsim.theory.estimates import mean_gap
from gigsim.theory.gaps import (
    deficit_any,
    deficit_top1,
    gap_any_from_floor,
    gap_top1_from_floor,
)
from gigsim.theory.mixture import planted_marginals
from gigsim.theory.planting import (
    Goal,
    feature_label_bound,
    feature_label_bound_averaged,
)
from gigsim.theory.slack import feature_label_bound_mean_slack
from gigsim.theory.slack_profile import feature_label_bound_slack_profile
from gigsim.theory.text_slack import slack_any, slack_top1

RECIPES = {"linear": LinearRecipe(), "transformer": TransformerRecipe()}
GOALS: tuple[Goal, Goal] = ("top1", "any")
SIZE, XI, LEVEL = 2000, 0.01, 0.95
#: Texts that S is measured on, and others that the slack is certified on.
MEASURED, CERTIFIED = 5_000, 20_000


@dataclass(frozen=True, eq=False)
class Texts:
    """Resumes as one learner reads them, and P0(label in Y | x) of each."""

    reading: Reading
    marginals: np.ndarray


def read_all(law: LanguageLaw, learner: Learner, corpus: Corpus, carriers: np.ndarray) -> Texts:
    """The texts as found and planted."""
    section = Config().collective.signal
    reading = read(
        corpus,
        learner.vocabulary(corpus, law.words),
        Signal(section.token, section.every, section.reserve),
        carriers=carriers,
        limit=learner.limit,
        learner=learner.name,
        ordered=learner.ordered,
    )
    assert learner.limit is None or max(reading.planted.lengths) < learner.limit
    return Texts(reading, law.marginals(corpus))


def train(
    learner: Learner, people: Texts, labels: np.ndarray, target: int, alpha: float, streams: Streams
) -> Classifier:
    """A platform on what people submit when a random share plants."""
    n = len(labels)
    rank = streams.uniform("members", size=n).argsort().argsort()
    member = rank < round(alpha * n)
    both = learner.represent(
        type(people.reading.found).concatenate([people.reading.found, people.reading.planted]),
        people.reading.size,
    )
    rows = both.take(np.arange(n) + n * member)
    return learner.fit(
        rows, feature_label(labels, member, target, "replace"), streams.seed_for("training")
    )


def probabilities(learner: Learner, classifier: Classifier, texts: Texts) -> np.ndarray:
    """What it says of the planted texts, shape (n, L)."""
    rows: Rows = learner.represent(texts.reading.planted, texts.reading.size)
    return classifier.probabilities(rows)


def lines(
    law: LanguageLaw,
    target: int,
    alpha: float,
    measured: np.ndarray,
    certified: np.ndarray,
    texts: Texts,
) -> Iterator[tuple[Goal, str]]:
    """One line a reading of success.

    Args:
        law: the language.
        target: column of y*.
        alpha: share that planted.
        measured: probabilities on the texts that S is measured on, signal planted, shape (k, L).
        certified: the same on the texts of the certificate, shape (n, L).
        texts: those of the certificate.
    """
    submitted = planted_marginals(texts.marginals, target, alpha, XI)
    floor, ceiling = law.floor(target), law.ceiling(target)
    for goal in GOALS:
        if goal == "any":
            won = measured[:, target] > 0.5
            slack = slack_any(submitted[:, target], certified[:, target] > 0.5)
            deficits = deficit_any(texts.marginals[:, target])
            gap = gap_any_from_floor(floor)
        else:
            won = measured.argmax(axis=1) == target
            slack = slack_top1(submitted, certified.argmax(axis=1))
            deficits = deficit_top1(texts.marginals, target)
            gap = gap_top1_from_floor(floor, ceiling)
        success, error = won.mean(), np.sqrt(won.mean() * (1 - won.mean()) / len(won))
        # Two limits in the mean form: their risks add up.
        mean = certify_sample(slack, level=(1 + LEVEL) / 2, method="bernstein")
        gaps = mean_gap(deficits, level=(1 + LEVEL) / 2, method="hoeffding")
        kappa = XI * gaps.upper
        nominal = float(feature_label_bound(alpha, xi=XI, gap=gap))
        averaged = float(feature_label_bound_averaged(alpha, kappa=kappa))
        by_mean = float(
            feature_label_bound_mean_slack(alpha, xi=XI, kappa=kappa, slack=mean.mean_upper)
        )
        per_x = float(feature_label_bound_slack_profile(alpha, slack, xi=XI, gap=gap, level=LEVEL))
        verdicts = [
            "vacuous" if bound <= 0 else "ok" if success >= bound else "BROKEN"
            for bound in (nominal, averaged, by_mean, per_x)
        ]
        numbers = "  ".join(
            f"{bound:7.3f} {verdict:7s}"
            for bound, verdict in zip((nominal, averaged, by_mean, per_x), verdicts, strict=True)
        )
        yield (
            goal,
            f"{success:.3f} ±{error:.3f}  {mean.mean:.4f}  {mean.mean_upper:.4f}"
            f"  {mean.quantiles[0.1]:.4f}  {numbers}",
        )


def main() -> None:
    """Train, certify and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alphas", type=float, nargs="+", default=[0.005, 0.02, 0.05])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--learners", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    options = parser.parse_args()
    law = LanguageLaw(load_language())
    target = law.label_names.index(Config().collective.target)
    print(f"N = {SIZE}, xi = {XI}, target {law.label_names[target]}, {law.origin}")
    print(
        "learner      alpha  seed  goal  S              eps     upper   q=.1  "
        "  Theorem 1        averaged         mean eps         per-x eps        seconds"
    )
    for name in options.learners:
        learner = make_learner(RECIPES[name], labels=len(law.label_names))
        for seed in range(1, options.seeds + 1):
            streams = Streams(seed)
            population = law.sample(SIZE, streams.generator("population"))
            carriers = streams.uniform("carriers", size=SIZE) < XI
            people = read_all(law, learner, population, carriers)
            measured, certified = (
                read_all(law, learner, corpus, np.zeros(len(corpus), dtype=bool))
                for corpus in (
                    law.sample(MEASURED, streams.generator("measured")),
                    law.sample(CERTIFIED, streams.generator("certified")),
                )
            )
            for alpha in options.alphas:
                began = time.process_time()
                classifier = train(learner, people, population.labels, target, alpha, streams)
                seconds = time.process_time() - began
                share = round(alpha * SIZE) / SIZE
                said = [probabilities(learner, classifier, t) for t in (measured, certified)]
                for goal, line in lines(law, target, share, said[0], said[1], certified):
                    print(
                        f"{name:11s}  {share:.3f}  {seed:4d}  {goal:4s}  {line}  {seconds:6.1f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
