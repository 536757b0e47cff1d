"""What a sample certifies about a frequency table: the parts that the finite-sample bounds share.

Hoeffding's inequality, the texts whose label the members can be sure of, and the bound that follows
from them; ``theory.statistical`` says how, and has the bounds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.gaps import Floats, unit_interval

# Sums of frequencies leave [0, 1] by rounding; anything further out is a mistake.
_ROUNDING = 1e-9


def deviation(delta: ArrayLike, n: ArrayLike) -> Floats:
    """R_δ(n) = sqrt(log(1/δ)/(2n)): a frequency among n exceeds its mean by this with chance ≤ δ.

    Hoeffding (1963). inf at n = 0.

    Args:
        delta: δ in (0, 1].
        n: draws, at least 0.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> float(deviation(0.05, [0, 600])[1].round(6))
        0.049964
    """
    risk, draws = _risk(delta), np.asarray(n, dtype=np.float64)
    if not np.all(draws >= 0):
        raise ValueError(f"n must be at least 0, got {n!r}")
    # A risk of 1 over no draws is 0/0, and still no limit.
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.sqrt(-np.log(risk) / 2 / draws)
    return np.where(draws > 0, reach, np.inf)[()]


def shared_risk(delta: ArrayLike, *, points: Floats, labels: int, per_point: int) -> Floats:
    """δ̃ = δ/(2 + 2K + per_point·K·|Y|): what each event may fail with, K texts and |Y| labels.

    Two events are the samples of members and tests, two a text its frequency from both sides, and
    ``per_point`` for each text and label theirs.

    Example:
        >>> float(shared_risk(0.05, points=np.array(2.0), labels=2, per_point=2).round(6))
        0.003571
    """
    if labels < 2:
        raise ValueError(f"labels must be at least 2, got {labels}")
    return _risk(delta) / (2 + 2 * points + per_point * points * labels)


def certified(
    members: Floats,
    total: Floats,
    push: Floats,
    deficits: Floats,
    *,
    judges: Floats,
    each: Floats,
    deviations: float = 2.0,
) -> NDArray[np.bool_]:
    """Where (n/N)(push − cR(n)) > ((N−n)/N)(deficit + 2R(k) + 2R(N−n)), c = ``deviations``.

    Args:
        members: n, shape (...).
        total: N.
        push: what the members' data favour the label by, frequencies, shape (..., K).
        deficits: how far it is behind, in the judges' data, shape (..., K).
        judges: k.
        each: δ̃, R's.
        deviations: c.

    Returns:
        Shape (..., K).
    """
    others = total - members
    own, rest = members / total, others / total
    luck, unseen = (deviation(each, size) for size in (members, others))
    judged = luck if judges is members else deviation(each, judges)
    # What does not depend on the text is gathered first: it is K times shorter. Nobody deviates
    # where there is nobody.
    with np.errstate(invalid="ignore"):
        lost = np.where(own > 0, own * deviations * luck, 0.0)
        lost = lost + np.where(rest > 0, rest * 2 * (judged + unseen), 0.0)
    # Texts first: few of them and many shares are the usual case, and long rows are fast.
    first, second = (_texts_first(values, lost.ndim) for values in (push, deficits))
    return np.moveaxis(own * first - rest * second > lost, 0, -1)


def _texts_first(values: Floats, dimensions: int) -> Floats:
    """(..., K) as (K, ...) with so many dimensions, or more, after the first."""
    missing = max(0, dimensions + 1 - values.ndim)
    return np.moveaxis(values.reshape((1,) * missing + values.shape), -1, 0)


def bound_of(
    weights: Floats,
    certain: NDArray[np.bool_],
    *,
    judges: Floats,
    test: ArrayLike,
    each: Floats,
) -> Floats:
    """The judges' frequency of what is certain, less R(k) and R(N_test); −inf without judges.

    Raises:
        ValueError: ``test`` under 1.
    """
    tests = np.asarray(test, dtype=np.float64)
    if not np.all(tests >= 1):
        raise ValueError(f"test must be at least 1, got {test!r}")
    found = np.einsum("...k,...k->...", weights, certain)
    return (found - deviation(each, judges) - deviation(each, tests))[()]


def sizes(alpha: ArrayLike, population: ArrayLike) -> tuple[Floats, Floats]:
    """How many are members, n = round(αN), and N, of one shape.

    Raises:
        ValueError: ``alpha`` not in [0, 1] or ``population`` under 1.
    """
    total = np.asarray(population, dtype=np.float64)
    if not np.all(total >= 1):
        raise ValueError(f"population must be at least 1, got {population!r}")
    members, every = np.broadcast_arrays(np.rint(unit_interval("alpha", alpha) * total), total)
    return members, every


def judging(members: Floats, estimating: ArrayLike) -> Floats:
    """How many judge, k = n − n_e, at least 0; ``members`` itself where nobody estimates.

    Raises:
        ValueError: ``estimating`` under 0.
    """
    choosing = np.asarray(estimating, dtype=np.float64)
    if not np.all(choosing >= 0):
        raise ValueError(f"estimating must be at least 0, got {estimating!r}")
    if choosing.ndim == 0 and choosing == 0:
        return members
    return np.maximum(members - choosing, 0.0)


def text_count(points: ArrayLike | None, mass: Floats) -> Floats:
    """K: how many texts the events run over; all of the last axis unless it is said.

    Raises:
        ValueError: ``points`` under 1.
    """
    count = np.asarray(mass.shape[-1] if points is None else points, dtype=np.float64)
    if not np.all(count >= 1):
        raise ValueError(f"points must be at least 1, got {points!r}")
    return count


def frequencies(name: str, value: ArrayLike) -> Floats:
    """How often each text occurs in a sample: in [0, 1], and no more than 1 in all.

    Args:
        name: for the message.
        value: shape (..., K); a world is all but the last axis.

    Raises:
        ValueError: an element is not in [0, 1] or the sum over the last axis is over 1, but for
            rounding.
    """
    array = np.atleast_1d(unit_interval(name, value))
    if np.any(array.sum(axis=-1) > 1 + _ROUNDING):
        raise ValueError(f"{name} must sum to at most 1 in each world, got {value!r}")
    return array


def signed(name: str, value: ArrayLike) -> Floats:
    """``value`` as float64 in [−1, 1].

    Raises:
        ValueError: an element is not, but for rounding.
    """
    array = np.asarray(value, dtype=np.float64)
    if not np.all(np.abs(array) <= 1 + _ROUNDING):
        raise ValueError(f"{name} must be in [-1, 1], got {value!r}")
    return array


def _risk(delta: ArrayLike) -> Floats:
    """δ in (0, 1]."""
    risk = unit_interval("delta", delta)
    if np.any(risk <= 0):
        raise ValueError(f"delta must be over 0, got {delta!r}")
    return risk
