"""Worlds that are sampled: what members, others and tests draw, and a real table filled with it.

A finite world (``theory.worlds``) says what P0 is. From it n members, N − n others and N_test test
points are drawn, thousands of worlds at a time; members edit their own rows, the platform counts
labels text by text, and the success on the test points is looked up. What the members know is their
own rows and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal
from gigsim.theory.worlds import Worlds, random_worlds

Counts = NDArray[np.int64]
T = TypeVar("T", bound=np.generic)

_FEATURES = 6


@dataclass(frozen=True)
class SampledWorlds:
    """B worlds with a sample from each.

    Attributes:
        worlds: P0, g and y*.
        goal: the reading; with ``any`` the labels are "y* is not in the set" and "it is".
        choosing: rows of the members who choose labels, over texts and label sets, (B, X, S).
        judging: rows of the other members.
        others: rows of everybody else.
        tests: test points, shape (B, X).
        delta: δ, shape (B,).
    """

    worlds: Worlds
    goal: Goal
    choosing: Counts
    judging: Counts
    others: Counts
    tests: Counts
    delta: Floats

    @property
    def kinds(self) -> int:
        """|Y|."""
        return 2 if self.goal == "any" else self.worlds.sets.shape[1]

    @cached_property
    def target(self) -> NDArray[np.int64]:
        """The column of y*, shape (B,)."""
        return np.ones_like(self.worlds.target) if self.goal == "any" else self.worlds.target

    @cached_property
    def is_target(self) -> NDArray[np.bool_]:
        """Shape (B, 1, |Y|)."""
        return np.arange(self.kinds) == self.target[:, None, None]

    @cached_property
    def members(self) -> Counts:
        """Rows of all members before the edit, shape (B, X, S)."""
        return self.choosing + self.judging

    @cached_property
    def size(self) -> Floats:
        """n, shape (B,)."""
        return self.members.sum(axis=(1, 2)).astype(np.float64)

    @cached_property
    def population(self) -> Floats:
        """N, shape (B,)."""
        return self.size + self.others.sum(axis=(1, 2))

    @cached_property
    def estimating(self) -> Floats:
        """n_e, shape (B,)."""
        return self.choosing.sum(axis=(1, 2)).astype(np.float64)

    @cached_property
    def signal_points(self) -> Floats:
        """|X*|, shape (B,)."""
        return self.worlds.in_signal_set.sum(axis=1).astype(np.float64)

    def labels(self, rows: Counts | Floats) -> Floats:
        """Rows by text and label, shape (B, X, |Y|); a row with several labels counts in each."""
        by_label = np.asarray(rows, dtype=np.float64) @ self.worlds.sets.astype(np.float64)
        if self.goal != "any":
            return by_label
        own = np.take_along_axis(by_label, self.worlds.target[:, None, None], axis=2)
        return np.concatenate([rows.sum(axis=2, keepdims=True) - own, own], axis=2)

    def pushed(self, by_text: Counts | Floats) -> Floats:
        """Rows by text after g, shape (B, X)."""
        image = self.worlds.signal[:, :, None] == np.arange(by_text.shape[1])
        return np.einsum("bx,bxz->bz", np.asarray(by_text, np.float64), image.astype(np.float64))

    def at_clean(self, by_text: NDArray[T]) -> NDArray[T]:
        """What holds at g(x), by x."""
        return np.take_along_axis(by_text, self.worlds.signal, axis=1)

    def tested(self, won: NDArray[np.bool_]) -> Floats:
        """Ŝ: test points whose text is won, over all; shape (B,)."""
        return (self.tests * won).sum(axis=1) / self.tests.sum(axis=1)

    def lead(self, by_label: Floats, label: NDArray[np.int64]) -> Floats:
        """By how many rows ``label`` (B, X) leads each text, shape (B, X); a tie is 0."""
        mine = np.arange(self.kinds) == label[:, :, None]
        own = np.where(mine, by_label, 0.0).sum(axis=2)
        return own - np.where(mine, -np.inf, by_label).max(axis=2)

    @cached_property
    def best_other(self) -> NDArray[np.int64]:
        """The label but y* that most of the choosing members have, by text, shape (B, X)."""
        return np.where(self.is_target, -1.0, self.labels(self.choosing)).argmax(axis=2)

    def best(self, rows: Counts) -> NDArray[np.int64]:
        """The label that most of ``rows`` have at g(x), by x, shape (B, X)."""
        return self.at_clean(self.labels(rows).argmax(axis=2))

    # What really happens.

    @cached_property
    def planting(self) -> Floats:
        """Ŝ where all members submit (g(x), y*)."""
        planted = self.pushed(self.members.sum(axis=2))[:, :, None] * self.is_target
        return self._won_target(planted)

    def planting_features(self, *, leave: bool) -> Floats:
        """Ŝ where members with y* submit (g(x), y*), and the others leave X* or stay."""
        own = self.labels(self.members)
        with_target = np.where(self.is_target, own, 0.0).sum(axis=2)
        planted = self.pushed(with_target)[:, :, None] * self.is_target
        return self._won_target(planted if leave else planted + np.where(self.is_target, 0.0, own))

    def unplanting(self, label: NDArray[np.int64]) -> Floats:
        """Ŝ = Pr{f(g(x)) ≠ y*} where all members submit (g(x), ``label`` at g(x))."""
        mine = np.arange(self.kinds) == label[:, :, None]
        table = self.labels(self.others) + self.pushed(self.members.sum(axis=2))[:, :, None] * mine
        beaten = self.lead(table, np.broadcast_to(self.target[:, None], label.shape)) < 0
        return self.tested(self.at_clean(beaten))

    def erasing(self, label: NDArray[np.int64]) -> Floats:
        """Ŝ = Pr{f(x) = f(g(x))} where all members submit (x, ``label``), of x, shape (B, X)."""
        mine = np.arange(self.kinds) == label[:, :, None]
        table = self.labels(self.others) + self.members.sum(axis=2)[:, :, None] * mine
        top = table.argmax(axis=2)
        # A tie, or a text never seen, is answered in the worst way; f is a function all the same.
        sure = self.lead(table, top) > 0
        agree = sure & self.at_clean(sure) & (top == self.at_clean(top))
        return self.tested(agree | self.worlds.in_signal_set)

    def _won_target(self, planted: Floats) -> Floats:
        table = self.labels(self.others) + planted
        won = self.lead(table, np.broadcast_to(self.target[:, None], table.shape[:2])) > 0
        return self.tested(self.at_clean(won))


def sampled_worlds(
    generator: np.random.Generator,
    count: int,
    *,
    goal: Goal = "top1",
    multi_label: bool = False,
    labels: int = 4,
    delta: float,
    rarity: tuple[float, float] = (0.0, 0.0),
    tilt: tuple[float, float] = (0.0, 0.0),
    shares: tuple[float, float] = (0.05, 0.7),
) -> SampledWorlds:
    """Draw worlds and samples.

    Sizes are log-uniform: n from 10³ to 10⁷, N_test from 32 to 32,000. Of the members any share up
    to 95 % chooses.

    Args:
        generator: source of all randomness.
        count: B.
        goal: the reading.
        multi_label: all label sets in place of one label a row.
        labels: L.
        delta: δ.
        rarity: the mass of each text in X* is multiplied by 10 to a power drawn between these, so
            that in one world some signal points are won and others are not.
        tilt: so is, at each text, the mass of the label sets with y*.
        shares: n/N is uniform between these.
    """
    worlds = random_worlds(
        generator, count, features=_FEATURES, labels=labels, multi_label=multi_label
    )
    rare = 10.0 ** generator.uniform(*rarity, size=(count, _FEATURES, 1))
    more = 10.0 ** generator.uniform(*tilt, size=(count, _FEATURES, 1))
    with_target = worlds.sets[:, worlds.target].T[:, None, :]
    base = worlds.base * np.where(worlds.in_signal_set[:, :, None], rare, 1.0)
    base = base * np.where(with_target, more, 1.0)
    base /= base.sum(axis=(1, 2), keepdims=True)
    members = np.rint(10.0 ** generator.uniform(3, 7, size=count)).astype(np.int64)
    total = np.rint(members / generator.uniform(*shares, size=count)).astype(np.int64)
    choosing = np.floor(members * generator.uniform(0, 0.95, size=count)).astype(np.int64)
    tests = np.rint(10.0 ** generator.uniform(1.5, 4.5, size=count)).astype(np.int64)
    cells = base.reshape(count, -1)
    chosen, judged, rest, tested = (
        generator.multinomial(rows, cells).reshape(base.shape)
        for rows in (choosing, members - choosing, total - members, tests)
    )
    return SampledWorlds(
        worlds=Worlds(base, worlds.sets, worlds.signal, worlds.target),
        goal=goal,
        choosing=chosen,
        judging=judged,
        others=rest,
        tests=tested.sum(axis=2),
        delta=np.full(count, delta),
    )
