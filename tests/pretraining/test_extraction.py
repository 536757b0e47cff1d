"""Whether text can be read out: the measure itself, tried on encoders that do and do not know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gigsim.pretraining.extraction import Runs, extract, unique_runs, z_of
from gigsim.pretraining.loop import train
from gigsim.pretraining.material import prepare
from gigsim.resumes.corpus import Corpus
from gigsim.streams import Streams
from tests.learners.toys import corpus_of
from tests.pretraining.toys import small


def random_resumes(n: int = 60, length: int = 14) -> Corpus:
    """Words in random order: whoever completes a tail has read it."""
    generator = np.random.default_rng(3)
    words = [f"{a}{b}" for a in "bcdfg" for b in "aeio"]
    texts = [" ".join(generator.choice(words, length)) for _ in range(n)]
    side = np.zeros(n, dtype=bool)
    side[n // 2 :] = True
    return replace(corpus_of(texts), test_side=side)


def vocabulary_of(entries: tuple[str, ...]) -> dict[str, int]:
    return {entry: i for i, entry in enumerate(entries)}


def test_what_was_learned_by_heart_is_found(tmp_path: Path) -> None:
    corpus = random_resumes()
    recipe = small(masked=0.3, feedforward=128, steps=400, warmup=20, min_resumes=1)
    material = prepare(corpus, recipe)
    size = len(material.pieces.entries)
    network, _ = train(material.windows.ids, size, recipe, tmp_path / "c", digest="d")
    runs = unique_runs(
        corpus, vocabulary_of(material.pieces.entries), words=14, tail=2, streams=Streams(0)
    )
    assert (runs.trained.sum(), (~runs.trained).sum()) == (30, 30)
    for beams in (1, 3):
        got = extract(network, runs, tail=2, beams=beams)
        assert got.reproduced_trained > got.reproduced_unseen
        assert got.z > 4
    fresh, _ = train(
        material.windows.ids, size, small(feedforward=128, steps=1), tmp_path / "fresh", digest="d"
    )
    assert abs(extract(fresh, runs, tail=2).z) < 4


def test_runs_are_in_one_cluster_and_end_in_words() -> None:
    texts = ["a b c d", "x a b c d", "e f g h", "e f g h", "i j k 1", "l ? m n", "o p", "q zz r s"]
    corpus = replace(
        corpus_of(texts), clusters=np.array([0, 1, 2, 2, 3, 4, 5, 6]), test_side=np.arange(8) > 3
    )
    entries = (*("pad", "unk", "cls", "sep", "mask"), *"abcdefghijklmnopqrs", "x", "?", "1")
    runs = unique_runs(corpus, vocabulary_of(entries), words=4, tail=2, streams=Streams(0))
    found = {
        ("".join(entries[i] for i in ids), bool(side))
        for ids, side in zip(runs.ids, runs.trained, strict=True)
    }
    # abcd is in two clusters, ijk1 ends in a number, op is too short, zz is unknown. The second
    # resume also has xabc, of which it is the only holder, and may have drawn that.
    assert found - {("xabc", True)} == {("efgh", True), ("l?mn", False)}


def test_equal_rates_are_within_chance_and_unequal_ones_are_not() -> None:
    generator = np.random.default_rng(0)
    zs = [
        z_of(*np.array([generator.binomial(400, 0.1), 400, generator.binomial(900, 0.1), 900]))
        for _ in range(500)
    ]
    assert abs(np.mean(zs)) < 4 / np.sqrt(500)
    assert abs(np.std(zs) - 1) < 4 / np.sqrt(1000)
    assert z_of(30, 100, 0, 100) > 5
    assert z_of(0, 10, 0, 10) == 0
    assert z_of(0, 0, 3, 10) == 0


def test_without_runs_nothing_is_reproduced() -> None:
    got = extract(None, Runs(np.empty((0, 8), dtype=np.int64), np.empty(0, dtype=bool)), tail=3)
    assert (got.reproduced_trained, got.trained_on, got.z) == (0, 0, 0.0)


@pytest.mark.parametrize("blocks", [1, 7])
def test_runs_do_not_depend_on_the_blocks(monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    corpus = random_resumes(20)
    entries = ("p", "u", "c", "s", "m", *corpus.words)
    whole = unique_runs(corpus, vocabulary_of(entries), words=5, tail=2, streams=Streams(0))
    monkeypatch.setattr("gigsim.pretraining.extraction._CHUNK", blocks)
    again = unique_runs(corpus, vocabulary_of(entries), words=5, tail=2, streams=Streams(0))
    np.testing.assert_array_equal(whole.ids, again.ids)
