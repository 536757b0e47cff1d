"""The command line: one module a group of commands.

Importing this takes next to nothing, so that Ctrl-C has a meaning from the first moment on.
"""

from __future__ import annotations

import atexit
import signal
import sys

from gigsim.interrupts import INTERRUPTED, NOTHING, Interrupts

__all__ = ["main"]


def main() -> None:
    """Entry point: bad input is one line and exit code 2; a bug keeps its traceback, code 1.

    Ctrl-C is one line and exit code 130, whenever it comes.
    """
    try:
        with Interrupts(starting=True) as interrupts:
            try:
                from gigsim.cli.app import run

                run(interrupts)
            except KeyboardInterrupt:
                interrupts.leaving()
                sys.stderr.write(f"{NOTHING}\n")
                sys.exit(INTERRUPTED)
    finally:
        # Last registered, first called.
        atexit.unregister(_ignore_ctrl_c)
        atexit.register(_ignore_ctrl_c)


def _ignore_ctrl_c() -> None:
    """While the interpreter tidies up, a signal would replace the exit code that was chosen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
