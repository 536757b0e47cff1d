"""The largest of many lines, against all of them."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from gigsim.theory import envelope
from gigsim.theory.envelope import leading, upper_envelope


def test_examples_run() -> None:
    assert doctest.testmod(envelope).failed == 0


@pytest.mark.parametrize("seed", range(40))
def test_the_leading_line_is_the_largest(seed: int) -> None:
    generator = np.random.default_rng(seed)
    count = int(generator.integers(1, 25))
    # Few heights and, in every other family, few slopes: ties and parallels.
    offsets = generator.choice([0.0, 0.1, 0.25, 0.5, 0.7, 1.0], count)
    slopes = 10 ** generator.uniform(-6, 6, count) * generator.choice(
        [0.0, 1.0], count, p=[0.1, 0.9]
    )
    slopes = slopes if seed % 2 else np.rint(slopes) % 5
    order, breaks = upper_envelope(offsets, slopes)
    assert (np.diff(breaks) > 0).all()
    assert order.size == breaks.size + 1
    at = np.concatenate([[0.0], np.geomspace(1e-9, 1e9, 60), breaks[np.isfinite(breaks)]])
    every = offsets[:, None] - slopes[:, None] * at
    best = leading(at, offsets, slopes)
    found = offsets[best] - slopes[best] * at
    np.testing.assert_allclose(found, every.max(axis=0), rtol=1e-12, atol=1e-12)


def test_an_endless_slope_leads_only_where_nothing_falls() -> None:
    offsets, slopes = np.array([0.9, 0.5]), np.array([np.inf, 1.0])
    assert leading(np.array([0.0, 1e-300, np.inf]), offsets, slopes).tolist() == [0, 1, 1]
    assert leading(np.array([0.0, 1.0]), offsets[:1], slopes[:1]).tolist() == [0, 0]
