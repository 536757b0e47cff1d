"""``gigsim run --replicates``: many runs, their progress, and what became of them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from gigsim.cli.output import count as counted
from gigsim.cli.output import percent, print_json, print_lines, stderr
from gigsim.cli.run import import_learner, stop
from gigsim.config import Config
from gigsim.interrupts import Interrupts
from gigsim.processes import Outcome
from gigsim.replicates import Replicates, load_replicates

#: What a surrogate's source is, so that nobody takes a bound for a measurement.
_SOURCES = {
    "curve": "a measured curve, read in place of trainings",
    "bound": "a bound and no measurement: what a theorem promises at least",
    "staircase": "an exact staircase and no measurement: the Bayes classifier of a law",
}


def run_many(
    config: Config,
    count: int,
    out: Path,
    workers: int | None,
    interrupts: Interrupts,
    *,
    trust: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run replicates, write their folder, say what became of them.

    Exit code 1 where one of them failed, 130 where they were interrupted; what is finished is
    written in both cases.
    """
    if workers == 0:
        import_learner(config)
    interrupts.running()
    began = time.perf_counter()
    study = Replicates(config, count, out, trust=trust)
    processes = min(count, os.cpu_count() or 1) if workers is None else workers
    try:
        _run(study, processes, interrupts, quiet or as_json)
    except KeyboardInterrupt:
        # Asked: what is finished is written below.
        _ = interrupts.asked
    interrupts.saving()
    try:
        folder = study.save(["gigsim", *sys.argv[1:]])
    except KeyboardInterrupt:
        interrupts.leaving()
        stop(f"interrupted: not put together; what is finished is in {study.waiting}")
    interrupts.leaving()
    failed = [number for number, outcome in study.outcomes.items() if outcome.failed]
    if folder is None:
        if interrupts.asked:
            stop("interrupted before a replicate was finished: nothing written")
        refused = [outcome.refused for outcome in study.outcomes.values()]
        if refused and refused[0] is not None and None not in refused:
            raise refused[0]
        stop(f"error: all {counted(count, 'replicate')} failed: nothing written", 1)
    summary = load_replicates(folder).summary
    if as_json:
        print_json({"folder": str(folder), **summary})
    written = summary["replicates_done"]
    verb = "is" if written == 1 else "are"
    done = f"{written} of {counted(count, 'replicate')} {verb} in {folder}"
    if interrupts.asked:
        stop(f"interrupted: {done}")
    if not as_json:
        seconds = time.perf_counter() - began
        print_lines(
            [*replicates_lines(summary, config), f"  written in {seconds:.0f} s to {folder}"]
        )
    if failed:
        stop(f"error: {counted(len(failed), 'replicate')} failed: {done}", 1)


def _run(study: Replicates, workers: int, interrupts: Interrupts, quiet: bool) -> None:
    run, count = study.config.run, len(study.configs)
    total = run.limit if run.until == "settled" else run.periods
    share = dict.fromkeys(range(count), 0.0)
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[done]}/{task.fields[count]} replicates"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=stderr,
        transient=True,
        disable=quiet or not stderr.is_terminal,
    )
    began = time.perf_counter()
    with progress:
        task = progress.add_task("", total=count, done=0, count=count, rate="starting")

        def show(number: int, passed: float) -> None:
            share[number] = passed
            sofar = sum(share.values())
            minutes = (time.perf_counter() - began) / 60
            done = len(study.outcomes)
            progress.update(
                task, completed=sofar, done=done, rate=f"{sofar / minutes:.1f} a minute"
            )

        def tell(number: int, period: int) -> None:
            # A little for period 0, so that time left is known early; the rest when it is written.
            show(number, (period + 1) / (total + 2))

        with closing(study.run(workers, tell)) as outcomes:
            for number, outcome in outcomes:
                show(number, 1.0)
                _say(study, number, outcome, progress, quiet)
                if interrupts.asked:
                    return


def _say(study: Replicates, number: int, outcome: Outcome, progress: Progress, quiet: bool) -> None:
    who = f"replicate {number} (seed {study.configs[number].run.seed})"
    if outcome.failed:
        if outcome.bug:
            progress.console.print(outcome.bug, markup=False, highlight=False, soft_wrap=True)
        progress.console.print(
            f"error: {who}: {outcome.reason}", markup=False, highlight=False, soft_wrap=True
        )
    elif not quiet:
        progress.console.print(f"{who}: {_became(outcome.value)}", highlight=False)


def _became(summary: dict[str, Any]) -> str:
    final = summary["final"]
    when = f"tipped in period {summary['tipping_period']}" if summary["tipped"] else "not tipped"
    return (
        f"{when}, in the end α {percent(final['alpha'])},"
        f" S {percent(final['success_' + summary['metric']])}"
    )


def stand_in_lines(configs: Iterable[Config]) -> list[str]:
    """What stands in for the platforms of many runs, in a line; no line where all of them train."""
    from gigsim.learners.recipes import SurrogateRecipe

    recipes = [config.platform.learner for config in configs]
    sources = dict.fromkeys(r.source for r in recipes if isinstance(r, SurrogateRecipe))
    if not sources:
        return []
    words = [_SOURCES[source] for source in sources]
    if not all(isinstance(recipe, SurrogateRecipe) for recipe in recipes):
        words.append("a classifier that is trained")
    return [f"  the platform is    {'; or '.join(words)}"]


def replicates_lines(summary: dict[str, Any], config: Config) -> list[str]:
    """A summary of replicates for people; of the config of one of them."""
    tipped, grown, settled = (summary[name] for name in ("tipped", "grown", "settled"))
    tipping, final, metric = summary["tipping_period"], summary["final"], summary["metric"]
    first, more = summary["seed"], summary["replicates"] - 1
    seeds = f"seeds {first} to {first + more}" if more else f"seed {first}"

    def band(name: str) -> str:
        found = final[name]
        return (
            f"{percent(found['mean'])}, the middle 95 % {percent(found['low'])} to"
            f" {percent(found['high'])}"
        )

    def when(level: str) -> str:
        period = tipping["quantiles"][level]
        return "never" if period is None else str(period)

    riders = final["free_riders"]
    goal = percent(summary["success_target"], 0)
    return [
        f"{summary['name']}: {summary['replicates_done']} of"
        f" {counted(summary['replicates'], 'replicate')}, {seeds},"
        f" {summary['freelancers']:,} freelancers, {summary['learner']}",
        *stand_in_lines([config]),
        f"  tipped (S at {goal} to the end)  {tipped['count']} of {tipped['of']},"
        f" {percent(tipped['share'])} (95 % interval {percent(tipped['low'])} to"
        f" {percent(tipped['high'])})",
        f"  tipping period     median {when('0.5')}, quartiles {when('0.25')} and {when('0.75')};"
        f" {tipping['never']} never",
        f"  grew               {grown['count']} of {grown['of']} beyond their first movers",
        f"  settled            {settled['count']} of {settled['of']} by their end",
        f"  final α            mean {band('alpha')}",
        f"  final S ({metric})    mean {band(f'success_{metric}')}",
        f"  free riders        mean {riders['mean']:.1f}, the middle 95 % {riders['low']:.0f} to"
        f" {riders['high']:.0f}",
    ]
