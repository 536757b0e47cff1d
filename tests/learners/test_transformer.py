"""The transformer learner: bits, learning, starts, batches and errors."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.linear import LinearLearner
from gigsim.learners.protocol import State, make_learner
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import LinearRecipe, TransformerRecipe
from gigsim.learners.transformer import TokenRows, TransformerLearner, batches_by_length
from tests.learners.toys import corpus_of, separable

SMALL = {
    "width": 32,
    "feedforward": 64,
    "layers": 1,
    "max_tokens": 32,
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.01,
}


def learner(precision: Any = "float32", **fields: Any) -> TransformerLearner:
    return TransformerLearner(TransformerRecipe(**{**SMALL, **fields}), 3, precision)


def data(n: int = 200, seed: int = 0) -> tuple[TokenRows, NDArray[np.bool_]]:
    texts, labels = separable(n, seed)
    return learner().represent(texts, 40), labels


def same(first: State, second: State) -> bool:
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


@pytest.mark.parametrize("fields", [{}, {"dropout": 0.2}, {"pooling": "first"}])
def test_same_seed_same_bits(fields: dict[str, Any]) -> None:
    rows, labels = data(64)
    first, again, other = (learner(**fields).fit(rows, labels, seed) for seed in (7, 7, 8))
    assert same(first.state, again.state)
    assert first.loss == again.loss
    assert np.array_equal(first.probabilities(rows), again.probabilities(rows))
    assert not same(first.state, other.state)


def test_seeds_of_63_bits_are_fine() -> None:
    rows, labels = data(16)
    assert np.isfinite(learner().fit(rows, labels, 2**63 - 1).loss)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"pooling": "first", "layers": 2},
        {"normalisation": "post", "initialisation": "normal", "weight_std": 0.18},
        {"dropout": 0.1, "activation": "gelu", "schedule": "constant"},
        {"precision": "bfloat16"},
        {"precision": "medium"},
    ],
)
def test_learns_a_separable_toy(fields: dict[str, Any]) -> None:
    rows, labels = data(600)
    tests, truth = data(300, seed=1)
    classifier = learner(**{"epochs": 6, "learning_rate": 0.005, **fields}).fit(rows, labels, 0)
    probabilities = classifier.probabilities(tests)
    assert probabilities.shape == (300, 3)
    assert probabilities.dtype == np.float32
    # A majority vote is right in 60 %; a learner that sees the three ids in nearly all.
    assert ((probabilities > 0.5) == truth).mean() > 0.97
    assert 0 < classifier.loss < 0.2


def test_a_warm_start_starts_from_the_state() -> None:
    rows, labels = data(64)
    trained = learner().fit(rows, labels, 0)
    barely = learner(learning_rate=1e-9, weight_decay=0.0)
    moved = barely.fit(rows, labels, 1, start=trained.state).state
    for name, weights in trained.state.items():
        assert np.allclose(moved[name], weights, atol=1e-6), name
    fresh = barely.fit(rows, labels, 1).state
    assert not np.allclose(fresh["words.weight"], trained.state["words.weight"], atol=1e-2)


def test_a_start_is_left_as_it_was() -> None:
    rows, labels = data(64)
    start = learner().fit(rows, labels, 0).state
    before = {name: weights.copy() for name, weights in start.items()}
    learner().fit(rows, labels, 1, start=start)
    assert same(start, before)


def test_restored_it_predicts_the_same_bits() -> None:
    rows, labels = data(64)
    classifier = learner().fit(rows, labels, 0)
    restored = learner().restore(classifier.state)
    assert np.isnan(restored.loss)
    assert np.array_equal(restored.probabilities(rows), classifier.probabilities(rows))


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_a_row_does_not_depend_on_its_batch(pooling: str) -> None:
    rows, labels = data(100)
    classifier = learner(pooling=pooling).fit(rows, labels, 0)
    together = classifier.probabilities(rows)
    index = np.random.default_rng(0).permutation(100)
    assert np.allclose(classifier.probabilities(rows.take(index)), together[index], atol=1e-5)
    for row in (0, 41):
        alone = classifier.probabilities(rows.take(np.array([row])))
        assert np.allclose(alone[0], together[row], atol=1e-5)


def test_empty_texts_and_no_texts() -> None:
    rows, labels = data(32)
    classifier = learner().fit(rows, labels, 0)
    empty = learner().represent(Ragged.from_rows([[], []]), 40)
    probabilities = classifier.probabilities(empty)
    assert np.isfinite(probabilities).all()
    assert np.array_equal(probabilities[0], probabilities[1])
    assert classifier.probabilities(empty.take(np.arange(0))).shape == (0, 3)
    assert np.isfinite(learner().fit(empty, labels[:2], 0).loss)


def test_global_state_is_left_alone() -> None:
    rows, labels = data(32)
    before = (
        torch.get_rng_state(),
        np.random.get_state()[1].tolist(),  # type: ignore[index]  # noqa: NPY002
        torch.get_num_threads(),
        torch.get_float32_matmul_precision(),
        dict(os.environ),
    )
    threads = 1 if before[2] > 1 else 2
    classifier = TransformerLearner(
        TransformerRecipe(**SMALL, dropout=0.1), 3, "bfloat16", threads
    ).fit(rows, labels, 0)
    classifier.probabilities(rows)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # type: ignore[index]  # noqa: NPY002
    assert torch.get_num_threads() == before[2]
    assert torch.get_float32_matmul_precision() == before[3]
    assert dict(os.environ) == before[4]


def test_surroundings_do_not_reach_a_fit() -> None:
    rows, labels = data(32)
    expected = learner(dropout=0.1).fit(rows, labels, 0)
    with torch.random.fork_rng([]):
        torch.manual_seed(99)
        torch.set_float32_matmul_precision("medium")
        try:
            other = learner(dropout=0.1).fit(rows, labels, 0)
        finally:
            torch.set_float32_matmul_precision("highest")
    assert same(expected.state, other.state)


def test_diverging_is_an_error() -> None:
    rows, labels = data(64)
    with pytest.raises(InputError, match="diverged by step 4 of 8"):
        learner(learning_rate=1.0, embedding_std=1.0, width=8, heads=1).fit(
            rows, labels, 0, start=_infinite(rows, labels)
        )


def _infinite(rows: TokenRows, labels: NDArray[np.bool_]) -> State:
    state = learner(width=8, heads=1).fit(rows, labels, 0).state
    return state | {"head.weight": np.full_like(state["head.weight"], np.inf)}


def test_what_it_cannot_read_is_refused() -> None:
    rows, labels = data(20)
    counts = LinearLearner(LinearRecipe(), 3).represent(rows.texts, 40)
    classifier = learner().fit(rows, labels, 0)
    with pytest.raises(TypeError, match="reads TokenRows, not CountRows"):
        learner().fit(counts, labels, 0)
    with pytest.raises(ValueError, match=r"labels are \(20, 2\), not \(20, 3\)"):
        learner().fit(rows, labels[:, :2], 0)
    with pytest.raises(ValueError, match="rows over 41 ids, a classifier over 40"):
        classifier.probabilities(TokenRows(rows.texts, 41))


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device is there")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"run\.device: 'cuda' is not available; one of cpu"):
        make_learner(TransformerRecipe(), labels=3, device="cuda")


@pytest.mark.gpu
def test_same_bits_on_a_gpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs CUDA")
    rows, labels = data(200)
    on_gpu = TransformerLearner(TransformerRecipe(**SMALL, dropout=0.1), 3, device="cuda")
    first, again = (on_gpu.fit(rows, labels, 7) for _ in range(2))
    assert same(first.state, again.state)
    assert np.array_equal(first.probabilities(rows), again.probabilities(rows))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=300), st.integers(1, 9))
def test_batches_hold_every_row_once(lengths: list[int], size: int) -> None:
    batches = list(batches_by_length(np.array(lengths), size, np.random.default_rng(0)))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // size)


def test_batches_hold_rows_of_similar_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 129, 4_000)
    padded = sum(
        len(batch) * lengths[batch].max()
        for batch in batches_by_length(lengths, 32, np.random.default_rng(1))
    )
    # Random batches of 32 would be padded to about 125 of 128: 1.9 times the tokens.
    assert padded < 1.05 * lengths.sum()


def test_limit_and_vocabulary() -> None:
    assert learner(max_tokens=20, pooling="mean").limit == 20
    assert learner(max_tokens=20, pooling="first").limit == 19
    corpus = corpus_of(["alpha beta"] * 30)
    assert learner().vocabulary(corpus, ["alpha", "beta"]).size == 2
    pieces = learner(vocabulary_size=100).vocabulary(corpus, None)
    assert pieces.unknown is not None
    assert len(pieces.pieces(["alpha"]).values) == 1
