"""The feature-only bounds for platforms that are ε-close to Bayes: one shape for all of them.

Every form of Theorem 3, with its strategy (who lacks y* stays or evades) and its closeness, is

    S(α) ≥ 1 − q − (ξ·c(α)⁺ + budget)/(α·p·(1 − rate)) − additive,    c linear in α,

with budget and rate of ``theory.closeness`` (r is the rate; joint closeness has a budget and r = 0,
closeness at each x has a rate and no budget) and

============ ======== ==========================
form         evasive  c(α)
============ ======== ==========================
printed      no       (1 + r)(1 − p)
sharp        no       1 + r − 2p + αp(1 − r)
both         yes      (1 − α)(1 + r − 2p)
quantile     no       1 + r
quantile     yes      (1 − α)(1 + r)
============ ======== ==========================

q being 0 but for the quantile. So for the printed form, with ε and without evasion:

============================= ==============================================
``closeness``                 S(α) ≥
============================= ==============================================
``joint_tv``                  1 − ((1−p)ξ + 2ε)/(αp)
``joint_contamination``       1 − ((1−p)ξ + ε/(1−ε))/(αp)
``conditional_tv``            1 − ((1+2ε)/(1−2ε))·((1−p)/(αp))·ξ
``conditional_contamination`` 1 − (1/(1−2ε))·((1−p)/(αp))·ξ
``additive_slack``            1 − ((1+ε)/(1−ε))·((1−p)/(αp))·ξ
``slides``, **NOT VALID**     1 − ((1−p)/(αp))·ξ − ε/(1−ε)
============================= ==============================================

(the conditional ones for 2ε < 1, ε < ½ and ε < 1). A perfectly unique signal (ξ = 0) is immune to
closeness at each x and not to joint closeness, which costs 1/p times what it costs feature-label.

Derivation, in the notation of ``theory.feature_only``. The margin of y* at signal point x is

    M = α·W − P0(x)·(1 − 2m + αm),      evasive M = α·W − (1−α)·P0(x)·(1 − 2m),

and the mass there is P(x) = α·W + P0(x)·(1 − αm), evasive α·W + (1−α)·P0(x). *Joint*: the platform
fails on a set F only if Σ_F M ≤ budget, so that α·Σ_F W ≤ budget + Σ_F P0(x)·(...); W ≥ p·w, m may
be replaced by p as at ε = 0, and Σ_F P0(x) ≤ ξ. *At each x*: it fails only where M ≤ r·P(x), that
is α·W·(1 − r) ≤ P0(x)·(1 + r − 2m + αm(1 − r)), evasive ≤ (1−α)·P0(x)·(1 + r − 2m); for r < 1 both
fall in m. ``printed`` puts α ≤ 1 into c of ``sharp``. For the quantile W ≥ p·(w − w_low), and m ≥ 0
in c. Every form is run on random worlds against the worst platform of its kind.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.closeness import Closeness, allowance
from gigsim.theory.gaps import Floats, unit_interval

#: ``printed``: the theorem as the slides print it. ``sharp``: what its proof gives for ``any``.
Form = Literal["printed", "sharp"]


class Terms(NamedTuple):
    """A bound 1 − (ξ·(fixed + slope·α)⁺ + budget)/(α·push) − additive; q is not in it."""

    fixed: Floats
    slope: Floats
    push: Floats
    budget: Floats
    additive: Floats

    def bound(self, share: Floats, mass: Floats) -> Floats:
        """The bound at shares α and mass ξ, unclipped; −inf where α or ``push`` is 0."""
        # Evading, slope is −fixed: the product keeps the bits that k − kα would lose.
        evading = self.slope == -self.fixed
        sum_of = np.where(evading, (1 - share) * self.fixed, self.fixed + self.slope * share)
        against = np.maximum(sum_of, 0.0) * mass + self.budget
        push = share * self.push
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            # A product that underflows to 0 is not a share or a push of 0.
            lost = np.where(push > 0, against / push, against / share / self.push)
            bound = 1 - lost - self.additive
        return np.where((share > 0) & (self.push > 0), bound, -np.inf)[()]

    def share(self, lost: Floats, mass: Floats) -> Floats:
        """The least α at which the bound is 1 − ``lost``; over 1, or inf, where no share gives it.

        The bound is that high where push·(lost − additive)·α exceeds both ``budget`` and
        budget + ξ·(fixed + slope·α): the intersection of two half-lines.
        """
        rise = self.push * (lost - self.additive)
        steep = rise - mass * self.slope
        level = self.budget + mass * self.fixed
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            first = np.where(self.budget > 0, self.budget / np.maximum(rise, 0.0), 0.0)
            second = np.where(level > 0, level / np.maximum(steep, 0.0), 0.0)
            # Where the second line does not rise, it may still be above 0 at the first root.
            flat = (steep <= 0) & (steep * first >= level)
        share = np.where(steep > 0, np.maximum(first, second), np.where(flat, first, np.inf))
        return np.where((self.push > 0) & (rise >= 0), share, np.inf)[()]


def terms(
    *,
    p: ArrayLike,
    form: Form = "printed",
    evasive: bool = False,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Terms:
    """What stands in the bound with this floor, form, strategy and closeness.

    Args:
        p: floor of P0(y* in Y|x) over *all* x, in [0, 1].
        form: ``printed`` or ``sharp``; evasive, they are the same.
        evasive: do members without y* take the signal out?
        epsilon: as in ``closeness.allowance``.
        closeness: as there.

    Raises:
        ValueError: a number out of its range or an unknown name.
    """
    if form not in get_args(Form):
        raise ValueError(f"form is one of {', '.join(get_args(Form))}, got {form!r}")
    floor = unit_interval("p", p)
    budget, rate, additive = allowance(epsilon, closeness)
    push = floor * (1 - rate)
    if evasive:
        fixed = 1 + rate - 2 * floor
        return Terms(fixed, -fixed, push, budget, additive)
    if form == "sharp":
        return Terms(1 + rate - 2 * floor, push, push, budget, additive)
    fixed = (1 + rate) * (1 - floor)
    return Terms(fixed, np.zeros_like(fixed), push, budget, additive)


def quantile_terms(
    *,
    p: ArrayLike,
    evasive: bool = False,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Terms:
    """The same where only most texts have the floor p; arguments as in :func:`terms`."""
    nothing_known = terms(p=0.0, evasive=evasive, epsilon=epsilon, closeness=closeness)
    floor = unit_interval("p", p)
    return nothing_known._replace(push=floor * (1 - allowance(epsilon, closeness).rate))
