"""Societies before Theorem 1's bound with U(0) = 0, of which closed forms are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gigsim.config import Config, build
from gigsim.planning.outlook import Outlook, outlook

Society = Callable[..., Config]

CONSTANT = {"kind": "constant", "value": 0.5}


def society(**changes: Any) -> Config:
    """2,000 people before the bound of κ = .01, everybody's cost .5 unless told otherwise."""
    return build(
        {
            "name": "known",
            "population": {"size": 2000, "cost": CONSTANT},
            "network": {"kind": "complete"},
            "society": {"activation": 0.5, "spillover": 0.0},
            "collective": {"first_movers": 0, "leak": 0.0},
            "platform": {
                "learner": {"kind": "surrogate", "source": "bound", "bound_xi": 0.01},
                "retrain_every": 2,
            },
            "measure": {"reference": 0},
        },
        changes,
    )


def uniform(high: float) -> dict[str, Any]:
    """Costs uniform on [0, high]."""
    return {"kind": "uniform", "low": 0.0, "high": high}


@pytest.fixture(scope="session")
def known() -> Callable[..., Outlook]:
    """Makes the outlook of :func:`society` with changes."""

    def make(**changes: Any) -> Outlook:
        return outlook(society(**changes))

    return make
