"""``gigsim bounds reweighting``: platforms that count some rows more than others."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, size
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLACK, BLUE, Curve, Drawing, draw, share_grid
from gigsim.cli.bounds.options import (
    XI,
    AlphaOption,
    GapOption,
    PlotOption,
    QuietOption,
    WantOption,
    one_of,
    shares,
    theory_of,
    wanted,
)
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError


@commands.command("reweighting")
def reweighting_command(
    context: typer.Context,
    alpha: AlphaOption,
    lam: Annotated[
        float | None,
        typer.Option("--lambda", min=0, help="λ, by which a first training's errors count more."),
    ] = None,
    member_error: Annotated[
        float, typer.Option(min=0, max=1, help="Error rate of the first training on members.")
    ] = 0.0,
    other_error: Annotated[
        float, typer.Option(min=0, max=1, help="... and on everybody else.")
    ] = 0.0,
    member_weight: Annotated[
        float | None, typer.Option(min=0, help="Or: what a member's row counts ...")
    ] = None,
    other_weight: Annotated[float, typer.Option(min=0, help="... and another's.")] = 1.0,
    xi: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="ξ of the re-weighted base, where it is another.  [default: 0.001]"
        ),
    ] = None,
    gap: GapOption = None,
    ratio: Annotated[
        float,
        typer.Option(min=0, max=1, help="ρ, least weight of planted rows against their due."),
    ] = 1.0,
    want: WantOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Re-weighting: the effective share α_eff, and Theorem 1 at it. Derived.

    Where weights differ between members and others only, the platform decides as a plain one does
    at α_eff. Where they differ within a group, as they do for learners that look at errors, --xi
    and --gap are those of the re-weighted base and --ratio is needed; the plain ones are not valid.

    Example: gigsim bounds reweighting --alpha 0.01,0.1 --member-weight 2

    Example: gigsim bounds reweighting --alpha 0.1 --lambda 5 --member-error 1 --xi 0.005
    """
    import numpy as np

    from gigsim.theory.planting import critical_mass
    from gigsim.theory.reweighting import (
        effective_share,
        effective_share_upweighted,
        feature_label_bound_reweighted,
        share_needed_upweighted,
    )

    one_of({"--lambda": lam is not None, "--member-weight": member_weight is not None}, "one says")
    if lam is None and member_weight is None:
        raise InputError("--lambda", "or --member-weight is needed", "how rows are weighted")
    alphas, goals = shares(alpha), wanted(want)
    base, behind = XI if xi is None else xi, 1.0 if gap is None else gap

    def effective(at: Any) -> Any:
        share = np.asarray(at, dtype=float)
        if lam is not None:
            own = share * member_error
            return effective_share_upweighted(
                share, lam=lam, errors_in_collective=own, errors=own + (1 - share) * other_error
            )
        weights = np.stack([share * float(member_weight or 0.0), (1 - share) * other_weight], -1)
        return effective_share(weights, [True, False])

    def bound(at: Any) -> Any:
        return feature_label_bound_reweighted(effective(at), xi=base, gap=behind, ratio=ratio)

    def mass(success: float) -> float:
        needed = float(critical_mass(success, xi=base, gap=behind, margin=ratio))
        if not needed <= 1:
            return float("inf")
        if lam is not None:
            rates = {"member_error": member_error, "other_error": other_error}
            return float(share_needed_upweighted(needed, lam=lam, **rates))
        # A factor λ on all members is λ-fold errors, all of them members'.
        factor = float(member_weight or 0.0) / other_weight if other_weight else float("inf")
        if factor == float("inf"):
            return 0.0
        return float(share_needed_upweighted(needed, lam=factor, member_error=1.0, other_error=0.0))

    with theory_of("reweighting", lam="--lambda"):
        reached, values = effective(alphas), bound(alphas)
        masses = {f"{goal:g}": mass(goal) for goal in goals}
    weights: dict[str, Any] = {
        "lambda": lam,
        "member_error": member_error,
        "other_error": other_error,
        "member_weight": member_weight,
        "other_weight": other_weight,
    }
    how = (
        f"λ = {lam:g}, errors {100 * member_error:g} % and {100 * other_error:g} %"
        if lam is not None
        else f"weights {member_weight:g} and {other_weight:g}"
    )
    said = f"{how}, ξ = {base:g}, Δ = {behind:g}" + (f", ρ = {ratio:g}" if ratio < 1 else "")
    if plot is not None:
        from gigsim.theory.planting import feature_label_bound

        grid = share_grid(base)
        plain = feature_label_bound(grid, xi=base, gap=behind)
        curves = [
            Curve(said, BLACK, bound(grid)),
            Curve("plain training, same ξ and Δ", BLUE, plain),
        ]
        draw(context, plot, Drawing("Theorem 1 under re-weighting (derived)", grid, curves))
    answer(
        {
            "strategy": "reweighting",
            "theorem": "Theorem 1 of Hardt et al. (2023) at the effective share (derived)",
            "xi": base,
            "gap": behind,
            "ratio": ratio,
            **weights,
        },
        said,
        alphas,
        [
            Column("bound", "bound", values),
            Column("effective_share", "effective share", np.asarray(reached)),
        ],
        {},
        sheets=[
            Sheet(
                "Share that suffices (error rates as given)" if lam else "Share that suffices",
                ("goal", "α"),
                [(f"S ≥ {goal}", size(m)) for goal, m in masses.items()],
            )
        ],
        tail={"critical_mass": masses},
    ).show(as_json, quiet)
