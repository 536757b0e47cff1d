"""``gigsim bounds feature-only``: Theorem 3 and what was derived beside it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, sizes_of, sizes_sheet
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
from gigsim.cli.bounds.figure import BLACK, BLUE, GREEN, RED, Curve, Drawing, draw, share_grid
from gigsim.cli.bounds.from_corpus import Asked, feature_only_from_corpus
from gigsim.cli.bounds.options import (
    VALID_CLOSENESS,
    XI,
    AlphaOption,
    EpsilonOption,
    PlotOption,
    QuietOption,
    ValidClosenessOption,
    WantOption,
    XiOption,
    closeness_of,
    need,
    shares,
    theory_of,
    wanted,
)
from gigsim.cli.bounds.solving import least_share, limits_of, masses_of
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError


@commands.command("feature-only")
def feature_only_command(
    context: typer.Context,
    alpha: AlphaOption,
    p: Annotated[
        float | None, typer.Option(min=0, max=1, help="p, floor of P0(y*|x) over all x, above 0.")
    ] = None,
    xi: XiOption = None,
    evasive: Annotated[
        bool, typer.Option("--evasive", help="Members without y* take the signal out.")
    ] = False,
    below: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="q, base mass of texts that may lie under the floor: relaxed form."
        ),
    ] = 0.0,
    random_labels: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of base labels that is redrawn at random: raises the floor."
        ),
    ] = 0.0,
    labels: Annotated[
        int, typer.Option(min=2, help="With random labels: how many labels there are.")
    ] = 10,
    epsilon: EpsilonOption = 0.0,
    closeness_name: ValidClosenessOption = None,
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
    """Theorem 3 (feature-only planting, ε = 0): a lower bound on S(α), "y* is in the set".

    Two forms: as the slides print it, and a sharper one, derived; with --evasive one form, derived.
    α counts all members, also those who have no y* to plant with. The forms with ε and the relaxed
    form are derived.

    Example: gigsim bounds feature-only --alpha 0.01,0.1 --p 0.05 --xi 0.0001 --plot bound.png

    Example: gigsim bounds feature-only --alpha 0.1 --p 0.05 --want 0.9

    Example: gigsim bounds feature-only --alpha 0.1 --corpus corpus.npz --target Web_Developer
    """
    from gigsim.theory.feature_only import (
        feature_only_bound,
        feature_only_bound_quantile,
        feature_only_critical_mass,
        feature_only_foot,
        randomised_floor,
    )
    from gigsim.theory.inverse import p_needed

    alphas, goals = shares(alpha), wanted(want)
    if corpus is not None:
        source = source_of(
            corpus,
            target,
            {
                "--p": p is not None,
                "--xi": xi is not None,
                "--below": below > 0,
                "--random-labels": random_labels > 0,
                "--epsilon": epsilon > 0,
                "--closeness": closeness_name is not None,
            },
            token=token,
            every=every,
            reserve=reserve,
            seed=seed,
            folds=folds,
        )
        asked = Asked(alphas, goals, want is not None, plot, as_json, quiet)
        feature_only_from_corpus(context, source, asked, evasive)
        return
    no_corpus(context)
    given = need("--p", p, "or --corpus with --target")
    closeness = closeness_of(closeness_name, epsilon, VALID_CLOSENESS)
    floor = float(randomised_floor(given, random_labels, labels)) if random_labels else given
    if floor == 0:
        raise InputError(
            "--p", "0: the theorem needs every x to have y* now and then", "a number in (0, 1]"
        )
    base = XI if xi is None else xi
    how: dict[str, Any] = {"p": floor, "evasive": evasive}
    close: dict[str, Any] = {"epsilon": epsilon, "closeness": closeness}

    def bound(at: Any, *, xi: float = base) -> Any:
        if below:
            return feature_only_bound_quantile(at, q=below, xi=xi, **how, **close)
        return feature_only_bound(at, xi=xi, **how, **close)

    def sharp(at: Any) -> Any:
        return feature_only_bound(at, xi=base, form="sharp", **how, **close)

    with theory_of("feature-only"):
        columns = [Column("bound", "bound", bound(alphas))]
        if not below:
            columns.append(Column("bound_sharp", "sharper form, derived", sharp(alphas)))
    forms = [name for name, there in (("evasive", evasive), ("relaxed", below > 0)) if there]
    theorem = "Hardt et al. (2023), Theorem 3"
    if forms:
        beyond = ", ε > 0" if epsilon else ""
        theorem = f"derived ({', '.join(forms)} form of Theorem 3{beyond})"
    elif epsilon:
        theorem = "derived (Theorem 3 at ε = 0)"
    head: dict[str, Any] = {
        "strategy": "feature-only",
        "theorem": theorem,
        "xi": base,
        "p": floor,
        "evasive": evasive,
    }
    if below:
        head["below"] = below
    if random_labels:
        head |= {"random_labels": random_labels, "labels": labels}
    if epsilon:
        head |= close
    said = f"ξ = {base:g}, p = {floor:g}{', evasive' if evasive else ''}"
    said += f", q = {below:g}" if below else ""
    said += f", ε = {epsilon:g} ({closeness})" if epsilon else ""
    if plot is not None:
        grid = share_grid(base)
        curves: list[Curve] = []
        if below or epsilon:
            curves.append(Curve(f"{said}, derived", GREEN, bound(grid)))
        if evasive:
            values = feature_only_bound(grid, xi=base, **how)
            curves.append(Curve(f"evasive, ξ = {base:g}, p = {floor:g}, derived", BLUE, values))
        nominal = feature_only_bound(grid, p=floor, xi=base)
        curves.append(Curve(f"as the slides print it, ξ = {base:g}, p = {floor:g}", BLACK, nominal))
        better = feature_only_bound(grid, p=floor, xi=base, form="sharp")
        curves.append(Curve("sharper form, derived", RED, better))
        title = "Theorem 3 of Hardt et al. (2023): feature-only planting"
        draw(context, plot, Drawing(title, grid, curves))
    sheets: list[Sheet] = []
    tail: dict[str, Any] = {}
    if below or epsilon:
        key = "critical_mass_relaxed" if below else "critical_mass_epsilon"
        foot_key = "foot_relaxed" if below else "foot_epsilon"
        tail[foot_key] = foot = least_share(bound, 0.0)
        tail[key] = masses_of(bound, goals)
        sheets.append(sizes_sheet(f"Share that suffices ({said}), derived", tail[key], foot))
    needed = []
    if want is not None:
        needed = limits_of(bound, {"xi": base}, goals, alphas)
        if not below:
            for row in needed:
                row["p"] = float(
                    p_needed(row["success"], row["alpha"], xi=base, evasive=evasive, **close)
                )
    answer(
        head,
        said,
        alphas,
        columns,
        sizes_of(
            goals,
            lambda goal: feature_only_critical_mass(goal, p=floor, xi=base, evasive=evasive),
            float(feature_only_foot(p=floor, xi=base, evasive=evasive)),
        ),
        needed=needed,
        sheets=sheets,
        tail=tail,
    ).show(as_json, quiet)
