"""What N resumes can teach: the staircase of a text learner blurred by the luck of one population.

In the limit of infinite data a text flips when α > α_x. With N rows the planted resumes are
counted against the K base rows that happen to carry the signal, and K is random: the steps become
a ramp, and S differs from population to population even for a perfect learner.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from gigsim.theory.gaps import Floats, unit_interval

# Mass of the binomial that may be left out on either side: exp(-40) = 4e-18, under rounding.
_LOG_TAIL = 40.0

# The same for the counts of feature-only, and the most values that a count is resolved into: then a
# bin is a fifth of a standard deviation wide.
_LOG_TAIL_BINNED = 21.0
_MOST_BINS = 64


class FiniteSampleSuccess(NamedTuple):
    """Mean and standard deviation of S over populations, both in the shape of ``alpha``."""

    mean: Floats
    sd: Floats


def finite_sample_success(
    alpha: ArrayLike, deficits: ArrayLike, *, population: int, xi: float, margin: float = 1.0
) -> FiniteSampleSuccess:
    """Expected success of a text learner that is trained on N rows, feature-label planting.

    Statement: m = round(αN) rows are planted and K ~ Bin(N − m, ξ) of the others carry the signal
    by themselves. The learner knows P0(Y|x) and weighs the planted rows against the carriers, so
    text x with the signal gets y* iff m·μ > K·d(x), μ being the margin by which a planted row
    favours y* (1 where all members report y*). Hence

        E S = E_K [ share of x with K·d(x) < m·μ ],    sd S = sd_K of the same share.

    With wrong labels μ is taken at its *expectation* (``wrong_labels.wrong_label_margin``): the
    luck of how many of m members err is in neither number. A tie m·μ = K·d counts as failure. With
    m = 0 nobody plants and the share is that of d < 0, the base classifier's (also when K = 0: a
    token that no row carries is ignored).

    Assumptions: ε = 0 apart from the sampling of K (no error in P0(Y|x)); the signal is put into
    base resumes whatever their text and labels are; members are drawn at random. The sd is over
    populations with the same held-out texts: the sampling of those is not in it. As N grows at
    fixed α the mean tends to ``planting.staircase`` at ``flip_point(xi, deficits)``.

    Source: derived; checked against simulated populations.

    Args:
        alpha: share that plants, in [0, 1], any shape.
        deficits: d(x) of held-out texts, shape (n,), n > 0: ``gaps.deficit_top1`` for ``top1``
            with replaced sets, ``gaps.deficit_any`` for ``any`` (replaced or extended). For
            ``top1`` with extended sets divide by 1 − max_{l≠y*} m_l, as in ``planting.flip_point``.
        population: N, rows the platform is trained on, at least 1.
        xi: probability in [0, 1] that a base row carries the signal as g plants it.
        margin: μ in [−1, 1].

    Returns:
        Mean and sd, each in the shape of ``alpha``.

    Raises:
        ValueError: a number out of its range or no deficits.

    Example:
        One planted row against Bin(99, 0.01) base carriers, all texts sure of another label: it
        wins iff there is no carrier at all, 0.99 ** 99 = 0.37.

        >>> curve = finite_sample_success([0.0, 0.01], [1.0], population=100, xi=0.01)
        >>> curve.mean.round(4).tolist()
        [0.0, 0.3697]
    """
    share = unit_interval("alpha", alpha)
    rate = float(unit_interval("xi", xi))
    if not -1 <= margin <= 1:
        raise ValueError(f"margin must be in [-1, 1], got {margin!r}")
    ordered = np.sort(np.asarray(deficits, dtype=np.float64))
    if ordered.ndim != 1 or ordered.size == 0 or np.isnan(ordered).any():
        raise ValueError(f"deficits must be numbers, shape (n,) with n > 0, got {ordered.shape}")
    if population < 1:
        raise ValueError(f"population must be at least 1, got {population}")

    # SciPy's pmf overflows at denormal rates; P(K > 0) <= N xi is negligible long before that.
    if rate * population < np.exp(-_LOG_TAIL):
        rate = 0.0
    planted = np.rint(share.ravel() * population)[:, None]
    others = population - planted
    # Bernstein: P(|K - mean| >= t) <= 2 exp(-_LOG_TAIL) for this t, so one window a share suffices.
    variance = others * rate * (1 - rate)
    reach = _LOG_TAIL / 3 + np.sqrt(_LOG_TAIL**2 / 9 + 2 * _LOG_TAIL * variance)
    lowest = np.maximum(np.floor(others * rate - reach), 0.0)
    highest = np.minimum(np.ceil(others * rate + reach), others)
    carriers = lowest + np.arange(int((highest - lowest).max()) + 1)
    mass = np.where(carriers <= highest, binom.pmf(carriers, others, rate), 0.0)

    # K d < m mu  <=>  d < m mu / K; with no carriers any planted row that favours y* wins, and with
    # neither d < 0 does.
    alone = np.inf if margin > 0 else -np.inf
    threshold = np.where(carriers > 0, planted * margin / np.maximum(carriers, 1.0), alone)
    threshold = np.where(planted > 0, threshold, 0.0)
    won = np.searchsorted(ordered, threshold, side="left") / ordered.size
    # The masses sum to 1 up to 1e-13 or so; dividing keeps a certain success at exactly 1.
    total = mass.sum(axis=1)
    mean = (mass * won).sum(axis=1) / total
    spread = (mass * (won - mean[:, None]) ** 2).sum(axis=1) / total
    shape = share.shape
    return FiniteSampleSuccess(mean.reshape(shape)[()], np.sqrt(spread).reshape(shape)[()])


def finite_sample_success_feature_only(
    alpha: ArrayLike,
    target_marginals: ArrayLike,
    *,
    population: int,
    xi: float,
    base_rate: float,
    evasive: bool = False,
) -> FiniteSampleSuccess:
    """Expected success by the reading ``any`` of a text learner on N rows, feature-only planting.

    Statement: of N rows n₁ carry the signal and have y* in their set, n₀ carry it and have not. The
    learner knows P0(Y|x), hence b = P0(y*), and knows that a row's signal depends on whether y* is
    in its set and on nothing else; so the odds of y* at text x with the signal are those without
    it times (n₁/b)/(n₀/(1−b)), and

        y* is in the set iff m(x)·n₁/b > (1 − m(x))·n₀/(1 − b).

    With M = round(αN) members, n₁ is Bin(M, b) who plant plus Bin(N − M, bξ) carriers, and n₀ is
    Bin(N, (1−b)ξ), if evasive Bin(N − M, (1−b)ξ). Mean and sd are over these counts, taken as
    independent (their correlation is of order ξ). Counts with many likely values are resolved into
    64 bins. A tie counts as failure; where M = 0 or no row carries the signal it is ignored, and
    the share is that of m > ½.

    Assumptions as in :func:`finite_sample_success`. As N grows at fixed α the mean tends to the
    staircase at ``feature_only.flip_point_any``.

    Source: derived; checked against simulated populations.

    Args:
        alpha: share in the collective, with or without y*, in [0, 1], any shape.
        target_marginals: m(x) of held-out texts, shape (n,), n > 0.
        population: N, at least 1.
        xi: probability in [0, 1] that a base row carries the signal as g plants it.
        base_rate: b, in (0, 1).
        evasive: do members without y* take the signal out?

    Returns:
        Mean and sd, each in the shape of ``alpha``.

    Raises:
        ValueError: a number out of its range or no texts.

    Example:
        Nobody else carries the signal: one of ten members with y* is enough.

        >>> curve = finite_sample_success_feature_only(
        ...     0.1, [0.01], population=100, xi=0.0, base_rate=0.2)
        >>> float(curve.mean.round(6)), round(1 - 0.8 ** 10, 6)
        (0.892626, 0.892626)
    """
    share, rate = unit_interval("alpha", alpha), float(unit_interval("xi", xi))
    ordered = np.sort(np.asarray(unit_interval("target_marginals", target_marginals)))
    if ordered.ndim != 1 or ordered.size == 0:
        raise ValueError(f"need the marginals of n > 0 texts, got shape {ordered.shape}")
    if population < 1:
        raise ValueError(f"population must be at least 1, got {population}")
    if not 0 < base_rate < 1:
        raise ValueError(f"base_rate must be in (0, 1), got {base_rate!r}")

    def won(threshold: Floats) -> Floats:
        return 1 - np.searchsorted(ordered, threshold, side="right") / ordered.size

    mean = np.empty(share.size)
    spread = np.empty(share.size)
    for place, members in enumerate(np.rint(share.ravel() * population)):
        if members == 0:
            mean[place], spread[place] = won(np.array(0.5)), 0.0
            continue
        others = population - members
        with_target = _binned(_sum(_window(members, base_rate), _window(others, base_rate * rate)))
        exposed = others if evasive else float(population)
        without = _binned(_window(exposed, (1 - base_rate) * rate))
        push = with_target[0][:, None] / base_rate
        against = without[0] / (1 - base_rate)
        total = push + against
        shares = won(np.where(total > 0, against / np.where(total > 0, total, 1.0), 0.5))
        mass = with_target[1][:, None] * without[1]
        # As above: dividing at the end keeps a certain success at exactly 1.
        mean[place] = (mass * shares).sum() / mass.sum()
        spread[place] = (mass * (shares - mean[place]) ** 2).sum() / mass.sum()
    shape = share.shape
    return FiniteSampleSuccess(mean.reshape(shape)[()], np.sqrt(spread).reshape(shape)[()])


class _Law(NamedTuple):
    """A law of counts: values and their masses, float64, one shape."""

    values: Floats
    masses: Floats


def _window(trials: float, rate: float) -> _Law:
    """Bin(trials, rate) where it is not negligible."""
    if trials == 0 or rate * trials < np.exp(-_LOG_TAIL):
        return _Law(np.zeros(1), np.ones(1))
    centre = trials * rate
    # Bernstein, as above.
    tail = _LOG_TAIL_BINNED
    reach = tail / 3 + np.sqrt(tail**2 / 9 + 2 * tail * centre * (1 - rate))
    low, high = max(np.floor(centre - reach), 0.0), min(np.ceil(centre + reach), trials)
    counts = np.arange(low, high + 1)
    return _Law(counts, binom.pmf(counts, trials, rate))


def _sum(first: _Law, second: _Law) -> _Law:
    """The law of the sum of two independent counts."""
    masses = np.convolve(first.masses, second.masses)
    return _Law(first.values[0] + second.values[0] + np.arange(len(masses)), masses)


def _binned(law: _Law) -> _Law:
    """At most _MOST_BINS values: runs of neighbours become their mean."""
    width = -(-len(law.values) // _MOST_BINS)
    if width == 1:
        return law
    starts = np.arange(0, len(law.values), width)
    masses = np.add.reduceat(law.masses, starts)
    totals = np.add.reduceat(law.masses * law.values, starts)
    kept = masses > 0
    return _Law(totals[kept] / masses[kept], masses[kept])
