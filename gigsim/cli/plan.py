"""``gigsim plan``: what an organiser asks, in sentences, a table and a figure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    interrupts_of,
    print_json,
    print_lines,
    print_table,
    stderr,
)
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.planning import Plan


def plan_command(
    context: typer.Context,
    scenario: Annotated[
        str, typer.Argument(help="A TOML file, or the name of a scenario that ships.")
    ] = "default",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=C", help="Override a key of the config; repeatable."),
    ] = None,
    curve: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A measured curve (curve.parquet of gigsim curve, or CSV) in place of the"
            " platform; without one a theorem's promise is planned with.",
        ),
    ] = None,
    arm: Annotated[
        str, typer.Option(metavar="NAME", help="Which curve of a FILE that has several.")
    ] = "",
    period: Annotated[
        int | None,
        typer.Option(
            "--at",
            min=0,
            metavar="PERIOD",
            help="Plan for the world as the config's [[at]] changes have made it by this period.",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, metavar="K", help="Runs of each kind that the plan is tried in.")
    ] = 20,
    simulate: Annotated[
        bool, typer.Option("--simulate/--no-simulate", help="Try the plan out in real runs.")
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write plan.json, plan.md and plan.png to a folder of their own in this one.",
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Plan a collective: how many it takes, what gets it going, how secret, how sure.

    Answers are of the society that the config describes, before a measured curve (a surrogate's, or
    --curve) or before what a theorem promises. Real runs try the plan, and less than the plan.

    Example: gigsim plan default --curve runs/my-curve/curve.parquet --out plans
    """
    from gigsim.config import load

    interrupts = interrupts_of(context)
    config = load(scenario, settings or [])
    if out is not None:
        from gigsim.runs import check_out

        check_out(out)
    from gigsim.planning import plan

    if arm and curve is None:
        raise InputError("--arm", "goes with --curve", "give --curve FILE too")
    tell = _silent if quiet or as_json else _say
    made = plan(
        config, curve=curve, arm=arm, period=period, seeds=seeds if simulate else 0, tell=tell
    )
    folder = None
    if out is not None:
        from gigsim.planning.folder import save_plan

        folder = save_plan(made, out, ["gigsim", *sys.argv[1:]])
    interrupts.leaving()
    kept = "" if folder is None else f"the plan is in {folder}"
    if as_json:
        print_json(made.content, kept)
        return
    _print(made, folder, kept)


def _print(made: Plan, folder: Path | None, kept: str) -> None:
    from gigsim.planning.report import HEADER, report_lines, table_of

    print_lines(report_lines(made.content), kept)
    print_table("", table_of(made.content), HEADER)
    if folder is not None:
        print_lines([f"written: {folder}"], kept)


def _say(what: str) -> None:
    stderr.print(f"{what} ...", markup=False, highlight=False, soft_wrap=True)


def _silent(_: Any) -> None:
    """--quiet."""
