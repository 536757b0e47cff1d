"""The real command in this process, for inputs that are refused in a fraction of a second."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from dataclasses import dataclass

from gigsim.cli import main

#: Nothing takes a tenth of it; a pipe that is waited for takes for ever.
SECONDS = 60


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def gigsim(*arguments: str) -> Done:
    """``gigsim ARGUMENTS`` in this process; only a bug escapes as an exception."""

    def waited(*_: object) -> None:
        raise AssertionError(f"still waiting after {SECONDS} s")

    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["gigsim", *arguments]
    handler = signal.signal(signal.SIGALRM, waited)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
        sys.argv = before
    return Done(code, out.getvalue(), err.getvalue())
