"""What a frequency table of N resumes can be taught: feature-label planting on a finite world.

The platform counts labels text by text. At a text with the signal the planted rows are counted
against the base rows that carry the signal by themselves, and both numbers are luck: the steps of
the infinite-data staircase become sigmoids. Of the texts that no row carries it says what most rows
say, and that is luck too, one and the same for all of them.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import fftconvolve
from scipy.stats import binom, poisson

from gigsim.theory.finite_sample import FiniteSampleSuccess
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import Goal

Ties = Literal["first", "strict"]

# Mass that may be left out on either side of a count's law: exp(-40) = 4e-18, under rounding.
_LOG_TAIL = 40.0

# Probabilities of the prior under this are 0, and 1 is as near: Fourier transforms round off less.
_NEGLIGIBLE = 1e-13

# The most counts of y* at which "y* leads among all rows" is computed: beyond some thousand rows
# the others are interpolated, which costs 2e-4 of probability at the most in the cases tried.
_MOST_COUNTS = 257


def table_success(
    alpha: ArrayLike,
    weights: ArrayLike,
    label_law: ArrayLike,
    target: int,
    *,
    population: int,
    xi: float,
    goal: Goal = "top1",
    ties: Ties = "first",
) -> FiniteSampleSuccess:
    """Expected success of a frequency table that is filled with N rows, replaced label sets.

    Statement: m = round(αN) members, drawn at random, plant and report y*. At text x with the
    signal the table holds M ~ Bin(m, P0(x)) planted rows and, for each label l, a Poisson number
    C_l of base carriers with mean (N − m)·ξ·P0(x)·P0(l|x), all independent. So

        E S = Σ_x P0(x)·p_x,    p_x = P{M + C_{y*} leads every C_l},
        sd² = Σ_x P0(x)²·p_x (1 − p_x) − m·Σ_{x≠x'} v_x v_x',    v_x = P0(x)²·b_x,

    b_x being the slope of "y* leads" on M_x: rows planted in one text are missing in another. With
    one text and two labels p is Pr{Skellam(λ_other, λ_{y*}) < m}.

    A text with the signal that no row carries, as has probability u_x, falls to the prior: it
    counts iff B, y* leads among all N rows, and B is the same for all such texts. P(B) = π is that
    of m + T_{y*} leading every T_l, T ~ Multinomial(N − m, P0(l)). So p_x
    is p_x(B) = p_x(not B) + u_x with probability π, and by the law of total variance

        sd² = π·sd²(B) + (1 − π)·sd²(not B) + π(1 − π)·(Σ_x P0(x)·u_x)².

    Assumptions: one label a resume; the signal is put into base resumes whatever their text and
    label are; members are drawn at random. The Poisson law stands for the multinomial of the
    carriers: off by at most (N − m)·(ξ·P0(x))² in total variation (Le Cam), so it is meant for
    small ξ·P0(x). B is taken as independent of what the cells with the signal hold: B is a matter
    of all N − m base labels, these cells of the (N − m)·ξ among them that carry the signal, so that
    the correlation is of order √ξ (in simulated tables of 200 rows: no bias of the mean found up to
    ξ = 0.3, the sd up to 5 % too low there). The covariance of two texts in the sd is that of the
    best linear predictors from M.

    Source: derived (Hardt et al. 2023 have infinite data only); checked against simulated tables.

    Args:
        alpha: share that plants, in [0, 1], any shape.
        weights: P0(x), shape (K,), non-negative, sums to 1.
        label_law: P0(l | x), shape (K, L), L at least 2, rows sum to 1.
        target: column of y*.
        population: N, rows in the table, at least 1.
        xi: probability in [0, 1] that a base row carries the signal as g plants it.
        goal: ``top1``: y* is the most frequent label of the cell; ``any``: of over half of its rows
            (then extended label sets give the same).
        ties: who wins a tie for ``top1``: ``first`` the label of the lowest column, as the table
            learner has it; ``strict`` never y*, as the staircases have it.

    Returns:
        Mean and sd over populations, each in the shape of ``alpha``.

    Raises:
        ValueError: a number out of its range, or shapes that do not fit.

    Example:
        >>> law = [[0.2, 0.8]]
        >>> curve = table_success([0.0, 0.004], [1.0], law, 0, population=1000, xi=0.01)
        >>> curve.mean.round(4).tolist()
        [0.0341, 0.3275]
    """
    share, rate = unit_interval("alpha", alpha), float(unit_interval("xi", xi))
    mass, law = unit_interval("weights", weights), unit_interval("label_law", label_law)
    if mass.ndim != 1 or law.ndim != 2 or len(law) != len(mass) or law.shape[1] < 2:
        raise ValueError(f"need (K,) and (K, L) with L >= 2, got {mass.shape} and {law.shape}")
    if not np.allclose(np.append(law.sum(axis=1), mass.sum()), 1.0, rtol=0, atol=1e-9):
        raise ValueError("weights and the rows of label_law must sum to 1")
    if not 0 <= target < law.shape[1]:
        raise ValueError(f"target is a column of label_law, got {target}")
    if population < 1:
        raise ValueError(f"population must be at least 1, got {population}")

    own = law[:, target]
    if goal == "any":
        rivals, before = (1 - own)[:, None], np.array([True])
    else:
        rivals = np.delete(law, target, axis=1)
        columns = np.delete(np.arange(law.shape[1]), target)
        before = (columns < target) | (ties == "strict")

    planted = np.rint(share.ravel() * population)
    carried = (population - planted) * rate
    chances, slopes, unseen = (np.empty((planted.size, mass.size)) for _ in range(3))
    for cell, weight in enumerate(mass):
        chances[:, cell], slopes[:, cell], unseen[:, cell] = _leads(
            planted, weight, carried * weight, own[cell], rivals[cell], before
        )
    np.clip(chances, 0.0, 1.0, out=chances)
    # Where every text has its rows the prior is never asked.
    left = unseen @ mass
    asked = left > np.exp(-_LOG_TAIL)
    prior = np.zeros(planted.size)
    if asked.any():
        prior[asked] = _prior(planted[asked], population, float(mass @ own), mass @ rivals, before)

    without = _variance(planted, mass, chances, slopes)
    # A planted row more ends that nobody carries the text: the slope of u on M, with M binomial.
    steeper = slopes - unseen / np.where(mass < 1, 1 - mass, np.inf)
    granted = _variance(planted, mass, np.minimum(chances + unseen, 1.0), steeper)
    mean = np.minimum((chances @ mass + prior * left) / mass.sum(), 1.0)
    variance = prior * granted + (1 - prior) * without + prior * (1 - prior) * left**2
    sd = np.sqrt(variance)
    return FiniteSampleSuccess(mean.reshape(share.shape)[()], sd.reshape(share.shape)[()])


def _variance(planted: Floats, mass: Floats, chances: Floats, slopes: Floats) -> Floats:
    """Variance of the mass that is won, shape (A,), from chances and slopes on M, shape (A, K)."""
    shifts = mass**2 * slopes
    shared = planted * (shifts.sum(axis=1) ** 2 - (shifts**2).sum(axis=1))
    return np.maximum((chances * (1 - chances)) @ mass**2 - shared, 0.0)


def _leads(
    planted: Floats,
    weight: float,
    carried: Floats,
    own: float,
    rivals: Floats,
    before: NDArray[np.bool_],
) -> tuple[Floats, Floats, Floats]:
    """P{c >= 1, c > C_l where l comes before y*, c >= C_l elsewhere}, c = M + Poisson, by α.

    Args:
        planted: rows planted in all, shape (A,).
        weight: P0(x).
        carried: expected base carriers at x, shape (A,).
        own: P0(y*|x).
        rivals: P0(l|x) of the rivals, shape (R,).
        before: bool, shape (R,).

    Returns:
        The probability, the slope of its indicator on M, and the probability that there is no row
        at all (which is no lead), shape (A,) each.
    """
    # From this count on no rival keeps up, but with a probability under rounding.
    most = float(carried.max()) * float(rivals.max())
    counts = np.arange(int(np.ceil(most + _reach(most))) + 2)
    drawn = binom.pmf(counts, planted[:, None], weight)
    found = poisson.pmf(counts, (carried * own)[:, None])
    lost = np.ones_like(drawn)
    for first, share in zip(before, rivals, strict=True):
        lost *= poisson.cdf(counts - first, (carried * share)[:, None])
    lost = 1 - lost
    # A count of 0 leads nothing; every count beyond the grid does.
    lost[:, 0] = 1.0
    nobody = drawn[:, 0] * np.exp(-carried * (own + rivals.sum()))
    # Losing is what has finitely many counts: E[1 − f] and E[M (1 − f)].
    failure, weighted = (
        (fftconvolve(law, found, axes=1)[:, : counts.size] * lost).sum(axis=1)
        for law in (drawn, counts * drawn)
    )
    expected = planted * weight
    spread = expected * (1 - weight)
    covariance = expected * failure - weighted
    slope = np.where(spread > 0, covariance / np.where(spread > 0, spread, 1.0), 0.0)
    return 1 - failure, slope, nobody


def _prior(
    planted: Floats, population: int, own: float, rivals: Floats, before: NDArray[np.bool_]
) -> Floats:
    """P{m + T_{y*} > T_l where l comes before y*, >= T_l elsewhere}, T multinomial, by α.

    With c = m + T_{y*} the other labels share N − c rows, whatever m is: the probability G(c) that
    none of them keeps up is the same for every α, and π = Σ_c (G(c) − G(c−1))·P(m + T_{y*} >= c).

    Args:
        planted: m, shape (A,).
        population: N.
        own: P0(y*).
        rivals: P0(l) of the rivals, shape (R,); with P0(y*) they sum to 1.
        before: bool, shape (R,).

    Returns:
        Shape (A,).
    """
    if own >= 1:
        return np.ones(planted.size)
    shares = rivals / rivals.sum()
    # Around the c that equals the likeliest rival's expectation G climbs from 0 to 1.
    centre = population * shares.max() / (1 + shares.max())
    lowest = max(int(centre - _reach(centre)), 0)
    highest = min(int(np.ceil(centre + _reach(centre))), population)

    def leads_at(count: int) -> float:
        return _all_at_most(population - count, shares, count - before)

    # With one strong rival it climbs much faster than either count's luck would have it.
    window = range(lowest, highest)
    lowest, highest = (
        window.start + bisect_left(window, level, key=leads_at)
        for level in (_NEGLIGIBLE, 1 - _NEGLIGIBLE)
    )
    points = min(highest - lowest + 1, _MOST_COUNTS)
    counts = np.unique(np.rint(np.linspace(lowest, highest, points)).astype(np.int64))
    leads = np.array([leads_at(int(count)) for count in counts])
    leads[-1] = 1.0
    # G never falls; rounding may.
    gains = np.diff(np.maximum.accumulate(leads), prepend=0.0)
    # Between neighbouring points G is a straight line, so that P(m + T < c) is averaged over both
    # ends; where no count is left out the two are the same.
    below = (np.append(lowest - 1, counts[:-1]), counts - 1)
    drawn = (population - planted)[:, None]
    behind = [(binom.cdf(last - planted[:, None], drawn, own) @ gains) / 2 for last in below]
    return np.clip(1 - sum(behind), 0.0, 1.0)


def _all_at_most(total: int, shares: Floats, caps: NDArray[np.int64]) -> float:
    """P{T_l <= cap_l for all l}, T ~ Multinomial(total, shares).

    T is as independent Poisson counts given their sum (Levin 1981, "A representation for
    multinomial cumulative distribution functions"); the law of the sum by Fourier transform.

    Args:
        total: rows, at least 0.
        shares: shape (R,), sums to 1.
        caps: shape (R,).
    """
    means = total * shares
    lowest = np.maximum(np.floor(means - _reach(means)), 0).astype(np.int64)
    widths = np.minimum(np.ceil(means + _reach(means)).astype(np.int64), caps) - lowest + 1
    place = total - lowest.sum()
    if (widths < 1).any() or place > (widths - 1).sum():
        return 0.0
    steps = np.arange(widths.max())
    law = np.where(
        steps < widths[:, None], poisson.pmf(lowest[:, None] + steps, means[:, None]), 0.0
    )
    length = next_fast_len(int(widths.sum()), real=True)
    summed = irfft(rfft(law, length, axis=1).prod(axis=0), length)
    return float(np.clip(summed[place] / poisson.pmf(total, total), 0.0, 1.0))


def _reach(mean: ArrayLike) -> Floats:
    """How far a Poisson or binomial count gets from its mean, but for exp(−40) (Bernstein)."""
    return np.asarray(_LOG_TAIL / 3 + np.sqrt(_LOG_TAIL**2 / 9 + 2 * _LOG_TAIL * np.asarray(mean)))
