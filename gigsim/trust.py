"""Code that a config names is imported for those alone who say that they trust it.

A config may come from anybody, and an import path in it (``platform.learner.path``) is code that
would run with the rights of whoever runs the config. So whoever starts something says
``trust=True``, on the command line ``--trust``; without it nothing is imported, not even to look.
Verifying and the app never say it.

There are two locks. What starts runs asks :func:`require` before anything else happens. And where
the code would be imported, ``learners.protocol.make_learner``, it is refused unless somebody up the
call stack does it :func:`trusting`: an entry that forgot to ask imports nothing. A worker process
begins without any trust; its owner gives it some with :class:`Trusting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gigsim.errors import InputError
from gigsim.learners.recipes import OwnRecipe

if TYPE_CHECKING:
    from gigsim.config import Config

_TRUSTED: ContextVar[bool] = ContextVar("gigsim: import paths are trusted", default=False)

_ALLOWED = "look at it, and say --trust (in Python: trust=True) if you trust it"


def import_paths(config: Config) -> dict[str, str]:
    """The import paths in a config, by dotted key."""
    learner = config.platform.learner
    return {"platform.learner.path": learner.path} if isinstance(learner, OwnRecipe) else {}


def require(configs: Iterable[Config], trust: bool) -> None:
    """Refuse configs with import paths to whoever does not trust them; imports nothing.

    Args:
        configs: what would be run.
        trust: did who would run them say so?

    Raises:
        InputError: names the key, the path and what to say.
    """
    _refuse(() if trust else configs, "would be imported and run", _ALLOWED)


def never(configs: Iterable[Config], who: str) -> None:
    """Refuse configs with import paths, whoever asks.

    Args:
        configs: what would be run.
        who: does not import what a config names, such as ``gigsim app``.

    Raises:
        InputError: names the key and the path.
    """
    _refuse(configs, f"is never imported by {who}", "what made it, or would, does so with --trust")


@contextmanager
def trusting(trust: bool) -> Iterator[None]:
    """Import paths are honoured inside, in this thread, or not."""
    before = _TRUSTED.set(trust)
    try:
        yield
    finally:
        _TRUSTED.reset(before)


def require_here(key: str, path: str) -> None:
    """Refuse to import outside of :func:`trusting`.

    Raises:
        InputError: names the key, the path and what to say.
    """
    if not _TRUSTED.get():
        raise _refusal(key, path, "would be imported and run", _ALLOWED)


@dataclass(frozen=True)
class Trusting:
    """A task of worker processes (``processes.side_by_side``) that honours import paths.

    Attributes:
        task: what is done; importable in a worker.
    """

    task: Callable[[Any, Callable[[Any], None]], Any]

    def __call__(self, argument: Any, tell: Callable[[Any], None]) -> Any:
        """The task, in a process whose owner has asked :func:`require`."""
        with trusting(True):
            return self.task(argument, tell)


def _refuse(configs: Iterable[Config], problem: str, allowed: str) -> None:
    for config in configs:
        for key, path in import_paths(config).items():
            raise _refusal(key, path, problem, allowed)


def _refusal(key: str, path: str, problem: str, allowed: str) -> InputError:
    return InputError(key, f"{path!r} names code, which {problem}", allowed)
