"""The surrogate: a measured curve S(α) in the place of a classifier that is retrained.

It answers at once whatever the population's size, and no resume is needed. What it cannot know is
who joined: a curve is measured with randomly drawn members, on one corpus, with one recipe, and it
is for the user to see that those are his own; ``spot_checks`` looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from gigsim.learners.curve_cells import NEEDED, OPTIONAL
from gigsim.learners.curve_file import read_rows


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
        single: by name, float64, shape (rows,): the trainings themselves, α by α, those of an α in
            the order of ``curve_file.CurveRows.turn``; empty where only means are known.
        errors: by name, float64, shape (k,): standard error of drawing the held-out resumes that
            the trainings share, their mean, NaN where the file does not say it.
        about: what was measured, as far as the file says: ``learner``, ``strategy``, ``target`` and
            so on.
    """

    alphas: NDArray[np.float64]
    columns: dict[str, NDArray[np.float64]]
    trainings: NDArray[np.int64]
    single: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    errors: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)

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

    def mean(self, name: str, alphas: ArrayLike) -> NDArray[np.float64]:
        """One column of means at many shares, as :meth:`at` has it.

        Args:
            name: ``success_top1``, ``base_any`` and so on.
            alphas: shares in [0, 1] of any shape.

        Returns:
            float64 of that shape.
        """
        shares = np.asarray(alphas, dtype=np.float64)
        return np.asarray(np.interp(shares, self.alphas, self.columns[name]), dtype=np.float64)

    def training(self, alpha: float, luck: float) -> dict[str, float]:
        """One training at α, drawn from those of the file, in place of their mean.

        Of each of the two measured shares beside α it takes the training of the same rank, number
        ⌊luck·n⌋ of n: of a file with as many trainings at each α one and the same row of seeds, so
        that a drawn curve is coherent. Between them it is a straight line. At a measured share, and
        above the last, it is a training of that share alone.

        Args:
            alpha: in [0, 1].
            luck: uniform in [0, 1).

        Returns:
            The columns of :meth:`at`: values of that training; ``_sd`` that of all trainings,
            ``_low`` and ``_high`` the 95 % limits of their mean that this one alone would give with
            that sd, clipped to [0, 1].
        """
        found = self.at(alpha)
        above = int(np.searchsorted(self.alphas, alpha, side="left"))
        last = len(self.alphas) - 1
        if above > last:
            ends = [last]
        elif self.alphas[above] == alpha:
            # At a measured share its own trainings count, however few the one below has.
            ends = [above]
        else:
            ends = [above - 1, above]
        starts = np.cumsum(self.trainings) - self.trainings
        rows = [int(starts[k] + luck * self.trainings[k]) for k in ends]
        count = int(min(self.trainings[k] for k in ends))
        # How far off one of them may be: nobody knows of a single one.
        reach = float(student.ppf(0.975, count - 1)) if count > 1 else float("nan")
        for name, values in self.single.items():
            value = float(np.interp(alpha, self.alphas[ends], values[rows]))
            away = reach * found[f"{name}_sd"]
            # A sum may miss 0 or 1 by its last bit, and a value is within its own limits.
            low, high = max(0.0, value - away), min(1.0, value + away)
            found[name] = value
            found[f"{name}_low"] = low if away >= 0 else float("nan")
            found[f"{name}_high"] = high if away >= 0 else float("nan")
        return found

    @property
    def varies(self) -> bool:
        """Is there anything to draw: two trainings of one α?"""
        return bool((self.trainings > 1).any()) and bool(self.single)


def load_curve(path: Path | str, arm: str = "") -> Curve:
    """Read a curve file (``learners.curve_file``).

    Args:
        path: CSV or Parquet; rows in any order, several rows of one alpha are its trainings.
        arm: which arm of a file of ``gigsim curve`` that has several, by its ``name``.

    Raises:
        InputError: the file is not a curve; the message names file, line and column.
    """
    table, turn, errors, about = read_rows(path, arm)
    alphas, group, trainings = np.unique(table["alpha"], return_inverse=True, return_counts=True)
    columns: dict[str, NDArray[np.float64]] = {}
    single: dict[str, NDArray[np.float64]] = {}
    place = turn[np.argsort(group[turn], kind="stable")]
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
        single[name] = values[place]
        columns[f"{name}_sd"] = sd
        columns[f"{name}_low"] = np.maximum(mean - reach * sd, 0.0)
        columns[f"{name}_high"] = np.minimum(mean + reach * sd, 1.0)
    of_resumes = {
        name: np.bincount(group, weights=values) / trainings for name, values in errors.items()
    }
    return Curve(
        alphas=alphas,
        columns=columns,
        trainings=trainings,
        single=single,
        errors=of_resumes,
        about=about,
    )
