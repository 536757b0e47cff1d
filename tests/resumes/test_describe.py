from __future__ import annotations

import json

import numpy as np

from gigsim.resumes.corpus import Corpus
from gigsim.resumes.describe import describe, describe_lines

CORPUS = Corpus(
    words=("a", "b", "c"),
    tokens=np.array([0, 1, 0, 0, 1, 2, 2], dtype=np.uint32),
    offsets=np.array([0, 2, 3, 7]),
    labels=np.array([[True, True], [False, False], [True, False]]),
    label_names=("x", "y"),
    clusters=np.array([0, 0, 1]),
    test_side=np.array([False, False, True]),
    origin="three by hand",
)


def test_the_facts_of_a_corpus_by_hand():
    assert describe(CORPUS) == {
        "origin": "three by hand",
        "resumes": 3,
        "words": 7,
        "distinct_words": 3,
        "labels": {"x": {"resumes": 2, "share": 2 / 3}, "y": {"resumes": 1, "share": 1 / 3}},
        "label_sets": {
            "distinct": 3,
            "empty": 1,
            "cardinality": {0: 1, 1: 1, 2: 1},
            "cardinality_mean": 1.0,
        },
        "lengths": {
            "mean": 7 / 3,
            "0%": 1.0,
            "5%": 1.1,
            "25%": 1.5,
            "50%": 2.0,
            "75%": 3.0,
            "95%": 3.8,
            "100%": 4.0,
        },
        "near_duplicates": {"resumes": 2, "clusters": 1, "largest": 2},
        "split": {
            "training": {"resumes": 2, "clusters": 1, "label_shares": {"x": 0.5, "y": 0.5}},
            "test": {"resumes": 1, "clusters": 1, "label_shares": {"x": 1.0, "y": 0.0}},
        },
    }


def test_they_are_plain_values():
    json.dumps(describe(CORPUS))


def test_lines_for_people():
    lines = describe_lines(describe(CORPUS))
    assert lines[:2] == ["three by hand", "3 resumes, 7 words, 3 distinct"]
    assert "x: 2 (66.7%; training side 50.0%, test side 100.0%)" in lines


def test_an_empty_corpus_has_facts_too():
    empty = CORPUS.select(np.array([], dtype=np.int64))
    facts = describe(empty)
    assert facts["resumes"] == 0
    assert facts["lengths"] == {}
    assert facts["near_duplicates"] == {"resumes": 0, "clusters": 0, "largest": 0}
    assert describe_lines(facts)
