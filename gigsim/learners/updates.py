"""The optimiser steps of a training: AdamW, gradient clipping and the course of the learning rate.

Most words of a vocabulary are in no resume of a batch, and their gradient is exactly zero. On a
processor, where clearing, measuring and scaling the gradient of the whole table costs more than the
rest of the network's update, only the rows of words that occur are touched. AdamW itself still
moves every word at every step, as it must: its momentum and decay do not stop where a gradient is
zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from gigsim.learners.encoder import LeanEncoder
from gigsim.learners.recipes import TransformerRecipe

#: Of AdamW, and of BERT: how long the two averages last, and what keeps a step finite.
_BETAS, _EPS = (0.9, 0.999), 1e-8


class Updates:
    """What moves the weights of a network, a loss at a time.

    Args:
        network: the network, where it is trained.
        recipe: its training fields.
        steps: how many losses will come.
    """

    def __init__(self, network: nn.Module, recipe: TransformerRecipe, steps: int) -> None:
        parameters = list(network.parameters())
        # Decay pulls on matrices only, as usual for transformers.
        self._groups = [
            Moments([p for p in parameters if p.dim() >= 2], recipe.weight_decay),
            Moments([p for p in parameters if p.dim() < 2], 0.0),
        ]
        self._recipe = recipe
        self._steps = steps
        self._step = 0
        self._words: Tensor | None = None
        self._on_cpu = parameters[0].device.type == "cpu"
        if self._on_cpu and isinstance(network, LeanEncoder):
            words = network.words.weight
            words.grad = torch.zeros_like(words)
            self._words = words
        self._dense = [p for p in parameters if p is not self._words]

    def table(self, ids: Tensor) -> tuple[Tensor, Tensor | None]:
        """The vectors of the words of a batch alone, where that pays, and the ids in them.

        Args:
            ids: integers, shape (batch, length).

        Returns:
            integers of the same shape, and vectors that they point into, shape (distinct, width);
            the ids and None where the network is to use its own table.
        """
        if self._words is None:
            return ids, None
        self._distinct, where = torch.unique(ids, return_inverse=True)
        self._rows = self._words.detach().index_select(0, self._distinct).requires_grad_()
        return where, self._rows

    def step(self, loss: Tensor) -> None:
        """One step down the gradient of ``loss``, of a batch whose words :meth:`table` gave."""
        for parameter in self._dense:
            parameter.grad = None
        loss.backward()
        if self._words is None:
            self._clip(self._dense)
            self._move()
        else:
            self._clip([*self._dense, self._rows])
            gradient = self._words.grad
            assert gradient is not None
            assert self._rows.grad is not None
            gradient.index_copy_(0, self._distinct, self._rows.grad)
            self._move()
            gradient.index_fill_(0, self._distinct, 0.0)
        self._step += 1

    def _clip(self, tensors: Sequence[Tensor]) -> None:
        """Shorten the gradient of these to the recipe's length, if it is longer."""
        longest = self._recipe.gradient_clip
        gradients = [t.grad for t in tensors if t.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        # Asking a processor costs nothing, and a gradient that is short enough is left as it is; a
        # GPU would have to be waited for.
        if not (self._on_cpu and norm <= longest):
            nn.utils.clip_grads_with_norm_(tensors, longest, norm)

    def _move(self) -> None:
        rate = self._recipe.learning_rate * schedule(self._recipe, self._step, self._steps)
        for group in self._groups:
            group.move(rate)


class Moments:
    """Parameters with one weight decay, and what AdamW remembers of each.

    Args:
        parameters: of one device, at least one.
        decay: their weight decay.
    """

    def __init__(self, parameters: Sequence[Tensor], decay: float) -> None:
        self._parameters = parameters
        self._decay = decay
        self._means = [torch.zeros_like(p) for p in parameters]
        self._squares = [torch.zeros_like(p) for p in parameters]
        device = parameters[0].device
        # The fused form is one pass over the weights; torch has it for these two kinds of device.
        self._fused = device.type in ("cpu", "cuda")
        at = device if self._fused else torch.device("cpu")
        self._counts = [torch.zeros((), device=at) for _ in parameters]

    def move(self, rate: float) -> None:
        """One step at this learning rate; parameters without a gradient stay where they are."""
        known = [i for i, p in enumerate(self._parameters) if p.grad is not None]
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        parts = (self._parameters, self._means, self._squares, self._counts)
        parameters, means, squares, counts = ([part[i] for i in known] for part in parts)
        with torch.no_grad():
            # The function behind torch.optim.AdamW, without the bookkeeping of its class, which
            # takes as long as moving a small network.
            adamw(
                parameters,
                gradients,
                means,
                squares,
                [],
                counts,
                fused=self._fused,
                foreach=False,
                amsgrad=False,
                beta1=_BETAS[0],
                beta2=_BETAS[1],
                lr=rate,
                weight_decay=self._decay,
                eps=_EPS,
                maximize=False,
            )


def schedule(recipe: TransformerRecipe, step: int, steps: int) -> float:
    """Share of the peak learning rate in step 0 <= ``step`` < ``steps``."""
    rising = math.ceil(recipe.warmup * steps)
    if step < rising:
        return (step + 1) / rising
    if recipe.schedule == "constant":
        return 1.0
    return (steps - step) / (steps - rising)
