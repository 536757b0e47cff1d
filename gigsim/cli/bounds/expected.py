"""``gigsim bounds expected``: what a perfect learner on N rows is expected to do. No bound."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from gigsim.cli.bounds.answer import Column, answer
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLACK, BLUE, RED, Curve, Drawing, draw, share_grid
from gigsim.cli.bounds.options import (
    XI,
    AlphaOption,
    PlotOption,
    QuietOption,
    XiOption,
    numbers,
    shares,
    theory_of,
)
from gigsim.cli.output import JsonOption, count


@commands.command("expected")
def expected_command(
    context: typer.Context,
    alpha: AlphaOption,
    learner: Annotated[
        Literal["text", "table"],
        typer.Option(help="text: knows P0(y|x), counts carriers. table: counts every cell."),
    ] = "text",
    deficits: Annotated[
        str,
        typer.Option(
            help="text: how far y* is behind in each of some equally likely texts, in [−1, 1]."
        ),
    ] = "1",
    target_share: Annotated[
        float,
        typer.Option(min=0, max=1, help="table: P0(y*|x), one text and one rival label."),
    ] = 0.0,
    population: Annotated[int, typer.Option(min=1, help="N, rows of the platform.")] = 25_000,
    xi: XiOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Finite samples: expected S of a learner without error of its own, mean and sd. Derived.

    No bound: the staircase that Theorem 1 bounds from below, blurred by how many of N rows happen
    to carry the signal (for a table of one text and two labels, Skellam's law).

    Example: gigsim bounds expected --alpha 0.0001,0.001 --population 25000 --xi 0.001

    Example: gigsim bounds expected --learner table --alpha 0.001 --target-share 0.2
    """
    import numpy as np

    from gigsim.theory.finite_sample import FiniteSampleSuccess, finite_sample_success
    from gigsim.theory.planting import feature_label_bound_averaged
    from gigsim.theory.table_sample import table_success

    alphas = shares(alpha)
    base = XI if xi is None else xi
    behind = numbers(
        deficits, "--deficits", low=-1, high=1, allowed="numbers in [-1, 1], comma-separated"
    )

    def success(at: Any) -> FiniteSampleSuccess:
        if learner == "text":
            return finite_sample_success(at, behind, population=population, xi=base)
        law = [[target_share, 1 - target_share]]
        return table_success(at, [1.0], law, 0, population=population, xi=base, ties="strict")

    with theory_of("expected"):
        found = success(alphas)
        short = np.maximum(behind, 0).mean() if learner == "text" else max(1 - 2 * target_share, 0)
        kappa = base * float(short)
        bound = feature_label_bound_averaged(alphas, kappa=kappa)
    what = count(behind.size, "text")
    if learner == "table":
        what = f"one text, P0(y*|x) = {target_share:g}"
    said = f"{learner} learner, N = {population:,}, ξ = {base:g}, {what}"
    if plot is not None:
        grid = share_grid(base)
        whole = success(grid)
        curves = [
            Curve(f"expected, {said}", BLACK, np.asarray(whole.mean)),
            Curve("one sd over populations less", BLUE, np.asarray(whole.mean - whole.sd)),
            Curve("Theorem 1, averaged form", RED, feature_label_bound_averaged(grid, kappa=kappa)),
        ]
        title = "Expected success on N rows (derived)"
        draw(context, plot, Drawing(title, grid, curves, y="S"))
    answer(
        {
            "strategy": "expected",
            "theorem": "derived; no bound",
            "learner": learner,
            "population": population,
            "xi": base,
            "kappa": kappa,
            "deficits": behind.tolist() if learner == "text" else None,
            "target_share": target_share if learner == "table" else None,
        },
        said,
        alphas,
        [
            Column("expected", "mean", np.asarray(found.mean)),
            Column("sd", "sd", np.asarray(found.sd)),
            Column("bound", "Theorem 1, averaged", np.asarray(bound)),
        ],
        {},
        promise="S(α) is expected to be",
    ).show(as_json, quiet)
