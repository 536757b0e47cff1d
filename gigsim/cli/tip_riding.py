"""``gigsim tip free-riding``, ``public-good`` and ``seeding``: like worlds, one thing changed."""

from __future__ import annotations

import math
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
    ends_words,
    number,
    say,
)
from gigsim.errors import InputError


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

    Example: gigsim tip free-riding society.toml --leaks 0,0.002,0.01 --seeds 9 --out runs
    """
    from gigsim.config import load

    config = load(scenario, settings or [])
    check_folder(out)
    from gigsim.dynamics.free_riding import cells, free_riding

    grid = cells(
        config,
        _numbers("--leaks", leaks),
        _numbers("--retentions", retentions),
        [_whole("--rotations", one) for one in _numbers("--rotations", rotations)],
        _numbers("--spillovers", spillovers),
    )
    # A run without leak for each of the other settings, where none is among the leaks.
    others = {
        (c.collective.retention, c.collective.rotate_every, c.society.spillover) for c in grid
    }
    runs = seeds * (len(others) + sum(c.collective.leak > 0 for c in grid))
    if dry_run:
        _say_runs(runs, config.population.size, as_json=as_json)
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
    title = "Money of the last period against the same worlds without leak, per head"
    groups = ("leak", "a free rider", "free riders", "members", "outsiders", "everybody")
    print_table(title, money, groups)
    lines = ["a free rider: the mean over free riders; [95 %] of Student's t over seeds"]
    if found.why:
        lines.append(f"no recursion: {found.why}")
    if folder is not None:
        lines.append(str(folder))
    print_lines(lines)


def public_good_command(
    scenario: ScenarioArgument = "default",
    settings: SettingsOption = None,
    gammas: Annotated[
        str, typer.Option(metavar="G,...", help="Shares of the gain that outsiders have.")
    ] = "0,0.25,0.5,0.75,0.9,1",
    sizes: Annotated[
        str, typer.Option(metavar="N,...", help="Populations of the pure public good.")
    ] = "1000,4000,16000,64000",
    seeds: Annotated[int, typer.Option(min=1, metavar="K", help="So many worlds.")] = 3,
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    out: FolderOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """From club good to public good: by the share that outsiders have, and then by N.

    Example: gigsim tip public-good society.toml --gammas 0,0.5,0.9,1 --sizes 1000,10000
    """
    from gigsim.config import load

    config = load(scenario, settings or [])
    check_folder(out)
    from gigsim.dynamics.exclusion import exclusion

    steps = _numbers("--gammas", gammas)
    for step in steps:
        if not 0 <= step <= 1:
            raise InputError("--gammas", f"{step:g} is no share", "0 to 1")
    people = [_whole("--sizes", one) for one in _numbers("--sizes", sizes)]
    if not steps and not people:
        raise InputError("--gammas", "neither these nor --sizes", "such as 0,0.5,1")
    if dry_run:
        halvings = math.ceil(math.log2(config.population.size)) + 1
        runs = seeds * (len(steps) * halvings + len(people))
        _say_runs(runs, config.population.size, as_json=as_json)
        return
    found = exclusion(
        config,
        steps,
        people,
        range(config.run.seed, config.run.seed + seeds),
        workers=processes_of(workers),
        tell=None if quiet else lambda done, of: say(f"{done} of {of}"),
    )
    summary: dict[str, Any] = {
        "seeds": seeds,
        "source": found.source,
        "path": found.path.to_dict("records"),
        "goods": found.goods.to_dict("records"),
    }
    folder = None
    if out is not None:
        from gigsim.dynamics.folder import save
        from gigsim.dynamics.riding_figures import exclusion_figure

        tables = {"path": found.path, "line": found.line, "goods": found.goods}
        folder = save(out, "public-good", config, summary, tables, exclusion_figure(found))
    if as_json:
        print_json(summary | {"folder": None if folder is None else str(folder)})
        return
    if len(found.path):
        rows: list[tuple[str, ...]] = [
            (
                f"{row['gamma']:g}",
                _share(row["critical"]),
                _share(row["critical_simulated"]),
                _share(row["high"]),
                _share(row["high_simulated"]),
            )
            for _, row in found.path.iterrows()
        ]
        header = ("γ", "critical mass", "simulated", "equilibrium", "simulated")
        title = f"By excludability, {config.population.size:,} people, mean of {seeds}"
        print_table(title, rows, header)
    if len(found.goods):
        rows = [
            (
                f"{int(row['size']):,}",
                number(row["olson"]),
                _share(row["formula"]),
                _share(row["high"]),
                _share(row["simulated"]),
            )
            for _, row in found.goods.iterrows()
        ]
        header = ("N", "κN", "√(bκ/(cN))", "map at this N", "simulated")
        print_table(f"Pure public good, rule pivotal, mean of {seeds}", rows, header)
    print_lines([f"G(α): {found.source}", *([] if folder is None else [str(folder)])])


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
            show_default="the middle of the predicted gap",
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

    Example: gigsim tip seeding society.toml --seeds 15 --out runs
    """
    from gigsim.config import load

    config = load(scenario, settings or [])
    size = config.population.size
    if first_movers is not None and first_movers > size:
        raise InputError("--first-movers", f"{first_movers} of {size} people", f"at most {size}")
    check_folder(out)
    from gigsim.dynamics.comparison import Foresight
    from gigsim.dynamics.seeding import WAYS, seeding

    foreseen = Foresight.of(config, boundary)
    if dry_run:
        halvings = 3 + max(1, math.ceil(math.log2(max(2.0, foreseen.guess / 4))))
        _say_runs(len(WAYS) * seeds * (halvings + 1), size, as_json=as_json)
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
            f"{number(row['critical'])} [{ends_words(row['critical_low'], row['critical_high'])}]",
            _difference(row, "fewer"),
            percent(row["alpha"]),
            _difference(row, "more"),
        )
        for _, row in found.table.iterrows()
    ]
    header = ("taken from", "first movers [95 %]", "less random", "final α", "less random")
    title = f"{size:,} people, {count(seeds, 'world')}, boundary {percent(foreseen.boundary)}"
    print_table(title, rows, header)
    lines = [
        f"final α from {count(found.first_movers, 'first mover')}; differences are medians over"
        " worlds, their intervals hold together at 95 %; * surely not zero",
        f"{count(found.runs, 'run')}; {found.violations} of {count(found.probes, 'probe')} not"
        " monotone",
    ]
    if found.restless:
        lines.append(f"{found.restless} of {found.runs} runs came to no rest by run.limit")
    if folder is not None:
        lines.append(str(folder))
    print_lines(lines)


def _numbers(option: str, words: str | None) -> list[float]:
    """The numbers of an option, none where it was not given."""
    found = []
    for word in filter(None, (words or "").split(",")):
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(option, f"{word!r} is no number", "such as 0,0.5,1")
        found.append(value)
    if len(set(found)) < len(found):
        raise InputError(option, f"{words!r} says a number twice", "each once")
    return found


def _whole(option: str, value: float) -> int:
    if value < 0 or value != int(value):
        raise InputError(option, f"{value:g} is no whole number of 0 or more", "such as 1000")
    return int(value)


def _say_runs(runs: int, people: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"runs": runs, "people": people})
    else:
        print_lines([f"at most about {count(runs, 'run')} of {people:,} people"])


def _share(value: float) -> str:
    if math.isinf(value):
        return "never"
    return percent(None if math.isnan(value) else value, 3)


def _with_ends(row: Any, name: str) -> str:
    value = float(row[name])
    if math.isnan(value):
        return "-"
    low, high = float(row[f"{name}_low"]), float(row[f"{name}_high"])
    return f"{value:.4f}" if math.isnan(low) else f"{value:.4f} [{low:.4f}, {high:.4f}]"


def _difference(row: Any, name: str) -> str:
    value = float(row[name])
    if math.isnan(value):
        return "-"
    ends = f"[{row[f'{name}_low']:.4g}, {row[f'{name}_high']:.4g}]"
    return f"{value:.4g} {ends}{' *' if row[f'{name}_surely'] else ''}"
