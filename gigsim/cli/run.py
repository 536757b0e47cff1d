"""``gigsim run``: one run of a scenario, from its config to its folder."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gigsim.cli.output import JsonOption, QuietOption, percent, print_json, print_lines, stderr
from gigsim.config import Config, load


def run_command(
    scenario: Annotated[
        str, typer.Argument(help="A TOML file, or the name of a scenario that ships.")
    ] = "default",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=C", help="Override a key of the config; repeatable."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The run's seed.")] = None,
    out: Annotated[Path, typer.Option(help="The folder that holds runs.")] = Path("runs"),
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes for trainings side by side; changes no result."),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a scenario and write its folder: tables, summary, figure.

    Example: gigsim run default --set population.size=3000 --seed 7
    """
    overrides = list(settings or []) + ([] if seed is None else [f"run.seed={seed}"])
    config = load(scenario, overrides)
    processes = min(2, os.cpu_count() or 1) if workers is None else workers
    # Imported late: torch takes seconds, and a bad config should say so at once.
    from gigsim.runs import check_out, save_run
    from gigsim.summary import summarise_run

    check_out(out)
    began = time.perf_counter()
    model = _run(config, processes, quiet or as_json)
    folder = save_run(model, out, command=["gigsim", *sys.argv[1:]])
    model.close()
    summary = summarise_run(model)
    if as_json:
        print_json({"folder": str(folder), **summary})
    else:
        seconds = time.perf_counter() - began
        print_lines([*_lines(summary), f"  written in {seconds:.0f} s to {folder}"])


def _run(config: Config, workers: int, quiet: bool) -> Any:
    from gigsim.model import GigEconomy

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} periods"),
        TimeElapsedColumn(),
        console=stderr,
        # Gone when the run is over, never in a log file: an error is then the only line there is.
        transient=True,
        disable=quiet or not stderr.is_terminal,
    )
    with progress:
        task = progress.add_task("starting", total=config.run.periods)

        def observe(what: str) -> None:
            progress.update(task, description=what)

        model = GigEconomy(config, workers=workers, observer=observe)
        for _ in range(config.run.periods):
            model.step()
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
    return model


def _lines(summary: dict[str, Any]) -> list[str]:
    final, metric = summary["final"], summary["metric"]
    platform, society = summary["alpha_platform"], summary["alpha_society"]
    goal = percent(platform["success_target"], 0)
    return [
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
        f" many resumes; {percent(platform['predicted_sufficient'], 2)} suffices by Theorem 1",
        f"  grows by itself from α  {percent(society['predicted'], 2)} (fixed point, predicted for"
        " a perfect learner)",
    ]
