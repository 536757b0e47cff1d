"""``gigsim runs show STUDY``: how many runs are done, what varied, and the means of each case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from rich.table import Table

from gigsim.cli.output import count, percent
from gigsim.cli.replicates import stand_in_lines
from gigsim.cli.shown import MOST, Shown, cell, grouped, plain
from gigsim.config import Config
from gigsim.results.sources import StudySource

#: Values of a varied key, and kinds of failure, that people are shown.
_MOST_VALUES = 8
_MOST_FAILURES = 5
#: Columns of the table of cases beside the varied keys, and what people call them.
_COLUMNS = ("case", "runs", "alpha", "success")
_TITLES = {"alpha": "α", "success": "S"}


def shown_study(source: StudySource) -> Shown:
    """What became of a study."""
    study, ended = source.study, source.ended
    runs, failures = source.runs(), source.failures()
    metric = source.config(0, 0).measure.success
    cases = _cases(source, runs, f"success_{metric}")
    failed = grouped(failures)
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
        "failures": failed,
        "varied": varied,
        "metric": metric,
        "final": [{name: plain(value) for name, value in row.items()} for row in _rows(cases)],
    }
    lines = [
        f"{study.name}: {count(ended.runs, 'run')}, {count(len(study.cases), 'case')} x"
        f" {count(study.replicates, 'replicate')}, study seed {study.seed}, {source.learner}",
        f"  finished {ended.finished:,}, failed {ended.failed:,}, open {ended.open:,}"
        + (f" ({ended.held:,} being run)" if ended.held else ""),
        *stand_in_lines(_platforms(source)),
    ]
    for one in failed[:_MOST_FAILURES]:
        lines.append(f"  failed: {one['count']:,} x {one['kind']}: {one['why']} ({one['first']})")
    if len(failed) > _MOST_FAILURES:
        lines.append(f"  and {count(len(failed) - _MOST_FAILURES, 'other kind')} of failure")
    lines += [f"  varied: {key} = {_values(values)}" for key, values in varied.items()]
    table = Table(title=f"means over replicates at the end; S is {metric}", title_justify="left")
    for name in cases:
        table.add_column(_TITLES.get(name, name), justify="right")
    for row in _rows(cases.head(MOST)):
        table.add_row(*(_in_table(name, value) for name, value in row.items()))
    more = len(cases) - MOST
    after = [f"and {count(more, 'case')} more: --json has them all"] if more > 0 else []
    return Shown(content, lines, table, _short(source.varied), after)


def _platforms(source: StudySource) -> Iterator[Config]:
    """Configs that hold all the platforms of a study; of very many cases those of the first."""
    study = source.study
    varied = any(key.startswith("platform.learner") for key in source.varied)
    # As where the kind of learner is asked for: each config takes milliseconds.
    for case in study.cases[: 1000 if varied else 1]:
        yield study.case_config(case.number)


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


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _values(values: list[Any]) -> str:
    some = ", ".join(cell(value) for value in values[:_MOST_VALUES])
    more = len(values) - _MOST_VALUES
    return f"{some}, ... ({len(values)} values)" if more > 0 else some


def _in_table(name: str, value: Any) -> str:
    if name in ("alpha", "success"):
        return percent(plain(value))
    return cell(plain(value))
