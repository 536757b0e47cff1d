"""A measured curve of success as what participation brings, with the draws of its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.curves import Cases


@dataclass(frozen=True, eq=False)
class MeasuredCurve:
    """Measured gains, joined by lines: max(0, ·) of a line in α or in ln α, constant at the end.

    Between two shares the line is monotone whatever was measured, so that non-monotone curves are
    solved as exactly as monotone ones. The first stretch, from α = 0 on, is a line in α. Where
    nothing was measured at 0 the curve begins at G(0) = 0, which is what G is there.

    Attributes:
        alphas: ascending, in [0, 1], shape (A,).
        gains: S − U(0) there, shape (A,), or (K, A) for K draws; may be negative.
        scale: lines in ``"log"`` α or in α (``"linear"``, as the surrogate learner joins them).
        knots: the shares with 0 and 1 added where they were not measured (made, not given).
        heights: the gains there, shape (K, knots) (made, not given).

    Example:
        >>> curve = MeasuredCurve(np.array([0.01, 0.1]), np.array([0.2, 0.8]))
        >>> curve.value(np.array([0.005, 0.0316227766, 1.0])).round(6).tolist()
        [0.1, 0.5, 0.8]
    """

    alphas: Floats
    gains: Floats
    scale: Literal["log", "linear"] = "log"
    knots: Floats = field(init=False, repr=False)
    heights: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        alphas = unit_interval("alphas", self.alphas)
        gains = np.asarray(self.gains, dtype=np.float64)
        if alphas.ndim != 1 or not len(alphas) or np.any(np.diff(alphas) <= 0):
            raise ValueError("alphas must be ascending and at least one")
        if gains.ndim not in (1, 2) or gains.shape[-1] != len(alphas) or not gains.size:
            raise ValueError(
                f"need a gain for each of {len(alphas)} shares, got shape {gains.shape}"
            )
        if not np.all(np.isfinite(gains)):
            raise ValueError("gains must be finite")
        if self.scale not in ("log", "linear"):
            raise ValueError(f"scale is log or linear, got {self.scale!r}")
        rows = np.atleast_2d(gains)
        if alphas[0] > 0:
            alphas = np.concatenate([[0.0], alphas])
            rows = np.concatenate([np.zeros((len(rows), 1)), rows], axis=1)
        if alphas[-1] < 1:
            alphas = np.concatenate([alphas, [1.0]])
            rows = np.concatenate([rows, rows[:, -1:]], axis=1)
        object.__setattr__(self, "knots", alphas)
        object.__setattr__(self, "heights", rows)

    @classmethod
    def of_success(
        cls,
        alphas: ArrayLike,
        success: ArrayLike,
        base: ArrayLike,
        *,
        scale: Literal["log", "linear"] = "log",
    ) -> MeasuredCurve:
        """From S itself: G = S(α) − U(0), negative differences counting as none.

        Args:
            alphas: as above.
            success: S(α) in [0, 1] up to noise, shape (A,) or (K, A).
            base: U(0), a number or one a draw, shape (K,).
            scale: as above.

        Example:
            >>> MeasuredCurve.of_success([0.1, 0.2], [0.1, 0.6], 0.2).gains.round(6).tolist()
            [-0.1, 0.4]
        """
        climbs = np.asarray(success, dtype=np.float64)
        below = np.asarray(base, dtype=np.float64)
        if below.ndim == 1:
            below = below[:, None]
        return cls(np.asarray(alphas, dtype=np.float64), climbs - below, scale)

    @property
    def cases(self) -> int:
        """As many as there are draws."""
        return len(self.heights)

    @property
    def breaks(self) -> Floats:
        """The shares that were measured, 0 and 1."""
        return self.knots

    def value(self, alpha: Floats, side: int = 0, case: Cases | int = 0) -> Floats:
        """See :class:`Curve`."""
        share = np.asarray(alpha, dtype=np.float64)
        left = np.clip(np.searchsorted(self.knots, share, side="right") - 1, 0, len(self.knots) - 2)
        low, high = self.knots[left], self.knots[left + 1]
        part = (share - low) / (high - low)
        if self.scale == "log":
            with np.errstate(divide="ignore", invalid="ignore"):
                logs = np.log(share / low) / np.log(high / low)
            part = np.where(low > 0, logs, part)
        row = case if len(self.heights) > 1 else 0
        first, last = self.heights[row, left], self.heights[row, left + 1]
        rise = last - first
        # Exact at both ends, and where the line is level.
        line = np.where(part <= 0.5, first + part * rise, last - (1 - part) * rise)
        return np.maximum(line, 0.0)
