"""The table of critical masses: combinations of cost, spillover, κ and leak, each compared.

The societies are small variations of one: the bound of Theorem 1 for G, half of the people asked in
a period, a retraining every period, so that what differs between rows is what their names say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import product
from typing import Any

import pandas as pd

from gigsim.config import Config, build
from gigsim.dynamics.comparison import compare

#: The laws of cost, the spillovers, the κ and the leaks of the table.
COSTS: dict[str, dict[str, Any]] = {
    "identical": {"kind": "constant", "value": 0.4},
    "uniform": {"kind": "uniform", "low": 0.1, "high": 1.1},
    "normal": {"kind": "normal", "mean": 0.5, "sd": 0.15},
    "log-normal": {"kind": "lognormal", "median": 0.45, "sigma": 0.5},
}
SPILLOVERS = (0.0, 0.4)
KAPPAS = (0.005, 0.02)
LEAKS = (0.0, 0.05)


def society(
    cost: Mapping[str, Any], spillover: float, kappa: float, leak: float, size: int
) -> Config:
    """The society of one row: the bound of Theorem 1 for G, ten acquaintances each at random."""
    return build(
        {
            "name": "critical-mass",
            "population": {"size": size, "cost": dict(cost)},
            # Without leaks nobody's acquaintances matter here.
            "network": {"kind": "random", "degree": 10.0} if leak else {"kind": "complete"},
            "society": {"spillover": spillover, "activation": 0.5},
            "collective": {"leak": leak, "first_movers": 0},
            "platform": {
                "learner": {"kind": "surrogate", "source": "bound", "bound_xi": kappa},
                "retrain_every": 1,
            },
            "measure": {"success": "any"},
            "run": {"limit": 3000},
        }
    )


def comparison_table(
    size: int = 4_000,
    worlds: int = 9,
    *,
    workers: int = 0,
    tell: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Thirty-two societies: the laws of cost, spillovers, κ and leaks of this module.

    Args:
        size: N.
        worlds: seeds each.
        workers: processes; changes no result.
        tell: hears how many are done, of how many.

    Returns:
        ``cost, spillover, kappa, leak`` and the columns of :class:`Comparison`, a row a society
        that has a gap.
    """
    rows = []
    combinations = list(product(COSTS, SPILLOVERS, KAPPAS, LEAKS))
    for done, (law, spillover, kappa, leak) in enumerate(combinations, start=1):
        config = society(COSTS[law], spillover, kappa, leak, size)
        said = {"cost": law, "spillover": spillover, "kappa": kappa, "leak": leak}
        found, _ = compare(config, range(1, worlds + 1), workers=workers, probed=1)
        rows.append(said | asdict(found))
        if tell is not None:
            tell(done, len(combinations))
    return pd.DataFrame(rows)
