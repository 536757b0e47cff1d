"""What runs in a worker process: take a piece, work on it, send its outcome, and again.

A piece comes as an order (a frame with the pickled argument) and a token (its serial) in a pipe of
its own. Who takes the token has the piece: the worker, by beginning it, or the owner, who holds the
reading end too and so can take back what was sent ahead, or find out what a dead worker had begun.
"""

from __future__ import annotations

import os
import pickle
import struct
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any

import psutil

from gigsim.crew.frames import Kind, read_frame, write_frame
from gigsim.crew.outcome import Outcome, Task, attempt, bug
from gigsim.crew.spawning import end_with_owner

TOKEN = struct.Struct("<Q")


def work(orders: Connection, results: Connection, tokens: Connection) -> None:
    """Work until the owner closes the orders or is gone.

    Args:
        orders: frames to read; the first holds the pickled task.
        results: frames to write.
        tokens: serials to read, one a piece; not blocking.
    """
    end_with_owner()
    send = _sender(results.fileno())
    first = read_frame(orders.fileno())
    if first is None:
        return
    try:
        task: Task = pickle.loads(first.body)
    except Exception as error:  # noqa: BLE001 - the owner raises it
        send(Kind.UNFIT, 0, (bug(error).bug or "").encode())
        return
    send(Kind.READY, 0)
    process = psutil.Process()
    while True:
        serial = _take(tokens)
        body = _argument(orders.fileno(), serial)
        if body is None:
            return
        outcome = attempt(partial(_unpacked, task), body, partial(_tell, send, serial))
        del body
        send(Kind.DONE, serial, _packed(outcome), process.memory_info().rss)


def _take(tokens: Connection) -> int:
    """The serial of the next piece; waits for one."""
    while True:
        wait([tokens])
        try:
            token = os.read(tokens.fileno(), TOKEN.size)
        except BlockingIOError:
            continue  # the owner took it back
        return int(TOKEN.unpack(token)[0])


def _argument(orders: int, serial: int) -> bytes | None:
    """The pickled argument of a piece; those before it were taken back. None: the owner closed."""
    while (frame := read_frame(orders)) is not None:
        if frame.serial == serial:
            return frame.body
    return None


def _unpacked(task: Task, body: bytes, tell: Callable[[Any], None]) -> Any:
    return task(pickle.loads(body), tell)


def _packed(outcome: Outcome) -> bytes:
    try:
        return pickle.dumps(outcome, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - what the task returned decides what is raised
        return pickle.dumps(bug(error), protocol=pickle.HIGHEST_PROTOCOL)


def _tell(send: Callable[..., None], serial: int, what: Any) -> None:
    send(Kind.TOLD, serial, pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL))


def _sender(results: int) -> Callable[..., None]:
    # A task may tell from threads of its own.
    lock = threading.Lock()

    def send(kind: Kind, serial: int, body: bytes = b"", resident: int = 0) -> None:
        with lock:
            write_frame(results, kind, serial, body, resident)

    return send
