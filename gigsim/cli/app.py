"""``gigsim``: the commands, and what becomes of their errors."""

from __future__ import annotations

import sys

import typer

from gigsim.cli.bounds import bounds_app
from gigsim.cli.corpus import corpus_app
from gigsim.cli.output import stderr
from gigsim.cli.run import run_command
from gigsim.errors import InputError

app = typer.Typer(
    name="gigsim",
    help="An agent-based economic simulation of algorithmic collective action.\n\n"
    "Example: gigsim run default --set population.size=3000",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("run")(run_command)
app.add_typer(corpus_app, name="corpus")
app.add_typer(bounds_app, name="bounds")


def main() -> None:
    """Entry point: bad input is one line and exit code 2; a bug keeps its traceback, code 1."""
    try:
        app()
    except InputError as error:
        stderr.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
