"""How a key of a config is declared: its default, and why it is that."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

#: No table changes, has a key that nobody knows, or holds a NaN.
FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def key(default: Any, reason: str, **constraints: Any) -> Any:
    """A key of a table.

    Args:
        default: its value where a config gives none.
        reason: what it is, its unit, and why that is the default; stands in ``docs/config.md``.
        constraints: of ``pydantic.Field``: ``ge``, ``le``, ``max_length`` and so on.
    """
    return Field(default=default, description=reason, **constraints)
