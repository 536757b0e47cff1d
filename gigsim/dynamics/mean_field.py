"""The loop's own recursion for a large, well-mixed population: α_t, the signal's holders, G_t.

What ``GigEconomy`` does person by person is done here with densities over costs: who is a member,
who holds the signal without being one, and who does neither. A period is the loop's: people hear
what was measured last, a share ``activation`` reconsiders, the signal leaks along ties, and every
``retrain_every`` periods the platform learns what is submitted by then. So it knows what a map of
participation cannot: leaks, retention, rotation, the lag of a platform that seldom retrains, and
turnover. As N → ∞ the loop's α_t tends to it on the complete network, with errors of order 1/√N.

On other networks it is the *annealed* approximation: everybody has his number of ties, and meets
other people at random in proportion to theirs. It does not know that those who heard of the signal
from one source sit together, and is the worse the more clustered the network. Derived.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigsim.config import Config, build
from gigsim.config.changes import timeline
from gigsim.dynamics.benefit import Benefit, benefit
from gigsim.dynamics.cost_classes import CostClasses
from gigsim.dynamics.mean_field_parts import check, degrees
from gigsim.theory.gaps import Floats, unit_interval

_STILL = 1e-9


@dataclass(frozen=True, eq=False)
class Path:
    """What becomes of K societies, from period 0 on.

    Attributes:
        alpha: members over population after each period, shape (T + 1, K).
        holders: people with the signal, members included, likewise.
        gain: G of the platform in force at the end of each period, likewise.
        settled: did every society come to rest?
    """

    alpha: Floats
    holders: Floats
    gain: Floats
    settled: bool

    @property
    def free_riders(self) -> Floats:
        """Holders who are no members."""
        return self.holders - self.alpha


class MeanField:
    """K societies of one config that differ in their first movers; :meth:`step` is a period.

    Args:
        config: any learner that ``benefit`` knows; ``[[at]]`` changes are followed.
        first_movers: shares of the population, shape (K,); None is the config's number. A change
            of ``collective.first_movers`` in time is then followed, else it is not.
        known: the benefit, where it has been worked out before.

    Attributes:
        alpha: shape (K,).
        holders: shape (K,).
        gain: shape (K,).
        period: how many have passed.

    Raises:
        InputError: a rule, belief or activation that is not one of a well-mixed population.
    """

    def __init__(
        self, config: Config, first_movers: ArrayLike | None = None, known: Benefit | None = None
    ) -> None:
        self._changes = timeline(config, build)
        for one in (config, *self._changes.values()):
            check(one)
        self.config = self._now = config
        self._given = first_movers is not None
        asked = config.collective.first_movers / config.population.size
        self._first = np.atleast_1d(unit_interval("first_movers", asked)).astype(np.float64)
        if first_movers is not None:
            self._first = np.atleast_1d(unit_interval("first_movers", first_movers)).copy()
        priced = [one.society.rule != "threshold" for one in (config, *self._changes.values())]
        self._benefit = known if known is not None or not any(priced) else benefit(config)
        self._ties, self._people = degrees(config)
        self._classes = CostClasses.of(config)
        cells = (len(self._first), len(self._people), len(self._classes.masses))
        #: Share of the population in each class that is a member, or a holder; first movers apart.
        self._member, self._holder = np.zeros(cells), np.zeros(cells)
        self._committed = np.zeros(len(self._first))
        self.period = self._retrained = self._shown = 0
        self.gain = self._value(self.alpha)
        self._belief = np.zeros(len(self._first))
        self._window = [(self.alpha, 0)]

    @property
    def alpha(self) -> Floats:
        """Members over population, shape (K,)."""
        return self._committed + self._member.sum(axis=(1, 2))

    @property
    def holders(self) -> Floats:
        """Holders of the signal over population, members included, shape (K,)."""
        return self.alpha + self._holder.sum(axis=(1, 2))

    def step(self) -> None:
        """One period, in the order of ``GigEconomy.step``."""
        self.period += 1
        self._turn_the_page()
        self._inform()
        self._decide()
        self._share_signal()
        self._submit_and_retrain()

    def run(self, periods: int) -> Path:
        """So many periods from here on."""
        rows = [(self.alpha, self.holders, self.gain)]
        for _ in range(periods):
            self.step()
            rows.append((self.alpha, self.holders, self.gain))
        return self._path(rows, settled=False)

    def settle(self, limit: int = 2000) -> Path:
        """Until nothing moves over the time that an answer takes, or ``limit`` periods."""
        rows = [(self.alpha, self.holders, self.gain)]
        quiet = 0
        last = max(self._changes, default=0)
        while self.period < limit:
            self.step()
            rows.append((self.alpha, self.holders, self.gain))
            moved = max(float(np.abs(a - b).max()) for a, b in zip(*rows[-2:], strict=True))
            quiet = quiet + 1 if moved < _STILL and self.period > last else 0
            section, now = self._now.platform, self._now
            patience = 2 * section.retrain_every + 1
            if now.platform.data == "window":
                patience += section.window
            if quiet >= patience:
                return self._path(rows, settled=True)
        return self._path(rows, settled=False)

    def _path(self, rows: list[tuple[Floats, Floats, Floats]], *, settled: bool) -> Path:
        alpha, holders, gain = (np.stack(column) for column in zip(*rows, strict=True))
        return Path(alpha, holders, gain, settled)

    # ------------------------------------------------------------------------------ one period

    def _turn_the_page(self) -> None:
        if self.period in self._changes:
            before, self._now = self._now, self._changes[self.period]
            self._classes = CostClasses.of(self._now)
            size = self.config.population.size
            asked = [one.collective.first_movers / size for one in (before, self._now)]
            if asked[0] != asked[1] and not self._given:
                self._recruit(np.full_like(self._first, asked[1]))
        gone = self._now.population.turnover
        if gone > 0:
            self._member, self._holder = self._member * (1 - gone), self._holder * (1 - gone)
            self._committed = self._committed * (1 - gone)
            self._first = self._first * (1 - gone)

    def _recruit(self, wanted: Floats) -> None:
        """Another share of first movers, at random among the others; released ones stay members."""
        more = np.maximum(wanted - self._first, 0.0)
        kept = 1 - more / np.maximum(1 - self._first, 1e-300)
        self._member, self._holder = (x * kept[:, None, None] for x in (self._member, self._holder))
        freed = np.maximum(self._first - wanted, 0.0)
        self._committed = self._committed - np.minimum(freed, self._committed)
        self._member = self._member + freed[:, None, None] * self._shares
        self._first = wanted

    def _inform(self) -> None:
        """What people expect of the signal, before anybody decides."""
        society = self._now.society
        if society.belief == "theory":
            self._belief = self._value(self.alpha)
        elif society.belief == "adaptive":
            weight = society.adaptation
            self._belief = (1 - weight) * self._belief + weight * self.gain
        else:
            self._belief = self.gain

    def _decide(self) -> None:
        now, asked = self._now, float(self._now.society.activation)  # type: ignore[arg-type]
        total = self._total
        outside = total - self._member - self._holder
        joining, staying, holding = self._classes.answers(now, self.alpha, self._belief)
        if now.society.rule == "logit":
            from_outside = asked * joining * outside
            from_holders = asked * holding * self._holder
            left = asked * (1 - staying) * self._member
        else:
            # Within a class the cheapest are in first: who is in it is known up to their order.
            wanted = np.maximum(joining * total - self._member, 0.0)
            others = np.maximum(outside + self._holder, 1e-300)
            from_outside = asked * np.minimum(wanted * outside / others, outside)
            from_holders = asked * np.minimum(
                np.maximum(holding * total - self._member, 0.0), self._holder
            )
            left = asked * np.maximum(self._member - staying * total, 0.0)
        if now.society.leaving == "never":
            left = np.zeros_like(left)
        self._member = self._member + from_outside + from_holders - left
        self._holder = self._holder - from_holders + now.collective.retention * left
        self._committed = self._first

    def _share_signal(self) -> None:
        leak = self._now.collective.leak
        if leak == 0:
            return
        carried = self._holder.sum(axis=2) + self._member.sum(axis=2)
        carried = carried + self._committed[:, None] * self._people
        if self._complete:
            known = (self.config.population.size - 1) * self.holders
            hears = np.broadcast_to((1 - (1 - leak) ** known)[:, None], carried.shape)
        else:
            # Whom one meets: in proportion to his ties.
            # Rounding must not take it over 1, where a leak of 1 would be the power of a negative.
            met = np.minimum(
                carried @ self._ties / max(float(self._people @ self._ties), 1e-300), 1
            )
            hears = 1 - (1 - leak * met[:, None]) ** self._ties
        outside = np.maximum(self._total - self._member - self._holder, 0.0)
        self._holder = self._holder + hears[:, :, None] * outside

    def _submit_and_retrain(self) -> None:
        section, collective = self._now.platform, self._now.collective
        tokens = 1 + len(collective.signal.alternates)
        every = collective.rotate_every
        token = self._retrained // every % tokens if every else 0
        kept = self.config.platform.window if self.config.platform.data == "window" else 1
        self._window = [*self._window, (self.alpha, token)][-kept:]
        if self.period % section.retrain_every:
            return
        self._retrained += 1
        if token != self._shown:
            self._shown = token
            self._holder = np.zeros_like(self._holder)
        self.gain = self._value(
            np.mean([alpha * (planted == self._shown) for alpha, planted in self._window], axis=0)
        )

    # ------------------------------------------------------------------------------- machinery

    @property
    def _complete(self) -> bool:
        return self.config.network.kind == "complete"

    @property
    def _shares(self) -> Floats:
        """Of a crowd drawn at random the share in each class, shape (D, B)."""
        return self._people[:, None] * self._classes.masses

    @property
    def _total(self) -> Floats:
        return (1 - self._first)[:, None, None] * self._shares

    def _value(self, alpha: Floats) -> Floats:
        if self._benefit is None:
            return np.zeros_like(alpha)
        return self._benefit.curve.value(np.clip(alpha, 0.0, 1.0))


def mean_field(
    config: Config,
    periods: int | None = None,
    *,
    first_movers: ArrayLike | None = None,
    known: Benefit | None = None,
) -> Path:
    """The recursion of a config for ``periods`` (None: ``run.periods``) from period 0."""
    society = MeanField(config, first_movers, known)
    return society.run(config.run.periods if periods is None else periods)
