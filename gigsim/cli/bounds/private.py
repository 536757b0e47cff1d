"""``gigsim bounds private``: gradient control of a platform that learns privately (DP-SGD)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, size
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLACK, BLUE, Curve, Drawing, draw
from gigsim.cli.bounds.options import (
    AlphaOption,
    PlotOption,
    QuietOption,
    numbers,
    shares,
    theory_of,
)
from gigsim.cli.output import JsonOption


@commands.command("private")
def private_command(
    context: typer.Context,
    alpha: AlphaOption,
    noise: Annotated[float, typer.Option(min=0, help="σ, the noise multiplier.")] = 1.0,
    clip: Annotated[float, typer.Option(help="C, to which a row's gradient is shortened.")] = 1.0,
    base_norm: Annotated[
        float | None,
        typer.Option(
            min=0, help="Norm of the base's mean clipped gradient, at most.  [default: C]"
        ),
    ] = None,
    batch: Annotated[float, typer.Option(help="n, rows that the platform averages over.")] = 1000,
    dimension: Annotated[int, typer.Option(min=1, help="d, parameters of the model.")] = 10,
    eta: Annotated[float, typer.Option(help="η, the platform's step size.")] = 0.1,
    steps: Annotated[int, typer.Option(min=0, help="T, steps of the platform.")] = 100,
    start: Annotated[float, typer.Option(min=0, help="‖θ0 − θ*‖.")] = 1.0,
    delta: Annotated[float, typer.Option(help="δ, with which the bound may fail.")] = 0.05,
    within: Annotated[
        str | None, typer.Option(help="Distances that are wanted, comma-separated.")
    ] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """DP-SGD: how far from θ* the model is after T steps, with probability 1 − δ. Derived.

    The bound that the follow-up work states in general terms, with constants derived here. Every
    row takes part in every step. More noise promises less; a larger C pulls harder and is noisier.

    Example: gigsim bounds private --alpha 0.3,0.5 --noise 1 --base-norm 0.25 --batch 500
    """
    import numpy as np

    from gigsim.theory.private import private_critical_mass, private_success_bound

    alphas = shares(alpha)
    norm = clip if base_norm is None else base_norm
    how: dict[str, Any] = {
        "steps": steps,
        "eta": eta,
        "start": start,
        "clip": clip,
        "base_norm": norm,
        "dimension": dimension,
        "batch": batch,
        "delta": delta,
    }
    with theory_of("private"):
        far = -np.asarray(private_success_bound(alphas, noise=noise, **how))
        silent = -np.asarray(private_success_bound(alphas, noise=0.0, **how))
        tail: dict[str, Any] = {}
        sheets = []
        if within is not None:
            goals = numbers(
                within, "--within", low=0, high=float("inf"), allowed="numbers from 0 on"
            ).tolist()
            tail["critical_mass_within"] = {
                f"{goal:g}": float(private_critical_mass(goal, noise=noise, **how))
                for goal in goals
            }
            rows = [(f"distance ≤ {g}", size(m)) for g, m in tail["critical_mass_within"].items()]
            sheets.append(Sheet("Share that suffices", ("goal", "α"), rows))
    if plot is not None:
        grid = np.linspace(0, 1, 401)
        curves = [
            Curve(
                f"σ = {s:g}",
                colour,
                -np.asarray(private_success_bound(grid, noise=s, **how)),
            )
            for s, colour in ((noise, BLACK), (0.0, BLUE))
        ]
        threshold = norm / (norm + clip)
        drawing = Drawing(
            f"Gradient control under DP-SGD (derived), C = {clip:g}",
            grid,
            curves,
            x="α, share of the population in the collective",
            y=f"bound on ‖θ_T − θ*‖, probability {1 - delta:g}",
            log=False,
            limits=None,
            marks=((threshold, f"no pull under α = {100 * threshold:.4g} %"),),
        )
        draw(context, plot, drawing)
    answer(
        {
            "strategy": "private",
            "theorem": "derived, in the shape of Solanki et al. (2025)",
            "noise": noise,
            **how,
        },
        f"σ = {noise:g}, C = {clip:g}, n = {batch:g}, d = {dimension}, T = {steps}, δ = {delta:g}",
        alphas,
        [
            Column("bound", "distance at most", far),
            Column("bound_without_noise", "at σ = 0", silent),
        ],
        {},
        promise="The model is near θ*",
        sheets=sheets,
        tail=tail,
    ).show(as_json, quiet)
