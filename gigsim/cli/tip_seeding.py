"""``gigsim tip seeding``: whom to begin with, in the same worlds."""

from __future__ import annotations

import math
import time
from typing import Annotated, Any

import typer

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    count,
    percent,
    print_json,
    print_lines,
    print_table,
)
from gigsim.cli.stored import processes_of
from gigsim.cli.tip_options import (
    DryRunOption,
    FolderOption,
    ScenarioArgument,
    SettingsOption,
    WorkersOption,
    check_folder,
    number,
    runs_of,
    say,
    say_runs,
)
from gigsim.errors import InputError


def seeding_command(
    scenario: ScenarioArgument = "default",
    settings: SettingsOption = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="K", help="So many worlds.")] = 15,
    resolution: Annotated[
        float, typer.Option(min=0, max=0.5, help="A part of the number that is near enough.")
    ] = 0.0,
    boundary: Annotated[
        float | None,
        typer.Option(
            min=0.0001,
            max=1,
            help="Share of members that tells the two states apart.",
            show_default="the middle of the predicted gap, where the rule has a prediction",
        ),
    ] = None,
    first_movers: Annotated[
        int | None,
        typer.Option(min=0, help="For final α.", show_default="what carries random worlds"),
    ] = None,
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    out: FolderOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Whom to begin with: random people, hubs, clusters or skills, each in the same worlds.

    It matters where people look at their acquaintances: under the rules complex_contagion, and
    threshold among neighbours. No prediction knows those, and --boundary has to be said.

    Example: gigsim tip seeding examples/neighbours.toml --boundary 0.9 --seeds 7
    """
    from gigsim.config import load

    config = load(scenario, settings or [])
    size = config.population.size
    if first_movers is not None and first_movers > size:
        raise InputError("--first-movers", f"{first_movers} of {size} people", f"at most {size}")
    check_folder(out)
    from gigsim.dynamics.carried import light, run_to_rest
    from gigsim.dynamics.comparison import Foresight
    from gigsim.dynamics.seeding import WAYS, seeding

    foreseen = Foresight.of(config, boundary)
    if dry_run:
        began = time.perf_counter()
        run_to_rest(light(config), max(1, round(foreseen.guess)), config.run.seed)
        each = time.perf_counter() - began
        runs = len(WAYS) * seeds * (runs_of(foreseen.guess) + 1)
        say_runs(runs, f"{size:,} people", runs * each, processes_of(workers), as_json=as_json)
        return
    found = seeding(
        config,
        foreseen.boundary,
        range(config.run.seed, config.run.seed + seeds),
        guess=foreseen.guess,
        first_movers=first_movers,
        workers=processes_of(workers),
        resolution=resolution,
        tell=None if quiet else lambda way: say(way),
    )
    summary: dict[str, Any] = {
        "seeds": seeds,
        "boundary": foreseen.boundary,
        "first_movers": found.first_movers,
        "runs": found.runs,
        "violations": found.violations,
        "probes": found.probes,
        "restless": found.restless,
        "ways": found.table.to_dict("records"),
    }
    folder = None
    if out is not None:
        from gigsim.dynamics.folder import save
        from gigsim.dynamics.riding_figures import seeding_figure

        tables = {"worlds": found.rows, "ways": found.table}
        folder = save(out, "seeding", config, summary, tables, seeding_figure(found))
    if as_json:
        print_json(summary | {"folder": None if folder is None else str(folder)})
        return
    rows = [
        (
            row["seeding"],
            f"{number(row['critical'])} [{number(row['critical_low'])},"
            f" {number(row['critical_high'])}]",
            _difference(row, "fewer"),
            percent(row["alpha"]),
            _difference(row, "more", 100),
        )
        for _, row in found.table.iterrows()
    ]
    header = ("from", "first movers [95 %]", "minus random's", "final α", "minus random's, points")
    title = f"{size:,} people, {count(seeds, 'world')}, boundary {percent(foreseen.boundary)}"
    print_table(title, rows, header)
    lines = [
        f"final α: mean over worlds from {count(found.first_movers, 'first mover')}",
        "minus random's: in the same world; median, intervals that hold together at 95 %;"
        " * zero is outside",
        f"{count(found.runs, 'run')}; {found.violations} of {count(found.probes, 'probe')} not"
        " monotone",
    ]
    if found.restless:
        lines.append(f"{found.restless} of {found.runs} runs came to no rest by run.limit")
    if folder is not None:
        lines.append(str(folder))
    print_lines(lines)


def _difference(row: Any, name: str, unit: float = 1) -> str:
    """A median of differences with its ends; ``*`` where zero is outside."""
    value = float(row[name])
    if math.isnan(value):
        return "-"
    low, high = (unit * float(row[f"{name}_{end}"]) for end in ("low", "high"))
    return f"{unit * value:.4g} [{low:.4g}, {high:.4g}]{' *' if row[f'{name}_surely'] else ''}"
