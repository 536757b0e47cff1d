"""``gigsim bounds selected``: members who are no random draw from the population."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLUE
from gigsim.cli.bounds.options import (
    VALID_CLOSENESS,
    XI,
    AlphaOption,
    EpsilonOption,
    GapOption,
    PlotOption,
    QuietOption,
    ValidClosenessOption,
    WantOption,
    XiOption,
    closeness_of,
    one_of,
    shares,
    wanted,
)
from gigsim.cli.bounds.question import Beside, Question, ask
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError


@commands.command("selected")
def selected_command(
    context: typer.Context,
    alpha: AlphaOption,
    ratio: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="ρ, least density of members against everybody on the signal set."
        ),
    ] = None,
    distance: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Or: total variation between members and everybody."),
    ] = None,
    xi: XiOption = None,
    gap: GapOption = None,
    epsilon: EpsilonOption = 0.0,
    closeness_name: ValidClosenessOption = None,
    want: WantOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Feature-label planting by selected members: Theorem 1 for who joined. Derived.

    ξ and Δ are those of the people who did not join. The unselected bound, which does not hold for
    such members, is printed beside it.

    Example: gigsim bounds selected --alpha 0.01,0.1 --xi 0.001 --ratio 0.5

    Example: gigsim bounds selected --alpha 0.01,0.1 --xi 0.001 --distance 0.2
    """
    from gigsim.theory.planting import feature_label_bound
    from gigsim.theory.selected import (
        feature_label_bound_selected,
        feature_label_bound_selected_distance,
    )

    one_of({"--ratio": ratio is not None, "--distance": distance is not None}, "one says enough")
    if ratio is None and distance is None:
        raise InputError("--ratio", "or --distance is needed", "how far members are from everybody")
    alphas, goals = shares(alpha), wanted(want)
    closeness = closeness_of(closeness_name, epsilon, VALID_CLOSENESS)
    how: dict[str, Any] = {"epsilon": epsilon, "closeness": closeness}
    terms: dict[str, Any] = {"xi": XI if xi is None else xi, "gap": 1.0 if gap is None else gap}

    def bound(at: Any, **at_terms: Any) -> Any:
        if ratio is not None:
            return feature_label_bound_selected(at, ratio=ratio, **at_terms, **how)
        return feature_label_bound_selected_distance(
            at, distance=distance or 0.0, **at_terms, **how
        )

    def unselected(at: Any) -> Any:
        return feature_label_bound(at, **terms, **how)

    far = f"ρ = {ratio:g}" if ratio is not None else f"TV = {distance:g}"
    slack = f", ε = {epsilon:g} ({closeness})" if epsilon else ""
    question = Question(
        "selected",
        "Hardt et al. (2023), Theorem 1, for selected members (derived)",
        f"{far}, ξ = {terms['xi']:g}, Δ = {terms['gap']:g} of the rest{slack}",
        {**terms, **how, "ratio": ratio, "distance": distance},
        bound,
        terms,
        "Feature-label planting by selected members (derived)",
        [Beside("bound_unselected", "were they drawn at random", BLUE, unselected)],
        terms["xi"],
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
