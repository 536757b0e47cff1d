"""What a plan stands on: the config's mean field, its curve, and what they do not know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from gigsim.config import Config, build
from gigsim.config.changes import timeline
from gigsim.dynamics.benefit import Benefit, benefit
from gigsim.dynamics.prediction import predict
from gigsim.errors import InputError
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.equilibria import FixedPoints
from gigsim.theory.participation.joining_map import JoiningMap

#: Rules by which people weigh what membership brings against what it costs them.
RULES = ("best_response", "logit")
#: The organiser's levers. A plan sets them by itself and begins without.
_LEVERS = {
    "collective.subsidy": 0.0,
    "collective.subsidy_until": 1.0,
    "collective.fund": 0.0,
    "collective.provision_point": 0.0,
    "collective.refund": True,
    # Trainings beside a run answer none of a plan's questions.
    "measure.spot_checks": [],
}


@dataclass(frozen=True, eq=False)
class Outlook:
    """A society that nobody has joined yet, and what membership brings in it.

    Attributes:
        config: without subsidies, fund and provision point, which a plan is to find.
        society: the map by which members stay, nobody committed; what sustains itself is on it.
        draws: the same once for each drawn curve; None where the curve is no measurement.
        weighed: G(α), what people set against their cost.
        brings: S(α), as its gain over U(0) (:attr:`Benefit.clean`).
        measured: is the curve a measurement, or a theorem's promise?
        leaves_out: what of the config the map does not know, in plain words.
    """

    config: Config
    society: JoiningMap
    draws: JoiningMap | None
    weighed: Benefit
    brings: Benefit
    measured: bool
    leaves_out: tuple[str, ...] = ()

    @property
    def people(self) -> int:
        """N."""
        return self.config.population.size

    @property
    def first_movers(self) -> float:
        """The config's committed first movers, a share of the people."""
        return self.config.collective.first_movers / self.people

    @property
    def smallest(self) -> float:
        """The smallest share above 0 for which there is a measurement; 0 of a promise."""
        return float(self.brings.alphas[self.brings.alphas > 0][0]) if self.measured else 0.0

    @property
    def largest(self) -> float:
        """The largest share of the people for which there is a measurement; 1 of a promise."""
        return float(self.brings.alphas[-1]) if self.measured else 1.0

    @cached_property
    def equilibria(self) -> FixedPoints:
        """Those of :attr:`society`."""
        return self.society.fixed_points()

    @cached_property
    def critical_mass(self) -> float:
        """The share from which on the collective sustains itself; inf: never, 0: from nobody.

        Of whole people: see :func:`of_people`.
        """
        return of_people(self.equilibria.critical_mass(), self.society, self.people)

    def success(self, alpha: float) -> float:
        """S at a share: of a promise, no less than U(0)."""
        return self.brings.clean + float(self.brings.curve.value(np.array([alpha]))[0])


def outlook(
    config: Config, curve: Path | None = None, arm: str = "", period: int | None = None
) -> Outlook:
    """What there is to plan with.

    Args:
        config: of the society; with a surrogate's curve, or a platform of which theory says
            something beforehand.
        curve: of a file that stands in for the platform.
        arm: which curve of a file of ``gigsim curve`` that has several.
        period: the world as ``[[at]]`` changes have made it by this period, at least 0, is taken
            to stay; None of a config without changes.

    Raises:
        InputError: a rule by which people do not weigh benefit and cost, costs paid once, changes
            in time and no period, a file that is no curve, a platform of which nothing is known
            beforehand.
    """
    if period is not None:
        config = world_of(config, period)
    if curve is not None:
        config = with_curve(config, curve, arm)
    _check(config)
    config = build(config.model_dump(mode="json"), _LEVERS)
    known = benefit(config)
    found = predict(config, known=known)
    recipe = config.platform.learner
    measured = isinstance(recipe, SurrogateRecipe) and recipe.source == "curve"
    brings = known
    if measured and config.society.spillover == "measured":
        # What people weigh is S - U(α); what works is S.
        brings = benefit(build(config.model_dump(mode="json"), {"society.spillover": 0.0}))
    # Where nobody ever leaves, what is weighed is joining.
    who = found.outsiders if config.society.leaving == "never" else found.members
    society = _nobody_yet(who, config)
    drawn = None
    if found.draws is not None:
        kept = float(np.asarray(who.gamma)[0])
        drawn = _nobody_yet(replace(found.draws, gamma=kept), config)
    return Outlook(config, society, drawn, known, brings, measured, found.leaves_out)


def world_of(config: Config, period: int) -> Config:
    """The config that is in force in a period, without any change after it.

    Raises:
        InputError: a change that is none, or beyond what may change in time.
    """
    changes = timeline(config, build)
    so_far = [one for when, one in changes.items() if when <= period]
    return build((so_far or [config])[-1].model_dump(mode="json") | {"at": []}, {})


def with_curve(config: Config, curve: Path, arm: str = "") -> Config:
    """The same society before a measured curve; what only a learner needs is put back.

    Raises:
        InputError: the strategy needs more of a platform than a curve has.
    """
    table = config.model_dump(mode="json")
    table["platform"]["learner"] = {"kind": "surrogate", "curve": str(curve), "arm": arm}
    return build(table, {"run.device": "cpu", "run.precision": "float32"})


def of_people(mass: float, society: JoiningMap, people: int, case: int = 0) -> float:
    """A critical mass of the map as one of N people: at least one, where none of them begins.

    The map grows from any share above an unstable equilibrium at 0, and stays where nobody is:
    somebody has to be the first. It is nobody only where at least one of the N people is expected
    to join while there is nobody.

    Args:
        mass: of the map, inf where it is never.
        society: the map, nobody committed.
        people: N.
        case: which society.
    """
    if mass == 0 and people * float(society.next(0.0, case=case)) >= 1:
        return 0.0
    return max(mass, 1 / people)


def members(share: float, people: int) -> int | None:
    """The least whole number of people that is at least a share of them; None of an infinite one.

    A hair over a whole number is that number, if it is not 0: rounding is not a person.
    """
    if not np.isfinite(share):
        return None
    return max(int(share > 0), int(np.ceil(share * people - 1e-9 * max(1.0, share * people))))


def grid_of(society: JoiningMap, people: int, low: float, high: float) -> Floats:
    """Shares at which a graph over them is looked at: breaks, and many between.

    Args:
        society: for the breaks of its curve and the jumps of its costs.
        people: N.
        low: from here on.
        high: at most 1.
    """
    # A critical mass may be less than a person; then one is looked for below it.
    start = max(low, min(1.0 / people, 1e-3 * high))
    if high <= start:
        return np.array([min(start, 1.0)])
    grid = np.concatenate(
        [
            np.geomspace(start, high, 2049),
            np.linspace(start, high, 2049),
            society.curve.breaks,
            society.costs.levels,
        ]
    )
    return np.unique(grid[(grid >= start) & (grid <= high)])


def _nobody_yet(society: JoiningMap, config: Config) -> JoiningMap:
    return replace(society, first_movers=0.0, side_payment=-config.collective.dues)


def _check(config: Config) -> None:
    society = config.society
    if society.rule not in RULES:
        raise InputError(
            "society.rule",
            f'"{society.rule}" is no rule that a plan\'s map of participation is for',
            f"{' or '.join(RULES)}; gigsim tip finds the critical mass of any rule",
        )
    if society.cost_timing == "once":
        raise InputError(
            "society.cost_timing",
            '"once" makes members stay for good whatever it brings, and subsidies a period are set'
            " against a horizon",
            'a plan is for society.cost_timing = "per_period"',
        )
    recipe = config.platform.learner
    curve = isinstance(recipe, SurrogateRecipe) and recipe.source == "curve"
    if curve and society.belief == "theory":
        raise InputError(
            "society.belief",
            '"theory" has no theorem where a measured curve stands for the platform',
            "published, adaptive or neighbours",
        )
    if config.at:
        raise InputError(
            "at",
            "a plan is for a world that stays as it is, and this one changes",
            "--at PERIOD, the world as it is from that period on; or no [[at]]",
        )
