# ruff: noqa: N802 - solara looks for a component of this name
"""What solara's server serves: a page of the config that ``serve`` was asked for."""

from __future__ import annotations

import solara

from gigsim.app.page import EconomyPage
from gigsim.config import Config

#: What new pages open with; set before the server starts.
start = Config()


@solara.component
def Page() -> None:
    """The page of a browser's tab, with an economy of its own."""
    EconomyPage(start)
