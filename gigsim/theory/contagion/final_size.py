"""How far a cascade goes on a random network, from a seed of any size.

Gleeson and Cahalane (2007), *Seed size strongly affects cascades on random networks*, Physical
Review E 75, 056103. On a network that is random but for its degrees nearly everything near a person
looks like a tree, along whose ties influence comes up. Let q be the probability that a neighbour is
a member although oneself is not; then

    q = ρ0 + (1 − ρ0)·Σ_k (k·p_k/z) Σ_m C(k−1, m)·q^m·(1 − q)^(k−1−m)·R(m, k),

and the share of members is the same with p_k and all k neighbours. Iterated from q = ρ0 it is also
the path of a population in which all decide at once, round by round (Gleeson 2008). The end does
not depend on the order in which people decide: members among one's neighbours only become more, so
who has joined stays. Exact for infinitely many people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize_scalar
from scipy.special import betaln

from gigsim.theory.contagion.degree_laws import degree_law
from gigsim.theory.contagion.monotone_maps import limit
from gigsim.theory.contagion.responses import Response
from gigsim.theory.gaps import Floats, unit_interval

# Numbers in flight, of (neighbours' share) times (degree, members): 32 MB.
_BLOCK = 2**22
# A logarithm of probability that nothing comes back from.
_NO_MASS = -750.0
# Falls of a seed smaller than this are rounding.
_DIP = 1e-12
# Cells of [0, 1] among which jumps are looked for.
_CELLS = 1024


@dataclass(frozen=True)
class CascadeSize:
    """Where a cascade ends.

    Attributes:
        share: of people who are members, in [0, 1].
        low: it is at least this
        high: and at most this.
        neighbour: q, the probability that a neighbour of a non-member is a member.
        steps: applications of the map until that was certain.
    """

    share: float
    low: float
    high: float
    neighbour: float
    steps: int


@dataclass(frozen=True)
class CriticalSeed:
    """The share of first movers at which a cascade becomes a global one.

    Attributes:
        seed: ρ0 at the jump; 0 if any positive share is enough.
        before: share of members in the end with that seed or a little less,
        after: and with a little more.
    """

    seed: float
    before: float
    after: float


class _Mixture:
    """Σ_k w_k Σ_m C(n_k, m)·q^m·(1 − q)^(n_k − m)·R(m, k) as one sum over (k, m).

    Binomial coefficients are taken by ``betaln``, whose error is relative to the logarithm's few
    hundred and not, as log-factorials', to thousands: 1e-13 at degree 1,000.
    """

    def __init__(self, weights: Floats, removed: int, response: Response) -> None:
        degrees = np.flatnonzero(weights > 0)
        trials = degrees - removed
        k = np.repeat(degrees, trials + 1)
        n = np.repeat(trials, trials + 1)
        m = np.arange(len(n)) - np.repeat(np.cumsum(trials + 1) - (trials + 1), trials + 1)
        chance = unit_interval("response", response(m, k))
        within = m > 0
        if np.any(np.diff(chance)[within[1:]] < 0):
            raise ValueError("a response never falls in the number of neighbours who are members")
        some = chance > 0
        self._m, self._rest = m[some].astype(np.float64), (n - m)[some].astype(np.float64)
        logs = np.log(weights[k[some]]) + np.log(chance[some])
        self._logs = logs - betaln(self._m + 1, self._rest + 1) - np.log1p(n[some])

    def __call__(self, q: ArrayLike) -> Floats:
        shares = np.asarray(q, dtype=np.float64)
        flat = shares.ravel()
        total = np.empty(len(flat))
        # Finite at 0 and 1, where 0·log(0) is to be 0 and anything else times it no mass at all.
        with np.errstate(divide="ignore"):
            yes, no = np.maximum([np.log(flat), np.log1p(-flat)], _NO_MASS)
        step = max(1, _BLOCK // max(1, len(self._logs)))
        for start in range(0, len(flat), step):
            part = slice(start, start + step)
            logs = np.multiply.outer(yes[part], self._m)
            logs += np.multiply.outer(no[part], self._rest)
            logs += self._logs
            total[part] = np.exp(logs, out=logs).sum(axis=1)
        return np.minimum(total, 1.0).reshape(shares.shape)


class _Cascade:
    """The two maps of one network, rule and seed."""

    def __init__(self, law: ArrayLike, response: Response, seed_share: ArrayLike) -> None:
        shares = degree_law(law)
        k = np.arange(len(shares))
        # A seed by degree may be given for more degrees than there are.
        seed = np.atleast_1d(unit_interval("seed_share", seed_share))
        if seed.ndim > 1 or 1 < len(seed) < len(shares):
            raise ValueError(f"seed_share is a number or one a degree, 0 to {len(shares) - 1}")
        seed = np.broadcast_to(seed if len(seed) == 1 else seed[: len(shares)], len(shares))
        along = k * shares / (k @ shares)
        self.seeded, self.along_seeded = float(seed @ shares), float(seed @ along)
        self.persuaded = _Mixture((1.0 - seed) * shares, 0, response)
        self.along_persuaded = _Mixture((1.0 - seed) * along, 1, response)

    def along(self, q: ArrayLike) -> Floats:
        """The next q."""
        return np.minimum(self.along_seeded + self.along_persuaded(q), 1.0)

    def members(self, q: ArrayLike) -> Floats:
        """The next share of members."""
        return np.minimum(self.seeded + self.persuaded(q), 1.0)


def cascade_size(
    law: ArrayLike, response: Response, seed_share: ArrayLike, *, tolerance: float = 1e-11
) -> CascadeSize:
    """Share of members when nobody joins any more.

    The smallest fixed point of q that is not under the seed's, found from below with a certificate
    (``monotone_maps.limit``).

    Args:
        law: shares of people by degree (``degree_laws``), shape (K + 1,); K up to some thousands.
        response: R(m, k), never falling in m (``responses``).
        seed_share: ρ0, share of random people who are members from the start and stay; or one a
            degree, shape (at least K + 1,), such as the hubs alone.
        tolerance: width of the certified interval of q.

    Raises:
        ValueError: no law, a response that falls, shares out of [0, 1].
        RuntimeError: the seed is so near to a critical one that it cannot be told what happens.

    Example:
        >>> from gigsim.theory.contagion.degree_laws import regular_degrees
        >>> from gigsim.theory.contagion.responses import count_response
        >>> two = count_response(2)
        >>> [round(cascade_size(regular_degrees(4), two, s).share, 4) for s in (0.11, 0.112)]
        [0.3039, 1.0]
    """
    cascade = _Cascade(law, response, seed_share)
    found = limit(cascade.along, 0.0, tolerance=tolerance)
    share, low, high = cascade.members(np.array([found.value, found.low, found.high])).tolist()
    return CascadeSize(share, low, high, found.value, found.steps)


def cascade_path(
    law: ArrayLike, response: Response, seed_share: ArrayLike, *, rounds: int
) -> Floats:
    """Share of members round by round when all decide at once, shape (rounds + 1,).

    The first element is the seed alone. Exact for infinitely many people: as long as one is no
    member oneself, what one's neighbours do does not depend on one.

    Args:
        law: as in :func:`cascade_size`.
        response: as there.
        seed_share: as there.
        rounds: their number.
    """
    cascade = _Cascade(law, response, seed_share)
    q = np.empty(rounds + 1)
    q[0] = cascade.along_seeded
    for round_ in range(rounds):
        q[round_ + 1] = cascade.along(q[round_])
    return np.append(cascade.seeded, cascade.members(q[:-1]))


def vanishing_cascade_size(law: ArrayLike, response: Response) -> float:
    """Share of members that a vanishing seed leads to where it sets off a global cascade, or 0.

    The limit of :func:`cascade_size` for ρ0 → 0 at infinitely many people, also the size of the
    cascades that single first movers set off (with probability ``vulnerable_cluster().trigger``).

    Args:
        law: as in :func:`cascade_size`.
        response: as there.
    """
    cascade = _Cascade(law, response, 0.0)
    start = 1e-3
    while float(cascade.along(start)) <= start:
        start /= 2.0
        if start < 1e-12:
            start = 0.0
            break
    return float(cascade.members(limit(cascade.along, start, tolerance=1e-11).value))


def critical_seed(law: ArrayLike, response: Response) -> CriticalSeed | None:
    """The share of random first movers at which the end result jumps; the largest jump.

    *Derived.* ρ0(q) = (q − G(q))/(1 − G(q)), G the map at ρ0 = 0, is the seed that has q as a fixed
    point. The end is the smallest such q, so it jumps where ρ0(q) falls below what it has reached.

    Args:
        law: as in :func:`cascade_size`.
        response: as there.

    Returns:
        None if the end grows continuously with the seed. Dips of ρ0(q) narrower than 1/1024 may be
        missed.

    Example:
        >>> from gigsim.theory.contagion.degree_laws import regular_degrees
        >>> from gigsim.theory.contagion.responses import count_response
        >>> found = critical_seed(regular_degrees(4), count_response(2))
        >>> round(found.seed, 6), round(found.after, 6)  # 1/9: Balogh and Pittel (2007)
        (0.111111, 1.0)
    """
    cascade = _Cascade(law, response, 0.0)

    def seed(q: ArrayLike) -> Floats:
        spread = cascade.along(q)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(spread < 1.0, (np.asarray(q) - spread) / (1.0 - spread), -np.inf)

    q = np.arange(_CELLS) / _CELLS
    needed = seed(q)
    reached = np.maximum.accumulate(np.maximum(needed, 0.0))
    starts = np.flatnonzero((needed[:-1] >= reached[:-1]) & (needed[1:] < reached[1:] - _DIP))
    jumps = []
    for cell in starts.tolist():
        around = (float(q[max(cell - 1, 0)]), float(q[cell + 1]))
        peak = minimize_scalar(
            lambda x: -float(seed(x)), bounds=around, method="bounded", options={"xatol": 1e-12}
        )
        top, low = max((float(needed[cell]), float(q[cell])), (-float(peak.fun), float(peak.x)))
        again = np.flatnonzero(needed[cell + 1 :] >= top)
        high = 1.0
        if len(again):
            end = cell + 1 + int(again[0])
            high = brentq(lambda x, top=top: float(seed(x)) - top, q[end - 1], q[end], xtol=1e-14)
        ends = top + (1.0 - top) * cascade.members(np.array([low, high]))
        jumps.append(CriticalSeed(top, *ends.tolist()))
    return max(jumps, key=lambda jump: jump.after - jump.before, default=None)
