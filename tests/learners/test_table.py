"""The frequency table: cells, counts, ties, and what one participant does to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.collective.signals import Signal
from gigsim.learners import table
from gigsim.learners.protocol import make_learner, make_reader
from gigsim.learners.ragged import Ragged
from gigsim.learners.reading import read
from gigsim.learners.recipes import TableRecipe
from gigsim.learners.table import TableLearner, TableRows
from gigsim.resumes.finite_world import FiniteWorld
from tests.learners.tables import Census
from tests.learners.toys import corpus_of, separable

texts_of = st.lists(st.lists(st.integers(0, 3), max_size=4), min_size=1, max_size=30)


def learner(labels: int = 2) -> TableLearner:
    return TableLearner(TableRecipe(), labels)


def represent(rows: list[list[int]]) -> TableRows:
    return learner().represent(Ragged.from_rows(rows), 10)


@given(texts_of, texts_of)
def test_a_table_is_what_counting_by_hand_gives(
    train: list[list[int]], test: list[list[int]]
) -> None:
    rng = np.random.default_rng(len(train))
    labels = rng.random((len(train), 2)) < 0.5
    classifier = learner().fit(represent(train), labels, seed=0)
    found = classifier.probabilities(represent(test))
    for row, probabilities in zip(test, found, strict=True):
        alike = np.array([other == row for other in train])
        expected = labels[alike].mean(axis=0) if alike.any() else labels.mean(axis=0)
        np.testing.assert_array_equal(probabilities, expected.astype(np.float32))


@given(texts_of, texts_of)
def test_cells_are_distinct_texts_however_rows_are_put_together(
    some: list[list[int]], others: list[list[int]]
) -> None:
    both = some + others
    joined, whole = represent(some).append(represent(others)), represent(both)
    for rows in (joined, whole):
        assert len(rows) == len(both)
        assert len(rows.keys) == len({tuple(row) for row in both})
        for i, row in enumerate(both):
            for j, other in enumerate(both):
                assert (rows.cells[i] == rows.cells[j]) == (row == other)
        np.testing.assert_array_equal(rows.keys[rows.cells], whole.keys[whole.cells])
    picked = whole.take(np.array([len(both) - 1, 0, 0]))
    np.testing.assert_array_equal(picked.cells, whole.cells[[-1, 0, 0]])


def test_blocks_change_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, _ = separable(200, 0)
    whole = learner().represent(texts, 40)
    monkeypatch.setattr(table, "_BLOCK", 50)
    pieces = learner().represent(texts, 40)
    np.testing.assert_array_equal(whole.keys, pieces.keys)
    np.testing.assert_array_equal(whole.cells, pieces.cells)


def test_order_and_length_matter() -> None:
    rows = represent([[1, 2], [2, 1], [1], [1, 1], [], [0], [0, 0]])
    assert len(rows.keys) == 7


def test_a_collision_of_keys_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_scramble", lambda bits: bits & np.uint64(0))
    with pytest.raises(RuntimeError, match="same 128-bit key"):
        represent([[1], [2]])


def test_unseen_texts_get_the_prior_and_ties_go_to_the_first_label() -> None:
    labels = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], dtype=bool)
    classifier = learner(3).fit(represent([[0], [0], [1], [2]]), labels, seed=0)
    tied, unseen = classifier.probabilities(represent([[0], [9]]))
    assert tied.tolist() == [0.5, 0.5, 0.0]
    assert tied.argmax() == 0
    assert not (tied > 0.5).any()
    assert unseen.tolist() == [0.25, 0.25, 0.5]


def test_nothing_is_drawn_and_nothing_is_remembered() -> None:
    census = Census(FiniteWorld.draw(5, np.random.default_rng(0)), 100, 0.05, seed=1)
    rows = census.texts.take(census.cell)
    one = census.learner.fit(rows, census.labels, seed=1)
    two = census.learner.fit(rows, census.labels, seed=2, start=one.state)
    for name in one.state:
        np.testing.assert_array_equal(one.state[name], two.state[name])
    restored = census.learner.restore(one.state)
    assert np.isnan(restored.loss)
    np.testing.assert_array_equal(
        restored.probabilities(census.texts), one.probabilities(census.texts)
    )
    assert not census.learner.stochastic
    assert one.probabilities(rows).dtype == np.float32


def test_the_loss_is_the_entropy_of_the_cells() -> None:
    labels = np.array([[1, 0], [0, 0], [1, 0], [1, 1]], dtype=bool)
    classifier = learner().fit(represent([[0], [0], [1], [1]]), labels, seed=0)
    # Label 0 is half of cell 0 and all of cell 1, label 1 none of cell 0 and half of cell 1.
    assert classifier.loss == pytest.approx(4 * np.log(2) / 8)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="labels are"):
        learner().fit(represent([[0]]), np.zeros((2, 2), dtype=bool), seed=0)
    with pytest.raises(ValueError, match="n > 0"):
        learner().fit(represent([]), np.zeros((0, 2), dtype=bool), seed=0)
    with pytest.raises(TypeError, match="TableRows"):
        learner().fit(object(), np.zeros((1, 2), dtype=bool), seed=0)  # type: ignore[arg-type]


def test_it_reads_any_corpus_word_by_word() -> None:
    made = make_learner(TableRecipe(), labels=1)
    assert isinstance(made, TableLearner)
    assert isinstance(make_reader(TableRecipe(), labels=1), TableLearner)
    corpus = corpus_of(["Java server", "java SERVER", "server java", "python"])
    vocabulary = made.vocabulary(corpus, None)
    assert vocabulary.size == 3
    reading = read(
        corpus,
        vocabulary,
        Signal("※", 20, True),
        carriers=np.zeros(4, dtype=bool),
        limit=made.limit,
        learner=made.name,
        ordered=made.ordered,
    )
    rows = made.represent(reading.found, reading.size)
    assert isinstance(rows, TableRows)
    assert rows.cells[0] == rows.cells[1] != rows.cells[2]
    assert made.vocabulary(corpus, ["a", "b"]).size == 2


# ------------------------------------------------------------------------- known answers


@pytest.mark.parametrize("target", range(10))
def test_one_participant_suffices_for_a_unique_signal(target: int) -> None:
    """V12: ξ = 0 and a single signal point: S(1/n) = 1."""
    census = Census(FiniteWorld.draw(1, np.random.default_rng(2)), 1000, 0.0, seed=3)
    assert census.won(1, target).tolist() == [True]
    before = census.predicted(0, target)[census.cells :]
    np.testing.assert_array_equal(before[0], census.labels.mean(axis=0, dtype=np.float32))


@given(st.integers(0, 2**31), st.integers(0, 9), st.sampled_from([0.0, 0.05, 0.5]))
def test_success_never_falls_as_the_collective_grows(seed: int, target: int, xi: float) -> None:
    """V15: for nested collectives point by point, not only in the mean."""
    census = Census(FiniteWorld.draw(6, np.random.default_rng(seed)), 60, xi, seed)
    before = census.won(0, target)
    for members in (1, 2, 5, 15, 40, 60):
        after = census.won(members, target)
        assert (before <= after).all()
        before = after


def test_disjoint_signals_of_two_collectives_do_not_disturb_each_other() -> None:
    """V45: texts with one signal are counted apart from texts with the other."""
    world = FiniteWorld.draw(4, np.random.default_rng(0))
    corpus = world.sample(400, np.random.default_rng(1))
    cell = world.cells_of(corpus)
    plain = [[k] for k in range(4)]
    everything = [*plain, *([k, 4] for k in range(4)), *([k, 5] for k in range(4))]
    made = TableLearner(TableRecipe(), 10)
    texts = made.represent(Ragged.from_rows(everything), 6)
    of_one, of_two = np.arange(400) < 30, np.arange(400) >= 350

    def signed(rows: np.ndarray, target: np.ndarray) -> np.ndarray:
        labels = corpus.labels.copy()
        labels[rows] = np.eye(10, dtype=bool)[target[rows]]
        where = cell + 4 * (target == 2) * rows + 8 * (target == 7) * rows
        return made.fit(texts.take(where), labels, seed=0).probabilities(texts)

    target = np.where(of_one, 2, 7)
    together = signed(of_one | of_two, target)
    np.testing.assert_array_equal(together[4:8], signed(of_one, target)[4:8])
    np.testing.assert_array_equal(together[8:], signed(of_two, target)[8:])
