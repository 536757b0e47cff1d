"""The group of commands, each of which is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info

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
        return get_command_from_info(found, pretty_exceptions_short=True, rich_markup_mode=None)


bounds_app = typer.Typer(
    cls=Strategies,
    help="What the theorems say, for numbers you give or for a corpus.\n\n"
    "Example: gigsim bounds feature-label --alpha 0.01",
    no_args_is_help=True,
    rich_markup_mode=None,
)
