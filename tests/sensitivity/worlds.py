"""Functions whose indices are known, and studies that take a second."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.experiments.studies import QUICK

Floats = NDArray[np.float64]

#: The usual constants of Ishigami and Homma (1990).
A, B = 7.0, 0.1


def ishigami(points: Floats) -> Floats:
    """Of points in the unit cube, shape (n, 3): sin x + A·sin² y + B·z⁴·sin x on [-π, π]³."""
    x, y, z = (np.pi * (2 * points - 1)).T
    return np.sin(x) + A * np.sin(y) ** 2 + B * z**4 * np.sin(x)


def ishigami_indices() -> dict[str, Floats]:
    """S1, ST, S2 (pairs 12, 13, 23), and the variance; by integration."""
    one = (1 + B * np.pi**4 / 5) ** 2 / 2
    two = A**2 / 8
    both = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = one + two + both
    return {
        "S1": np.array([one, two, 0.0]) / whole,
        "ST": np.array([one + both, two, both]) / whole,
        "S2": np.array([0.0, both, 0.0]) / whole,
        "variance": np.array(whole),
    }


def quick_sensitivity(table: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Real runs of a few milliseconds; ``table`` replaces keys of [sensitivity]."""
    sensitivity = {
        "method": "sobol",
        "samples": 2,
        "outcomes": ["alpha", "total_wealth", "max(joined)"],
        "resamples": 100,
        "ranges": {
            "collective.leak": {"low": 0.0, "high": 0.1},
            "collective.first_movers": {"low": 4, "high": 7},
        },
    }
    return {
        "name": "quick",
        "replicates": 2,
        "set": QUICK,
        "sensitivity": sensitivity | (table or {}),
    } | changes
