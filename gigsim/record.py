"""What a run writes down: one row a period, one a retraining, one a collective, and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.lines import METRICS
from gigsim.measures.success import QUANTITIES
from gigsim.spot_checks import COLUMNS as SPOT_COLUMNS
from gigsim.theory.certificates import FeatureLabelCertificate
from gigsim.theory.epsilon import fitted_certificate

if TYPE_CHECKING:
    from gigsim.model import GigEconomy

#: Quantities of the deployed classifier that every period repeats.
_CARRIED = (*QUANTITIES, "f1_micro", "tags_mean")

#: What the clock calls a training, and one that had been done before and was only fetched.
TRAINED, FETCHED = "training", "training from cache"


class Ledger:
    """The rows of one run, in the order in which they happened."""

    def __init__(self) -> None:
        self._periods: list[dict[str, Any]] = []
        self._retrainings: list[dict[str, Any]] = []
        self._timings: list[dict[str, Any]] = []
        self._spot_checks: list[dict[str, Any]] = []

    def record(self, model: GigEconomy) -> None:
        """Write down the period that just ended, and its retraining if there was one."""
        trained = model.laboratory.trained
        lines = model.lines.of_data(trained)
        bounds = {f"bound_{m}": lines.bound(trained.followers, m) for m in METRICS}
        self._periods.append(_period_row(model) | bounds | _group_rows(model))
        if model.retrained:
            self._retrainings.append(_retraining_row(model) | bounds)

    def clock(self, period: int, what: str, seconds: float) -> None:
        """Note what a clock measured; kept apart, since no two runs agree on it."""
        self._timings.append({"period": period, "what": what, "seconds": seconds})

    def trained(self, period: int, seconds: float, *, cached: bool) -> None:
        """Note a classifier that was trained in so many seconds, or was fetched in them."""
        self.clock(period, FETCHED if cached else TRAINED, seconds)

    def spot_checked(self, row: dict[str, Any]) -> None:
        """Note a spot check (``spot_checks.COLUMNS``)."""
        self._spot_checks.append(row)

    @property
    def last_spot_check(self) -> int:
        """The period of the last one, -1 before the first."""
        return self._spot_checks[-1]["period"] if self._spot_checks else -1

    def spot_checks(self) -> pd.DataFrame:
        """One row a spot check; columns as in docs/tables.md."""
        return pd.DataFrame(self._spot_checks, columns=list(SPOT_COLUMNS))

    @property
    def trainings(self) -> int:
        """Classifiers that were trained in this run, for it or for what it is compared with."""
        return self._count(TRAINED)

    @property
    def trainings_cached(self) -> int:
        """Classifiers that had been trained before and were fetched."""
        return self._count(FETCHED)

    def _count(self, what: str) -> int:
        return sum(row["what"] == what for row in self._timings)

    def periods(self) -> pd.DataFrame:
        """One row a period; columns as in docs/tables.md."""
        return pd.DataFrame(self._periods)

    def retrainings(self) -> pd.DataFrame:
        """One row a deployed classifier; columns as in docs/tables.md."""
        return pd.DataFrame(self._retrainings)

    def timings(self) -> pd.DataFrame:
        """``period``, ``what``, ``seconds``."""
        return pd.DataFrame(self._timings, columns=["period", "what", "seconds"])

    def collectives(self, name: str) -> pd.DataFrame:
        """One row a period and collective; there is one collective here, aiming at ``name``."""
        columns = ["success_any", "success_top1", "bound_any", "bound_top1"]
        table = self.periods()[["period", "alpha", "members", "free_riders", *columns]].copy()
        table.insert(1, "collective", 0)
        table.insert(2, "target", name)
        return table


def freelancers(model: GigEconomy) -> pd.DataFrame:
    """Final state of every freelancer, one row each; no text."""
    population = model.population
    return pd.DataFrame(
        {
            "freelancer": np.arange(len(population)),
            "label_set": population.label_set,
            "degree": model.stage.network.degrees(),
            "cost": population.cost,
            "threshold": population.threshold,
            "activation": population.activation,
            "first_mover": population.first_mover,
            "abstains": population.abstains,
            "wrong_label": population.wrong,
            "member": population.member,
            "holds_signal": population.holds_signal,
            "base_carrier": model.stage.in_signal_set,
            "utility": population.utility,
            "wealth": population.wealth,
            "propensity": _whole(population.propensity, len(population)),
            "aspiration": _whole(population.aspiration, len(population)),
        }
    )


def _period_row(model: GigEconomy) -> dict[str, Any]:
    population = model.population
    values = model.evaluation.values
    return {
        "period": model.period,
        "alpha": model.alpha,
        "members": population.members,
        "free_riders": int(np.count_nonzero(population.free_rider)),
        "outsiders": int(np.count_nonzero(population.outsider)),
        "replaced": model.replaced,
        "joined": model.joined,
        "left": model.left,
        "edited": model.edited,
        "token": model.collective.shown,
        "retrained": model.retrained,
        "alpha_trained": model.laboratory.trained.members,
        "alpha_effective": model.laboratory.trained.followers,
        "edited_trained": model.laboratory.trained.edited,
        **{name: values[name] for name in _CARRIED},
        "gain": model.gain,
        "spillover": model.spillover,
    }


def _group_rows(model: GigEconomy) -> dict[str, Any]:
    population = model.population
    row: dict[str, Any] = {}
    for name, (rate, matched) in model.target_rates.items():
        row[f"target_rate_{name}"], row[f"matched_share_{name}"] = rate, matched
    groups = {
        "members": population.member,
        "free_riders": population.free_rider,
        "outsiders": population.outsider,
    }
    for name, group in groups.items():
        row[f"mean_utility_{name}"] = _mean(np.compress(group, population.utility))
    row["mean_utility"] = float(population.utility.mean())
    row["mean_wealth"] = float(population.wealth.mean())
    row["benefits"], row["costs"] = model.benefits, model.costs
    row["dues"], row["subsidies"], row["fund"] = model.dues, model.subsidies, model.fund
    row["pledged"] = model.alpha if model.now.collective.provision_point else float("nan")
    row["in_force"] = model.collective.in_force
    return row


def _retraining_row(model: GigEconomy) -> dict[str, Any]:
    excess, p_value = model.selection
    metric = model.config.measure.success
    return {
        "period": model.period,
        "alpha_trained": model.laboratory.trained.members,
        "alpha_effective": model.laboratory.trained.followers,
        "edited_trained": model.laboratory.trained.edited,
        **model.evaluation.values,
        "clean_any": model.clean["any"][0],
        "clean_any_sd": model.clean["any"][1],
        "clean_top1": model.clean["top1"][0],
        "clean_top1_sd": model.clean["top1"][1],
        **model.lines.facts(metric),
        **_theory_row(model),
        "selection": excess,
        "selection_p": p_value,
    }


def _theory_row(model: GigEconomy) -> dict[str, Any]:
    """What else theory says of this very classifier; NaN where it says nothing."""
    laboratory, trained = model.laboratory, model.laboratory.trained
    lines, alpha = model.lines.of_data(trained), trained.followers
    nan = float("nan")
    row: dict[str, Any] = {}
    kinds = set()
    for metric in METRICS:
        known = lines.signals.get(metric)
        curve = None if known is None else lines.expected(alpha, metric, known.xi)
        exact = lines.exact(alpha, metric)
        row[f"finite_{metric}"] = nan if curve is None else float(curve.mean)
        row[f"finite_{metric}_sd"] = nan if curve is None else float(curve.sd)
        row[f"exact_{metric}"] = nan if exact is None else float(exact)
        epsilon = laboratory.epsilon.get(metric)
        slack = None if epsilon is None else epsilon.slack
        if slack is None and isinstance(known, FeatureLabelCertificate) and alpha > 0:
            success = model.evaluation.values[f"success_{metric}"]
            kappa = known.gap * known.xi if np.isnan(known.kappa_mean) else known.kappa_mean
            slack = fitted_certificate(
                success, alpha, xi=known.xi, kappa=kappa, margin=known.margin
            )
        row[f"epsilon_{metric}"] = nan if slack is None else slack.mean
        row[f"epsilon_{metric}_upper"] = nan if slack is None else slack.mean_upper
        row[f"bound_epsilon_{metric}"] = nan if epsilon is None else epsilon.bound
        kinds |= {slack.kind} if slack is not None else set()
    row["epsilon_kind"] = next(iter(kinds), "")
    left = laboratory.distance
    row["target_distance"] = nan if left is None else left.left
    row["target_distance_bound"] = nan if left is None else left.bound
    row["target_distance_start"] = nan if left is None else left.start
    return row


def _whole(column: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """A column of the population that only one rule has; NaN where it does not."""
    return column if len(column) else np.full(size, np.nan)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
