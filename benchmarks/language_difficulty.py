"""Is the built-in language as hard as real resumes? The linear learner on both, at equal size.

    python benchmarks/language_difficulty.py corpus.npz [--sizes 500 2000] [--seeds 3]

Real resumes are cut to their first 120 words that the language knows, as the language was fitted.
Prints micro-F1 and top-1 on held-out resumes, and what the exact posterior reaches.
"""

from __future__ import annotations

import argparse

import numpy as np

from gigsim.learners.linear import LinearLearner
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import LinearRecipe
from gigsim.measures.success import f1_micro
from gigsim.resumes.corpus import Corpus, load_corpus
from gigsim.resumes.language_file import load_language
from gigsim.resumes.language_words import heads
from gigsim.resumes.posterior import label_marginals


def scores(training: Corpus, test: Corpus) -> tuple[float, float]:
    """Micro-F1 and top-1 over all test resumes."""
    learner = LinearLearner(LinearRecipe(), len(training.label_names))
    train_rows, test_rows = (
        learner.represent(Ragged(c.tokens.astype(np.int32), c.offsets), len(c.words))
        for c in (training, test)
    )
    probabilities = learner.fit(train_rows, training.labels, 0).probabilities(test_rows)
    return f1_micro(probabilities, test.labels), top1(probabilities, test)


def top1(probabilities: np.ndarray, test: Corpus) -> float:
    """Share of resumes whose top label is true."""
    return float(test.labels[np.arange(len(test)), probabilities.argmax(axis=1)].mean())


def main() -> None:
    """Print one line a size and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    language = load_language()
    short = heads(load_corpus(options.corpus), language.words, 120)
    short = short.select(np.flatnonzero(short.lengths >= 20))
    training, test = short.training_side(), short.select(np.flatnonzero(short.test_side))
    print("   n  seed  real F1/top-1  language F1/top-1  exact posterior F1/top-1")
    for n in options.sizes:
        for seed in range(options.seeds):
            rng = np.random.default_rng(seed)
            real = scores(training.select(rng.permutation(len(training))[:n]), test)
            written = language.sample(len(test), rng, test_side=True)
            own = scores(language.sample(n, rng), written)
            exact = label_marginals(language, written)
            best = f1_micro(exact.astype(np.float32), written.labels), top1(exact, written)
            cells = "  ".join(f"{f1:.3f}/{top:.3f}" for f1, top in (real, own, best))
            print(f"{n:5d}  {seed:3d}  {cells}", flush=True)


if __name__ == "__main__":
    main()
