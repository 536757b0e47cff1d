"""``gigsim run``: one run of a scenario, or many, from its config to its folder."""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    count,
    interrupts_of,
    percent,
    print_json,
    print_lines,
    stderr,
)
from gigsim.errors import InputError
from gigsim.interrupts import INTERRUPTED, Interrupts, LastFinished

if TYPE_CHECKING:
    from gigsim.config import Config


def run_command(
    context: typer.Context,
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
    # Imported late, here and below: libraries take seconds, and a misspelt option should say so at
    # once.
    from gigsim.config import load

    interrupts = interrupts_of(context)
    if until not in (None, "periods", "settled"):
        raise InputError("--until", f"{until!r}", "one of: periods, settled")
    overrides = list(settings or [])
    overrides += [] if seed is None else [f"run.seed={seed}"]
    overrides += [] if until is None else [f"run.until={until}"]
    config = load(scenario, overrides)

    from gigsim.runs import check_out

    check_out(out)
    if not quiet:
        for line in _never(config):
            stderr.print(line, markup=False, highlight=False, soft_wrap=True)
    if replicates is None:
        _single(config, out, workers, interrupts, as_json=as_json, quiet=quiet)
    else:
        from gigsim.cli.replicates import run_many

        run_many(config, replicates, out, workers, interrupts, as_json=as_json, quiet=quiet)


def stop(line: str, code: int = INTERRUPTED) -> NoReturn:
    """End the command with a word on standard error."""
    stderr.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def _never(config: Config) -> list[str]:
    """A note on each change that comes after the last period."""
    last = config.run.periods if config.run.until == "periods" else config.run.limit
    return [
        f"note: at[{number}] (period {change.period}) is after the last period, {last}, and never"
        " happens"
        for number, change in enumerate(config.at, start=1)
        if change.period > last
    ]


def _single(
    config: Config,
    out: Path,
    workers: int | None,
    interrupts: Interrupts,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    import gigsim.model  # noqa: F401 - here, where Ctrl-C may still end everything at once
    from gigsim.runs import save_run
    from gigsim.summary import summarise_run

    import_learner(config)
    interrupts.running()
    began = time.perf_counter()
    processes = min(2, os.cpu_count() or 1) if workers is None else workers
    model, last = _run(config, processes, interrupts, quiet or as_json)
    if model is None or last is None:
        stop("interrupted before period 0 was measured: nothing written")
    if interrupts.asked:
        last.restore()
    interrupts.saving()
    folder = save_run(model, out, command=["gigsim", *sys.argv[1:]])
    interrupts.leaving()
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


def import_learner(config: Config) -> None:
    """Import the large library of the platform's learner, where it has one."""
    homes = {"transformer": "gigsim.learners.transformer", "linear": "gigsim.learners.linear"}
    if home := homes.get(config.platform.learner.kind):
        import_module(home)


def _lines(summary: dict[str, Any], config: Config) -> list[str]:
    from gigsim.collective.strategies import STRATEGIES

    final, metric = summary["final"], summary["metric"]
    theorem = STRATEGIES[config.collective.strategy].theorem
    platform, society = summary["alpha_platform"], summary["alpha_society"]
    goal = percent(platform["success_target"], 0)
    lines = [
        f"{summary['name']}, seed {summary['seed']}: {summary['freelancers']:,} freelancers,"
        f" {count(summary['periods'], 'period')}, {count(summary['retrainings'], 'retraining')} of"
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
        f" many resumes; {_sufficient(platform['predicted_sufficient'])} by {theorem}",
        f"  grows by itself from α  {percent(society['predicted'], 2)} (fixed point, predicted for"
        " a perfect learner)",
    ]
    if summary["limit_reached"]:
        lines.append(f"  not settled within {count(config.run.limit, 'period')} (run.limit)")
    elif config.run.until == "settled":
        lines.append(f"  settled in period {summary['settled']}")
    return lines


def _sufficient(share: float | None) -> str:
    return "any α > 0 suffices" if share == 0 else f"{percent(share, 2)} suffices"
