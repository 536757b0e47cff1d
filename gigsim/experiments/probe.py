"""The beginning of a run, timed: period 0, a quiet period, a retraining, the writing down."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gigsim.config.load import vary
from gigsim.config.sections import Config
from gigsim.model import GigEconomy
from gigsim.record import TRAINED
from gigsim.run_rows import runs_table
from gigsim.runs import tables_of
from gigsim.summary import summarise_run

# The first run of a process pays for what libraries load on first use. Up to so many seconds it is
# run once more, and the second one counts.
_CHEAP = 10.0


@dataclass(frozen=True)
class Probe:
    """CPU seconds of the parts of a run, of all threads together.

    Attributes:
        setup: resumes, encodings, network and measurement of period 0, without its trainings.
        first: one training of period 0.
        quiet: a period without a retraining.
        retraining: what a retraining adds to a quiet period, without its trainings.
        training: one training of the first retraining.
        ending: summary and tables.
        pace: wall-clock seconds a CPU second.
        baseline: trainings of period 0.
        stochastic: does the learner draw?
        people: N.
        held_out: resumes that S is measured on; 0 where there are none.
        spent: CPU seconds that all this took.
        tables: of the short run, by name; ``theory`` as far as it can go.
    """

    setup: float
    first: float
    quiet: float
    retraining: float
    training: float
    ending: float
    pace: float
    baseline: int
    stochastic: bool
    people: int
    held_out: int
    spent: float
    tables: dict[str, pd.DataFrame]


def probe(config: Config, *, trust: bool = False) -> Probe:
    """Time the beginning of a run in this process, its trainings included.

    The platform retrains in the second period whatever the config says, so that one period with and
    one without are seen; changes in time are left out.

    Args:
        config: of the run.
        trust: as of :class:`~gigsim.model.GigEconomy`.

    Raises:
        InputError: setting up shows that the config cannot be run.
    """
    changes = {"platform.retrain_every": 2, "at": []}
    short = vary(config.model_dump(mode="json"), changes)
    found = _timed(short, trust)
    if found.spent > _CHEAP:
        return found
    again = _timed(short, trust)
    return replace(again, spent=found.spent + again.spent)


def _whole_theory(model: GigEconomy) -> pd.DataFrame:
    """The lines up to a collective of everybody, as a run that goes so far has them."""
    size = len(model.population)
    grid = np.unique(np.rint(np.append(0.0, np.geomspace(1, size, 400)))) / size
    return model.lines.table(grid)


class _Clock:
    """CPU and wall-clock seconds since it was last read."""

    def __init__(self) -> None:
        self.cpu, self.wall = time.process_time(), time.perf_counter()
        self.all_cpu = self.all_wall = 0.0

    def lap(self) -> tuple[float, float]:
        cpu, wall = time.process_time(), time.perf_counter()
        spent = cpu - self.cpu, wall - self.wall
        self.cpu, self.wall = cpu, wall
        self.all_cpu, self.all_wall = self.all_cpu + spent[0], self.all_wall + spent[1]
        return spent


def _timed(config: Config, trust: bool) -> Probe:
    clock = _Clock()
    model = GigEconomy(config, trust=trust)
    try:
        opening = clock.lap()
        model.step()
        quiet, _ = clock.lap()
        model.step()
        busy = clock.lap()
        summary = summarise_run(model)
        tables = tables_of(model) | {"timings": model.ledger.timings()}
        ending, _ = clock.lap()
        tables["runs"] = runs_table([{}], [summary])
        tables["theory"] = _whole_theory(model)
        held_out = model.laboratory.held_out
    finally:
        model.close()
    first, baseline = _trainings(tables["timings"], 0, opening)
    training, count = _trainings(tables["timings"], 2, busy)
    return Probe(
        setup=max(0.0, opening[0] - first * baseline),
        first=first,
        quiet=quiet,
        retraining=max(0.0, busy[0] - training * count - quiet),
        training=training,
        ending=ending,
        pace=clock.all_wall / clock.all_cpu if clock.all_cpu else 1.0,
        baseline=baseline,
        stochastic=baseline == config.measure.baseline_repeats,
        people=config.population.size,
        held_out=held_out,
        spent=clock.all_cpu,
        tables=tables,
    )


def _trainings(timings: pd.DataFrame, period: int, spent: tuple[float, float]) -> tuple[float, int]:
    """CPU seconds of one training of a period that took ``spent``, and how many there were."""
    of_it = timings[(timings["period"] == period) & (timings["what"] == TRAINED)]
    cpu, wall = spent
    count = len(of_it)
    share = min(1.0, float(of_it["seconds"].sum()) / wall) if wall > 0 else 0.0
    return (cpu * share / count if count else 0.0), count
