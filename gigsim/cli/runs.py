"""``gigsim runs``: what there is, what is in it, what differs, is it right, what may go."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    check_target,
    interrupts_of,
    print_json,
    print_lines,
    stderr,
)
from gigsim.errors import InputError

runs_app = typer.Typer(
    help="Runs, replicates, studies and curves: list, show, compare, verify, delete.\n\n"
    "Example: gigsim runs list",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_RUN = re.compile(r"(\d{1,9})\.(\d{1,9})")
_AGE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

FolderArgument = Annotated[Path, typer.Argument(help="A run, replicates, a study or curves.")]


@runs_app.command("list")
def list_command(
    path: Annotated[Path, typer.Argument(help="The folder that holds runs.")] = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """What is in a folder of runs: how far it is, how large, how old.

    Example: gigsim runs list
    """
    from gigsim.cli.runs_words import entry_as_dict, print_entries
    from gigsim.results.listing import entries

    found = entries(path)
    if as_json:
        print_json({"folder": str(path), "entries": [entry_as_dict(entry) for entry in found]})
    else:
        print_entries(path, found)


@runs_app.command("show")
def show_command(
    path: FolderArgument,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="CASE.REPLICATE", help="One run of a study or replicates."),
    ] = None,
    config: Annotated[
        bool, typer.Option("--config", help="Print the run's config as TOML, for gigsim run.")
    ] = False,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it: .png, .pdf or .svg, by the name."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What became of a run or a study.

    Example: gigsim runs show runs/20230723T120005Z-leak-0123456789ab --run 3.1
    """
    from gigsim.cli.runs_show import shown
    from gigsim.cli.show_figure import draw
    from gigsim.config import dumps
    from gigsim.results.sources import open_source

    if figure is not None:
        check_target(figure)
    source = open_source(path)
    number = None if run is None else _number(run)
    if config:
        if as_json or figure is not None:
            raise InputError("--config", "given beside --json or --figure", "one of them")
        if number is None and source.kind in ("study", "curve"):
            raise InputError(
                "--config", f"a {source.kind} has many", "say which: --run CASE.REPLICATE"
            )
        print_lines([dumps(source.config(*(number or (0, 0)))).rstrip("\n")])
        return
    if figure is not None:
        draw(source, number, figure)
    found = shown(source, number)
    if as_json:
        print_json({"folder": str(path), **found.as_dict()})
    else:
        found.print()
        if figure is not None:
            print_lines([f"  drawn to {figure}"])


@runs_app.command("diff")
def diff_command(
    a: FolderArgument,
    b: Annotated[Path, typer.Argument(help="Another one of the same kind.")],
    within: Annotated[
        float, typer.Option(min=0.0, help="Numbers so near to each other count as equal.")
    ] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """In what two runs, sets of replicates or studies differ; exit code 1 if they do.

    Example: gigsim runs diff runs/FIRST runs/SECOND --within 1e-9
    """
    from gigsim.cli.runs_words import difference_lines
    from gigsim.results.diff import diff

    found = diff(a, b, within)
    if as_json:
        print_json({"a": str(a), "b": str(b), **found.as_dict()})
    else:
        print_lines(difference_lines(found))
    if not found.equal:
        raise typer.Exit(1)


@runs_app.command("verify")
def verify_command(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Runs, replicates, studies or curves."),
    ],
    sample: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="K", help="So many runs of each, drawn at random; by default all."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the drawing.")] = 1,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes, one run in each; by default one a core.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run it again, train everything, and compare; exit code 1 where it is not verified.

    With the versions and the kind of CPU that made it, byte for byte; elsewhere within stated
    tolerances (docs/runs.md). Several folders one after the other, each under its name.

    Example: gigsim runs verify runs/20230723T120005Z-leak-0123456789ab --sample 20
    """
    from gigsim.cli.runs_words import verdict_line, verification_lines
    from gigsim.results.verdicts import Verdict
    from gigsim.results.verify import check_folders, verify

    check_folders(paths)
    silent = quiet or as_json

    def tell(verdict: Verdict) -> None:
        if not silent:
            stderr.print(verdict_line(verdict), markup=False, highlight=False, soft_wrap=True)

    interrupts = interrupts_of(context)
    interrupts.running()
    processes = (os.cpu_count() or 1) if workers is None else workers
    several, verified, plain = len(paths) > 1, True, []
    for path in paths:
        if several and not silent:
            stderr.print(f"{path}:", markup=False, highlight=False, soft_wrap=True)
        found = verify(path, sample=sample, seed=seed, workers=processes, tell=tell)
        verified &= found.verified
        plain.append({"folder": str(path), **found.as_dict()})
        if not as_json:
            print_lines([f"{path}:"] * several + verification_lines(found))
    interrupts.leaving()
    if as_json:
        print_json({"verified": verified, "folders": plain} if several else plain[0])
    if not verified:
        raise typer.Exit(1)


@runs_app.command("prune")
def prune_command(
    path: Annotated[Path, typer.Argument(help="The folder that holds runs.")] = Path("runs"),
    failed: Annotated[
        bool, typer.Option("--failed", help="Results without one finished run; damaged ones.")
    ] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="What killed processes left half-written.")
    ] = False,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Older than 90m, 12h, 30d or 8w.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="The N newest results stay.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without this, only list.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete runs: lists what would go and its size, and deletes with --yes alone.

    What a process is writing stays, and what holds a file that is not gigsim's.

    Example: gigsim runs prune --older-than 30d --keep 10
    """
    from gigsim.cli.runs_words import entry_as_dict, pruning_lines
    from gigsim.results.listing import entries
    from gigsim.results.prune import choose, delete

    age = None if older_than is None else _age(older_than)
    found = choose(entries(path), failed=failed, partial=partial, older_than=age, keep=keep)
    if yes:
        for entry in found.chosen:
            delete(entry)
    if as_json:
        spared: list[dict[str, Any]] = [
            entry_as_dict(entry) | {"why": why} for entry, why in found.spared
        ]
        chosen = [entry_as_dict(entry) for entry in found.chosen]
        print_json({"deleted": yes, "bytes": found.bytes, "chosen": chosen, "spared": spared})
        return
    print_lines(pruning_lines(found, deleted=yes))
    if found.chosen and not yes:
        print_lines(["nothing deleted: add --yes"])


def _number(text: str) -> tuple[int, int]:
    found = _RUN.fullmatch(text)
    if found is None:
        raise InputError("--run", repr(text), "CASE.REPLICATE, two numbers from 0, like 3.1")
    return int(found[1]), int(found[2])


def _age(text: str) -> float:
    found = _AGE.fullmatch(text)
    if found is None:
        raise InputError("--older-than", repr(text), "a number and s, m, h, d or w, like 30d")
    return float(found[1]) * _SECONDS[found[2]]
