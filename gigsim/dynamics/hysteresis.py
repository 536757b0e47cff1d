"""A parameter swept up and down within one run: does participation come back the same way?

The sweep is an ordinary config with ``[[at]]`` changes (:func:`swept`), so that ``gigsim run`` can
replay it: value after value upwards, each held for so many periods, and down again. What the loop
does stands beside its recursion (``mean_field``) under the same changes, and where the key is a
parameter of the map of participation beside the folds of theory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from gigsim.config import Config, build
from gigsim.config.changes import CHANGEABLE
from gigsim.dynamics.benefit import benefit
from gigsim.dynamics.carried import light
from gigsim.dynamics.mean_field import MeanField
from gigsim.dynamics.options import blaming
from gigsim.dynamics.prediction import predict
from gigsim.dynamics.workers import worked
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.folds import Parameter
from gigsim.theory.participation.hysteresis import Jump
from gigsim.theory.participation.hysteresis import hysteresis as solved

#: Keys that are parameters of the map of participation.
PARAMETERS: dict[str, Parameter] = {
    "society.benefit_scale": "benefit",
    "society.spillover": "gamma",
    "collective.first_movers": "first_movers",
}
#: Jumps of theory smaller than this, a share of the population, are gradual.
LEAST_JUMP = 0.1


@dataclass(frozen=True)
class Sweep:
    """What was found.

    Attributes:
        key: the dotted key that was swept.
        values: ascending, shape (V,).
        table: a row a seed and step: ``seed``, ``way`` (up, down), ``value``, ``alpha`` and
            ``free_riders`` (shares at the end of the step) and ``drift``, by how much α changed
            over the last quarter of the step.
        predicted: by the recursion, a row a step: ``way``, ``value``, ``alpha``, ``free_riders``;
            None where it does not know the config (``why`` says so).
        why: see there.
        jumps_up: of the map of participation, as the parameter rises; None where it has none.
        jumps_down: likewise as it falls.
    """

    key: str
    values: Floats
    table: pd.DataFrame
    predicted: pd.DataFrame | None
    why: str
    jumps_up: tuple[Jump, ...] | None
    jumps_down: tuple[Jump, ...] | None

    @property
    def widths(self) -> pd.DataFrame:
        """α on the way down less α on the way up: ``value``, its mean and sd over seeds."""
        ends = self.table.pivot_table(index=["seed", "value"], columns="way", values="alpha")
        gap = (ends["down"] - ends["up"]).groupby("value").agg(["mean", "std"])
        return gap.rename(columns={"std": "sd"}).reset_index()


def swept(config: Config, key: str, values: Sequence[Any], hold: int) -> Config:
    """The config with the key at each value in turn, up and down again, so many periods each.

    Args:
        config: without changes in time of its own.
        key: one that may change in time.
        values: ascending, at least two.
        hold: periods.

    Raises:
        InputError: a key that does not change in time, a value out of its range, or a config with
            changes of its own.
    """
    if config.at:
        raise InputError("at", "a sweep makes the changes in time itself", "a config without them")
    if len(values) < 2 or any(not b > a for a, b in pairwise(values)):
        raise InputError("--values", "not ascending", "at least two numbers, each above the last")
    if hold < 1:
        raise InputError("--hold", f"{hold} periods", "1 or more")
    # The way down begins with the value under the top, where the way up ended.
    steps = [*values, *values[-2::-1]]
    changes = [
        {"period": 1 + number * hold, "set": {key: value}} for number, value in enumerate(steps)
    ]
    # What the config has a value of, and may change, is refused for what it is to be changed to.
    may = any(key == free or key.startswith(f"{free}.") for free in CHANGEABLE)
    option = f"--values: {key}" if may and _has(config, key) else f"--key: {key}"
    with blaming({key: option}):
        return build(
            config.model_dump(mode="json"),
            {"at": changes, "run.periods": hold * len(steps), "run.until": "periods"},
        )


def _has(config: Config, key: str) -> bool:
    table: Any = config.model_dump(mode="json")
    for part in key.split("."):
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True


def hysteresis(
    config: Config,
    key: str,
    values: Sequence[Any],
    *,
    hold: int,
    seeds: Sequence[int],
    workers: int = 0,
    tell: Callable[[int], None] | None = None,
) -> Sweep:
    """Sweep a key up and down, one run a seed.

    Args:
        config: the society, without changes in time.
        key: one that may change in time, with numbers as values.
        values: ascending.
        hold: periods at each.
        seeds: of the runs.
        workers: processes; changes no result.
        tell: hears of each seed that is done.

    Raises:
        InputError: as of :func:`swept`, or the config cannot be run.
    """
    plan = swept(light(config), key, values, hold)
    plain = plan.model_dump(mode="json")
    jobs = [(plain, seed, hold, len(values)) for seed in seeds]
    parts = worked(
        _run, jobs, workers, None if tell is None else lambda number, _: tell(seeds[number])
    )
    table = pd.concat(parts, ignore_index=True)
    names = [("up", value) for value in values]
    names += [("down", value) for value in values[-2::-1]]
    table["value"] = np.tile([value for _, value in names], len(seeds))
    table["way"] = np.tile([way for way, _ in names], len(seeds))
    # The top belongs to both ways.
    top = table[(table["way"] == "up") & (table["value"] == values[-1])].assign(way="down")
    table = pd.concat([table, top], ignore_index=True)
    table["fall"] = np.where(table["way"] == "up", table["value"], -table["value"])
    order = ["seed", "way", "fall"]
    table = table.sort_values(order, ascending=[True, False, True]).drop(columns="fall")
    predicted, why = _recursion(plan, names, hold)
    up, down = _jumps(config, key, values)
    columns = ["seed", "way", "value", "alpha", "free_riders", "drift"]
    return Sweep(
        key=key,
        values=np.asarray(values, dtype=np.float64),
        table=table[columns].reset_index(drop=True),
        predicted=predicted,
        why=why,
        jumps_up=up,
        jumps_down=down,
    )


def _run(job: tuple[dict[str, Any], int, int, int], _: object) -> pd.DataFrame:
    plain, seed, hold, count = job
    model = GigEconomy(build(plain, {"run.seed": seed}))
    alpha, riders = [], []
    for _period in range(hold * (2 * count - 1)):
        model.step()
        alpha.append(model.alpha)
        riders.append(float(model.population.free_rider.mean()))
    model.close()
    shares = np.reshape(alpha, (-1, hold))
    before = shares[:, -1 - max(1, hold // 4)] if hold > 1 else shares[:, -1]
    return pd.DataFrame(
        {
            "seed": seed,
            "alpha": shares[:, -1],
            "free_riders": np.reshape(riders, (-1, hold))[:, -1],
            "drift": shares[:, -1] - before,
        }
    )


def _recursion(
    plan: Config, names: list[tuple[str, Any]], hold: int
) -> tuple[pd.DataFrame | None, str]:
    """The same sweep in the mean field, or why there is none."""
    try:
        path = MeanField(plan).run(plan.run.periods)
    except InputError as error:
        return None, f"{error.where}: {error.problem}"
    ends = np.arange(1, len(names) + 1) * hold
    rows = pd.DataFrame(names, columns=["way", "value"])
    rows["alpha"], rows["free_riders"] = path.alpha[ends, 0], path.free_riders[ends, 0]
    top = rows[rows["way"] == "up"].tail(1).assign(way="down")
    down = pd.concat([top, rows[rows["way"] == "down"]])
    return pd.concat([rows[rows["way"] == "up"], down], ignore_index=True), ""


def _jumps(
    config: Config, key: str, values: Sequence[Any]
) -> tuple[tuple[Jump, ...] | None, tuple[Jump, ...] | None]:
    """Folds of the map, in the key's own unit, where the key is a parameter of it."""
    name = PARAMETERS.get(key)
    if name is None or config.society.rule not in ("best_response", "logit"):
        return None, None
    if key == "society.spillover" and config.society.spillover == "measured":
        config = build(config.model_dump(mode="json"), {key: values[0]})
    try:
        found = predict(config, known=benefit(config))
    except InputError:
        return None, None
    if found.members is not found.outsiders or config.collective.leak > 0 or found.irreversible:
        return None, None
    # Benefits in the key's unit: b, or b times the horizon.
    unit = float(config.population.size) if name == "first_movers" else 1.0
    grid = np.asarray(values, dtype=np.float64) / unit
    one = replace(found.outsiders, side_payment=0.0)
    both = solved(one, name, grid, least_jump=LEAST_JUMP)
    return tuple(
        tuple(replace(jump, parameter=jump.parameter * unit) for jump in jumps)
        for jumps in (both.jumps_up, both.jumps_down)
    )  # type: ignore[return-value]
