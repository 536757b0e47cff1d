"""S of the transformer on real resumes with random members: no society, one training a point.

    python benchmarks/real_corpus.py corpus.npz [--size 5000] [--xi 0]

Prints one line a training: α, seed, success_top1, flipped_top1, base_top1, accuracy, seconds.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from gigsim import load
from gigsim.collective.strategies import feature_label
from gigsim.measures.success import per_resume
from gigsim.scene import random_rank
from gigsim.stage import set_stage
from gigsim.streams import Streams


def main() -> None:
    """Train at each α and seed and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("--size", type=int, default=5000)
    parser.add_argument("--xi", type=float, default=0.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--alphas", type=float, nargs="+", default=[0.0, 0.005, 0.01, 0.03])
    options = parser.parse_args()
    config = load(
        "default",
        {
            "corpus.path": options.corpus,
            "corpus.test_size": 0,
            "corpus.xi": options.xi,
            "population.size": options.size,
        },
    )
    print("alpha  seed  success_top1  flipped_top1  base_top1  accuracy  seconds")
    for seed in range(1, options.seeds + 1):
        streams = Streams(seed)
        stage = set_stage(config, streams, lambda _: None)
        labels = stage.supply.population.labels
        order = random_rank(streams, "reference", options.size)
        without = ~stage.test_labels[:, stage.target]
        for alpha in options.alphas:
            began = time.perf_counter()
            member = order < round(alpha * options.size)
            rows = stage.texts.take(np.where(member, stage.planted_at[0], stage.found_at))
            submitted = feature_label(labels, member, stage.target, "replace")
            classifier = stage.learner.fit(rows, submitted, streams.seed_for("training/0"))
            planted, clean = (classifier.probabilities(texts) for texts in stage.tests)
            got = per_resume(planted, clean, stage.test_labels, stage.target)
            print(
                f"{alpha:5.3f}  {seed:4d}  {got['success_top1'].mean():12.3f}"
                f"  {got['success_top1'][without].mean():12.3f}  {got['base_top1'].mean():9.3f}"
                f"  {got['accuracy'][stage.test_labels.any(axis=1)].mean():8.3f}"
                f"  {time.perf_counter() - began:7.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
