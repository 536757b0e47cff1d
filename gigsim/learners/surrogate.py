"""The surrogate: a measured curve S(α) in the place of a classifier that is retrained.

It answers at once whatever the population's size, and no resume is needed. What it cannot know is
who joined: a curve is measured with randomly drawn members, on one corpus, with one recipe, and it
is for the user to see that those are his own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from gigsim.learners.curve_file import NEEDED, OPTIONAL, read_curve


@dataclass(frozen=True, eq=False)
class Curve:
    """Success, base rates and quality as functions of α.

    Attributes:
        alphas: float64, shape (k,), ascending from 0 within [0, 1].
        columns: by name, float64, shape (k,) each: the mean over the trainings at each α
            (``success_top1``), their sd (``success_top1_sd``, NaN for a single one) and 95 %
            limits of the mean (``success_top1_low``, ``_high``: Student's t over the trainings,
            clipped to [0, 1], NaN for a single one).
        trainings: int64, shape (k,): how many rows of the file each α has.
    """

    alphas: NDArray[np.float64]
    columns: dict[str, NDArray[np.float64]]
    trainings: NDArray[np.int64]

    def at(self, alpha: float) -> dict[str, float]:
        """Every column at α: a straight line in α between the points, constant above the last.

        Linear in α, not in ln α: a curve has a point at 0, and the straight line neither adds nor
        hides a threshold between two points. Between points it is monotone; measured means that
        fall as α grows are left as they are. A line towards a NaN is NaN.

        Args:
            alpha: in [0, 1].

        Raises:
            ValueError: α is not in [0, 1].
        """
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must be in [0, 1], got {alpha}")
        return {
            name: float(np.interp(alpha, self.alphas, values))
            for name, values in self.columns.items()
        }


def load_curve(path: Path | str) -> Curve:
    """Read a curve file (``learners.curve_file``).

    Args:
        path: CSV or Parquet; rows in any order, several rows of one alpha are its trainings.

    Raises:
        InputError: the file is not a curve; the message names file, line and column.
    """
    table = read_curve(path)
    alphas, group, trainings = np.unique(table["alpha"], return_inverse=True, return_counts=True)
    columns: dict[str, NDArray[np.float64]] = {}
    some = np.where(trainings > 1, trainings, np.nan)
    reach = student.ppf(0.975, some - 1) / np.sqrt(some)
    for name in (*NEEDED[1:], *OPTIONAL):
        if name not in table:
            continue
        values = table[name].to_numpy()
        mean = np.bincount(group, weights=values) / trainings
        spread = np.bincount(group, weights=(values - mean[group]) ** 2)
        sd = np.sqrt(spread / (some - 1))
        columns[name] = mean
        columns[f"{name}_sd"] = sd
        columns[f"{name}_low"] = np.maximum(mean - reach * sd, 0.0)
        columns[f"{name}_high"] = np.minimum(mean + reach * sd, 1.0)
    return Curve(alphas=alphas, columns=columns, trainings=trainings)
