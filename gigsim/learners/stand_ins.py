"""What stands in for a classifier that is retrained, and says so: a measured curve, or a bound.

Whoever stands in gives every quantity that it knows of at a share α, and NaN for the others. The
exact staircase of a law is the third (``gigsim.staircase``): it needs resumes of that law.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from gigsim.collective.catalogue import STRATEGIES
from gigsim.errors import InputError
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.learners.surrogate import Curve, load_curve
from gigsim.theory.closeness import Closeness
from gigsim.theory.feature_only import feature_only_bound
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal, feature_label_bound
from gigsim.theory.wrong_labels import wrong_label_margin

if TYPE_CHECKING:
    from gigsim.config import Config


#: What a measured curve is of.
_ABOUT = ("learner", "strategy", "target")


class StandIn(Protocol):
    """S and U as functions of α_effective."""

    @property
    def words(self) -> str:
        """What it is, in one line, for people who would take it for a measurement."""
        ...

    @property
    def draws(self) -> bool:
        """Does a retraining have luck?"""
        ...

    def at(self, alpha: float, luck: float = 0.0) -> dict[str, float]:
        """What is known at one α, by the names of ``measures.success.QUANTITIES``.

        Args:
            alpha: in [0, 1].
            luck: uniform in [0, 1), where it :attr:`draws`.
        """
        ...

    def mean(self, name: str, alphas: ArrayLike) -> Floats:
        """``success_*`` or ``base_*`` at shares of any shape, without luck."""
        ...

    def error(self, name: str, alpha: float) -> float:
        """Standard error of :meth:`at`'s ``name``, NaN where nobody knows it, 0 of a promise."""
        ...

    def parts(self) -> list[Any]:
        """All that it goes by: equal parts, equal answers."""
        ...


@dataclass(frozen=True, eq=False)
class CurveStandIn:
    """A measured curve; attributes as :class:`StandIn`.

    Attributes:
        curve: the curve.
        path: its file.
        arm: its name in that file, or empty.
        draws: one training at a time in place of their mean?
    """

    curve: Curve
    path: str
    arm: str
    draws: bool

    @property
    def words(self) -> str:
        """Which file, and how much was measured."""
        counts = self.curve.trainings
        each = (
            f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()}-{counts.max()}"
        )
        arm = f", arm {self.arm}" if self.arm else ""
        about = [self.curve.about[name] for name in _ABOUT if name in self.curve.about]
        of = f" of {', '.join(about)}" if about else ""
        how = "one of them drawn at each retraining" if self.draws else "their mean"
        return (
            f"a measured curve{of} ({Path(self.path).name}{arm}: {len(counts)} alphas up to"
            f" {self.curve.alphas[-1]:.3g}, {each} trainings at each; {how})"
        )

    def at(self, alpha: float, luck: float = 0.0) -> dict[str, float]:
        """See :class:`StandIn`."""
        return self.curve.training(alpha, luck) if self.draws else self.curve.at(alpha)

    def mean(self, name: str, alphas: ArrayLike) -> Floats:
        """See :class:`StandIn`."""
        return self.curve.mean(name, alphas)

    def error(self, name: str, alpha: float) -> float:
        """Of the trainings' mean, or of one of them where it :attr:`draws`.

        And of the held-out resumes that they share, where the file says it; else of the trainings
        alone.
        """
        if name not in self.curve.columns:
            return float("nan")
        sd = self.curve.columns[f"{name}_sd"]
        spread = sd if self.draws else sd / np.sqrt(self.curve.trainings)
        of_resumes = np.nan_to_num(self.curve.errors.get(name, np.zeros(1)))
        return float(np.interp(alpha, self.curve.alphas, np.hypot(spread, of_resumes)))

    def parts(self) -> list[Any]:
        """See :class:`StandIn`."""
        columns = [part for pair in self.curve.columns.items() for part in pair]
        drawn = [part for pair in self.curve.single.items() for part in pair] if self.draws else []
        return [self.curve.alphas, self.curve.trainings, *columns, *drawn]


@dataclass(frozen=True)
class BoundStandIn:
    """The least that a theorem promises; attributes as :class:`StandIn`.

    S(α) is the bound, but never under U(0), at which it starts. It is a promise for members drawn
    at random and the reading of success that it was made for; nothing is known of the other
    reading, of accuracy, or of people without the signal, who are taken to stay at U(0).

    Attributes:
        theorem: for short.
        goal: the reading of success.
        recipe: the numbers.
        evasive: Theorem 3: do members without y* take the signal out?
        margin: Theorem 1: μ, under 1 where members report wrong labels.
    """

    theorem: str
    goal: Goal
    recipe: SurrogateRecipe
    evasive: bool
    margin: float

    @classmethod
    def of(cls, config: Config, labels: int) -> BoundStandIn:
        """The bound that covers a config's strategy and reading of success.

        Args:
            config: the run's.
            labels: L, at least 2.

        Raises:
            InputError: ε is over what its closeness allows.
        """
        section, goal, recipe = config.collective, config.measure.success, config.platform.learner
        assert isinstance(recipe, SurrogateRecipe), "only a surrogate has a stand-in"
        theorem = STRATEGIES[section.strategy].theorem_for(goal, section.label_sets)
        assert theorem is not None, "the config's clashes refuse others"
        margin = float(wrong_label_margin(section.wrong_label, goal, labels))
        found = cls(theorem, goal, recipe, section.evasive, margin)
        try:
            found.bound(1.0)
        except ValueError as error:
            raise InputError(
                "platform.learner.bound_epsilon", str(error), "a smaller ε, or another closeness"
            ) from error
        return found

    @property
    def words(self) -> str:
        """Which theorem, at which numbers."""
        recipe = self.recipe
        number = (
            f"p = {recipe.bound_p:g}"
            if self.theorem == "Theorem 3"
            else f"Δ = {recipe.bound_gap:g}" + (f", μ = {self.margin:g}" if self.margin < 1 else "")
        )
        said = (
            f"ε = {recipe.bound_epsilon:g} ({recipe.bound_closeness})"
            if recipe.bound_epsilon
            else "ε = 0"
        )
        return (
            f"a bound and no measurement (the least that {self.theorem} promises: ξ ="
            f" {recipe.bound_xi:g}, {number}, {said}; U(0) = {recipe.bound_base_rate:g} as given)"
        )

    @property
    def draws(self) -> bool:
        """A promise has no luck."""
        return False

    def bound(self, alphas: ArrayLike) -> Floats:
        """The theorem's formula at shares of any shape, unclipped."""
        recipe = self.recipe
        closeness: Closeness | None = None
        if recipe.bound_closeness != "none":
            closeness = recipe.bound_closeness
        if self.theorem == "Theorem 3":
            return feature_only_bound(
                alphas,
                p=recipe.bound_p,
                xi=recipe.bound_xi,
                evasive=self.evasive,
                epsilon=recipe.bound_epsilon,
                closeness=closeness,
            )
        return feature_label_bound(
            alphas,
            xi=recipe.bound_xi,
            gap=recipe.bound_gap,
            epsilon=recipe.bound_epsilon,
            closeness=closeness,
            margin=self.margin,
        )

    def at(self, alpha: float, luck: float = 0.0) -> dict[str, float]:
        """See :class:`StandIn`."""
        names = (f"{what}_{self.goal}" for what in ("success", "base"))
        return {name: float(self.mean(name, alpha)) for name in names}

    def mean(self, name: str, alphas: ArrayLike) -> Floats:
        """See :class:`StandIn`; NaN for the other reading of success."""
        shares = np.asarray(alphas, dtype=np.float64)
        if not name.endswith(self.goal):
            return np.full(shares.shape, np.nan)
        if name.startswith("base"):
            return np.full(shares.shape, self.recipe.bound_base_rate)
        return np.maximum(self.bound(shares), self.recipe.bound_base_rate)

    def error(self, name: str, alpha: float) -> float:
        """See :class:`StandIn`; NaN of what it does not speak of."""
        spoken = name in (f"success_{self.goal}", f"base_{self.goal}")
        return 0.0 if spoken else float("nan")

    def parts(self) -> list[Any]:
        """See :class:`StandIn`."""
        return [
            self.theorem,
            self.goal,
            self.evasive,
            self.margin,
            *self.recipe.model_dump().items(),
        ]


def curve_stand_in(recipe: SurrogateRecipe) -> CurveStandIn:
    """Read the curve of a recipe.

    Raises:
        InputError: its file is no curve, has no such arm, or has nothing to draw from.
    """
    curve = load_curve(recipe.curve, recipe.arm)
    draws = recipe.draw == "training"
    if draws and not curve.varies:
        raise InputError(
            "platform.learner.draw",
            f"{recipe.curve} has one training at each alpha: there is nothing to draw from",
            'platform.learner.draw = "mean", or a curve of several seeds',
        )
    return CurveStandIn(curve, recipe.curve, recipe.arm, draws)
