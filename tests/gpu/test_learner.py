"""The transformer learner on CUDA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gigsim.learners.cache import TrainingCache
from gigsim.learners.fingerprint import fingerprint
from gigsim.learners.pool import FitJob, train
from gigsim.learners.recipes import TransformerRecipe
from gigsim.learners.replicas import Replica, fit_replicas
from gigsim.learners.token_rows import TokenRows
from gigsim.learners.transformer import TransformerLearner
from tests.learners.toys import separable

pytestmark = pytest.mark.gpu

SMALL = {"width": 32, "feedforward": 64, "max_tokens": 32, "epochs": 6, "learning_rate": 0.005}


def learner(device: Any, precision: Any = "float32", **fields: Any) -> TransformerLearner:
    return TransformerLearner(TransformerRecipe(**{**SMALL, **fields}), 3, precision, device=device)


def data(n: int = 600, seed: int = 0) -> tuple[TokenRows, NDArray[np.bool_]]:
    texts, labels = separable(n, seed)
    return TokenRows(texts, 40), labels


@pytest.mark.parametrize("precision", ["float32", "medium", "bfloat16"])
@pytest.mark.parametrize("fields", [{}, {"dropout": 0.1, "pooling": "mean"}])
def test_it_learns_and_twice_gives_the_same_bits(
    device: str, precision: str, fields: dict[str, Any]
) -> None:
    rows, labels = data()
    tests, truth = data(300, seed=1)
    first, again = (learner(device, precision, **fields).fit(rows, labels, 7) for _ in range(2))
    for name, weights in first.state.items():
        assert np.array_equal(weights, again.state[name]), name
    probabilities = first.probabilities(tests)
    assert np.array_equal(probabilities, again.probabilities(tests))
    # A majority vote is right in 60 %.
    assert ((probabilities > 0.5) == truth).mean() > 0.95


def test_a_few_steps_are_those_of_a_processor(device: str) -> None:
    rows, labels = data(48)
    fields = {"epochs": 1, "learning_rate": 0.001}
    there, here = (learner(at, **fields).fit(rows, labels, 3) for at in (device, "cpu"))
    # Three steps of .001: products of float32 in another order.
    np.testing.assert_allclose(there.probabilities(rows), here.probabilities(rows), atol=2e-4)
    assert there.loss == pytest.approx(here.loss, rel=1e-4)


def test_a_state_goes_from_one_device_to_the_other(device: str) -> None:
    rows, labels = data(100)
    there = learner(device).fit(rows, labels, 3)
    here = learner("cpu").restore(there.state)
    np.testing.assert_allclose(there.probabilities(rows), here.probabilities(rows), atol=1e-4)


def test_the_training_cache_gives_back_the_same_bits(device: str, tmp_path: Path) -> None:
    rows, labels = data(100)
    cache = TrainingCache(tmp_path / "trainings", 1)
    jobs = [FitJob(learner(at), rows, labels, 3, evaluate=(rows,)) for at in (device, "cpu")]
    first, second = (cache.fetch_or_train(jobs[0], train) for _ in range(2))
    assert (first.cached, second.cached) == (False, True)
    assert np.array_equal(first.probabilities[0], second.probabilities[0])
    for name, weights in first.state.items():
        assert np.array_equal(weights, second.state[name]), name
    assert fingerprint(jobs[0]) != fingerprint(jobs[1])


def test_replicas_are_trained_as_if_alone(device: str) -> None:
    texts, labels = data(60)
    generator = np.random.default_rng(5)
    drawn = [generator.permutation(60)[:41] for _ in range(4)]
    jobs = [Replica(rows, labels[rows], seed) for seed, rows in enumerate(drawn)]
    own = learner(device, epochs=2, batch_size=8, learning_rate=0.001)
    for job, found in zip(jobs, fit_replicas(own, texts, jobs), strict=True):
        alone = own.fit(texts.take(job.rows), job.labels, job.seed)
        np.testing.assert_allclose(
            found.probabilities(texts), alone.probabilities(texts), atol=1e-3
        )
