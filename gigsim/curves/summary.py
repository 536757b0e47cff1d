"""Many trainings as curves: mean and interval at each α, and the α at which S gets there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gigsim.curves.columns import KEYS, MEANS
from gigsim.curves.plan import Plan
from gigsim.curves.statistics import Climb, Mass, climb_of

#: Half-way from the base rate to certainty: where S is steepest, and its α best determined.
HALF = 0.5


def climbs(rows: pd.DataFrame) -> list[tuple[dict[str, Any], pd.DataFrame, Climb]]:
    """Each curve's keys, its rows and its statistics, in the order of arms and retrainings.

    Args:
        rows: of ``curve.parquet``.
    """
    found = []
    for _, own in rows.groupby(["arm", "retraining"], sort=True):
        keys = {key: own[key].iloc[0] for key in KEYS}
        label = f"{keys['name']}/{keys['retraining']}"
        # The exact classifier is a law: one seed is all there is to it.
        exact = keys["learner"] == "bayes" and own.groupby("alpha")["success"].nunique().max() == 1
        found.append((keys, own, climb_of(own, label, axis="effective", exact=bool(exact))))
    return found


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each curve and α.

    Args:
        rows: of ``curve.parquet``.

    Returns:
        The columns :data:`~gigsim.curves.columns.KEYS`, ``alpha``, ``members``,
        ``alpha_effective`` (mean share of those who follow), ``trainings`` (really different ones),
        ``success`` (mean over seeds), ``success_sd`` (over seeds; NaN of one), ``success_low`` and
        ``success_high`` (95 %: seeds and held-out resumes together, ``statistics``), and the means
        of the other measures.
    """
    table = []
    for keys, own, climb in climbs(rows):
        for alpha, cells in own.groupby("alpha", sort=True):
            effective = float(cells["alpha_effective"].mean())
            estimate = climb.at(effective)
            table.append(
                {
                    **keys,
                    "alpha": float(alpha),
                    "members": int(cells["members"].iloc[0]),
                    "alpha_effective": effective,
                    "trainings": int(cells["training"].nunique()),
                    "success": estimate.value,
                    "success_sd": float(cells["success"].std(ddof=1)),
                    "success_low": float(np.clip(estimate.low, 0, 1)),
                    "success_high": float(np.clip(estimate.high, 0, 1)),
                    **{name: float(cells[name].mean()) for name in MEANS},
                }
            )
    return pd.DataFrame(table)


def critical_masses(rows: pd.DataFrame, plan: Plan) -> list[dict[str, Any]]:
    """For each curve the α_effective at which S is half-way, and at which it is on its target.

    It is the α of theory and of a run's ``alpha_platform``: members who abstain are not counted.

    Args:
        rows: of ``curve.parquet``.
        plan: whose rows they are.

    Returns:
        For each curve its ``name``, ``retraining``, U(0), the accuracy without a collective, and
        ``alpha_half`` and ``alpha_platform``: ``number`` with ``low`` and ``high`` (95 %; None
        where nothing that was tried bounds them) and ``open``: what the number is a limit of.
    """
    found = []
    for keys, own, climb in climbs(rows):
        target = plan.arms[int(keys["arm"])].config.measure.success_target
        clean = own[own["members"] == 0]
        found.append(
            {
                "name": keys["name"],
                "retraining": int(keys["retraining"]),
                "seeds": len(climb.seeds),
                "base": climb.base,
                "accuracy": float(clean["accuracy"].mean()),
                "alpha_half": _said(climb.mass(climb.part_way(HALF))),
                "alpha_platform": _said(climb.mass(target)),
                "success_target": target,
            }
        )
    return found


def _said(mass: Mass) -> dict[str, Any]:
    return mass.estimate().as_json()
