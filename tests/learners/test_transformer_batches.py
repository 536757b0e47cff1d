"""Resumes on a device: batches of ids, and where they are padding."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from gigsim.learners.ragged import Ragged
from gigsim.learners.token_rows import TokenRows, TokensOn


def test_padding_is_to_the_longest_of_a_batch() -> None:
    rows = TokenRows(Ragged.from_rows([[5], [6, 7, 8], [], [9, 9]]), 10)
    first, second = TokensOn(rows, "cpu").batches([np.array([3, 0]), np.array([1])])
    assert first.rows.tolist() == [3, 0]
    assert first.ids.tolist() == [[9, 9], [5, 0]]
    assert first.ids.dtype == torch.int64
    assert first.present is not None
    assert first.present.tolist() == [[True, True], [True, False]]
    assert second.ids.tolist() == [[6, 7, 8]]
    assert second.present is None


def test_texts_without_any_piece_are_one_of_padding() -> None:
    rows = TokenRows(Ragged.from_rows([[], [1], []]), 10)
    (batch,) = TokensOn(rows, "cpu").batches([np.array([2, 0])])
    assert batch.ids.tolist() == [[0], [0]]
    assert batch.present is not None
    assert not batch.present.any()
    assert list(TokensOn(rows, "cpu").batches([])) == []


@given(st.lists(st.lists(st.integers(1, 9), max_size=6), min_size=1, max_size=12), st.data())
def test_every_text_is_read_as_it_is(texts: list[list[int]], data: st.DataObject) -> None:
    rows = TokenRows(Ragged.from_rows(texts), 10)
    some = st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=5).map(np.array)
    cuts = data.draw(st.lists(some, max_size=4))
    found = list(TokensOn(rows, "cpu").batches(cuts))
    assert [batch.rows.tolist() for batch in found] == [cut.tolist() for cut in cuts]
    for batch in found:
        present = torch.ones_like(batch.ids).bool() if batch.present is None else batch.present
        read = [ids[held].tolist() for ids, held in zip(batch.ids, present, strict=True)]
        assert read == [texts[i] for i in batch.rows.tolist()]
        assert not batch.ids[~present].any()
