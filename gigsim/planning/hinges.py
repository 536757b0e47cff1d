"""Question 5: what the critical mass hangs on: how it moves when one number gets 10 % worse."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gigsim.planning.outlook import Outlook, of_people
from gigsim.planning.secrecy import first_movers_with_leak
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.curves import Cases, Curve
from gigsim.theory.participation.folds import with_parameter
from gigsim.theory.participation.joining_map import JoiningMap

#: Elasticities are differences over this part on either side; "worse" is this much.
_STEP, WORSE = 0.01, 0.1


@dataclass(frozen=True, eq=False)
class StretchedCurve:
    """G(α/k): the same gain, for which the platform takes k times as many members.

    To first order in κ it is Theorem 1 with κ (or ξ) times k.

    Attributes:
        curve: G.
        factor: k > 0.
    """

    curve: Curve
    factor: float

    @property
    def cases(self) -> int:
        """Those of G."""
        return self.curve.cases

    @property
    def breaks(self) -> Floats:
        """Those of G, where they are moved to, within [0, 1]."""
        moved = self.curve.breaks * self.factor
        return np.unique(np.concatenate([[0.0], moved[moved < 1], [1.0]]))

    def value(self, alpha: ArrayLike, side: int = 0, case: Cases | int = 0) -> Floats:
        """See ``participation_curves.Curve``; beyond what G is known for it stays as it is."""
        at = np.asarray(alpha, dtype=np.float64) / self.factor
        beyond = at >= 1
        inside = np.where(beyond, 0.5, at)
        last = self.curve.value(unit_interval("alpha", np.ones_like(at)), 0, case)
        return np.where(beyond, last, self.curve.value(inside, side, case))


#: What is varied: its name, what 10 % worse means, and the society with k times as much of it.
_Varied = Callable[[JoiningMap, float], JoiningMap]


def _benefit(society: JoiningMap, factor: float) -> JoiningMap:
    return with_parameter(society, "benefit", float(np.asarray(society.benefit)[0]) * factor)


def _costs(society: JoiningMap, factor: float) -> JoiningMap:
    return with_parameter(society, "cost_scale", factor)


def _stretch(society: JoiningMap, factor: float) -> JoiningMap:
    return replace(society, curve=StretchedCurve(society.curve, factor))


def _kept(society: JoiningMap, factor: float) -> JoiningMap:
    """A share (1 − γ)·k: the same society as one with b·k, which goes on where γ is 0."""
    return _benefit(society, factor)


_VARIED: tuple[tuple[str, str, int, _Varied], ...] = (
    ("benefit", "what a sure target label is worth (b)", -1, _benefit),
    ("costs", "what membership costs, everybody's", 1, _costs),
    ("platform", "how many members the platform takes for the same success (κ, ξ)", 1, _stretch),
    ("secrecy", "the share of the gain that only members have (1 - γ)", -1, _kept),
)


def hinges(look: Outlook, leak_most: float | None) -> list[dict[str, Any]]:
    """The plan's ``sure.hangs_on``, the strongest first: see docs/planning.md.

    A leak that there is not yet cannot be 10 % worse, and comes last.

    Args:
        look: what the plan stands on.
        leak_most: the largest leak at which it still works, None where it is not known.
    """
    mass = look.critical_mass
    if not np.isfinite(mass) or mass == 0:
        return []
    found = [
        _hinge(name, words, sign, mass, partial(_mass, look, vary))
        for name, words, sign, vary in _VARIED
    ]
    found += _leak(look, leak_most)
    return sorted(found, key=lambda one: (one["worse"] is None, -_weight(one)))


def _hinge(
    name: str, words: str, sign: int, mass: float, of: Callable[[float], float]
) -> dict[str, Any]:
    worse = of(1 + sign * WORSE)
    up, down = of(1 + _STEP), of(1 - _STEP)
    known = all(np.isfinite(x) and x > 0 for x in (up, down))
    return {
        "name": name,
        "words": words,
        "of": "critical mass",
        "elasticity": math.log(up / down) / math.log((1 + _STEP) / (1 - _STEP)) if known else None,
        "worse": sign * 100 * WORSE,
        "effect": 100 * (worse / mass - 1) if np.isfinite(worse) else None,
        "still": bool(np.isfinite(worse)),
    }


def _mass(look: Outlook, vary: _Varied, factor: float) -> float:
    society = vary(look.society, factor)
    return of_people(society.fixed_points().critical_mass(), society, look.people)


def _leak(look: Outlook, most: float | None) -> list[dict[str, Any]]:
    """The leak moves no fixed point of the map: what it moves is how many first movers it takes."""
    if not most:
        return []
    from gigsim.planning.starting import first_movers_needed

    now = look.config.collective.leak
    least = first_movers_needed(look.society, look.people, look.critical_mass)
    here = first_movers_with_leak(look, least)
    # Without a leak there is no tenth of it: a tenth of the largest, then.
    more = now * (1 + WORSE) if now else WORSE * most
    there = first_movers_with_leak(_leaking(look, more), least)
    known = np.isfinite(here) and np.isfinite(there)
    ratio = math.log(there / here) / math.log(1 + WORSE) if known and now else None
    return [
        {
            "name": "leak",
            "words": "the leak (probability per tie and period that an outsider gets the signal)",
            "of": "first movers",
            "elasticity": ratio,
            "worse": 100 * WORSE if now else None,
            "to": more,
            "effect": 100 * (there / here - 1) if known else None,
            "still": bool(known),
        }
    ]


def _leaking(look: Outlook, leak: float) -> Outlook:
    section = look.config.collective.model_copy(update={"leak": leak})
    return replace(look, config=look.config.model_copy(update={"collective": section}))


def _weight(one: dict[str, Any]) -> float:
    """What kills it comes first."""
    return math.inf if not one["still"] else abs(one["effect"])
