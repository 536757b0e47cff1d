"""``gigsim reproduce``: the paper's experiments and two of ours, from trainings to a report."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    TrustOption,
    interrupts_of,
    print_json,
    print_lines,
)
from gigsim.cli.run import stop, tell

if TYPE_CHECKING:
    from gigsim.curves.plan import Plan
    from gigsim.interrupts import Interrupts
    from gigsim.reproduction.work import Step


def reproduce_command(
    context: typer.Context,
    experiments: Annotated[
        list[str],
        typer.Argument(
            metavar="EXPERIMENT...",
            help="feature-label, feature-only, label-noise, epochs, placement, recipe, inertia;"
            " or all.",
        ),
    ],
    learners: Annotated[
        str,
        typer.Option(
            metavar="L,...",
            help="linear, frozen, transformer, bayes, own; an experiment leaves out those that it"
            " says nothing about.",
        ),
    ] = "linear,bayes",
    targets: Annotated[
        str, typer.Option(metavar="Y,...", help="Labels y*.", show_default="the experiment's")
    ] = "",
    scale: Annotated[
        str,
        typer.Option(
            metavar="quick|reference",
            help="quick: 2,000 resumes. reference: 20,000, and all held-out ones.",
        ),
    ] = "quick",
    corpus: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Real resumes (gigsim corpus import).",
            show_default="the built-in language",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=C", help="A key of all configs; repeatable."),
    ] = None,
    own: Annotated[
        str,
        typer.Option(metavar="MODULE:CLASS", help="The learner `own`; needs --trust."),
    ] = "",
    trust: TrustOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many trainings and hours; write nothing.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes; by default one a core. Changes no result."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder that holds runs.")] = Path("runs"),
    into: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The report's folder.", show_default="OUT/reproduction"),
    ] = None,
    cache: Annotated[
        Path, typer.Option(metavar="DIR", help="Where trainings of networks are shared.")
    ] = Path("models/cache"),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Do the paper's experiments again, and say what came out: confirmed, contrary or not shown.

    Each hypothesis, its direction and the rule of its verdict were written down before the first
    training (docs/reproduction.md). Interrupted or killed, the same command goes on where it was.

    Example: gigsim reproduce feature-label inertia --learners linear
    """
    from gigsim.config.load import overridden
    from gigsim.learners.cache import TrainingCache
    from gigsim.reproduction.setting import Setting
    from gigsim.reproduction.work import steps
    from gigsim.runs import check_out
    from gigsim.trust import require

    interrupts = interrupts_of(context)
    processes = (os.cpu_count() or 1) if workers is None else workers
    setting = Setting(
        scale=scale,  # type: ignore[arg-type]
        corpus="" if corpus is None else str(corpus),
        recipes={"own": {"path": own}} if own else {},
        overrides=overridden(settings or []),
    )
    wanted = steps(experiments, _words(learners), setting, _words(targets))
    require((arm.config for step in wanted for arm in step.arms), trust)
    if dry_run:
        _estimate(wanted, processes, interrupts, as_json=as_json, trust=trust)
        return
    shared = TrainingCache(cache, int(20e9))
    place = out / "reproduction" if into is None else into
    for folder in (out, place):
        check_out(folder)
    for step in wanted:
        _do(step, out, place, processes, shared, interrupts, quiet=quiet or as_json, trust=trust)
    _report(place, [step.name for step in wanted], as_json=as_json)


def _do(
    step: Step,
    out: Path,
    into: Path,
    workers: int,
    cache: Any,
    interrupts: Interrupts,
    *,
    quiet: bool,
    trust: bool,
) -> None:
    """Both stages of a step, and its rows into the report's folder."""
    from gigsim.cli.curve_work import done_with_progress, done_words, go_on_with
    from gigsim.curves.tables import load_curve
    from gigsim.reproduction.work import folder_of, keep

    folders = list[Path]()
    plan: Plan | None = step.plan
    again = f"the same command goes on: {' '.join(['gigsim', *sys.argv[1:]])}"
    while plan is not None:
        folder = folder_of(plan, out, ["gigsim", *sys.argv[1:]])
        folders.append(folder)
        work = go_on_with(folder, workers, cache, quiet=quiet, trust=trust)
        if not quiet:
            tell(f"{step.experiment}, {step.learner}: {work.tally.trainings:,} trainings, {folder}")
        done_with_progress(
            work, interrupts, fail_fast=False, retry=("died",), quiet=quiet, again=again
        )
        if work.tally.failures:
            stop(f"error: {done_words(work)}: see {folder}/failures.parquet\n{again}", 1)
        rows = load_curve(folder).rows
        plan = step.more(rows) if len(folders) == 1 else None
    keep(step, folders, into)


def _report(into: Path, names: list[str], *, as_json: bool) -> None:
    from gigsim.reproduction.catalogue import verdicts
    from gigsim.reproduction.report import lines
    from gigsim.reproduction.work import kept, report

    files = report(into)
    found = [v for v in verdicts(kept(into)) if f"{v.experiment}-{v.learner}" in names]
    if as_json:
        print_json({"folder": str(into), "verdicts": [verdict.as_json() for verdict in found]})
    else:
        print_lines([*lines(found), f"written to {into}: {', '.join(path.name for path in files)}"])


def _estimate(
    wanted: list[Step], workers: int, interrupts: Interrupts, *, as_json: bool, trust: bool
) -> None:
    from gigsim.reproduction.cost import hours
    from gigsim.reproduction.plan import most_more
    from gigsim.trust import trusting

    interrupts.running()
    with trusting(trust):
        found = hours([arm for step in wanted for arm in step.arms], workers, more=most_more)
    interrupts.leaving()
    if as_json:
        print_json(found.as_json())
    else:
        print_lines(found.lines())


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
