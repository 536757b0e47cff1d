"""What is said of an outcome: tables, notes and figures of values that are made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gigsim.sensitivity.analysis import Analysis, analyse
from gigsim.sensitivity.figure import sensitivity_figure
from gigsim.sensitivity.outcomes import Outcome, Values
from gigsim.sensitivity.plan import Plan, load_plan
from gigsim.sensitivity.words import lines_of
from tests.sensitivity.worlds import quick_sensitivity

LEAK, FIRST = "collective.leak", "collective.first_movers"
Made = Callable[..., Analysis]


def places(plan: Plan) -> np.ndarray:
    """Of each case, the place of one of its points; shape (cases, D)."""
    found = np.empty((len(plan.study.cases), len(plan.parameters)))
    found[plan.case] = plan.points
    return found


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """An analysis of as many seeds of each case, of outcomes whose numbers a function makes."""

    def make(
        values: Callable[[Outcome, np.ndarray, int], Values], replicates: int = 3, **table: object
    ) -> Analysis:
        settings = {"samples": 64, "second_order": True, "outcomes": ["alpha"]}
        study = quick_sensitivity({**settings, **table}, replicates=replicates)
        study["sensitivity"] = {k: v for k, v in study["sensitivity"].items() if v is not None}
        plan = load_plan(study)
        monkeypatch.setattr(
            "gigsim.sensitivity.analysis.values_of",
            lambda folder, study, which: values(which, places(plan), replicates),
        )
        counts = SimpleNamespace(finished=plan.study.runs, failed=0)
        monkeypatch.setattr("gigsim.sensitivity.analysis.read_counts", lambda folder: counts)
        return analyse(plan, Path("nowhere"))

    return make


def lucky(which: Outcome, x: np.ndarray, replicates: int) -> Values:
    """What leak does alone, and with first movers, and luck."""
    rng = np.random.default_rng(1)
    signal = 4 * x[:, 0] + 12 * (x[:, 0] - 0.5) * (x[:, 1] - 0.5)
    return Values(signal[:, None] + rng.normal(size=(len(x), replicates)))


def test_people_are_told_what_matters_first(made: Made) -> None:
    analysis = made(lucky)
    assert [*analysis.table["parameter"]] == [LEAK, FIRST, LEAK]
    assert analysis.table["other"].fillna("").tolist() == ["", "", FIRST]
    lines = lines_of(analysis)
    assert lines[2].startswith("alpha: mean ")
    assert lines[3].startswith("  seeds alone: ")
    assert "of that of the means of 3" in lines[3]
    assert "grid" not in lines[2] + lines[3]
    header = next(number for number, line in enumerate(lines) if "ST" in line)
    assert lines[header].endswith("(luck taken out)")
    assert lines[header + 1].split()[0] == LEAK
    assert lines[header + 2].split()[0] == FIRST
    assert f"{LEAK} x {FIRST}" in lines[-1]
    figure = sensitivity_figure(analysis)
    (axes,) = figure.axes
    assert axes.get_yticklabels()[0].get_text() == LEAK
    assert axes.get_xlabel() == "share of the variance, luck taken out"
    assert "seeds alone" in axes.get_title(loc="left")


def test_one_seed_a_point(made: Made) -> None:
    analysis = made(lucky, replicates=1)
    (summary,) = analysis.summaries
    assert summary.notes == (
        "one seed a point: what luck does is in the indices, and how much not known",
    )
    assert "seeds alone" not in "\n".join(lines_of(analysis))
    assert sensitivity_figure(analysis).axes[0].get_xlabel().endswith("luck in it")
    found = json.loads(json.dumps(analysis.as_json(), allow_nan=False))
    assert found["outcomes"][0]["shares"]["share"] is None
    assert "S1_corrected" not in found["indices"][0]


def test_nothing_but_luck(made: Made) -> None:
    def values(which: Outcome, x: np.ndarray, replicates: int) -> Values:
        # No mean over seeds differs from another.
        luck = np.random.default_rng(2).normal(size=(len(x), replicates))
        return Values(luck - luck.mean(1, keepdims=True) + 1e-9 * luck)

    (summary,) = made(values).summaries
    assert summary.shares is not None
    assert summary.shares.parameters < 0
    assert summary.shares.share == 1.0
    assert summary.notes == (
        "what the parameters do cannot be told from luck: no corrected indices",
    )


def test_what_is_constant_missing_or_censored(made: Made) -> None:
    def values(which: Outcome, x: np.ndarray, replicates: int) -> Values:
        shape = (len(x), replicates)
        if which.column == "alpha":
            return Values(np.full(shape, 0.5))
        if which.censored:
            return Values(np.round(9 * x[:, [0]]) * np.ones(shape), 17, 8)
        lacking = np.ones(shape)
        lacking[0, 0] = np.nan
        return Values(lacking)

    analysis = made(values, outcomes=["alpha", "tipping_period", "max(gain)"])
    alpha, tipping, gain = analysis.summaries
    runs = alpha.runs
    assert alpha.notes == ("it is the same at all points: no indices",)
    assert tipping.notes == (
        f"a period that had not come by the end counts as 9: 17 of {runs:,} runs",
    )
    assert gain.notes == (f"1 of {runs:,} runs have no such number: no indices",)
    assert gain.shares is None
    by_name = analysis.table.set_index("outcome")
    assert by_name.loc[["alpha", "max(gain)"], ["S1", "ST"]].isna().all(axis=None)
    assert by_name.loc["tipping_period", "S1"].notna().any()
    lines = lines_of(analysis)
    assert lines[-2:] == ["max(gain)", f"  note: {gain.notes[0]}"]
    texts = [text.get_text() for axes in sensitivity_figure(analysis).axes for text in axes.texts]
    assert texts == ["no indices", "no indices"]


def test_morris_for_people(made: Made) -> None:
    analysis = made(
        lucky, method="morris", trajectories=12, samples=None, second_order=None, levels=6
    )
    lines = lines_of(analysis)
    assert lines[0].startswith("quick: morris, 12 trajectories x 3 = 36 points")
    # A share of a variance that is not that over the laws does not go without saying so.
    assert lines[2].endswith(", over the grid's points")
    assert "of the variance of a run over the grid's points" in lines[3]
    title = sensitivity_figure(analysis).axes[0].get_title(loc="left")
    assert title.endswith("of a run's variance over the grid's points")
    assert lines[-3].split()[:2] == ["parameter", "μ*"]
    assert lines[-2].split()[0] == LEAK
    labels = sensitivity_figure(analysis).axes[0].get_legend_handles_labels()[1]
    assert "μ* of luck alone" in labels
