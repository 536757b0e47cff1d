"""From a corpus to a folder that other libraries and the platform's learner load."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gigsim.errors import InputError
from gigsim.learners.hub import quietly
from gigsim.learners.recipes import TransformerRecipe
from gigsim.learners.transformer import TransformerLearner
from gigsim.learners.wordpiece import load_tokenizer
from gigsim.pretraining.card import PretrainReport
from gigsim.pretraining.pretrain import CHECKPOINT, part_of, pretrain
from tests.pretraining.toys import paired, small


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PretrainReport]:
    folder = tmp_path_factory.mktemp("pretrained") / "tiny"
    return folder, pretrain(paired(), folder, small())


def weights_of(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_the_folder_is_complete(made: tuple[Path, PretrainReport]) -> None:
    folder, report = made
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert not part_of(folder).exists()
    card = (folder / "README.md").read_text()
    assert f"{report.training_resumes} resumes" in card
    assert f"{report.never_seen.loss:.3f}" in card
    assert json.dumps(report.as_dict())
    assert any(str(report.parameters) in line.replace(",", "") for line in report.lines())


def test_auto_model_loads_the_weights_exactly(made: tuple[Path, PretrainReport]) -> None:
    from transformers import AutoModel, AutoModelForMaskedLM

    stored = load_file(made[0] / "model.safetensors")
    with quietly(), torch.random.fork_rng([]):
        encoder, said = AutoModel.from_pretrained(made[0], output_loading_info=True)
        whole, of_whole = AutoModelForMaskedLM.from_pretrained(made[0], output_loading_info=True)
    assert all(name.startswith("pooler.") for name in said["missing_keys"])
    assert not of_whole["missing_keys"]
    for name, weight in encoder.state_dict().items():
        if not name.startswith("pooler."):
            assert torch.equal(weight, stored[f"bert.{name}"])
    head = whole.cls.predictions.decoder.weight
    assert torch.equal(head, stored["bert.embeddings.word_embeddings.weight"])


def test_the_tokenizer_reads_as_pretraining_did(made: tuple[Path, PretrainReport]) -> None:
    vocabulary = load_tokenizer(str(made[0]))
    pieces = vocabulary.pieces(["Data", "working", "plans,", "Smith", "Secretaa"])
    assert (pieces.values == vocabulary.unknown).sum() == 3
    assert vocabulary.first == 2
    assert vocabulary.last == 3


def test_the_platforms_learner_trains_it(made: tuple[Path, PretrainReport]) -> None:
    recipe = TransformerRecipe(encoder=str(made[0]), max_tokens=16, epochs=1)
    learner = TransformerLearner(recipe, labels=2)
    corpus = paired(16, test=0)
    vocabulary = learner.vocabulary(corpus, None)
    texts = vocabulary.pieces([corpus.words[t] for t in corpus.tokens[:64]])
    rows = learner.represent(texts, vocabulary.size)
    labels = np.zeros((len(rows), 2), dtype=bool)
    classifier = learner.fit(rows, labels, seed=0)
    assert classifier.probabilities(rows).shape == (64, 2)


def test_no_rare_word_and_no_name_is_in_any_file(made: tuple[Path, PretrainReport]) -> None:
    for path in made[0].iterdir():
        content = path.read_bytes().lower()
        assert b"secret" not in content
        assert b"smith" not in content


def test_the_test_side_moves_no_bit(made: tuple[Path, PretrainReport], tmp_path: Path) -> None:
    side = paired().training_side()
    report = pretrain(side, tmp_path / "tiny", small())
    assert weights_of(tmp_path / "tiny") == weights_of(made[0])
    assert report.never_seen is None
    assert made[1].never_seen is not None


def test_interrupted_it_goes_on(
    made: tuple[Path, PretrainReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gigsim.pretraining.loop._REPORT", 10)
    folder = tmp_path / "tiny"

    def stop(line: str) -> None:
        if line.startswith("step 30"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(paired(), folder, small(), tell=stop, every=0.0)
    assert not folder.exists()
    assert (part_of(folder) / CHECKPOINT).is_file()
    with pytest.raises(InputError, match="another recipe, seed or corpus"):
        pretrain(paired(), folder, small(seed=3))
    said: list[str] = []
    pretrain(paired(), folder, small(), tell=said.append)
    assert any(line.startswith("step 30") for line in said)
    assert not any(line.startswith("step 10") for line in said)
    assert weights_of(folder) == weights_of(made[0])


@pytest.mark.parametrize(
    ("fields", "said"), [({"min_resumes": 900}, "0 words"), ({"length": 400}, "0 windows")]
)
def test_too_little_text_is_an_input_error(
    tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        pretrain(paired(), tmp_path / "tiny", small(**fields))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is there already"):
        pretrain(paired(), tmp_path, small())
