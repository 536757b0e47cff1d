"""``gigsim bounds slack``: any platform whose distance from the best answers was measured."""

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


@commands.command("slack")
def slack_command(
    context: typer.Context,
    alpha: AlphaOption,
    mean: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Mean slack over texts with the signal put in."),
    ] = None,
    mean_base: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Mean slack over base carriers of the signal.  [default: --mean, which is right"
            " where the signal does not depend on the text]",
        ),
    ] = None,
    most: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Slack that all but a share of planted texts keep to."),
    ] = None,
    but: Annotated[float, typer.Option(min=0, max=1, help="That share of planted texts.")] = 0.0,
    fit: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="A measured success: which mean slack would explain it? Certifies nothing.",
        ),
    ] = None,
    xi: XiOption = None,
    gap: GapOption = None,
    want: WantOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Feature-label planting on a platform of known slack, max P(y|x) − P(f(x)|x). Derived.

    Holds for any classifier: nothing is assumed of how it was trained. With --fit the slack is read
    off a success that was measured at the shares of --alpha; that describes a platform.

    Example: gigsim bounds slack --alpha 0.01,0.1 --mean 0.05

    Example: gigsim bounds slack --alpha 0.01,0.1 --most 0.1 --but 0.02

    Example: gigsim bounds slack --alpha 0.01 --fit 0.8
    """
    from gigsim.theory.epsilon import fitted_slack
    from gigsim.theory.planting import feature_label_bound
    from gigsim.theory.slack import (
        feature_label_bound_mean_slack,
        feature_label_bound_slack_quantile,
    )

    given = {"--mean": mean is not None, "--most": most is not None, "--fit": fit is not None}
    one_of(given, "each says what the slack is")
    if not any(given.values()):
        raise InputError("--mean", "or --most or --fit is needed", "the slack of the platform")
    if mean_base is not None and mean is None:
        raise InputError("--mean-base", "goes with --mean", "give --mean too")
    if but and most is None:
        raise InputError("--but", "goes with --most", "give --most too")
    alphas, goals = shares(alpha), wanted(want)
    base, behind = XI if xi is None else xi, 1.0 if gap is None else gap
    numbers: dict[str, Any] = {"xi": base, "gap": behind}
    said = f"ξ = {base:g}, Δ = {behind:g}"
    if fit is not None:
        if alphas.size > 1:
            raise InputError("--alpha", "--fit takes one share", "the share of that success")
        mean = float(fitted_slack(fit, alphas[0], xi=base, kappa=base * behind))
        numbers |= {"success": fit, "kind": "fitted"}
        said += f", fitted to S = {fit:g} at α = {100 * alphas[0]:g} %"
    terms: dict[str, float] = {"xi": base}
    if mean is not None:
        terms |= {"kappa": base * behind}
        numbers |= {"mean_slack": mean, "mean_slack_base": mean_base}
        said += f", mean slack {mean:g}"
        if mean_base is not None:
            said += f" ({mean_base:g} on base carriers)"
        else:
            terms |= {"slack": mean}
        form = "mean-slack form"
        held: dict[str, Any] = {"slack_base": mean_base, "slack": mean}

        def bound(at: Any, **at_terms: Any) -> Any:
            return feature_label_bound_mean_slack(at, **{**held, **at_terms})

    else:
        terms |= {"gap": behind}
        numbers |= {"slack": most, "slack_share": but}
        said += f", slack at most {most:g} but on {100 * but:g} %"
        form = "slack-quantile form"

        def bound(at: Any, **at_terms: Any) -> Any:
            return feature_label_bound_slack_quantile(at, slack=most or 0.0, q=but, **at_terms)

    def nominal(at: Any) -> Any:
        return feature_label_bound(at, xi=base, gap=behind)

    question = Question(
        "slack",
        f"Hardt et al. (2023), Theorem 1, {form} (derived)",
        said,
        numbers,
        bound,
        terms,
        "Feature-label planting on a platform of known slack (derived)",
        [Beside("bound_nominal", "no slack at all", BLUE, nominal)],
        base,
        ["A fitted slack touches the measured success by construction and certifies nothing."]
        if fit is not None
        else [],
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
