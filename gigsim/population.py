"""The freelancers' state in columns: one array a property, one element a person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.strategies import wrong_labels
from gigsim.config.sections import Config, Society
from gigsim.society.distributions import probabilities
from gigsim.society.recruitment import Seeding
from gigsim.streams import Streams

#: The traits that people are born with: each is a quantile of a uniform of its own.
_LUCK = ("cost", "threshold", "activation_trait", "abstain", "wrong_label", "first_movers")


@dataclass
class Population:
    """State of N freelancers.

    Attributes:
        labels: bool, shape (N, L): each one's true label set.
        base_labels: bool, shape (N, L): the one that he has on file, and hands in unless the
            collective has him say otherwise; other than ``labels`` with label noise alone.
        target: column of y*.
        luck: the uniforms behind each trait, by name, shape (N,): who is newly arrived has new
            ones, and a distribution that changes in time leaves everybody his place in it.
        seeding: whom first movers are taken from; None: anybody.
        label_set: int64, shape (N,): number of the label set, equal sets share one.
        cost: float64, shape (N,): c_i, money a period (or once, see the config).
        threshold: float64, shape (N,): θ_i, a share.
        activation: float64, shape (N,): probability of reconsidering in a period.
        first_mover: bool, shape (N,): committed, joins in period 1 and never leaves.
        abstains: bool, shape (N,): as a member, edits nothing.
        wrong: int64, shape (N,): the wrong label that he reports as a member, -1 for none.
        member: bool, shape (N,).
        holds_signal: bool, shape (N,): members and free riders.
        utility: float64, shape (N,): of the last period, money.
        wealth: float64, shape (N,): sum of utilities so far, money.
        propensity: float64, shape (N,): p_i, probability of choosing to be a member, for the rule
            ``reinforcement``; empty where nobody has gone by it yet.
        aspiration: float64, shape (N,): A_i, money a period that satisfies him, likewise.
    """

    labels: NDArray[np.bool_]
    target: int
    luck: dict[str, NDArray[np.float64]]
    seeding: Seeding | None = None
    base_labels: NDArray[np.bool_] = field(init=False)
    label_set: NDArray[np.int64] = field(init=False)
    cost: NDArray[np.float64] = field(init=False)
    threshold: NDArray[np.float64] = field(init=False)
    activation: NDArray[np.float64] = field(init=False)
    first_mover: NDArray[np.bool_] = field(init=False)
    abstains: NDArray[np.bool_] = field(init=False)
    wrong: NDArray[np.int64] = field(init=False)
    member: NDArray[np.bool_] = field(init=False)
    holds_signal: NDArray[np.bool_] = field(init=False)
    utility: NDArray[np.float64] = field(init=False)
    wealth: NDArray[np.float64] = field(init=False)
    propensity: NDArray[np.float64] = field(init=False)
    aspiration: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.labels)
        self.base_labels = self.labels
        self.first_mover = np.zeros(size, dtype=bool)
        self._asked_for = 0
        self.label_set = label_set_numbers(self.labels)
        self.member = np.zeros(size, dtype=bool)
        self.holds_signal = np.zeros(size, dtype=bool)
        self.utility = np.zeros(size)
        self.wealth = np.zeros(size)
        self.propensity = self.aspiration = np.empty(0)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def members(self) -> int:
        """How many are in the collective."""
        return int(np.count_nonzero(self.member))

    @property
    def free_rider(self) -> NDArray[np.bool_]:
        """Non-members who hold the signal: full benefit, no cost, no contribution."""
        return self.holds_signal & ~self.member

    @property
    def outsider(self) -> NDArray[np.bool_]:
        """Everybody else: neither member nor in possession of the signal."""
        return ~self.holds_signal & ~self.member

    def take_traits(self, config: Config) -> None:
        """Everybody's traits under this config, by his luck.

        Raises:
            InputError: a distribution that is a table has not one row a person; an activation that
                is no probability.
        """
        luck = self.luck
        self.cost = config.population.cost.quantile(luck["cost"])
        self.threshold = config.population.threshold.quantile(luck["threshold"])
        self.activation = probabilities(
            config.society.activation, luck["activation_trait"], "society.activation"
        )
        self._commit(config.collective.first_movers)
        self.abstains = luck["abstain"] < config.collective.abstain
        self.wrong = wrong_labels(
            luck["wrong_label"],
            config.collective.wrong_label,
            self.target,
            self.labels.shape[1],
        )
        if config.society.rule == "reinforcement":
            self._begin_to_learn(config.society)

    def _begin_to_learn(self, society: Society) -> None:
        """Where to begin, for everybody who has not learned anything yet."""
        if not len(self.propensity):
            self.propensity = self.aspiration = np.full(len(self), np.nan)
        fresh = np.isnan(self.propensity)
        self.propensity = np.where(fresh, society.initial_propensity, self.propensity)
        self.aspiration = np.where(fresh, society.aspiration, self.aspiration)

    def _commit(self, wanted: int) -> None:
        """Recruit or release first movers, if the config asks for another number than before.

        The commitment is a person's: a first mover who is replaced is not followed by another
        until the number is set anew. Those with the least luck in the stream come first, or the
        first in the order of the seeding, so that one more leaves all the others where they are.
        """
        if wanted != self._asked_for:
            rank = self.luck["first_movers"]
            if self.seeding is not None and self.seeding.recruitment != "random":
                # As things are now: newcomers have their own skills and their own luck.
                place = self.seeding.order(self.labels, rank)
                rank = np.empty(len(self))
                rank[place] = np.arange(len(self))
            order = np.lexsort((rank, ~self.first_mover))
            self.first_mover = np.zeros(len(self), dtype=bool)
            self.first_mover[order[:wanted]] = True
            self._asked_for = wanted

    def replace(
        self,
        gone: NDArray[np.bool_],
        labels: NDArray[np.bool_],
        base_labels: NDArray[np.bool_],
        streams: Streams,
        period: int,
    ) -> None:
        """Newcomers in the places of those who go: fresh luck, no signal, no money, no membership.

        Args:
            gone: bool, shape (N,).
            labels: bool, shape (gone.sum(), L): the newcomers' true label sets.
            base_labels: likewise: those that they have on file.
            streams: the run's.
            period: now.
        """
        self.labels = self.labels.copy()
        self.labels[gone] = labels
        self.base_labels = self.base_labels.copy()
        self.base_labels[gone] = base_labels
        self.label_set = label_set_numbers(self.labels)
        fresh = draw_luck(streams, len(self), period)
        self.luck = {name: np.where(gone, fresh[name], old) for name, old in self.luck.items()}
        self.first_mover = self.first_mover & ~gone
        self.member, self.holds_signal = self.member & ~gone, self.holds_signal & ~gone
        self.utility, self.wealth = (np.where(gone, 0.0, x) for x in (self.utility, self.wealth))
        if len(self.propensity):
            # Where newcomers begin, the config in force says (take_traits).
            learned = (self.propensity, self.aspiration)
            self.propensity, self.aspiration = (np.where(gone, np.nan, x) for x in learned)


def draw_luck(streams: Streams, size: int, period: int = 0) -> dict[str, NDArray[np.float64]]:
    """The uniforms behind people's traits, by name, each of shape (size,)."""
    return {name: streams.uniform(name, period, size) for name in _LUCK}


def label_set_numbers(labels: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A number for each row's label set that does not depend on the other rows, int64, (n,)."""
    return labels @ (1 << np.arange(labels.shape[1], dtype=np.int64))
