"""Societies on a bound or on a curve: nothing to train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gigsim.config import Config, build


def society(**overrides: Any) -> Config:
    """1,000 people of identical cost .4 on the bound of κ = .02, well mixed, no leak."""
    return build(
        {
            "name": "tipping",
            "population": {"size": 1000, "cost": 0.4},
            "network": {"kind": "complete"},
            "society": {"spillover": 0.0, "activation": 0.5},
            "collective": {"leak": 0.0, "first_movers": 0},
            "platform": {
                "learner": {"kind": "surrogate", "source": "bound", "bound_xi": 0.02},
                "retrain_every": 1,
            },
            "measure": {"success": "any", "selection_draws": 99},
            "run": {"limit": 2000, "periods": 40},
        },
        overrides,
    )


def curve_file(path: Path, rows: list[tuple[float, float]]) -> str:
    """A curve of given S at given α, U = 0; more rows of one α are trainings."""
    lines = ["alpha,success_any,success_top1,base_any,base_top1,accuracy"]
    lines += [f"{alpha},{s},{s},0,0,0.9" for alpha, s in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def on_curve(path: str) -> dict[str, Any]:
    """The learner of such a file, as an override."""
    return {
        "platform.learner.source": "curve",
        "platform.learner.curve": path,
        # What only a bound reads is as it is by default.
        "platform.learner.bound_xi": 0.01,
    }
