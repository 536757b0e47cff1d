"""What the signals of a command mean, and the model as its last finished period left it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pandas as pd
import pytest

from gigsim.interrupts import Interrupts, LastFinished
from gigsim.model import GigEconomy
from gigsim.runs import tables_of
from gigsim.summary import summarise_run

Make = Callable[..., GigEconomy]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_running_it_raises_every_time(number: signal.Signals) -> None:
    with Interrupts() as interrupts:
        assert not interrupts.asked
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
            assert interrupts.asked


def test_while_saving_after_an_interrupt_the_second_raises_and_the_third_does_not() -> None:
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        interrupts.saving()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_what_is_complete_is_saved_in_spite_of_one() -> None:
    with Interrupts() as interrupts:
        interrupts.saving()
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_while_leaving_it_is_noted_and_stops_nothing() -> None:
    with Interrupts() as interrupts:
        interrupts.leaving()
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.asked


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_while_starting_it_ends_the_process_with_a_word(number: str) -> None:
    code = (
        "import os, signal\nfrom gigsim.interrupts import Interrupts\n"
        "with Interrupts(starting=True):\n"
        f"    os.kill(os.getpid(), signal.{number})\n    print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (
        130,
        "",
        "interrupted: nothing written\n",
    )


def test_from_starting_to_running() -> None:
    with Interrupts(starting=True) as interrupts:
        interrupts.running()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_signals_are_given_back() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    with Interrupts():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


def test_in_another_thread_it_leaves_signals_alone() -> None:
    seen: list[object] = []

    def run() -> None:
        before = signal.getsignal(signal.SIGINT)
        with Interrupts():
            seen.append(signal.getsignal(signal.SIGINT) is before)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [True]


@pytest.mark.parametrize(
    "method",
    ["inform", "decide", "share_signal", "submit", "retrain", "measure", "pay", "learn", "record"],
)
def test_a_period_that_was_interrupted_anywhere_leaves_no_trace(
    make_toy: Make, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"collective.leak": 0.2, "run.periods": 3}
    expected = make_toy(**keys)
    expected.run(3)
    model = make_toy(**keys)
    last = LastFinished(model)
    for _ in range(3):
        model.step()
        last.keep()
    honest = getattr(GigEconomy, method)

    def interrupted(self: GigEconomy) -> None:
        honest(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(GigEconomy, method, interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.step()
    last.restore()
    for name, table in tables_of(expected).items():
        pd.testing.assert_frame_equal(tables_of(model)[name], table, obj=name)
    assert summarise_run(model) == summarise_run(expected)
    assert model.period == 3
    assert set(model.ledger.timings()["period"]) == {0, 2}
