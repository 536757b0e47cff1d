"""One run, from its config or a checkpoint to its folder, for ``gigsim run``."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gigsim.cli.output import count, percent, print_json, print_lines, stderr
from gigsim.cli.run import import_learner, stop, tell
from gigsim.interrupts import NOTHING, Interrupts, LastFinished

if TYPE_CHECKING:
    from gigsim.checkpoint import Checkpoint
    from gigsim.checkpoints import Checkpoints
    from gigsim.config import Config


def run_single(
    begin: Config | Checkpoint,
    out: Path,
    workers: int | None,
    interrupts: Interrupts,
    *,
    checkpoint: bool,
    trust: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run to the end, or until interrupted, and write the folder.

    Args:
        begin: what to run, or where to go on.
        out: the folder that holds runs.
        workers: processes for trainings; None for one or two, as there are cores.
        interrupts: of the command.
        checkpoint: keep one while it runs.
        trust: import code that the config names.
        as_json: print the summary as JSON.
        quiet: print no progress.
    """
    # Here, where Ctrl-C may still end everything at once.
    from gigsim.checkpoint import Checkpoint
    from gigsim.checkpoints import Checkpoints, new_place
    from gigsim.runs import run_name, save_run
    from gigsim.summary import summarise_run

    earlier = begin if isinstance(begin, Checkpoint) else None
    config = earlier.config if earlier else cast("Config", begin)
    import_learner(config)
    interrupts.running()
    began = time.perf_counter()
    processes = min(2, os.cpu_count() or 1) if workers is None else workers
    keeper = None
    if checkpoint:
        file = earlier.path if earlier else new_place(out, run_name(config))
        keeper = Checkpoints(file, tell, earlier.period if earlier else None)
    model, last = _run(begin, config, processes, interrupts, keeper, trust, quiet or as_json)
    if model is None or last is None:
        when = "" if earlier else " before period 0 was measured"
        stop(_again(f"interrupted{when}: nothing written", keeper))
    if interrupts.asked:
        last.restore()
    interrupts.saving()
    try:
        folder = save_run(model, out, command=["gigsim", *sys.argv[1:]])
    except KeyboardInterrupt:
        interrupts.leaving()
        stop(_again(NOTHING, keeper))
    interrupts.leaving()
    model.close()
    summary = summarise_run(model)
    if keeper and summary["complete"]:
        keeper.drop(folder)
    if as_json:
        print_json({"folder": str(folder), **summary})
    if interrupts.asked:
        done = summary["periods_done"]
        what = f"periods 0 to {done} are" if done else "period 0 is"
        if summary["complete"]:
            stop(f"interrupted: the whole run is in {folder}")
        stop(_again(f"interrupted: {what} in {folder}", keeper))
    if not as_json:
        seconds = time.perf_counter() - began
        print_lines([*run_lines(summary, config), f"  written in {seconds:.0f} s to {folder}"])


def _again(line: str, keeper: Checkpoints | None) -> str:
    """The line, and how to go on where there is something to go on from."""
    if keeper is None or keeper.period is None:
        return line
    place = shlex.quote(str(keeper.path))
    return f"{line}; from period {keeper.period} on: gigsim run --resume {place}"


def _run(
    begin: Config | Checkpoint,
    config: Config,
    workers: int,
    interrupts: Interrupts,
    keeper: Checkpoints | None,
    trust: bool,
    quiet: bool,
) -> tuple[Any, LastFinished | None]:
    """The model, run to its end or until interrupted, and its memory; None if never begun."""
    from gigsim.checkpoint import Checkpoint
    from gigsim.model import GigEconomy
    from gigsim.refusals import check_newcomers

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

            if isinstance(begin, Checkpoint):
                model = begin.restore(workers=workers, observer=observe, trust=trust)
                progress.update(task, completed=model.period)
            else:
                model = GigEconomy(config, workers=workers, observer=observe, trust=trust)
            if not settling:
                # Before a checkpoint is kept, which could not be finished either.
                check_newcomers(model, total - model.period)
            last = LastFinished(model)
            if keeper and not isinstance(begin, Checkpoint):
                keeper.offer(model)
            while not (model.finished or interrupts.asked):
                model.step()
                last.keep()
                if keeper:
                    keeper.offer(model)
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


def run_lines(summary: dict[str, Any], config: Config) -> list[str]:
    """A run's summary for people."""
    from gigsim.collective.catalogue import STRATEGIES

    final, metric = summary["final"], summary["metric"]
    section = config.collective
    facts = STRATEGIES[section.strategy]
    platform, society = summary["alpha_platform"], summary["alpha_society"]
    # Runs that were written before theorems had several names have no such key.
    theorem = platform.get("theorem", facts.theorem_for(metric, section.label_sets))
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
        f"  S at {goal} from α  {percent(platform['observed'], 2)} observed{_short_of(platform)}"
        + _expected(platform)
        + _promised(platform, theorem),
        f"  grows by itself from α  {percent(society['predicted'], 2)} (fixed point, predicted for"
        " a perfect learner)",
    ]
    lines += _stand_in(summary)
    if target := summary.get("target_model"):
        lines.append(
            f"  the collective's model  {_short(target['distance'])} away, at most"
            f" {_short(target['at_most'])} by {facts.theorem}; the weights of period 0 are"
            f" {_short(target['period_0_weights'])} away"
        )
    if summary["limit_reached"]:
        lines.append(f"  not settled within {count(config.run.limit, 'period')} (run.limit)")
    elif config.run.until == "settled":
        lines.append(f"  settled in period {summary['settled']}")
    return lines


def _short_of(platform: dict[str, Any]) -> str:
    """The size at which S was not there yet; runs that an earlier gigsim wrote do not say."""
    # That it was not at 0, without a collective, goes without saying.
    above = platform.get("observed_above")
    return f" (not at {percent(above, 2)})" if above else ""


def _stand_in(summary: dict[str, Any]) -> list[str]:
    """What stood in for the platform, and what real trainings beside it said."""
    if "surrogate" not in summary:
        return []
    lines = [f"  the platform is    {summary['surrogate']['words']}"]
    if checks := summary.get("spot_checks"):
        # Runs that an earlier gigsim wrote do not say of how many people a check is.
        follow = checks.get("followers") or [None] * len(checks["periods"])
        columns = (checks[name] for name in ("periods", "spot", "difference", "difference_se"))
        # Trainings of a curve share their people; spot checks draw others each time.
        without = ", the luck of the curve's own draw of people not in it"
        without = without if summary["surrogate"]["source"] == "curve" else ""
        for period, spot, away, error, people in zip(*columns, follow, strict=True):
            of = "" if people is None else f" ({people:,} of {checks['size']:,} resumes follow)"
            lines.append(
                f"  spot check, period {period}  S {percent(spot)} of {checks['learner']} trained"
                f" for real{of}: {_signed(away)} (standard error {percent(error)}{without})"
                " against the surrogate"
            )
        last = checks["periods"][-1] if checks["periods"] else -1
        if missed := [str(period) for period in checks["asked"] if period > last]:
            lines.append(f"  spot checks not reached  period {', '.join(missed)}")
    return lines


def _signed(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:+.1f} points"


def _promised(platform: dict[str, Any], theorem: str | None) -> str:
    """The share that a theorem says is enough, where one covers the metric."""
    if theorem is None:
        return ""
    return f"; {_sufficient(platform['predicted_sufficient'])} by {theorem}"


def _short(number: float | None) -> str:
    return "-" if number is None else f"{number:.3g}"


def _expected(platform: dict[str, Any]) -> str:
    """What theory expects, of whom."""
    # Runs that were written before there was an exact line have no such key.
    if (exact := platform.get("predicted_exact")) is not None:
        return f"; {percent(exact, 2)} expected of the Bayes classifier"
    if (finite := platform["predicted_finite_sample"]) is not None:
        return f"; {percent(finite, 2)} expected of a perfect learner on this many resumes"
    return ""


def _sufficient(share: float | None) -> str:
    return "any α > 0 suffices" if share == 0 else f"{percent(share, 2)} suffices"
