"""The freelancers' state in columns: one array a property, one element a person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class Population:
    """State of N freelancers.

    Attributes:
        labels: bool, shape (N, L): each one's true label set.
        label_set: int64, shape (N,): number of the label set, equal sets share one.
        cost: float64, shape (N,): c_i, money a period (or once, see the config).
        threshold: float64, shape (N,): θ_i, a share.
        first_mover: bool, shape (N,): committed, joins in period 1 and never leaves.
        member: bool, shape (N,).
        holds_signal: bool, shape (N,): members and free riders.
        utility: float64, shape (N,): of the last period, money.
        wealth: float64, shape (N,): sum of utilities so far, money.
    """

    labels: NDArray[np.bool_]
    cost: NDArray[np.float64]
    threshold: NDArray[np.float64]
    first_mover: NDArray[np.bool_]
    label_set: NDArray[np.int64] = field(init=False)
    member: NDArray[np.bool_] = field(init=False)
    holds_signal: NDArray[np.bool_] = field(init=False)
    utility: NDArray[np.float64] = field(init=False)
    wealth: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.labels)
        self.label_set = label_set_numbers(self.labels)
        self.member = np.zeros(size, dtype=bool)
        self.holds_signal = np.zeros(size, dtype=bool)
        self.utility = np.zeros(size)
        self.wealth = np.zeros(size)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def free_rider(self) -> NDArray[np.bool_]:
        """Non-members who hold the signal: full benefit, no cost, no contribution."""
        return self.holds_signal & ~self.member

    @property
    def outsider(self) -> NDArray[np.bool_]:
        """Everybody else: neither member nor in possession of the signal."""
        return ~self.holds_signal & ~self.member


def label_set_numbers(labels: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A number for each row's label set that does not depend on the other rows, int64, (n,)."""
    return labels @ (1 << np.arange(labels.shape[1], dtype=np.int64))
