"""Contagions for known answers: they end where theory's exact levels say, in any order."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.society import network_models
from gigsim.society.sequential import Rule
from gigsim.theory.contagion.morris import reached
from gigsim.validation.contagion_runs import (
    block,
    first_people,
    neighbourhood,
    random_people,
    share_rule,
    spread,
    swapped,
)


@pytest.mark.parametrize("threshold", [0.1, 0.2, 1 / 3, 0.5])
def test_who_is_reached_is_who_theory_says(threshold: float) -> None:
    network = network_models.random(400, 4.0, 3)
    seed = random_people(400, 10, np.random.default_rng(1))
    told = reached(network.matrix(), seed, threshold)
    found = spread(network, share_rule(network, threshold), seed)
    assert np.array_equal(found.member, told)
    assert found.share == told.mean()
    in_turn = spread(network, share_rule(network, threshold), seed, np.random.default_rng(2))
    assert np.array_equal(in_turn.member, told)
    assert in_turn.rounds <= found.rounds


def test_rounds_are_those_in_which_somebody_joined() -> None:
    network = network_models.ring(101, 2)
    found = spread(network, Rule.of_number(1), first_people(101, 1))
    assert (found.rounds, found.share) == (50, 1.0)
    assert spread(network, Rule.of_number(2), first_people(101, 1)).rounds == 0


def test_seeds() -> None:
    assert random_people(50, 7, np.random.default_rng(0)).sum() == 7
    assert first_people(5, 2).tolist() == [True, True, False, False, False]
    assert neighbourhood(network_models.ring(9, 4), 0).nonzero()[0].tolist() == [0, 1, 2, 7, 8]
    square = block(4, 5, 2).reshape(4, 5)
    assert square.sum() == 4
    assert square[:2, :2].all()


def test_swaps_keep_everybody_s_number_of_ties_and_little_else() -> None:
    before = network_models.ring(2000, 6)
    after = swapped(before, 8, np.random.default_rng(4))
    assert np.array_equal(after.degrees(), before.degrees())
    one, two = before.matrix(), after.matrix()
    assert two.diagonal().sum() == 0
    assert two.max() == 1
    assert (two != two.T).nnz == 0
    # Of 6,000 ties about 6²·2,000/(2·2,000) = 18 are where they would be by chance.
    assert one.multiply(two).nnz / 2 < 60
    none = swapped(before, 0, np.random.default_rng(4)).matrix()
    assert (none != one).nnz == 0


def test_swaps_leave_no_short_circles() -> None:
    """Triangles of a random regular network of degree 6: Poisson of mean (6 − 1)³/6."""
    after = (
        swapped(network_models.ring(2000, 6), 8, np.random.default_rng(5)).matrix().astype(np.int64)
    )
    triangles = (after @ after).multiply(after).sum() / 6
    mean = 5**3 / 6
    assert abs(triangles - mean) <= 4 * np.sqrt(mean)
