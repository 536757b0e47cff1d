"""The economy: a collective, a platform that retrains, and people who decide. Read ``step``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim import foresight, levers, refusals
from gigsim.config import Config, build
from gigsim.config.changes import timeline
from gigsim.enrolment import enrol, make_views
from gigsim.exact_laboratory import make_laboratory
from gigsim.learners.recipes import BayesRecipe, SurrogateRecipe
from gigsim.measures.selection import Selection, selection
from gigsim.newcomers import replace_people
from gigsim.payments import pay
from gigsim.quantities import Quantities
from gigsim.record import Ledger
from gigsim.scene import Scene, found_population, set_scene
from gigsim.settled import settled
from gigsim.society import beliefs, reinforcement
from gigsim.society.leakage import overheard
from gigsim.stage import Stage, set_stage
from gigsim.streams import Streams
from gigsim.trust import require, trusting

if TYPE_CHECKING:
    from gigsim.learners.cache import TrainingCache


class GigEconomy(Quantities):
    """Freelancers, a collective and a platform; ``period`` 0 is the world before the collective.

    Args:
        config: what to run; None is the default scenario.
        rng: the seed, a non-negative integer; None takes ``config.run.seed``.
        workers: processes for trainings that do not wait for each other; 0 trains in this one.
            Changes no bit of the results. A script that asks for workers needs Python's usual
            ``if __name__ == "__main__":`` guard.
        observer: is told in a few words what happens, for progress displays.
        cache: a folder of trainings that were done before, by any run, which are fetched instead of
            done again (``learners.cache``); None trains everything. Changes no bit of the results.
        trust: import code of the user's own that the config names (``platform.learner.path``)?
            Without it such a config is refused, before anything of it is imported.
        **kwargs: dotted keys that override the config: ``**{"population.size": 5000}``.

    Attributes:
        config: the validated config.
        now: the config in force, which ``[[at]]`` changes in time.
        period: how many periods have passed.
        retrainings_done: how often the platform has retrained.
        stage: what stays fixed: resumes, encodings, network, held-out set.
        population: the freelancers' state in columns.
        collective: the collective, a Mesa agent.
        platform: the platform, a Mesa agent.
        laboratory: what is measured of the platform's classifiers.
        cache: of trainings; None where there is none, or where the platform trains nothing.
        replaced: people replaced by newcomers this period.
        fund: money that the collective has.
        offer: the subsidy that it promised for this period, money a person.
        resumed: one entry each time that the run was interrupted and went on from a checkpoint
            (``gigsim.checkpoint``): ``period``, the last one before, and ``differs``, what of the
            machine and the libraries was not as before.

    Raises:
        InputError: the config cannot be run: an unknown key or target, a signal that the learner
            cannot see, a population larger than the corpus, a device that is not there, code that
            is not trusted. Or the cache's folder cannot be written to.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        rng: int | None = None,
        workers: int = 0,
        observer: Callable[[str], None] | None = None,
        cache: TrainingCache | None = None,
        trust: bool = False,
        **kwargs: Any,
    ) -> None:
        self.expectation: beliefs.Expectation
        self.selection: Selection
        self.stage: Scene | Stage
        self._paid: NDArray[np.bool_]
        self._chose: NDArray[np.bool_]
        config = config or Config()
        overrides = kwargs | ({} if rng is None else {"run.seed": operator.index(rng)})
        self.config = build(config.model_dump(mode="json"), overrides) if overrides else config
        require([self.config], trust)
        self._changes = timeline(self.config, build)
        levers.require_money(self.configs)
        super().__init__(rng=self.config.run.seed)
        self.period = self.retrainings_done = 0
        self.resumed: list[dict[str, Any]] = []
        self.now = self.config
        self.streams = Streams(self.config.run.seed)
        self.ledger = Ledger()
        self.observe = observer or (lambda _: None)
        recipe = self.config.platform.learner
        surrogate = isinstance(recipe, SurrogateRecipe)
        trains = not isinstance(recipe, (BayesRecipe, SurrogateRecipe))
        self.cache = cache if trains or self.config.measure.spot_checks else None
        if self.cache is not None:
            self.cache.check()
        with trusting(trust):
            self.stage = (set_scene if surrogate else set_stage)(
                self.config, self.streams, self.observe
            )
        refusals.check_learner(self)
        self.population = found_population(self.config, self.stage, self.streams)
        self.collective, self.platform = enrol(self)
        self.laboratory = make_laboratory(self, workers)
        self.datacollector = mesa.DataCollector(
            model_reporters={name: name for name in ("period", "alpha", "success", "gain")}
        )
        self._open()

    # ------------------------------------------------------------- the protocol of one period

    def step(self) -> None:
        """One period of Hardt et al. (2023), in a population that decides for itself."""
        self._turn_the_page()
        self.inform()
        self.decide()
        self.share_signal()
        self.submit()
        self.retrain()
        self.measure()
        self.pay()
        self.learn()
        self.record()

    def run(self, periods: int | None = None) -> pd.DataFrame:
        """Run so many periods and return :attr:`periods`.

        None runs as the config says: ``run.periods`` of them, or until nothing moves any more (at
        most ``run.limit``). InputError: a corpus with too few resumes for the newcomers.
        """
        if periods is None and self.config.run.until == "settled":
            while not self.finished:
                self.step()
        else:
            periods = self.config.run.periods if periods is None else periods
            refusals.check_newcomers(self, periods)
            for _ in range(periods):
                self.step()
        return self.periods

    def inform(self) -> None:
        """Freelancers learn the published size and success, and form a belief."""
        self.collective.published_size = self.population.members
        self.offer = levers.subsidy_offered(self)
        self.expectation = foresight.expectation(self)

    def decide(self) -> None:
        """A share of the population reconsiders: join, stay or leave."""
        population = self.population
        asked = self._below("activation", population.activation)
        if self.now.society.rule == "reinforcement":
            self._chose = reinforcement.trials(self.now.society, population, asked)
        member = self.choose(asked) | population.first_mover
        joined, left = member & ~population.member, population.member & ~member
        forgets = left
        if left.any():
            forgets = left & ~self._below("retention", self.now.collective.retention)
        population.member = member
        point = self.now.collective.provision_point
        self.collective.in_force = not point or self.alpha >= point
        kept = population.holds_signal & ~forgets
        population.holds_signal = kept | member if self.collective.in_force else kept & ~member
        self.joined, self.left = int(np.count_nonzero(joined)), int(np.count_nonzero(left))

    def choose(self, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Who is a member once those asked (bool, shape (N,)) have chosen, of the same shape."""
        return foresight.choice(self, asked, self._paid)

    def share_signal(self) -> None:
        """The signal leaks along ties from those who hold it to those who do not."""
        leak = self.now.collective.leak
        if leak > 0 and self.collective.in_force:
            holds, people = self.population.holds_signal, len(self.population)
            luck = self.streams.pieces("leak", self.period, people)
            self.population.holds_signal = holds | overheard(self.stage.network, holds, leak, luck)

    def submit(self) -> None:
        """Everybody hands in a resume and a label set; members as the collective tells them."""
        if every := self.config.collective.rotate_every:
            self.collective.token = self.retrainings_done // every % self.tokens
        self.edited = self.laboratory.submit()

    def retrain(self) -> None:
        """Every ``retrain_every`` periods the platform fits on what was submitted."""
        self.retrained = self.retraining_is_due
        if self.retrained:
            self.retrainings_done += 1
            if self.collective.shown != self.collective.token:
                # The classifier now learns another token, which only members have: what leaked is
                # worth nothing from here on.
                self.collective.shown = self.collective.token
                self.population.holds_signal = self.population.member & self.collective.in_force
            self.laboratory.retrain()

    def measure(self) -> None:
        """Success, base rates and quality on held-out resumes; who the members are."""
        population = self.population
        shown, hidden = (f"{what}_{self.config.measure.success}" for what in ("success", "base"))
        groups = {
            "members": (population.member, shown if self.collective.in_force else hidden),
            "free_riders": (population.free_rider, shown),
            "outsiders": (population.outsider, hidden),
        }
        self.target_rates = self.laboratory.target_rates(groups)
        if self.retrained:
            self.selection = selection(
                population.member,
                population.label_set,
                self.streams.generator("selection", self.period),
                draws=self.config.measure.selection_draws,
            )

    def pay(self) -> None:
        """Benefits to carriers and, as far as it spills over, to others; costs to members.

        Dues and subsidies too. Nobody pays or is paid for a contract that is not in force, unless
        it has no refund.
        """
        self._paid = pay(self, self._paid)

    def learn(self) -> None:
        """By ``reinforcement``, people who made a choice learn from what they were paid."""
        society, section = self.now.society, self.now.collective
        if society.rule == "reinforcement":
            reinforcement.learn(
                society, self.population, self._chose, dues=section.dues, subsidy=section.subsidy
            )

    def record(self) -> None:
        """One row a period, one a retraining."""
        self.ledger.record(self)
        self.datacollector.collect(self)
        section = self.config.run
        # S only moves when the platform retrains, so that is when to look.
        self._still = (
            section.until == "settled"
            and self.retrained
            and settled(self.periods, self.config, self.laboratory.held_out)
        )
        # How many periods is the caller's affair; when nothing moves any more, only we know.
        self.running = section.until == "periods" or not self.finished

    def make_views(self) -> None:
        """Create the freelancers' Mesa views if they are not there yet (see VIEWS_UP_TO)."""
        make_views(self)

    def close(self) -> None:
        """End the worker processes; a model that is garbage-collected does so by itself."""
        self.laboratory.close()

    # ----------------------------------------------------------------------------- machinery

    def _turn_the_page(self) -> None:
        """A new period: what changes with it, and who is replaced."""
        self.period += 1
        changed = self.period in self._changes
        if changed:
            self.now = self._changes[self.period]
            self.platform.warm = self.now.platform.retrain == "warm"
        self.replaced = 0
        if self.now.population.turnover > 0:
            gone = replace_people(self)
            self.replaced = int(np.count_nonzero(gone))
            self._paid = self._paid & ~gone
        if changed or self.replaced:
            self.population.take_traits(self.now)

    def _open(self) -> None:
        """Period 0: the platform trained on clean data, several times, for U(0) and its sd."""
        self._paid = self._chose = self.population.member
        self.collective.in_force = not self.config.collective.provision_point
        self.fund = self.config.collective.fund
        self.offer = self.dues = self.subsidies = 0.0
        self.joined = self.left = self.replaced = 0
        self.submit()
        self.laboratory.open()
        refusals.check_beliefs(self)
        self.expectation = beliefs.nothing(self.clean_rate)
        self.retrained = True
        self.measure()
        # Nobody is paid for a world without a collective; S - U(0) is noise there.
        self.benefits = self.costs = 0.0
        self.record()

    def _below(self, name: str, chances: NDArray[np.float64] | float) -> NDArray[np.bool_]:
        return self.streams.below(name, self.period, chances, len(self.population))
