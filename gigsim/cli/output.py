"""What commands share: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gigsim.errors import InputError
from gigsim.interrupts import Interrupts


class _Progress(Console):
    """Standard error. A word on progress that cannot be written stops no work, and is lost."""

    def on_broken_pipe(self) -> None:
        """Go on in silence, where rich would end the process."""
        _discard(self.file)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        except OSError:
            _discard(self.file)


stderr = _Progress(stderr=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")]
TrustOption = Annotated[
    bool,
    typer.Option("--trust", help="Import code that the config names (platform.learner.path)."),
]


def interrupts_of(context: typer.Context) -> Interrupts:
    """What Ctrl-C means to the command of a context; ``gigsim.cli.main`` brings it."""
    found = context.find_object(Interrupts)
    if found is None:
        raise LookupError("a command was run without gigsim.cli.main")
    return found


def check_target(path: Path) -> None:
    """Refuse before long work a file that could not be written after it.

    Raises:
        InputError: ``path`` is a folder, or lies in none, or in one that is not writable.
    """
    parent = path.absolute().parent
    if path.is_dir():
        raise InputError(str(path), "is a folder", "name a file")
    if not parent.is_dir():
        raise InputError(str(path), f"there is no folder {parent}", "name a file in a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(str(path), "cannot be written (Permission denied)", "name another place")


def print_json(content: Mapping[str, Any], kept: str = "") -> None:
    """A result for programs; NaN and infinities, which JSON lacks, become null.

    Args:
        content: the result.
        kept: where it is as well, should standard output fail.

    Raises:
        typer.Exit: standard output fails; standard error has said so.
    """
    with _written(kept):
        sys.stdout.write(json.dumps(_plain(content), indent=2, ensure_ascii=False) + "\n")


def print_lines(lines: list[str], kept: str = "") -> None:
    """A result for people.

    Args:
        lines: the result.
        kept: where it is as well, should standard output fail.

    Raises:
        typer.Exit: standard output fails; standard error has said so.
    """
    with _written(kept):
        sys.stdout.write("\n".join(lines) + "\n")


def print_table(title: str, rows: Sequence[tuple[str, ...]], header: tuple[str, ...] = ()) -> None:
    """A small table for people."""
    table = Table(show_header=bool(header))
    width = len(rows[0])
    for column in range(width):
        name = header[column] if header else ""
        table.add_column(name, justify="left" if column == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console = Console(file=sys.stdout)
    with _written():
        console.print(title, highlight=False)
        console.print(table)


def count(number: int, noun: str) -> str:
    """``1 period``, ``2 periods``, ``2,000 periods``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share for people; ``-`` where there is none."""
    return "-" if value is None else f"{100 * value:.{digits}f} %"


@contextmanager
def _written(kept: str = "") -> Iterator[None]:
    """A result on its way to standard output, at once: what goes wrong is found out here."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        _discard(sys.stdout)
        line = f"error: standard output cannot be written to ({error.strerror})"
        line += f"; {kept}" if kept else ""
        stderr.print(line, markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


def _discard(file: IO[str]) -> None:
    """Let go nowhere what a file still holds, and what comes, which would fail again at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno())
    os.close(nowhere)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not (abs(value) < float("inf")):
        return None
    return value
