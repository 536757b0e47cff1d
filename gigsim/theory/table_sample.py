"""What a frequency table of N resumes can be taught: feature-label planting on a finite world.

The platform counts labels text by text. At a text with the signal the planted rows are counted
against the base rows that carry the signal by themselves, and both numbers are luck: the steps of
the infinite-data staircase become sigmoids.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import fftconvolve
from scipy.stats import binom, poisson

from gigsim.theory.finite_sample import FiniteSampleSuccess
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import Goal

Ties = Literal["first", "strict"]

# Mass that may be left out on either side of a count's law: exp(-40) = 4e-18, under rounding.
_LOG_TAIL = 40.0


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
    one text and two labels p is Pr{Skellam(λ_other, λ_{y*}) < m}. A text with the signal that no
    row carries falls to the prior: it counts iff y* is the label of the largest expected
    frequency, among the N rows.

    Assumptions: one label a resume; the signal is put into base resumes whatever their text and
    label are; members are drawn at random. The Poisson law stands for the multinomial of the
    carriers: off by at most (N − m)·(ξ·P0(x))² in total variation (Le Cam), so it is meant for
    small ξ·P0(x). The mean is approximate besides only near the α at which the prior turns to y*;
    the covariance of two texts in the sd is that of the best linear predictors from M.

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

    base = mass @ law
    own = law[:, target]
    if goal == "any":
        rivals, before = (1 - own)[:, None], np.array([True])
        prior_rival = 0.5
    else:
        rivals = np.delete(law, target, axis=1)
        columns = np.delete(np.arange(law.shape[1]), target)
        before = (columns < target) | (ties == "strict")
        prior_rival = float(np.delete(base, target).max())

    planted = np.rint(share.ravel() * population)
    others = population - planted
    # In the prior the planted rows all hold y*, and nobody else gains.
    ahead = planted + others * base[target] > np.where(
        goal == "any", population / 2, others * prior_rival
    )
    chances, slopes = (np.empty((planted.size, mass.size)) for _ in range(2))
    for cell, weight in enumerate(mass):
        chances[:, cell], slopes[:, cell] = _leads(
            planted, weight, others * rate * weight, own[cell], rivals[cell], before, ahead
        )
    np.clip(chances, 0.0, 1.0, out=chances)
    mean = chances @ mass / mass.sum()
    shifts = mass**2 * slopes
    shared = planted * (shifts.sum(axis=1) ** 2 - (shifts**2).sum(axis=1))
    sd = np.sqrt(np.maximum((chances * (1 - chances)) @ mass**2 - shared, 0.0))
    return FiniteSampleSuccess(mean.reshape(share.shape)[()], sd.reshape(share.shape)[()])


def _leads(
    planted: Floats,
    weight: float,
    carried: Floats,
    own: float,
    rivals: Floats,
    before: NDArray[np.bool_],
    ahead: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """P{c >= 1, c > C_l where l comes before y*, c >= C_l elsewhere}, c = M + Poisson, by α.

    Args:
        planted: rows planted in all, shape (A,).
        weight: P0(x).
        carried: expected base carriers at x, shape (A,).
        own: P0(y*|x).
        rivals: P0(l|x) of the rivals, shape (R,).
        before: bool, shape (R,).
        ahead: bool, shape (A,): y* wins where there is no row at all.

    Returns:
        The probability, and the slope of its indicator on M, shape (A,) each.
    """
    # Bernstein: from this count on no rival keeps up, but with a probability under rounding.
    most = float(carried.max()) * float(rivals.max())
    reach = _LOG_TAIL / 3 + np.sqrt(_LOG_TAIL**2 / 9 + 2 * _LOG_TAIL * most)
    counts = np.arange(int(np.ceil(most + reach)) + 2)
    drawn = binom.pmf(counts, planted[:, None], weight)
    found = poisson.pmf(counts, (carried * own)[:, None])
    lost = np.ones_like(drawn)
    for first, share in zip(before, rivals, strict=True):
        lost *= poisson.cdf(counts - first, (carried * share)[:, None])
    lost = 1 - lost
    # A count of 0 leads nothing; every count beyond the grid does.
    nobody = np.exp(-carried * rivals.sum())
    lost[:, 0] = np.where(ahead, 1 - nobody, 1.0)
    # Losing is what has finitely many counts: E[1 − f] and E[M (1 − f)].
    failure, weighted = (
        (fftconvolve(law, found, axes=1)[:, : counts.size] * lost).sum(axis=1)
        for law in (drawn, counts * drawn)
    )
    expected = planted * weight
    spread = expected * (1 - weight)
    covariance = expected * failure - weighted
    slope = np.where(spread > 0, covariance / np.where(spread > 0, spread, 1.0), 0.0)
    return 1 - failure, slope
