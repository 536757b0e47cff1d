"""How much more a plan takes than what just suffices, and whether it does suffice."""

from __future__ import annotations

from dataclasses import replace

from gigsim.planning.outlook import Outlook

#: A plan takes so much more than what just suffices: people are not a continuum.
MARGIN = 0.1
#: The trial beside it takes so much less than the plan, which is then short of what suffices.
LESS = 0.2
#: Standard errors by which a number of people is to be off by luck before a plan fails.
SAFE = 2.0


def enough(look: Outlook, first_movers: float) -> bool:
    """Do so many committed first movers, a share, carry it past the critical mass?"""
    if look.critical_mass == 0:
        return True
    return first_movers > 0 and left_with(look, first_movers) > look.critical_mass


def left_with(look: Outlook, first_movers: float) -> float:
    """Where participation ends with so many committed and nothing else."""
    return replace(look.society, first_movers=first_movers).fixed_points().outcome(0.0)
