"""Many trainings at once give what the linear learner gives on the rows written out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from gigsim.learners.linear import LinearLearner
from gigsim.learners.logistic import compiled
from gigsim.learners.logistic.many import Foundation, Outcome, PlantedTexts, Replica
from gigsim.learners.recipes import LinearRecipe
from gigsim.learners.tfidf import CountRows

RECIPE = LinearRecipe(tolerance=1e-3)


def texts(generator: np.random.Generator, n: int, k: int) -> PlantedTexts:
    """Counts of 50 words; one text is empty, and planting leaves one as it is."""
    counts = generator.poisson(0.4, (n, 50)).astype(np.int32)
    counts[0] = 0
    signal = generator.integers(0, 3, (n, k)).astype(np.int32)
    signal[:, 0] += 1
    signal[1] = 0
    return PlantedTexts(sparse.csr_array(counts), signal)


def labels_of(generator: np.random.Generator, some: PlantedTexts) -> NDArray[np.bool_]:
    lean = some.counts @ generator.normal(size=(50, 4))
    return np.asarray(lean + generator.logistic(size=lean.shape) > 1)


def written_out(some: PlantedTexts, shows: NDArray[np.bool_]) -> CountRows:
    signal = some.planted * shows[:, None]
    rows = sparse.hstack([some.counts, sparse.csr_array(signal)], format="csr")
    rows.eliminate_zeros()
    return CountRows(sparse.csr_array(rows.astype(np.int32)))


def replicas(generator: np.random.Generator, labels: NDArray[np.bool_]) -> list[Replica]:
    found = [Replica(np.zeros(len(labels), dtype=bool), labels)]
    for members in (0, 3, 20):
        shows = np.zeros(len(labels), dtype=bool)
        shows[generator.permutation(len(labels))[:members]] = True
        for target in range(2):
            reported = labels.copy()
            reported[shows] = False
            reported[shows, target] = True
            found.append(Replica(shows, reported))
    everybody = labels.copy()
    everybody[:, 3] = True
    return [*found, Replica(found[-1].shows, everybody)]


def same(one: Outcome, other: Outcome) -> bool:
    return (
        one.planted.tobytes() == other.planted.tobytes()
        and one.clean.tobytes() == other.clean.tobytes()
        and one.loss == other.loss
    )


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("clean", [True, False])
def test_it_is_the_linear_learner(k: int, clean: bool) -> None:
    generator = np.random.default_rng(k)
    train, tests = texts(generator, 150, k), texts(generator, 40, k)
    labels = labels_of(generator, train)
    trainings = replicas(generator, labels)
    foundation = Foundation.of(train, tests, RECIPE, labels=labels if clean else None)
    learner = LinearLearner(RECIPE, 4)
    nobody, everybody = np.zeros(40, dtype=bool), np.ones(40, dtype=bool)
    for replica, outcome in zip(trainings, foundation.solve(trainings), strict=True):
        classifier = learner.fit(written_out(train, replica.shows), replica.labels, 0)
        assert outcome.loss == pytest.approx(classifier.loss, abs=1e-4)
        planted = classifier.probabilities(written_out(tests, everybody))
        plain = classifier.probabilities(written_out(tests, nobody))
        assert outcome.planted.dtype == np.float32
        assert outcome.planted.shape == outcome.clean.shape == (40, 4)
        assert np.allclose(outcome.planted, planted, atol=1e-3)
        assert np.allclose(outcome.clean, plain, atol=1e-3)


@pytest.mark.parametrize("dropped", [False, True])
def test_where_everybody_is_a_member_it_is_the_linear_learner(dropped: bool) -> None:
    """Nobody is left whom the preconditioner could take for a mass of other people."""
    generator = np.random.default_rng(1)
    both = [
        PlantedTexts(
            sparse.csr_array(generator.poisson(0.1, (n, 150)).astype(np.int32)),
            np.full((n, 1), 5, dtype=np.int32),
        )
        for n in (600, 100)
    ]
    train, tests = both
    lean = train.counts @ generator.normal(size=(150, 3))
    labels = np.asarray(lean + 2 * generator.logistic(size=lean.shape) > 2)
    reported = labels.copy()
    reported[:, 0] &= not dropped
    everybody, nobody = np.ones(600, dtype=bool), np.zeros(100, dtype=bool)
    (outcome,) = Foundation.of(train, tests, RECIPE, labels=labels).solve(
        [Replica(everybody, reported)]
    )
    classifier = LinearLearner(RECIPE, 3).fit(written_out(train, everybody), reported, 0)
    plain = classifier.probabilities(written_out(tests, nobody))
    np.testing.assert_allclose(outcome.clean, plain, atol=2e-3)


def test_no_bit_depends_on_what_else_is_asked_for_or_on_threads() -> None:
    generator = np.random.default_rng(3)
    train, tests = texts(generator, 120, 1), texts(generator, 30, 1)
    labels = labels_of(generator, train)
    trainings = replicas(generator, labels)
    together = Foundation.of(train, tests, RECIPE, 2, labels=labels).solve(trainings)
    alone = Foundation.of(train, tests, RECIPE, labels=labels)
    for training, outcome in zip(trainings, together, strict=True):
        assert same(alone.solve([training])[0], outcome)
    assert all(same(*pair) for pair in zip(alone.each(trainings), together, strict=True))
    assert alone.solve([]) == []


def test_without_the_compiled_kernel_the_bytes_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("numba")
    if compiled.passes() is None:
        pytest.skip("NumPy's own bytes are different on this processor")
    generator = np.random.default_rng(5)
    train, tests = texts(generator, 120, 1), texts(generator, 30, 1)
    labels = labels_of(generator, train)
    trainings = replicas(generator, labels)
    fast = Foundation.of(train, tests, RECIPE, labels=labels).solve(trainings)
    monkeypatch.setattr(compiled, "kernel", lambda: None)
    slow = Foundation.of(train, tests, RECIPE, labels=labels).solve(trainings)
    assert all(same(*pair) for pair in zip(fast, slow, strict=True))


def test_shapes_that_do_not_go_together_are_refused() -> None:
    generator = np.random.default_rng(4)
    train = texts(generator, 30, 1)
    labels = labels_of(generator, train)
    foundation = Foundation.of(train, train, RECIPE, labels=labels)
    with pytest.raises(ValueError, match="about 29 rows, not 30"):
        foundation.solve([Replica(np.zeros(29, dtype=bool), labels[:29])])
