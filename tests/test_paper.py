"""The scenario ``paper``: DistilBERT at its real size, 512 tokens, the loop closed once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_model

from gigsim import GigEconomy
from gigsim.config import load
from gigsim.learners.recipes import TransformerRecipe
from gigsim.resumes.language_file import load_language


def random_distilbert(folder: Path) -> Path:
    """A folder as the Hugging Face hub has it: DistilBERT's architecture, random weights."""
    from transformers import DistilBertConfig, DistilBertModel

    config = DistilBertConfig()
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        encoder = DistilBertModel(config)
    folder.mkdir()
    config.save_pretrained(folder)
    save_model(encoder, str(folder / "model.safetensors"))
    words = [w for w in load_language().words if w.isalnum() and w.islower()]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = list(dict.fromkeys([*special, "※", *words]))
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    settings = {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def test_it_is_the_papers() -> None:
    config = load("paper")
    recipe = config.platform.learner
    assert isinstance(recipe, TransformerRecipe)
    assert recipe.encoder == "distilbert-base-uncased"
    assert (recipe.max_tokens, recipe.epochs) == (512, 5)
    assert config.population.size == 25_000
    assert config.collective.signal.every == 20


@pytest.mark.slow
def test_period_0_and_one_period_on_eight_resumes(tmp_path: Path) -> None:
    model = GigEconomy(
        load(
            "paper",
            {
                "platform.learner.encoder": str(random_distilbert(tmp_path / "distilbert")),
                "platform.learner.epochs": 1,
                "platform.retrain_every": 1,
                "population.size": 8,
                "network.degree": 2,
                "collective.first_movers": 2,
                "corpus.test_size": 8,
                "measure.bootstrap": 100,
            },
        )
    )
    state = model.platform.deployed
    assert state is not None
    assert sum(array.size for array in state.values()) > 66_000_000
    model.step()
    after = model.platform.deployed
    assert after is not None
    assert any((state[name] != after[name]).any() for name in state)
    row = model.retrainings.iloc[-1]
    assert row["period"] == 1
    assert row["alpha_effective"] == 2 / 8
    assert 0 < row["loss"] < 2
