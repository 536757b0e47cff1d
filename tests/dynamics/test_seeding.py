"""Seeding: no difference where nobody's acquaintances matter, all of it where they do."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.dynamics.riding_figures import seeding_figure
from gigsim.dynamics.seeding import WAYS, median_difference, seeding
from tests.dynamics.societies import society


@pytest.mark.slow
def test_identical_people_by_published_size() -> None:
    config = society(**{"population.size": 200, "network": {"kind": "random", "degree": 6.0}})
    found = seeding(config, 0.5, range(1, 8), guess=7)
    # κ/(κ + 1 − c) of 200 people is 6.45, whoever they are.
    assert (found.rows["critical"] == 7).all()
    assert (found.rows["alpha"] == 1).all()
    assert found.first_movers == 7
    assert list(found.table["seeding"]) == list(WAYS)
    assert not found.table[["fewer_surely", "more_surely"]].any(axis=None)
    assert (found.table["fewer"].iloc[1:] == 0).all()


@pytest.mark.slow
def test_complex_contagion_begins_in_a_cluster() -> None:
    # A ring of four acquaintances each, two of whom one needs: neighbours carry all of it, and
    # people far from each other nobody (Centola and Macy 2007).
    keys = {"population.size": 60, "society.rule": "complex_contagion", "society.leaving": "never"}
    config = society(**keys, network={"kind": "ring", "degree": 4})
    found = seeding(config, 0.9, range(1, 8), guess=6, ways=("random", "clusters"))
    by_way = found.table.set_index("seeding")
    assert 2 <= by_way.loc["clusters", "critical"] <= 3
    assert by_way.loc["random", "critical"] > by_way.loc["clusters", "critical"]
    assert by_way.loc["clusters", "fewer_high"] < 0
    assert by_way.loc["clusters", "fewer_surely"]
    assert seeding_figure(found).axes


def test_paired_medians() -> None:
    more, less = np.array([3.0, np.inf, 5.0, 6, 7, 8, 9]), np.array([1.0, np.inf, 1, 1, 1, 1, 1])
    middle, low, high = median_difference(more, less, 0.95)
    assert (middle, low, high) == (5.0, 0.0, 8.0)
    assert median_difference(more[:2], less[:2], 0.95)[1:] == (-np.inf, np.inf)
    # A lower end of 0 is one, also where nothing bounds it above.
    never = np.array([0.0, 1, 2, 3, 4, 5, np.inf])
    assert median_difference(never, np.zeros(7), 0.95) == (3.0, 0.0, np.inf)


def test_bad_questions() -> None:
    with pytest.raises(ValueError, match="way"):
        seeding(society(), 0.5, [1], guess=1, ways=())
