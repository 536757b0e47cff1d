"""15 %, 80/10/10, and never a special piece."""

from __future__ import annotations

import numpy as np

from gigsim.pretraining.masking import mask
from gigsim.pretraining.vocabulary import CLS, MASK, PAD, SEP, SPECIAL, UNK

SIZE = 2_000


def test_shares_and_answers() -> None:
    generator = np.random.default_rng(0)
    ids = generator.integers(len(SPECIAL), SIZE, (400, 128)).astype(np.uint16)
    kept = ids.copy()
    got = mask(ids, 0.15, SIZE, np.random.default_rng(1))
    np.testing.assert_array_equal(ids, kept)
    flat, read = ids.ravel().astype(np.int64), got.ids.ravel()
    np.testing.assert_array_equal(flat[got.chosen], got.answers)
    others = np.setdiff1d(np.arange(len(flat)), got.chosen)
    np.testing.assert_array_equal(read[others], flat[others])
    hidden = (read[got.chosen] == MASK).mean()
    same = (read[got.chosen] == got.answers).mean()
    m = len(got.chosen)
    # Four standard errors; a random piece is the right one in one of two thousand.
    for share, expected, of in (
        (m / len(flat), 0.15, len(flat)),
        (hidden, 0.8, m),
        (same, 0.1 + 0.1 / SIZE, m),
    ):
        assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / of)


def test_special_pieces_are_never_chosen_nor_put_in() -> None:
    special = np.tile([PAD, UNK, CLS, SEP, MASK], (20, 4))
    assert len(mask(special, 0.9, SIZE, np.random.default_rng(0)).chosen) == 0
    plain = np.full((50, 50), 7)
    got = mask(plain, 0.9, 9, np.random.default_rng(0))
    assert set(np.unique(got.ids)) <= {MASK, 5, 6, 7, 8}
