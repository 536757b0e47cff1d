from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from gigsim.resumes import duplicates
from gigsim.resumes.duplicates import (
    JACCARD,
    alphanumeric_words,
    jaccard,
    near_duplicate_clusters,
    shingle_sets,
)

Arrays = tuple[list[str], NDArray[np.uint32], NDArray[np.int64]]


def arrays_of(texts: list[str]) -> Arrays:
    words = sorted({word for text in texts for word in text.split()})
    number = {word: k for k, word in enumerate(words)}
    tokens = [number[word] for text in texts for word in text.split()]
    offsets = np.concatenate([[0], np.cumsum([len(text.split()) for text in texts])])
    return words, np.array(tokens, dtype=np.uint32), offsets.astype(np.int64)


def shingles_by_hand(text: str) -> set[tuple[str, ...]]:
    """Of texts without punctuation."""
    words = text.lower().split()
    return {tuple(words[k : k + 5]) for k in range(max(1, len(words) - 4))}


def clusters_by_hand(texts: list[str], threshold: float) -> list[int]:
    """All pairs compared, the smaller cluster number spread until nothing changes."""
    sets = [shingles_by_hand(text) for text in texts]
    cluster = list(range(len(texts)))
    pairs = [
        (i, j)
        for i, j in combinations(range(len(texts)), 2)
        if len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold
    ]
    for _ in texts:
        for i, j in pairs:
            cluster[i] = cluster[j] = min(cluster[i], cluster[j])
    first = {number: k for k, number in enumerate(dict.fromkeys(cluster))}
    return [first[number] for number in cluster]


@st.composite
def similar_texts(draw: st.DrawFn) -> list[str]:
    """Texts with shared stretches: slices and edits of a few originals, short ones included."""
    originals = draw(
        st.lists(st.lists(st.sampled_from("abcd"), max_size=30), min_size=1, max_size=3)
    )
    texts = []
    for _ in range(draw(st.integers(1, 12))):
        words = list(draw(st.sampled_from(originals)))
        start = draw(st.integers(0, 4))
        words = words[start : len(words) - draw(st.integers(0, 4))]
        if words and draw(st.booleans()):
            words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from("abcdXY"))
        texts.append(" ".join(words))
    return texts


class TestClusters:
    @given(similar_texts(), st.sampled_from((0.3, 0.5, 0.7, 0.9, 1.0)))
    def test_they_are_those_of_comparing_all_pairs(self, texts: list[str], threshold: float):
        found = near_duplicate_clusters(*arrays_of(texts), threshold)
        assert found.tolist() == clusters_by_hand(texts, threshold)

    @given(similar_texts())
    @settings(max_examples=50)
    def test_small_chunks_change_nothing(self, texts: list[str]):
        whole = near_duplicate_clusters(*arrays_of(texts), 0.5)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(duplicates, "_CHUNK", 3)
            assert (near_duplicate_clusters(*arrays_of(texts), 0.5) == whole).all()

    def test_the_threshold_itself_is_similar(self):
        # 7 of 10 distinct 5-grams: 14 distinct words against their first 11.
        words = list("abcdefghijklmn")
        texts = [" ".join(words), " ".join(words[:11])]
        assert near_duplicate_clusters(*arrays_of(texts), 0.7).tolist() == [0, 0]
        assert near_duplicate_clusters(*arrays_of(texts), 0.7 + 1e-12).tolist() == [0, 1]

    def test_a_chain_of_pairs_is_one_cluster(self):
        words = [f"w{k}" for k in range(100)]
        texts = [" ".join(words[k : k + 60]) for k in (0, 8, 16, 24)]
        sets = [shingles_by_hand(text) for text in texts]
        assert len(sets[0] & sets[3]) / len(sets[0] | sets[3]) < JACCARD
        assert near_duplicate_clusters(*arrays_of(texts)).tolist() == [0, 0, 0, 0]

    def test_case_punctuation_and_layout_make_no_difference(self):
        texts = [
            "Web Front-End Developer, SQL (2019)",
            "\u2022 web front end DEVELOPER sql 2019 --",
        ]
        assert near_duplicate_clusters(*arrays_of(texts)).tolist() == [0, 0]

    def test_short_and_wordless_texts_are_duplicates_of_their_equals_only(self):
        texts = ["", "a b", "\u2022", "a b", "a", "a b c d e", ""]
        assert near_duplicate_clusters(*arrays_of(texts)).tolist() == [0, 1, 0, 1, 2, 3, 0]

    def test_no_texts(self):
        assert near_duplicate_clusters(*arrays_of([])).tolist() == []

    def test_they_do_not_depend_on_the_order_or_on_other_texts(self):
        rng = np.random.default_rng(5)
        base = [" ".join(f"w{k}" for k in rng.integers(300, size=80)) for _ in range(20)]
        texts = base + [text.replace("w7", "w8") + " end" for text in base[:10]]
        order = rng.permutation(len(texts))
        one = near_duplicate_clusters(*arrays_of(texts))
        other = near_duplicate_clusters(*arrays_of([texts[k] for k in order] + ["more words"]))
        for i, j in combinations(range(len(texts)), 2):
            assert (one[order[i]] == one[order[j]]) == (other[i] == other[j])

    def test_thousands_of_variants_of_one_text_are_quick(self):
        """Comparing all 2 million pairs, once for each shared 5-gram, would take hours."""
        words = [f"w{k}" for k in range(200)]
        texts = [" ".join([*words, f"v{k}"]) for k in range(2000)]
        assert not near_duplicate_clusters(*arrays_of(texts)).any()


class TestShingles:
    def test_numbers_are_distinct_sorted_and_rare_first(self):
        texts = ["a b c d e f", "a b c d e g", "a b c d e f", "a b"]
        shingles, offsets = shingle_sets(*alphanumeric_words(*arrays_of(texts)))
        frequency = np.bincount(shingles)
        assert (np.diff(frequency) >= 0).all()
        for k in range(len(texts)):
            row = shingles[offsets[k] : offsets[k + 1]]
            assert len(row) == len(shingles_by_hand(texts[k]))
            assert (np.diff(row) > 0).all()

    @given(similar_texts())
    def test_jaccard_is_that_of_sets(self, texts: list[str]):
        shingles, offsets = shingle_sets(*alphanumeric_words(*arrays_of(texts)))
        left, right = np.triu_indices(len(texts))
        sets = [shingles_by_hand(text) for text in texts]
        expected = [
            len(sets[i] & sets[j]) / len(sets[i] | sets[j])
            for i, j in zip(left, right, strict=True)
        ]
        assert jaccard(shingles, offsets, left, right).tolist() == expected


@pytest.mark.corpus
@pytest.mark.slow
def test_nothing_is_missed_in_the_real_corpus(real_corpus):
    """300 resumes against all others, exactly: their near-duplicates are their clusters."""
    corpus = real_corpus
    shingles, offsets = shingle_sets(
        *alphanumeric_words(corpus.words, corpus.tokens, corpus.offsets)
    )
    sizes = np.diff(offsets)
    rows = csr_array((np.ones(len(shingles), dtype=np.int32), shingles, offsets))
    clustered = np.flatnonzero(np.bincount(corpus.clusters)[corpus.clusters] > 1)
    rng = np.random.default_rng(0)
    sample = np.concatenate(
        [rng.choice(len(corpus), 150, replace=False), rng.choice(clustered, 150, replace=False)]
    )
    shared = (rows[sample] @ rows.T).tocoo()
    k, other = shared.coords
    similar = shared.data / (sizes[sample[k]] + sizes[other] - shared.data) >= JACCARD
    assert similar.sum() > 400
    assert (corpus.clusters[sample[k[similar]]] == corpus.clusters[other[similar]]).all()
    # And nobody is in a cluster without a near-duplicate.
    partners = np.bincount(k[similar], minlength=len(sample)) - 1
    assert ((partners > 0) == np.isin(sample, clustered)).all()
