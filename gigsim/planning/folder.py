"""A plan's folder: its answers as JSON and as a page, its figure, its config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gigsim.config import dumps
from gigsim.planning.answers import Plan
from gigsim.planning.figure import plan_figure
from gigsim.planning.report import markdown
from gigsim.runs import stamped, write_json, write_whole


def save_plan(plan: Plan, out: Path, command: Sequence[str]) -> Path:
    """Write ``plan.json``, ``plan.md``, ``plan.png`` and ``config.toml``.

    Args:
        plan: what was found.
        out: the folder that holds it; made if it is not there.
        command: the command line, kept in ``plan.json``.

    Returns:
        ``out/<UTC time>-<name>-plan``. It appears complete, or not at all.

    Raises:
        InputError: ``out`` cannot be written to.
    """

    def write(folder: Path) -> None:
        content = {**plan.content, "command": list(command)}
        write_json(finite(content), folder / "plan.json")
        (folder / "plan.md").write_text(markdown(plan.content), encoding="utf-8")
        (folder / "config.toml").write_text(dumps(plan.look.config), encoding="utf-8")
        plan_figure(plan).savefig(folder / "plan.png", dpi=150)

    return write_whole(out, stamped(f"{plan.content['name']}-plan"), write)


def finite(value: Any) -> Any:
    """Without infinities and NaN, which JSON lacks: they become None."""
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
