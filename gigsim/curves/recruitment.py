"""The order in which people come into a collective: the first m of it are its members at size m.

So collectives of one seed are nested, and neither target nor strategy nor learner has a say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from gigsim.curves.arm import Recruitment
from gigsim.society.networks import CompleteNetwork, Network
from gigsim.stage import skill_blocks
from gigsim.streams import Streams

Order = NDArray[np.int64]


def order(
    recruitment: Recruitment, network: Network, labels: NDArray[np.bool_], streams: Streams
) -> Order:
    """Everybody, in the order of joining, int64, shape (N,).

    Args:
        recruitment: ``random``; ``hub``: by number of acquaintances, ties at random; ``cluster``:
            ring by ring outwards from a random person, then from a random one of those who are
            left, and so on; ``skill``: skill by skill (``stage.skill_blocks``), skills in random
            order. Within a ring or a skill the order is random.
        network: of N people.
        labels: bool, shape (N, L): true label sets.
        streams: of the seed; uses ``members`` and ``members/skills``.
    """
    luck = streams.uniform("members", size=len(labels))
    if recruitment == "hub":
        return np.lexsort((luck, -network.degrees()))
    if recruitment == "skill":
        skill = skill_blocks(labels)
        place = streams.uniform("members/skills", size=labels.shape[1] + 1)
        return np.lexsort((luck, place[skill]))
    if recruitment == "cluster":
        ring, turn = _rings(network, luck)
        return np.lexsort((luck, ring, turn))
    return luck.argsort(kind="stable")


def _rings(network: Network, luck: NDArray[np.float64]) -> tuple[Order, NDArray[np.float64]]:
    """Everybody's distance from where his component is entered, and when that happens.

    A component is entered at its luckiest person, and components take turns by that one's luck:
    just as if a random one of those who are left were asked each time.
    """
    n = len(luck)
    if isinstance(network, CompleteNetwork):
        component = np.zeros(n, dtype=np.int64)
    else:
        component = connected_components(network.matrix(), directed=False)[1]
    first = luck.argsort(kind="stable")
    entries = first[np.unique(component[first], return_index=True)[1]]
    ring = np.full(n, -1, dtype=np.int64)
    frontier = np.zeros(n, dtype=bool)
    frontier[entries] = True
    distance = 0
    while frontier.any():
        ring[frontier] = distance
        distance += 1
        frontier = (network.count(frontier) > 0) & (ring < 0)
    return ring, luck[entries][component]
