"""The start-up problem: what it takes to carry a collective to its critical mass.

A production function that accelerates has to be started by somebody, one that decelerates invites
free riding (Oliver, Marwell and Teixeira 1985). G is both: nothing up to the foot of the bound, a
start-up problem; concave behind it. Below the critical mass the person whose cost is the α-th
quantile lacks Q(α) − (1−γ)·b·G(α) − σ on joining; the area of it is what it costs to recruit one
after the other and pay each for joining. Who has joined is paid no more: where membership costs
something every period, members below the critical mass lack it, less and less, in each. Derived.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.joining_map import JoiningMap

#: Gauss-Legendre nodes a piece, and pieces besides those of the curve and the law.
_NODES, _PIECES = 16, 256


def shortfall(society: JoiningMap, alpha: ArrayLike, case: int = 0) -> Floats:
    """(Q(u) − (1−γ)·b·G(α) − σ)⁺, u = (α − m)/(1 − m): what the next person lacks to join.

    Args:
        society: the map.
        alpha: share that has joined, in [0, 1], the first movers and then those of lowest cost.
        case: which society.

    Returns:
        At least 0, in the unit of cost, shape of ``alpha``; 0 under the share m of first movers.
    """
    share = unit_interval("alpha", alpha)
    first = float(np.asarray(society.first_movers)[case])
    rest = np.clip((share - first) / (1 - first) if first < 1 else share * 0, 0.0, 1.0)
    lacking = society.costs.quantile(rest) - society.gain(share, case=case)
    return np.maximum(lacking, 0.0)[()]


def startup_cost(society: JoiningMap, *, until: float | None = None, case: int = 0) -> float:
    """∫ shortfall dα from 0 to the critical mass: what joining costs beyond what it brings.

    Paid to one after the other in order of cost, once, to each what she lacks when it is her turn;
    no budget of a period, and the least in all only where a cost is paid once. Who is
    among the cheapest matters; where everybody is short, their order among themselves does not.
    With a smooth law and curve good to about 10⁻⁹ of itself.

    Args:
        society: the map.
        until: another share to be reached, in [0, 1].
        case: which society.

    Returns:
        In the unit of cost, per head of the population: times N for N people; inf where the
        critical mass is (no number of members sustains itself), 0 where it begins by itself.
    """
    one = society.only(case)
    goal = one.fixed_points().critical_mass() if until is None else until
    if goal == np.inf:
        return np.inf
    top = float(unit_interval("until", goal))
    first = float(np.asarray(one.first_movers)[0])
    jumps = first + (1 - first) * one.costs.levels
    even = np.linspace(0.0, top, _PIECES + 1)
    ends = np.concatenate([even, jumps, one.curve.breaks, [first]])
    ends = np.unique(ends[(ends >= 0) & (ends <= top)])
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    low, wide = ends[:-1, None], np.diff(ends)[:, None]
    places = low + wide * (nodes + 1) / 2
    return float((shortfall(one, places) * weights * wide / 2).sum())
