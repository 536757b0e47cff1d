"""The theory of an arm is that of a run in the same world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gigsim.config import Config
from gigsim.coverage import METRICS
from gigsim.curves.bench import bench_for
from gigsim.curves.lines import grid, lines_of
from gigsim.model import GigEconomy
from tests.curves.worlds import arm, measured

ALPHAS = np.array([0.01, 0.1, 0.5])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"collective.label_sets": "extend"},
        {"collective.wrong_label": 0.2},
        {"collective.strategy": "feature_only"},
        {"collective.strategy": "feature_only", "platform.learner": {"kind": "bayes"}},
        {"collective.strategy": "unplanting"},
        {"corpus.label_noise": 0.3},
        {"corpus.xi": 0.0},
    ],
    ids=str,
)
def test_a_run_and_an_arm_quote_the_same_theorem(
    make_toy: Callable[..., GigEconomy], changes: dict[str, Any]
) -> None:
    run = make_toy(**changes)
    one = arm(run.config)
    mine, theirs = lines_of(one, bench_for(one.config)), run.laboratory.lines
    for metric in METRICS:
        assert mine.theorem(metric) == theirs.theorem(metric)
        # In a run some of the carriers that its config made are among the measured ones.
        for name in ("xi", "gap", "kappa", "p", "deficit_source"):
            assert mine.facts(metric)[name] == pytest.approx(
                theirs.facts(metric)[name], nan_ok=True
            ), name
    np.testing.assert_allclose(mine.table(ALPHAS), theirs.table(ALPHAS), rtol=1e-9)


def test_rows_quote_the_lines_at_what_follows(toy_config: Config) -> None:
    one = arm(toy_config, **{"collective.abstain": 0.3})
    rows, lines = measured([one]), lines_of(one, bench_for(one.config))
    for row in rows.to_dict("records"):
        at = row["alpha_effective"]
        assert row["bound_any"] == lines.bound(at, "any")
        expected = lines.expected([at], "top1", lines.signals["top1"].xi)
        assert expected is not None
        assert row["finite_top1"] == pytest.approx(float(expected.mean[0]))


def test_a_grid_is_the_table_of_the_lines(toy_config: Config) -> None:
    found = grid(arm(toy_config))
    assert found["alpha"].iloc[0] == 0
    assert found["alpha"].iloc[-1] == 1
    assert (found["finite_any"].diff().dropna() >= -1e-12).all()


def test_without_a_clean_training_and_without_a_posterior_nothing_is_said(
    toy_config: Config,
) -> None:
    """A word of the language as the signal: the posterior of a resume without it is not known."""
    signal = {"collective.signal.token": "w3", "corpus.xi": 0.0}
    silent = measured([arm(toy_config, alphas=(0.2,), **signal)])
    assert silent[["bound_any", "bound_top1", "finite_any", "finite_top1"]].isna().all(axis=None)
    told = measured([arm(toy_config, alphas=(0.0, 0.2), **signal)])
    assert told["bound_any"].notna().all()
