"""Worlds on a given curve, in which everybody knows everybody: the mean field, person by person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gigsim.config import build
from gigsim.model import GigEconomy
from gigsim.theory.participation.costs import SampleCosts
from gigsim.theory.participation.measured_curve import MeasuredCurve

#: S of the tests: nothing up to a tenth, a rise, and the rest by and by; U(0) is .1.
RISING = ((0.0, 0.1), (0.1, 0.1), (0.2, 0.8), (1.0, 0.9))
CLEAN = 0.1

Points = Sequence[tuple[float, float]]


def write_curve(folder: Path, points: Points = RISING) -> Path:
    """A curve file with S at these shares, U = .1 throughout."""
    lines = ["alpha,success_any,success_top1,base_any,base_top1,accuracy"]
    lines += [f"{alpha},{s},{s},{CLEAN},{CLEAN},0.8" for alpha, s in points]
    path = folder / "curve.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def gain_curve(points: Points = RISING) -> MeasuredCurve:
    """G of such a file, as theory has it."""
    alphas, success = np.array(points).T
    return MeasuredCurve.of_success(alphas, success, CLEAN, scale="linear")


def on_curve(curve: Path, language: Path, **keys: Any) -> GigEconomy:
    """400 people who all reconsider in every period, nobody committed, nothing spilling or leaking.

    Costs are uniform on [0, .6].
    """
    base = {
        "name": "levers",
        "population": {"size": 400, "cost": {"kind": "uniform", "low": 0.0, "high": 0.6}},
        "network": {"kind": "complete"},
        "society": {"activation": 1.0, "spillover": 0.0},
        "collective": {"first_movers": 0, "leak": 0.0},
        "platform": {"learner": {"kind": "surrogate", "curve": str(curve)}, "retrain_every": 1},
        "corpus": {"language": str(language), "test_size": 200},
        "measure": {"reference": 0, "bootstrap": 100, "selection_draws": 99},
        "run": {"periods": 8},
    }
    return GigEconomy(build(base, keys))


def costs_of(model: GigEconomy) -> SampleCosts:
    """F: the costs of these very people."""
    return SampleCosts(model.population.cost)
