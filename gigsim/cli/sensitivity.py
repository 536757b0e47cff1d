"""``gigsim sensitivity``: a study with a ``[sensitivity]`` table, from its file to its indices."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigsim.cli.curve_work import refuse_beside
from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    TrustOption,
    interrupts_of,
    print_json,
    print_lines,
)
from gigsim.cli.stored import (
    PATIENCE,
    Account,
    Estimated,
    check_retry,
    print_estimate,
    processes_of,
    retried,
    tell_differences,
    trained_words,
)
from gigsim.cli.study_options import (
    CacheOption,
    CacheSizeOption,
    FailFastOption,
    NoCacheOption,
    OutOption,
    ResumeOption,
    RetryFailedOption,
    WorkersOption,
)
from gigsim.cli.sweep import run_with_progress
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.sensitivity.analysis import Analysis
    from gigsim.sensitivity.plan import Plan


def sensitivity_command(
    context: typer.Context,
    study: Annotated[
        Path | None,
        typer.Argument(
            metavar="STUDY.toml",
            help="What to run: see docs/sensitivity.md. With --report-only: a folder.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show points, runs, cost; run and write nothing."),
    ] = False,
    report_only: Annotated[
        bool,
        typer.Option(
            "--report-only", help="Run nothing: make the indices of a complete folder again."
        ),
    ] = False,
    outcomes: Annotated[
        list[str] | None,
        typer.Option(
            "--outcome",
            metavar="NAME",
            help="With --report-only: of this outcome, instead of the study's; repeatable.",
        ),
    ] = None,
    workers: WorkersOption = None,
    resume: ResumeOption = None,
    retry_failed: RetryFailedOption = False,
    fail_fast: FailFastOption = False,
    out: OutOption = Path("runs"),
    cache: CacheOption = Path("models/cache"),
    cache_gb: CacheSizeOption = 5.0,
    no_cache: NoCacheOption = False,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find what an outcome hangs on: Sobol or Morris indices of any parameters.

    Every point of the design is a case of a study, run with several seeds; what luck does is told
    apart. Killed or interrupted, it goes on with --resume DIR and ends with the same indices.

    Example: gigsim sensitivity study.toml --dry-run
    """
    if report_only:
        _report(context, study, outcomes)
        return
    if outcomes:
        raise InputError("--outcome", "given without --report-only", "the study names its outcomes")
    from gigsim.sensitivity.plan import load_plan, open_plan

    check_retry(resume, retry_failed=retry_failed)
    processes = processes_of(workers)
    if dry_run:
        if study is None and resume is None:
            raise InputError("--dry-run", "no study given", "name a STUDY.toml")
        plan = load_plan(study) if study is not None else open_plan(Path(str(resume)))
        _check_files(plan, resume, trust=trust)
        print_estimate(
            lambda: _estimated(plan, processes, trust=trust),
            interrupts_of(context),
            as_json=as_json,
        )
        return
    from gigsim.learners.cache import TrainingCache
    from gigsim.sensitivity.work import SensitivityWork, open_or_begin

    shared = None if no_cache else TrainingCache(cache, int(cache_gb * 1e9))
    interrupts = interrupts_of(context)
    interrupts.running(PATIENCE)
    folder = open_or_begin(study, out, resume, ["gigsim", *sys.argv[1:]], shared, trust=trust)
    work = SensitivityWork(folder, processes, shared, trust=trust)
    if resume is not None and not quiet:
        tell_differences(work)
    account = Account(work, "run", f"gigsim sensitivity --resume {folder}")
    retry = retried(resume, retry_failed=retry_failed)
    began = time.perf_counter()
    complete = account.work_off(
        lambda: run_with_progress(work, fail_fast, retry, quiet or as_json), interrupts
    )
    kept = f"the study is {'' if complete else 'not '}complete: {account.kept}"
    if as_json:
        found = work.analysis.as_json() if work.analysis is not None else {}
        seconds = time.perf_counter() - began
        print_json({**account.as_json(seconds, complete=complete), **found}, kept=kept)
    elif work.analysis is not None:
        _print(work.analysis, folder, trained_words(work.tally), kept)
    account.check(complete=complete)


def _report(context: typer.Context, folder: Path | None, outcomes: list[str] | None) -> None:
    from gigsim.sensitivity.plan import open_plan, with_outcomes
    from gigsim.sensitivity.report import write_report

    refuse_beside(
        context,
        "--report-only",
        may={"study", "report_only", "outcomes", "as_json", "quiet"},
        called={"as_json": "--json"},
        why="nothing is run",
    )
    if folder is None:
        raise InputError("--report-only", "no folder given", "name the folder of a study")
    plan = open_plan(folder)
    if outcomes:
        plan = with_outcomes(plan, tuple(outcomes))
    found = write_report(folder, plan)
    kept = f"it is in {folder}"
    if context.params["as_json"]:
        print_json({"folder": str(folder), **found.as_json()}, kept=kept)
    else:
        _print(found, folder, "", kept)


def _check_files(plan: Plan, resume: Path | None, *, trust: bool) -> None:
    from gigsim.experiments import origin
    from gigsim.trust import require

    require((config for _, config in plan.telling()), trust)
    if resume is None:
        origin.inputs_now(plan)
    else:
        origin.check_inputs(plan, resume)


@dataclass(frozen=True)
class _Estimate:
    """What the runs will take, and what they are for.

    Attributes:
        points: how many there are, and what of those with equal values; a phrase each.
        cost: of all runs.
    """

    points: tuple[str, ...]
    cost: Estimated

    def lines(self) -> list[str]:
        """For people."""
        first, *rest = self.cost.lines()
        return [first, *(f"  {phrase}" for phrase in self.points), *rest]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self.cost.as_json(), "points": "; ".join(self.points)}


def _estimated(plan: Plan, processes: int, *, trust: bool) -> Estimated:
    from gigsim.experiments.estimate import estimate

    cost = estimate(plan.study, workers=processes, trust=trust)
    # Names that tell points of equal values apart are nothing that is asked about.
    return _Estimate((plan.words(), *plan.repeats()), replace(cost, keys=plan.parameters))


def _print(found: Analysis, folder: Path, trained: str, kept: str) -> None:
    from gigsim.sensitivity.report import FIGURE_FILE, TABLE_FILE
    from gigsim.sensitivity.words import lines_of

    end = [f"  {trained}"] if trained else []
    end += [f"  {folder}/{FIGURE_FILE}", f"  {folder}/{TABLE_FILE}"]
    print_lines([*lines_of(found), "", *end], kept=kept)
