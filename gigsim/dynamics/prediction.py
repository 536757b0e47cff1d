"""The map of participation that a config comes to, and what it says: critical mass, first movers.

For a large population in which everybody meets everybody the loop's joining rule is a map of the
share that has joined (``gigsim.theory.participation.JoiningMap``):

============================= =====================================================================
``best_response``             c_i from ``population.cost``, γ = spillover; b·horizon where the cost
                              is paid once
``logit``                     the same with logistic noise of scale 1/λ added to c_i
``pivotal``                   c_i against b·[G(α + 1/N) − G(α)]
``threshold`` (population)    θ_i against α itself: G(α) = α, b = 1 (Granovetter 1978)
============================= =====================================================================

There are two such maps, because leaving is weighed otherwise than joining: who leaves keeps the
signal with probability ``retention`` r, so that outsiders join by γ = spillover and members stay by
γ = r + (1 − r)·spillover. The first decides how a collective grows, the second what it can hold.
Without retention they are one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from gigsim.config import Config
from gigsim.config.sections import Society
from gigsim.dynamics.benefit import Benefit, benefit
from gigsim.errors import InputError
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.society.distributions import Law, Table
from gigsim.society.tables import read_column
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.costs import Costs, SampleCosts, cost_law
from gigsim.theory.participation.curves import Curve, FunctionCurve
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.regimes import AssuredCurve, PivotalCurve, pivotal_curve

#: Rules that are a map of the population's share.
RULES = ("best_response", "logit", "pivotal", "threshold")
# Equal parts of the population by cost, each with one cost, under logistic noise.
_PARTS = 512


@dataclass(frozen=True, eq=False)
class Prediction:
    """The mean field of a config.

    Attributes:
        outsiders: the map by which people join; its ``first_movers`` are the config's share.
        members: the map by which members stay; the same object where nobody keeps the signal.
        draws: ``outsiders`` once for each drawn curve; None where the curve is not measured.
        benefit: G(α) with where it comes from; None for a rule that weighs no benefit.
        irreversible: does nobody ever leave who has joined?
        leaves_out: what of the config the maps do not know, in plain words.
    """

    outsiders: JoiningMap
    members: JoiningMap
    draws: JoiningMap | None
    benefit: Benefit | None
    irreversible: bool
    leaves_out: tuple[str, ...]

    @property
    def source(self) -> str:
        """What G(α) is."""
        return "the share itself" if self.benefit is None else self.benefit.source


@dataclass(frozen=True)
class NoisyCosts:
    """Costs with the logit rule's noise: c_i and an independent logistic term of scale 1/λ.

    Attributes:
        values: the costs of equally many people each, ascending, finite, shape (n,).
        precision: λ > 0.
    """

    values: Floats
    precision: float

    @property
    def levels(self) -> Floats:
        """None: noise leaves no gaps."""
        return np.zeros(0)

    def cdf(self, x: ArrayLike) -> Floats:
        """Mean over people of Λ(λ(x − c_i)), shape of ``x``."""
        at = np.asarray(x, dtype=np.float64)
        # A constant cost needs one term, not five hundred equal ones.
        return np.asarray(expit(self.precision * (at[..., None] - self.values)).mean(axis=-1))[()]

    def quantile(self, u: ArrayLike) -> Floats:
        """By bisection; −inf for u = 0, inf for u = 1."""
        share = unit_interval("u", u)
        inner = (share > 0) & (share < 1)
        aim = np.where(inner, share, 0.5)
        # No mixture lies beyond the noise's own quantile around its extreme costs.
        noise = np.log(aim / (1 - aim)) / self.precision
        low, high = self.values[0] + noise, self.values[-1] + noise
        for _ in range(80):
            middle = (low + high) / 2
            under = self.cdf(middle) < aim
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return np.where(inner, high, np.where(share > 0, np.inf, -np.inf))[()]


def joining_map(config: Config, who: Literal["outsiders", "members"] = "outsiders") -> JoiningMap:
    """One of the two maps of :func:`predict`, for those who need no more.

    Args:
        config: see there.
        who: whose decision: joining (``outsiders``) or staying (``members``).

    Raises:
        InputError: see there.
    """
    found = predict(config)
    return found.outsiders if who == "outsiders" else found.members


def predict(config: Config, *, known: Benefit | None = None) -> Prediction:
    """The mean field of a config as it begins; ``[[at]]`` changes are not looked at.

    Args:
        config: with a rule of :data:`RULES`.
        known: its benefit, where it has been worked out before.

    Raises:
        InputError: a rule that is no map of the population's share, a curve that is not known
            beforehand, a table of costs that cannot be used.
    """
    society, size = config.society, config.population.size
    rule: str = society.rule
    section = config.collective
    first = section.first_movers / size
    never_leaves = society.leaving == "never"
    if rule == "threshold" and society.reference_group == "population":
        same = FunctionCurve(lambda alpha: np.asarray(alpha, dtype=np.float64))
        thresholds = law_of(config.population.threshold)
        granovetter = JoiningMap(same, thresholds, first_movers=first)
        out = _leaves_out(config, priced=False)
        return Prediction(granovetter, granovetter, None, None, never_leaves, out)
    if rule not in RULES or rule == "threshold":
        raise _no_map(society)
    gives = known or benefit(config)
    costs = law_of(config.population.cost)
    spill = 0.0 if society.spillover == "measured" else float(society.spillover)
    retained = section.retention
    worth = society.benefit_scale
    once = society.cost_timing == "once"
    if rule == "logit":
        if once:
            raise InputError(
                "society.cost_timing",
                '"once" with society.rule = "logit" has no map: who stays and who joins weigh'
                " different sums",
                "per_period; or the recursion of gigsim.dynamics.mean_field",
            )
        costs = NoisyCosts(_parts(config.population.cost), society.choice_precision)
    if once and section.dues > 0:
        raise InputError(
            "collective.dues",
            'with society.cost_timing = "once" are weighed by another sum for staying than for'
            " joining",
            "0, or per_period",
        )
    if once:
        worth *= society.horizon
    curve: Curve = gives.curve
    drawn = gives.draws
    if rule == "pivotal":
        curve, drawn = differences(curve, size), None
        spill = retained = 0.0
    elif section.provision_point > 0 and section.refund:
        curve = AssuredCurve(curve, section.provision_point)
        drawn = None if drawn is None else AssuredCurve(drawn, section.provision_point)
    outsiders = JoiningMap(
        curve,
        costs,
        benefit=worth,
        gamma=spill,
        side_payment=-section.dues,
        first_movers=first,
    )
    members = outsiders
    if retained > 0:
        members = replace(outsiders, gamma=retained + (1 - retained) * spill)
    return Prediction(
        outsiders=outsiders,
        members=members,
        draws=None if drawn is None else replace(outsiders, curve=drawn),
        benefit=gives,
        irreversible=never_leaves or (once and rule == "best_response"),
        leaves_out=_leaves_out(config, priced=True),
    )


def law_of(law: Law) -> Costs:
    """A config's law as theory has it; a table is the law of its rows."""
    if isinstance(law, Table):
        return SampleCosts(read_column(law.path, law.column))
    return cost_law(**law.model_dump())


def _parts(law: Law) -> Floats:
    """The costs of equal parts of the population, ascending."""
    if isinstance(law, Table):
        return np.sort(read_column(law.path, law.column))
    if law.kind == "constant":
        return np.array([law.value])
    return np.asarray(law.quantile((np.arange(_PARTS) + 0.5) / _PARTS))


def _no_map(society: Society) -> InputError:
    whose = ""
    if society.rule == "threshold":
        whose = f' with society.reference_group = "{society.reference_group}"'
    return InputError(
        "society.rule",
        f'"{society.rule}"{whose} is no map of the share of the population that has joined',
        "best_response, logit, pivotal, or threshold with society.reference_group ="
        ' "population"; or `gigsim tip critical-mass --boundary SHARE`, which simulates any rule',
    )


def differences(curve: Curve, size: int) -> Curve:
    """G(α + 1/N) − G(α): what ``pivotal`` weighs, α the share of the others.

    Args:
        curve: of a ``Benefit``; one case.
        size: N, at least 1.
    """
    if isinstance(curve, FunctionCurve):
        # A bound: nothing up to its foot, concave from there on.
        feet = np.asarray(curve.points, dtype=np.float64)
        return PivotalCurve(curve, size, np.concatenate([feet, feet - 1 / size]))
    return pivotal_curve(curve, size)


def _leaves_out(config: Config, *, priced: bool) -> tuple[str, ...]:
    """What of a config a map of the share cannot know."""
    society, section = config.society, config.collective
    said = []
    if priced and section.leak > 0:
        said.append(
            f"leak = {section.leak:g}: people who get hold of the signal have no reason to join;"
            " the recursion (gigsim.dynamics.mean_field) knows them"
        )
    if priced and section.retention > 0:
        said.append(
            f"retention = {section.retention:g}: leavers who keep the signal do not come back;"
            " joining and staying are two maps"
        )
    if priced and society.belief == "neighbours":
        said.append("belief = neighbours: who knows nobody with the signal expects nothing")
    if priced and section.subsidy > 0:
        said.append(f"subsidy = {section.subsidy:g}: it lasts as long as the fund does")
    if priced and section.provision_point > 0 and not section.refund:
        said.append("provision point without refund: below it nothing is provided")
    learner = config.platform.learner
    if isinstance(learner, SurrogateRecipe) and learner.draw == "training":
        said.append("draw = training: S differs from one retraining to the next")
    if config.population.turnover > 0:
        said.append(f"turnover = {config.population.turnover:g}: newcomers are no members yet")
    if config.at:
        said.append("changes in time (at)")
    if not isinstance(society.activation, int | float):
        said.append("activation that differs between people")
    return tuple(said)
