"""Networks that are trained side by side come out as those that are trained alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import TransformerRecipe
from gigsim.learners.replicas import Replica, fit_replicas
from gigsim.learners.token_rows import TokenRows
from gigsim.learners.transformer import TransformerLearner
from tests.learners.toys import separable

SMALL = {"width": 16, "feedforward": 32, "max_tokens": 32, "epochs": 2, "batch_size": 8}


def learner(**fields: Any) -> TransformerLearner:
    recipe = TransformerRecipe(**{**SMALL, "learning_rate": 0.005, **fields})
    return TransformerLearner(recipe, 3)


def data(n: int = 60) -> tuple[TokenRows, NDArray[np.bool_]]:
    texts, labels = separable(n, 0)
    return TokenRows(texts, 40), labels


def replicas(labels: NDArray[np.bool_], n: int, count: int = 3) -> list[Replica]:
    generator = np.random.default_rng(5)
    drawn = [generator.permutation(len(labels))[:n] for _ in range(count)]
    return [Replica(rows, labels[rows] ^ (k == 1), 10 + k) for k, rows in enumerate(drawn)]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"pooling": "mean", "normalisation": "post", "activation": "gelu"},
        {"gradient_clip": 0.05, "weight_decay": 0.5, "layers": 1},
    ],
)
def test_each_is_as_if_trained_alone(fields: dict[str, Any]) -> None:
    texts, labels = data()
    # 41 rows in batches of 8: the last, of one row, comes at another step in each.
    jobs = replicas(labels, 41)
    together = fit_replicas(learner(**fields), texts, jobs)
    for job, classifier in zip(jobs, together, strict=True):
        alone = learner(**fields).fit(texts.take(job.rows), job.labels, job.seed)
        # Twelve steps of .005 moved the weights by some .05; rounding grows to a millionth of one.
        for name, weights in alone.state.items():
            if "mix.bias" not in name:
                np.testing.assert_allclose(classifier.state[name], weights, atol=2e-5, err_msg=name)
        assert classifier.loss == pytest.approx(alone.loss, rel=1e-5)
        np.testing.assert_allclose(
            classifier.probabilities(texts), alone.probabilities(texts), atol=1e-5
        )


def test_same_seeds_same_bits() -> None:
    texts, labels = data()
    jobs = replicas(labels, 24)
    first, again = (fit_replicas(learner(epochs=1), texts, jobs) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert all(np.array_equal(one.state[name], other.state[name]) for name in one.state)


def test_texts_without_padding_and_empty_ones() -> None:
    even = TokenRows(Ragged.from_rows([[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 5, 9]]), 40)
    labels = np.eye(4, 3, dtype=bool)
    for texts in (even, TokenRows(Ragged.from_rows([[], [1], [], [2, 3]]), 40)):
        jobs = [Replica(np.arange(4), labels, seed) for seed in (1, 2)]
        for job, found in zip(jobs, fit_replicas(learner(), texts, jobs), strict=True):
            alone = learner().fit(texts, labels, job.seed)
            np.testing.assert_allclose(
                found.probabilities(texts), alone.probabilities(texts), atol=1e-5
            )


def test_what_cannot_be_trained_side_by_side_is_refused() -> None:
    texts, labels = data()
    jobs = replicas(labels, 16)
    for fields in ({"dropout": 0.1}, {"encoder": "some/folder"}):
        with pytest.raises(ValueError, match="only lean encoders without dropout"):
            fit_replicas(learner(**fields), texts, jobs)
    uneven = [jobs[0], Replica(jobs[1].rows[:9], jobs[1].labels[:9], 1)]
    with pytest.raises(ValueError, match="each replica needs 16 > 0 rows"):
        fit_replicas(learner(), texts, uneven)


def test_diverging_is_an_error() -> None:
    texts, labels = data()
    wild = learner(learning_rate=1.0, embedding_std=1.0, gradient_clip=1e6, weight_decay=1.0)
    jobs = replicas(labels, 24)
    object.__setattr__(wild.recipe, "learning_rate", float("inf"))
    with pytest.raises(InputError, match=r"learning_rate: the transformer diverged by epoch"):
        fit_replicas(wild, texts, jobs)
