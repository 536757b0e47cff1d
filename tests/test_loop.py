"""The loop is real: what must happen in the default scenario, and what must not, with common luck.

A loop is easily faked, so each test changes one thing of the default scenario (600 freelancers,
``linear``) and leaves every draw alone: the draws are indexed by stream, period and freelancer.
The same tests with the transformer are in ``test_loop_transformer.py``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gigsim import Config, GigEconomy, load
from gigsim.agents import Collective
from tests.worlds import (  # the fixtures by name: pytest finds them here
    Forbidden,
    NothingPlanted,
    RandomLabels,
    Unmoved,
    blind,
    with_collective,
)

__all__ = ["blind", "with_collective"]

SEEDS = range(1, 21)
#: The second ten belong to `make check`: they guard against luck, not against mistakes.
HALVES = [
    pytest.param(SEEDS[:10], id="seeds 1-10"),
    pytest.param(SEEDS[10:], id="seeds 11-20", marks=pytest.mark.slow),
]
PERIODS = 12
SMALL = {
    "population.size": 600,
    "collective.first_movers": 18,
    "corpus.test_size": 600,
    "platform.learner.kind": "linear",
    "measure.reference": 0,
    "run.periods": PERIODS,
}


def small(**overrides: object) -> Config:
    return load("default", SMALL | {k.replace("__", "."): v for k, v in overrides.items()})


def members(model: GigEconomy) -> list[int]:
    return model.run()["members"].tolist()


@pytest.fixture(scope="module")
def tipped() -> GigEconomy:
    """The default scenario, small, for as long as it takes."""
    model = GigEconomy(small(run__periods=24))
    model.run()
    return model


def test_the_collective_tips(tipped: GigEconomy) -> None:
    periods = tipped.periods
    assert periods["members"].iloc[1] == 18
    assert periods["members"].iloc[-1] > 4 * 18
    assert periods["alpha"].iloc[-1] < 0.45, "saturates well below half"
    assert periods["success_top1"].iloc[-1] > 0.8
    assert periods["success_top1"].iloc[0] < 0.25
    # Success is of the signal: the same resumes without it stay near where they were.
    assert (periods["base_top1"] <= tipped.clean_rate + 0.10).all()


@pytest.mark.parametrize("seeds", HALVES)
def test_a_platform_that_cannot_see_the_signal_persuades_nobody(blind: None, seeds: range) -> None:
    grew = [s for s in seeds if max(members(GigEconomy(small(), rng=s))) > 18]
    assert grew == [], "grew beyond the first movers with these seeds"


def test_a_belief_frozen_at_zero_persuades_nobody() -> None:
    assert members(Unmoved(small())) == [0] + [18] * PERIODS


def test_doubling_the_cost_makes_it_tip_later_or_never(tipped: GigEconomy) -> None:
    costs = {"population.cost.low": 0.5, "population.cost.high": 4.5}
    dear = GigEconomy(small(run__periods=24, **{k.replace(".", "__"): v for k, v in costs.items()}))
    dear.run()
    assert np.allclose(dear.population.cost, 2 * tipped.population.cost)

    def tipping_period(model: GigEconomy) -> float:
        over = model.periods.loc[model.periods["alpha"] >= 0.1, "period"]
        return float(over.min()) if len(over) else np.inf

    assert np.isfinite(tipping_period(tipped))
    assert tipping_period(dear) > tipping_period(tipped)


def test_random_label_sets_keep_success_at_its_base(
    with_collective: Callable[[type[Collective]], None], tipped: GigEconomy
) -> None:
    with_collective(RandomLabels)
    # As many people as tipped the other way, all at once, so that nobody can say they were few.
    crowd = int(tipped.population.member.sum())
    model = GigEconomy(small(collective__first_movers=crowd))
    model.run()
    rows = model.retrainings
    error = np.sqrt(rows["clean_top1"] * (1 - rows["clean_top1"]) / 600)
    # Three standard errors of a share of 600, of the difference of two of them.
    assert ((rows["success_top1"] - rows["clean_top1"]).abs() < 3 * np.sqrt(2) * error).all()


def test_removing_one_first_mover_changes_no_draw_of_anybody_else() -> None:
    whole, less = (GigEconomy(small(run__periods=4, collective__first_movers=k)) for k in (18, 17))
    gone = np.flatnonzero(whole.population.first_mover & ~less.population.first_mover)
    assert len(gone) == 1
    others = np.delete(np.arange(600), gone)
    for column in ("labels", "cost", "threshold", "first_mover", "label_set"):
        mine, theirs = (getattr(m.population, column)[others] for m in (whole, less))
        assert np.array_equal(mine, theirs), column
    assert np.array_equal(whole.stage.in_signal_set, less.stage.in_signal_set)
    assert (whole.stage.network.matrix() != less.stage.network.matrix()).nnz == 0
    assert np.array_equal(whole.stage.test_labels, less.stage.test_labels)
    for period in range(5):
        for name in ("activation", "leak", "retention"):
            a = whole.streams.uniform(name, period, 600)
            assert np.array_equal(a, less.streams.uniform(name, period, 600))


def test_one_first_mover_fewer_is_felt_only_where_the_signal_can_have_come_from_him() -> None:
    """With nothing to expect, the worlds differ by him and by whom his ties can have reached."""
    overrides = {"collective__leak": 0.2, "platform__retrain_every": 99}
    whole, less = (Unmoved(small(collective__first_movers=k, **overrides)) for k in (18, 17))
    gone = np.flatnonzero(whole.population.first_mover & ~less.population.first_mover)
    reached = np.zeros(600, dtype=bool)
    reached[gone] = True
    for _ in range(4):
        whole.step()
        less.step()
        reached |= whole.stage.network.count(reached) > 0
        a, b = whole.population, less.population
        assert np.array_equal(np.flatnonzero(a.member != b.member), gone)
        assert not (a.holds_signal != b.holds_signal)[~reached].any()
        # One holder more can only help the signal on its way, draw by draw.
        assert (a.holds_signal >= b.holds_signal).all()


@pytest.mark.parametrize("target", ["Network_Administrator", "Software_Developer"])
@pytest.mark.parametrize("seeds", HALVES)
def test_with_nothing_planted_nobody_joins(
    with_collective: Callable[[type[Collective]], None], target: str, seeds: range
) -> None:
    """Also for a target with a base rate of one half: the level of S persuades nobody, G does."""
    with_collective(NothingPlanted)
    config = small(collective__target=target)
    grew = [s for s in seeds if max(members(GigEconomy(config, rng=s))) > 18]
    assert grew == [], "grew beyond the first movers with these seeds"


def test_the_platform_trains_without_knowing_who_is_a_member() -> None:
    model = GigEconomy(small(platform__retrain_every=2))
    before = model.platform.deployed
    model.step()
    model.period += 1
    model.population = Forbidden(model.population)  # type: ignore[assignment]
    with pytest.raises(AssertionError, match="asked for member"):
        model.submit()
    model.retrain()
    after = model.platform.deployed
    assert before is not None
    assert after is not None
    assert not np.array_equal(before["weights"], after["weights"])
