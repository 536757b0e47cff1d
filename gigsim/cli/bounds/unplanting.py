"""``gigsim bounds unplanting``: the platform shall not give y* to those who carry the signal."""

from __future__ import annotations

from typing import Annotated, Any

import typer

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
from gigsim.cli.bounds.figure import BLUE
from gigsim.cli.bounds.from_corpus import Asked, unplanting_from_corpus
from gigsim.cli.bounds.options import (
    VALID_CLOSENESS,
    XI,
    AlphaOption,
    EpsilonOption,
    KappaOption,
    LabelsOption,
    PlotOption,
    QuietOption,
    Reading,
    ValidClosenessOption,
    WantOption,
    WrongLabelOption,
    XiOption,
    closeness_of,
    one_of,
    shares,
    wanted,
)
from gigsim.cli.bounds.question import Beside, Question, ask
from gigsim.cli.output import JsonOption


@commands.command("unplanting")
def unplanting_command(
    context: typer.Context,
    alpha: AlphaOption,
    xi: XiOption = None,
    gap: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Δ, how far y* leads the label that is planted.  [default: 1.0]"
        ),
    ] = None,
    kappa: KappaOption = None,
    epsilon: EpsilonOption = 0.0,
    closeness_name: ValidClosenessOption = None,
    wrong_label: WrongLabelOption = 0.0,
    success: Annotated[
        Reading,
        typer.Option(
            help="With wrong labels or a corpus: y* is not to be the top label, or not in the set."
        ),
    ] = "top1",
    labels: LabelsOption = 10,
    adaptive: Annotated[
        bool,
        typer.Option(
            "--adaptive/--naive",
            help="With a corpus, top1: report each text's likeliest other label, or one for all.",
        ),
    ] = True,
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
    """Unplanting: a lower bound on S(α) = Pr{f(g(x)) ≠ y*}, and the sizes that suffice. Derived.

    Members plant the signal and report another label ŷ; Theorem 1 with the roles exchanged.

    Example: gigsim bounds unplanting --alpha 0.01,0.1 --xi 0.01 --gap 0.5

    Example: gigsim bounds unplanting --alpha 0.01 --corpus corpus.npz --target Web_Developer

    Example: gigsim bounds unplanting --alpha 0.01 --epsilon 0.05 --closeness conditional-tv
    """
    from gigsim.theory.unplanting import (
        unplanting_bound,
        unplanting_bound_averaged,
        unplanting_margin,
    )

    one_of({"--kappa": kappa is not None, "--xi": xi is not None}, "κ has ξ in it")
    one_of({"--kappa": kappa is not None, "--gap": gap is not None}, "κ has Δ in it")
    one_of({"--kappa": kappa is not None, "--epsilon": epsilon > 0}, "give ξ and the mean Δ")
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
        unplanting_from_corpus(context, source, asked, success, adaptive)
        return
    no_corpus(context)
    closeness = closeness_of(closeness_name, epsilon, VALID_CLOSENESS)
    margin = float(unplanting_margin(wrong_label, success, labels))
    numbers: dict[str, Any] = {"epsilon": epsilon, "closeness": closeness}
    numbers |= {"wrong_label": wrong_label, "margin": margin}
    terms: dict[str, Any] = {"xi": XI if xi is None else xi, "gap": 1.0 if gap is None else gap}
    said = f"ξ = {terms['xi']:g}, Δ = {terms['gap']:g}"
    if kappa is not None:
        terms, said = {"kappa": kappa}, f"κ = {kappa:g}"

    def bound(at: Any, slack: float = epsilon, **at_terms: Any) -> Any:
        if kappa is not None:
            return unplanting_bound_averaged(at, margin=margin, **at_terms)
        return unplanting_bound(at, epsilon=slack, closeness=closeness, margin=margin, **at_terms)

    said += f", {100 * wrong_label:g} % wrong labels" if wrong_label else ""
    beside = []
    if epsilon:
        said += f", ε = {epsilon:g} ({closeness})"
        beside.append(Beside("bound_nominal", "ε = 0", BLUE, lambda at: bound(at, 0.0, **terms)))
    question = Question(
        "unplanting",
        "Theorem 1 of Hardt et al. (2023) with the roles exchanged (derived)",
        said,
        {**terms, **numbers},
        bound,
        terms,
        "Unplanting a signal (derived)",
        beside,
        next(iter(terms.values())),
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
