"""The order in which people come into the collectives of a success curve.

So collectives of one seed are nested, and neither target nor strategy nor learner has a say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigsim.society import recruitment as orders
from gigsim.society.networks import Network
from gigsim.streams import Streams


def order(
    recruitment: orders.Recruitment, network: Network, labels: NDArray[np.bool_], streams: Streams
) -> orders.Order:
    """Everybody, in the order of joining (``society.recruitment.order``), int64, shape (N,).

    Args:
        recruitment: how they are found.
        network: of N people.
        labels: bool, shape (N, L): true label sets.
        streams: of the seed; uses ``members`` and ``members/skills``.
    """
    luck = streams.uniform("members", size=len(labels))
    place = streams.uniform("members/skills", size=labels.shape[1] + 1)
    return orders.order(recruitment, network, labels, luck, place)
