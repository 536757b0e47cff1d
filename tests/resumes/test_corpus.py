"""The array form of a corpus: round trip, selection, and files that are not what they should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.resumes import corpus as module
from gigsim.resumes.corpus import Corpus, gather, load_corpus, ragged_index, stretches
from tests.toys import toy_language


@pytest.fixture
def corpus() -> Corpus:
    return toy_language().sample(20, np.random.default_rng(0))


def test_round_trip(corpus: Corpus, tmp_path: Path) -> None:
    corpus.save(tmp_path / "a.npz")
    again = load_corpus(tmp_path / "a.npz")
    assert again.words == corpus.words
    assert again.origin == corpus.origin
    for name in ("tokens", "offsets", "labels", "clusters", "test_side"):
        assert np.array_equal(getattr(again, name), getattr(corpus, name))
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_selection_keeps_texts(corpus: Corpus) -> None:
    rows = np.array([3, 3, 0])
    chosen = corpus.select(rows)
    assert [chosen.text(i) for i in range(3)] == [corpus.text(int(r)) for r in rows]
    assert np.array_equal(chosen.labels, corpus.labels[rows])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda c: {"tokens": c.tokens + 1000}, "tokens must be numbers of its words"),
        (lambda c: {"tokens": c.tokens.astype(float)}, "tokens must be uint32"),
        (lambda c: {"labels": c.labels.astype(np.int64) * 2}, "labels must be bool"),
        (lambda c: {"test_side": c.test_side.astype(np.int64)}, "test_side must be bool"),
        (lambda c: {"clusters": c.clusters.astype(float)}, "clusters must be int64"),
        (lambda c: {"offsets": np.sort(c.offsets)[[0, *range(20, 0, -1)]]}, "offsets"),
        (lambda c: {"clusters": c.clusters * 0, "test_side": np.arange(20) > 9}, "both sides"),
        (lambda c: {"words": (*c.words[:-1], c.words[0])}, "words must be distinct"),
    ],
)
def test_a_damaged_corpus_is_refused(
    corpus: Corpus, tmp_path: Path, damage: object, said: str
) -> None:
    changed = damage(corpus)  # type: ignore[operator]
    path = tmp_path / "bad.npz"
    whole = {name: getattr(corpus, name) for name in ("tokens", "offsets", "labels")}
    try:
        replace(corpus, **changed).save(path)
    except ValueError:
        # What cannot even be made in memory is written by hand.
        corpus.save(path)
        with np.load(path) as arrays:
            whole = dict(arrays) | changed
        np.savez(path, **whole)
    with pytest.raises(InputError, match="not a gigsim corpus") as caught:
        load_corpus(path)
    assert said in caught.value.problem
    assert "gigsim corpus import" in caught.value.allowed


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a gigsim corpus"):
        load_corpus(path)
    with pytest.raises(InputError, match="no such file"):
        load_corpus(tmp_path / "none.npz")


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.data())
def test_positions_of_ragged_rows_are_those_of_one_row_after_the_other(
    lengths: list[int], data: st.DataObject
) -> None:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=8))
    expected = [place for row in rows for place in range(offsets[row], offsets[row + 1])]
    found = ragged_index(offsets, np.array(rows, dtype=np.int64))
    assert found.dtype == np.int64
    assert found.tolist() == expected


@pytest.mark.parametrize("countable", [np.iinfo(np.int32).max, 5])
@pytest.mark.parametrize("kind", [np.uint32, np.int32])
@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.data())
def test_rows_are_gathered_one_after_the_other_however_many(
    countable: int, kind: Any, lengths: list[int], data: st.DataObject
) -> None:
    """Also where 32 bits would not count them."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    values = (np.arange(offsets[-1]) + np.iinfo(kind).max - 100).astype(kind)
    rows = data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_COUNTABLE", countable)
        found, begins = gather(values, offsets, np.array(rows, dtype=np.int64))
    expected = [values[offsets[row] : offsets[row + 1]] for row in rows]
    assert (found.dtype, begins.dtype) == (values.dtype, np.int64)
    assert found.tolist() == [v for part in expected for v in part.tolist()]
    assert begins.tolist() == np.cumsum([0, *map(len, expected)]).tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=8), st.integers(0, 3))
def test_stretches_of_an_array(gaps_and_lengths: list[tuple[int, int]], rest: int) -> None:
    starts, lengths, end = [], [], 0
    for gap, length in gaps_and_lengths:
        starts.append(end + gap)
        lengths.append(length)
        end += gap + length
    values = np.arange(end + rest, dtype=np.uint32)
    found, begins = stretches(
        values, np.array(starts, dtype=np.int64), np.array(lengths, dtype=np.int64)
    )
    expected = [list(range(s, s + n)) for s, n in zip(starts, lengths, strict=True)]
    assert found.tolist() == [v for part in expected for v in part]
    assert begins.tolist() == np.cumsum([0, *lengths]).tolist()
