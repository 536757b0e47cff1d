"""What experiments are judged by: paired differences over seeds, and critical masses of curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from gigsim.theory.gaps import Floats

#: Of every test.
LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences, by Student's t.

    Attributes:
        mean: over seeds.
        low: lower end of the two-sided 95 % interval of the mean.
        high: upper end.
        p_two: p of "no difference".
        p_greater: p of "not above ``null``", one-sided.
        p_less: p of "not below ``null``", one-sided.
    """

    mean: float
    low: float
    high: float
    p_two: float
    p_greater: float
    p_less: float

    def text(self, scale: float = 1.0, digits: int = 3) -> str:
        """Such as ``+0.012 [-0.004, +0.028]``."""
        numbers = (scale * x for x in (self.mean, self.low, self.high))
        mean, low, high = (f"{x:+.{digits}f}" for x in numbers)
        return f"{mean} [{low}, {high}]"


def difference(values: Sequence[float] | Floats, null: float = 0.0) -> Difference:
    """Student's t of differences that were paired by seed.

    Args:
        values: one a seed, two or more.
        null: what the one-sided tests compare with.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or len(sample) < 2:
        raise ValueError(f"need two differences or more, got shape {sample.shape}")
    mean = float(sample.mean())
    error = float(sample.std(ddof=1) / np.sqrt(len(sample)))
    law = stats.t(len(sample) - 1)
    reach = float(law.ppf(0.975)) * error

    def tail(distance: float) -> float:
        # Differences that are all the same leave no doubt, on whatever side they lie.
        if error == 0:
            return 0.5 if distance == 0 else float(distance < 0)
        return float(law.sf(distance / error))

    return Difference(
        mean=mean,
        low=mean - reach,
        high=mean + reach,
        p_two=min(1.0, 2 * tail(abs(mean))),
        p_greater=tail(mean - null),
        p_less=tail(null - mean),
    )


def holm(values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number (Holm 1979), in the order given."""
    order = np.argsort(values, kind="stable")
    raised = np.asarray(values, dtype=np.float64)[order] * (len(values) - np.arange(len(values)))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return adjusted.tolist()


def crossing(sizes: Sequence[int], climb: Sequence[float] | Floats, level: float) -> float:
    """The size at which a curve first reaches ``level``, linear in the logarithm of the size.

    Args:
        sizes: ascending, positive.
        climb: S at each.
        level: in (0, 1).

    Returns:
        The first size where it is there already; twice the last one, a conservative stand-in for
        "beyond", where it never is.
    """
    values = np.asarray(climb, dtype=np.float64)
    above = np.flatnonzero(values >= level)
    if not len(above):
        return 2.0 * sizes[-1]
    at = int(above[0])
    if at == 0:
        return float(sizes[0])
    low, high = np.log(sizes[at - 1]), np.log(sizes[at])
    part = (level - values[at - 1]) / (values[at] - values[at - 1])
    return float(np.exp(low + part * (high - low)))


def p_text(value: float) -> str:
    """Such as ``p = 0.012``, or ``p < 0.001``."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def ratio_text(logarithms: Difference, digits: int = 1) -> str:
    """A geometric mean and its 95 % interval, from a difference of logarithms."""
    mean, low, high = (
        f"{np.exp(x):.{digits}f}" for x in (logarithms.mean, logarithms.low, logarithms.high)
    )
    return f"{mean} [{low}, {high}]"
