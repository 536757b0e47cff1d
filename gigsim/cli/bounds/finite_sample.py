"""``gigsim bounds finite-sample``: what a collective can certify from its members' own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, size
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLACK, Curve, Drawing, draw
from gigsim.cli.bounds.frequencies import becomes_of, check_possible, choosing_of, frequencies
from gigsim.cli.bounds.options import (
    AlphaOption,
    PlotOption,
    QuietOption,
    WantOption,
    shares,
    theory_of,
    wanted,
)
from gigsim.cli.output import JsonOption, count
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.theory.gaps import Floats

Kind = Literal["feature-label", "feature-only", "unplanting", "erasing"]

_SOURCES: dict[str, str] = {
    "feature-label": "Theorem 3.3 at ε = 0",
    "feature-only": "Theorem 3.5 at ε = 0",
    "unplanting": "Theorem 3.7 at ε = 0, as restated",
    "erasing": "conditions of Theorem 3.9; the bound is derived",
}
#: Options that only some strategies have.
_ONLY: dict[str, tuple[str, ...]] = {
    "--rivals": ("feature-only",),
    "--estimating": ("unplanting", "erasing"),
    "--cleaned": ("erasing",),
    "--label-gap": ("erasing",),
}


@commands.command("finite-sample")
def finite_sample_command(
    context: typer.Context,
    alpha: AlphaOption,
    strategy: Annotated[Kind, typer.Option(help="What the members do.")] = "feature-label",
    population: Annotated[int, typer.Option(min=1, help="N, rows of the platform.")] = 25_000,
    test: Annotated[int, typer.Option(min=1, help="N_test, rows that S is counted on.")] = 5_000,
    labels: Annotated[int, typer.Option(min=2, help="|Y|, labels.")] = 10,
    delta: Annotated[float, typer.Option(help="δ, with which the bound may fail.")] = 0.05,
    weights: Annotated[
        str,
        typer.Option(help="Among members, how often g(x') is each signal point, comma-separated."),
    ] = "1",
    planted: Annotated[
        str | None,
        typer.Option(
            help="... and how often it is with what is planted there (feature-only: own label y*)."
            "  [default: --weights]"
        ),
    ] = None,
    deficits: Annotated[
        str,
        typer.Option(
            help="By how much the label to be planted is behind there, in joint frequencies,"
            " comma-separated or one for all."
        ),
    ] = "0.001",
    rivals: Annotated[
        str | None,
        typer.Option(help="feature-only, members without y* stay: largest rival's frequency."),
    ] = None,
    estimating: Annotated[
        str, typer.Option(help="unplanting, erasing: members who choose labels, or auto.")
    ] = "0",
    cleaned: Annotated[
        str | None,
        typer.Option(help="erasing: number (from 0) of the text that each becomes without it."),
    ] = None,
    label_gap: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="erasing: η, known lead of the top label when cleaned."),
    ] = None,
    points: Annotated[
        int | None, typer.Option(min=1, help="How many texts there may be.  [default: those given]")
    ] = None,
    want: WantOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Gauthier, Bach and Jordan (2025): a bound on Ŝ from finitely many rows of the members.

    Holds with probability 1 − δ for a platform that counts how often each label goes with each text
    (no ε). The frequencies are the members' own; texts are few, as in a table of features.

    Example: gigsim bounds finite-sample --alpha 0.01,0.1,0.3 --deficits 0.001

    Example: gigsim bounds finite-sample --strategy erasing --alpha 0.4 --weights 0.5,0.5 --labels 2
    --deficits 0.1,-0.3 --cleaned 1,1 --label-gap 0.3
    """
    import numpy as np

    alphas, goals = shares(alpha), wanted(want)
    given = {
        "--rivals": rivals is not None,
        "--estimating": estimating != "0",
        "--cleaned": cleaned is not None,
        "--label-gap": label_gap is not None,
    }
    for option, is_given in given.items():
        if is_given and strategy not in _ONLY[option]:
            raise InputError(option, f"has no meaning for {strategy}", ", ".join(_ONLY[option]))
    if strategy == "erasing" and cleaned is None:
        raise InputError("--cleaned", "is needed for erasing", "e.g. 1,1: text 0 becomes text 1")
    mass = frequencies(weights, "--weights", 0.0)
    push = mass if planted is None else frequencies(planted, "--planted", 0.0)
    behind = frequencies(deficits, "--deficits", -1.0)
    if behind.size == 1:
        behind = np.full(mass.shape, behind[0])
    texts: dict[str, Floats] = {"weights": mass, "planted": push, "deficits": behind}
    if rivals is not None:
        texts["rivals"] = frequencies(rivals, "--rivals", 0.0)
    for name, values in texts.items():
        if values.shape != mass.shape:
            raise InputError(
                f"--{name}", f"{values.size} numbers for {mass.size} texts", "one for each"
            )
    check_possible(texts)
    # Members who judge what they chose themselves would be counted twice.
    choosing = choosing_of(estimating)
    settings: dict[str, Any] = {
        "population": population,
        "test": test,
        "delta": delta,
        "points": points,
    }

    def bound(at: Any) -> Any:
        return _bound(
            strategy,
            np.asarray(at, dtype=float),
            texts,
            settings,
            labels=labels,
            choosing=choosing,
            cleaned=cleaned,
            label_gap=label_gap,
        )

    with theory_of("finite-sample", gap="--label-gap"):
        values = bound(alphas)
        grid = np.unique(np.rint(np.geomspace(1, population, 400))) / population
        curve = np.asarray(bound(grid))
    # S may fall again in α (erasing needs enough others), so the first share of the grid that does.
    masses = {}
    for goal in goals:
        enough = np.flatnonzero(curve >= goal)
        masses[f"{goal:g}"] = float(grid[enough[0]]) if enough.size else float("inf")
    said = f"{strategy}, N = {population:,}, N_test = {test:,}, δ = {delta:g}"
    if plot is not None:
        drawing = Drawing(
            "Gauthier, Bach and Jordan (2025): a bound from the members' rows",
            grid,
            [Curve(f"{said}, {count(mass.size, 'text')}", BLACK, curve)],
            y=f"lower bound on Ŝ, probability {1 - delta:g}",
        )
        draw(context, plot, drawing)
    answer(
        {
            "strategy": "finite-sample",
            "members": strategy,
            "theorem": f"Gauthier, Bach and Jordan (2025), {_SOURCES[strategy]}",
            **settings,
            "labels": labels,
            **{name: values.tolist() for name, values in texts.items()},
            "estimating": choosing,
            "cleaned": cleaned,
            "label_gap": label_gap,
        },
        said,
        alphas,
        [Column("bound", "bound", np.asarray(values))],
        {},
        promise="Ŝ is at least",
        sheets=[
            Sheet(
                "First share that suffices (of 400 from 1/N to 1)",
                ("goal", "α"),
                [(f"Ŝ ≥ {goal}", size(m)) for goal, m in masses.items()],
            )
        ],
        tail={"critical_mass": masses},
    ).show(as_json, quiet)


def _bound(
    strategy: Kind,
    alphas: Floats,
    texts: dict[str, Floats],
    settings: dict[str, Any],
    *,
    labels: int,
    choosing: int | None,
    cleaned: str | None,
    label_gap: float | None,
) -> Floats:
    """The bound of one strategy."""
    from gigsim.theory import statistical

    if strategy == "feature-label":
        return statistical.statistical_bound_feature_label(
            alphas,
            planted=texts["planted"],
            deficits=texts["deficits"],
            labels=labels,
            **settings,
        )
    if strategy == "feature-only":
        return statistical.statistical_bound_feature_only(
            alphas, labels=labels, **texts, **settings
        )
    split: Any = choosing
    if choosing is None:
        split = statistical.estimating_members(
            alphas,
            points=settings["points"] or texts["weights"].size,
            labels=labels,
            population=settings["population"],
            delta=settings["delta"],
        )
    if strategy == "unplanting":
        return statistical.statistical_bound_unplanting(
            alphas, estimating=split, **texts, **settings
        )
    becomes = becomes_of(str(cleaned), texts["weights"].size)
    return statistical.statistical_bound_erasing(
        alphas,
        labels=labels,
        cleaned=becomes,
        gap=label_gap,
        estimating=split,
        **texts,
        **settings,
    )
