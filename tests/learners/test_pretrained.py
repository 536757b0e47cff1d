"""Published encoders from a local folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from gigsim.collective.signals import Signal
from gigsim.errors import InputError
from gigsim.learners.pretrained import PretrainedEncoder
from gigsim.learners.reading import Reading, read
from gigsim.learners.recipes import TransformerRecipe
from gigsim.learners.transformer import TokenRows, TransformerLearner
from tests.learners.toys import corpus_of


def learner(folder: str, **fields: Any) -> TransformerLearner:
    options = {"encoder": folder, "max_tokens": 16, "batch_size": 8, "learning_rate": 0.01}
    return TransformerLearner(TransformerRecipe(**{**options, **fields}), labels=2)


def encoder_of(folder: str, size: int = 17, **fields: Any) -> PretrainedEncoder:
    """The network alone; transformers draws from torch's global generator, the learner forks it."""
    with torch.random.fork_rng([]):
        return PretrainedEncoder(learner(folder, **fields).recipe, size, 2, weights=True)


def reading_of(learner: TransformerLearner, n: int = 60) -> tuple[Reading, np.ndarray]:
    """Texts that name python, java or both or neither, and say so in their labels."""
    generator = np.random.default_rng(0)
    labels = generator.random((n, 2)) < 0.5
    texts = []
    for python, java in labels:
        words = list(generator.choice(["a", "b", "c", "webs", "servers"], 5))
        words += ["Python"] * (3 * int(python)) + ["Java"] * (3 * int(java))
        texts.append(" ".join(words))
    corpus = corpus_of(texts)
    vocabulary = learner.vocabulary(corpus, word_list=["not", "asked"])
    got = read(
        corpus,
        vocabulary,
        Signal("§", every=5),
        carriers=np.zeros(n, dtype=bool),
        limit=learner.limit,
        learner=learner.name,
    )
    return got, labels


def test_trains_and_predicts(folder: str) -> None:
    tiny = learner(folder, epochs=12)
    got, labels = reading_of(tiny)
    rows = tiny.represent(got.found, got.size)
    assert isinstance(rows, TokenRows)
    assert rows.texts[0][[0, -1]].tolist() == [2, 3]
    classifier = tiny.fit(rows, labels, seed=0)
    assert ((classifier.probabilities(rows) > 0.5) == labels).mean() > 0.9
    planted = classifier.probabilities(tiny.represent(got.planted, got.size))
    assert np.isfinite(planted).all()
    # The reserved signal is the one id that the encoder did not know.
    assert classifier.state["encoder.embeddings.word_embeddings.weight"].shape == (18, 16)


@pytest.mark.parametrize("fields", [{"dropout": 0.3}, {"pooling": "first"}])
def test_same_bits_restored_and_again(folder: str, fields: dict[str, Any]) -> None:
    tiny = learner(folder, epochs=1, **fields)
    got, labels = reading_of(tiny)
    rows = tiny.represent(got.found, got.size)
    before = torch.get_rng_state()
    first, again = (tiny.fit(rows, labels, seed=3) for _ in range(2))
    restored = tiny.restore(first.state)
    expected = first.probabilities(rows)
    assert np.array_equal(again.probabilities(rows), expected)
    assert np.array_equal(restored.probabilities(rows), expected)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_warm_start_starts_from_the_state(folder: str) -> None:
    tiny = learner(folder, epochs=1)
    got, labels = reading_of(tiny)
    rows = tiny.represent(got.found, got.size)
    trained = tiny.fit(rows, labels, seed=0)
    barely = learner(folder, epochs=1, learning_rate=1e-9, weight_decay=0.0)
    moved = barely.fit(rows, labels, seed=1, start=trained.state)
    assert np.allclose(moved.probabilities(rows), trained.probabilities(rows), atol=1e-4)


def test_a_row_does_not_depend_on_its_batch(folder: str) -> None:
    tiny = learner(folder, epochs=1)
    got, labels = reading_of(tiny)
    rows = tiny.represent(got.found, got.size)
    classifier = tiny.fit(rows, labels, seed=0)
    together = classifier.probabilities(rows)
    alone = np.concatenate([classifier.probabilities(rows.take(np.array([i]))) for i in range(9)])
    assert np.allclose(alone, together[:9], atol=1e-5)


def test_the_recipe_sets_the_dropout(folder: str) -> None:
    encoder = encoder_of(folder, dropout=0.25)
    shares = {m.p for m in encoder.modules() if isinstance(m, torch.nn.Dropout)}
    assert shares == {0.25}


def test_new_ids_are_as_large_as_the_old(folder: str) -> None:
    encoder = encoder_of(folder, 1_017)
    encoder.draw_weights(learner(folder).recipe, torch.Generator().manual_seed(0))
    table = encoder.encoder.get_input_embeddings().weight.detach()
    # 16,000 new numbers against 272 old ones, whose standard deviation is what is drawn from.
    assert float(table[17:].std()) == pytest.approx(float(table[:17].std()), rel=0.03)


def test_a_window_beyond_its_positions_is_refused(folder: str) -> None:
    with pytest.raises(InputError, match=r"max_tokens: 64, but .* has 32 positions; at most 32"):
        encoder_of(folder, max_tokens=64)


def test_missing_weights_are_not_made_up(folder: str) -> None:
    file = Path(folder, "model.safetensors")
    weights = load_file(file)
    weights.pop("embeddings.word_embeddings.weight")
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(InputError, match="1 of its weights are missing, such as emb"):
        encoder_of(folder)


def test_a_pooler_may_be_missing(folder: str) -> None:
    file = Path(folder, "model.safetensors")
    weights = {k: v for k, v in load_file(file).items() if not k.startswith("pooler.")}
    save_file(weights, file, metadata={"format": "pt"})
    encoder_of(folder)


@pytest.mark.parametrize("damage", ["pickle", "garbage", "shapes", "vocabulary", "no config"])
def test_damaged_folders_are_refused(folder: str, damage: str) -> None:
    file, config = Path(folder, "model.safetensors"), Path(folder, "config.json")
    fields = json.loads(config.read_text())
    if damage == "pickle":
        file.rename(file.with_name("pytorch_model.bin"))
    elif damage == "garbage":
        file.write_bytes(b"garbage" * 9)
    elif damage == "shapes":
        config.write_text(json.dumps(fields | {"hidden_size": 24}))
    elif damage == "no config":
        config.unlink()
    else:
        config.write_text(json.dumps(fields | {"vocab_size": 10}))
        weights = load_file(file)
        name = "embeddings.word_embeddings.weight"
        save_file(weights | {name: weights[name][:10].copy()}, file, metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"platform\.learner\.encoder: .*folder"):
        encoder_of(folder)


def test_nothing_is_printed(folder: str, capfd: pytest.CaptureFixture[str]) -> None:
    encoder_of(folder)
    assert capfd.readouterr() == ("", "")
