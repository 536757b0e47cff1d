"""``gigsim bounds coordination``: members who do nothing, or not what was agreed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLUE
from gigsim.cli.bounds.options import (
    XI,
    AlphaOption,
    GapOption,
    PlotOption,
    QuietOption,
    WantOption,
    XiOption,
    one_of,
    shares,
    wanted,
)
from gigsim.cli.bounds.question import Beside, Question, ask
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError


@commands.command("coordination")
def coordination_command(
    context: typer.Context,
    alpha: AlphaOption,
    abstaining: Annotated[
        float, typer.Option(min=0, max=1, help="Share of members who do nothing.")
    ] = 0.0,
    wrong: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of those who act who report a wrong label, maybe all the same.",
        ),
    ] = 0.0,
    noise: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Or: share of members who do anything whatever."),
    ] = None,
    conflict: Annotated[
        float,
        typer.Option(min=0, max=1, help="Part of that noise with the signal and a wrong label."),
    ] = 1.0,
    times_size: Annotated[
        float, typer.Option(help="Compare with a collective so many times as large ...")
    ] = 2.0,
    times_noise: Annotated[
        float, typer.Option(help="... with so many times the noise: which does worse, and when?")
    ] = 4.0,
    xi: XiOption = None,
    gap: GapOption = None,
    want: WantOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Feature-label planting with coordination noise: what is left of Theorem 1. Derived.

    Whoever errs does so whatever his resume is, except with --noise, which may be of any law.

    Example: gigsim bounds coordination --alpha 0.01,0.1 --abstaining 0.2 --wrong 0.1

    Example: gigsim bounds coordination --alpha 0.01,0.1 --noise 0.1 --conflict 0.5
    """
    from gigsim.theory.coordination import break_even_noise, coordination_bound, noise_bound
    from gigsim.theory.planting import feature_label_bound

    one_of({"--noise": noise is not None, "--wrong": wrong > 0}, "a wrong label is noise")
    one_of({"--noise": noise is not None, "--abstaining": abstaining > 0}, "likewise")
    alphas, goals = shares(alpha), wanted(want)
    for option, number in (("--times-size", times_size), ("--times-noise", times_noise)):
        if not number > 1:
            raise InputError(option, f"{number:g} is not over 1", "a number over 1")
    base, behind = XI if xi is None else xi, 1.0 if gap is None else gap
    terms: dict[str, float] = {"xi": base, "gap": behind}
    numbers: dict[str, Any] = {"xi": base, "gap": behind}
    said = f"ξ = {base:g}, Δ = {behind:g}"
    if noise is not None:
        terms = {"kappa": base * behind}
        numbers |= {"noise": noise, "conflict": conflict}
        said += f", {100 * noise:g} % noise, {100 * conflict:g} % of it against"

        def bound(at: Any, **at_terms: Any) -> Any:
            return noise_bound(at, noise=noise, conflict=conflict, **at_terms)

    else:
        numbers |= {"abstaining": abstaining, "wrong": wrong}
        said += f", {100 * abstaining:g} % abstain, {100 * wrong:g} % report a wrong label"

        def bound(at: Any, **at_terms: Any) -> Any:
            return coordination_bound(at, abstaining=abstaining, wrong=wrong, **at_terms)

    def quietly(at: Any) -> Any:
        return feature_label_bound(at, xi=base, gap=behind)

    small = alphas[alphas * times_size < 1]
    even = {
        kind: break_even_noise(small, size=times_size, noise=times_noise, kind=kind).tolist()
        for kind in ("wrong", "abstain")
    }
    numbers["break_even"] = {
        "size": times_size,
        "noise": times_noise,
        "alpha": small.tolist(),
        **even,
    }
    notes = [
        f"α = {100 * a:g} %: {times_size:g} times the members with {times_noise:g} times the noise"
        f" promise less from {100 * w:.4g} % wrong labels or {100 * q:.4g} % abstaining on."
        for a, w, q in zip(small.tolist(), even["wrong"], even["abstain"], strict=True)
    ]
    question = Question(
        "coordination",
        "Hardt et al. (2023), Theorem 1, with coordination noise (derived)",
        said,
        numbers,
        bound,
        terms,
        "Feature-label planting with coordination noise (derived)",
        [Beside("bound_nominal", "no noise", BLUE, quietly)],
        base,
        notes,
    )
    ask(
        context,
        question,
        alphas,
        goals,
        inverse=want is not None,
        plot=plot,
        as_json=as_json,
        quiet=quiet,
    )
