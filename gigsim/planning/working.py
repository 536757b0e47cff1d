"""Question 1: how many members until it works, measured, and what a theorem promises beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gigsim.collective.catalogue import STRATEGIES
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.planning.outlook import Outlook, members
from gigsim.theory.estimates import clopper_pearson
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.curves import Curve
from gigsim.theory.participation.measured_curve import MeasuredCurve
from gigsim.theory.planting import critical_mass

#: Of every interval of a plan.
LEVELS = (0.025, 0.975)
_ASSUMPTIONS = (
    "members are a random draw of the people",
    "the classifier makes no error (ε = 0) and has seen as much as there is",
)


def least_share(curve: Curve, gain: float) -> Floats:
    """The smallest share at which each case of a curve reaches a gain; inf where none does.

    Exactly for a measured curve, which is straight between its knots; else by bisection of a curve
    that does not fall.

    Args:
        curve: G(α) ≥ 0.
        gain: to be reached; 0 or less is reached by nobody.

    Returns:
        Shape (cases,), in [0, 1] or inf.
    """
    if gain <= 0:
        return np.zeros(curve.cases)
    if isinstance(curve, MeasuredCurve) and curve.scale == "linear":
        return _crossings(curve, gain)
    low, high = np.zeros(curve.cases), np.ones(curve.cases)
    case = np.arange(curve.cases)
    for _ in range(80):
        middle = (low + high) / 2
        there = curve.value(middle, 0, case) >= gain
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    return np.where(curve.value(np.ones(curve.cases), 0, case) >= gain, high, np.inf)


def _crossings(curve: MeasuredCurve, gain: float) -> Floats:
    knots, heights = curve.knots, curve.heights
    above = heights >= gain
    at = above.argmax(axis=1)
    rows, before = np.arange(len(heights)), np.maximum(at - 1, 0)
    rise = heights[rows, at] - heights[rows, before]
    part = (gain - heights[rows, before]) / np.where(rise > 0, rise, 1.0)
    inside = knots[before] + part * (knots[at] - knots[before])
    return np.where(above.any(axis=1), np.where(at == 0, knots[0], inside), np.inf)


def working(look: Outlook) -> dict[str, Any]:
    """The plan's ``works``: see docs/planning.md."""
    goal, people = look.config.measure.success_target, look.people
    needed = goal - look.brings.clean
    # From somebody on: no share of a person is a size.
    share = works_at(look)
    share = max(share, 1 / people) if share > 0 else share
    found: dict[str, Any] = {
        "target": goal,
        "metric": look.config.measure.success,
        "aim": STRATEGIES[look.config.collective.strategy].aim,
        "without": look.brings.clean,
        "smallest_measured": look.smallest,
        "largest_measured": look.largest,
        "largest_success": look.success(1.0),
        "lowest_beyond": _lowest_beyond(look, share),
        **count_of("", share, people),
        **no_interval(),
    }
    if look.brings.draws is not None:
        drawn = least_share(look.brings.draws, needed)
        low, high = np.quantile(drawn, LEVELS, method="inverted_cdf")
        found |= interval_of(low, high, people)
    found["guarantee"] = _guarantee(look)
    return found


def works_at(look: Outlook) -> float:
    """The share from which it works, whether it lasts or not; inf: none."""
    goal = look.config.measure.success_target - look.brings.clean
    return float(least_share(look.brings.curve, goal)[0])


def _lowest_beyond(look: Outlook, share: float) -> float | None:
    """The least S of all sizes from a share on; None where it is never, or nobody."""
    if not 0 < share <= 1:
        return None
    curve = look.brings.curve
    sizes = np.unique(np.concatenate([curve.breaks, look.brings.alphas, [share, 1.0]]))
    beyond = curve.value(sizes[sizes >= share])
    # Straight, or rising, between its breaks.
    return look.brings.clean + float(beyond.min())


def count_of(end: str, share: float, people: int) -> dict[str, Any]:
    """A share and the number of people that it is, under the keys of an estimate or of an end."""
    known = share if np.isfinite(share) else None
    suffix = f"_{end}" if end else ""
    return {end or "share": known, f"people{suffix}": members(share, people)}


def no_interval() -> dict[str, Any]:
    """The keys of an interval that there is not."""
    ends = dict.fromkeys(("low", "high", "people_low", "people_high"))
    return {"interval": False, **ends}


def interval_of(low: float, high: float, people: int) -> dict[str, Any]:
    """The keys of an interval; an end that is None is an infinite one."""
    ends = count_of("low", float(low), people) | count_of("high", float(high), people)
    return {"interval": True, **ends}


def _guarantee(look: Outlook) -> dict[str, Any] | None:
    """What Theorem 1 promises of the corpus that the curve was measured on, or of ``corpus.xi``."""
    config, goal = look.config, look.config.measure.success_target
    section, recipe = config.collective, config.platform.learner
    theorem = STRATEGIES[section.strategy].theorem_for(config.measure.success, section.label_sets)
    if not look.measured:
        share = float(least_share(look.brings.curve, goal - look.brings.clean)[0])
        return _promised(look, share, look.brings.source.removeprefix("promise of "), ())
    if theorem is None or section.strategy != "feature_label" or section.wrong_label:
        return None
    assert isinstance(recipe, SurrogateRecipe)
    seen = _from_file(Path(recipe.curve), recipe.arm, config.measure.success, goal)
    if seen is None:
        share = float(critical_mass(goal, xi=config.corpus.xi, gap=1.0))
        said = f"the signal stands in {100 * config.corpus.xi:g} % of other resumes (corpus.xi)"
        return _promised(look, share, "Theorem 1 at Δ = 1", (said,))
    share, said = seen
    return _promised(look, share, "Theorem 1, as the curve's file has it", (said,))


def _promised(look: Outlook, share: float, source: str, more: tuple[str, ...]) -> dict[str, Any]:
    follow = 1.0 - look.config.collective.abstain
    # The curve of a promise knows of those who abstain; a theorem by itself does not.
    share = share if not look.measured else share / follow
    share = share if share <= 1 else np.inf
    there = look.measured and np.isfinite(share) and share <= look.largest
    return {
        **count_of("", share, look.people),
        "source": source,
        "assumptions": [*_ASSUMPTIONS, *more],
        "measured_there": look.success(share) if there else None,
    }


def _from_file(path: Path, arm: str, metric: str, goal: float) -> tuple[float, str] | None:
    """Where the file's own bound reaches the goal, straight in 1/α as Theorem 1 is."""
    with path.open("rb") as stream:
        parquet = stream.read(4) == b"PAR1"
    table = pd.read_parquet(path) if parquet else pd.read_csv(path)
    column = f"bound_{metric}"
    if column not in table or "alpha" not in table:
        return None
    if arm and "name" in table:
        table = table[table["name"] == arm]
    rows = table[(table["alpha"] > 0) & np.isfinite(table[column])]
    if not len(rows):
        return None
    bound = rows.groupby("alpha")[column].mean()
    if (bound >= 1).all():
        # A signal that no resume was seen to carry: what can be said is how rare it must be.
        if "members" not in rows:
            return None
        people = int(np.rint(rows["members"] / rows["alpha"]).median())
        xi = float(clopper_pearson(0, people).high)
        said = (
            f"the signal stood in none of {people:,} resumes, so in under {100 * xi:.2g} % (95 %)"
        )
        return float(critical_mass(goal, xi=xi, gap=1.0)), said
    first = rows[rows["alpha"] == bound.index[0]].iloc[0]
    kappa = (1 - float(first[column])) * float(first["alpha"]) / (1 - float(first["alpha"]))
    said = f"κ, the mass of other resumes that the signal has to outweigh, is {100 * kappa:.2g} %"
    return float(critical_mass(goal, xi=min(kappa, 1.0), gap=1.0)), said
