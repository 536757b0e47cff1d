"""What a clash of keys is, and how its message writes their values."""

from __future__ import annotations

from collections.abc import Sequence


class ClashError(ValueError):
    """Values, each fine by itself, that do not go together.

    Args:
        keys: the dotted keys it is about; a message blames the first that the user gave.
        problem: what is wrong, with the values.
        allowed: what would have been right.
    """

    def __init__(self, keys: tuple[str, ...], problem: str, allowed: str) -> None:
        super().__init__(f"{keys[0]}: {problem}; {allowed}")
        self.keys = keys
        self.problem = problem
        self.allowed = allowed


def listed(names: Sequence[str]) -> str:
    """Any of these would do."""
    return " or ".join(names)


def toml(value: object) -> str:
    """A value as a config has it: a text, a number or a truth value."""
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
