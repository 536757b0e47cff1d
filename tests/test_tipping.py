"""Tipped, tipping period, grown, and what becomes of runs that never tip."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.config import Config, build
from gigsim.tipping import censored_quantiles, grown, share_of, tipping_period

CONFIG = build({}, {"measure.success_target": 0.9, "collective.first_movers": 30})


def retrainings(*success: float) -> pd.DataFrame:
    """Every third period, the first being period 0."""
    return pd.DataFrame(
        {
            "period": 3 * np.arange(len(success)),
            "alpha_trained": 0.1,
            "success_top1": success,
            "success_any": 1.0,
        }
    )


@pytest.mark.parametrize(
    ("success", "expected"),
    [
        ([0.1, 0.5, 0.9, 0.95], 6),
        ([0.1, 0.95, 0.8, 0.95], 9),
        ([0.1, 0.95, 0.95, 0.8], None),
        ([0.1, 0.9, 0.9, 0.9], 3),
        ([0.1], None),
        ([0.95], None),
        ([0.95, 0.95], 3),
        ([0.1, 0.899999], None),
    ],
    ids=["once", "fell back", "fell at the end", "at the target", "none", "not the world before",
         "from the first", "just under"],
)  # fmt: skip
def test_the_first_retraining_from_which_it_never_falls_below(
    success: list[float], expected: int | None
) -> None:
    assert tipping_period(retrainings(*success), CONFIG) == expected


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.05, 0.95))
def test_the_definition_in_other_words(success: list[float], target: float) -> None:
    config = build({}, {"measure.success_target": target})
    found = tipping_period(retrainings(0.0, *success), config)
    stays = [3 * k for k in range(1, len(success) + 1) if min(success[k - 1 :]) >= target]
    assert found == (stays[0] if stays else None)


def test_the_published_metric_decides() -> None:
    config = build({}, {"measure.success": "any"})
    assert tipping_period(retrainings(0.1, 0.2), config) == 3


def test_a_level_that_nobody_is_behind_has_not_tipped() -> None:
    table = retrainings(0.95, 0.95, 0.95, 0.95)
    for trained, expected in (
        ([0.0, 0.0, 0.0, 0.0], None),
        ([0.0, 0.1, 0.1, 0.0], None),
        ([0.0, 0.0, 0.1, 0.1], 6),
    ):
        assert tipping_period(table.assign(alpha_trained=trained), CONFIG) == expected


@pytest.mark.parametrize(("members", "expected"), [(29, False), (30, False), (31, True)])
def test_grown_is_more_than_the_first_movers(members: int, expected: bool) -> None:
    assert grown(pd.DataFrame({"members": [0, 500, members]}), CONFIG) is expected


def test_wilsons_interval() -> None:
    """Known: Wilson (1927) as in Newcombe (1998), table I: 81 of 263 and 15 of 148, 0 of 20."""
    for count, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        found = share_of(count, of)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)
        assert found.share == count / of
    none = share_of(0, 20)
    assert (none.low, round(none.high, 4)) == (0.0, 0.1611)
    empty = share_of(0, 0)
    assert (empty.low, empty.high) == (0.0, 1.0)
    assert math.isnan(empty.share)


def test_who_never_tipped_is_later_than_all_and_never_dropped() -> None:
    values = [12, None, 6, None]
    found = censored_quantiles(values, (0.25, 0.5, 0.75, 1.0))
    assert found == {"0.25": 6, "0.5": 12, "0.75": None, "1": None}
    assert censored_quantiles([None, None], (0.05, 0.5)) == {"0.05": None, "0.5": None}
    assert censored_quantiles([], (0.5,)) == {"0.5": None}


@given(
    st.lists(st.none() | st.integers(1, 300), min_size=1, max_size=30),
    st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95]),
)
def test_a_quantile_is_the_first_period_by_which_so_many_tipped(
    values: list[int | None], level: float
) -> None:
    (found,) = censored_quantiles(values, (level,)).values()
    enough = [p for p in range(1, 301) if sum(v is not None and v <= p for v in values) >= level * len(values) - 1e-9]  # noqa: E501  # fmt: skip
    assert found == (enough[0] if enough else None)


def test_types(toy_config: Config) -> None:
    period = tipping_period(retrainings(0.1, 0.95), toy_config)
    assert type(period) is int
