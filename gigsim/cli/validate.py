"""``gigsim validate``: every known answer, every bound against exact worlds, on the record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    check_target,
    interrupts_of,
    print_json,
    print_lines,
    stderr,
)
from gigsim.cli.run import stop

_RECORD = Path("docs/validation.md")


def validate_command(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where the record goes.",
            show_default=f"{_RECORD}; with --quick, nowhere",
        ),
    ] = None,
    worlds: Annotated[
        int,
        typer.Option(min=1, help="Worlds for each bound in which it says something."),
    ] = 20_000,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the experiments with trained learners.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes, by default one a core; changes no result."),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check the theory: known answers, every bound against exact worlds, what is not covered.

    Exit code 1 if a verdict fails. Where learners that are really trained do not do what a paper
    reports, the record says so; that is a finding and does not fail.

    Example: gigsim validate --quick --out validation.md
    """
    if out is None and not quick:
        out = _RECORD
    if out is not None:
        check_target(out)

    # Imported late: libraries take seconds, and a misspelt option should say so at once.
    from gigsim.resumes.corpus import written_whole
    from gigsim.validation.record import Progressing, validate

    interrupts = interrupts_of(context)
    interrupts.running()
    shown = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        console=stderr,
        transient=True,
        disable=quiet or not stderr.is_terminal,
    )
    with shown:
        tasks = {}

        def tell(stage: Progressing, done: int, of: int) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(stage, total=of)
            shown.update(tasks[stage], completed=done, total=of)
            if done == of and not quiet:
                shown.console.print(f"{stage}: {done} done", highlight=False)

        record = validate(worlds, experiments=not quick, workers=workers, tell=tell)
    interrupts.saving()
    kept = ""
    if out is not None:
        with written_whole(out) as stream:
            stream.write(record.markdown().encode())
        kept = f"the record is in {out}"
    if as_json:
        print_json(record.plain(), kept=kept)
    else:
        print_lines([*record.summary(), *([f"written to {out}"] if out else [])], kept=kept)
    if record.faults:
        stop("\n".join(f"error: {fault}" for fault in record.faults), 1)
