"""Ctrl-C: what the signals of one command mean, and the model as its last finished period left it.

Nothing here touches a file. The command decides what to write; see ``gigsim.cli.run``.
"""

from __future__ import annotations

import copy
import math
import os
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn

if TYPE_CHECKING:
    from gigsim.model import GigEconomy

#: What a shell reports of a command that Ctrl-C ended.
INTERRUPTED = 130
#: What such a command says when it leaves nothing behind.
NOTHING = "interrupted: nothing written"

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """SIGINT and SIGTERM within a ``with`` block, told apart by what they interrupt.

    ``starting``: ends the process at once, with a word on standard error and exit code 130. For
    imports, out of which an exception may come as another one, or not at all.
    ``running`` (:meth:`running`): raises KeyboardInterrupt, every time, or not again for a while.
    ``saving``
    (:meth:`saving`): the first is only noted where nothing was interrupted before, since what is
    being written is complete; the one that would be the second raises KeyboardInterrupt.
    ``leaving``, after that: only noted, so that nothing stops the tidying up.

    In a thread that is not the main one signals cannot be had; there it does nothing.

    Args:
        starting: begin with that, not with ``running``.
    """

    def __init__(self, *, starting: bool = False) -> None:
        self.asked = False
        self._phase: Literal["starting", "running", "saving", "leaving"]
        self._phase = "starting" if starting else "running"
        self._before: dict[signal.Signals, Any] = {}
        self._patience, self._raised = 0.0, -math.inf

    def running(self, patience: float = 0.0) -> None:
        """From here on there is something to tidy up.

        Args:
            patience: so many seconds after one that raised KeyboardInterrupt others are only noted:
                where what is being tidied up is worth it. Not for ever, since such an exception can
                be lost, in a finaliser for one.
        """
        self._phase, self._patience = "running", patience

    def saving(self) -> None:
        """From here on results are written."""
        self._phase = "saving"

    def leaving(self) -> None:
        """From here on there is nothing left to stop."""
        self._phase = "leaving"

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again, self.asked = self.asked, True
        if self._phase == "starting":
            _end()
        if self._phase == "running" and time.monotonic() >= self._raised + self._patience:
            self._raised = time.monotonic()
            raise KeyboardInterrupt
        if self._phase == "saving" and again:
            self.leaving()
            raise KeyboardInterrupt


def _end() -> NoReturn:
    os.write(2, f"{NOTHING}\n".encode())
    os._exit(INTERRUPTED)


class LastFinished:
    """Remembers a model as it was at the end of a period, to go back there from within the next.

    A period replaces results and people's columns rather than changing them, so shallow copies of
    the model, its people, its laboratory, its collective and its ledger's lists hold them.
    """

    def __init__(self, model: GigEconomy) -> None:
        self._model = model
        self.keep()

    def keep(self) -> None:
        """Remember the model as it is now, between two periods."""
        state = dict(vars(self._model))
        state["population"] = copy.copy(self._model.population)
        state["collective"] = copy.copy(self._model.collective)
        state["laboratory"] = copy.copy(self._model.laboratory)
        state["ledger"] = ledger = copy.copy(self._model.ledger)
        rows = {name: list(rows) for name, rows in vars(ledger).items() if isinstance(rows, list)}
        vars(ledger).update(rows)
        self._state = state

    def restore(self) -> None:
        """Put the model back: its tables, summary and figure are those of that moment.

        It is there to be written, not to be stepped: what the platform has submitted is later.
        """
        self._model.__dict__.update(self._state)
