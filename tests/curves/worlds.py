"""Arms of toy worlds that the tests of curves share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from gigsim.config import Config, build
from gigsim.curves.arm import Arm
from gigsim.curves.jobs import CurveJob, curve_jobs
from gigsim.curves.run import run_curve_job


def arm(config: Config, name: str = "toy", **changes: Any) -> Arm:
    """An arm over a toy config; dotted keys go to the config, others to the arm."""
    inner = {key: value for key, value in changes.items() if "." in key}
    own = {"alphas": (0.0, 0.05, 0.2), "seeds": (1, 2)} | {
        key: value for key, value in changes.items() if "." not in key
    }
    return Arm(name=name, config=build(config.model_dump(mode="json"), inner, "test"), **own)


def measured(arms: Sequence[Arm], jobs: Sequence[CurveJob] | None = None) -> pd.DataFrame:
    """The rows of a plan, in order."""
    done = [run_curve_job(job, lambda _: None) for job in jobs or curve_jobs(arms)]
    rows = pd.concat([outcome.rows for outcome in done])
    return rows.sort_values(["arm", "alpha", "seed", "retraining"]).reset_index(drop=True)
