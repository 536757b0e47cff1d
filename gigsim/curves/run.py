"""Does a job: builds or finds its bench, trains, measures, and puts theory beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import pandas as pd

from gigsim.collective.catalogue import STRATEGIES
from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench, bench_for
from gigsim.curves.columns import COLUMNS, ORDER
from gigsim.curves.draws import draw
from gigsim.curves.exact import ExactFitter
from gigsim.curves.fitting import Fitted, Fitter, Timing, fitter_for
from gigsim.curves.jobs import CurveJob, CurveOutcome
from gigsim.curves.lines import THEORY, grid, theory
from gigsim.curves.measure import row
from gigsim.errors import InputError


def run_curve_job(job: CurveJob, tell: Callable[[Any], None]) -> CurveOutcome:
    """Do the trainings of a job; rows depend on the arms alone, however a plan is cut into jobs.

    Args:
        job: what to do; its trainings are of one group.
        tell: gets the number of trainings done so far.

    Raises:
        InputError: setting up shows that a config cannot be run, a label that is not there, an
            erasure of a signal that is nobody's, a learner that does not converge.
    """
    began = time.perf_counter()
    first = job.arms[job.trainings[0].arm]
    bench = bench_for(first.config)
    fitter = fitter_for(bench, first, job.cache)
    for arm in job.arms.values():
        _check(arm, bench)
    tell(0)
    rows: list[dict[str, Any]] = []
    done: set[str] = set()
    for fitted in fitter.fit(job.arms, job.trainings):
        rows += _rows(job, fitter, fitted)
        done.add(fitted.training.key)
        tell(len(done))
    rows.sort(key=itemgetter(*ORDER))
    _put_theory(job, fitter, rows)
    return CurveOutcome(
        rows=pd.DataFrame(rows, columns=list(COLUMNS)),
        timings=_table(fitter.timings),
        theory=_grids(job, fitter),
        trained=sum(not timing.cached for timing in fitter.timings),
        cached=sum(timing.cached for timing in fitter.timings),
        seconds=time.perf_counter() - began,
    )


def _check(arm: Arm, bench: Bench) -> None:
    """Refuse what only the resumes can tell of.

    Raises:
        InputError: no such label; nothing to erase.
    """
    config = arm.config
    bench.target(config.collective)
    erased = STRATEGIES[config.collective.strategy].aim == "erased"
    if erased and not config.corpus.xi and not bench.stage.contains.any():
        raise InputError(
            "collective.strategy",
            f"erasure of {config.collective.signal.token!r}, which is in nobody's resume: there is"
            " nothing to erase",
            "a word that resumes use (collective.signal.token), or corpus.xi above 0",
        )


def _rows(job: CurveJob, fitter: Fitter, fitted: Fitted) -> list[dict[str, Any]]:
    bench, training = fitter.bench, fitted.training
    rows = []
    for cell in training.cells:
        if cell.retraining != fitted.retraining:
            continue
        arm, handed_in = job.arms[cell.arm], fitted.handed_in
        drawn = draw(bench, arm.config.corpus, cell.seed)
        if isinstance(fitter, ExactFitter):
            # Seeds share what the law says, and differ in who would have done it.
            handed_in = fitter.handed_in(arm, cell.seed, training.members)
        found = fitted.probabilities
        key = training.row_key(cell.retraining)
        rows.append(row(cell, arm, drawn, handed_in, found, fitted.loss, key))
    return rows


def _put_theory(job: CurveJob, fitter: Fitter, rows: Sequence[dict[str, Any]]) -> None:
    for number, arm in job.arms.items():
        own = [row for row in rows if row["arm"] == number]
        if not own:
            continue
        columns = theory(arm, fitter.bench, fitter, [row["alpha_effective"] for row in own])
        for place, one in enumerate(own):
            one |= {name: float(columns[name][place]) for name in THEORY}


def _grids(job: CurveJob, fitter: Fitter) -> pd.DataFrame:
    """The lines of the arms whose first cell is of this job: of each arm once in a plan.

    None of arms that theory says nothing of.
    """
    firsts = {(number, arm.alphas[0], arm.seeds[0], 1) for number, arm in job.arms.items()}
    here = sorted(
        cell.arm
        for training in job.trainings
        for cell in training.cells
        if (cell.arm, cell.alpha, cell.seed, cell.retraining) in firsts
    )
    parts = []
    for number in here:
        lines = grid(job.arms[number], fitter.bench, fitter)
        if lines.empty:
            continue
        lines.insert(0, "arm", number)
        lines.insert(1, "name", job.arms[number].name)
        parts.append(lines)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _table(timings: Sequence[Timing]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "training": [timing.training[:16] for timing in timings],
            "seconds": [timing.seconds for timing in timings],
            "cached": [timing.cached for timing in timings],
        }
    )
