"""Folds: where equilibria of participation appear and vanish as a parameter changes.

Every parameter p here enters Φ in such a way that for each share α one value g(α) of it makes α an
equilibrium, and Φ(α) ≥ α exactly from (or up to) that value on:

================= ============================================ ========
parameter         g(α), with Q the quantile of costs           Φ rises
================= ============================================ ========
``benefit``       b = (Q(u) − σ)/((1−γ)·G(α))                  in p
``gamma``         γ = 1 − (Q(u) − σ)/(b·G(α))                  as p falls
``cost_scale``    all costs times k = ((1−γ)b·G(α) + σ)/Q(u)   as p falls
``side_payment``  σ = Q(u) − (1−γ)·b·G(α)                      in p
``first_movers``  m = (α − F)/(1 − F), F = F((1−γ)bG(α) + σ)   in p
================= ============================================ ========

(u = (α − m)/(1 − m)). The diagram of equilibria against the parameter is this graph, turned round:
no continuation from point to point, and no branch is missed. Its turning points are the folds.
Where equilibria rise with what makes people join they are stable, where they fall unstable.
r = (1−γ)b/c̄ is the benefit in units of c̄. Derived.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from gigsim.theory.checks import positive
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.joining_map import JoiningMap

Parameter = Literal["benefit", "gamma", "cost_scale", "side_payment", "first_movers"]
FALLING: frozenset[str] = frozenset({"gamma", "cost_scale"})

#: Shares at which the graph is looked at, besides breaks and jumps.
POINTS = 4096
_SMALLEST = 1e-9
# The finite values that each can have; a scale of costs is above 0.
_MOST, _LEAST = np.finfo(float).max, np.finfo(float).tiny
_RANGES: dict[Parameter, tuple[float, float]] = {
    "benefit": (0.0, _MOST),
    "gamma": (0.0, 1.0),
    "cost_scale": (_LEAST, _MOST),
    "side_payment": (-_MOST, _MOST),
    "first_movers": (0.0, 1.0),
}


@dataclass(frozen=True)
class Fold:
    """A turning point of the graph of equilibria.

    Attributes:
        parameter: the value there.
        alpha: the share there.
        kind: ``"low_ends"``: a stable equilibrium below ends where joining becomes worth more, and
            participation jumps up; ``"high_ends"``: one above ends where it becomes worth less, and
            participation falls.
        smooth: the slope of Φ is 1 there; not at a step, a kink of the curve or at α = 1.
    """

    parameter: float
    alpha: float
    kind: Literal["low_ends", "high_ends"]
    smooth: bool


def parameter_at(society: JoiningMap, name: Parameter, alpha: ArrayLike, side: int = 0) -> Floats:
    """g(α): the value of the parameter for which α is an equilibrium, the others as they are.

    Args:
        society: a single one; its own value of the parameter does not count.
        name: which.
        alpha: in [0, 1].
        side: −1 or 1 for limits from below or above.

    Returns:
        Shape of ``alpha``; not confined to the parameter's range. −inf or inf where the inequality
        holds for every value or for none. For ``first_movers`` NaN where all join without any; for
        ``benefit`` and ``gamma`` NaN where the gain is below 0 (that of a ``pivotal_curve`` where
        G falls) and nobody has a cost: the more of it, the fewer stay; for ``cost_scale`` where
        costs and worth both are below 0.

    Raises:
        ValueError: an unknown parameter, or several societies.
    """
    _check(society, name)
    share = unit_interval("alpha", alpha)
    benefit, gamma, paid, first = (
        float(np.asarray(number)[0])
        for number in (society.benefit, society.gamma, society.side_payment, society.first_movers)
    )
    gain = society.curve.value(share, side)
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "first_movers":
            joins = society.costs.cdf((1 - gamma) * benefit * gain + paid)
            return np.where(joins < 1, (share - joins) / (1 - joins), np.nan)
        free = share < first if side > 0 else share <= first
        rest = np.clip((share - first) / (1 - first) if first < 1 else share * 0, 0.0, 1.0)
        if side > 0:
            rest = np.minimum(np.nextafter(rest, 2.0), 1.0)
        price = np.where(free, -np.inf, society.costs.quantile(rest))
        if name == "side_payment":
            return price - (1 - gamma) * benefit * gain
        if name == "cost_scale":
            worth = (1 - gamma) * benefit * gain + paid
            # A price of 0 or less is at most any worth that is not negative, and one of 0 is above
            # any that is.
            other = np.where((worth < 0) & (price == 0), -np.inf, np.inf)
            other = np.where((worth < 0) & (price < 0) & ~free, np.nan, other)
            return np.where(price > 0, worth / np.where(price > 0, price, 1.0), other)
        missing = price - paid
        unit = gain * ((1 - gamma) if name == "benefit" else benefit)
        needed = np.where(unit > 0, missing / np.where(unit > 0, unit, 1.0), np.inf)
        needed = np.where((unit <= 0) & (missing <= 0), -np.inf, needed)
        needed = np.where((unit < 0) & (missing <= 0), np.nan, needed)
        return needed if name == "benefit" else 1 - needed


def with_parameter(society: JoiningMap, name: Parameter, values: ArrayLike) -> JoiningMap:
    """The society once for each value of the parameter.

    Args:
        society: a single one.
        name: which parameter.
        values: shape (K,); for ``cost_scale`` above 0.

    Raises:
        ValueError: a value out of its range, an unknown parameter, or several societies.
    """
    _check(society, name)
    grid = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if name != "cost_scale":
        changed: dict[str, Any] = {name: grid}
    else:
        # Costs k times as high are benefits and payments a k-th as high.
        scale = positive("cost_scale", grid)
        changed = {
            "benefit": np.asarray(society.benefit) / scale,
            "side_payment": np.asarray(society.side_payment) / scale,
        }
    return replace(society, **changed)


def folds(society: JoiningMap, name: Parameter, *, points: int = POINTS) -> tuple[Fold, ...]:
    """All folds in one parameter, ascending in α, at values that the parameter can have.

    Turning points are looked for between neighbours of a grid: ``points`` shares evenly and as many
    evenly in logarithms, with the curve's breaks and the jumps of the law of costs. Each is then
    found by minimisation, its parameter to rounding and its share to about 10⁻⁸. Two of them
    between the same neighbours are not seen, nor are any under α = 10⁻⁹. With a sample of costs
    every person is a small fold; ``hysteresis.hysteresis`` says which of them matter.

    Args:
        society: a single one; its own value of the parameter does not count.
        name: which parameter.
        points: see above.

    Returns:
        Also where nobody (α = 0) or everybody (α = 1) stops being an equilibrium, if that throws
        participation elsewhere.

    Raises:
        ValueError: an unknown parameter, or several societies.
    """
    _check(society, name)
    alpha, side = _grid(society, points)
    sign = -1.0 if name in FALLING else 1.0
    graph = np.empty(len(alpha))
    for way in (-1, 0, 1):
        here = side == way
        graph[here] = sign * parameter_at(society, name, alpha[here], way)
    # A flat stretch is one point.
    new = ~np.isnan(graph)
    new[1:] &= graph[1:] != graph[:-1]
    alpha, graph = alpha[new], graph[new]
    rises = np.diff(graph) > 0
    found: list[Fold] = []
    for i in np.flatnonzero(rises[1:] != rises[:-1]) + 1:
        if np.isfinite(graph[i]):
            around = alpha[i - 1 : i + 2]
            found.append(_fold(society, name, sign, around, float(graph[i]), bool(rises[i])))
    if len(rises) and not rises[-1] and alpha[-1] == 1:
        found.append(Fold(sign * float(graph[-1]), 1.0, "high_ends", False))
    low, high = _RANGES[name]
    return tuple(fold for fold in found if low <= fold.parameter <= high)


def _check(society: JoiningMap, name: str) -> None:
    if name not in get_args(Parameter):
        raise ValueError(f"name is one of {', '.join(get_args(Parameter))}, got {name!r}")
    if society.cases != 1:
        raise ValueError(f"give one society of the {society.cases}: society.only(case)")


def _grid(society: JoiningMap, points: int) -> tuple[Floats, NDArray[np.int8]]:
    """Shares, and the sides from which the graph is looked at there, in order."""
    first = float(np.asarray(society.first_movers)[0])
    even = np.linspace(0.0, 1.0, points + 1)
    small = np.geomspace(_SMALLEST, 1.0, points)
    breaks = np.concatenate([society.curve.breaks, [first]])
    jumps = first + (1 - first) * society.costs.levels
    plain = np.setdiff1d(np.concatenate([even, small]), breaks)
    alpha = np.concatenate([plain, jumps, jumps, breaks[breaks > 0], breaks, breaks[breaks < 1]])
    sizes = (len(plain), len(jumps), len(jumps), int((breaks > 0).sum()), len(breaks))
    side = np.repeat(
        np.array([0, 0, 1, -1, 0, 1], dtype=np.int8), (*sizes, int((breaks < 1).sum()))
    )
    order = np.lexsort((side, alpha))
    return alpha[order], side[order]


def _fold(
    society: JoiningMap, name: Parameter, sign: float, around: Floats, value: float, low: bool
) -> Fold:
    """The turning point at or next to the middle of three shares."""
    before, at, after = (float(share) for share in around)
    way = 1.0 if low else -1.0
    best, where, smooth = value, at, False
    # Where two of them are one share the graph jumps, and turns there and nowhere else.
    if before < at < after:
        for ends in ((before, at), (at, after)):
            tried = minimize_scalar(
                lambda share: way * sign * float(parameter_at(society, name, share)),
                bounds=ends,
                method="bounded",
                options={"xatol": 1e-12 * ends[1]},
            )
            if way * tried.fun < best if low else way * tried.fun > best:
                best, where, smooth = way * float(tried.fun), float(tried.x), True
    return Fold(sign * best, where, "high_ends" if low else "low_ends", smooth)
