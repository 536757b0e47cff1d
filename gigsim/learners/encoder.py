"""The lean encoder: a small BERT-like network whose every random number has a named source.

Token and position embeddings, blocks of self-attention and feed-forward, one vector a text by
pooling, a linear head. No global random state: weights are drawn from a given generator and dropout
masks from another.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from gigsim.learners.recipes import TransformerRecipe

#: Added to the attention scores of padding: exp of it is 0 in every precision, and, unlike -inf, a
#: text without any piece gives an average instead of NaN.
_NEVER = -1e4


class Linear(nn.Linear):
    """A linear layer whose weights wait for ``LeanEncoder.draw_weights``."""

    def reset_parameters(self) -> None:
        """Draw nothing: torch would, from its global generator."""


class Embedding(nn.Embedding):
    """An embedding whose vectors wait for ``LeanEncoder.draw_weights``."""

    def reset_parameters(self) -> None:
        """Draw nothing: torch would, from its global generator."""


class LeanEncoder(nn.Module):
    """Encoder and head in one; its weights are undefined until they are drawn or loaded.

    Args:
        recipe: its ``(lean)`` fields.
        vocabulary_size: number of ids.
        labels: number of labels L.
    """

    def __init__(self, recipe: TransformerRecipe, vocabulary_size: int, labels: int) -> None:
        super().__init__()
        width = recipe.width
        self.pre = recipe.normalisation == "pre"
        self.dropout = recipe.dropout
        self.words = Embedding(vocabulary_size, width)
        self.positions = Embedding(recipe.max_tokens, width)
        # The piece before all others whose vector stands for the text: BERT's [CLS].
        self.first = nn.Parameter(torch.empty(width)) if recipe.pooling == "first" else None
        self.blocks = nn.ModuleList(Block(recipe) for _ in range(recipe.layers))
        self.norm = nn.LayerNorm(width)
        self.head = Linear(width, labels)

    def forward(
        self, ids: Tensor, present: Tensor | None, generator: torch.Generator | None
    ) -> Tensor:
        """Log-odds, shape (batch, L).

        Args:
            ids: int64, shape (batch, length).
            present: bool, shape (batch, length), False on padding; None if there is no padding.
            generator: of the dropout masks; None outside training.
        """
        hidden = self.words(ids)
        if self.first is not None:
            hidden = torch.cat([self.first.expand(len(ids), 1, -1), hidden], dim=1)
            if present is not None:
                present = functional.pad(present, (1, 0), value=True)
        hidden = hidden + self.positions.weight[: hidden.shape[1]]
        if not self.pre:
            hidden = self.norm(hidden)
        hidden = drop(hidden, self.dropout, generator)
        bias = None if present is None else (~present[:, None, None, :]) * _NEVER
        for depth, block in enumerate(self.blocks, start=1):
            # Where the first piece stands for the text, nothing else leaves the last block.
            last = self.first is not None and depth == len(self.blocks)
            hidden = block(hidden, bias, generator, first_only=last)
        if self.pre:
            hidden = self.norm(hidden)
        return self.head(pool(hidden, present, "mean" if self.first is None else "first"))

    def draw_weights(self, recipe: TransformerRecipe, generator: torch.Generator) -> None:
        """Fresh weights by the recipe's initialisation, in the order of the parameters."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif name.startswith(("words", "positions", "first")):
                nn.init.normal_(parameter, std=recipe.embedding_std, generator=generator)
            elif parameter.dim() == 1:
                nn.init.ones_(parameter)
            elif recipe.initialisation == "normal":
                nn.init.normal_(parameter, std=recipe.weight_std, generator=generator)
            else:
                bound = 1 / math.sqrt(parameter.shape[1])
                nn.init.uniform_(parameter, -bound, bound, generator=generator)


class Block(nn.Module):
    """Self-attention and feed-forward, each with a residual connection."""

    def __init__(self, recipe: TransformerRecipe) -> None:
        super().__init__()
        width = recipe.width
        self.heads = recipe.heads
        self.pre = recipe.normalisation == "pre"
        self.dropout = recipe.dropout
        self.activation = functional.relu if recipe.activation == "relu" else functional.gelu
        self.attention_norm = nn.LayerNorm(width)
        self.mix = Linear(width, 3 * width)
        self.out = Linear(width, width)
        self.feedforward_norm = nn.LayerNorm(width)
        self.up = Linear(width, recipe.feedforward)
        self.down = Linear(recipe.feedforward, width)

    def forward(
        self,
        hidden: Tensor,
        bias: Tensor | None,
        generator: torch.Generator | None,
        *,
        first_only: bool = False,
    ) -> Tensor:
        """Shapes (batch, length, width) in and out.

        Args:
            hidden: the residual stream.
            bias: added to the attention scores, shape (batch, 1, 1, length).
            generator: of the dropout masks.
            first_only: compute the first position only, shape (batch, 1, width) out.
        """
        wanted = 1 if first_only else hidden.shape[1]
        kept = hidden[:, :wanted]
        if self.pre:
            kept = kept + self._attend(self.attention_norm(hidden), wanted, bias, generator)
            return kept + self._feed(self.feedforward_norm(kept), generator)
        kept = self.attention_norm(kept + self._attend(hidden, wanted, bias, generator))
        return self.feedforward_norm(kept + self._feed(kept, generator))

    def _attend(
        self, hidden: Tensor, wanted: int, bias: Tensor | None, generator: torch.Generator | None
    ) -> Tensor:
        """What the first ``wanted`` positions take from all, shape (batch, wanted, width)."""
        batch, length, width = hidden.shape
        if wanted == length:
            query, key, value = self.mix(hidden).split(width, dim=-1)
        else:
            weight, shift = self.mix.weight, self.mix.bias
            query = functional.linear(hidden[:, :wanted], weight[:width], shift[:width])
            key, value = functional.linear(hidden, weight[width:], shift[width:]).chunk(2, dim=-1)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (query, key, value)
        )
        scores = query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5
        if bias is not None:
            scores = scores + bias
        context = (scores.softmax(dim=-1) @ value).transpose(1, 2).reshape(batch, wanted, width)
        return drop(self.out(context), self.dropout, generator)

    def _feed(self, hidden: Tensor, generator: torch.Generator | None) -> Tensor:
        inner = self.activation(self.up(hidden))
        return drop(self.down(inner), self.dropout, generator)


def drop(hidden: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    """Dropout whose mask comes from the given generator; no dropout without one."""
    if generator is None or share == 0.0:
        return hidden
    kept = torch.empty_like(hidden).bernoulli_(1 - share, generator=generator)
    return hidden * kept / (1 - share)


def pool(hidden: Tensor, present: Tensor | None, pooling: str) -> Tensor:
    """One vector a text, shape (batch, width): the mean over its pieces, or its first piece's."""
    if pooling == "first":
        return hidden[:, 0]
    if present is None:
        return hidden.mean(dim=1)
    weights = present.to(hidden.dtype)[:, :, None]
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)
