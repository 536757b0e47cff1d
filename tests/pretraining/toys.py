"""A small corpus with something to learn, and a recipe that learns it in a second."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gigsim.pretraining.recipe import PretrainRecipe
from gigsim.resumes.corpus import Corpus
from tests.learners.toys import corpus_of

#: Each of these is always followed by its successor in the text.
PAIRS = [
    ("data", "base"),
    ("web", "server"),
    ("java", "code"),
    ("network", "router"),
    ("test", "plan"),
    ("cloud", "host"),
]
FILLERS = ["works", "working", "worked", "work", "tests", "testing", "tested", "plans", "planning"]


def paired(n: int = 120, *, length: int = 40, seed: int = 0, test: int = 20) -> Corpus:
    """Resumes of random pairs and fillers, and one word each that nobody else has."""
    generator = np.random.default_rng(seed)
    texts = []
    for row in range(n):
        words: list[str] = []
        while len(words) < length:
            if generator.random() < 0.7:
                words += PAIRS[generator.integers(len(PAIRS))]
            else:
                words.append(FILLERS[generator.integers(len(FILLERS))])
        words[length // 2] = f"Secret{chr(97 + row % 26)}{chr(97 + row // 26)}"
        texts.append(" ".join(words) + " Smith.")
    corpus = corpus_of(texts)
    side = np.zeros(n, dtype=bool)
    side[n - test :] = True
    return replace(corpus, test_side=side)


def small(**fields: Any) -> PretrainRecipe:
    """A recipe for toy corpora."""
    plain: dict[str, Any] = {
        "words": 100,
        "min_resumes": 5,
        "min_ending": 2,
        "length": 16,
        "width": 64,
        "feedforward": 64,
        "heads": 2,
        "layers": 1,
        "batch_size": 16,
        "learning_rate": 5e-3,
        "warmup": 5,
        "steps": 40,
    }
    return PretrainRecipe(**(plain | fields))
