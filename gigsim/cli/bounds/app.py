"""The group of commands, each of which is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info

from gigsim.cli.bounds.options import plain

#: In the order in which help lists them; command ``a-b`` is in module ``a_b``.
COMMANDS = (
    "feature-label",
    "feature-only",
    "unplanting",
    "erasing",
    "regression",
    "cancelling",
    "label-only",
    "gradient-control",
    "selected",
    "slack",
    "coordination",
    "collectives",
    "finite-sample",
    "expected",
    "reweighting",
    "private",
    "performative",
)
#: Other words for a strategy.
ALIASES = {"erasure": "erasing", "gradient-cancelling": "cancelling"}

#: Where the modules register their commands.
commands = typer.Typer(rich_markup_mode=None)


class Strategy(TyperCommand):
    """Takes numbers that are written the plain way, as lists of them are."""

    #: Names of the parameters that are single numbers.
    numbers: frozenset[str] = frozenset()

    # What Python takes for a number is more: 0_1, nan, Arabic digits.
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments that are left.

        Raises:
            typer.BadParameter: a number that is not written the plain way, or is none.
        """
        options = {option for one in self.params if one.name in self.numbers for option in one.opts}
        for place, arg in enumerate(args):
            name, given, text = arg.partition("=")
            if name not in options:
                continue
            if not given:
                text = args[place + 1] if place + 1 < len(args) else ""
            if not plain(text) or text.strip().lower().lstrip("+-") == "nan":
                raise typer.BadParameter(
                    f"{text!r} is no number such as 0.1 or 1e-3", ctx=ctx, param_hint=f"'{name}'"
                )
        return super().parse_args(ctx, args)


class Strategies(TyperGroup):
    """Finds a command by ``feature-label`` and by ``feature_label`` alike, and by its aliases.

    Typer reads the signatures of all commands before it runs one; here are so many options that
    each command of ``gigsim`` would pay for them.
    """

    # Typer brings a copy of click along or uses the installed one, by its version.
    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, None if there is none."""
        dashed = cmd_name.replace("_", "-")
        name = ALIASES.get(dashed, dashed)
        if name not in COMMANDS:
            return None
        import_module(f"gigsim.cli.bounds.{name.replace('-', '_')}")
        found = next(info for info in commands.registered_commands if info.name == name)
        found.cls = Strategy
        command: Any = get_command_from_info(
            found, pretty_exceptions_short=True, rich_markup_mode=None
        )
        hints = get_type_hints(found.callback) if found.callback is not None else {}
        command.numbers = frozenset(
            name for name, hint in hints.items() if {float, int} & {hint, *get_args(hint)}
        )
        return command


bounds_app = typer.Typer(
    cls=Strategies,
    help="What the theorems say, for numbers you give or for a corpus.\n\n"
    "Example: gigsim bounds feature-label --alpha 0.01",
    no_args_is_help=True,
    rich_markup_mode=None,
)
