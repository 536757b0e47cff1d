"""G(α) as a config has it: what stands in for the platform, as a curve of theory with its draws.

A surrogate's curve is what its runs are paid by. A platform that trains has no curve before it is
asked; what is known of it beforehand is the theorem on the built-in resumes, a promise and not a
measurement, and :attr:`Benefit.source` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gigsim.config import Config, build
from gigsim.curves.statistics import Climb, Luck
from gigsim.errors import InputError
from gigsim.exact_laboratory import stand_in
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.learners.stand_ins import BoundStandIn, CurveStandIn
from gigsim.model import GigEconomy
from gigsim.scene import set_scene
from gigsim.staircase import StaircaseStandIn
from gigsim.streams import Streams
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.curves import Curve, FunctionCurve, StepCurve
from gigsim.theory.participation.measured_curve import MeasuredCurve

#: Whole curves that are drawn to carry the uncertainty of a measured one.
DRAWS = 400


@dataclass(frozen=True, eq=False)
class Benefit:
    """What a carrier of the signal has over others, as a function of the share that has joined.

    Attributes:
        curve: G(α), one case: S(α) less what somebody without the signal has (U(0), or where
            spillover is measured U(α)), none below 0.
        draws: the same of whole drawn curves, one case each; None where nothing was drawn.
        source: what it is, in a few words.
        clean: U(0), in [0, 1].
        success: S(α) at the shares of ``alphas``, in [0, 1] (a bound may be below), shape (A,).
        alphas: ascending in [0, 1], shape (A,).
    """

    curve: Curve
    draws: Curve | None
    source: str
    clean: float
    alphas: Floats
    success: Floats

    def success_at(self, alpha: ArrayLike) -> Floats:
        """S(α), a straight line between ``alphas`` and constant beyond, shape of ``alpha``."""
        return np.asarray(np.interp(np.asarray(alpha), self.alphas, self.success))

    def reaching(self, level: float) -> float:
        """The least of ``alphas`` at which S is at ``level`` or above, inf where it never is."""
        there = np.flatnonzero(self.success >= level)
        return float(self.alphas[there[0]]) if len(there) else float("inf")


def benefit(config: Config, draws: int = DRAWS) -> Benefit:
    """The benefit of a config.

    Args:
        config: with a surrogate; or with another platform, where the theorem on the built-in
            resumes stands for it.
        draws: whole curves for the uncertainty of a measured one, at least 2.

    Raises:
        InputError: a curve that cannot be used; a platform of which nothing is known beforehand.
    """
    if not isinstance(config.platform.learner, SurrogateRecipe):
        return _promised(config)
    label_names = set_scene(_nobody(config), Streams(config.run.seed), lambda _: None).label_names
    found = stand_in(config, labels=len(label_names))
    if isinstance(found, CurveStandIn):
        return _measured(config, found, draws)
    metric, follow = config.measure.success, 1.0 - config.collective.abstain
    clean = float(found.mean(f"base_{metric}", 0.0))

    def success(alpha: ArrayLike) -> Floats:
        return found.mean(f"success_{metric}", np.asarray(alpha, dtype=np.float64) * follow)

    if isinstance(found, BoundStandIn):
        return _formula(success, clean, found.words)
    steps, heights = _steps(success, found.held_out if isinstance(found, StaircaseStandIn) else 0)
    return Benefit(
        curve=StepCurve(steps, np.maximum(heights - clean, 0.0), "left"),
        draws=None,
        source=found.words,
        clean=clean,
        alphas=(grid := _grid(steps)),
        success=success(grid),
    )


def _grid(more: Floats) -> Floats:
    """Shares at which S is told, evenly and in logarithms, with others among them."""
    even, low = np.linspace(0, 1, 1001), np.geomspace(1e-7, 1.0, 2001)
    return np.unique(np.concatenate([even, low, more, np.nextafter(more, 2)]).clip(0, 1))


def _steps(success: Callable[[ArrayLike], Floats], count: int) -> tuple[Floats, Floats]:
    """Where a staircase of ``count`` equal parts climbs, and its heights, by bisection."""
    levels = (np.arange(count) + 0.5) / count
    low, high = np.zeros(count), np.ones(count)
    never, always = success(high) < levels, success(low) >= levels
    for _ in range(64):
        middle = (low + high) / 2
        above = success(middle) >= levels
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    # Within rounding of the double it is above: the step itself is the last share that is not.
    steps = np.unique(low[~never & ~always])
    return steps, np.concatenate([success(np.zeros(1)), success(np.nextafter(steps, 2))])


def _measured(config: Config, found: CurveStandIn, draws: int) -> Benefit:
    """The surrogate's file: straight lines in α, as the loop reads it."""
    curve, metric = found.curve, config.measure.success
    success, base = (curve.columns[f"{name}_{metric}"] for name in ("success", "base"))
    clean = float(base[0])
    without = base if config.society.spillover == "measured" else clean
    drawn = _drawn(found, metric, draws) if curve.varies else None
    # A share 1 - abstain of the members follows: what α brings, α_effective has been measured at.
    knots = curve.alphas / (1.0 - config.collective.abstain)
    return Benefit(
        curve=_scaled(knots, success - without),
        draws=None if drawn is None else _scaled(knots, np.clip(drawn, 0, 1) - without),
        source=found.words,
        clean=clean,
        alphas=knots[knots <= 1],
        success=success[knots <= 1],
    )


def _scaled(knots: Floats, gains: Floats) -> MeasuredCurve:
    """Lines between knots of which the last may lie beyond 1, where nobody can get."""
    inside = knots <= 1
    if inside.all():
        return MeasuredCurve(knots, gains, "linear")
    rows = np.atleast_2d(gains)
    last = int(inside.sum())
    part = (1.0 - knots[last - 1]) / (knots[last] - knots[last - 1])
    end = rows[:, last - 1] + part * (rows[:, last] - rows[:, last - 1])
    kept = np.concatenate([rows[:, :last], end[:, None]], axis=1)
    if knots[last - 1] == 1.0:
        return MeasuredCurve(knots[:last], rows[:, :last].reshape(*gains.shape[:-1], -1), "linear")
    return MeasuredCurve(
        np.append(knots[:last], 1.0), kept.reshape(*gains.shape[:-1], -1), "linear"
    )


def _drawn(found: CurveStandIn, metric: str, draws: int) -> Floats:
    """Whole curves of S, drawn as ``gigsim curve`` draws them, shape (draws, A)."""
    curve = found.curve
    counts = curve.trainings
    # The k-th training of one share and the k-th of another are of one seed.
    place = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    success = np.full((int(counts.max()), len(counts)), np.nan)
    success[rank, place] = curve.single[f"success_{metric}"]
    errors = _held_out_errors(found)
    # At α = 0 the same resumes tell S and U(0): that error is no error of the gain.
    errors[0] = 0.0
    climb = Climb(
        name=Path(found.path).name,
        sizes=curve.alphas,
        seeds=tuple(range(len(success))),
        success=success,
        held_out=errors,
        base=float(curve.columns[f"base_{metric}"][0]),
        luck=Luck(draws),
    )
    # One training at a share says nothing of its spread: only what is known varies.
    return np.where(np.isnan(climb.draws), climb.mean, climb.draws)


def _held_out_errors(found: CurveStandIn) -> Floats:
    """Standard errors from the held-out resumes, shape (A,); 0 where the file says none."""
    path = Path(found.path)
    with path.open("rb") as stream:
        parquet = stream.read(4) == b"PAR1"
    rows = pd.read_parquet(path) if parquet else pd.read_csv(path)
    rows.columns = [str(name).strip() for name in rows.columns]
    if "success_se" not in rows:
        return np.zeros(len(found.curve.alphas))
    if found.arm:
        rows = rows[rows["name"] == found.arm]
    place = np.searchsorted(found.curve.alphas, rows["alpha"].to_numpy())
    errors = pd.to_numeric(rows["success_se"], errors="coerce").fillna(0.0)
    return errors.groupby(place).mean().to_numpy(copy=True)


def _promised(config: Config) -> Benefit:
    """The theorem at the upper limits of its numbers, on the built-in resumes."""
    metric, section = config.measure.success, config.collective
    needed = (
        'platform.learner.kind = "surrogate" with a curve that `gigsim curve` measured; or the'
        " built-in resumes with a strategy that a theorem covers"
    )
    if config.corpus.path:
        raise InputError(
            "platform.learner.kind",
            f'of "{config.platform.learner.kind}" on a corpus nothing is known before it is'
            " trained",
            needed,
        )
    try:
        model = GigEconomy(_nobody(config, {"kind": "bayes"}))
    except InputError as error:
        raise InputError(
            "platform.learner.kind",
            f'of "{config.platform.learner.kind}" nothing is known before it is trained'
            f" ({error.problem})",
            needed,
        ) from error
    known = model.lines.signals.get(metric)
    if known is None:
        raise InputError(
            "platform.learner.kind",
            f'no theorem covers {metric} with collective.strategy = "{section.strategy}"',
            needed,
        )
    clean, follow = model.clean_rate, 1.0 - section.abstain

    def success(alpha: ArrayLike) -> Floats:
        return np.asarray(known.bound_low(np.asarray(alpha) * follow), dtype=np.float64)

    return _formula(
        success, clean, f"promise of {model.lines.theorem(metric)} on the built-in resumes"
    )


def _nobody(config: Config, learner: Mapping[str, Any] | None = None) -> Config:
    """The config with two people in it: what its platform is does not hang on how many there are.

    Args:
        config: of a run.
        learner: in the place of its own.
    """
    table = config.model_dump(mode="json")
    section = {"size": 2, "replacement": config.population.replacement}
    table |= {"population": section, "society": {}, "network": {"kind": "complete"}, "at": []}
    table["collective"] |= {
        **{"first_movers": 0, "leak": 0.0, "retention": 0.0, "seeding": "random"},
        **{"dues": 0.0, "fund": 0.0, "subsidy": 0.0, "provision_point": 0.0},
    }
    if learner is not None:
        table["platform"]["learner"] = dict(learner)
        table["measure"]["spot_checks"] = []
    return build(table)


def _formula(success: Callable[[ArrayLike], Floats], clean: float, source: str) -> Benefit:
    """A bound, which rises with α from somewhere below U(0)."""
    grid = _grid(np.zeros(0))
    heights = success(grid)
    above = np.flatnonzero(heights > clean)
    foot = _foot(success, clean, grid, int(above[0])) if len(above) else ()
    return Benefit(
        curve=FunctionCurve(lambda alpha: success(alpha) - clean, points=foot),
        draws=None,
        source=source,
        clean=clean,
        alphas=grid,
        success=heights,
    )


def _foot(
    success: Callable[[ArrayLike], Floats], clean: float, grid: Floats, first: int
) -> tuple[float, ...]:
    """Where the promise leaves U(0), by bisection, if that is inside (0, 1)."""
    if first == 0:
        return ()
    low, high = float(grid[first - 1]), float(grid[first])
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if float(success(middle)) > clean else (middle, high)
    return (high,) if 0 < high < 1 else ()
