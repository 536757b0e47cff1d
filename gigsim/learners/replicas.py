"""Several small transformers trained at once on one device.

A GPU is idle for most of a step of one small network. The weights of K networks of one recipe lie
stacked, each with its own resumes, labels, order and fresh weights, and every operation is done for
all of them. Each network comes out as :meth:`TransformerLearner.fit` would have trained it, to
rounding: sums are taken in another order, so a training here and one alone differ in their last
bits, and over many steps by what such bits grow to.

On a processor's core there is nothing to gain: its caches hold one network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional

from gigsim.errors import InputError
from gigsim.learners.encoder import LeanEncoder
from gigsim.learners.token_rows import TokenRows, TokensOn
from gigsim.learners.transformer import (
    TransformerClassifier,
    TransformerLearner,
    batches_by_length,
    seeds_of,
)
from gigsim.learners.updates import Moments, schedule

#: As in torch.nn.utils.clip_grad_norm_, so that a gradient of zero can be divided by its length.
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Replica:
    """One of the trainings.

    Attributes:
        rows: which of the common resumes it trains on, integers, shape (n,).
        labels: theirs, bool, shape (n, L).
        seed: as for ``Learner.fit``.
    """

    rows: NDArray[np.integer]
    labels: NDArray[np.bool_]
    seed: int


def fit_replicas(
    learner: TransformerLearner, texts: TokenRows, replicas: Sequence[Replica]
) -> list[TransformerClassifier]:
    """Train networks side by side from scratch.

    Args:
        learner: of the lean encoder without dropout, whose masks could not be each network's own.
        texts: resumes that all draw from.
        replicas: K >= 1 trainings, all of the same number n >= 1 of resumes.

    Returns:
        the K classifiers, in the given order.

    Raises:
        InputError: one of them diverged.
        ValueError: another encoder, dropout, or replicas of different sizes.
    """
    recipe = learner.recipe
    if recipe.encoder != "lean" or recipe.dropout:
        raise ValueError("only lean encoders without dropout are trained side by side")
    n = len(replicas[0].rows)
    if not n or any(r.labels.shape != (n, learner.labels) or len(r.rows) != n for r in replicas):
        raise ValueError(f"each replica needs {n} > 0 rows and labels of {(n, learner.labels)}")
    steps_an_epoch = math.ceil(n / recipe.batch_size)
    with learner.settings(seed=0):
        networks = [
            cast(LeanEncoder, learner.network(texts.size, seeds_of(r.seed)[0], None))
            for r in replicas
        ]
        stack = _Stack(learner, networks, recipe.epochs * steps_an_epoch)
        feed = _Feed(learner, texts, replicas)
        for epoch in range(1, recipe.epochs + 1):
            totals = torch.zeros(len(replicas), device=learner.device)
            for batch in feed.epoch():
                totals += stack.step(batch) * batch.weights.sum(dim=1)
            if not bool(torch.isfinite(totals).all()):
                raise InputError(
                    "platform.learner.learning_rate",
                    f"the transformer diverged by epoch {epoch} of {recipe.epochs}",
                    f"a lower rate than {recipe.learning_rate} is needed",
                )
        stack.hand_out()
    losses = (totals / n).tolist()
    return [
        TransformerClassifier(learner, network, texts.size, loss)
        for network, loss in zip(networks, losses, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Batch:
    """K batches; ``weights`` is 0 for a row that fills up a smaller batch, and 1 otherwise."""

    ids: Tensor
    present: Tensor | None
    targets: Tensor
    weights: Tensor


class _Feed:
    """The batches of each replica, as it alone would draw them, side by side."""

    def __init__(
        self, learner: TransformerLearner, texts: TokenRows, replicas: Sequence[Replica]
    ) -> None:
        self._size = learner.recipe.batch_size
        self._texts = TokensOn(texts, learner.device)
        self._lengths = texts.texts.lengths
        self._replicas = replicas
        orders = (np.random.PCG64(seeds_of(r.seed)[1]) for r in replicas)
        self._shufflers = [np.random.Generator(order) for order in orders]
        labels = np.stack([r.labels for r in replicas]).astype(np.float32)
        self._labels = torch.from_numpy(labels).to(learner.device)

    def epoch(self) -> Iterator[_Batch]:
        """One pass; what it needs is on the device before the first step."""
        drawn = [
            list(batches_by_length(self._lengths[r.rows], self._size, shuffler))
            for r, shuffler in zip(self._replicas, self._shufflers, strict=True)
        ]
        steps, count = len(drawn[0]), len(drawn)
        size = max(len(batch) for batch in drawn[0])
        at = np.zeros((steps, count, size), dtype=np.int64)
        weights = np.zeros(at.shape, dtype=np.float32)
        rows = np.empty(at.shape, dtype=np.int64)
        for k, batches in enumerate(drawn):
            for step, positions in enumerate(batches):
                at[step, k, : len(positions)] = positions
                weights[step, k, : len(positions)] = 1.0
            rows[:, k] = self._replicas[k].rows[at[:, k]]
        which = torch.arange(count, device=self._labels.device)[:, None]
        there = torch.from_numpy(at).to(self._labels.device)
        counted = torch.from_numpy(weights).to(self._labels.device)
        found = self._texts.batches(rows.reshape(steps, -1))
        for step, batch in enumerate(found):
            shape = (count, size, -1)
            present = None if batch.present is None else batch.present.view(shape)
            targets = self._labels[which, there[step]]
            yield _Batch(batch.ids.view(shape), present, targets, counted[step])


class _Stack:
    """The weights of K networks, and what moves them."""

    def __init__(
        self, learner: TransformerLearner, networks: Sequence[LeanEncoder], steps: int
    ) -> None:
        self._learner = learner
        self._networks = networks
        self._steps = steps
        self._step = 0
        self._skeleton = LeanEncoder(
            learner.recipe, networks[0].words.num_embeddings, learner.labels
        ).to("meta")
        self._skeleton.kernels = False
        stacked, _ = stack_module_state(list(networks))
        self._weights = {name: w.detach() for name, w in stacked.items()}
        # Of one network a matrix has two dimensions, and decay pulls on matrices only.
        matrices = [w for w in self._weights.values() if w.dim() >= 3]
        others = [w for w in self._weights.values() if w.dim() < 3]
        self._moments = [Moments(matrices, learner.recipe.weight_decay), Moments(others, 0.0)]

    def step(self, batch: _Batch) -> Tensor:
        """One step of each network; the mean losses before it, shape (K,)."""
        recipe = self._learner.recipe
        in_dims = (0, 0, None if batch.present is None else 0, 0, 0)
        slopes, losses = vmap(grad_and_value(self._loss), in_dims=in_dims)(
            self._weights, batch.ids, batch.present, batch.targets, batch.weights
        )
        squares = [g.flatten(1).square().sum(dim=1) for g in slopes.values()]
        norms = torch.stack(squares).sum(dim=0).sqrt()
        shares = (recipe.gradient_clip / (norms + _TINY)).clamp(max=1.0)
        for name, weight in self._weights.items():
            weight.grad = slopes[name].mul_(shares.view(-1, *[1] * (weight.dim() - 1)))
        rate = recipe.learning_rate * schedule(recipe, self._step, self._steps)
        for moments in self._moments:
            moments.move(rate)
        self._step += 1
        return losses

    def _loss(
        self,
        weights: dict[str, Tensor],
        ids: Tensor,
        present: Tensor | None,
        targets: Tensor,
        counted: Tensor,
    ) -> Tensor:
        """Of one network."""
        learner = self._learner
        with torch.autocast(
            learner.device, torch.bfloat16, enabled=learner.precision == "bfloat16"
        ):
            logits = functional_call(self._skeleton, weights, (ids, present, None)).float()
        each = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        return (each.mean(dim=1) * counted).sum() / counted.sum()

    def hand_out(self) -> None:
        """Give each network its weights."""
        with torch.no_grad():
            for k, network in enumerate(self._networks):
                for name, parameter in network.named_parameters():
                    parameter.copy_(self._weights[name][k])
