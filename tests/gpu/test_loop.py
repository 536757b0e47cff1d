"""The loop, checkpoints and curves with a platform that is trained on CUDA."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gigsim.checkpoint import restore, save_checkpoint
from gigsim.config import Config
from gigsim.curves.arm import Arm
from gigsim.curves.jobs import curve_jobs
from gigsim.curves.run import run_curve_job
from gigsim.model import GigEconomy
from gigsim.runs import tables_of

pytestmark = pytest.mark.gpu

Tiny = Callable[..., Config]


def tables(model: GigEconomy) -> dict[str, pd.DataFrame]:
    return dict(tables_of(model))


def assert_same(first: dict[str, pd.DataFrame], second: dict[str, pd.DataFrame]) -> None:
    assert first.keys() == second.keys()
    for name, table in first.items():
        seconds = [column for column in table.columns if "seconds" in column]
        pd.testing.assert_frame_equal(
            table.drop(columns=seconds), second[name].drop(columns=seconds)
        )


@pytest.mark.parametrize("retrain", ["scratch", "warm"])
def test_twice_the_same_run_is_the_same_run(tiny: Tiny, retrain: str) -> None:
    config = tiny(platform__retrain=retrain)
    first, again = (GigEconomy(config, rng=1) for _ in range(2))
    for model in (first, again):
        model.run()
    assert_same(tables(first), tables(again))


def test_a_restored_run_goes_on_as_if_nothing_had_happened(tiny: Tiny, tmp_path: Path) -> None:
    config = tiny(platform__retrain="warm")
    undisturbed, interrupted = (GigEconomy(config, rng=1) for _ in range(2))
    undisturbed.run()
    interrupted.step()
    interrupted.step()
    file = tmp_path / "run.checkpoint"
    save_checkpoint(interrupted, file)
    restored = restore(file)
    restored.run(2)
    assert_same(tables(undisturbed), tables(restored))


def test_a_curve(tiny: Tiny) -> None:
    arm = Arm(name="gpu", config=tiny(), alphas=(0.0, 0.2), seeds=(1, 2))
    found = []
    for _ in range(2):
        outcomes = [run_curve_job(job, lambda _: None) for job in curve_jobs([arm])]
        found.append(pd.concat([outcome.rows for outcome in outcomes], ignore_index=True))
    assert sorted(zip(found[0].alpha, found[0].seed, strict=True)) == [
        (0.0, 1),
        (0.0, 2),
        (0.2, 1),
        (0.2, 2),
    ]
    assert found[0].success.between(0, 1).all()
    pd.testing.assert_frame_equal(found[0], found[1])
