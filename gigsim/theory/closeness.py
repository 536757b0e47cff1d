"""What an ε-suboptimal platform may be close in, and what each kind lets it do.

Let M be the margin of y* at a signal point x: the mass for it minus the mass against it, under the
law P that the platform sees. A platform that is ε-close to the Bayes classifier of P *jointly* has
one budget for all points: it can fail on a set F of them only if the margins of F sum to no more
than the budget. One that is ε-close *at each x* can fail wherever M ≤ rate·P(x), and nowhere else.

============================= =============================== ============ ============
closeness                     f is Bayes-optimal for a Q with budget       rate
============================= =============================== ============ ============
``joint_tv``                  TV(P, Q) ≤ ε                    2ε
``joint_contamination``       Q = (1−ε)P + εR                 ε/(1−ε)
``conditional_tv``            TV(P(·|x), Q(·|x)) ≤ ε                       2ε
``conditional_contamination`` Q(·|x) = (1−ε)P(·|x) + εR_x                  ε/(1−ε)
``additive_slack``            P(f(x)|x) ≥ max_y P(y|x) − ε                 ε
============================= =============================== ============ ============

Derived. To turn a margin M, half of it has to change sides (total variation) or a rival has to be
given (1−ε)M by a contamination of size ε. ``slides`` is joint TV with the error term that the
authors' slides print, ε/(1−ε) subtracted from the bound; it is not valid
(``planting.feature_label_bound``) and is here to be compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval

Closeness = Literal[
    "joint_tv",
    "joint_contamination",
    "conditional_tv",
    "conditional_contamination",
    "additive_slack",
    "slides",
]

#: All but ``slides``.
VALID: tuple[Closeness, ...] = tuple(name for name in get_args(Closeness) if name != "slides")


#: Those at each x, in which the worst classifier has a closed form: it fails wherever it can.
POINTWISE: tuple[Closeness, ...] = (
    "conditional_tv",
    "conditional_contamination",
    "additive_slack",
)


class Allowance(NamedTuple):
    """What ε lets a platform do; all 0 at ε = 0.

    Attributes:
        budget: the margins of all points it fails on sum to no more than this.
        rate: it fails on no point with a margin over this times P(x).
        additive: subtracted from the bound as it stands (``slides`` alone).
    """

    budget: Floats
    rate: Floats
    additive: Floats


def _odds(epsilon: Floats) -> Floats:
    return epsilon / (1 - epsilon)


_BUDGETS: dict[str, Callable[[Floats], Floats]] = {
    "joint_tv": lambda epsilon: 2 * epsilon,
    "joint_contamination": _odds,
}

#: The rate with the ε at which it reaches the margin μ of the planted mass, where bounds end.
_RATES: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "conditional_tv": (lambda epsilon: 2 * epsilon, lambda margin: margin / 2),
    "conditional_contamination": (_odds, lambda margin: margin / (1 + margin)),
    "additive_slack": (lambda epsilon: epsilon, lambda margin: margin),
}


def highest_epsilon(closeness: Closeness, margin: ArrayLike = 1.0) -> Floats:
    """The least ε at which all planted mass of margin μ can be turned; there bounds end.

    Args:
        closeness: what is close.
        margin: μ in (0, 1].

    Returns:
        μ/2, μ/(1+μ) and μ at each x, in the order of :data:`POINTWISE`; 1 for the others. The shape
        of ``margin``.

    Example:
        >>> float(highest_epsilon("conditional_tv"))
        0.5
    """
    push = np.asarray(margin, dtype=np.float64)
    return (_RATES[closeness][1](push) if closeness in _RATES else np.ones_like(push))[()]


def allowance(
    epsilon: ArrayLike, closeness: Closeness | None, margin: ArrayLike = 1.0
) -> Allowance:
    """What a platform may do that is ε-close to Bayes in this way.

    Args:
        epsilon: at least 0 and under 1; closeness at each x: under where the rate reaches
            ``margin`` (ε < μ/2, μ/(1+μ) and μ), for there all planted mass can be turned.
        closeness: what is close; needed where an ``epsilon`` is positive.
        margin: μ in (0, 1], by how much planted mass favours y*.

    Raises:
        ValueError: ε out of its range or without a closeness, or an unknown closeness.

    Example:
        >>> [float(number) for number in allowance(0.1, "conditional_tv")]
        [0.0, 0.2, 0.0]
    """
    slack = unit_interval("epsilon", epsilon)
    if closeness is None and np.any(slack > 0):
        raise ValueError(
            f"epsilon > 0 needs a closeness, one of {', '.join(VALID)} "
            "(or slides, which is not a valid bound)"
        )
    # At epsilon = 0 all of them allow nothing.
    name = "joint_tv" if closeness is None else closeness
    if name not in get_args(Closeness):
        allowed = ", ".join(get_args(Closeness))
        raise ValueError(f"unknown closeness {closeness!r}; one of {allowed} is allowed")
    highest = highest_epsilon(name, margin)
    if np.any(slack >= highest):
        raise ValueError(
            f"closeness {name} needs epsilon in [0, {np.min(highest):g}), got {epsilon!r}"
        )
    nothing = np.zeros_like(slack)
    if name in _BUDGETS:
        return Allowance(_BUDGETS[name](slack), nothing, nothing)
    if name in _RATES:
        return Allowance(nothing, _RATES[name][0](slack), nothing)
    return Allowance(nothing, nothing, _odds(slack))
