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

from gigsim.learners.attention import attend, attend_in_place
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

    #: Whether :class:`~gigsim.learners.attention` may use its kernel for processors, which torch
    #: can differentiate but not vectorise over networks.
    kernels = True

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
        self,
        ids: Tensor,
        present: Tensor | None,
        generator: torch.Generator | None,
        table: Tensor | None = None,
    ) -> Tensor:
        """Log-odds, shape (batch, L).

        Args:
            ids: integers, shape (batch, length).
            present: bool, shape (batch, length), False on padding; None if there is no padding.
            generator: of the dropout masks; None outside training.
            table: the vectors that ``ids`` point into, in place of those of all words.
        """
        hidden = functional.embedding(ids, self.words.weight if table is None else table)
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
            hidden = block(hidden, bias, generator, first_only=last, kernels=self.kernels)
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
        self.activation = torch.relu_ if recipe.activation == "relu" else functional.gelu
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
        kernels: bool = True,
    ) -> Tensor:
        """Shapes (batch, length, width) in and out.

        Args:
            hidden: the residual stream.
            bias: added to the attention scores, shape (batch, 1, 1, length).
            generator: of the dropout masks.
            first_only: compute the first position only, shape (batch, 1, width) out.
            kernels: see ``LeanEncoder.kernels``.
        """
        kept = hidden[:, :1] if first_only else hidden
        source = self.attention_norm(hidden) if self.pre else hidden
        if first_only:
            context = self._glance(source, bias)
        else:
            fast = kernels and hidden.device.type == "cpu"
            context = (attend_in_place if fast else attend)(self.mix(source), bias, self.heads)
        kept = kept + drop(self.out(context), self.dropout, generator)
        if self.pre:
            return kept + self._feed(self.feedforward_norm(kept), generator)
        kept = self.attention_norm(kept)
        return self.feedforward_norm(kept + self._feed(kept, generator))

    def _glance(self, hidden: Tensor, bias: Tensor | None) -> Tensor:
        """What the first position takes from all, shape (batch, 1, width).

        One query a text needs no keys and no values of the other positions: (Wk h + b) · q is
        h · Wk'q and something that is the same for all positions, which a softmax does not see; and
        shares that sum to one take Wv h + b to Wv (their mean of h) + b.
        """
        batch, _, width = hidden.shape
        to_query, to_key, to_value = (
            weight.unflatten(0, (self.heads, -1)) for weight in self.mix.weight.chunk(3)
        )
        shift_query, _, shift_value = self.mix.bias.chunk(3)
        query = functional.linear(hidden[:, 0], to_query.flatten(0, 1), shift_query)
        by_head = query.unflatten(-1, (self.heads, -1)).transpose(0, 1)
        probe = (by_head @ to_key).transpose(0, 1) * (width // self.heads) ** -0.5
        scores = probe @ hidden.transpose(1, 2)
        if bias is not None:
            scores = scores + bias[:, 0]
        seen = scores.softmax(dim=-1) @ hidden
        value = seen.transpose(0, 1) @ to_value.transpose(1, 2)
        return value.transpose(0, 1).reshape(batch, 1, width) + shift_value

    def _feed(self, hidden: Tensor, generator: torch.Generator | None) -> Tensor:
        # Of flat rows a linear layer's output is no view, so that the activation may overwrite it.
        inner = self.activation(self.up(hidden.flatten(0, 1)))
        return drop(self.down(inner), self.dropout, generator).view(hidden.shape)


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
