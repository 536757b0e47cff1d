"""What most commands do: put numbers into one bound on S, and read it backwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from gigsim.cli.bounds.answer import Column, answer, sizes_sheet
from gigsim.cli.bounds.figure import BLACK, Curve, Drawing, draw, share_grid
from gigsim.cli.bounds.options import theory_of
from gigsim.cli.bounds.solving import least_share, limits_of, masses_of

if TYPE_CHECKING:
    from gigsim.theory.gaps import Floats


class Beside(NamedTuple):
    """Another bound to be compared: its key in JSON, its heading, its colour, its values at α."""

    key: str
    heading: str
    colour: str
    bound: Callable[[Any], Any]


@dataclass(frozen=True)
class Question:
    """A bound on S(α) with its numbers.

    Attributes:
        command: its name.
        theorem: where it is from; what is derived says so.
        said: the numbers, for people.
        numbers: the numbers, for JSON.
        bound: S is at least this at α; non-decreasing in α and, by name, affine in ``terms``.
        terms: numbers whose limits are asked for with ``--want``.
        title: of the figure.
        beside: other bounds, drawn and printed beside it.
        xi: a mass from which the figure's smallest share is taken.
        notes: sentences under the tables.
        largest: the largest share that the collective can have.
    """

    command: str
    theorem: str
    said: str
    numbers: dict[str, Any]
    bound: Callable[..., Any]
    terms: dict[str, float]
    title: str
    beside: Sequence[Beside] = ()
    xi: float = 0.001
    notes: Sequence[str] = field(default=())
    largest: float = 1.0


def ask(
    context: typer.Context,
    question: Question,
    alphas: Floats,
    goals: tuple[float, ...],
    *,
    inverse: bool,
    plot: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Answer on standard output and, if asked for, as a figure.

    Args:
        context: of the command.
        question: what is asked.
        alphas: at which shares.
        goals: successes whose shares are printed.
        inverse: are the limits of the other numbers printed as well?
        plot: the figure's file.
        as_json: as JSON.
        quiet: the bounds alone.

    Raises:
        InputError: theory refuses a number, or the figure cannot be written.
    """

    def bound(alpha: Any, **changed: float) -> Any:
        return question.bound(alpha, **{**question.terms, **changed})

    with theory_of(question.command):
        columns = [Column("bound", "bound", bound(alphas))]
        columns += [Column(key, name, of(alphas)) for key, name, _, of in question.beside]
        masses = masses_of(bound, goals, question.largest)
        foot = least_share(bound, 0.0, question.largest)
        needed = limits_of(bound, question.terms, goals, alphas) if inverse else []
    if plot is not None:
        grid = share_grid(question.xi) * question.largest
        curves = [Curve(question.said, BLACK, bound(grid))]
        curves += [Curve(name, colour, of(grid)) for _, name, colour, of in question.beside]
        draw(context, plot, Drawing(question.title, grid, curves))
    head = {"strategy": question.command, "theorem": question.theorem, **question.numbers}
    answer(
        head,
        question.said,
        alphas,
        columns,
        {},
        needed=needed,
        sheets=[sizes_sheet("Share that suffices", masses, foot)],
        tail={"foot": foot, "critical_mass": masses},
        notes=question.notes,
    ).show(as_json, quiet)
