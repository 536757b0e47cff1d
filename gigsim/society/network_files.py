"""Networks of the user's own: edge lists, and what they share with GraphML files.

Nodes are the N freelancers. If every name in the file is a whole number in [0, N) as Python writes
it (no sign, no leading zero), the names are the freelancers' numbers, and who has no tie need not
be in the file. Otherwise the file must name exactly N nodes: an edge list's are numbered in natural
order (p2 before p10), a GraphML file's as they come.
"""

from __future__ import annotations

import re
import stat
from array import array
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.society.networks import SparseNetwork, from_ties

MAX_BYTES = 2 << 30
#: As many as a population can have; more names are refused before they fill the memory.
MAX_NODES = 10_000_000
_MAX_LINE = 1 << 16

_EDGES = (
    "an edge list is UTF-8 text with two names a line, separated by a comma, a tab or white space;"
    " lines that start with # are skipped"
)
_HEADERS = {("source", "target"), ("from", "to")}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,7}")
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f]")


def read_edge_list(path: str, size: int) -> SparseNetwork:
    """A network from an edge list.

    Two names a line; the first tie's line decides for all whether the columns are separated by a
    comma, else by a tab, else by white space. Blank lines and lines that start with ``#`` are
    skipped. There is no header line: one is refused if it is ``source target`` or ``from to``, or
    has a word that never comes again where all other names are numbers. A tie may be listed twice,
    in either direction, and counts once.

    Args:
        path: the file.
        size: N, the freelancers.

    Raises:
        InputError: no such file, a folder, more than 2 GiB; a line that is not UTF-8 or has not
            two columns; a loop; a header; no ties; the wrong number of nodes.
    """
    index: dict[str, int] = {}
    ends = array("q")
    separator, first_line, first_names = None, 0, ("", "")
    with open_file(path, _EDGES) as stream:
        number = 0
        while line := stream.readline(_MAX_LINE + 1):
            number += 1
            where = f"{path}, line {number}"
            text = _text(line, where, first=number == 1).strip()
            if not text or text.startswith("#"):
                continue
            if not first_line:
                separator = next((mark for mark in (",", "\t") if mark in text), None)
            if '"' in text:
                raise InputError(where, "quotation marks", f"names are not quoted: {_EDGES}")
            names = [name.strip() for name in text.split(separator)]
            _check_columns(names, where)
            if not first_line:
                first_line, first_names = number, (names[0], names[1])
            for name in names:
                ends.append(place_of(index, name, where, _EDGES))
    if not first_line:
        raise InputError(path, "no ties in it", _EDGES)
    ties = np.frombuffer(ends, dtype=np.int64).reshape(-1, 2)
    if _is_header(first_names, list(index)[2:], bool((ties[1:] < 2).any())):
        raise InputError(
            f"{path}, line {first_line}",
            f"{first_names[0]!r} and {first_names[1]!r} look like a header",
            "start such a line with #",
        )
    nodes = freelancers_of(path, list(index), size, natural=True)[ties]
    tie = np.unique(nodes.min(axis=1) * size + nodes.max(axis=1))
    return from_ties(size, *np.divmod(tie, size), "edge_list")


def open_file(path: str, allowed: str) -> BinaryIO:
    """A file for reading in bytes, or an InputError that says what would have been ``allowed``."""
    file = Path(path)
    try:
        status = file.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(path, "a folder", allowed)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(path, "not a file", allowed)
        if status.st_size > MAX_BYTES:
            raise InputError(path, f"{status.st_size:,} bytes", f"at most {MAX_BYTES:,} are read")
        return file.open("rb")
    except OSError as error:
        raise InputError(path, error.strerror or "cannot be read", allowed) from error
    except ValueError as error:  # A zero byte in the path.
        raise InputError(path, str(error), allowed) from error


def _text(line: bytes, where: str, *, first: bool) -> str:
    if len(line) > _MAX_LINE:
        raise InputError(where, f"longer than {_MAX_LINE:,} bytes", _EDGES)
    try:
        return line.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(where, "not UTF-8 text", _EDGES) from error


def _check_columns(names: list[str], where: str) -> None:
    if len(names) != 2:
        hint = " (with networkx: write_edgelist(graph, path, data=False))"
        many = hint if len(names) == 3 else ""
        raise InputError(where, f"{len(names)} column{'s' * (len(names) > 1)}", _EDGES + many)
    if names[0] == names[1]:
        raise InputError(where, f"a tie of {names[0]!r} to itself", "leave out such lines")


def place_of(index: dict[str, int], name: str, where: str, allowed: str) -> int:
    """The place of a name in the order of first appearance; a new one is added to ``index``.

    Args:
        index: places of the names seen so far.
        name: of a node.
        where: file and line, for the message.
        allowed: what would have been right, for the message.

    Raises:
        InputError: a name that is empty or holds a control character; more than MAX_NODES.
    """
    place = index.get(name)
    if place is None:
        if not name:
            raise InputError(where, "a node without a name", allowed)
        if _UNREADABLE.search(name):
            raise InputError(where, f"a control character in the name {name!r}", allowed)
        if len(index) == MAX_NODES:
            raise InputError(where, f"more than {MAX_NODES:,} nodes", allowed)
        place = index[name] = len(index)
    return place


def _is_header(first: tuple[str, str], others: list[str], again: bool) -> bool:
    """Are these column names? Read as a tie, they would add two people.

    Args:
        first: the names of the first tie.
        others: the names that follow.
        again: does one of the first names occur again?
    """
    if (first[0].lower(), first[1].lower()) in _HEADERS:
        return True
    words = not all(_NUMBER.fullmatch(name) for name in first)
    return words and not again and bool(others) and all(map(_NUMBER.fullmatch, others))


def freelancers_of(path: str, names: list[str], size: int, *, natural: bool) -> NDArray[np.int64]:
    """The freelancer whom each name means, by the module's rule.

    Args:
        path: the file, for the message.
        names: distinct, in the order of the file.
        size: N, the freelancers.
        natural: number other names in natural order, not as they come.

    Returns:
        int64, shape (names,), in [0, N).

    Raises:
        InputError: neither numbers in [0, N) nor N names.
    """
    if all(_NUMBER.fullmatch(name) and int(name) < size for name in names):
        return np.array([int(name) for name in names], dtype=np.int64)
    if len(names) != size:
        raise InputError(
            path,
            f"it names {len(names)} nodes, the population has {size} people",
            f"population.size = {len(names)}, or whole numbers from 0 to {size - 1} as names",
        )
    order = list(range(size))
    if natural:
        order.sort(key=lambda place: _natural(names[place]))
    numbers = np.empty(size, dtype=np.int64)
    numbers[order] = np.arange(size)
    return numbers


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """A key that sorts digits by their value, without making numbers of them (p2 before p10)."""
    parts = []
    for place, part in enumerate(re.split("([0-9]+)", name)):
        digits = part.lstrip("0")
        parts.append((len(digits), digits) if place % 2 else (0, part))
    # Names that differ in leading zeros only have an order too.
    return parts, name
