"""A number with its 95 % interval, which may be open where no larger collective was tried."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Open = Literal["", "at most", "at least", "about"]

#: Of every interval.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A number and its interval.

    Attributes:
        value: the estimate; where it lies beyond what was tried, the end of that; NaN where
            nothing bounds it.
        low: lower end of the interval; 0 where it is open.
        high: upper end; infinite where it is open.
        open: is ``value`` only a limit of the estimate? "about": both of its parts are limits.
    """

    value: float
    low: float
    high: float
    open: Open = ""

    @classmethod
    def between(
        cls,
        lowest: float,
        highest: float,
        lows: Floats,
        highs: Floats,
        *,
        confidence: float = CONFIDENCE,
    ) -> Estimate:
        """From a point and draws of which each may be known only as lying in a range.

        Args:
            lowest: lower end of where the point estimate lies.
            highest: upper end; the same number where nothing is open.
            lows: shape (D,), likewise of D draws.
            highs: shape (D,).
            confidence: of the interval.
        """
        tail = (1 - confidence) / 2
        if np.isnan(lows).any() or np.isnan(highs).any():
            low, high = math.nan, math.nan
        else:
            # Between an infinite draw and a finite one nothing can be interpolated.
            low = float(np.quantile(lows, tail, method="lower"))
            high = float(np.quantile(highs, 1 - tail, method="higher"))
        if lowest == highest or math.isnan(lowest):
            return cls(lowest, low, high)
        if lowest == 0 and not math.isfinite(highest):
            return cls(math.nan, low, high)
        if not math.isfinite(highest):
            return cls(lowest, low, high, "at least")
        if lowest == 0:
            return cls(highest, low, high, "at most")
        return cls(math.sqrt(lowest * highest), low, high, "about")

    @property
    def known(self) -> bool:
        """Is there an interval at all? Not from a single training of a learner that draws."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    @property
    def bounded(self) -> bool:
        """Is the number itself known, and its interval closed above?"""
        return not self.open and self.known and math.isfinite(self.high)

    def text(self, scale: float = 1.0, digits: int = 2, unit: str = "") -> str:
        """Such as ``0.21 % [0.18, 0.25]``; digits are significant ones."""
        value, low, high = (_figure(scale * x, digits) for x in (self.value, self.low, self.high))
        said = f"{self.open} {value}".strip()
        return f"{said}{unit} [{low}, {high}]" if self.known else f"{said}{unit} (no interval)"

    def share_text(self) -> str:
        """A share or a difference of shares with three decimals."""
        if not self.known:
            return f"{self.value:.3f} (no interval)"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def as_json(self) -> dict[str, Any]:
        """For programs: what is infinite or missing is None."""
        ends = {"number": self.value, "low": self.low, "high": self.high}
        plain: dict[str, Any] = {k: v if math.isfinite(v) else None for k, v in ends.items()}
        return plain | {"open": self.open}


def _figure(value: float, digits: int) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if math.isnan(value):
        return "unknown"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"
