"""A published encoder of the Hugging Face format, with our pooling and head on top."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from gigsim.errors import InputError
from gigsim.learners.encoder import drop, pool
from gigsim.learners.hub import first_line, load_published, located
from gigsim.learners.recipes import TransformerRecipe
from gigsim.learners.wordpiece import load_tokenizer

#: What the architectures call their shares of dropout.
_DROPOUTS = (
    "attention_dropout",
    "attention_probs_dropout_prob",
    "dropout",
    "hidden_dropout_prob",
    "embedding_dropout",
)

_ALLOWED = (
    "a local Hugging Face folder (config.json, model.safetensors, tokenizer.json) works offline"
)

#: What the library raises for folders that are incomplete, damaged or contradict themselves.
_UNLOADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)


class PretrainedEncoder(nn.Module):
    """``AutoModel``, pooling and a linear head.

    Args:
        recipe: names the encoder; its dropout replaces the encoder's own.
        vocabulary_size: number of ids; the embedding table grows to it if need be.
        labels: number of labels L.
        weights: False lays out the network only, its weights undefined, to restore a state into.

    Raises:
        InputError: there is no such encoder, its weights are incomplete or not safetensors, or it
            has fewer positions than ``max_tokens``.
    """

    def __init__(
        self, recipe: TransformerRecipe, vocabulary_size: int, labels: int, *, weights: bool
    ) -> None:
        super().__init__()
        from transformers import AutoConfig, AutoModel

        source = located(recipe.encoder)

        def load(local: bool) -> tuple[Any, Any]:
            config = AutoConfig.from_pretrained(
                source, trust_remote_code=False, local_files_only=local
            )
            for name in _DROPOUTS:
                if hasattr(config, name):
                    setattr(config, name, recipe.dropout)
            if not weights:
                return config, AutoModel.from_config(config, dtype=torch.float32)
            encoder, report = AutoModel.from_pretrained(
                source,
                config=config,
                dtype=torch.float32,
                # A pickle can run anything.
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=local,
                output_loading_info=True,
            )
            _complete(report["missing_keys"])
            return config, encoder

        try:
            config, self.encoder = load_published(source, load)
        except _UNLOADABLE as error:
            reason = first_line(error)
            raise InputError(
                "platform.learner.encoder", f"cannot load {recipe.encoder!r} ({reason})", _ALLOWED
            ) from error
        positions = getattr(config, "max_position_embeddings", recipe.max_tokens)
        if recipe.max_tokens > positions:
            raise InputError(
                "platform.learner.max_tokens",
                f"{recipe.max_tokens}, but {recipe.encoder!r} has {positions} positions",
                f"at most {positions}",
            )
        self.known = self.encoder.get_input_embeddings().num_embeddings
        if load_tokenizer(recipe.encoder).size > self.known:
            raise InputError(
                "platform.learner.encoder",
                f"the tokenizer of {recipe.encoder!r} has more ids than its encoder has vectors",
                _ALLOWED,
            )
        if vocabulary_size > self.known:
            self.encoder.resize_token_embeddings(vocabulary_size, mean_resizing=False)
        self.pooling = recipe.pooling
        self.dropout = recipe.dropout
        self.head = nn.Linear(config.hidden_size, labels)

    def draw_weights(self, recipe: TransformerRecipe, generator: torch.Generator) -> None:
        """Fresh weights for what the encoder did not bring: new ids and the head."""
        with torch.no_grad():
            table = self.encoder.get_input_embeddings().weight
            # New ids get vectors of the size of the old ones, so that they are neither silent nor
            # loud; embedding_std is the lean encoder's.
            std = float(table[: self.known].std())
            nn.init.normal_(table[self.known :], std=std, generator=generator)
            bound = self.head.in_features**-0.5
            nn.init.uniform_(self.head.weight, -bound, bound, generator=generator)
            nn.init.zeros_(self.head.bias)

    def forward(
        self, ids: Tensor, present: Tensor | None, generator: torch.Generator | None
    ) -> Tensor:
        """Log-odds, shape (batch, L), as ``LeanEncoder.forward``."""
        mask = torch.ones_like(ids) if present is None else present.long()
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return self.head(drop(pool(hidden, present, self.pooling), self.dropout, generator))


def _complete(missing: Iterable[str]) -> None:
    """Refuse weights that the library would silently make up; we do not use a pooler."""
    made_up = sorted(name for name in missing if not name.startswith("pooler."))
    if made_up:
        raise ValueError(f"{len(made_up)} of its weights are missing, such as {made_up[0]}")
