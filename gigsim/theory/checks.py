"""What numbers the theorems take, besides shares (``gaps.unit_interval``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats


def non_negative(name: str, value: ArrayLike) -> Floats:
    """``value`` as float64.

    Raises:
        ValueError: an element is negative, infinite or NaN.
    """
    array = np.asarray(value, dtype=np.float64)
    if not np.all(np.isfinite(array) & (array >= 0)):
        raise ValueError(f"{name} must be 0 or more, got {value!r}")
    return array


def positive(name: str, value: ArrayLike) -> Floats:
    """``value`` as float64.

    Raises:
        ValueError: an element is 0, negative, infinite or NaN.
    """
    array = non_negative(name, value)
    if not np.all(array > 0):
        raise ValueError(f"{name} must be more than 0, got {value!r}")
    return array
