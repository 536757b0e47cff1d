"""``gigsim runs show``: what became of a run, of replicates, of a study; and its figure."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from gigsim.cli.output import count, percent, print_lines
from gigsim.cli.replicates import replicates_lines, stand_in_lines
from gigsim.cli.single import run_lines
from gigsim.config import Config
from gigsim.errors import InputError
from gigsim.results.source import Source
from gigsim.results.sources import ReplicatesSource, RunSource, StudySource

#: Rows of the table of cases, and values of a varied key, that people are shown.
_MOST = 20
_MOST_VALUES = 8
_MOST_FAILURES = 5
#: Columns of the table of cases beside the varied keys, and what people call them.
_COLUMNS = ("case", "runs", "alpha", "success")
_TITLES = {"alpha": "α", "success": "S"}
#: Characters; more than any table takes.
_WIDE = 10_000
#: Tables that figures are drawn from.
_DRAWN = ("periods", "retrainings", "theory")


@dataclass(frozen=True)
class Shown:
    """What is said of a source.

    Attributes:
        content: for programs.
        lines: for people.
        table: for people, below the lines.
        short: names of its columns where the whole ones do not fit.
        after: for people, below the table.
    """

    content: dict[str, Any]
    lines: list[str]
    table: Table | None = None
    short: dict[str, str] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return self.content

    def print(self) -> None:
        """For people."""
        print_lines(self.lines)
        if self.table is not None:
            _print_table(self.table, self.short)
        if self.after:
            print_lines(self.after)


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
        return _study(source)
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
        "failures": _grouped(source.failures()),
        "curves": curves,
    }
    lines = [
        f"{source.name}: {count(len(found.plan.arms), 'curve')}, {len(found.rows):,} points,"
        f" {source.learner}",
        f"  jobs: finished {ended.finished:,}, failed {ended.failed:,}, open {ended.open:,}"
        + (f" ({ended.held:,} being done)" if ended.held else ""),
    ]
    table = Table(title="means over seeds, 95 %: seeds and held-out resumes", title_justify="left")
    for name in ("curve", "α", "members", "S", "low", "high", "U", "accuracy"):
        table.add_column(name, justify="left" if name == "curve" else "right")
    for row in found.summary.head(_MOST * 5).to_dict("records"):
        name = row["name"] + (f" #{row['retraining']}" if row["retraining"] > 1 else "")
        shares = [row[k] for k in ("success", "success_low", "success_high")]
        shares += [row[f"base_{row['goal']}"], row["accuracy"]]
        table.add_row(
            name,
            percent(row["alpha"], 2),
            f"{row['members']:,}",
            *(f"{share:.3f}" for share in shares),
        )
    after = []
    for curve in curves:
        half, goal = (_mass_words(curve[key]) for key in ("alpha_half", "alpha_platform"))
        after.append(
            f"{curve['name']}: half-way with α {half}, S = {curve['success_target']:g} with {goal}"
        )
    return Shown(content, lines, table, {}, after)


def _mass_words(mass: dict[str, Any]) -> str:
    """A critical mass with its interval, in per cent."""
    number, low, high = (mass[key] for key in ("number", "low", "high"))
    said = f"{mass['open'] or 'about'} {percent(number, 3)}"
    ends = f"{percent(low, 3)} to {percent(high, 3)}" if high is not None else "no upper limit"
    return f"{said} ({ends})"


def draw(source: Source, number: tuple[int, int] | None, path: Path) -> None:
    """Draw a source, or one of its runs, from its tables.

    Raises:
        InputError: a table that the figure needs was not recorded; there is no such run; the
            file's name ends with no form of picture; it cannot be written.
    """
    figure = _figure(source, number)
    try:
        figure.savefig(path, dpi=150)
    except ValueError as error:
        raise InputError(
            str(path), str(error).split(" (")[0], "end it with .png or .pdf"
        ) from error
    except OSError as error:
        raise InputError(
            str(path), f"cannot be written ({error.strerror})", "name another place"
        ) from error


def _figure(source: Source, number: tuple[int, int] | None) -> Any:
    from gigsim.plots import overview, replicates_overview
    from gigsim.plots.study import study_overview
    from gigsim.runs import SPOT_CHECKS

    if isinstance(source, StudySource) and number is None:
        runs, metric = source.runs(), source.config(0, 0).measure.success
        if not source.varied:
            raise InputError(
                "--figure", f"{source.path} has one case: nothing is varied", "say --run 0.0"
            )
        if not len(runs):
            raise InputError("--figure", f"{source.path} has no finished run yet", "wait for one")
        return study_overview(source.name, runs, source.varied, metric)
    if isinstance(source, ReplicatesSource) and number is None:
        periods, retrainings, theory = (source.table(n).drop(columns="case") for n in _DRAWN)
        runs = source.runs().drop(columns="case")
        return replicates_overview(
            source.config(0, 0), source.summary, periods, retrainings, theory, runs
        )
    if source.kind == "curve":
        from gigsim.curves.figure import curve_figure
        from gigsim.curves.tables import load_curve

        found = load_curve(source.path)
        if not len(found.rows):
            raise InputError("--figure", f"{source.path} has no point yet", "wait for one")
        return curve_figure(found.plan.arms, found.rows, found.summary, found.theory)
    case, replicate = number or (0, 0)
    config = source.config(case, replicate)
    if missing := [name for name in _DRAWN if name not in source.tables]:
        raise InputError(
            "--figure",
            f"the figure of a run needs {', '.join(missing)}, which the study has not recorded",
            "put them into record in the STUDY.toml, or run it alone: --config",
        )
    periods, retrainings, theory = (source.table(n, [(case, replicate)]) for n in _DRAWN)
    if not len(periods):
        raise InputError("--figure", f"run {case}.{replicate} has no result", "name another run")
    checks = None
    if SPOT_CHECKS in source.tables:
        checks = source.table(SPOT_CHECKS, [(case, replicate)])
    return overview(config, periods, retrainings, theory, checks)


def _one(source: Source, number: tuple[int, int]) -> Shown:
    case, replicate = number
    config = source.config(case, replicate)
    runs = source.runs()
    row = runs[(runs["case"] == case) & (runs["replicate"] == replicate)] if len(runs) else runs
    who = f"{source.name}: run {case}.{replicate}, seed {config.run.seed}"
    keys = {"case": case, "replicate": replicate, "seed": config.run.seed}
    if len(row):
        values = {name: _plain(row[name].iloc[0]) for name in row}
        lines = [who, *(f"  {name:24s} {_cell(value)}" for name, value in values.items())]
        return Shown({"became": "finished", **values}, lines)
    failures = source.failures()
    lost = failures[(failures["case"] == case) & (failures["replicate"] == replicate)]
    if not len(lost):
        return Shown({"became": "open", **keys}, [f"{who}: not finished yet"])
    values = {name: _plain(lost[name].iloc[0]) for name in lost}
    lines = [f"{who}: failed ({values['kind'] or 'unknown'}): {values['why']}"]
    lines += str(values["traceback"] or "").rstrip().splitlines()
    return Shown({"became": "failed", **values}, lines)


def _platforms(source: StudySource) -> Iterator[Config]:
    """Configs that hold all the platforms of a study; of very many cases those of the first."""
    study = source.study
    varied = any(key.startswith("platform.learner") for key in source.varied)
    # As where the kind of learner is asked for: each config takes milliseconds.
    for case in study.cases[: 1000 if varied else 1]:
        yield study.case_config(case.number)


def _study(source: StudySource) -> Shown:
    study, ended = source.study, source.ended
    runs, failures = source.runs(), source.failures()
    metric = source.config(0, 0).measure.success
    cases = _cases(source, runs, f"success_{metric}")
    grouped = _grouped(failures)
    varied = {key: [*dict.fromkeys(cases[key])] for key in source.varied}
    content = {
        "kind": "study",
        "name": study.name,
        "seed": study.seed,
        "learner": source.learner,
        "cases": len(study.cases),
        "replicates": study.replicates,
        "runs": ended.runs,
        "finished": ended.finished,
        "failed": ended.failed,
        "open": ended.open,
        "complete": source.complete,
        "failures": grouped,
        "varied": varied,
        "metric": metric,
        "final": [{name: _plain(value) for name, value in row.items()} for row in _rows(cases)],
    }
    lines = [
        f"{study.name}: {count(ended.runs, 'run')}, {count(len(study.cases), 'case')} x"
        f" {count(study.replicates, 'replicate')}, study seed {study.seed}, {source.learner}",
        f"  finished {ended.finished:,}, failed {ended.failed:,}, open {ended.open:,}"
        + (f" ({ended.held:,} being run)" if ended.held else ""),
        *stand_in_lines(_platforms(source)),
    ]
    for one in grouped[:_MOST_FAILURES]:
        lines.append(f"  failed: {one['count']:,} x {one['kind']}: {one['why']} ({one['first']})")
    if len(grouped) > _MOST_FAILURES:
        lines.append(f"  and {count(len(grouped) - _MOST_FAILURES, 'other kind')} of failure")
    lines += [f"  varied: {key} = {_values(values)}" for key, values in varied.items()]
    table = Table(title=f"means over replicates at the end; S is {metric}", title_justify="left")
    for name in cases:
        table.add_column(_TITLES.get(name, name), justify="right")
    for row in _rows(cases.head(_MOST)):
        table.add_row(*(_in_table(name, value) for name, value in row.items()))
    more = len(cases) - _MOST
    after = [f"and {count(more, 'case')} more: --json has them all"] if more > 0 else []
    return Shown(content, lines, table, _short(source.varied), after)


def _print_table(table: Table, short: dict[str, str]) -> None:
    """With whole names where they fit, and nothing cut where not even short ones do."""
    width, unbounded = Console(file=sys.stdout).width, Console(width=_WIDE)
    if unbounded.measure(table).maximum > width:
        for column in table.columns:
            column.header = short.get(str(column.header), column.header)
        width = max(width, unbounded.measure(table).maximum)
    Console(file=sys.stdout, width=width).print(table)


def _short(keys: Sequence[str]) -> dict[str, str]:
    """Last parts of keys; the whole key where another column is called so, too."""
    last = {key: key.rpartition(".")[2] for key in keys}
    taken = Counter([*last.values(), *_COLUMNS, *_TITLES.values()])
    return {key: part for key, part in last.items() if taken[part] == 1}


def _cases(source: StudySource, runs: pd.DataFrame, success: str) -> pd.DataFrame:
    """One row a case: its values, finished runs, mean α and S at the end."""
    study = source.study
    found = pd.DataFrame([{"case": c.number, **study.columns(c.number)} for c in study.cases])
    if not len(runs):
        return found.assign(runs=0, alpha=None, success=None)
    means = runs.groupby("case").agg(
        runs=("seed", "size"), alpha=("alpha", "mean"), success=(success, "mean")
    )
    joined = found.merge(means, left_on="case", right_index=True, how="left")
    return joined.assign(runs=joined["runs"].fillna(0).astype(int))


def _grouped(failures: pd.DataFrame) -> list[dict[str, Any]]:
    """Failures of one kind and reason together, most frequent first."""
    if not len(failures):
        return []
    groups = failures.groupby(["kind", "why"], sort=False, dropna=False)
    rows = [
        {
            "kind": kind,
            "why": why,
            "count": len(group),
            "first": f"{group['case'].iloc[0]}.{group['replicate'].iloc[0]}",
        }
        for (kind, why), group in groups
    ]
    return sorted(rows, key=_how_often, reverse=True)


def _how_often(row: dict[str, Any]) -> int:
    return int(row["count"])


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _values(values: list[Any]) -> str:
    some = ", ".join(_cell(value) for value in values[:_MOST_VALUES])
    more = len(values) - _MOST_VALUES
    return f"{some}, ... ({len(values)} values)" if more > 0 else some


def _in_table(name: str, value: Any) -> str:
    plain = _plain(value)
    return percent(plain) if name in ("alpha", "success") else _cell(plain)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if hasattr(value, "item") else value
