"""The rule behind ``run.until = "settled"``: what rests settles, what drifts does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.config import Config, build
from gigsim.model import GigEconomy
from gigsim.settled import settled, settled_since

Make = Callable[..., GigEconomy]

BASE = {"society.activation": 0.2, "platform.retrain_every": 3, "corpus.test_size": 1000}
W = 7  # max(2 * 3 + 1, 1 / .2)


def config(**overrides: Any) -> Config:
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    return build({}, BASE | {"run.until": "settled"} | keys)


def history(alpha: np.ndarray, success: np.ndarray | float = 0.95, every: int = 3) -> pd.DataFrame:
    period = np.arange(len(alpha))
    steps = np.broadcast_to(success, alpha.shape)
    # Between retrainings a row repeats the last one's.
    at = period - period % every
    return pd.DataFrame(
        {
            "period": period,
            "alpha": alpha,
            "free_riders": 0,
            "fund": 0.0,
            "retrained": period % every == 0,
            "success_top1": steps[at],
            "success_any": 0.5,
        }
    )


@given(st.integers(1, 8), st.floats(0.02, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_history_that_rests_settles_as_soon_as_a_window_has_passed(
    every: int, activation: float, alpha: float, success: float
) -> None:
    given_ = config(platform__retrain_every=every, society__activation=activation)
    window = max(2 * every + 1, int(np.ceil(1 / activation)))
    rows = history(np.full(window + 40, alpha), success, every)
    # Period 0 is the world before, so the first window goes from 1 to W + 1.
    assert settled_since(rows, given_) == window + 1
    assert not settled(rows.iloc[: window + 1], given_)
    assert settled(rows.iloc[: window + 2], given_)


@given(st.floats(1.01, 50), st.sampled_from([-1.0, 1.0]), st.integers(2, 40), st.floats(0, 1))
def test_a_history_that_drifts_however_slowly_does_not(
    times: float, sign: float, length: int, success: float
) -> None:
    slope = times * 0.01 / W
    rows = history(0.5 + sign * slope * np.arange(length), success)
    assert settled_since(rows, config()) is None
    assert not settled(rows, config())


@given(st.floats(0.01, 0.95))
def test_a_drift_within_the_tolerance_does(part: float) -> None:
    rows = history(0.1 + part * 0.01 / W * np.arange(30))
    assert settled(rows, config())


def error(success: float, n: int = 1000) -> float:
    p = (success * n + 2) / (n + 4)
    return float(np.sqrt(p * (1 - p) / (n + 4)))


@given(st.floats(0.1, 0.9), st.floats(1.05, 30))
def test_success_that_moves_beyond_its_error_does_not_settle(success: float, times: float) -> None:
    by = min(2 * error(success) * times, 0.1)
    moving = success + by * (np.arange(40) // 3 % 2)
    allowed = by <= 2 * error(success + by / 2)
    assert settled(history(np.full(40, 0.2), moving), config()) is allowed


@given(st.floats(0.0, 0.99))
def test_success_that_moves_within_its_error_does(success: float) -> None:
    moving = success + 1.9 * min(error(success), error(min(success + 0.01, 1))) * 0.99 * (
        np.arange(40) // 3 % 2
    )
    assert settled(history(np.full(40, 0.2), moving), config())


def test_one_resume_more_or_less_at_certainty_is_within_the_error() -> None:
    moving = 1.0 - 0.001 * (np.arange(40) // 3 % 2)
    assert settled(history(np.full(40, 0.2), moving), config())


def test_what_is_measured_on_fewer_resumes_is_known_worse() -> None:
    moving = 0.9 - 0.03 * (np.arange(40) // 3 % 2)
    rows = history(np.full(40, 0.2), moving)
    assert not settled(rows, config())
    assert settled(rows, config(), held_out=200)
    assert settled(rows, config(corpus__test_size=200))


def test_it_must_be_known_how_many_were_held_out() -> None:
    rows = history(np.full(40, 0.2))
    whole = config(corpus__test_size=0)
    assert settled(rows, whole, held_out=1000)
    with pytest.raises(ValueError, match="does not say how many"):
        settled(rows, whole)


def test_two_retrainings_must_be_seen() -> None:
    rows = history(np.full(40, 0.2))
    assert settled(rows, config())
    once = rows.assign(retrained=rows["period"] == 36)
    assert not settled(once, config())


def test_a_change_ahead_or_just_past_keeps_it_going() -> None:
    changed = build(
        {"at": [{"period": 20, "set": {"collective.leak": 0.1}}]},
        BASE | {"run.until": "settled"},
    )
    rows = history(np.full(60, 0.2))
    assert settled_since(rows, config()) == W + 1
    assert settled_since(rows, changed) == 20 + W
    assert not settled(rows.iloc[:15], changed)


def test_the_rhythm_after_the_last_change_counts() -> None:
    changed = build(
        {"at": [{"period": 5, "set": {"platform.retrain_every": 10}}]},
        BASE | {"run.until": "settled"},
    )
    assert settled_since(history(np.full(60, 0.2), every=10), changed) == 5 + 21


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_looking_back_agrees_with_looking_on_the_way(seed: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    alpha = 0.2 + np.cumsum(rng.choice([0, 0, 0, 0.004, -0.004], size=length))
    rows = history(alpha, 0.9 + rng.choice([0, 0, 0.03], size=length))
    on_the_way = [settled(rows.iloc[: t + 1], config()) for t in range(length)]
    since = settled_since(rows, config())
    if on_the_way[-1]:
        assert since is not None
        assert all(on_the_way[since:])
        assert since == 0 or not on_the_way[since - 1]
    else:
        assert since is None


def test_everybody_is_asked_once_on_average_within_a_window() -> None:
    slow = config(society__activation=0.02)
    rows = history(np.full(60, 0.2))
    assert settled_since(rows, slow) == 51


@pytest.mark.parametrize(("adaptation", "window"), [(1.0, W), (0.5, W), (0.1, 29), (0.01, 299)])
def test_slow_beliefs_are_waited_for(adaptation: float, window: int) -> None:
    slow = config(society__belief="adaptive", society__adaptation=adaptation)
    assert settled_since(history(np.full(400, 0.2)), slow) == window + 1


def test_a_signal_that_spreads_among_free_riders_does_not_settle() -> None:
    size = config().population.size
    rows = history(np.full(60, 0.2))
    for share, rests in ((0.9 * 0.01 / W, True), (1.1 * 0.01 / W, False)):
        riding = rows.assign(free_riders=share * size * np.arange(60))
        assert settled(riding, config()) is rests


def test_a_fund_that_runs_dry_is_waited_for_and_one_that_fills_is_not() -> None:
    rows = history(np.full(60, 0.2))
    dry = rows.assign(fund=np.maximum(0.0, 30.0 - np.arange(60)))
    assert not settled(dry.iloc[:30], config())
    assert settled_since(dry, config()) == 30 + W
    assert settled_since(rows.assign(fund=np.arange(60.0)), config()) == W + 1


def test_a_collective_that_lives_on_a_subsidy_has_not_settled_before_the_fund_is_empty() -> None:
    keys = {
        "platform.learner.kind": "bayes",
        "population.size": 400,
        "population.cost": 1.1,
        "corpus.test_size": 200,
        "collective.first_movers": 24,
        "collective.leak": 0.0,
        "collective.subsidy": 0.2,
        "collective.fund": 1600.0,
        "society.activation": 0.5,
        "run.until": "settled",
    }
    model = GigEconomy(build({}, keys), rng=1)
    model.run()
    assert model.periods["alpha"].max() == 1
    assert (model.fund, model.alpha) == (0, 0.06)
    assert settled_since(model.periods, model.config) is not None


def test_a_run_ends_when_it_has_done_what_was_asked(make_toy: Make) -> None:
    model = make_toy(**{"run.periods": 2})
    assert not model.finished
    model.run(2)
    assert model.finished


def test_a_world_at_rest_ends_and_one_that_moves_comes_to_the_limit(make_toy: Make) -> None:
    keys = {"run.until": "settled", "run.limit": 12, "collective.first_movers": 0}
    model = make_toy(**keys)
    model.run()
    # retrain_every 2, activation .5: a window of five periods.
    assert model.period == 6
    assert settled_since(model.periods, model.config) == 6
    restless = make_toy(**keys | {"collective.first_movers": 12, "run.limit": 4})
    restless.run()
    assert restless.period == 4, "the limit comes before the first window has passed"
    assert settled_since(restless.periods, restless.config) is None
