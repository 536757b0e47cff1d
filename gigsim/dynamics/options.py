"""Refusals in the words of the question: the option that was given, not the key that it became.

A question such as ``--leaks 0,2`` makes configs of its own, and what is wrong with them is said of
a key of theirs (``collective.leak``), which the person who asked has nowhere written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gigsim.errors import InputError

# What stands before the key: of a config that was built, or of one of its changes in time.
_PLACE = re.compile(r"^config: (?:at\[\d+\]\.set(?:: |$))?")


@contextmanager
def blaming(options: Mapping[str, str]) -> Iterator[None]:
    """Name the option in what is refused about a key that it set; everything else is left alone.

    Args:
        options: by dotted key, those that were given.

    Raises:
        InputError: as inside, about the option where its key is to blame.

    Example:
        >>> with blaming({"collective.leak": "--leaks"}):
        ...     raise InputError("config: collective.leak", "2.0: too large", "at most 1")
        Traceback (most recent call last):
        gigsim.errors.InputError: --leaks: 2.0: too large; at most 1
    """
    try:
        yield
    except InputError as error:
        key = _PLACE.sub("", error.where)
        for known, option in options.items():
            if key == known or key.startswith(f"{known}."):
                raise InputError(
                    f"{option}{key[len(known) :]}", error.problem, error.allowed
                ) from error
        raise
