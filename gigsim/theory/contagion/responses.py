"""What a person does when m of the k people he knows are members: the rules of contagion.

A response is the probability R(m, k) that he joins, over people's thresholds; it never falls in m.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.contagion.threshold_laws import ThresholdLaw
from gigsim.theory.gaps import Floats

#: R(m, k) for int64 arrays of members among those known and of all known, same shape; in [0, 1].
Response = Callable[[NDArray[np.int64], NDArray[np.int64]], Floats]


def share_response(law: ThresholdLaw) -> Response:
    """Watts (2002): join iff the share of one's neighbours is at least one's threshold, F(m/k).

    Who knows nobody sees a share of 0, as in the simulated rule.

    Args:
        law: F, of the thresholds.
    """
    return lambda members, degrees: law(members / np.maximum(degrees, 1))


def count_response(required: int) -> Response:
    """Centola and Macy (2007): join iff at least ``required`` of one's neighbours are members.

    Raises:
        ValueError: fewer than one is required.
    """
    if required < 1:
        raise ValueError(f"required must be at least 1, got {required}")
    return lambda members, degrees: (members >= required).astype(np.float64)
