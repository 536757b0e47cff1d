"""Laws of thresholds as distribution functions: what share of people a share of others persuades.

Anything with the same meaning does as well, for example the ``cdf`` of a law of a config. People
whose threshold is 0 or less join without anybody.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from gigsim.theory.checks import positive
from gigsim.theory.gaps import Floats

#: F(r) = P(θ ≤ r), element by element, in [0, 1] and never falling.
ThresholdLaw = Callable[[Floats], Floats]


def fixed_threshold(value: float) -> ThresholdLaw:
    """Everybody has the threshold ``value``; the comparison is exact, ties join."""
    return lambda share: (np.asarray(share) >= value).astype(np.float64)


def uniform_thresholds(low: float, high: float) -> ThresholdLaw:
    """Uniform on [low, high].

    Raises:
        ValueError: ``high`` is not above ``low``.
    """
    if not high > low:
        raise ValueError(f"high must be above low, got low={low!r}, high={high!r}")
    return lambda share: np.clip((np.asarray(share) - low) / (high - low), 0.0, 1.0)


def normal_thresholds(mean: float, sd: float) -> ThresholdLaw:
    """Normal; who is below 0 instigates, who is above 1 never joins (Granovetter 1978).

    Raises:
        ValueError: ``sd`` is not positive.
    """
    scale = float(positive("sd", sd))
    return lambda share: ndtr((np.asarray(share) - mean) / scale)


def sample_thresholds(values: ArrayLike) -> ThresholdLaw:
    """The law of a sample, shape (n,), n ≥ 1: a step function, right-continuous.

    Raises:
        ValueError: no value, or one that is not a number.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if not len(ordered) or np.isnan(ordered).any():
        raise ValueError("need at least one threshold, all of them numbers")
    return lambda share: np.searchsorted(ordered, share, side="right") / len(ordered)
