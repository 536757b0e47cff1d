"""What the commands of ``gigsim tip`` share: options, and words for numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from gigsim.cli.output import stderr

ScenarioArgument = Annotated[
    str, typer.Argument(help="A TOML file, or the name of a scenario that ships.")
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=C", help="Override a key of the config; repeatable."),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(min=0, help="Processes; by default one a core. Changes no result."),
]
FolderOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write a folder with all of it in here.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what is predicted and how long it takes, no more.")
]


def check_folder(out: Path | None) -> None:
    """Refuse before long work a folder that could not be written after it."""
    if out is not None:
        from gigsim.runs import check_out

        check_out(out)


def ends_words(low: float, high: float) -> str:
    """An interval for people; ``-`` where there is none."""
    return "-" if math.isnan(low) else f"{number(low)} to {number(high)}"


def number(value: float | None) -> str:
    """A number for people; ``-`` where there is none."""
    if value is None or math.isnan(value):
        return "-"
    return "no number" if math.isinf(value) else f"{value:,.6g}"


def say(words: str) -> None:
    """A word on progress."""
    stderr.print(words, highlight=False)
