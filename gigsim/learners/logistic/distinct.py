"""Which regressions of many trainings differ: the others are solved once.

A regression is known by who plants and by what is reported of its label.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.trainings import Replica

#: Regressions of a label that one solve is given; it does some of them at a time.
BATCH = 256


@dataclass(frozen=True)
class Column:
    """A regression: a label as one replica reports it, under a plan of planting."""

    plan: int
    label: int
    replica: int


@dataclass(frozen=True, eq=False)
class Columns:
    """The distinct regressions, and for each replica which of them are its labels'."""

    distinct: list[Column]
    of: list[NDArray[np.int64]]


def distinct(replicas: Sequence[Replica]) -> tuple[list[int], Columns]:
    """Numbers of replicas that plant differently, and the regressions that differ.

    They stand label by label, those of the largest collectives first, which take longest.
    """
    plans: dict[bytes, int] = {}
    first: list[int] = []
    known: dict[tuple[int, int, bytes], int] = {}
    columns: list[Column] = []
    uses = []
    for number, replica in enumerate(replicas):
        shows = np.packbits(replica.shows).tobytes()
        if shows not in plans:
            plans[shows] = len(first)
            first.append(number)
        plan = plans[shows]
        own = []
        for label, reported in enumerate(replica.labels.T):
            key = (plan, label, np.packbits(reported).tobytes())
            if key not in known:
                known[key] = len(columns)
                columns.append(Column(plan, label, number))
            own.append(known[key])
        uses.append(np.array(own, dtype=np.int64))
    sizes = [int(replicas[number].shows.sum()) for number in first]
    order = sorted(
        range(len(columns)), key=lambda i: (columns[i].label, -sizes[columns[i].plan], i)
    )
    place = np.empty(len(columns), dtype=np.int64)
    place[order] = np.arange(len(columns))
    return first, Columns([columns[i] for i in order], [place[own] for own in uses])


def batches_of(columns: list[Column]) -> list[list[Column]]:
    """Of one label each, in order."""
    batches: list[list[Column]] = []
    for _, group in itertools.groupby(columns, key=lambda column: column.label):
        own = list(group)
        batches += [own[first : first + BATCH] for first in range(0, len(own), BATCH)]
    return batches


class Strips:
    """Columns (t, ·) of all batches, without a copy of all of them."""

    def __init__(self, strips: list[NDArray[np.float32]], sizes: list[int]) -> None:
        self._strips = strips
        self._strip = np.repeat(np.arange(len(sizes)), sizes)
        self._within = np.concatenate([np.arange(size) for size in sizes] or [np.empty(0, int)])

    def take(self, columns: NDArray[np.int64]) -> NDArray[np.float32]:
        """The given ones, shape (t, len(columns))."""
        parts = [self._strips[self._strip[c]][:, self._within[c]] for c in columns]
        return np.stack(parts, axis=1)
