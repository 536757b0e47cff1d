"""A run in a few numbers: what became of the collective, and its two critical masses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gigsim.model import GigEconomy


def summarise_run(model: GigEconomy) -> dict[str, Any]:
    """The run's ``summary.json``: plain numbers, None where there is none."""
    periods, retrainings = model.periods, model.retrainings
    metric = model.config.measure.success
    last = periods.iloc[-1]
    return {
        "name": model.config.name,
        "seed": model.config.run.seed,
        "periods": model.period,
        "retrainings": len(retrainings) - 1,
        "freelancers": len(model.population),
        "held_out": len(model.stage.test_labels),
        "learner": model.stage.learner.name,
        "target": model.config.collective.target,
        "metric": metric,
        "clean_rate": model.clean_rate,
        "clean_rate_sd": model.clean[metric][1],
        "clean_accuracy": float(periods["accuracy"].iloc[0]),
        "final": {
            name: _number(last[name])
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
        "alpha_platform": _platform(model),
        "alpha_society": _society(model),
        "theory_gap": _theory_gap(model),
        "selection_significant_share": _number((retrainings["selection_p"].dropna() < 0.01).mean()),
    }


def _sizes(model: GigEconomy) -> NDArray[np.float64]:
    """Whole numbers of members as shares, all up to a thousand and then ever fewer."""
    size = len(model.population)
    count = np.arange(min(size, 1000) + 1)
    return np.unique(np.append(count, np.rint(np.geomspace(1, size, 2000)))) / size


def _platform(model: GigEconomy) -> dict[str, Any]:
    """Smallest α_effective with S at the target: observed, nominal, and expected at this N."""
    metric, goal = model.config.measure.success, model.config.measure.success_target
    points = model.retrainings
    reached = points.loc[points[f"success_{metric}"] >= goal, "alpha_effective"]
    known = model.lines.signals.get(metric)
    nominal = finite = None
    if known is not None:
        nominal = float(known.critical_mass(goal))
        table = model.lines.table(_sizes(model))
        enough = table.loc[table[f"finite_{metric}"] >= goal, "alpha"]
        finite = _number(enough.iloc[0]) if len(enough) else None
    return {
        "success_target": goal,
        "observed": _number(reached.min()) if len(reached) else None,
        "predicted_sufficient": nominal,
        "predicted_finite_sample": finite,
    }


def _society(model: GigEconomy) -> dict[str, Any]:
    """The unstable fixed point of α = F_c(b·G(α)), where a collective starts to grow by itself.

    Predicted for ``best_response`` to published success with costs per period, from the
    finite-sample line less U(0), nobody riding free; a first crossing from below of the diagonal.
    None where no theory covers the rule, or where nothing crosses.

    One run observes one side of it: a collective that grew beyond its first movers started at or
    above its critical mass, one that did not started below (with this run's luck).
    """
    config, metric = model.config, model.config.measure.success
    covered = (
        config.society.rule == "best_response"
        and config.society.belief == "published"
        and config.society.cost_timing == "per_period"
        and metric in model.lines.signals
    )
    predicted = None
    if covered:
        sizes = _sizes(model)
        table = model.lines.table(sizes)
        gain = np.maximum(0.0, table[f"finite_{metric}"].to_numpy() - model.clean_rate)
        share = 1.0
        if config.society.spillover != "measured":
            share = 1.0 - float(config.society.spillover)
        join = config.population.cost.cdf(config.society.benefit_scale * share * gain)
        above = np.flatnonzero((join[1:] > sizes[1:]) & (join[:-1] <= sizes[:-1]))
        predicted = float(sizes[1:][above[0]]) if len(above) else None
    first, last = model.periods["alpha"].iloc[min(1, model.period)], model.alpha
    started = float(first) if model.period else None
    return {
        "predicted": predicted,
        "observed_at_most": started if last > first else None,
        "observed_at_least": started if last <= first else None,
    }


def _theory_gap(model: GigEconomy) -> float | None:
    """Largest shortfall of measured S under the nominal line, over retrainings; 0 if none."""
    metric = model.config.measure.success
    points = model.retrainings.iloc[1:]
    short = np.maximum(points[f"bound_{metric}"], 0.0) - points[f"success_{metric}"]
    return _number(max(0.0, short.max())) if short.notna().any() else None


def _number(value: Any) -> float | int | None:
    if value is None or not np.isfinite(value):
        return None
    return int(value) if isinstance(value, np.integer) else float(value)
