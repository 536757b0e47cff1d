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


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_curve_of_networks_side_by_side(tiny: Tiny, precision: str) -> None:
    """Eight at once: twice the same bits, and rows as of networks one by one."""

    def rows(count: int) -> pd.DataFrame:
        config = tiny(run__side_by_side=count, run__precision=precision)
        arm = Arm(name="gpu", config=config, alphas=(0.0, 0.05, 0.1, 0.2, 0.4), seeds=(1, 2))
        jobs = curve_jobs([arm])
        assert max(len(job.trainings) for job in jobs) == count
        found = pd.concat([run_curve_job(job, lambda _: None).rows for job in jobs])
        return found.sort_values(["alpha", "seed"], ignore_index=True)

    together, again, alone = rows(8), rows(8), rows(1)
    pd.testing.assert_frame_equal(together, again)
    assert (together.alpha == alone.alpha).all()
    assert (together.edited == alone.edited).all()
    # Eight steps; products of bfloat16 in another order are off by a part in a hundred or two.
    tolerance = 1e-3 if precision == "float32" else 0.05
    pd.testing.assert_series_equal(together.loss, alone.loss, rtol=tolerance)
    # Of 40 held-out resumes so many may lie on the edge.
    edge = 2 / 40 if precision == "float32" else 8 / 40
    assert (together.success - alone.success).abs().max() <= edge
    assert (together.accuracy - alone.accuracy).abs().max() <= edge


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
