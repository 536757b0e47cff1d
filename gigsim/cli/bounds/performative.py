"""``gigsim bounds performative``: people respond to the model, and the platform retrains."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, number, share_of
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLACK, BLUE, GREEN, RED, Curve, Drawing, draw
from gigsim.cli.bounds.options import PlotOption, QuietOption, numbers, theory_of
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError


@commands.command("performative")
def performative_command(
    context: typer.Context,
    alpha: Annotated[
        str, typer.Option(help="Shares in [0, 1] that follow a fixed strategy, comma-separated.")
    ] = "0",
    sensitivity: Annotated[
        float, typer.Option(min=0, help="ε, by how much the data move with the model.")
    ] = 0.5,
    smoothness: Annotated[float, typer.Option(help="β of the loss gradient in the data.")] = 1.0,
    strong_convexity: Annotated[float, typer.Option(help="γ of the loss in the model.")] = 1.0,
    levels: Annotated[
        str, typer.Option(help="Shares of those who think 1, 2, ... levels ahead, summing to 1.")
    ] = "1",
    start: Annotated[float, typer.Option(min=0, help="Distance to the stable point.")] = 1.0,
    rounds: Annotated[int, typer.Option(min=0, help="T, rounds of retraining.")] = 10,
    mean: Annotated[
        float | None, typer.Option(help="μ of an estimated mean: where is its stable point?")
    ] = None,
    psi: Annotated[
        float | None, typer.Option(help="Ψ of a collective's utility: does it grow with α?")
    ] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Performative stability: does retraining settle, how fast, and what a collective does to it.

    Rates are factors by which a round shortens the way to the stable point, a promise under 1.

    Example: gigsim bounds performative --sensitivity 0.5 --levels 0.5,0.5 --mean 1

    Example: gigsim bounds performative --alpha 0,0.2,0.5 --sensitivity 1.2 --rounds 20
    """
    import numpy as np

    from gigsim.theory.performative import (
        collective_rate,
        distance_to_stable,
        level_rate,
        participation_slope,
        retraining_rate,
        stable_mean,
    )

    allowed = "numbers in [0, 1], separated by commas"
    alphas = numbers(alpha, "--alpha", low=0, high=1, allowed=allowed)
    parts = numbers(levels, "--levels", low=0, high=1, allowed=f"{allowed}, summing to 1")
    if mean is not None and sensitivity >= 1:
        raise InputError(
            "--mean",
            f"retraining leads to no stable point at --sensitivity {sensitivity:g}",
            "a sensitivity under 1",
        )
    tail: dict[str, Any] = {}
    sheets = []
    with theory_of("performative"):
        plain = float(
            retraining_rate(sensitivity, smoothness=smoothness, strong_convexity=strong_convexity)
        )
        # Who thinks one level ahead needs no forecast, and no rate under 1.
        single = parts.size == 1 and parts[0] == 1
        if not single and plain >= 1:
            raise InputError(
                "--levels",
                f"nothing is known of them at a rate εβ/γ of {plain:g}",
                "a rate under 1, or --levels 1",
            )
        selfish = plain if single else float(level_rate(parts, plain))
        rates = np.asarray(collective_rate(alphas, selfish))
        settles = rates < 1
        # Where the rate is no less, there may be no stable point to be near to.
        far = np.asarray(
            distance_to_stable(rounds, rate=np.where(settles, rates, 0.0), start=start)
        )
        far = np.where(settles, far, np.nan)
        if mean is not None:
            tail["stable_point"] = float(stable_mean(mean, sensitivity))
            rows = [(f"mean {mean:g} that follows its estimate", number(tail["stable_point"]))]
            sheets.append(Sheet("Stable point without a collective", ("", "θ"), rows))
        if psi is not None:
            inner = alphas[alphas < 1]
            slopes = participation_slope(inner, psi=psi)
            tail["participation_slope"] = {
                "alpha": inner.tolist(),
                "psi": psi,
                "slope": slopes.tolist(),
            }
            rows = [
                (share_of(a), number(s))
                for a, s in zip(inner.tolist(), slopes.tolist(), strict=True)
            ]
            sheets.append(Sheet(f"Slope of the utility in α (Ψ = {psi:g})", ("α", "dU/dα"), rows))
    if plot is not None:
        count = np.arange(rounds + 1.0)
        colours = (BLACK, BLUE, RED, GREEN)
        curves = [
            Curve(
                f"α = {share_of(a)}, rate {rate:.4g}" + ("" if rate < 1 else ": nothing promised"),
                colours[place % len(colours)],
                distance_to_stable(count, rate=rate, start=start)
                if rate < 1
                else np.full(count.shape, np.nan),
            )
            for place, (a, rate) in enumerate(zip(alphas.tolist(), rates.tolist(), strict=True))
        ]
        drawing = Drawing(
            "Performative stability",
            count,
            curves,
            x="rounds of retraining",
            y="bound on the distance (log scale)",
            log=False,
            limits=None,
            log_y=start > 0 and bool(settles.any()),
            floor=None,
        )
        draw(context, plot, drawing)
    notes = []
    if not settles.all():
        notes.append("A rate of 1 or more promises nothing: retraining may cycle or diverge.")
    answer(
        {
            "strategy": "performative",
            "theorem": "Perdomo et al. (2020); rates of levels and collectives derived",
            "sensitivity": sensitivity,
            "smoothness": smoothness,
            "strong_convexity": strong_convexity,
            "levels": parts.tolist(),
            "rate_level_1": plain,
            "rate_levels": selfish,
            "start": start,
            "rounds": rounds,
        },
        f"ε = {sensitivity:g}, β = {smoothness:g}, γ = {strong_convexity:g}, T = {rounds}",
        alphas,
        [Column("bound", "distance at most", far), Column("rate", "rate", rates)],
        {},
        promise="The model is near its stable point",
        sheets=sheets,
        tail=tail,
        notes=notes,
    ).show(as_json, quiet)
