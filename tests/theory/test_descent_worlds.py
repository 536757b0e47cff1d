"""The problems on which descent is tried: gradients, limits and clipping."""

import doctest

import numpy as np
import pytest

from gigsim.theory import descent_worlds
from gigsim.theory.descent_worlds import DescentWorlds, random_descent_worlds


def test_doctests() -> None:
    assert doctest.testmod(descent_worlds).failed == 0


@pytest.fixture(scope="module")
def worlds() -> DescentWorlds:
    return random_descent_worlds(np.random.default_rng(0), 100)


def test_gradient_is_that_of_the_loss(worlds: DescentWorlds) -> None:
    theta, step = worlds.start, 1e-6
    numeric = np.stack(
        [
            (worlds.loss(theta + step * e) - worlds.loss(theta - step * e)) / (2 * step)
            for e in np.eye(3)
        ],
        axis=-1,
    )
    np.testing.assert_allclose(worlds.base_gradient(theta), numeric, atol=1e-7)


def test_losses_are_not_convex(worlds: DescentWorlds) -> None:
    line = worlds.loss(worlds.on_line(101))
    assert (np.diff(line, 2, axis=0) < -1e-9).any(axis=0).mean() > 0.9


def test_gradient_is_as_smooth_as_it_says(worlds: DescentWorlds) -> None:
    rng = np.random.default_rng(1)
    for scale in (1e-3, 0.1, 1.0):
        one = rng.standard_normal(worlds.start.shape)
        other = one + scale * rng.standard_normal(one.shape)
        moved = np.linalg.norm(worlds.base_gradient(one) - worlds.base_gradient(other), axis=1)
        assert np.all(moved <= worlds.smoothness * np.linalg.norm(one - other, axis=1))


def test_clipping_row_by_row(worlds: DescentWorlds) -> None:
    clip = np.linspace(0.1, 2.0, 100)
    mine = worlds.base_gradient(worlds.start, clip)
    for b in (0, 17, 99):
        rows = []
        for x, y in zip(worlds.features[b], worlds.labels[b], strict=True):
            value = np.tanh(x @ worlds.start[b])
            gradient = (value - y) * (1 - value**2) * x
            rows.append(gradient * min(1.0, clip[b] / np.linalg.norm(gradient)))
        np.testing.assert_allclose(mine[b], np.mean(rows, axis=0), atol=1e-13)
    norms = np.linalg.norm(mine, axis=1)
    assert np.all(norms <= worlds.largest_gradient(clip) + 1e-12)
    assert np.all(worlds.largest_gradient(clip) <= clip + 1e-12)
