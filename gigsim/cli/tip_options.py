"""What the commands of ``gigsim tip`` share: options, lists of numbers, and words for them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from gigsim.cli.output import count, print_json, print_lines, stderr
from gigsim.errors import InputError

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


def numbers_of(option: str, words: str | None) -> list[float]:
    """The numbers of an option, none where it was not given or is empty.

    Raises:
        InputError: something between commas is empty or no number, or a number is there twice.
    """
    if words is None or not words.strip():
        return []
    found = []
    for word in words.split(","):
        if not word.strip():
            raise InputError(option, f"{words!r} has an empty item", "such as 0,0.5,1")
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(option, f"{word!r} is no number", "such as 0,0.5,1")
        found.append(value)
    if len(set(found)) < len(found):
        raise InputError(option, f"{words!r} says a number twice", "each once")
    return found


def whole(option: str, value: float) -> int:
    """A number of an option that counts something.

    Raises:
        InputError: it is negative or has a fraction.
    """
    if value < 0 or value != int(value):
        raise InputError(option, f"{value:g} is no whole number of 0 or more", "such as 1000")
    return int(value)


def runs_of(guess: float) -> int:
    """Runs in which one world's critical number is found, from a guess that is about right."""
    # Three to bracket it, and one for each halving of a bracket a quarter of it wide.
    return 3 + max(1, math.ceil(math.log2(max(2.0, guess / 4))))


def say_runs(runs: int, people: str, seconds: float, workers: int, *, as_json: bool) -> None:
    """What a question costs, for ``--dry-run``.

    Args:
        runs: of the loop, about so many.
        people: how many each has, in words.
        seconds: of one process for all of them, guessed from one run.
        workers: processes among which they are divided.
        as_json: for programs.
    """
    shared = seconds / max(1, workers)
    if as_json:
        print_json({"runs": runs, "people": people, "seconds": shared, "workers": workers})
        return
    print_lines(
        [f"about {count(runs, 'run')} of {people}, {shared:.0f} s with --workers {workers}"]
    )
