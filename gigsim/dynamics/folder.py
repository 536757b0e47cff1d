"""What ``gigsim tip`` writes: one folder that appears whole or not at all."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from gigsim.config import Config, dumps
from gigsim.runs import provenance, run_name, write_json, write_table, write_whole


def save(
    out: Path,
    kind: str,
    config: Config,
    summary: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    figure: Figure | None,
) -> Path:
    """Write results.

    Args:
        out: the folder that holds runs.
        kind: of question, in the folder's name: ``critical-mass``, ``hysteresis``, ``times``.
        config: the society that was asked about.
        summary: for ``summary.json``; NaN and infinities become null.
        tables: by name without ending; each a Parquet and a CSV file.
        figure: for ``<kind>.png``.

    Returns:
        The folder.

    Raises:
        InputError: ``out`` cannot be written to.
    """

    def write(folder: Path) -> None:
        (folder / "config.toml").write_text(dumps(config), encoding="utf-8")
        write_json(plain({"kind": kind, **summary}), folder / "summary.json")
        write_json(provenance(config, "none", sys.argv), folder / "provenance.json")
        for name, table in tables.items():
            write_table(table, folder / f"{name}.parquet")
            table.to_csv(folder / f"{name}.csv", index=False)
        if figure is not None:
            figure.savefig(folder / f"{kind}.png", dpi=150)

    stamp, _, rest = run_name(config).partition("-")
    return write_whole(out, f"{stamp}-tip-{kind}-{rest}", write)


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
