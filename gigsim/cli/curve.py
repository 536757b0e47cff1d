"""``gigsim curve``: S(α) by independent trainings, from lists on the command line to a figure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigsim.cli.curve_work import (
    DryRunOption,
    OutOption,
    WorkersOption,
    go_on_with,
    refuse_beside,
    words_of,
    worked_off,
)
from gigsim.cli.output import JsonOption, QuietOption, TrustOption, interrupts_of
from gigsim.cli.stored import check_retry, print_estimate, processes_of, retried
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.curves.plan import Plan
    from gigsim.interrupts import Interrupts


def curve_command(
    context: typer.Context,
    scenario: Annotated[
        str, typer.Argument(help="A TOML file, or the name of a scenario that ships.")
    ] = "default",
    alphas: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Shares of the people; 0 is measured in any case.",
            show_default="0.05%,0.1%,0.2%,0.5%,1%,2%,5%",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, metavar="K", help="So many collectives and trainings each.")
    ] = 10,
    targets: Annotated[
        str, typer.Option(metavar="Y,...", help="Labels y*.", show_default="the scenario's")
    ] = "",
    strategies: Annotated[
        str,
        typer.Option(
            metavar="S,...",
            help="Such as feature_label, feature_label/extend, feature_only/evasive.",
            show_default="the scenario's",
        ),
    ] = "",
    learners: Annotated[
        str,
        typer.Option(
            metavar="L,...",
            help="Kinds: linear, frozen, transformer, bayes, table, own.",
            show_default="the scenario's",
        ),
    ] = "",
    recipes: Annotated[
        list[str] | None,
        typer.Option(
            "--recipe",
            metavar="KEY=VALUE,...",
            help="What else differs, a curve each: epochs=1, or epochs=4,learning_rate=5e-4;"
            " repeatable.",
        ),
    ] = None,
    recruitment: Annotated[
        str,
        typer.Option(metavar="R,...", help="How members are found: random, cluster, skill, hub."),
    ] = "random",
    retrainings: Annotated[
        int,
        typer.Option(min=1, help='So many in a row, with platform.retrain = "warm".'),
    ] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=C", help="Override a key of the config; repeatable."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Of the folder.", show_default="the scenario's")
    ] = None,
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Go on with the curves in this folder.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="With --resume: try failed trainings again.")
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first training that fails.")
    ] = False,
    out: OutOption = Path("runs"),
    cache: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Share trainings with other curves and studies."),
    ] = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure success against the size of the collective, by independent trainings.

    Each α, seed, target, strategy and learner is a training of its own (nothing is trained twice),
    members are drawn at random, and S is measured on resumes that are never trained on. Killed or
    interrupted, --resume DIR goes on to the same bytes.

    Example: gigsim curve --learners linear --seeds 10 --alphas 0.002,0.005,0.01,0.02,0.05
    """
    from gigsim.trust import require

    interrupts = interrupts_of(context)
    processes = processes_of(workers)
    check_retry(resume, retry_failed=retry_failed)
    shared = _cache(cache)
    if resume is None:
        plan = _plan(
            scenario,
            settings or [],
            name=name,
            alphas=_numbers(alphas),
            seeds=seeds,
            targets=words_of("--targets", targets),
            strategies=words_of("--strategies", strategies),
            learners=words_of("--learners", learners),
            recipes=recipes or [],
            recruitment=words_of("--recruitment", recruitment),
            retrainings=retrainings,
        )
        require((arm.config for arm in plan.arms), trust)
        if dry_run:
            _estimate(plan, processes, interrupts, trust=trust, as_json=as_json)
            return
        from gigsim.curves.work import begin_curves
        from gigsim.runs import check_out

        check_out(out)
        if shared is not None:
            shared.check()
        folder = begin_curves(plan, out, ["gigsim", *sys.argv[1:]])
    else:
        _refuse_beside_resume(context)
        folder = resume
    work = go_on_with(folder, processes, shared, quiet=quiet or resume is None, trust=trust)
    worked_off(
        work,
        interrupts,
        fail_fast=fail_fast,
        retry=retried(resume, retry_failed=retry_failed),
        as_json=as_json,
        quiet=quiet,
    )


def _refuse_beside_resume(context: typer.Context) -> None:
    refuse_beside(
        context,
        "--resume",
        may={
            *("resume", "retry_failed", "fail_fast", "workers"),
            *("cache", "trust", "as_json", "quiet"),
        },
        called={"settings": "--set", "recipes": "--recipe", "scenario": "a scenario"},
        why="the folder says what there is to be said",
    )


def _estimate(
    plan: Plan, workers: int, interrupts: Interrupts, *, trust: bool, as_json: bool
) -> None:
    from gigsim.curves.estimate import estimate
    from gigsim.trust import trusting

    with trusting(trust):
        print_estimate(lambda: estimate(plan, workers), interrupts, as_json=as_json)


def _plan(scenario: str, settings: list[str], **lists: Any) -> Plan:
    # Imported late: libraries take seconds, and a misspelt option should say so at once.
    from gigsim.config import load
    from gigsim.curves.plan import ALPHAS, plan_of

    if lists["alphas"] is None:
        lists["alphas"] = ALPHAS
    return plan_of(load(scenario, settings), **lists)


def _cache(folder: Path | None) -> Any:
    if folder is None:
        return None
    from gigsim.learners.cache import TrainingCache

    return TrainingCache(folder, int(5e9))


def _numbers(text: str | None) -> list[float] | None:
    """Shares: ``0.01`` or ``1%``."""
    if text is None:
        return None
    found = []
    for word in words_of("--alphas", text):
        try:
            found.append(float(word.removesuffix("%")) / (100 if word.endswith("%") else 1))
        except ValueError as error:
            raise InputError(
                "--alphas", f"{word!r} is no number", "0.001,0.01 or 0.1%,1%"
            ) from error
    if not found:
        raise InputError("--alphas", "no share", "0.001,0.01 or 0.1%,1%")
    return found
