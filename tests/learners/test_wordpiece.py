"""Sub-word vocabularies: the same in every process, and equal to reading whole texts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from gigsim.errors import InputError
from gigsim.learners.wordpiece import WordPiece, load_tokenizer
from gigsim.resumes.corpus import Corpus
from tests.learners.toys import corpus_of, invented, invented_digest


def test_trained_twice_it_is_the_same() -> None:
    assert invented_digest() == invented_digest()


def test_trained_in_another_process_it_is_the_same() -> None:
    code = "from tests.learners.toys import invented_digest; print(invented_digest())"
    outcome = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7", "RAYON_NUM_THREADS": "1"},
    )
    assert outcome.stdout.strip() == invented_digest()


def test_word_by_word_is_the_whole_text() -> None:
    corpus = corpus_of(["Café, C++/Python-3 (lead)", "javascript; naïve. ЖЖ 漢字kanji", "don't ﬁx"])
    vocabulary = WordPiece.train(invented(), 400)
    tokenizer = Tokenizer.from_str(vocabulary.state())
    for row in range(len(corpus)):
        whole = tokenizer.encode(corpus.text(row)).ids
        assert vocabulary.pieces(corpus.text(row).split(" ")).values.tolist() == whole


def test_ids_are_dense_and_bounded() -> None:
    vocabulary = WordPiece.train(invented(), 400)
    assert vocabulary.size == 400
    values = vocabulary.pieces(invented().words).values
    assert values.min() >= 0
    assert values.max() < 400
    assert vocabulary.unknown is not None
    assert vocabulary.pieces(["※"]).values.tolist() == [vocabulary.unknown]


def test_reads_no_words_at_all() -> None:
    assert len(WordPiece.train(invented(), 400).pieces([])) == 0


def test_a_folder_reads_like_its_tokenizer_without_truncation(folder: str) -> None:
    corpus = corpus_of(["Python servers . a b c", "webs javaer ※ unheard"])
    vocabulary = WordPiece.from_folder(folder, corpus)
    assert vocabulary.size == 17
    assert (vocabulary.unknown, vocabulary.first, vocabulary.last) == (1, 2, 3)
    read = vocabulary.pieces(["Servers", "javaer", "unheard"])
    assert [read[i].tolist() for i in range(3)] == [[6, 10], [8, 11], [1]]


def test_enclose_puts_each_text_between_the_special_ids(folder: str) -> None:
    vocabulary = load_tokenizer(folder)
    texts = vocabulary.enclose(vocabulary.pieces(["python", "", "servers"]))
    assert [texts[i].tolist() for i in range(3)] == [[2, 7, 3], [2, 3], [2, 6, 10, 3]]


def test_a_tokenizer_that_joins_across_spaces_is_refused(tmp_path: Path) -> None:
    space = {"a": 0, "b": 1, "Ġ": 2, "Ġb": 3}
    tokenizer = Tokenizer(models.BPE(space, merges=[("Ġ", "b")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="reads a text differently from its words"):
        WordPiece.from_folder(str(tmp_path), corpus_of(["a b", "b a"]))


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"platform\.learner\.encoder: no tokenizer in the folder"):
        WordPiece.from_folder(str(tmp_path), corpus_of(["a"]))


def test_a_broken_tokenizer_is_refused(folder: str) -> None:
    Path(folder, "tokenizer.json").write_text("{")
    with pytest.raises(InputError, match=r"platform\.learner\.encoder: no tokenizer in the folder"):
        WordPiece.from_folder(folder, corpus_of(["a"]))


def test_a_hub_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"hub id 'no-such/model'.*local Hugging Face folder"):
        WordPiece.from_folder("no-such/model", corpus_of(["a"]))


@pytest.mark.corpus
def test_real_resumes_word_by_word(real_corpus: Corpus) -> None:
    corpus = real_corpus.training_side()
    sample = corpus.select(np.arange(0, len(corpus), len(corpus) // 300))
    vocabulary = WordPiece.train(sample, 2_000)
    tokenizer = Tokenizer.from_str(vocabulary.state())
    for row in range(len(sample)):
        whole = tokenizer.encode(sample.text(row)).ids
        assert vocabulary.pieces(sample.text(row).split(" ")).values.tolist() == whole
