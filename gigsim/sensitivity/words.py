"""Indices for people: a table an outcome, and what is to be known of it."""

from __future__ import annotations

import math

import pandas as pd

from gigsim.sensitivity.analysis import Analysis, Summary
from gigsim.sensitivity.figure import best
from gigsim.sensitivity.settings import MorrisMethod

#: Parameters, and pairs, that a table shows.
_MOST = 30


def lines_of(analysis: Analysis) -> list[str]:
    """A few lines an outcome, a row a parameter, the most important first."""
    lines = [f"{analysis.plan.name}: {analysis.plan.words()}"]
    for summary in analysis.summaries:
        own = analysis.table[analysis.table["outcome"] == summary.outcome]
        lines += ["", *_heading(summary, analysis.plan.study.replicates)]
        if summary.missing:
            continue
        morris = isinstance(analysis.plan.settings, MorrisMethod)
        lines += _morris(own) if morris else _sobol(own)
    return lines


def _heading(summary: Summary, replicates: int) -> list[str]:
    lines, shares = [summary.outcome], summary.shares
    if shares is not None:
        lines[0] += f": mean {shares.mean:.4g}"
        where = " over the grid's points" if shares.over == "grid" else ""
        if math.isfinite(shares.share):
            lines[0] += f", sd of a run {math.sqrt(max(0.0, shares.parameters + shares.seeds)):.3g}"
            lines.append(f"  seeds alone: {shares.share:.1%} of the variance of a run{where}")
            if math.isfinite(shares.share_low):
                lines[-1] += f" (95 %: {shares.share_low:.1%} to {shares.share_high:.1%})"
            if math.isfinite(shares.in_means):
                luck = max(0.0, shares.in_means)
                lines[-1] += f"; {luck:.1%} of that of the means of {replicates}"
        lines[0] += f",{where}" if where else ""
    return [*lines, *(f"  note: {note}" for note in summary.notes)]


def _sobol(own: pd.DataFrame) -> list[str]:
    single = own[own["other"].isna()]
    if not single["ST"].notna().any():
        return []
    first, total = best(single, "S1"), best(single, "ST")
    clean = "" if total == "ST" else "  (luck taken out)"
    rows = single.sort_values(total, ascending=False).head(_MOST)
    names = rows["parameter"].tolist()
    lines = _table(
        ["parameter", "S1", "95 %", "ST", "95 %"],
        [names, *_with_interval(rows, first), *_with_interval(rows, total)],
    )
    lines[0] += clean
    pairs = own[own["other"].notna()]
    if len(pairs):
        name = best(pairs, "S2")
        top = pairs.sort_values(name, ascending=False).head(_MOST)
        both = [f"{a} x {b}" for a, b in zip(top["parameter"], top["other"], strict=True)]
        lines += _table(["pair", "S2", "95 %"], [both, *_with_interval(top, name)])
    return lines


def _morris(own: pd.DataFrame) -> list[str]:
    rows = own.sort_values("mu_star", ascending=False).head(_MOST)
    header = ["parameter", "μ*", "95 %", "μ", "σ", "μ* of luck"]
    sigma = "sigma_corrected" if rows["sigma_corrected"].notna().any() else "sigma"
    cells = [
        rows["parameter"].tolist(),
        *_with_interval(rows, "mu_star"),
        *([_number(value) for value in rows[name]] for name in ("mu", sigma, "mu_star_luck")),
    ]
    return _table(header, cells)


def _with_interval(rows: pd.DataFrame, name: str) -> tuple[list[str], list[str]]:
    ends = zip(rows[f"{name}_low"], rows[f"{name}_high"], strict=True)
    return (
        [_number(value) for value in rows[name]],
        ["-" if math.isnan(low) else f"{_number(low)} to {_number(high)}" for low, high in ends],
    )


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    # Not -0.000.
    value = 0.0 if abs(value) < 5e-4 else value
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.4g}"


def _table(header: list[str], columns: list[list[str]]) -> list[str]:
    """Rows of text, the first column to the left, the others to the right."""
    whole = [[name, *cells] for name, cells in zip(header, columns, strict=True)]
    wide = [max(map(len, column)) for column in whole]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, wide, strict=True))
        )
        for row in zip(*whole, strict=True)
    ]
