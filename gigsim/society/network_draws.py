"""Networks of a million people, drawn in whole arrays: small worlds and scale-free networks.

Equal in law to networkx's generators, which follow the same rules one tie after the other. Where a
tie depends on earlier ones, all are drawn at once and the few that an earlier one forbids are drawn
again, in such a way that the outcome has exactly the law of the one-by-one rule (each function says
how). The bits are not networkx's: its generator consumes one stream of numbers in another order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.society.network_models import ring
from gigsim.society.networks import SparseNetwork, from_ties

Nodes = NDArray[np.int64]

#: A ring network of fewer people than this many times the degree (and a few more) is drawn tie by
#: tie: its people may come to know everybody, and then keep the ties they have. In a larger one
#: that takes three times the degree and 60 ties more than are expected: the odds are below 1e-80.
_SPARSE, _MORE = 4, 60


def small_world(size: int, degree: int, rewire: float, seed: int) -> SparseNetwork:
    """Watts and Strogatz (1998): a ring where each knows ``degree`` others, ties rewired.

    The law is networkx's exactly. The ties (u, u + j) are visited by j and then by u; a tie is
    rewired with probability ``rewire`` to a node that is uniform among those that u does not know
    at that moment. Degrees are at least degree/2; what a node has above that is
    Binomial(degree/2, 1 - rewire) plus, for large N, Poisson(rewire * degree/2) (Barrat and Weigt
    2000). The mean is exact. Nodes are numbered around the ring: most neighbours are near in
    memory.

    Uniform among the unknown is: uniform proposals until one is not known. Of two ties that propose
    the same pair the earlier in the order of visits keeps it, and the other proposes again. A pair
    once held is only ever passed on to a still earlier tie, so that who was turned away would have
    been turned away one by one, too: deferred acceptance (Gale and Shapley 1962), whose outcome
    where all pairs prefer earlier ties is that of choosing in turn.

    Args:
        size: number of nodes N.
        degree: even number of neighbours on the ring, 2 <= degree < N.
        rewire: probability that a tie is rewired to a random node, in [0, 1].
        seed: of the network's own stream.
    """
    rng = np.random.default_rng(seed)
    half = degree // 2
    # A tie's number is its place in the order of visits.
    tied = np.flatnonzero(rng.random(half * size) < rewire)
    if not len(tied):
        lattice = ring(size, degree)
        return SparseNetwork.of_rows(lattice.indptr, lattice.indices, "small_world")
    near = np.tile(np.arange(size), half)
    far = (near + np.repeat(np.arange(1, half + 1), size)) % size
    if size > _SPARSE * degree + _MORE:
        far[tied] = _propose(size, half, tied, rng)
    else:
        far[tied] = _one_by_one(size, near, far, tied, rng)
    return from_ties(size, near, far, "small_world")


def _propose(size: int, half: int, tied: Nodes, rng: np.random.Generator) -> Nodes:
    """The new ends of the ties ``tied`` (ascending numbers), int64, of the same shape."""
    near = tied % size
    gone_at = np.full(half * size, -1, dtype=np.int64)
    gone_at[tied] = tied
    ends, keys = np.empty_like(tied), np.empty_like(tied)
    again = np.arange(len(tied))
    while len(again):
        _redraw(again, ends, tied, near, gone_at, size, half, rng)
        own, other = near[again], ends[again]
        keys[again] = np.minimum(own, other) * size + np.maximum(own, other)
        again = _turned_away(keys, again)
    return ends


def _redraw(
    again: Nodes,
    ends: Nodes,
    tied: Nodes,
    near: Nodes,
    gone_at: Nodes,
    size: int,
    half: int,
    rng: np.random.Generator,
) -> None:
    """Propose for the ties ``again`` until none asks for itself or for a tie still on the ring."""
    while len(again):
        # One of the N - 1 others.
        steps = rng.integers(1, size, len(again))
        own = near[again]
        ends[again] = (own + steps) % size
        ahead, behind = steps <= half, steps >= size - half
        on_ring = ahead | behind
        again, own, steps, behind = again[on_ring], own[on_ring], steps[on_ring], behind[on_ring]
        # The number of the ring's tie between the two, which its nearer end brought.
        lattice = np.where(
            behind,
            (size - steps - 1) * size + (own + steps) % size,
            (steps - 1) * size + own,
        )
        away = gone_at[lattice]
        again = again[(away < 0) | (away >= tied[again])]


def _turned_away(keys: Nodes, fresh: Nodes) -> Nodes:
    """Of the ties (in order) that ask for the same pair, all but the first.

    Args:
        keys: the pair that each asks for.
        fresh: those whose pair is new; among all others no pair is asked for twice.
    """
    if len(fresh) == len(keys):
        asked = np.sort(keys)
        wanted = np.unique(asked[1:][asked[1:] == asked[:-1]])
    else:
        wanted = np.unique(keys[fresh])
    if not len(wanted):
        return np.empty(0, dtype=np.int64)
    # Few pairs among many: a sieve by their last bits first.
    sieve = np.zeros(1 << 16, dtype=bool)
    sieve[wanted & 0xFFFF] = True
    rivals = np.flatnonzero(sieve[keys & 0xFFFF])
    rivals = rivals[np.isin(keys[rivals], wanted)]
    rivals = rivals[np.argsort(keys[rivals], kind="stable")]
    return np.sort(rivals[1:][keys[rivals[1:]] == keys[rivals[:-1]]])


def _one_by_one(size: int, near: Nodes, far: Nodes, tied: Nodes, rng: np.random.Generator) -> Nodes:
    """New ends by the rule itself: a loop over rewired ties, for networks that are nearly complete.

    Who knows everybody else keeps his tie. Memory N^2 bytes, N being at most a few times the
    degree.
    """
    knows = np.eye(size, dtype=bool)
    knows[near, far] = knows[far, near] = True
    ends = far[tied]
    for place, u in enumerate(near[tied].tolist()):
        strangers = np.flatnonzero(~knows[u])
        if len(strangers):
            v, w = ends[place], strangers[rng.integers(len(strangers))]
            knows[u, v] = knows[v, u] = False
            knows[u, w] = knows[w, u] = True
            ends[place] = w
    return ends


def scale_free(size: int, ties: int, seed: int) -> SparseNetwork:
    """Barabasi and Albert (1999): newcomers tie to people in proportion to their ties.

    The law is networkx's exactly. It grows from a star of ``ties`` + 1 nodes; each newcomer draws
    from the list of all ends of ties so far until he has ``ties`` different people, so that there
    are exactly ties * (N - ties) ties. For large N the share of nodes of degree k is
    2m(m + 1)/(k(k + 1)(k + 2)), k >= m = ``ties`` (Bollobas et al. 2001), a tail of exponent 3.
    Nodes are numbered by age: hubs come first.

    An entry of that list is a newcomer himself or the end that he drew, which is an earlier entry:
    a draw is resolved by going from entry to entry, half of which end the way (Sanders and Schulz
    2016). Newcomers come in batches, most of them as large as all before. Within a batch all are
    resolved at once; who finds a person twice draws on, which changes what later ones find who drew
    his entries, until nothing changes. A newcomer's outcome follows from his own draws and earlier
    outcomes alone, so that this fixed point is unique: the outcome of coming in turn.

    Args:
        size: number of nodes N.
        ties: m, ties that a newcomer brings, 1 <= m < N.
        seed: of the network's own stream.
    """
    rng = np.random.default_rng(seed)
    # Row 0 is the star, whose centre is everybody's end; row b > 0 is node m + b.
    found = np.zeros((size - ties, ties), dtype=np.int32)
    done = 1
    while done < len(found):
        batch = _Batch(found, done, min(_together(done, ties), len(found) - done), rng)
        found[done : done + batch.rows] = batch.settle()
        done += batch.rows
    newcomers = np.repeat(np.arange(ties + 1, size), ties)
    leaves = np.arange(1, ties + 1)
    first = np.concatenate([leaves, newcomers])
    return from_ties(size, first, found.reshape(-1), "scale_free")


def _together(done: int, ties: int) -> int:
    """How many newcomers to settle together after so many rows.

    As many as there are, unless so many would draw each other's entries and find somebody twice
    that one after the other had to be corrected: fewer then than one such in a newcomer's draws. He
    draws from his own batch m * batch/rows times; and of ``rows`` newcomers somebody is found twice
    by nearly all while rows < m^2, and thereafter by a share of about m^2/rows.
    """
    return min(done, max(1, done // ties, done * done // ties**3))


@dataclass
class _Batch:
    """Newcomers who are settled together.

    Attributes:
        found: int32, shape (1 + newcomers, m): whom each row has tied to; rows before ``start`` are
            final.
        start: the first row of this batch.
        rows: how many rows it has.
        rng: draws entries: a row before one's own, and one of its 2m entries, of which the first m
            are the ends that it drew and the others it itself.
    """

    found: NDArray[np.int32]
    start: int
    rows: int
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self._ties = self.found.shape[1]
        self._row = np.empty((self.rows, 0), dtype=np.int64)
        self._entry = np.empty((self.rows, 0), dtype=np.int64)
        self._draw_more(self._ties)
        #: Which of one's draws count, (rows, m); None stands for the first m of all.
        self._special = np.empty(0, dtype=np.int64)
        self._columns = np.empty((0, self._ties), dtype=np.int64)

    def settle(self) -> NDArray[np.int32]:
        """Whom each newcomer ties to, m different people each, int32, shape (rows, m)."""
        while True:
            whom = self._resolve(np.arange(self.rows), self._ties)
            ordered = np.sort(whom, axis=1)
            twice = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
            columns = self._first_different(twice)
            if np.array_equal(twice, self._special) and np.array_equal(columns, self._columns):
                if len(twice):
                    everything = self._resolve(twice, self._row.shape[1])
                    whom[twice] = np.take_along_axis(everything, columns, axis=1)
                return whom
            self._special, self._columns = twice, columns

    def _draw_more(self, columns: int) -> None:
        # Row r of all may draw from rows 0 to r - 1.
        before = np.arange(self.start, self.start + self.rows)[:, None]
        drawn = self.rng.random((self.rows, columns)) * before
        entries = self.rng.integers(0, 2 * self._ties, (self.rows, columns))
        self._row = np.concatenate([self._row, drawn.astype(np.int64)], axis=1)
        self._entry = np.concatenate([self._entry, entries], axis=1)

    def _first_different(self, rows: Nodes) -> Nodes:
        """The columns of the first m different people in these rows' draws, (len(rows), m)."""
        if not len(rows):
            return np.empty((0, self._ties), dtype=np.int64)
        while True:
            whom = self._resolve(rows, self._row.shape[1])
            order = np.argsort(whom, axis=1, kind="stable")
            sorted_whom = np.take_along_axis(whom, order, axis=1)
            new = np.ones_like(order, dtype=bool)
            new[:, 1:] = sorted_whom[:, 1:] != sorted_whom[:, :-1]
            first = np.empty_like(new)
            np.put_along_axis(first, order, new, axis=1)
            count = np.cumsum(first, axis=1)
            if (count[:, -1] >= self._ties).all():
                counts = first & (count <= self._ties)
                return np.nonzero(counts)[1].reshape(len(rows), self._ties)
            self._draw_more(max(2, self._row.shape[1] // 2))

    def _resolve(self, rows: Nodes, columns: int) -> NDArray[np.int32]:
        """Whom the first draws of these rows stand for, int32, shape (len(rows), columns)."""
        m = self._ties
        whole = len(rows) == self.rows
        row = (self._row[:, :columns] if whole else self._row[rows, :columns]).reshape(-1)
        entry = (self._entry[:, :columns] if whole else self._entry[rows, :columns]).reshape(-1)
        whom = np.empty(len(row), dtype=np.int32)
        at = np.arange(len(row))
        special = np.full(self.rows, -1, dtype=np.int64)
        special[self._special] = np.arange(len(self._special))
        while len(at):
            own = entry >= m
            # The star's own entries are its m leaves.
            whom[at[own]] = np.where(row[own] > 0, m + row[own], entry[own] - m + 1)
            drawn = ~own
            at, row, entry = at[drawn], row[drawn], entry[drawn]
            settled = row < self.start
            whom[at[settled]] = self.found[row[settled], entry[settled]]
            open_ = ~settled
            at, row, entry = at[open_], row[open_] - self.start, entry[open_]
            # The entry is the so-and-so-many-eth draw that counts.
            which = special[row]
            unusual = which >= 0
            entry[unusual] = self._columns[which[unusual], entry[unusual]]
            row, entry = self._row[row, entry], self._entry[row, entry]
        return whom.reshape(len(rows), columns)
