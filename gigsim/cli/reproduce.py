"""``gigsim reproduce``: the paper's experiments and two of ours, from trainings to a report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigsim.cli.curve_work import (
    DryRunOption,
    OutOption,
    WorkersOption,
    account_of,
    done_with_progress,
    go_on_with,
    refuse_beside,
    words_of,
)
from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    TrustOption,
    interrupts_of,
    print_json,
    print_lines,
)
from gigsim.cli.run import stop, tell
from gigsim.cli.stored import print_estimate, processes_of
from gigsim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from gigsim.curves.arm import Arm
    from gigsim.curves.plan import Plan
    from gigsim.interrupts import Interrupts
    from gigsim.reproduction.verdict import Verdict
    from gigsim.reproduction.work import Step

#: Of the paper's data set (arXiv:2302.04262), so that shares can be compared in people.
_PAPER = 25_000
#: Of which a report says how many resumes it is.
_SHARE = 0.005


def reproduce_command(
    context: typer.Context,
    experiments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="EXPERIMENT...",
            help="feature-label, feature-only, label-noise, epochs, placement, recipe, inertia;"
            " or all.",
            show_default=False,
        ),
    ] = None,
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
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try trainings again that failed before.")
    ] = False,
    report_only: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write the report in DIR again from its rows; train nothing."
        ),
    ] = None,
    out: OutOption = Path("runs"),
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

    Each hypothesis, its direction and the rule of its verdict were final before any run of the
    reference scale (docs/reproduction.md). Interrupted or killed, the same command goes on where it
    was.

    Example: gigsim reproduce feature-label placement --learners linear
    """
    from gigsim.config.overrides import overridden
    from gigsim.curves.plan import check_targets
    from gigsim.experiments.stored import CIRCUMSTANTIAL
    from gigsim.learners.cache import TrainingCache
    from gigsim.reproduction.about import About, check_same
    from gigsim.reproduction.plan import left_out
    from gigsim.reproduction.setting import Setting
    from gigsim.reproduction.work import keep, steps
    from gigsim.runs import check_out
    from gigsim.trust import require

    if report_only is not None:
        refuse_beside(
            context,
            "--report-only",
            may={"report_only", "as_json", "quiet"},
            called={"settings": "--set", "experiments": "experiments"},
            why="the rows in the folder say what was done",
        )
        _report(report_only, as_json=as_json)
        return
    interrupts = interrupts_of(context)
    names, kinds = experiments or [], words_of("--learners", learners)
    if own and "own" not in kinds:
        raise InputError("--own", "own is not among --learners", "--learners own is needed")
    processes = processes_of(workers)
    setting = Setting(
        scale=scale,  # type: ignore[arg-type]
        corpus="" if corpus is None else str(corpus),
        recipes={"own": {"path": own}} if own else {},
        overrides=overridden(settings or []),
    )
    wanted = steps(names, kinds, setting, words_of("--targets", targets))
    require((arm.config for step in wanted for arm in step.arms), trust)
    check_targets(_a_world_each(wanted))
    if not quiet:
        for line in left_out(names, kinds):
            tell(line)
    if dry_run:
        _estimate(wanted, processes, interrupts, as_json=as_json, trust=trust)
        return
    shared = TrainingCache(cache, int(20e9))
    place = out / "reproduction" if into is None else into
    for folder in (out, place):
        check_out(folder)
    about = About.of(setting)
    check_same(place, about)
    for step in wanted:
        folders = _do(
            step,
            out,
            processes,
            shared,
            interrupts,
            retry=None if retry_failed else CIRCUMSTANTIAL,
            quiet=quiet or as_json,
            trust=trust,
        )
        keep(step, folders, place, setting, about)
    _report(place, [step.name for step in wanted], as_json=as_json)


def _a_world_each(wanted: list[Step]) -> list[Arm]:
    """One arm for each target in each corpus or language."""
    found: dict[tuple[str, str, str], Arm] = {}
    for arm in (arm for step in wanted for arm in step.arms):
        corpus = arm.config.corpus
        found.setdefault((corpus.path, corpus.language, arm.config.collective.target), arm)
    return [*found.values()]


def _do(
    step: Step,
    out: Path,
    workers: int,
    cache: Any,
    interrupts: Interrupts,
    *,
    retry: tuple[str, ...] | None,
    quiet: bool,
    trust: bool,
) -> list[Path]:
    """Both stages of a step; the folders of their curves."""
    from gigsim.curves.tables import load_curve
    from gigsim.reproduction.work import folder_of

    folders = list[Path]()
    plan: Plan | None = step.plan
    command = shlex.join(["gigsim", *sys.argv[1:]])
    while plan is not None:
        folder = folder_of(plan, out, ["gigsim", *sys.argv[1:]])
        folders.append(folder)
        work = go_on_with(folder, workers, cache, quiet=quiet, trust=trust)
        if not quiet:
            tell(f"{step.experiment}, {step.learner}: {work.trainings:,} trainings, {folder}")
        account = account_of(work, f"the same command goes on: {command}")
        done_with_progress(work, account, interrupts, fail_fast=False, retry=retry, quiet=quiet)
        if work.tally.failures:
            again = command if retry is None else f"{command} --retry-failed"
            stop(f"{account.failed}\nto try them again: {again}", 1)
        rows = load_curve(folder).rows
        plan = step.more(rows) if len(folders) == 1 else None
    return folders


def _report(into: Path, names: list[str] | None = None, *, as_json: bool) -> None:
    """The report of all that is in its folder; the verdicts of some steps, None for all."""
    from gigsim.reproduction.about import made_in
    from gigsim.reproduction.catalogue import verdicts
    from gigsim.reproduction.report import lines
    from gigsim.reproduction.work import kept, report

    files = report(into)
    rows = kept(into)
    found = [v for v in verdicts(rows) if names is None or f"{v.experiment}-{v.learner}" in names]
    if as_json:
        print_json({"folder": str(into), "verdicts": [verdict.as_json() for verdict in found]})
    else:
        written = f"written to {into}: {', '.join(path.name for path in files)}"
        about = next(iter(made_in(into).values())).about.text()
        print_lines([f"{about}: {_sizes(rows, found)}", *lines(found), written])


def _sizes(rows: pd.DataFrame, found: list[Verdict]) -> str:
    """How many resumes a small share is, here and in the paper."""
    from gigsim.reproduction.names import with_parts

    of = {(verdict.experiment, verdict.learner) for verdict in found}
    learners: dict[int, list[str]] = {}
    for (experiment, learner), own in with_parts(rows).groupby(["experiment", "learner"]):
        if (experiment, learner) in of:
            largest = own.loc[own["members"].idxmax()]
            people = round(largest["members"] / largest["alpha"])
            learners.setdefault(people, []).append(str(learner))
    whose = [(n, f"{n:,} ({', '.join(dict.fromkeys(learners[n]))})") for n in sorted(learners)]
    whose.append((_PAPER, f"the paper's {_PAPER:,}"))
    here = [f"{round(_SHARE * people):,} of {words}" for people, words in whose]
    return f"{100 * _SHARE:g} % is {', '.join(here)}"


def _estimate(
    wanted: list[Step], workers: int, interrupts: Interrupts, *, as_json: bool, trust: bool
) -> None:
    from gigsim.reproduction.cost import hours
    from gigsim.reproduction.plan import most_more
    from gigsim.trust import trusting

    arms = [arm for step in wanted for arm in step.arms]
    with trusting(trust):
        print_estimate(lambda: hours(arms, workers, more=most_more), interrupts, as_json=as_json)
