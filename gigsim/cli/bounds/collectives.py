"""``gigsim bounds collectives``: several collectives on one platform."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLUE, GREEN, RED
from gigsim.cli.bounds.options import (
    XI,
    AlphaOption,
    GapOption,
    KappaOption,
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


@commands.command("collectives")
def collectives_command(
    context: typer.Context,
    alpha: AlphaOption,
    others: Annotated[
        float, typer.Option(min=0, max=1, help="Share of all other collectives together.")
    ] = 0.0,
    conflict: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Share of the population whose submissions carry our signal and another label,"
            " summed over the other collectives.  [default: --others, all of it]",
        ),
    ] = None,
    xi: XiOption = None,
    gap: GapOption = None,
    kappa: KappaOption = None,
    want: WantOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Several collectives: what ours, of share α, is sure of beside the others. Derived.

    Beside the bound stand the two cases that need none: signals apart, and the same signal for the
    same label (then they are one collective).

    Example: gigsim bounds collectives --alpha 0.05,0.1 --others 0.1 --conflict 0.02
    """
    import numpy as np

    from gigsim.theory.collectives import collective_bound, solo_share
    from gigsim.theory.planting import feature_label_bound_averaged

    one_of({"--kappa": kappa is not None, "--xi": xi is not None}, "κ has ξ in it")
    one_of({"--kappa": kappa is not None, "--gap": gap is not None}, "κ has Δ in it")
    alphas, goals = shares(alpha), wanted(want)
    room = 1 - others
    if (alphas > room).any():
        raise InputError("--alpha", f"with --others {others:g} they exceed 1", f"up to {room:g}")
    clash = others if conflict is None else conflict
    if clash > others:
        raise InputError("--conflict", f"{clash:g} is over --others {others:g}", "a part of it")
    behind = kappa
    if behind is None:
        behind = (XI if xi is None else xi) * (1.0 if gap is None else gap)
    terms = {"kappa": behind}
    if others > 0:
        terms["part"] = clash / others

    def bound(at: Any, *, kappa: float, part: float = 0.0) -> Any:
        return collective_bound(at, kappa=kappa, others=others, conflict=part * others)

    def apart(at: Any) -> Any:
        return feature_label_bound_averaged(solo_share(at, others), kappa=behind)

    def together(at: Any) -> Any:
        return feature_label_bound_averaged(np.minimum(at + others, 1.0), kappa=behind)

    def alone(at: Any) -> Any:
        return feature_label_bound_averaged(at, kappa=behind)

    question = Question(
        "collectives",
        "derived; with nobody else the averaged form of Theorem 1",
        f"κ = {behind:g}, others {100 * others:g} %, {100 * clash:g} % against us",
        {"kappa": behind, "others": others, "conflict": clash},
        bound,
        terms,
        "Several collectives on one platform (derived)",
        [
            Beside("bound_apart", "signals apart", BLUE, apart),
            Beside("bound_together", "same signal and label", GREEN, together),
            Beside("bound_alone", "without the others", RED, alone),
        ],
        behind,
        largest=room,
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
