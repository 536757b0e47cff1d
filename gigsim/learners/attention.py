"""Self-attention of short texts, laid out for a processor: no copies of queries, keys and values.

A batched product over a text's heads needs them side by side in memory, so the usual formulation
copies each part of the mixed projection, forward and backward. Head by head a batch of texts can be
multiplied where it lies, and the scale of the scores rides on the product.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def attend(mix: Tensor, bias: Tensor | None, heads: int) -> Tensor:
    """What each position takes from all, the heads side by side, shape (batch, length, width).

    Args:
        mix: queries, keys and values, shape (batch, length, 3 * width).
        bias: added to the attention scores, shape (batch, 1, 1, length); None for nothing.
        heads: number of heads; they divide width.
    """
    width = mix.shape[-1] // 3
    query, key, value = (
        part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in mix.split(width, dim=-1)
    )
    scores = query @ key.transpose(-1, -2) * (width // heads) ** -0.5
    if bias is not None:
        scores = scores + bias
    return (scores.softmax(dim=-1) @ value).transpose(1, 2).reshape(*mix.shape[:2], width)


def attend_in_place(mix: Tensor, bias: Tensor | None, heads: int) -> Tensor:
    """:func:`attend`, to rounding, in three quarters of its time on a processor's core."""
    return _Attention.apply(mix, bias, heads)


def _parts(mix: Tensor, head: int, heads: int) -> list[Tensor]:
    """Query, key and value of a head, each a view of shape (batch, length, width / heads)."""
    width = mix.shape[-1] // 3
    size = width // heads
    return [mix.narrow(-1, part * width + head * size, size) for part in range(3)]


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mix: Tensor, bias: Tensor | None, heads: int) -> Tensor:
        batch, length, tripled = mix.shape
        size = tripled // 3 // heads
        context = mix.new_empty(batch, length, tripled // 3)
        shares = []
        # The shares are of the matrix products' precision, as autocast would have them.
        with torch.autocast(mix.device.type, enabled=False):
            for head in range(heads):
                query, key, value = _parts(mix, head, heads)
                scores = mix.new_empty(batch, length, length)
                scores.baddbmm_(query, key.transpose(1, 2), beta=0, alpha=size**-0.5)
                if bias is not None:
                    scores += bias[:, 0]
                shares.append(scores.softmax(dim=-1))
                torch.bmm(shares[-1], value, out=context.narrow(-1, head * size, size))
        ctx.save_for_backward(mix, context, *shares)
        return context

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        mix, context, *shares = ctx.saved_tensors
        heads = len(shares)
        size = mix.shape[-1] // 3 // heads
        out = torch.empty_like(mix)
        with torch.autocast(mix.device.type, enabled=False):
            for head, share in enumerate(shares):
                query, key, value = _parts(mix, head, heads)
                to_query, to_key, to_value = _parts(out, head, heads)
                own = gradient.narrow(-1, head * size, size)
                torch.bmm(share.transpose(1, 2), own, out=to_value)
                # Of a softmax: share * (g - sum(share * g)); the sum is that of what came of it.
                mean = (own * context.narrow(-1, head * size, size)).sum(dim=-1, keepdim=True)
                slope = torch.bmm(own, value.transpose(1, 2)).sub_(mean).mul_(share)
                to_query.baddbmm_(slope, key, beta=0, alpha=size**-0.5)
                to_key.baddbmm_(slope.transpose(1, 2), query, beta=0, alpha=size**-0.5)
        return out, None, None
