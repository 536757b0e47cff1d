"""An economy that a page plays: settings in, a frame to draw out, and no dead page on bad input."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.app.controls import Control, controls, given
from gigsim.app.offered import GROUPS
from gigsim.config import Config, build, load
from gigsim.errors import InputError
from gigsim.model import GigEconomy

#: What ``gigsim app`` shows when no scenario is named: the default one at a size and with a learner
#: that answer at once, with as many first movers in a hundred as there.
QUICK: Mapping[str, Any] = {
    "name": "live",
    "population.size": 600,
    "collective.first_movers": 12,
    "platform.learner.kind": "linear",
}

OUTSIDER, FREE_RIDER, MEMBER = 0, 1, 2

#: Of a contract: too few have pledged so far; enough have; enough had, and too few have now.
Contract = Literal["open", "met", "lapsed"]

# Seconds after which a page that does not report what it has drawn is no longer waited for.
_PATIENCE = 10.0

_closing = threading.Event()


def quick_config(overrides: list[str]) -> Config:
    """The default scenario with :data:`QUICK`, then ``a.b=c`` overrides."""
    return load("default", [f"{key}={value}" for key, value in QUICK.items()] + overrides)


def close_all() -> None:
    """Have every economy that is still being played stop at its next step: the server ends."""
    _closing.set()


class Settings:
    """What the user of one page has set, over the config that the page began with.

    Args:
        start: the config that the page began with; :meth:`begin` puts another in its place.
        observer: is told in a few words what a model is doing; "" when it is done.
    """

    def __init__(self, start: Config, observer: Callable[[str], None] = lambda _: None) -> None:
        self.start = start
        self.observer = observer
        self.closed = False
        self._chosen: dict[str, Any] = {}
        # Who stepped the last model: see LiveEconomy.step.
        self.stepper: weakref.ref[threading.Thread] | None = None

    def begin(self, start: Config) -> None:
        """Forget what was set and stand over another config; in force at the next reset."""
        self.start, self._chosen = start, {}

    def choose(self, key: str, value: Any) -> None:
        """Set a dotted key; it takes effect at the next reset."""
        self._chosen[key] = value

    def group(self, title: str) -> list[Control]:
        """The controls under a heading of the page, as they stand now."""
        return controls(self.start, GROUPS[title], self._chosen)

    def overrides(self) -> dict[str, Any]:
        """What differs from the start, by dotted key; untouched controls change nothing."""
        return {
            control.key: given(control)
            for title in GROUPS
            for control in self.group(title)
            if control.key in self._chosen or control.required
        }


@dataclass(frozen=True, eq=False)
class Frame:
    """What the page draws: the economy after a period, all of the same moment.

    Attributes:
        config: what runs.
        now: the config in force, which ``[[at]]`` changes in time.
        period: how many periods have passed.
        alpha: share of members now.
        success: S of the deployed classifier, by the published metric.
        promise: what the theorem promises at this alpha, at the upper limits of its numbers; NaN
            where none covers it.
        theorem: its name; empty where none covers it.
        joined: people who joined in this period.
        left: people who left in this period.
        retrained: did the platform retrain in this period?
        trained: period of the last retraining.
        state: int8, shape (N,): OUTSIDER, FREE_RIDER or MEMBER.
        periods: one row a period.
        retrainings: one row a retraining.
        spot_checks: one row a spot check.
    """

    config: Config
    now: Config
    period: int
    alpha: float
    success: float
    promise: float
    theorem: str
    joined: int
    left: int
    retrained: bool
    trained: int
    state: NDArray[np.int8]
    periods: pd.DataFrame = field(repr=False)
    retrainings: pd.DataFrame = field(repr=False)
    spot_checks: pd.DataFrame = field(repr=False)

    def count(self, state: int) -> int:
        """Number of people in a state."""
        return int((self.state == state).sum())

    @property
    def has_money(self) -> bool:
        """Has the collective ever had money, or does it take or promise any now?"""
        section = self.now.collective
        there = self.periods[["fund", "dues", "subsidies"]].to_numpy().any()
        return bool(there or section.dues or section.subsidy)

    @property
    def contract(self) -> Contract | None:
        """How the contract with a provision point stands; None without one."""
        section, pledged = self.now.collective, self.periods["pledged"]
        if not section.provision_point:
            return None
        in_force = self.periods["in_force"]
        if in_force.iloc[-1]:
            return "met"
        # Without a provision point, before a change in time, nothing was pledged.
        return "lapsed" if (in_force & pledged.notna()).any() else "open"


class LiveEconomy:
    """What SolaraViz plays: the GigEconomy of the page's settings.

    SolaraViz makes a new one on Reset, by its class and ``model_params``. A config that cannot be
    run leaves a page with a sentence on it instead of an exception in a click's handler.

    Args:
        settings: of the page.
        **kwargs: dotted keys and their values as typed into Mesa's own inputs.

    Attributes:
        economy: the model; None if it cannot be made.
        problem: why not, one line; "" if all is well.
        running: may it be stepped on?
        frame: what to draw; None as long as ``economy`` is.
        theory: the lines of theory from one member to everybody; None as long as ``economy`` is.
        overrides: what the config differs in from the page's start.
        shown: cleared by the page while it draws. A step waits for it: a page that is redrawn
            faster than it can draw never finishes, since solara begins again at every change.
    """

    def __init__(self, settings: Settings, **kwargs: Any) -> None:
        self._settings = settings
        # The thread that played the last model may still be on its way to one more step, which
        # Mesa's controller would make on this one: it is known, and its step is left out.
        self._late, settings.stepper = settings.stepper, None
        self.economy: GigEconomy | None = None
        self.frame: Frame | None = None
        self.theory: pd.DataFrame | None = None
        self.problem = ""
        self.shown = threading.Event()
        self.shown.set()
        typed = {key: given(Control(key, "", "text", text)) for key, text in kwargs.items()}
        self.overrides = settings.overrides() | typed
        with self._input_errors_shown():
            config = build(settings.start.model_dump(mode="json"), self.overrides, "page")
            self.economy = GigEconomy(config, observer=settings.observer)
            self.theory = self.economy.lines.table(_grid(config.population.size))
            self.frame = frame_of(self.economy)
        settings.observer("")

    @property
    def running(self) -> bool:
        """May it be stepped on? Not with a problem, nor when the page or the server has closed."""
        return not (self.problem or self._settings.closed or _closing.is_set())

    @property
    def steps(self) -> int:
        """Periods so far; the name that Mesa 3 reads."""
        return self.frame.period if self.frame else 0

    @property
    def time(self) -> int:
        """Periods so far; the name that Mesa 3.4 and later read."""
        return self.steps

    def step(self) -> None:
        """One period, and the frame after it."""
        thread = threading.current_thread()
        if self._late is not None and self._late() is thread:
            self._late = None
            return
        deadline = time.monotonic() + _PATIENCE
        while self.running and time.monotonic() < deadline and not self.shown.wait(0.1):
            pass
        if self.economy is None or not self.running:
            return
        self._settings.stepper = weakref.ref(thread)
        with self._input_errors_shown():
            self.economy.step()
            self.frame = frame_of(self.economy)
        self._settings.observer("")

    @contextmanager
    def _input_errors_shown(self) -> Iterator[None]:
        """Turns bad input into the page's problem; anything else is a bug and passes."""
        try:
            yield
        except InputError as error:
            self.problem = str(error)


def frame_of(economy: GigEconomy) -> Frame:
    """What to draw of an economy now."""
    population, metric = economy.population, economy.config.measure.success
    state = np.full(len(population), OUTSIDER, dtype=np.int8)
    state[population.free_rider] = FREE_RIDER
    state[population.member] = MEMBER
    retrainings = economy.retrainings
    return Frame(
        config=economy.config,
        now=economy.now,
        period=economy.period,
        alpha=economy.alpha,
        success=economy.success,
        promise=economy.lines.promise(economy.alpha, metric),
        theorem=economy.lines.theorem(metric) or "",
        joined=economy.joined,
        left=economy.left,
        retrained=economy.retrained,
        trained=int(retrainings["period"].iloc[-1]),
        state=state,
        periods=economy.periods,
        retrainings=retrainings,
        spot_checks=economy.ledger.spot_checks(),
    )


def _grid(size: int) -> NDArray[np.float64]:
    """Sizes of a collective from one member to everybody, evenly on a log scale, as shares."""
    return np.unique(np.rint(np.geomspace(1, size, 300))) / size
