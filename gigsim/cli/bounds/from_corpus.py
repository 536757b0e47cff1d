"""Answers whose numbers come from a corpus, one function a strategy.

ξ has a true confidence limit. κ, p and τ come from the probabilities of linear classifiers out of
fold: their limits are those of sampling alone, and bounds with them are estimates.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, number, size, sizes_sheet
from gigsim.cli.bounds.corpus import Source, facts_of
from gigsim.cli.bounds.figure import BLACK, BLUE, GREEN, RED, Curve, Drawing, draw, share_grid
from gigsim.cli.bounds.options import Reading
from gigsim.cli.bounds.solving import limits_of, masses_of
from gigsim.cli.output import percent

if TYPE_CHECKING:
    from gigsim.measures.corpus_facts import CorpusFacts
    from gigsim.theory.estimates import SignalEstimate
    from gigsim.theory.gaps import Floats

#: Shares of texts for which a floor of P0(y*|x) is printed.
_BELOW = (0.01, 0.05, 0.1)

#: What an erasing bound is: the statement of the theorem is known from recollection only.
ERASING = "derived (goal and strategy of Theorem 5)"

_CALIBRATION = (
    "Out-of-fold probabilities stand for P0(y|x) only as far as they are calibrated (off by {:.3f}"
    " on average here): what rests on them, {}, is an estimate."
)


class Asked(NamedTuple):
    """What the options of every command ask for."""

    alphas: Floats
    goals: tuple[float, ...]
    inverse: bool
    plot: Path | None
    as_json: bool
    quiet: bool


def planting_from_corpus(
    context: typer.Context, source: Source, asked: Asked, reading: Reading
) -> None:
    """Theorem 1 with ξ and κ of a corpus."""
    facts, numbers = facts_of(context, source, reading, asked.quiet or asked.as_json)
    theorem = "Hardt et al. (2023), Theorem 1"
    _signal(context, asked, facts, facts.known, numbers, "feature-label", theorem)


def unplanting_from_corpus(
    context: typer.Context, source: Source, asked: Asked, reading: Reading, adaptive: bool
) -> None:
    """Unplanting with ξ and κ of a corpus; ŷ the most frequent other label, or each text's own."""
    import numpy as np

    from gigsim.theory.unplanting import (
        best_other_label,
        unplanting_deficit_any,
        unplanting_deficit_top1,
    )

    facts, numbers = facts_of(context, source, reading, asked.quiet or asked.as_json)
    others = np.delete(np.arange(facts.found.shape[1]), facts.column)
    common = int(others[facts.found.mean(axis=0)[others].argmax()])

    def deficits(marginals: Floats) -> Floats:
        if reading == "any":
            return unplanting_deficit_any(marginals[:, facts.column])
        planted = best_other_label(marginals, facts.column) if adaptive else common
        return unplanting_deficit_top1(marginals, facts.column, planted)

    known = facts.estimate(deficits)
    numbers |= {"adaptive": adaptive}
    theorem = "Theorem 1 of Hardt et al. (2023) with the roles exchanged (derived)"
    _signal(context, asked, facts, known, numbers, "unplanting", theorem)


def feature_only_from_corpus(
    context: typer.Context, source: Source, asked: Asked, evasive: bool
) -> None:
    """Theorem 3, relaxed, with ξ and the probabilities of y* of a corpus; the reading ``any``."""
    import numpy as np

    facts, numbers = facts_of(context, source, "any", asked.quiet or asked.as_json)

    def bound(at: Any) -> Any:
        return facts.feature_only_bound(np.asarray(at, dtype=float), evasive=evasive)

    floors = {f"{q:g}": facts.floor(q) for q in _BELOW}
    masses = masses_of(bound, asked.goals)
    name = "evasive, relaxed" if evasive else "relaxed"
    head = {
        "strategy": "feature-only",
        "theorem": f"Hardt et al. (2023), Theorem 3, {name} (derived)",
        **numbers,
        "evasive": evasive,
        "xi": facts.known.xi,
        "xi_upper": facts.known.xi_upper,
        "floor": floors,
    }
    said = f"{facts.target}, ξ ≤ {facts.known.xi_upper:.3g}{', evasive' if evasive else ''}"
    if asked.plot is not None:
        grid = share_grid(facts.known.xi_upper)
        title = "Theorem 3 of Hardt et al. (2023), relaxed: feature-only planting"
        curves = [Curve(f"{said}, best floor", BLACK, bound(grid))]
        draw(context, asked.plot, Drawing(title, grid, curves))
    rows = [(f"all but {100 * float(q):g} % of texts", number(p)) for q, p in floors.items()]
    answer(
        head,
        said,
        asked.alphas,
        [Column("bound", "bound", bound(asked.alphas))],
        {},
        sheets=[
            _facts_sheet(facts, facts.known),
            Sheet("Floor of P0(y*|x), 95 %", ("for", "p"), rows),
            sizes_sheet("Share that suffices", masses),
        ],
        tail={"critical_mass": masses},
        notes=[_CALIBRATION.format(facts.miscalibration, "p but not ξ")],
    ).show(asked.as_json, asked.quiet)


def erasing_from_corpus(
    context: typer.Context, source: Source, asked: Asked, reading: Reading
) -> None:
    """Erasing with τ of a corpus."""
    from gigsim.theory.erasing import erasing_bound

    facts, numbers = facts_of(context, source, reading, asked.quiet or asked.as_json)

    def bound(at: Any, *, tau: float = facts.tau.upper) -> Any:
        return erasing_bound(at, tau=tau)

    masses = masses_of(bound, asked.goals)
    terms = {"tau": facts.tau.upper}
    head = {
        "strategy": "erasing",
        "theorem": ERASING,
        **numbers,
        "tau": facts.tau.mean,
        "tau_upper": facts.tau.upper,
    }
    carry = percent(float(facts.contains.mean()), 2)
    said = f"τ = {facts.tau.mean:.4g}, at most {facts.tau.upper:.4g}; {carry} carry the word"
    if asked.plot is not None:
        grid = share_grid(0.01)
        curves = [
            Curve("upper limit of τ", BLACK, bound(grid)),
            Curve("τ as estimated", BLUE, bound(grid, tau=facts.tau.mean)),
        ]
        title = "Erasing a signal (derived; goal and strategy of Theorem 5): a corpus"
        draw(context, asked.plot, Drawing(title, grid, curves))
    answer(
        head,
        said,
        asked.alphas,
        [
            Column("bound", "upper limit of τ", bound(asked.alphas)),
            Column("bound_point", "τ as estimated", bound(asked.alphas, tau=facts.tau.mean)),
        ],
        {},
        needed=limits_of(bound, terms, asked.goals, asked.alphas) if asked.inverse else (),
        sheets=[sizes_sheet("Share that suffices (upper limit of τ)", masses)],
        tail={"critical_mass": masses},
        notes=[_CALIBRATION.format(facts.miscalibration, "τ")],
    ).show(asked.as_json, asked.quiet)


def _signal(
    context: typer.Context,
    asked: Asked,
    facts: CorpusFacts,
    known: SignalEstimate,
    numbers: dict[str, Any],
    strategy: str,
    theorem: str,
) -> None:
    """A bound in ξ and κ: at their upper limits, which is what can be promised, and as they are."""
    from gigsim.theory.planting import feature_label_bound_averaged

    def averaged(at: Any, *, kappa: float) -> Any:
        return feature_label_bound_averaged(at, kappa=kappa)

    alphas = asked.alphas
    masses = masses_of(known.bound_low, asked.goals)
    estimated = masses_of(known.bound_averaged_low, asked.goals)
    head = {
        "strategy": strategy,
        "theorem": theorem,
        **numbers,
        "xi": known.xi,
        "xi_upper": known.xi_upper,
        "gap": known.gap,
        "gap_kind": known.gap_kind,
        "kappa": known.kappa_mean,
        "kappa_upper": known.kappa_mean_upper,
        "kappa_from": facts.kappa_from,
    }
    lines = (
        ("bound", "limit of ξ, Δ = 1", BLACK, known.bound_low),
        ("bound_point", "ξ as seen, Δ = 1", BLUE, known.bound),
        ("bound_averaged", "limit of κ", RED, known.bound_averaged_low),
        ("bound_averaged_point", "κ as estimated", GREEN, known.bound_averaged),
    )
    said = f"{facts.target}, {facts.goal}"
    if asked.plot is not None:
        grid = share_grid(known.xi_upper)
        curves = [Curve(name, colour, of(grid)) for _, name, colour, of in lines]
        title = f"{theorem}: a corpus" if len(theorem) < 40 else "Unplanting (derived): a corpus"
        draw(context, asked.plot, Drawing(title, grid, curves))
    terms = {"kappa": known.kappa_mean_upper}
    rows = [
        (f"S ≥ {goal}", size(mass), size(other))
        for (goal, mass), other in zip(masses.items(), estimated.values(), strict=True)
    ]
    answer(
        head,
        said,
        alphas,
        [Column(key, name, of(alphas)) for key, name, _, of in lines],
        {},
        needed=limits_of(averaged, terms, asked.goals, alphas) if asked.inverse else (),
        sheets=[
            _facts_sheet(facts, known),
            Sheet("Share that suffices", ("goal", "limit of ξ", "limit of κ"), rows),
        ],
        tail={"critical_mass": masses, "critical_mass_averaged": estimated},
        notes=[_CALIBRATION.format(facts.miscalibration, "κ but not ξ")],
    ).show(asked.as_json, asked.quiet)


def _facts_sheet(facts: CorpusFacts, known: SignalEstimate) -> Sheet:
    rows = [
        ("ξ, base mass of the signal", f"{known.xi:.6g}", f"{known.xi_upper:.6g}"),
        ("κ, gaps summed over it", f"{known.kappa_mean:.6g}", f"{known.kappa_mean_upper:.6g}"),
        ("share of resumes with y*", percent(facts.base_rate, 2), ""),
        ("share with the word anywhere", percent(float(facts.contains.mean()), 2), ""),
    ]
    return Sheet("What the corpus says", ("", "estimate", "at most (95 %)"), rows)
