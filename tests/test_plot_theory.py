"""Which lines of theory a figure has: what applies to strategy and learner, nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.figure import Figure

from gigsim import GigEconomy
from gigsim.plots import overview, success_against_alpha
from gigsim.plots.theory import theory_lines
from gigsim.runs import load_run, tables_of
from tests.conftest import REPOSITORY

Make = Callable[..., GigEconomy]

DERIVED = "Theorem 5, derived form"
ANY, EXTEND = {"measure.success": "any"}, {"collective.label_sets": "extend"}
CELLS = {"corpus.language": "", "corpus.cells": 30}
LABEL: dict[str, Any] = {}
ONLY = {"collective.strategy": "feature_only"}
UNPLANTING = {"collective.strategy": "unplanting"}
ERASURE = {"collective.strategy": "erasure", "collective.signal.token": "w3", "corpus.xi": 0.0}
TABLE = {"platform.learner.kind": "table"}
BAYES = {"platform.learner.kind": "bayes"}
LINEAR = {"platform.learner.kind": "linear"}

BOUND, FINITE, EXACT = "nominal: infinite data", "expected at N", "exact: the Bayes classifier"
ESTIMATE = "estimate: a Bayes classifier"

#: Keys, the theorem's name ("" for none), other lines, what the note says ("" for no note).
FIGURES: list[tuple[dict[str, Any], str, set[str], str]] = [
    (LINEAR | LABEL, "Theorem 1", {FINITE}, ""),
    (BAYES | LABEL, "Theorem 1", {EXACT}, ""),
    (TABLE | LABEL | CELLS, "Theorem 1", {FINITE}, ""),
    # Texts of the language are all different: no law of its counts is known.
    (TABLE | LABEL, "Theorem 1", set(), ""),
    (LINEAR | LABEL | EXTEND, "", set(), "the top label of extended label sets"),
    (BAYES | LABEL | EXTEND, "", {EXACT}, "the top label of extended label sets"),
    (LINEAR | LABEL | EXTEND | ANY, "Theorem 1", {FINITE}, ""),
    (LINEAR | LABEL | {"collective.wrong_label": 0.2}, "Theorem 1", {FINITE}, ""),
    (LINEAR | ONLY | ANY, "Theorem 3", {FINITE}, ""),
    (LINEAR | ONLY, "", set(), "the top label of feature-only planting"),
    (BAYES | ONLY | ANY, "Theorem 3", {EXACT}, ""),
    (BAYES | ONLY, "", {EXACT}, "the top label of feature-only planting"),
    (TABLE | ONLY | ANY | CELLS, "Theorem 3", set(), ""),
    (
        LINEAR | ONLY | ANY | {"collective.signal.token": "w3", "collective.signal.every": 1000},
        "Theorem 3, quantile form",
        {FINITE},
        "",
    ),
    (LINEAR | UNPLANTING, "Theorem 1 for unplanting", {FINITE}, ""),
    (LINEAR | UNPLANTING | {"collective.adaptive": True}, "Theorem 1 for unplanting", {FINITE}, ""),
    (BAYES | UNPLANTING, "Theorem 1 for unplanting", {EXACT}, ""),
    (TABLE | UNPLANTING | CELLS, "Theorem 1 for unplanting", set(), ""),
    (LINEAR | UNPLANTING | EXTEND, "", set(), "the top label of extended label sets"),
    (BAYES | UNPLANTING | EXTEND, "", set(), "the top label of extended label sets"),
    (BAYES | UNPLANTING | EXTEND | ANY, "Theorem 1 for unplanting", {EXACT}, ""),
    (LINEAR | ERASURE, DERIVED, {EXACT}, ""),
    (BAYES | ERASURE, DERIVED, {EXACT}, ""),
    (TABLE | ERASURE, DERIVED, {EXACT}, ""),
    (BAYES | ERASURE | EXTEND | ANY, DERIVED, {EXACT}, ""),
    (BAYES | ERASURE | EXTEND, "", {EXACT}, "the top label of extended label sets"),
    (BAYES | ERASURE | ANY, "", {EXACT}, "whether y* is in the set where members report one"),
    (LINEAR | {"collective.strategy": "gradient_cancelling"}, "", set(), "Theorem 7 speaks of"),
    (LINEAR | {"collective.strategy": "label_only"}, "", set(), "Theorem 7 speaks of"),
]


FEW = {
    "population.size": 60,
    "collective.first_movers": 12,
    "corpus.test_size": 40,
    "corpus.xi": 0.05,
    "measure.reference": 0,
}


def ran(make_toy: Make, keys: dict[str, Any]) -> GigEconomy:
    model = make_toy(**FEW | {"run.periods": 2} | keys)
    model.run()
    return model


def drawn(model: GigEconomy, theory: pd.DataFrame | None = None) -> Axes:
    axes = Figure().subplots()
    table = tables_of(model)["theory"] if theory is None else theory
    theory_lines(axes, model.config, model.retrainings, table)
    return axes


def said(axes: Axes) -> list[str]:
    """The legend, an entry a line."""
    return [" ".join(text.split()) for text in axes.get_legend_handles_labels()[1]]


@pytest.mark.parametrize(("keys", "theorem", "others", "note"), FIGURES)
def test_just_what_applies_is_drawn(
    make_toy: Make, keys: dict[str, Any], theorem: str, others: set[str], note: str
) -> None:
    model = ran(make_toy, keys)
    axes = drawn(model)
    legend, metric = said(axes), model.config.measure.success
    table = tables_of(model)["theory"].iloc[1:]
    lines = {str(line.get_label()): line for line in axes.get_lines()}

    def line(words: str) -> Any:
        (found,) = [line for label, line in lines.items() if words in " ".join(label.split())]
        return found

    found = {kind for kind in (FINITE, EXACT) if any(kind in entry for entry in legend)}
    assert found == others
    assert (f"bound_{metric}" in table) == bool(theorem)
    assert model.retrainings[f"theorem_{metric}"].unique().tolist() == [theorem]
    if theorem:
        assert not any("no theorem" in entry for entry in legend)
        nominal = line(f"{theorem}, {BOUND}")
        assert np.array_equal(nominal.get_xdata(), table["alpha"])
        assert np.array_equal(nominal.get_ydata(), table[f"bound_{metric}"].clip(lower=0))
        assert any("ε = 0" in entry and "may fall below" in entry for entry in legend)
    else:
        assert not any(BOUND in entry for entry in legend)
        assert sum(note in entry for entry in legend) == 1
    for kind, column in ((FINITE, f"finite_{metric}"), (EXACT, f"exact_{metric}")):
        assert (column in table) == (kind in others)
        if kind in others:
            assert np.array_equal(line(kind).get_ydata(), table[column])
    # The band of a number that was estimated, and the spread over populations; no others.
    bands = [c for c in axes.collections if isinstance(c, FillBetweenPolyCollection)]
    estimated = f"bound_{metric}_low" in table and bool(
        (
            table[f"bound_{metric}_low"].clip(lower=0)
            < table[f"bound_{metric}"].clip(lower=0) - 1e-9
        ).any()
    )
    assert len(bands) == int(estimated) + int(FINITE in others)
    if estimated:
        what = "τ and e" if theorem == DERIVED else "ξ"
        whose = "their" if " and " in what else "its"
        assert any(f"{theorem}, {what} up to {whose} 95 % limit" in entry for entry in legend)


def test_where_the_numbers_are_from_is_said(make_toy: Make) -> None:
    for keys, origin in ((BAYES, "the exact posterior"), (LINEAR, "the clean classifier")):
        # By chance as well, and the law is no longer known; the exact platform then has none.
        spread = {"corpus.xi": 0.05} if keys is LINEAR else {}
        legend = said(drawn(ran(make_toy, keys | ERASURE | spread)))
        (entry,) = [e for e in legend if BOUND in e and "limit" not in e]
        assert origin in entry
        # Steps of the clean classifier's posterior are no exact ones, and are not called so.
        (entry,) = [e for e in legend if EXACT in e or ESTIMATE in e]
        assert (
            entry == EXACT + " of the law" if keys is BAYES else "the clean classifier's" in entry
        )
        assert ("exact" in entry) == (keys is BAYES)
    posterior = said(drawn(ran(make_toy, LINEAR | LABEL)))
    assert not any("its numbers from" in entry for entry in posterior), "Δ and ξ are the law's"


def test_how_far_a_model_was_is_said_of_the_last_retraining(make_toy: Make) -> None:
    model = ran(make_toy, {"collective.strategy": "gradient_cancelling"})
    (entry,) = [e for e in said(drawn(model)) if "Theorem 7" in e]
    last = model.retrainings.iloc[-1]
    assert f"at the end {last['target_distance']:.3g} (" in entry
    assert f"at most {last['target_distance_bound']:.3g};" in entry
    assert f"from the weights of period 0 {last['target_distance_start']:.3g})" in entry
    assert "no theorem" not in entry


@pytest.mark.parametrize(
    "keys", [ERASURE, UNPLANTING | EXTEND, {"collective.strategy": "label_only"}]
)
def test_the_whole_figure_draws_without_a_warning(make_toy: Make, keys: dict[str, Any]) -> None:
    model = ran(make_toy, keys)
    tables = tables_of(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = overview(model.config, tables["periods"], tables["retrainings"], tables["theory"])
        figure.canvas.draw()
    assert len(figure.axes) == 4


@pytest.mark.parametrize(
    "keys",
    [
        *(BAYES | keys for keys in (LABEL, ONLY, UNPLANTING, ERASURE)),
        *(BAYES | keys | EXTEND for keys in (LABEL, UNPLANTING, ERASURE)),
        *(LINEAR | {"collective.strategy": name} for name in ("gradient_cancelling", "label_only")),
    ],
)
def test_a_run_that_has_not_begun_has_a_figure(make_toy: Make, keys: dict[str, Any]) -> None:
    """Nobody follows yet: no point, and for some strategies no line either."""
    model = make_toy(**FEW | keys)
    tables = tables_of(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure()
        axes = figure.subplots()
        success_against_alpha(axes, model.config, tables["retrainings"], tables["theory"])
        figure.canvas.draw()
    left, right = axes.get_xlim()
    assert axes.get_xscale() == "log"
    assert 0 < left <= 1 / 60 < right
    assert any(text.get_text().startswith("U(0) = ") for text in axes.texts)


def test_a_high_level_is_named_under_its_line(make_toy: Make) -> None:
    """To unplant, U(0) is near 1: above the line are the points."""
    model = make_toy(**FEW | UNPLANTING)
    tables = tables_of(model)
    for level, under in ((0.2, False), (0.84, False), (0.97, True)):
        axes = Figure().subplots()
        first = tables["retrainings"].assign(clean_top1=level)
        success_against_alpha(axes, model.config, first, tables["theory"])
        (text,) = [t for t in axes.texts if t.get_text().startswith("U(0)")]
        assert text.get_text() == f"U(0) = {level:.2f}"
        assert text.get_verticalalignment() == ("top" if under else "bottom")


def test_the_bound_for_this_very_classifier_is_a_mark_a_retraining(make_toy: Make) -> None:
    """Only where ε is certified: a fitted ε would meet the measured S by construction."""
    words = "the bound for this classifier's own ε"
    for keys, there in (
        (LINEAR, True),
        (TABLE | CELLS, True),
        (LINEAR | {"measure.certificate": 0}, False),
        (LINEAR | UNPLANTING, True),
        (LINEAR | UNPLANTING | {"collective.adaptive": True}, False),
        (BAYES, False),
        (LINEAR | ERASURE, False),
    ):
        model = ran(make_toy, keys)
        axes, metric = Figure().subplots(), model.config.measure.success
        table = tables_of(model)["theory"]
        success_against_alpha(axes, model.config, model.retrainings, table)
        marks = [line for line in axes.get_lines() if words in str(line.get_label())]
        assert len(marks) == there
        if there:
            rows = model.retrainings[model.retrainings["alpha_effective"] > 0]
            assert np.array_equal(marks[0].get_xdata(), rows["alpha_effective"])
            certified = rows[f"bound_epsilon_{metric}"].clip(lower=0)
            assert np.array_equal(marks[0].get_ydata(), certified)


def test_a_run_that_was_recorded_before_is_drawn_as_it_was() -> None:
    """Its tables quote no theorem by name and no ε."""
    run = load_run(REPOSITORY / "tests" / "fixtures" / "run-schema-1")
    assert "theorem_any" not in run.retrainings
    figure = overview(run.config, run.periods, run.retrainings, run.theory)
    figure.canvas.draw()
    (panel,) = [a for a in figure.axes if "Success against the size" in a.get_title(loc="left")]
    legend = said(panel)
    assert any(f"Theorem 1, {BOUND}" in entry for entry in legend)
    assert any(FINITE in entry for entry in legend)
    assert not any("own ε" in entry for entry in legend)
