"""The lean encoder: its weights, its masks and its shortcuts."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from gigsim.learners.encoder import LeanEncoder, drop, pool
from gigsim.learners.recipes import TransformerRecipe

IDS = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 0, 0, 0]])
PRESENT = torch.tensor([[True] * 5, [True, True, False, False, False]])


def network(seed: int = 0, **fields: Any) -> LeanEncoder:
    recipe = TransformerRecipe(**{"width": 16, "feedforward": 32, "max_tokens": 8, **fields})
    encoder = LeanEncoder(recipe, 9, 3)
    encoder.draw_weights(recipe, torch.Generator().manual_seed(seed))
    return encoder.eval()


@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize("normalisation", ["pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_padding_changes_nothing(pooling: str, normalisation: str, activation: str) -> None:
    encoder = network(pooling=pooling, normalisation=normalisation, activation=activation)
    together = encoder(IDS, PRESENT, None)
    assert together.shape == (2, 3)
    assert torch.allclose(together[0], encoder(IDS[:1], None, None)[0], atol=1e-5)
    assert torch.allclose(together[1], encoder(IDS[1:, :2], None, None)[0], atol=1e-5)


@pytest.mark.parametrize("normalisation", ["pre", "post"])
def test_the_first_piece_alone_is_computed_as_with_all_others(normalisation: str) -> None:
    encoder = network(pooling="first", normalisation=normalisation)
    hidden = torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(1))
    block = encoder.blocks[1]
    whole = block(hidden, None, None)
    assert torch.allclose(block(hidden, None, None, first_only=True), whole[:, :1], atol=1e-5)


def test_order_matters_through_the_positions() -> None:
    encoder = network(embedding_std=0.5)
    assert not torch.allclose(encoder(IDS[:1], None, None), encoder(IDS[:1].flip(1), None, None))


def test_fan_in_weights_fill_their_interval() -> None:
    encoder = network(width=128, feedforward=512)
    up, down = (layer.weight.detach() for layer in (encoder.blocks[0].up, encoder.blocks[0].down))
    for weight, inputs in ((up, 128), (down, 512)):
        bound = 1 / math.sqrt(inputs)
        assert float(weight.abs().max()) <= bound
        # A uniform law on ±b has standard deviation b/sqrt(3); 65,536 draws pin it to 1 %.
        assert float(weight.std()) == pytest.approx(bound / math.sqrt(3), rel=0.01)
    assert not encoder.blocks[0].mix.bias.any()
    assert torch.equal(encoder.norm.weight, torch.ones(128))


def test_normal_weights_have_the_standard_deviation_asked_for() -> None:
    encoder = network(
        width=128, feedforward=512, initialisation="normal", weight_std=0.09, embedding_std=0.3
    )
    assert float(encoder.blocks[1].up.weight.detach().std()) == pytest.approx(0.09, rel=0.02)
    # 9 x 128 draws: the relative standard error is 2 %.
    assert float(encoder.words.weight.detach().std()) == pytest.approx(0.3, rel=0.09)


def test_weights_are_the_generators_alone() -> None:
    before = torch.get_rng_state()
    first, again, other = network(), network(), network(seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.words.weight, again.words.weight)
    assert not torch.equal(first.words.weight, other.words.weight)


def test_dropout_comes_from_its_generator_and_keeps_the_mean() -> None:
    ones = torch.ones(100_000)
    dropped = drop(ones, 0.25, torch.Generator().manual_seed(0))
    assert torch.equal(dropped, drop(ones, 0.25, torch.Generator().manual_seed(0)))
    kept = dropped != 0
    assert torch.allclose(dropped[kept], torch.tensor(1 / 0.75))
    # 4 standard errors of a share of .75 among 100,000.
    assert float(kept.float().mean()) == pytest.approx(0.75, abs=4 * math.sqrt(0.1875 / 100_000))
    assert drop(ones, 0.25, None) is ones
    assert drop(ones, 0.0, torch.Generator()) is ones


def test_training_with_dropout_differs_from_prediction() -> None:
    encoder = network(dropout=0.5)
    plain = encoder(IDS, PRESENT, None)
    assert torch.equal(plain, encoder(IDS, PRESENT, None))
    assert not torch.allclose(plain, encoder(IDS, PRESENT, torch.Generator().manual_seed(0)))


def test_pooling() -> None:
    hidden = torch.arange(12.0).view(2, 3, 2)
    present = torch.tensor([[True, True, False], [False, False, False]])
    assert pool(hidden, present, "mean").tolist() == [[1.0, 2.0], [0.0, 0.0]]
    assert pool(hidden, None, "mean").tolist() == [[2.0, 3.0], [8.0, 9.0]]
    assert pool(hidden, present, "first").tolist() == [[0.0, 1.0], [6.0, 7.0]]


def test_an_empty_text_has_finite_odds() -> None:
    absent = torch.zeros(1, 1, dtype=torch.bool)
    assert torch.isfinite(network()(torch.zeros(1, 1, dtype=torch.long), absent, None)).all()
