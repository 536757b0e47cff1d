"""``gigsim app``: the economy in a browser."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated

import typer

from gigsim.cli.output import interrupts_of, print_lines

# Solara's, pages long, to whoever opens the page by an address that is not "localhost".
_COOKIES = "Cookies with samesite=none require https"


def app_command(
    context: typer.Context,
    scenario: Annotated[
        str | None,
        typer.Argument(
            help="A TOML file, or the name of a scenario that ships. Without one: the default"
            " scenario with a linear learner on 600 people, where a period takes a moment."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=C", help="Override a key of the config; repeatable."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes a free one.")
    ] = 8765,
) -> None:
    """Watch and play an economy in a browser, without the internet.

    Example: gigsim app --set population.size=1000 --port 8765
    """
    from gigsim.app.serve import check_installed, serve

    check_installed()
    overrides = list(settings or [])
    if scenario is None:
        from gigsim.app.live import quick_config

        config = quick_config(overrides)
    else:
        from gigsim.config import load

        config = load(scenario, overrides)
    from gigsim.trust import never

    never([config], "gigsim app")
    interrupts = interrupts_of(context)
    interrupts.running()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_COOKIES)
        serve(config, port, _tell)
    interrupts.leaving()


def _tell(url: str) -> None:
    print_lines([f"gigsim is at {url} (Ctrl-C ends it)"])
    # The command does not end with this line, and it may be read through a pipe.
    sys.stdout.flush()
