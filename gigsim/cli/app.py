"""``gigsim``: the commands, and what becomes of their errors."""

from __future__ import annotations

import sys
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from gigsim.cli.bounds import bounds_app
from gigsim.cli.browser import app_command
from gigsim.cli.corpus import corpus_app
from gigsim.cli.curve import curve_command
from gigsim.cli.output import stderr
from gigsim.cli.plan import plan_command
from gigsim.cli.pretrain import pretrain_command
from gigsim.cli.reproduce import reproduce_command
from gigsim.cli.run import run_command
from gigsim.cli.runs import runs_app
from gigsim.cli.sensitivity import sensitivity_command
from gigsim.cli.sweep import sweep_command
from gigsim.cli.tip import tip_app
from gigsim.cli.validate import validate_command
from gigsim.errors import InputError
from gigsim.interrupts import INTERRUPTED, NOTHING, Interrupts


class _Commands(TyperGroup):
    """Commands of which an interrupted one says so, before typer makes of it what it likes."""

    # Typer brings a copy of click along or uses the installed one, by its version.
    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.obj.leaving()
            stderr.print(NOTHING, highlight=False)
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    name="gigsim",
    help="An agent-based economic simulation of algorithmic collective action.\n\n"
    "Example: gigsim run default --set population.size=3000",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("run")(run_command)
app.command("curve")(curve_command)
app.command("reproduce")(reproduce_command)
app.command("sweep")(sweep_command)
app.command("plan")(plan_command)
app.command("sensitivity")(sensitivity_command)
app.command("app")(app_command)
app.command("pretrain")(pretrain_command)
app.command("validate")(validate_command)
app.add_typer(corpus_app, name="corpus")
app.add_typer(runs_app, name="runs")
app.add_typer(bounds_app, name="bounds")
app.add_typer(tip_app, name="tip")

# Typer brings a copy of click along or uses the installed one, by its version.
_UsageError: Any = typer.BadParameter.__base__


def _version(asked: bool) -> None:
    if asked:
        from gigsim import __version__

        sys.stdout.write(f"gigsim {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", is_eager=True, callback=_version
        ),
    ] = False,
) -> None:
    """What stands before a command."""


def run(interrupts: Interrupts) -> None:
    """Run the command of ``sys.argv``: bad input is one line and exit code 2; bugs come through.

    Args:
        interrupts: reaches commands as the ``obj`` of their context.
    """
    try:
        code = app(prog_name="gigsim", standalone_mode=False, obj=interrupts)
    except InputError as error:
        _refuse(str(error))
    except _UsageError as error:
        if _is_help(error):
            error.show()
            sys.exit(2)
        _refuse(_usage(error))
    except typer.Abort:
        stderr.print("Aborted.")
        sys.exit(1)
    if isinstance(code, int) and code:
        sys.exit(code)


def _is_help(error: Any) -> bool:
    """Was a group of commands called without one?"""
    return error.ctx is not None and error.message == error.ctx.get_help()


def _usage(error: Any) -> str:
    """One line on a misused option or argument, and where to read on."""
    command = error.ctx.command_path if error.ctx else "gigsim"
    said = error.format_message().rstrip(".")
    return str(InputError(command, said, f"see {command} --help"))


def _refuse(line: str) -> NoReturn:
    stderr.print(f"error: {line}", markup=False, highlight=False, soft_wrap=True)
    sys.exit(2)
