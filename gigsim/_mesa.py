"""What differs between versions of Mesa, in one place."""

from __future__ import annotations

import mesa


def forget_agent_counter(model: mesa.Model) -> None:
    """Let a model be garbage-collected.

    Mesa 3.3 keeps every model alive in a class attribute that counts its agents (``Agent._ids``);
    later versions do not have it. Agents made afterwards would count from 1 again, so this is
    called when all agents of a kind are made.
    """
    counters = getattr(mesa.Agent, "_ids", None)
    if isinstance(counters, dict):
        counters.pop(model, None)
