"""``gigsim bounds erasing``: the platform shall decide as if the signal were not there."""

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
from gigsim.cli.bounds.from_corpus import ERASING, Asked, erasing_from_corpus
from gigsim.cli.bounds.options import (
    VALID_CLOSENESS,
    AlphaOption,
    EpsilonOption,
    LabelsOption,
    PlotOption,
    QuietOption,
    Reading,
    ValidClosenessOption,
    WantOption,
    WrongLabelOption,
    closeness_of,
    one_of,
    shares,
    wanted,
    wrong_label_margin_of,
)
from gigsim.cli.bounds.question import Beside, Question, ask
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError


@commands.command("erasing")
def erasing_command(
    context: typer.Context,
    alpha: AlphaOption,
    tau: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="τ, mean largest change of P0(y|x) by the signal."),
    ] = None,
    deficit: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Or: mean of how far the reported label is behind at x ..."
        ),
    ] = None,
    deficit_cleaned: Annotated[
        float,
        typer.Option(min=0, max=1, help="... and at x without the signal."),
    ] = 0.0,
    epsilon: EpsilonOption = 0.0,
    closeness_name: ValidClosenessOption = None,
    reach: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="r, most often that texts are cleaned into one, as a multiple of its own mass:"
            " ξ/(1−ξ) for a word; the joint closenesses need it.",
        ),
    ] = None,
    wrong_label: WrongLabelOption = 0.0,
    success: Annotated[
        Reading,
        typer.Option(
            help="With wrong labels or a corpus: f is the top label, or whether y* is in."
        ),
    ] = "top1",
    labels: LabelsOption = 10,
    corpus: CorpusOption = None,
    target: TargetOption = None,
    token: TokenOption = TOKEN,
    every: EveryOption = EVERY,
    reserve: ReserveOption = False,
    folds: FoldsOption = 5,
    seed: SeedOption = 0,
    want: WantOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Erasing: a lower bound on S(α) = Pr{f(x) = f(g(x))}, g taking the signal out. Derived.

    Goal and strategy are those of Theorem 5; how it is worded was not at hand. All forms, 1 −
    2((1−α)/α)τ and those with deficits and with ε, are proved here.

    Example: gigsim bounds erasing --alpha 0.1,0.5 --tau 0.05 --plot bound.png

    Example: gigsim bounds erasing --alpha 0.5 --corpus corpus.npz --target Web_Developer
    --token html

    Example: gigsim bounds erasing --alpha 0.5 --deficit 0.08 --deficit-cleaned 0.02 --want 0.9
    """
    from gigsim.theory.erasing import erasing_bound, erasing_bound_averaged

    alphas, goals = shares(alpha), wanted(want)
    if corpus is not None:
        if token == TOKEN:
            raise InputError("--token", "is needed for erasing", "a word that resumes have")
        source = source_of(
            corpus,
            target,
            {
                "--tau": tau is not None,
                "--deficit": deficit is not None,
                "--deficit-cleaned": deficit_cleaned > 0,
                "--epsilon": epsilon > 0,
                "--closeness": closeness_name is not None,
                "--reach": reach is not None,
                "--wrong-label": wrong_label > 0,
            },
            token=token,
            every=every,
            reserve=reserve,
            seed=seed,
            folds=folds,
        )
        asked = Asked(alphas, goals, want is not None, plot, as_json, quiet)
        erasing_from_corpus(context, source, asked, success)
        return
    no_corpus(context)
    one_of({"--tau": tau is not None, "--deficit": deficit is not None}, "one says enough")
    if tau is None and deficit is None:
        raise InputError("--tau", "or --deficit is needed", "what the signal says about labels")
    if deficit_cleaned and deficit is None:
        raise InputError("--deficit-cleaned", "goes with --deficit", "give --deficit too")
    closeness = closeness_of(closeness_name, epsilon, VALID_CLOSENESS)
    if epsilon and closeness in VALID_CLOSENESS[:2] and reach is None:
        raise InputError("--reach", f"closeness {closeness} needs it", "ξ/(1−ξ) for a word")
    margin = wrong_label_margin_of(wrong_label, success, labels)
    terms: dict[str, Any] = {"tau": tau} if tau is not None else {"deficit": float(deficit or 0.0)}
    numbers: dict[str, Any] = {"epsilon": epsilon, "closeness": closeness, "reach": reach}
    numbers |= {"wrong_label": wrong_label, "margin": margin}
    how: dict[str, Any] = {"reach": reach, "margin": margin}

    def bound(at: Any, slack: float = epsilon, **at_terms: Any) -> Any:
        near: dict[str, Any] = {"epsilon": slack, "closeness": closeness if slack else None}
        if tau is not None:
            return erasing_bound(at, **at_terms, **near, **how)
        return erasing_bound_averaged(
            at, deficit_cleaned=deficit_cleaned, **at_terms, **near, **how
        )

    if tau is not None:
        said = f"τ = {tau:g}"
    else:
        said = f"mean deficits {deficit:g} and {deficit_cleaned:g}"
        numbers["deficit_cleaned"] = deficit_cleaned
    said += f", {100 * wrong_label:g} % wrong labels" if wrong_label else ""
    beside = []
    if epsilon:
        said += f", ε = {epsilon:g} ({closeness})"
        beside.append(Beside("bound_nominal", "ε = 0", BLUE, lambda at: bound(at, 0.0, **terms)))
    question = Question(
        "erasing",
        ERASING,
        said,
        {**terms, **numbers},
        bound,
        terms,
        "Erasing a signal (derived; goal and strategy of Theorem 5)",
        beside,
        0.01,
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
