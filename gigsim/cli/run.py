"""``gigsim run``: one run of a scenario, or many, from its config to its folder."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    TrustOption,
    interrupts_of,
    stderr,
)
from gigsim.errors import InputError
from gigsim.interrupts import INTERRUPTED

if TYPE_CHECKING:
    from gigsim.checkpoint import Checkpoint
    from gigsim.config import Config


def run_command(
    context: typer.Context,
    scenario: Annotated[
        str | None,
        typer.Argument(
            help="A TOML file, or the name of a scenario that ships.", show_default="default"
        ),
    ] = None,
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
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|FOLDER",
            help="Go on from a checkpoint, or from the one in a folder, to the same results.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The folder that holds runs; of a resumed run, where its checkpoint is.",
            show_default="runs",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Processes: for trainings side by side, or for replicates; changes no result.",
        ),
    ] = None,
    checkpoint: Annotated[
        bool,
        typer.Option(
            "--checkpoint/--no-checkpoint",
            help="Keep a file beside the run's folder to go on from, until that is written.",
        ),
    ] = True,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a scenario and write its folder: tables, summary, figure.

    Ctrl-C ends it early and writes what is finished (exit code 130); a second one writes no folder.
    Either way, and after a kill, --resume goes on from the last checkpoint.

    Example: gigsim run default --set population.size=3000 --seed 7
    """
    # Imported late, here and below: libraries take seconds, and a misspelt option should say so at
    # once.
    from gigsim.config import load

    interrupts = interrupts_of(context)
    if until not in (None, "periods", "settled"):
        raise InputError("--until", f"{until!r}", "one of: periods, settled")
    found = None
    if resume is None:
        overrides = list(settings or [])
        overrides += [] if seed is None else [f"run.seed={seed}"]
        overrides += [] if until is None else [f"run.until={until}"]
        config = load("default" if scenario is None else scenario, overrides)
    else:
        given = {
            "a scenario": scenario,
            "--set": settings,
            "--seed": seed,
            "--replicates": replicates,
            "--until": until,
        }
        for option, value in given.items():
            if value not in (None, []):
                raise InputError(
                    "--resume",
                    f"given beside {option}",
                    "a checkpoint says all that there is to say of its run",
                )
        found = _found(resume)
        config = found.config
    from gigsim.trust import require

    require([config], trust)
    if out is None:
        out = Path("runs") if found is None else found.path.parent

    from gigsim.runs import check_out

    check_out(out)
    if not quiet:
        differs = found.differs if found else ()
        lines = [f"note: not as it was, so that bits may differ: {what}" for what in differs]
        for line in [*_never(config), *lines]:
            tell(line)
    if replicates is None:
        from gigsim.cli.single import run_single

        run_single(
            found or config,
            out,
            workers,
            interrupts,
            checkpoint=checkpoint,
            trust=trust,
            as_json=as_json,
            quiet=quiet,
        )
    else:
        from gigsim.cli.replicates import run_many

        run_many(
            config,
            replicates,
            out,
            workers,
            interrupts,
            trust=trust,
            as_json=as_json,
            quiet=quiet,
        )


def _found(place: Path) -> Checkpoint:
    """The checkpoint that ``--resume`` means, read."""
    from gigsim.checkpoint import load_checkpoint
    from gigsim.checkpoints import find_checkpoint

    return load_checkpoint(find_checkpoint(place))


def tell(line: str) -> None:
    """A word on standard error."""
    stderr.print(line, markup=False, highlight=False, soft_wrap=True)


def stop(line: str, code: int = INTERRUPTED) -> NoReturn:
    """End the command with a word on standard error."""
    tell(line)
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


def import_learner(config: Config) -> None:
    """Import the large library of the platform's learner, where it has one."""
    homes = {kind: f"gigsim.learners.{kind}" for kind in ("transformer", "linear", "frozen")}
    if home := homes.get(config.platform.learner.kind):
        import_module(home)
