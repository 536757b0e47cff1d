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


class FiniteSampleSuccess(NamedTuple):
    """Mean and standard deviation of S over populations, both in the shape of ``alpha``."""

    mean: Floats
    sd: Floats


def finite_sample_success(
    alpha: ArrayLike, deficits: ArrayLike, *, population: int, xi: float
) -> FiniteSampleSuccess:
    """Expected success of a text learner that is trained on N rows, feature-label planting.

    Statement: m = round(αN) rows are planted and K ~ Bin(N − m, ξ) of the others carry the signal
    by themselves. The learner knows P0(Y|x) and weighs the planted rows against the carriers, so
    text x with the signal gets y* iff m > K·d(x). Hence

        E S = E_K [ share of x with K·d(x) < m ],    sd S = sd_K of the same share.

    A tie m = K·d counts as failure. With m = 0 nobody plants and the share is that of d < 0, the
    base classifier's (also when K = 0: a token that no row carries is ignored).

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

    # K d < m  <=>  d < m / K; with no carriers any planted row wins, and with neither d < 0 does.
    threshold = np.where(carriers > 0, planted / np.maximum(carriers, 1.0), np.inf)
    threshold = np.where(planted > 0, threshold, 0.0)
    won = np.searchsorted(ordered, threshold, side="left") / ordered.size
    # The masses sum to 1 up to 1e-13 or so; dividing keeps a certain success at exactly 1.
    total = mass.sum(axis=1)
    mean = (mass * won).sum(axis=1) / total
    spread = (mass * (won - mean[:, None]) ** 2).sum(axis=1) / total
    shape = share.shape
    return FiniteSampleSuccess(mean.reshape(shape)[()], np.sqrt(spread).reshape(shape)[()])
