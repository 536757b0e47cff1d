"""Attention laid out for a processor is attention."""

from __future__ import annotations

import pytest
import torch

from gigsim.learners.attention import attend, attend_in_place


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("padded", [False, True])
def test_both_give_the_same_forward_and_backward(heads: int, padded: bool) -> None:
    mix = drawn(3, 7, 48)
    bias = (torch.arange(7) >= torch.tensor([[7], [4], [1]]))[:, None, None, :] * -1e4
    found = []
    for way in (attend, attend_in_place):
        own = mix.clone().requires_grad_()
        out = way(own, bias.double() if padded else None, heads)
        out.backward(drawn(3, 7, 16, seed=1))
        found.append((out.detach(), own.grad))
    for usual, fast in zip(*found, strict=True):
        torch.testing.assert_close(fast, usual)


def test_its_gradient_is_that_of_finite_differences() -> None:
    mix = drawn(2, 4, 12).requires_grad_()
    assert torch.autograd.gradcheck(lambda at: attend_in_place(at, None, 2), (mix,))


def test_half_precision_stays_close() -> None:
    mix = drawn(3, 7, 48)
    exact = attend(mix, None, 2)
    rounded = attend_in_place(mix.bfloat16(), None, 2)
    assert rounded.dtype == torch.bfloat16
    # A bfloat16 keeps 8 bits: errors of 2**-8 of values around 1, a few of them in a row.
    torch.testing.assert_close(rounded.double(), exact, atol=0.05, rtol=0.05)
