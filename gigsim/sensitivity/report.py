"""What is written beside the runs: indices as tables and JSON, and the figure."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gigsim.runs import write_json, write_table
from gigsim.sensitivity.analysis import Analysis, analyse
from gigsim.sensitivity.figure import sensitivity_figure
from gigsim.sensitivity.library import salib_version
from gigsim.sensitivity.plan import Plan
from gigsim.store.index import explained

TABLE_FILE, CSV_FILE = "sensitivity.parquet", "sensitivity.csv"
JSON_FILE, FIGURE_FILE = "sensitivity.json", "sensitivity.png"


def write_report(folder: Path, plan: Plan) -> Analysis:
    """Analyse the runs of a folder and write what comes of it; each file whole or not at all.

    Called again it writes the same bytes.

    Raises:
        InputError: a run has no result; the folder is damaged or cannot be written to; SALib is
            not installed.
    """
    found = analyse(plan, folder)
    content = {**found.as_json(), "salib": salib_version()}
    figure = sensitivity_figure(found)
    files: tuple[tuple[str, Callable[[Path], None]], ...] = (
        (TABLE_FILE, lambda at: write_table(found.table, at)),
        (CSV_FILE, lambda at: found.table.to_csv(at, index=False, lineterminator="\n")),
        (JSON_FILE, lambda at: write_json(content, at)),
        (
            FIGURE_FILE,
            lambda at: figure.savefig(at, dpi=150, format="png", metadata={"Software": None}),
        ),
    )
    with explained(folder):
        for name, write in files:
            partial = folder / f".{name}.partial-{os.getpid()}"
            write(partial)
            partial.replace(folder / name)
    return found
