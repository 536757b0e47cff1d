"""The folder of an encoder, in the format of the Hugging Face library."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from gigsim.learners.hub import quietly
from gigsim.pretraining.vocabulary import Pieces


def write_encoder(folder: Path, network: Any, pieces: Pieces, card: str) -> None:
    """Write config, weights (safetensors), tokenizer and model card, all or none.

    Args:
        folder: must not be there.
        network: a ``BertForMaskedLM``; ``AutoModel`` takes from its weights what it needs.
        pieces: its vocabulary.
        card: the text of ``README.md``.
    """
    from transformers import PreTrainedTokenizerFast

    special = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces.tokenizer(),
        model_max_length=network.config.max_position_embeddings,
        **{f"{name}_token": piece for name, piece in special.items()},
    )
    partial = folder.with_name(f"{folder.name}.writing")
    shutil.rmtree(partial, ignore_errors=True)
    with quietly():
        network.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
    (partial / "README.md").write_text(card, encoding="utf-8")
    for file in partial.iterdir():
        # The library makes the weights readable for their owner alone.
        file.chmod(0o644)
    partial.rename(folder)
