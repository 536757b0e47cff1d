"""The order in which people come into a collective: the first m of it are its members at size m.

So collectives of one seed are nested. What is called seeding where it is about first movers (how
best to choose them: Kempe, Kleinberg and Tardos 2003; clusters for what has to be reinforced:
Centola and Macy 2007) is the same order as that of the collectives of a success curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components

from gigsim.society.networks import CompleteNetwork, Network

#: How people are found. ``random``: each set of people of a size is as likely as any other. As a
#: network would recruit them: ``cluster``, person by person outwards from one of them; ``hub``,
#: who knows most people first; ``skill``, one skill after the other.
Recruitment = Literal["random", "cluster", "skill", "hub"]

Order = NDArray[np.int64]


def order(
    recruitment: Recruitment,
    network: Network,
    labels: NDArray[np.bool_],
    luck: NDArray[np.float64],
    place: NDArray[np.float64],
) -> Order:
    """Everybody, in the order of joining, int64, shape (N,).

    Args:
        recruitment: ``random``; ``hub``: by number of acquaintances, ties at random; ``cluster``:
            ring by ring outwards from a random person, through all whom he is connected with, then
            from a random one of those who are left, and so on; ``skill``: skill by skill
            (:func:`skill_blocks`), skills in random order. Within a ring or a skill the order is
            random.
        network: of N people.
        labels: bool, shape (N, L): true label sets.
        luck: one uniform a person, shape (N,); the least comes first.
        place: one uniform a skill, shape (L + 1,), the last for people without any.
    """
    if recruitment == "hub":
        return np.lexsort((luck, -network.degrees()))
    if recruitment == "skill":
        return np.lexsort((luck, place[skill_blocks(labels)]))
    if recruitment == "cluster":
        ring, turn = _rings(network, luck)
        return np.lexsort((luck, ring, turn))
    return luck.argsort(kind="stable")


@dataclass(frozen=True, eq=False)
class Seeding:
    """Whom the first movers are taken from.

    Attributes:
        recruitment: in which order.
        network: of N people.
        place: one uniform a skill, shape (L + 1,).
    """

    recruitment: Recruitment
    network: Network
    place: NDArray[np.float64]

    def order(self, labels: NDArray[np.bool_], luck: NDArray[np.float64]) -> Order:
        """See :func:`order`."""
        return order(self.recruitment, self.network, labels, luck, self.place)


def skill_blocks(labels: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The skill by which each one's acquaintances are grouped, int64, shape (N,).

    The rarest of one's labels: every Web developer of the published corpus is a Software developer
    too, and the rarer label says more. Who has no label is in a block of his own kind, number L.
    """
    rarity = np.where(labels, labels.sum(axis=0), len(labels) + 1)
    return np.where(labels.any(axis=1), rarity.argmin(axis=1), labels.shape[1]).astype(np.int64)


def _rings(network: Network, luck: NDArray[np.float64]) -> tuple[Order, NDArray[np.float64]]:
    """Everybody's distance from where his component is entered, and when that happens.

    A component is entered at its luckiest person, and components take turns by that one's luck:
    just as if a random one of those who are left were asked each time.
    """
    first = luck.argsort(kind="stable")
    if isinstance(network, CompleteNetwork):
        ring = np.ones(len(luck), dtype=np.int64)
        ring[first[0]] = 0
        return ring, np.full(len(luck), luck[first[0]])
    matrix = network.matrix()
    component = connected_components(matrix, directed=False)[1]
    entries = first[np.unique(component[first], return_index=True)[1]]
    return _distance(matrix, entries), luck[entries][component]


def _distance(matrix: sparse.csr_array, entries: Order) -> Order:
    """Ties between each person and the nearest of the entries, which reach everybody; (N,)."""
    n = matrix.shape[0]
    # One more node knows all entries: a single search, however many components there are.
    source = sparse.csr_array(
        (np.ones(len(entries), dtype=np.uint8), np.sort(entries), [0, len(entries)]), (1, n)
    )
    nobody = sparse.csr_array((n + 1, 1), dtype=np.uint8)
    graph = sparse.hstack([sparse.vstack([matrix, source]), nobody], format="csr")
    queue, before = breadth_first_order(graph, n, directed=True)
    place = np.empty(n + 1, dtype=np.int64)
    place[queue] = np.arange(n + 1)
    # Found in the order in which those who found them were: so a ring ends where the last one's do.
    found_by = place[before[queue[1:]]]
    ends = [1]
    while ends[-1] <= n:
        ends.append(1 + int(np.searchsorted(found_by, ends[-1])))
    distance = np.empty(n + 1, dtype=np.int64)
    distance[queue] = np.repeat(np.arange(len(ends)), np.diff([0, *ends]))
    return distance[:n] - 1
