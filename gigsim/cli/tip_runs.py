"""``gigsim tip hysteresis`` and ``times``: what whole runs do, up and down and in time."""

from __future__ import annotations

import math
from dataclasses import asdict
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
    say,
)
from gigsim.errors import InputError


def hysteresis_command(
    scenario: ScenarioArgument = "default",
    key: Annotated[
        str, typer.Option(metavar="A.B", help="What is swept: a key that may change in time.")
    ] = "society.benefit_scale",
    values: Annotated[
        str, typer.Option(metavar="V,...", help="Ascending; swept up and down again.")
    ] = "0.6,0.8,1.0,1.2,1.4",
    hold: Annotated[int, typer.Option(min=1, help="Periods at each value.")] = 40,
    settings: SettingsOption = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="K", help="So many runs.")] = 3,
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    out: FolderOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """A parameter swept up and down within one run: does participation come back the same way?

    Example: gigsim tip hysteresis examples/society.toml --key society.benefit_scale --values 0.6,1
    """
    from gigsim.config import dumps, load
    from gigsim.config.overrides import parse_value

    config = load(scenario, settings or [])
    check_folder(out)
    from gigsim.dynamics.hysteresis import hysteresis, swept

    if not all(word.strip() for word in values.split(",")):
        raise InputError("--values", f"{values!r} has an empty item", "such as 0.6,0.8,1.0")
    steps = [parse_value(word) for word in values.split(",")]
    if any(isinstance(step, bool) or not isinstance(step, int | float) for step in steps):
        raise InputError("--values", f"{values!r} are not all numbers", "such as 0.6,0.8,1.0")
    plan = swept(config, key, steps, hold)
    if dry_run:
        said = {"runs": seeds, "periods": plan.run.periods, "people": config.population.size}
        if as_json:
            print_json(said)
        else:
            print_lines(
                [
                    f"{count(seeds, 'run')} of {count(plan.run.periods, 'period')} each, as:",
                    "",
                    dumps(plan),
                ]
            )
        return
    found = hysteresis(
        config,
        key,
        steps,
        hold=hold,
        seeds=range(config.run.seed, config.run.seed + seeds),
        workers=processes_of(workers),
        tell=None if quiet else lambda seed: say(f"seed {seed}"),
    )
    widths = found.widths
    mean = found.table.pivot_table(index="value", columns="way", values="alpha")
    # Of one run NaN.
    spread = found.table.groupby(["value", "way"])["alpha"].std().unstack("way")
    summary: dict[str, Any] = {
        "key": key,
        "hold": hold,
        "seeds": seeds,
        "values": [float(value) for value in found.values],
        "up": mean["up"].tolist(),
        "down": mean["down"].tolist(),
        "up_sd": spread["up"].tolist(),
        "down_sd": spread["down"].tolist(),
        "width": widths["mean"].tolist(),
        "width_sd": widths["sd"].tolist(),
        "predicted_up": _predicted(found.predicted, "up"),
        "predicted_down": _predicted(found.predicted, "down")[::-1],
        "no_recursion": found.why,
        "jumps_up": None if found.jumps_up is None else [asdict(j) for j in found.jumps_up],
        "jumps_down": None if found.jumps_down is None else [asdict(j) for j in found.jumps_down],
        "largest_drift": float(found.table["drift"].abs().max()),
        "largest_sd": float(spread.to_numpy().max()),
    }
    folder = None
    if out is not None:
        from gigsim.dynamics.figures import sweep_figure
        from gigsim.dynamics.folder import save

        tables = {"sweep": found.table}
        if found.predicted is not None:
            tables["recursion"] = found.predicted
        folder = save(out, "hysteresis", plan, summary, tables, sweep_figure(found))
    if as_json:
        print_json(summary | {"folder": None if folder is None else str(folder)})
        return
    none = [math.nan] * len(found.values)
    rows: list[tuple[str, ...]] = [
        (
            f"{value:g}",
            _percent(up),
            _percent(foretold_up),
            _percent(down),
            _percent(foretold_down),
            _percent(width),
        )
        for value, up, foretold_up, down, foretold_down, width in zip(
            found.values,
            mean["up"],
            summary["predicted_up"] or none,
            mean["down"],
            summary["predicted_down"] or none,
            widths["mean"],
            strict=True,
        )
    ]
    header = ("value", "α up", "predicted", "α down", "predicted", "down - up")
    title = f"{key}, mean of {count(seeds, 'run')}, {count(hold, 'period')} at each value"
    print_table(title, rows, header)
    lines = [
        f"largest change of α over the last quarter of a step: {summary['largest_drift']:.4f}",
        f"largest standard deviation of α over runs: {summary['largest_sd']:.4f}"
        if seeds > 1
        else "one run: nothing is known of how runs differ",
    ]
    if found.why:
        lines.append(f"no recursion: {found.why}")
    for way, jumps in (("up", found.jumps_up), ("down", found.jumps_down)):
        lines += [
            f"fold of the map, {way}: {key} = {jump.parameter:.6g}, α from {jump.before:.4f} to"
            f" {jump.after:.4f}"
            for jump in jumps or ()
        ]
    if folder is not None:
        lines.append(str(folder))
    print_lines(lines)


def times_command(
    scenario: ScenarioArgument = "default",
    settings: SettingsOption = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="K", help="So many runs.")] = 50,
    periods: Annotated[
        int | None,
        typer.Option(min=1, help="How long.", show_default="run.periods"),
    ] = None,
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    out: FolderOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """When runs tip: quantiles over seeds, with those that never did as later than all others.

    Example: gigsim tip times examples/society.toml --seeds 50 --periods 100
    """
    from gigsim.config import load

    config = load(scenario, settings or [])
    check_folder(out)
    from gigsim.dynamics.tipping_times import predicted_period, tipping_times

    length = config.run.periods if periods is None else periods
    if dry_run:
        foreseen, why = predicted_period(config, length)
        if as_json:
            print_json({"runs": seeds, "periods": length, "predicted": foreseen, "why": why})
        else:
            print_lines(
                [
                    f"{count(seeds, 'run')} of {count(length, 'period')} each",
                    _foretold(foreseen, why),
                ]
            )
        return
    found = tipping_times(
        config,
        range(config.run.seed, config.run.seed + seeds),
        periods=length,
        workers=processes_of(workers),
        tell=None if quiet else lambda one: say(f"seed {one.seed}: {one.period or '-'}"),
    )
    summary: dict[str, Any] = {
        "runs": seeds,
        "periods": length,
        "tipped": asdict(found.tipped),
        "grown": asdict(found.grown),
        "quantiles": found.quantiles,
        "predicted": found.predicted,
        "why": found.why,
    }
    folder = None
    if out is not None:
        import pandas as pd

        from gigsim.dynamics.figures import times_figure
        from gigsim.dynamics.folder import save

        rows = pd.DataFrame([asdict(one) for one in found.times])
        rows["period"] = rows["period"].astype("Int64")
        folder = save(out, "times", config, summary, {"times": rows}, times_figure(found))
    if as_json:
        print_json(summary | {"folder": None if folder is None else str(folder)})
        return
    quantiles = [
        (f"{100 * float(level):g} % tipped by", "later" if value is None else f"period {value}")
        for level, value in found.quantiles.items()
    ]
    tipped, grown = (
        (
            f"{name} by the end",
            f"{share.count} of {share.of} [{percent(share.low, 0)}, {percent(share.high, 0)}]",
        )
        for name, share in (("tipped", found.tipped), ("grown", found.grown))
    )
    print_table(f"{count(seeds, 'run')} of {count(length, 'period')}", [tipped, grown, *quantiles])
    target = config.measure.success_target
    print_lines(
        [
            _foretold(found.predicted, found.why),
            f"tipped: S at {percent(target, 0)} or more from some retraining on to the end;"
            " grown: more members than first movers; [95 %]",
            *([] if folder is None else [str(folder)]),
        ]
    )


def _predicted(table: Any, way: str) -> list[float]:
    return [] if table is None else [float(x) for x in table[table["way"] == way]["alpha"]]


def _foretold(period: int | None, why: str) -> str:
    if why:
        return f"no recursion: {why}"
    return f"the recursion tips in period {period}" if period else "the recursion does not tip"


def _percent(value: float) -> str:
    return percent(None if math.isnan(value) else value, 2)
