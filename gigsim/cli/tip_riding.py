"""``gigsim tip free-riding``: what free riders gain and cost, world by world."""

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
    numbers_of,
    say,
    say_runs,
    whole,
)


def free_riding_command(
    scenario: ScenarioArgument = "default",
    settings: SettingsOption = None,
    leaks: Annotated[
        str, typer.Option(metavar="L,...", help="Probabilities per tie and period.")
    ] = "0,0.002,0.01,0.05",
    retentions: Annotated[
        str | None, typer.Option(metavar="R,...", help="Likewise, by default the config's.")
    ] = None,
    rotations: Annotated[
        str | None,
        typer.Option(metavar="T,...", help="Retrainings between tokens; needs alternates."),
    ] = None,
    spillovers: Annotated[
        str | None, typer.Option(metavar="G,...", help="Shares of the gain for outsiders.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="K", help="So many worlds.")] = 9,
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    out: FolderOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """What free riders gain and cost: each world with a leak against the same one without.

    Example: gigsim tip free-riding examples/society.toml --leaks 0,0.002,0.01 --seeds 9 --out runs
    """
    from gigsim.config import load

    config = load(scenario, settings or [])
    check_folder(out)
    from gigsim.dynamics.free_riding import cells, free_riding

    grid = cells(
        config,
        numbers_of("--leaks", leaks),
        numbers_of("--retentions", retentions),
        [whole("--rotations", one) for one in numbers_of("--rotations", rotations)],
        numbers_of("--spillovers", spillovers),
    )
    # A run without leak for each of the other settings, where none is among the leaks.
    others = {
        (c.collective.retention, c.collective.rotate_every, c.society.spillover) for c in grid
    }
    runs = seeds * (len(others) + sum(c.collective.leak > 0 for c in grid))
    if dry_run:
        began = time.perf_counter()
        dearest = max(grid, key=lambda one: one.collective.leak)
        free_riding([dearest], [config.run.seed])
        # With a leak the world without it has been run too.
        each = (time.perf_counter() - began) / (1 + (dearest.collective.leak > 0))
        people = f"{config.population.size:,} people"
        say_runs(runs, people, runs * each, processes_of(workers), as_json=as_json)
        return
    found = free_riding(
        grid,
        range(config.run.seed, config.run.seed + seeds),
        workers=processes_of(workers),
        tell=None if quiet else lambda seed: say(f"seed {seed}"),
    )
    summary: dict[str, Any] = {
        "seeds": seeds,
        "runs": runs,
        "cells": found.means.to_dict("records"),
        "no_recursion": found.why,
    }
    folder = None
    if out is not None:
        from gigsim.dynamics.folder import save
        from gigsim.dynamics.riding_figures import riding_figure

        tables = {"runs": found.rows, "means": found.means}
        folder = save(out, "free-riding", config, summary, tables, riding_figure(found))
    if as_json:
        print_json(summary | {"folder": None if folder is None else str(folder)})
        return
    varied = [name for name in ("retention", "rotate_every", "spillover")
              if found.means[name].nunique() > 1]  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (
            ", ".join([f"{row['leak']:g}", *(f"{name} {row[name]:g}" for name in varied)]),
            percent(row["alpha"]),
            percent(row["success"]),
            percent(row["free_riders"]),
            percent(row["outsiders"]),
            percent(row["members_lost"]),
            percent(row["success_lost"]),
        )
        for _, row in found.means.iterrows()
    ]
    title = f"Mean of {count(seeds, 'world')} of {config.population.size:,} people, at the end"
    header = ("leak", "α", "S", "free riders", "outsiders", "members lost", "S lost")
    print_table(title, rows, header)
    money: list[tuple[str, ...]] = [
        (
            ", ".join([f"{row['leak']:g}", *(f"{name} {row[name]:g}" for name in varied)]),
            *(
                _with_ends(row, name)
                for name in (
                    *("each_free_rider", "gain_free_riders", "gain_members"),
                    *("gain_outsiders", "gain_all"),
                )
            ),
        )
        for _, row in found.means.iterrows()
    ]
    title = "Gained in the last period against the same worlds without leak"
    groups = ("leak", "a free rider", "free riders", "members", "outsiders", "everybody")
    print_table(title, money, groups)
    lines = [
        "a free rider: a head of the free riders; the others: a head of the population",
        f"± half of the 95 % interval (Student's t, {count(seeds, 'world')})"
        if seeds > 1
        else "one world: no intervals",
        _beside(found.means, found.why),
    ]
    if folder is not None:
        lines.append(str(folder))
    print_lines(lines)


def _beside(means: Any, why: str) -> str:
    """How far the recursion is from the table at most."""
    if why:
        return f"no recursion: {why}"
    away = [
        100 * float((means[name] - means[f"{name}_recursion"]).abs().max())
        for name in ("alpha", "free_riders")
    ]
    return (
        f"recursion of the loop, N → ∞: α within {away[0]:.1f} and free riders within"
        f" {away[1]:.1f} percentage points of these"
    )


def _with_ends(row: Any, name: str) -> str:
    """A mean, and how far Student's interval goes on either side of it."""
    value = float(row[name])
    if math.isnan(value):
        return "-"
    half = float(row[f"{name}_high"]) - value
    # Rounding leaves a sign at nothing.
    said = f"{round(value, 4) + 0.0:.4f}"
    return said if math.isnan(half) else f"{said} ± {half:.4f}"
