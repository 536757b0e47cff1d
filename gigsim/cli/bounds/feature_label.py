"""``gigsim bounds feature-label``: Theorem 1 and its corollary."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, possible, sizes_of, sizes_sheet
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.corpus import (
    EVERY,
    TOKEN,
    CorpusOption,
    EveryOption,
    FoldsOption,
    ReserveOption,
    SeedOption,
    TargetOption,
    TokenOption,
    no_corpus,
    source_of,
)
from gigsim.cli.bounds.figure import BLACK, BLUE, Curve, Drawing, draw, share_grid
from gigsim.cli.bounds.from_corpus import Asked, planting_from_corpus
from gigsim.cli.bounds.options import (
    XI,
    AlphaOption,
    ClosenessOption,
    EpsilonOption,
    GapOption,
    KappaOption,
    LabelsOption,
    PlotOption,
    QuietOption,
    Reading,
    WantOption,
    WrongLabelOption,
    XiOption,
    closeness_of,
    one_of,
    shares,
    theory_of,
    wanted,
    wrong_label_margin_of,
)
from gigsim.cli.bounds.solving import limits_of
from gigsim.cli.output import JsonOption, stderr
from gigsim.errors import InputError

_INVALID = "closeness slides is the error term that the slides print: what it gives is NO bound."


@commands.command("feature-label")
def feature_label_command(
    context: typer.Context,
    alpha: AlphaOption,
    xi: XiOption = None,
    gap: GapOption = None,
    kappa: KappaOption = None,
    epsilon: EpsilonOption = 0.0,
    closeness_name: ClosenessOption = None,
    wrong_label: WrongLabelOption = 0.0,
    success: Annotated[
        Reading,
        typer.Option(
            help="With wrong labels or a corpus: y* is to be the top label, or in the set."
        ),
    ] = "top1",
    labels: LabelsOption = 10,
    corpus: CorpusOption = None,
    target: TargetOption = None,
    token: TokenOption = TOKEN,
    every: EveryOption = EVERY,
    reserve: ReserveOption = True,
    folds: FoldsOption = 5,
    seed: SeedOption = 0,
    want: WantOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Theorem 1 (feature-label planting): a lower bound on S(α), and the sizes that suffice.

    Example: gigsim bounds feature-label --alpha 0.001,0.01,0.1 --xi 0.001 --plot bound.png

    Example: gigsim bounds feature-label --alpha 0.01 --wrong-label 0.1 --success any

    Example: gigsim bounds feature-label --alpha 0.01 --want 0.9

    Example: gigsim bounds feature-label --alpha 0.01 --corpus corpus.npz --target Web_Developer
    """
    from gigsim.theory.planting import critical_mass, feature_label_bound

    alphas, goals = shares(alpha), wanted(want)
    if corpus is not None:
        source = source_of(
            corpus,
            target,
            {
                "--xi": xi is not None,
                "--gap": gap is not None,
                "--kappa": kappa is not None,
                "--epsilon": epsilon > 0,
                "--closeness": closeness_name is not None,
                "--wrong-label": wrong_label > 0,
            },
            token=token,
            every=every,
            reserve=reserve,
            seed=seed,
            folds=folds,
        )
        asked = Asked(alphas, goals, want is not None, plot, as_json, quiet)
        planting_from_corpus(context, source, asked, success)
        return
    no_corpus(context)
    closeness = closeness_of(closeness_name, epsilon)
    invalid = epsilon > 0 and closeness == "slides"
    if invalid and plot is not None:
        raise InputError(
            "--plot", "closeness slides is no valid bound and is not drawn", "choose another one"
        )
    if invalid and want is not None:
        raise InputError(
            "--want", "closeness slides is no valid bound, it promises nothing", "choose another"
        )
    one_of({"--kappa": kappa is not None, "--xi": xi is not None}, "κ has ξ in it")
    one_of({"--kappa": kappa is not None, "--gap": gap is not None}, "κ has Δ in it")
    one_of({"--kappa": kappa is not None, "--epsilon": epsilon > 0}, "give ξ and the mean Δ")
    margin = wrong_label_margin_of(wrong_label, success, labels)
    # κ stands where ξ and Δ do, the latter at 1.
    base = XI if xi is None else xi
    if kappa is not None:
        base = kappa
    behind = 1.0 if gap is None else gap
    terms = {"xi": base, "gap": behind} if kappa is None else {"kappa": kappa}

    def bound(at: Any, slack: float = epsilon, **changed: float) -> Any:
        return feature_label_bound(
            at,
            xi=changed.get("kappa", changed.get("xi", base)),
            gap=changed.get("gap", behind),
            epsilon=slack,
            closeness=closeness,
            margin=margin,
        )

    with theory_of("feature-label"):
        values = bound(alphas)
    head: dict[str, Any] = {
        "strategy": "feature-label",
        "theorem": _theorem(kappa is not None, epsilon > 0, margin < 1, invalid),
        "xi": base if kappa is None else None,
        "gap": behind if kappa is None else None,
        "epsilon": epsilon,
        "closeness": closeness,
        "wrong_label": wrong_label,
        "margin": margin,
    }
    if kappa is not None:
        head["kappa"] = kappa
    numbers = f"κ = {kappa:g}" if kappa is not None else f"ξ = {base:g}, Δ = {behind:g}"
    near = f"ε = {epsilon:g}" + (f" ({closeness})" if closeness else "")
    erring = f", {100 * wrong_label:g} % wrong labels" if wrong_label else ""
    if plot is not None:
        grid = share_grid(base)
        curves = [Curve(f"ε = 0, {numbers}{erring}", BLACK, bound(grid, 0.0))]
        if epsilon > 0:
            curves.append(Curve(f"{near}, derived", BLUE, bound(grid)))
        title = "Theorem 1 of Hardt et al. (2023): feature-label planting"
        draw(context, plot, Drawing(title, grid, curves))
    sheets: list[Sheet] = []
    tail: dict[str, Any] = {}

    def mass(goal: float, **close: Any) -> float:
        return possible(critical_mass(goal, xi=base, gap=behind, margin=margin, **close))

    if epsilon > 0 and not invalid:
        close: dict[str, Any] = {"epsilon": epsilon, "closeness": closeness}
        tail["foot_epsilon"] = mass(0.0, **close)
        tail["critical_mass_epsilon"] = masses = {f"{g:g}": mass(g, **close) for g in goals}
        title = f"Share that suffices ({near}), derived"
        sheets.append(sizes_sheet(title, masses, tail["foot_epsilon"]))
    if invalid:
        tail["valid"] = False
        if quiet and not as_json:
            stderr.print(f"warning: {_INVALID}", markup=False, highlight=False, soft_wrap=True)
    answer(
        head,
        f"{numbers}, {near}{erring}",
        alphas,
        [Column("bound", "no bound" if invalid else "bound", values)],
        sizes_of(goals, mass, mass(0.0)),
        promise="The slides' formula, NOT a bound" if invalid else "S(α) is at least",
        needed=limits_of(bound, terms, goals, alphas) if want is not None else (),
        sheets=sheets,
        tail=tail,
        notes=[_INVALID] if invalid else (),
    ).show(as_json, quiet)


def _theorem(averaged: bool, close: bool, erring: bool, invalid: bool) -> str:
    """What the numbers are: the theorem is for ε = 0 and members who report as agreed."""
    if invalid:
        return "the slides' formula, not valid"
    if averaged:
        return "Hardt et al. (2023), Theorem 1, averaged form (derived)"
    without = [name for name, there in (("ε = 0", close), ("μ = 1", erring)) if there]
    if without:
        return f"derived (Theorem 1 at {' and '.join(without)})"
    return "Hardt et al. (2023), Theorem 1"
