"""The network: a BERT of the Hugging Face library, so that ``AutoModel`` loads what is written."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from gigsim.pretraining.masking import Masked
from gigsim.pretraining.recipe import PretrainRecipe
from gigsim.pretraining.vocabulary import PAD


def bert_config(recipe: PretrainRecipe, size: int) -> Any:
    """The library's config of the recipe's network over ``size`` pieces."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=size,
        hidden_size=recipe.width,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        intermediate_size=recipe.feedforward,
        max_position_embeddings=recipe.length,
        type_vocab_size=1,
        pad_token_id=PAD,
        # Few passes over a large text: what is dropped is only lost.
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        # GELU costs more on a CPU and learns no better at this size.
        hidden_act="relu",
        # BERT's .02 is meant for width 768.
        initializer_range=recipe.width**-0.5,
    )


def fresh_network(recipe: PretrainRecipe, size: int, generator: torch.Generator) -> nn.Module:
    """``BertForMaskedLM`` with weights from the given generator, in the order of its parameters.

    Matrices and embeddings are normal with standard deviation 1/sqrt(width), as the config says.
    """
    from transformers import BertForMaskedLM

    # The library's constructor draws weights of its own, which are then overwritten.
    with torch.random.fork_rng([]):
        network = BertForMaskedLM(bert_config(recipe, size))
    draw_weights(network, recipe.width**-0.5, generator)
    return network


def draw_weights(network: nn.Module, std: float, generator: torch.Generator) -> None:
    """Normal matrices, zero biases, unit scales."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.dim() == 1:
                nn.init.ones_(parameter)
            else:
                nn.init.normal_(parameter, std=std, generator=generator)


def masked_loss(network: Any, batch: Masked) -> Tensor:
    """Mean cross-entropy of the pieces to guess, in nats.

    Only their positions go through the head over the vocabulary: a seventh of the products.
    """
    hidden = network.bert(input_ids=torch.from_numpy(batch.ids)).last_hidden_state
    guessed = hidden.flatten(0, 1)[torch.from_numpy(batch.chosen)]
    return functional.cross_entropy(network.cls(guessed), torch.from_numpy(batch.answers))


def optimizer_of(network: nn.Module, recipe: PretrainRecipe) -> torch.optim.AdamW:
    """AdamW; decay pulls on matrices only."""
    parameters = list(network.parameters())
    return torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": recipe.weight_decay},
            {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
        betas=(0.9, 0.98),
        fused=True,
    )
