"""Who does what in the data that a classifier is trained on: members, followers, edited resumes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gigsim.model import GigEconomy


@dataclass(frozen=True)
class Shares:
    """Who does what in the data that a classifier is trained on, each a share of the people.

    Attributes:
        members: in the collective.
        followers: members who do not abstain and plant the token in force: α_effective.
        planters: members who do not abstain, whichever token they plant.
        edited: whose submission differs from the resume as found.
        token: number of the token that they plant.
    """

    members: float
    followers: float
    planters: float
    edited: float
    token: int


def shares_of(model: GigEconomy, edited: NDArray[np.bool_]) -> Shares:
    """The shares of one period's submissions.

    Args:
        model: the economy, everybody having decided.
        edited: whose submission differs from the resume as found, bool, shape (N,).
    """
    population, collective = model.population, model.collective
    size = len(population)
    follow = int(np.count_nonzero(collective.follows(population, population.member))) / size
    return Shares(
        members=population.members / size,
        followers=follow,
        planters=follow,
        edited=int(np.count_nonzero(edited)) / size,
        token=collective.token,
    )


def mean_shares(window: Collection[Shares], token: int) -> Shares:
    """The shares of a window of periods, for a classifier that is shown ``token``.

    Whoever planted another token earlier in the window does nothing for this one.
    """
    return Shares(
        members=float(np.mean([share.members for share in window])),
        followers=float(np.mean([s.followers * (s.token == token) for s in window])),
        planters=float(np.mean([s.planters for s in window])),
        edited=float(np.mean([share.edited for share in window])),
        token=token,
    )
