"""``gigsim run``: one run of a scenario, or many, from its config to its folder."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gigsim.cli.output import JsonOption, QuietOption, percent, print_json, print_lines, stderr
from gigsim.collective.strategies import STRATEGIES
from gigsim.config import Config, load
from gigsim.errors import InputError
from gigsim.interrupts import Interrupts, LastFinished

#: What a shell reports of a command that Ctrl-C ended.
INTERRUPTED = 130


def run_command(
    scenario: Annotated[
        str, typer.Argument(help="A TOML file, or the name of a scenario that ships.")
    ] = "default",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=C", help="Override a key of the config; repeatable."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The run's seed.")] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="R",
            help="So many independent runs, from seeds SEED, SEED + 1, ..., as one folder.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="periods|settled",
            help="settled: until nothing moves any more, at most run.limit periods.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder that holds runs.")] = Path("runs"),
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Processes: for trainings side by side, or for replicates; changes no result.",
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a scenario and write its folder: tables, summary, figure.

    Ctrl-C ends it early and writes what is finished (exit code 130); a second one writes nothing.

    Example: gigsim run default --set population.size=3000 --seed 7
    """
    with Interrupts() as interrupts:
        try:
            if until not in (None, "periods", "settled"):
                raise InputError("--until", f"{until!r}", "one of: periods, settled")
            overrides = list(settings or [])
            overrides += [] if seed is None else [f"run.seed={seed}"]
            overrides += [] if until is None else [f"run.until={until}"]
            config = load(scenario, overrides)
            # Imported late: torch takes seconds, and a bad config should say so at once.
            from gigsim.runs import check_out

            check_out(out)
            if replicates is None:
                _single(config, out, workers, interrupts, as_json=as_json, quiet=quiet)
            else:
                from gigsim.cli.replicates import run_many

                run_many(config, replicates, out, workers, interrupts, as_json=as_json, quiet=quiet)
        except KeyboardInterrupt:
            interrupts.leaving()
            stop("interrupted: nothing written")


def stop(line: str, code: int = INTERRUPTED) -> NoReturn:
    """End the command with a word on standard error."""
    stderr.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def _single(
    config: Config,
    out: Path,
    workers: int | None,
    interrupts: Interrupts,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    from gigsim.runs import save_run
    from gigsim.summary import summarise_run

    began = time.perf_counter()
    processes = min(2, os.cpu_count() or 1) if workers is None else workers
    model, last = _run(config, processes, interrupts, quiet or as_json)
    if model is None or last is None:
        stop("interrupted before period 0 was measured: nothing written")
    if interrupts.asked:
        last.restore()
    interrupts.saving()
    folder = save_run(model, out, command=["gigsim", *sys.argv[1:]])
    model.close()
    summary = summarise_run(model)
    if as_json:
        print_json({"folder": str(folder), **summary})
    if interrupts.asked:
        done = summary["periods_done"]
        what = f"periods 0 to {done} are" if done else "period 0 is"
        whole = "the whole run is" if summary["complete"] else what
        stop(f"interrupted: {whole} in {folder}")
    if not as_json:
        seconds = time.perf_counter() - began
        print_lines([*_lines(summary, config), f"  written in {seconds:.0f} s to {folder}"])


def _run(
    config: Config, workers: int, interrupts: Interrupts, quiet: bool
) -> tuple[Any, LastFinished | None]:
    """The model, run to its end or until interrupted, and its memory; None if never begun."""
    from gigsim.model import GigEconomy

    settling = config.run.until == "settled"
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} periods" + (" at most" if settling else "")),
        TimeElapsedColumn(),
        console=stderr,
        # Gone when the run is over, never in a log file: an error is then the only line there is.
        transient=True,
        disable=quiet or not stderr.is_terminal,
    )
    model = last = None
    try:
        with progress:
            total = config.run.limit if settling else config.run.periods
            task = progress.add_task("starting", total=total)

            def observe(what: str) -> None:
                progress.update(task, description=what)

            model = GigEconomy(config, workers=workers, observer=observe)
            last = LastFinished(model)
            while not (model.finished or interrupts.asked):
                model.step()
                last.keep()
                progress.advance(task)
                if model.retrained and not quiet:
                    progress.console.print(
                        f"period {model.period:3d}  α {model.alpha:6.1%}"
                        f"  S {model.success:6.1%}  U {model.base:6.1%}"
                        f"  accuracy {model.evaluation.values['accuracy']:6.1%}"
                        f"  free riders {model.population.free_rider.mean():6.1%}",
                        highlight=False,
                    )
            progress.update(task, description="done")
    except KeyboardInterrupt:
        # Asked: the caller sees what there is to write.
        return model, last
    return model, last


def _lines(summary: dict[str, Any], config: Config) -> list[str]:
    final, metric = summary["final"], summary["metric"]
    platform, society = summary["alpha_platform"], summary["alpha_society"]
    goal = percent(platform["success_target"], 0)
    lines = [
        f"{summary['name']}, seed {summary['seed']}: {summary['freelancers']:,} freelancers,"
        f" {summary['periods']} periods, {summary['retrainings']} retrainings of"
        f" {summary['learner']}",
        f"  members            {percent(final['alpha'])} ({final['members']:,}),"
        f" free riders {final['free_riders']:,}, outsiders {final['outsiders']:,}",
        f"  success S ({metric})    {percent(final[f'success_{metric}'])}, without the signal"
        f" {percent(final[f'base_{metric}'])}, before the collective"
        f" {percent(summary['clean_rate'])} (sd {percent(summary['clean_rate_sd'])})",
        f"  clean accuracy     {percent(final['accuracy'])}, before the collective"
        f" {percent(summary['clean_accuracy'])}",
        f"  S at {goal} from α  {percent(platform['observed'], 2)} observed;"
        f" {percent(platform['predicted_finite_sample'], 2)} expected of a perfect learner on this"
        f" many resumes; {percent(platform['predicted_sufficient'], 2)} suffices by"
        f" {STRATEGIES[config.collective.strategy].theorem}",
        f"  grows by itself from α  {percent(society['predicted'], 2)} (fixed point, predicted for"
        " a perfect learner)",
    ]
    if summary["limit_reached"]:
        lines.append(f"  not settled within {config.run.limit} periods (run.limit)")
    elif config.run.until == "settled":
        lines.append(f"  settled in period {summary['settled']}")
    return lines
