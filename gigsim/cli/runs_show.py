"""``gigsim runs show``: what became of a run, of replicates, of a study, of a curve."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from gigsim.cli.output import count, percent
from gigsim.cli.replicates import replicates_lines
from gigsim.cli.show_study import shown_study
from gigsim.cli.shown import MOST, Shown, cell, grouped, plain
from gigsim.cli.single import run_lines
from gigsim.results.source import Source
from gigsim.results.sources import ReplicatesSource, RunSource, StudySource


def shown(source: Source, number: tuple[int, int] | None) -> Shown:
    """What became of a source, or of one of its runs.

    Raises:
        InputError: there is no such run.
    """
    if isinstance(source, RunSource):
        config = source.config(*(number or (0, 0)))
        return Shown(source.summary, run_lines(source.summary, config))
    if number is not None:
        return _one(source, number)
    if isinstance(source, ReplicatesSource):
        return Shown(source.summary, replicates_lines(source.summary, source.config(0, 0)))
    if isinstance(source, StudySource):
        return shown_study(source)
    if source.kind == "curve":
        return _curve(source)
    raise LookupError(source.kind)


def _curve(source: Source) -> Shown:
    from gigsim.curves.summary import critical_masses
    from gigsim.curves.tables import load_curve

    found, ended = load_curve(source.path), source.ended
    curves = critical_masses(found.rows, found.plan) if len(found.rows) else []
    content = {
        "kind": "curve",
        "name": source.name,
        "learner": source.learner,
        "jobs": ended.runs,
        "finished": ended.finished,
        "failed": ended.failed,
        "open": ended.open,
        "complete": source.complete,
        "points": len(found.rows),
        "failures": grouped(source.failures()),
        "curves": curves,
    }
    lines = [
        f"{source.name}: {count(len(found.plan.arms), 'curve')}, {len(found.rows):,} points,"
        f" {source.learner}",
        f"  jobs: finished {ended.finished:,}, failed {ended.failed:,}, open {ended.open:,}"
        + (f" ({ended.held:,} being done)" if ended.held else ""),
    ]
    table = Table(title="means over seeds, 95 %: seeds and held-out resumes", title_justify="left")
    for name in ("curve", "α", "members", "follow", "S", "low", "high", "U", "accuracy"):
        table.add_column(name, justify="left" if name == "curve" else "right")
    for row in found.summary.head(MOST * 5).to_dict("records"):
        name = row["name"] + (f" #{row['retraining']}" if row["retraining"] > 1 else "")
        shares = [row[k] for k in ("success", "success_low", "success_high")]
        shares += [row[f"base_{row['goal']}"], row["accuracy"]]
        table.add_row(
            name,
            percent(row["alpha"], 2),
            f"{row['members']:,}",
            percent(row["alpha_effective"], 2),
            *(f"{share:.3f}" for share in shares),
        )
    after = []
    for curve in curves:
        half, goal = (_mass_words(curve[key]) for key in ("alpha_half", "alpha_platform"))
        after.append(
            f"{curve['name']}: half-way with α_effective {half},"
            f" S = {curve['success_target']:g} with {goal}"
        )
    return Shown(content, lines, table, {}, after)


def _mass_words(mass: dict[str, Any]) -> str:
    """A critical mass with its interval, in per cent."""
    number, low, high = (mass[key] for key in ("number", "low", "high"))
    if number is None:
        return "unknown"
    said = f"{mass['open'] or 'about'} {percent(number, 3)}"
    ends = f"{percent(low, 3)} to {percent(high, 3)}" if high is not None else "no upper limit"
    return f"{said} ({ends})"


def _one(source: Source, number: tuple[int, int]) -> Shown:
    case, replicate = number
    config = source.config(case, replicate)
    runs = source.runs()
    row = runs[(runs["case"] == case) & (runs["replicate"] == replicate)] if len(runs) else runs
    who = f"{source.name}: run {case}.{replicate}, seed {config.run.seed}"
    keys = {"case": case, "replicate": replicate, "seed": config.run.seed}
    if len(row):
        values = {name: plain(row[name].iloc[0]) for name in row}
        lines = [who, *(f"  {name:24s} {cell(value)}" for name, value in values.items())]
        return Shown({"became": "finished", **values}, lines)
    failures = source.failures()
    lost = failures[(failures["case"] == case) & (failures["replicate"] == replicate)]
    if not len(lost):
        return Shown({"became": "open", **keys}, [f"{who}: not finished yet"])
    values = {name: plain(lost[name].iloc[0]) for name in lost}
    lines = [f"{who}: failed ({values['kind'] or 'unknown'}): {values['why']}"]
    lines += str(values["traceback"] or "").rstrip().splitlines()
    return Shown({"became": "failed", **values}, lines)
