"""``gigsim bounds label-only``: cancelling with labels alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, size
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLUE, RED, Curve, Drawing, draw
from gigsim.cli.bounds.options import (
    AlphaOption,
    PlotOption,
    QuietOption,
    numbers,
    shares,
    theory_of,
)
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError


@commands.command("label-only")
def label_only_command(
    context: typer.Context,
    alpha: AlphaOption,
    predictions: Annotated[
        str,
        typer.Option(help="What the target model θ* says of each person, comma-separated."),
    ],
    true_labels: Annotated[str, typer.Option(help="Their true labels, comma-separated.")],
    model: Annotated[
        Literal["linear", "logistic"],
        typer.Option(help="Least squares (any label), or logistic regression (labels in [0, 1])."),
    ] = "linear",
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Label-only cancelling: which y' members report to move the platform to θ*. Derived.

    Least squares: y' = (x'θ* − (1−α)y)/α, at any α > 0. Logistic regression: y' = m + ((1−α)/α)
    (m − y), from a share on at which it is a label that may be reported. Exact where the members'
    resumes are distributed as everybody's; drawn at random they miss by about n^(−1/2).

    Example: gigsim bounds label-only --alpha 0.05,0.5 --predictions 1.0,0.2 --true-labels 0.5,0.4

    Example: gigsim bounds label-only --alpha 0.4 --model logistic --predictions 0.3 --true-labels 0
    """
    import numpy as np

    from gigsim.theory.label_rules import (
        glm_label,
        glm_label_critical_mass,
        glm_label_feasible,
        linear_label,
    )

    alphas = shares(alpha)
    bounded = model == "logistic"
    low, high = (0.0, 1.0) if bounded else (-1e300, 1e300)
    allowed = "numbers in [0, 1], comma-separated" if bounded else "numbers, comma-separated"
    said = numbers(predictions, "--predictions", low=low, high=high, allowed=allowed)
    own = numbers(true_labels, "--true-labels", low=low, high=high, allowed=allowed)
    if said.shape != own.shape:
        raise InputError(
            "--true-labels", f"{own.size} of them for {said.size} predictions", "one for each"
        )
    rule = glm_label if bounded else linear_label
    with theory_of("label-only"):
        reports = rule(said, own, alphas[:, None])
        feasible = np.ones(reports.shape, dtype=bool)
        critical = np.zeros(own.shape)
        if bounded:
            feasible = glm_label_feasible(said, own, alphas[:, None])
            critical = np.asarray(glm_label_critical_mass(said, own))
    needed = float(critical.max())
    head: dict[str, Any] = {
        "strategy": "label-only",
        "theorem": "derived for Theorem 7 of Hardt et al. (2023)",
        "model": model,
        "predictions": said.tolist(),
        "true_labels": own.tolist(),
    }
    columns = [
        Column("least", "least y'", reports.min(axis=1)),
        Column("largest", "largest y'", reports.max(axis=1)),
        Column("feasible", "part of them allowed", feasible.mean(axis=1)),
    ]
    if plot is not None:
        grid = np.geomspace(0.01, 1.0, 300)
        every = rule(said, own, grid[:, None])
        curves = [
            Curve("least y'", BLUE, every.min(axis=1)),
            Curve("largest y'", RED, every.max(axis=1)),
        ]
        limits = (-0.5, 1.5) if bounded else (float(every.min()) - 0.5, float(every.max()) + 0.5)
        marks = ((needed, f"rule works from α = {100 * needed:.4g} %"),) if 0 < needed <= 1 else ()
        drawing = Drawing(
            "Label-only cancelling (derived)",
            grid,
            curves,
            x="α, share of the population in the collective (log scale)",
            y="y', to be reported" + (" (0 to 1 is allowed)" if bounded else ""),
            limits=limits,
            marks=marks,
            floor=None,
        )
        draw(context, plot, drawing)
    found = answer(
        head,
        f"{model}, {said.size} of them",
        alphas,
        columns,
        {},
        promise="Members report",
        sheets=[Sheet("Share that suffices", ("goal", "α"), [("every y' allowed", size(needed))])],
        tail={"reports": reports.tolist(), "critical_mass": needed},
    )
    found.show(as_json, quiet)
