"""A platform that trains a torch network step by step on what it is handed, privately or not.

Its rows are its base's and, in each round, the members' anew; it does not know which are whose. The
loss is not convex in the network's parameters. Nothing here reads or sets torch's global random
state or number of threads; float64 throughout, so the device is the CPU or CUDA.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap
from torch.nn import functional

from gigsim.theory.gaps import Floats

Loss = Literal["squared", "logistic"]


class Rows(NamedTuple):
    """Data points: features, shape (n, p), and labels, shape (n,)."""

    features: Floats
    labels: Floats


class Gradient(NamedTuple):
    """The report of clients who compute gradients themselves: the same one from each of them.

    Attributes:
        value: shape (d,).
        clients: how many.
    """

    value: Floats
    clients: int


def two_layers(inputs: int, width: int) -> nn.Module:
    """A network with one hidden layer of tanh units and one output; its weights are undefined.

    Parameters are always given from outside (:func:`draw_parameters`), so torch draws none.
    """
    first = nn.utils.skip_init(nn.Linear, inputs, width, dtype=torch.float64)
    second = nn.utils.skip_init(nn.Linear, width, 1, dtype=torch.float64)
    return nn.Sequential(first, nn.Tanh(), second)


def draw_parameters(network: nn.Module, generator: np.random.Generator) -> Floats:
    """Random parameters as one vector: N(0, 1/k) for a weight or bias whose last axis has k."""
    return np.concatenate(
        [
            generator.standard_normal(weight.numel()) / np.sqrt(weight.shape[-1])
            for weight in network.parameters()
        ]
    )


@dataclass(frozen=True)
class Platform:
    """A platform that takes a gradient step in each round, on its base and what members hand in.

    Attributes:
        network: any module that maps (n, p) to (n, 1) row by row, such as :func:`two_layers`.
        base: rows of those who are in no collective; for ``logistic`` labels in [0, 1].
        eta: step size η > 0.
        loss: ½(f − y)², or the cross-entropy of a label in [0, 1] and the logit f.
        clip: C: the gradient of each row (or report) is shortened to norm C; None for not at all.
        noise: σ: noise of standard deviation σC/N is added to the mean gradient.
        device: of torch.
    """

    network: nn.Module
    base: Rows
    eta: float
    loss: Loss = "squared"
    clip: float | None = None
    noise: float = 0.0
    device: str = "cpu"

    def __post_init__(self) -> None:
        features, labels = self.base
        if features.ndim != 2 or labels.shape != features.shape[:1]:
            raise ValueError(f"need (n, p) and (n,), got {features.shape} and {labels.shape}")
        if self.noise > 0 and self.clip is None:
            raise ValueError("noise without a clipping norm protects nobody")

    @property
    def size(self) -> int:
        """Number of parameters d."""
        return sum(weight.numel() for weight in self.network.parameters())

    def outputs(self, theta: ArrayLike, features: Floats) -> tuple[Floats, Floats]:
        """Predictions m(f(x)), shape (n,), and derivatives of f in the parameters, shape (n, d).

        A row's gradient is (m(f(x)) − y) times its derivative, for both losses.
        """
        point, rows = self._tensor(theta), self._tensor(features)

        def both(at: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
            value = self._call(at, row[None])[0]
            return value, value

        slopes, values = vmap(jacrev(both, has_aux=True), in_dims=(None, 0))(point, rows)
        means = torch.sigmoid(values) if self.loss == "logistic" else values
        return means.cpu().numpy(), slopes.cpu().numpy()

    def risk_gradient(self, theta: ArrayLike, rows: Rows) -> Floats:
        """Gradient of the mean loss of rows, by backpropagation, shape (d,)."""
        point = self._tensor(theta).requires_grad_()
        values, truth = self._call(point, self._tensor(rows.features)), self._tensor(rows.labels)
        if self.loss == "logistic":
            risk = functional.binary_cross_entropy_with_logits(values, truth)
        else:
            risk = 0.5 * ((values - truth) ** 2).mean()
        (gradient,) = torch.autograd.grad(risk, point)
        return gradient.cpu().numpy()

    def row_gradients(self, theta: ArrayLike, rows: Rows) -> Floats:
        """Gradient of each row, shortened to norm ``clip`` if there is one, shape (n, d)."""
        means, slopes = self.outputs(theta, rows.features)
        return self.shorten((means - rows.labels)[:, None] * slopes)

    def mean_gradient(self, theta: ArrayLike, rows: Rows) -> Floats:
        """Mean of rows' gradients as the platform takes them, shape (d,)."""
        if self.clip is None:
            return self.risk_gradient(theta, rows)
        return self.row_gradients(theta, rows).mean(axis=0)

    def learn(
        self,
        theta: Floats,
        handed_in: Rows | Gradient,
        generator: np.random.Generator | None = None,
    ) -> Floats:
        """θ after a step on the base and on what others handed in, shape (d,).

        Args:
            theta: shape (d,).
            handed_in: rows, which are put beside the base's, or a gradient.
            generator: of the noise; needed where there is any.

        Raises:
            ValueError: noise without a generator.
        """
        if isinstance(handed_in, Rows):
            rows = Rows(*(np.concatenate(both) for both in zip(self.base, handed_in, strict=True)))
            mean, count = self.mean_gradient(theta, rows), len(rows.labels)
        else:
            own, clients = len(self.base.labels), handed_in.clients
            count = own + clients
            reported = clients * self.shorten(handed_in.value)
            mean = (own * self.mean_gradient(theta, self.base) + reported) / count
        if self.noise > 0 and self.clip is not None:
            if generator is None:
                raise ValueError("a platform that adds noise needs a generator")
            scale = self.noise * self.clip / count
            mean = mean + scale * generator.standard_normal(len(mean))
        return theta - self.eta * mean

    def shorten(self, gradients: Floats) -> Floats:
        """Gradients, shape (..., d), of norm ``clip`` at most."""
        if self.clip is None:
            return gradients
        norms = np.linalg.norm(gradients, axis=-1, keepdims=True)
        return gradients * np.minimum(1.0, self.clip / np.where(norms > 0, norms, self.clip))

    def base_norms(self, start: Floats, goal: Floats, points: int) -> Floats:
        """‖g0‖ at equally spaced points of the line, for ``gradient_learner.path_condition``."""
        line = [(1 - part) * start + part * goal for part in np.linspace(0, 1, points)]
        return np.array([np.linalg.norm(self.mean_gradient(at, self.base)) for at in line])

    @cached_property
    def _shapes(self) -> Mapping[str, torch.Size]:
        return {name: weight.shape for name, weight in self.network.named_parameters()}

    def _call(self, theta: Tensor, rows: Tensor) -> Tensor:
        parts = torch.split(theta, [shape.numel() for shape in self._shapes.values()])
        named = zip(self._shapes.items(), parts, strict=True)
        weights = {name: part.reshape(shape) for (name, shape), part in named}
        found: Tensor = functional_call(self.network, weights, (rows,))
        return found[:, 0]

    def _tensor(self, values: ArrayLike) -> Tensor:
        return torch.tensor(np.asarray(values, dtype=np.float64), device=self.device)
