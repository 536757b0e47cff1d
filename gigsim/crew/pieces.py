"""A piece of work on its way, and what is heard of it."""

from __future__ import annotations

from dataclasses import dataclass

from gigsim.crew.outcome import Outcome


@dataclass
class Piece:
    """A piece of work on its way.

    Attributes:
        number: the caller's.
        serial: unique among all pieces of a crew, from 1.
        argument: pickled.
        attempts: how often a worker began it and died.
    """

    number: int
    serial: int
    argument: bytes
    attempts: int = 0


@dataclass(frozen=True)
class Told:
    """A task told of its progress.

    Attributes:
        number: of the piece, the caller's.
        what: it told; pickled.
    """

    number: int
    what: bytes


@dataclass(frozen=True)
class Ended:
    """A piece came to its end.

    Attributes:
        number: the caller's.
        attempts: how often it was begun.
        outcome: pickled where it comes from a worker.
    """

    number: int
    attempts: int
    outcome: bytes | Outcome
