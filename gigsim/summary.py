"""A run in a few numbers: what became of the collective, and its two critical masses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.collective.catalogue import STRATEGIES
from gigsim.exact_laboratory import CurveLaboratory
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.settled import settled_since
from gigsim.stage import Stage
from gigsim.tipping import grown, tipping_period

if TYPE_CHECKING:
    from gigsim.model import GigEconomy

_SPOT = {"any": "success_any", "top1": "success_top1"}


def summarise_run(model: GigEconomy) -> dict[str, Any]:
    """The run's ``summary.json``: plain numbers, None where there is none."""
    since = settled_since(model.periods, model.config, model.laboratory.held_out)
    periods, retrainings = model.periods, model.retrainings
    metric = model.config.measure.success
    last = periods.iloc[-1]
    significant = retrainings["selection_p"].dropna() < 0.01
    lines = model.lines.table(_sizes(model))
    return {
        "name": model.config.name,
        "seed": model.config.run.seed,
        "periods": model.period,
        "retrainings": len(retrainings) - 1,
        "freelancers": len(model.population),
        # A measured curve has no resumes of its own to hold out.
        "held_out": len(model.stage.test_labels) if isinstance(model.stage, Stage) else None,
        "learner": model.config.platform.learner.kind,
        "target": model.config.collective.target,
        "metric": metric,
        "clean_rate": model.clean_rate,
        "clean_rate_sd": plain_number(model.clean[metric][1]),
        # A bound says nothing of it.
        "clean_accuracy": plain_number(periods["accuracy"].iloc[0]),
        "final": {
            name: plain_number(last[name])
            for name in (
                "alpha",
                "members",
                "free_riders",
                "outsiders",
                "success_any",
                "success_top1",
                "base_any",
                "base_top1",
                "accuracy",
                "mean_utility_members",
                "mean_utility_free_riders",
                "mean_utility_outsiders",
            )
        },
        "alpha_platform": _platform(model, lines),
        "alpha_society": _society(model, lines, rests=since is not None),
        "theory_gap": _theory_gap(model),
        "target_model": _target_model(model),
        "selection_significant_share": plain_number(significant.mean()),
        **_stand_in(model),
        **_ending(model, since),
    }


def _stand_in(model: GigEconomy) -> dict[str, Any]:
    """What stood in for the platform, and how real trainings compare; nothing where it trained."""
    if not isinstance(model.laboratory, CurveLaboratory):
        return {}
    recipe = model.config.platform.learner
    assert isinstance(recipe, SurrogateRecipe), "a surrogate's laboratory"
    found: dict[str, Any] = {
        "surrogate": {"source": recipe.source, "words": model.laboratory.words}
    }
    measure = model.config.measure
    if measure.spot_checks:
        rows = model.ledger.spot_checks()
        difference = f"difference_{_SPOT[measure.success]}"
        found["spot_checks"] = {
            "asked": [*measure.spot_checks],
            "learner": measure.spot_learner.kind,
            "composition": measure.spot_composition,
            "metric": measure.success,
            "periods": [int(period) for period in rows["period"]],
            "difference": [plain_number(value) for value in rows[difference]],
            "difference_se": [plain_number(value) for value in rows[f"{difference}_se"]],
            "spot": [plain_number(value) for value in rows[f"spot_{_SPOT[measure.success]}"]],
            "size": measure.spot_size,
            "repeats": measure.spot_repeats,
            "followers": [int(people) for people in rows["followers"]],
        }
    return found


def _ending(model: GigEconomy, since: int | None) -> dict[str, Any]:
    """How far the run got, since when it rests, and whether the collective tipped."""
    run = model.config.run
    tipping = tipping_period(model.retrainings, model.config)
    return {
        "complete": model.finished,
        "periods_done": model.period,
        "settled": since,
        "limit_reached": run.until == "settled" and model.period >= run.limit and since is None,
        "tipped": tipping is not None,
        "tipping_period": tipping,
        "grown": grown(model.periods, model.config),
    }


def _sizes(model: GigEconomy) -> NDArray[np.float64]:
    """Whole numbers of members as shares, all up to a thousand and then ever fewer."""
    size = len(model.population)
    count = np.arange(min(size, 1000) + 1)
    return np.unique(np.append(count, np.rint(np.geomspace(1, size, 2000)))) / size


def _platform(model: GigEconomy, lines: pd.DataFrame) -> dict[str, Any]:
    """Smallest α_effective with S at the target: observed, nominal, and expected at this N.

    A run sees few sizes. It observes one at which S was there, and the largest below that (of all,
    where S never was) at which it was not.
    """
    metric, goal = model.config.measure.success, model.config.measure.success_target
    points = model.retrainings
    there = points[f"success_{metric}"] >= goal
    observed = points.loc[there, "alpha_effective"].min()
    fell_short = points.loc[~there, "alpha_effective"]
    below = fell_short[fell_short < observed] if there.any() else fell_short
    known = model.lines.signals.get(metric)
    nominal = None
    if known is not None:
        mass = float(known.critical_mass(goal))
        # Promised to no share of a population: there is none.
        nominal = mass if mass <= 1 else None
    return {
        "success_target": goal,
        "observed": plain_number(observed),
        "observed_above": plain_number(below.max()),
        "predicted_sufficient": nominal,
        "theorem": model.lines.theorem(metric),
        "predicted_finite_sample": _reaches(lines, f"finite_{metric}", goal),
        "predicted_exact": _reaches(lines, f"exact_{metric}", goal),
    }


def _reaches(lines: pd.DataFrame, column: str, goal: float) -> float | None:
    """The smallest share on a line with S at the goal; None without such a line, or share."""
    if column not in lines or not (lines[column] >= goal).any():
        return None
    return plain_number(lines.loc[lines[column] >= goal, "alpha"].iloc[0])


def _society(model: GigEconomy, lines: pd.DataFrame, *, rests: bool) -> dict[str, Any]:
    """The unstable fixed point of α = F_c(b·G(α)), where a collective starts to grow by itself.

    Predicted for ``best_response`` to published success with costs per period that nothing changes
    in time, dues among them, and nobody pays for: from what an ε = 0 learner gains on N rows over
    its own level without a collective, nobody riding free; a first crossing from below of the
    diagonal. 0 where people join an empty collective, None where no theory covers the rule or
    nothing crosses.

    One run observes one side of it at most, with its luck. Where the share of others who have
    joined is above the one that the collective started with, so many carried it over (committed
    first movers do so from below the fixed point, at which nobody is committed). Where nobody else
    is in and nothing moves any more (:mod:`gigsim.settled`), they were too few. Between the two,
    where a few others are in, the fixed point may be above the start or below those few, and where
    the config changes in time or people are replaced there is no one fixed point: neither.
    """
    config, metric = model.config, model.config.measure.success
    steady = not config.at and not config.population.turnover
    covered = (
        config.society.rule == "best_response"
        and config.society.belief == "published"
        and config.society.cost_timing == "per_period"
        and not config.at
        # What a fund can pay, and what a contract promises, is no function of α alone.
        and not config.collective.subsidy
        and not config.collective.provision_point
        and metric in model.lines.signals
        # Of what is erased everybody has the benefit: joining adds nothing.
        and STRATEGIES[config.collective.strategy].aim != "erased"
    )
    predicted, expected = None, _expected_level(lines, metric)
    if covered and expected is not None:
        sizes = lines["alpha"].to_numpy()
        # Of the members only those who do not abstain move the classifier.
        effective = sizes * (1 - config.collective.abstain)
        level = np.interp(effective, sizes, expected)
        gain = np.maximum(0.0, level - level[0])
        share = 1.0
        if config.society.spillover != "measured":
            share = 1.0 - float(config.society.spillover)
        worth = config.society.benefit_scale * share * gain
        join = config.population.cost.cdf(worth - config.collective.dues)
        above = np.flatnonzero((join[1:] > sizes[1:]) & (join[:-1] <= sizes[:-1]))
        if join[0] > 0:
            predicted = 0.0
        elif len(above):
            predicted = float(sizes[1:][above[0]])
    return {"predicted": predicted, **_observed_side(model, steady=steady, rests=rests)}


def _observed_side(model: GigEconomy, *, steady: bool, rests: bool) -> dict[str, float | None]:
    others = model.population.member[~model.population.first_mover]
    if not (steady and model.period and len(others)):
        return {"observed_at_most": None, "observed_at_least": None}
    started = float(model.periods["alpha"].iloc[1])
    return {
        "observed_at_most": started if others.mean() > started else None,
        "observed_at_least": started if rests and not others.any() else None,
    }


def _expected_level(lines: pd.DataFrame, metric: str) -> pd.Series | None:
    """S of an ε = 0 learner along the lines: on N rows, or of the exact platform; None: unknown."""
    for kind in ("finite", "exact"):
        if f"{kind}_{metric}" in lines:
            return lines[f"{kind}_{metric}"]
    return None


def _target_model(model: GigEconomy) -> dict[str, float | None] | None:
    """How far the last classifier is from the model that the collective is after, if it is."""
    left = model.laboratory.distance
    if left is None:
        return None
    return {
        "distance": plain_number(left.left),
        "at_most": plain_number(left.bound),
        "period_0_weights": plain_number(left.start),
    }


def _theory_gap(model: GigEconomy) -> float | None:
    """Largest shortfall of measured S under the nominal line, over retrainings; 0 if none."""
    metric = model.config.measure.success
    points = model.retrainings.iloc[1:]
    short = np.maximum(points[f"bound_{metric}"], 0.0) - points[f"success_{metric}"]
    return plain_number(max(0.0, short.max())) if short.notna().any() else None


def plain_number(value: Any) -> float | int | None:
    """A number as JSON has it; None for None, NaN and infinities."""
    if value is None or not np.isfinite(value):
        return None
    return int(value) if isinstance(value, np.integer) else float(value)
