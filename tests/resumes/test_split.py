from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gigsim.resumes.split import TEST_SHARE, content_digest, on_test_side, split_by_cluster

texts_and_clusters = st.lists(st.tuples(st.text(max_size=5), st.integers(0, 5)), max_size=30)


def split(pairs: list[tuple[str, int]]) -> list[bool]:
    digests = [content_digest(text) for text, _ in pairs]
    return split_by_cluster(digests, np.array([c for _, c in pairs], dtype=np.int64)).tolist()


@given(texts_and_clusters)
def test_clusters_never_straddle_the_split(pairs):
    sides = split(pairs)
    for cluster in {cluster for _, cluster in pairs}:
        assert len({s for s, (_, c) in zip(sides, pairs, strict=True) if c == cluster}) == 1


@given(texts_and_clusters, st.randoms(use_true_random=False))
def test_neither_order_nor_numbering_nor_other_clusters_matter(pairs, random):
    order = list(range(len(pairs)))
    random.shuffle(order)
    sides = split(pairs)
    others = [(f"other{k}", 100 + k) for k in range(3)]
    renumbered = [(pairs[k][0], 7 - pairs[k][1]) for k in order]
    assert split(renumbered + others)[: len(pairs)] == [sides[k] for k in order]


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_the_side_is_that_of_the_smallest_digest_by_the_stated_formula(texts):
    key = min(hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts)
    value = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") / 2**64
    assert split([(text, 0) for text in texts]) == [value < TEST_SHARE] * len(texts)


def test_the_share_is_kept_in_the_mean():
    n = 20_000
    on_test = sum(on_test_side(content_digest(str(k))) for k in range(n))
    # Four standard errors of a binomial share.
    assert abs(on_test / n - TEST_SHARE) < 4 * np.sqrt(TEST_SHARE * (1 - TEST_SHARE) / n)


def test_the_extreme_shares():
    assert not on_test_side(b"key", 0.0)
    assert on_test_side(b"key", 1.0)
