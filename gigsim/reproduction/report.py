"""The report of a reproduction: what was expected, what came out, and how sure it is.

No clocks and no paths: of the same rows the report has the same words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from gigsim.reproduction.about import Made
from gigsim.reproduction.catalogue import EXPERIMENTS, OURS, verdicts
from gigsim.reproduction.figure import Grids, experiment_figure
from gigsim.reproduction.found import Found
from gigsim.reproduction.names import with_parts
from gigsim.reproduction.setting import HELD_OUT
from gigsim.reproduction.verdict import Verdict

REPORT, VERDICTS = "reproduction.md", "verdicts.json"

_HEAD = """# Reproduction

Written by `gigsim reproduce`. Every hypothesis, with its direction and the rule of its verdict, is
written down in `gigsim/reproduction/`, final before any run of the reference scale; what was
changed after a look at rows of the quick scale is in `docs/reproduction.md`. *Confirmed* and
*contrary* are what the rule says; *not shown* is everything else: too little evidence, or a
mixture. Numbers in square brackets are 95 % intervals: seeds are the units (Student's t), and the
error of the held-out resumes, in clusters of near-duplicates, is in them (`docs/reproduction.md`).
U(0) is how often the label is given without a signal and without a collective; *half-way* is
U(0) + (1 − U(0))/2.
"""


def markdown(
    rows: pd.DataFrame,
    found: Sequence[Verdict],
    figures: Mapping[str, str] | None = None,
    *,
    made: Mapping[str, Made] | None = None,
) -> str:
    """The report.

    Args:
        rows: of ``curve.parquet``.
        found: the verdicts on them.
        figures: by experiment, how the report refers to its figure.
        made: by step, what its rows were made of: all of one scale and of the same resumes.
    """
    named = with_parts(rows)
    about = next((one.about.text() for one in (made or {}).values()), "")
    parts = [_HEAD, f"**{about[0].upper()}{about[1:]}.**\n" if about else "", _overview(found)]
    for name in EXPERIMENTS:
        own = [verdict for verdict in found if verdict.experiment == name]
        if own:
            here = named[named["experiment"] == name]
            parts.append(_chapter(name, here, own, (figures or {}).get(name)))
    if made:
        parts.append(_origins(named, made))
    return "\n".join(part for part in parts if part)


def write_report(
    folder: Path,
    rows: pd.DataFrame,
    grids: Grids | None = None,
    *,
    made: Mapping[str, Made] | None = None,
    dots: int = 110,
) -> list[Path]:
    """Write ``reproduction.md``, ``verdicts.json`` and a figure an experiment into a folder.

    Args:
        folder: that exists.
        rows: of ``curve.parquet``, of whole experiments.
        grids: of ``figure.experiment_figure``.
        made: by step, what its rows were made of.
        dots: an inch.

    Returns:
        The files.

    Raises:
        ValueError: curves of an experiment are missing.
    """
    found = verdicts(rows)
    written, figures = [], {}
    for name in dict.fromkeys(verdict.experiment for verdict in found):
        path = folder / f"{name}.png"
        # Without the library's version the same figure has the same bytes.
        experiment_figure(name, rows, grids).savefig(path, dpi=dots, metadata={"Software": None})
        figures[name] = path.name
        written.append(path)
    report, plain = folder / REPORT, folder / VERDICTS
    report.write_text(markdown(rows, found, figures, made=made), encoding="utf-8")
    said = [verdict.as_json() for verdict in found]
    plain.write_text(f"{json.dumps(said, indent=1, ensure_ascii=False)}\n", encoding="utf-8")
    return [report, plain, *written]


def lines(found: Sequence[Verdict]) -> list[str]:
    """The verdicts for people, a short paragraph each."""
    return [
        f"{v.experiment}, {v.learner}, {v.target}: {v.outcome.upper()} ({v.statistic}). {v.text}"
        for v in found
    ]


def _origins(rows: pd.DataFrame, made: Mapping[str, Made]) -> str:
    """What the report is about, step by step."""
    about = next(iter(made.values())).about
    lines = [
        "## What this is about",
        "",
        f"- Scale: {about.scale}.",
        f"- Resumes: {about.origin}." + (f" File: {about.digest}." if about.digest else ""),
        f"- N: {about.people:,} resumes of a training.",
        f"- Held out: {about.held_out:,} resumes, on which S and accuracy are measured.",
    ]
    exact = rows[rows["learner"] == "bayes"]
    if len(exact):
        some = exact[exact["alpha"] > 0]
        people = round(float((some["members"] / some["alpha"]).median()))
        lines.append(
            f"- `bayes` is always on the built-in language, N = {people:,}, {HELD_OUT:,} held out."
        )
    lines += ["", "| step | plans | other than the experiments' own | trained by |"]
    lines.append("| --- " * 4 + "|")
    for step, one in made.items():
        changed = ", ".join(f"`{key} = {value}`" for key, value in sorted(one.changed.items()))
        lines.append(f"| {step} | {', '.join(one.plans)} | {changed} | {_trained_by(one)} |")
    return "\n".join([*lines, ""])


def _trained_by(made: Made) -> str:
    known = made.trained_by
    versions = known.get("versions", {})
    words = [f"{name} {versions[name]}" for name in ("gigsim", "torch") if name in versions]
    if known.get("commit"):
        words.insert(min(1, len(words)), f"commit {known['commit'][:12]}")
    return ", ".join(words)


def _overview(found: Sequence[Verdict]) -> str:
    head = "| experiment | learner | target | number | value [95 %] | verdict |\n" + "| --- " * 6
    rows = [
        f"| {v.experiment} | `{v.learner}` | {v.target} | {v.statistic} | {_value(v)} |"
        f" {v.outcome} |"
        for v in found
    ]
    return "\n".join([f"{head}|", *rows, ""])


def _value(verdict: Verdict) -> str:
    if verdict.statistic.startswith("α at which"):
        return verdict.estimate.text(100, unit=" %")
    if verdict.statistic.startswith("mean S"):
        return verdict.estimate.share_text()
    return verdict.estimate.text()


def _chapter(name: str, rows: pd.DataFrame, found: Sequence[Verdict], figure: str | None) -> str:
    experiment = EXPERIMENTS[name]
    said, expected = experiment.PAPER, experiment.EXPECTED
    lines = [f"## {experiment.TITLE} (`{name}`)", ""]
    who = "Before us" if name in OURS else "The paper reports"
    lines += [f"{who}: {said.text}. Source: {said.source}.", ""]
    lines += [
        f"Expected: {expected.direction}. Number: {expected.statistic}. Confirmed if"
        f" {expected.confirmed}; contrary if {expected.contrary}; else not shown.",
        "",
    ]
    if figure:
        lines += [f"![{experiment.TITLE}]({figure})", ""]
    for verdict in found:
        lines.append(
            f"- **{verdict.outcome}**, `{verdict.learner}`, {verdict.target}: {verdict.text}"
        )
    lines += ["", *_table(name, rows), ""]
    return "\n".join(lines)


def _table(name: str, rows: pd.DataFrame) -> list[str]:
    """Every curve with what is read off it."""
    lines = [
        "| curve | learner | target | trainings | U(0) | accuracy | α half-way | S at the end |",
        "| --- " * 8 + "|",
    ]
    for (learner, target), group in rows.groupby(["learner", "target"], sort=False):
        found = Found(name, str(learner), str(target), group)
        for variant in found.variants:
            own = group[group["variant"] == variant]
            for number in sorted(own["retraining"].unique()):
                climb = found.climb(variant, retraining=int(number))
                clean = own[own["members"] == 0]
                base = f"{climb.base:.3f}" if len(clean) else ""
                accuracy = f"{clean['accuracy'].mean():.3f}" if len(clean) else ""
                half = (
                    climb.mass(climb.part_way(0.5)).estimate().text(100, unit=" %")
                    if len(clean)
                    else ""
                )
                last = climb.at(float(climb.sizes[-1])).share_text()
                called = variant if number == 1 else f"{variant}, retraining {number}"
                lines.append(
                    f"| {called} | `{learner}` | {target} | {own['training'].nunique()} | {base} |"
                    f" {accuracy} | {half} | {last} at {100 * climb.sizes[-1]:g} % |"
                )
    return lines
