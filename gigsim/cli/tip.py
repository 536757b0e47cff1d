"""``gigsim tip``: critical mass by simulation, beside its predictions."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

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
    ends_words,
    number,
    runs_of,
    say,
    say_runs,
)
from gigsim.cli.tip_public_good import public_good_command
from gigsim.cli.tip_riding import free_riding_command
from gigsim.cli.tip_runs import hysteresis_command, times_command
from gigsim.cli.tip_seeding import seeding_command

if TYPE_CHECKING:
    from gigsim.config import Config
    from gigsim.dynamics.comparison import Comparison, Foresight

tip_app = typer.Typer(
    help="Where a society tips, simulated beside its prediction.\n\n"
    "Example: gigsim tip critical-mass examples/society.toml --seeds 15",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@tip_app.command("critical-mass")
def critical_mass_command(
    scenario: ScenarioArgument = "default",
    settings: SettingsOption = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="K", help="So many worlds.")] = 15,
    resolution: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.5,
            help="A part of the number that is near enough; 0: exactly.",
            show_default=True,
        ),
    ] = 0.0,
    boundary: Annotated[
        float | None,
        typer.Option(
            min=0.0001,
            max=1,
            help="Share of members that tells the two states apart.",
            show_default="the middle of the predicted gap",
        ),
    ] = None,
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    out: FolderOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """How many first movers carry a society over its gap: by bisection in many worlds.

    A world is a seed: its costs, its network, who is asked when. Beside the simulation stand the
    map of participation, the loop's own recursion (which knows leaks), and the map in worlds of N
    people.

    Example: gigsim tip critical-mass examples/society.toml --seeds 15 --out runs
    """
    from gigsim.config import load

    config = load(scenario, settings or [])
    check_folder(out)
    from gigsim.dynamics.comparison import Foresight
    from gigsim.dynamics.critical_mass import critical_mass

    foreseen = Foresight.of(config, boundary)
    if dry_run:
        _critical_estimate(config, foreseen, seeds, processes_of(workers), as_json=as_json)
        return
    found = critical_mass(
        config,
        foreseen.boundary,
        range(config.run.seed, config.run.seed + seeds),
        guess=foreseen.guess,
        workers=processes_of(workers),
        resolution=resolution,
        probed=min(seeds, 3),
        tell=None if quiet else lambda one: say(f"seed {one.seed}: {number(one.critical)}"),
    )
    beside = foreseen.beside(found)
    summary = asdict(beside) | {"restless": found.restless, "numbers": found.numbers.tolist()}
    folder = None
    if out is not None:
        import pandas as pd

        from gigsim.dynamics.figures import critical_figure
        from gigsim.dynamics.folder import save

        worlds = pd.DataFrame([asdict(world) for world in found.worlds])
        figure = critical_figure(found, beside)
        folder = save(out, "critical-mass", config, summary, {"worlds": worlds}, figure)
    if as_json:
        print_json(summary | {"folder": None if folder is None else str(folder)})
        return
    print_table(
        f"First movers that carry {config.population.size:,} people over"
        f" ({percent(beside.boundary)} members or more at rest)",
        _critical_rows(beside),
        ("", "first movers", "95 %"),
    )
    lines = [f"G(α): {beside.source}" if beside.source else "G(α): the share itself"]
    if beside.leaves_out:
        lines.append(f"the map leaves out: {beside.leaves_out}")
    lines.append(_monotone_words(beside))
    if found.restless:
        lines.append(f"{found.restless} of {found.runs} runs came to no rest by run.limit")
    if folder is not None:
        lines.append(str(folder))
    print_lines(lines)


@tip_app.command("table")
def table_command(
    size: Annotated[int, typer.Option(min=100, help="People in each society.")] = 4000,
    seeds: Annotated[int, typer.Option(min=1, metavar="K", help="Worlds of each.")] = 9,
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    out: FolderOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Simulated beside predicted critical mass of 32 societies: laws of cost, spillover, κ, leak.

    Example: gigsim tip table --size 4000 --seeds 9
    """
    check_folder(out)
    from gigsim.dynamics.comparison_table import COSTS, comparison_table, society

    if dry_run:
        _table_estimate(size, seeds, processes_of(workers), as_json=as_json)
        return
    table = comparison_table(
        size,
        seeds,
        workers=processes_of(workers),
        tell=None if quiet else lambda done, of: say(f"{done} of {of} societies"),
    )
    folder = None
    if out is not None:
        from gigsim.dynamics.folder import save

        first = society(COSTS["identical"], 0.0, 0.01, 0.0, size)
        folder = save(out, "table", first, {"societies": len(table)}, {"table": table}, None)
    if as_json:
        print_json({"rows": table.to_dict("records")})
        return
    rows: list[tuple[str, ...]] = [
        (
            f"{row.cost}, γ {row.spillover:g}, κ {row.kappa:g}, leak {row.leak:g}",
            number(row.map),
            number(row.recursion),
            number(row.sampled),
            f"{number(row.simulated)} [{number(row.low)}, {number(row.high)}]",
        )
        for row in table.itertuples()
    ]
    header = ("society", "map", "recursion", f"map, N = {size:,}", "simulated [95 %]")
    print_table(f"First movers of {size:,} people", rows, header)
    if folder is not None:
        print_lines([str(folder)])


def _critical_estimate(
    config: Config, foreseen: Foresight, seeds: int, workers: int, *, as_json: bool
) -> None:
    """The predictions, and from one run how long the worlds will take."""
    from gigsim.dynamics.carried import light, run_to_rest

    began = time.perf_counter()
    run_to_rest(light(config), max(1, round(foreseen.guess)), config.run.seed)
    seconds = time.perf_counter() - began
    runs = seeds * runs_of(foreseen.guess)
    total = runs * seconds / max(1, workers)
    size = config.population.size
    on_map = None if foreseen.on_map is None else float(foreseen.on_map.share[0]) * size
    stepped = None if foreseen.stepped is None else float(foreseen.stepped.share[0]) * size
    if as_json:
        print_json({"map": on_map, "recursion": stepped, "runs": runs, "seconds": total})
        return
    print_lines(
        [
            f"predicted first movers: map {number(on_map)}, recursion {number(stepped)}",
            f"about {runs} runs, {total:.0f} s with --workers {workers}",
        ]
    )


def _table_estimate(size: int, seeds: int, workers: int, *, as_json: bool) -> None:
    """From the predictions and one run of one society how long all of them take."""
    from gigsim.dynamics.carried import light, run_to_rest
    from gigsim.dynamics.comparison import Foresight
    from gigsim.dynamics.comparison_table import COSTS, KAPPAS, LEAKS, SPILLOVERS, society

    # The one in which the way over is slowest.
    one = society(COSTS["normal"], SPILLOVERS[-1], KAPPAS[-1], LEAKS[-1], size)
    began = time.perf_counter()
    foreseen = Foresight.of(one)
    predicted = time.perf_counter()
    run_to_rest(light(one), max(1, round(foreseen.guess)), 1)
    each, ahead = time.perf_counter() - predicted, predicted - began
    societies = len(COSTS) * len(SPILLOVERS) * len(KAPPAS) * len(LEAKS)
    runs = societies * seeds * runs_of(foreseen.guess)
    # Predictions are made in one process.
    seconds = runs * each + societies * ahead * max(1, workers)
    say_runs(runs, f"{size:,} people", seconds, workers, as_json=as_json)


def _critical_rows(beside: Comparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            "simulated, median of worlds",
            number(beside.simulated),
            ends_words(beside.low, beside.high),
        )
    ]
    if not math.isnan(beside.map):
        ends = ends_words(beside.map_low, beside.map_high)
        rows.append(("map of participation", number(beside.map), ends))
    if not math.isnan(beside.recursion):
        rows.append(("recursion of the loop", number(beside.recursion), "-"))
    if not math.isnan(beside.sampled):
        ends = ends_words(beside.sampled_low, beside.sampled_high)
        rows.append(("map, so many people drawn", number(beside.sampled), ends))
    return rows


def _monotone_words(beside: Comparison) -> str:
    return (
        f"{count(beside.worlds, 'world')}, {count(beside.runs, 'run')};"
        f" {beside.violations} of {count(beside.probes, 'probe')} not monotone"
    )


tip_app.command("hysteresis")(hysteresis_command)
tip_app.command("times")(times_command)
tip_app.command("free-riding")(free_riding_command)
tip_app.command("public-good")(public_good_command)
tip_app.command("seeding")(seeding_command)
