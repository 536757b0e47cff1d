"""What tables of resumes have in common: a column of texts and one of labels, both by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gigsim.errors import InputError
from gigsim.resumes import limits
from gigsim.resumes.source import is_plain, shown

_SHOWN = 20


@dataclass(frozen=True)
class Columns:
    """Where a table has its resumes; other columns are not read.

    Attributes:
        text: column with the text of a resume.
        labels: column with its labels.
        separator: between the labels, where they are one text; spaces around a label are dropped,
            and so are empty labels.

    Raises:
        InputError: an empty separator, or one column for both.
    """

    text: str = "text"
    labels: str = "labels"
    separator: str = ";"

    def __post_init__(self) -> None:
        if not self.separator:
            raise InputError("--separator", "is empty", "what stands between two labels, e.g. ';'")
        if self.text == self.labels:
            raise InputError("--labels", f"{shown(self.labels)} is --text too", "two columns")

    def find(self, names: Sequence[str], where: str) -> tuple[int, int]:
        """Positions of the text and of the labels among a table's columns.

        Raises:
            InputError: a name twice, or a column that is missing.
        """
        for name, count in Counter(names).items():
            if count > 1:
                raise InputError(
                    where, f"{count} columns are called {shown(name)}", "each name may occur once"
                )
        for option, name in (("--text", self.text), ("--labels", self.labels)):
            if name not in names:
                raise InputError(where, f"no column {shown(name)}", _existing(option, names))
        return names.index(self.text), names.index(self.labels)

    def label_set(self, cell: Any, where: str) -> frozenset[str]:
        """The labels in a cell: a text with separators, or a list of texts.

        Raises:
            InputError: another type; a label that is too long or cannot be shown; too many.
        """
        if isinstance(cell, str):
            parts: Iterable[Any] = cell.split(self.separator)
        elif isinstance(cell, list):
            parts = cell
        else:
            raise InputError(
                f"{where}, column {shown(self.labels)}",
                f"{_type(cell)} instead of labels",
                f"a text with {self.separator!r} between the labels, or a list of texts",
            )
        names: set[str] = set()
        for number, part in enumerate(parts, start=1):
            if number > limits.LABELS_A_RESUME:
                raise InputError(
                    f"{where}, column {shown(self.labels)}",
                    f"more than {limits.LABELS_A_RESUME} labels",
                    f"at most {limits.LABELS_A_RESUME}; is --separator right?",
                )
            names.add(self._label(part, where))
        return frozenset(names - {""})

    def _label(self, part: Any, where: str) -> str:
        where = f"{where}, column {shown(self.labels)}"
        if not isinstance(part, str):
            raise InputError(where, f"{_type(part)} as a label", "labels are texts")
        name = part.strip()
        if len(name) > limits.LABEL_LENGTH:
            raise InputError(
                where,
                f"a label of {len(name)} characters, {name[:40]!r}...",
                f"a label may have {limits.LABEL_LENGTH}; is --separator right?",
            )
        if not is_plain(name):
            raise InputError(
                where, f"{name!r} as a label", "labels are text without control characters"
            )
        return name

    def text_bytes(self, cell: Any, where: str) -> bytes:
        """A text in UTF-8.

        Raises:
            InputError: another type, or half a character (a lone surrogate).
        """
        where = f"{where}, column {shown(self.text)}"
        if not isinstance(cell, str):
            raise InputError(where, f"{_type(cell)} instead of a text", "resumes are texts")
        try:
            return cell.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                where,
                f"half a character (a lone surrogate) at character {error.start + 1}",
                "resumes are texts of whole characters",
            ) from error


def _existing(option: str, names: Sequence[str]) -> str:
    """What to say about the columns that there are."""
    some = ", ".join(shown(name) for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"name one with {option}; there are {some}{more}" if names else "there are none"


def _type(value: Any) -> str:
    """The type of a value, as JSON calls it."""
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list"}
    if value is None:
        return "null"
    return kinds.get(type(value), "an object")
