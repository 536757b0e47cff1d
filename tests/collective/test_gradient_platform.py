"""The platform that descends: its gradients against backpropagation and finite differences."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gigsim.collective.gradient_platform import (
    Gradient,
    Loss,
    Platform,
    Rows,
    draw_parameters,
    two_layers,
)
from gigsim.theory.gaps import Floats


def make(loss: Loss = "squared") -> tuple[Platform, Floats]:
    rng = np.random.default_rng(0)
    labels = rng.random(30) if loss == "logistic" else rng.standard_normal(30)
    platform = Platform(two_layers(3, 4), Rows(rng.standard_normal((30, 3)), labels), 0.1, loss)
    return platform, draw_parameters(platform.network, rng)


def risk(platform: Platform, theta: Floats) -> float:
    means, _ = platform.outputs(theta, platform.base.features)
    truth = platform.base.labels
    if platform.loss == "logistic":
        return float(-(truth * np.log(means) + (1 - truth) * np.log(1 - means)).mean())
    return float(0.5 * ((means - truth) ** 2).mean())


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_gradients(loss: Loss) -> None:
    """By backpropagation, row by row, and by finite differences of the loss."""
    platform, theta = make(loss)
    whole = platform.risk_gradient(theta, platform.base)
    rows = platform.row_gradients(theta, platform.base)
    np.testing.assert_allclose(whole, rows.mean(axis=0), atol=1e-13)
    step = 1e-6
    for i in (0, 5, 13, len(theta) - 1):
        moved = np.eye(len(theta))[i] * step
        numeric = (risk(platform, theta + moved) - risk(platform, theta - moved)) / (2 * step)
        assert whole[i] == pytest.approx(numeric, abs=1e-8)


def test_network_is_torchs_own() -> None:
    """The same parameters in a module of torch, called the usual way."""
    platform, theta = make()
    network = torch.nn.Sequential(
        torch.nn.utils.skip_init(torch.nn.Linear, 3, 4, dtype=torch.float64),
        torch.nn.Tanh(),
        torch.nn.utils.skip_init(torch.nn.Linear, 4, 1, dtype=torch.float64),
    )
    torch.nn.utils.vector_to_parameters(torch.tensor(theta), network.parameters())
    rows = torch.tensor(platform.base.features)
    means, _ = platform.outputs(theta, platform.base.features)
    np.testing.assert_allclose(network(rows)[:, 0].detach().numpy(), means, atol=1e-14)


def test_learning_is_a_step_on_all_rows_together() -> None:
    platform, theta = make()
    others = Rows(np.ones((10, 3)), np.full(10, 5.0))
    together = Rows(*(np.concatenate(both) for both in zip(platform.base, others, strict=True)))
    alone = replace(platform, base=together)
    np.testing.assert_allclose(
        platform.learn(theta, others),
        theta - 0.1 * alone.risk_gradient(theta, together),
        atol=1e-14,
    )


def test_clipping_is_by_row() -> None:
    platform, theta = make()
    clipping = replace(platform, clip=0.3)
    rows = platform.row_gradients(theta, platform.base)
    norms = np.linalg.norm(rows, axis=1)
    assert (norms > 0.3).any()
    assert (norms < 0.3).any()
    expected = rows * np.minimum(1, 0.3 / norms)[:, None]
    np.testing.assert_allclose(
        clipping.mean_gradient(theta, platform.base), expected.mean(axis=0), atol=1e-14
    )
    assert np.all(clipping.shorten(np.zeros((2, 4))) == 0)
    # A report counts as so many rows, none of them longer than the limit.
    long = Gradient(np.ones(platform.size), 30)
    step = (theta - clipping.learn(theta, long)) / 0.1
    reported = 2 * step - clipping.mean_gradient(theta, platform.base)
    assert np.linalg.norm(reported) == pytest.approx(0.3)


def test_noise_has_the_size_that_it_says() -> None:
    platform, theta = make()
    private = replace(platform, clip=0.3, noise=2.0)
    nobody = Rows(np.empty((0, 3)), np.empty(0))
    quiet = replace(private, noise=0.0).learn(theta, nobody)
    moved = np.array(
        [private.learn(theta, nobody, np.random.default_rng(s)) - quiet for s in range(200)]
    )
    expected = 0.1 * 2.0 * 0.3 / 30
    count = moved.size
    assert abs((moved**2).mean() / expected**2 - 1) <= 4 * np.sqrt(2 / count)
    with pytest.raises(ValueError, match="needs a generator"):
        private.learn(theta, nobody)


def test_what_does_not_fit_is_refused() -> None:
    platform, _ = make()
    with pytest.raises(ValueError, match="need \\(n, p\\) and \\(n,\\)"):
        replace(platform, base=Rows(np.ones((3, 3)), np.ones(2)))
    with pytest.raises(ValueError, match="clipping norm"):
        replace(platform, noise=1.0)
