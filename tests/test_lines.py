"""What theory is told of a world: ξ, Δ, d(x), and where they come from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gigsim import GigEconomy
from gigsim.theory import (
    clopper_pearson,
    feature_label_bound,
    feature_only_bound,
    finite_sample_success_feature_only,
    wrong_label_margin,
)

Make = Callable[..., GigEconomy]


def test_the_law_is_known_where_the_language_never_writes_the_signal(make_toy: Make) -> None:
    lines = make_toy(**{"corpus.xi": 0.02}).lines
    known = lines.signals["top1"]
    assert known.xi_known
    assert known.xi == known.xi_upper == 0.02
    assert known.gap_kind == lines.source == "posterior"
    assert lines.bound(0.1, "top1") == lines.promise(0.1, "top1")


@pytest.mark.parametrize("reserve", [True, False])
def test_a_word_of_the_language_has_a_mass_of_its_own(make_toy: Make, reserve: bool) -> None:
    """Planted once at the end of a text, a common word is no unique signal."""
    model = make_toy(
        **{
            "collective.signal.token": "w3",
            "collective.signal.every": 1000,
            "collective.signal.reserve": reserve,
            "corpus.xi": 0.02,
        }
    )
    lines, stage = model.lines, model.stage
    known = lines.signals["any"]
    natural = int((stage.in_signal_set & ~stage.carriers).sum())
    size = len(model.population)
    assert natural > 0
    assert not known.xi_known
    assert known.xi == pytest.approx(0.02 + 0.98 * natural / size)
    limit = float(clopper_pearson(natural, size).high)
    assert known.xi_upper == pytest.approx(0.02 + 0.98 * limit)
    assert (known.gap, known.gap_kind, lines.source) == (1.0, "worst", "classifier")
    assert np.isnan(lines.p)
    # A promise is made at the upper limit, the line drawn at the estimate.
    assert lines.promise(0.3, "any") < lines.bound(0.3, "any") < 1


def test_a_text_that_is_cut_off_has_no_exact_posterior(make_toy: Make) -> None:
    model = make_toy(
        **{
            "platform.learner.kind": "transformer",
            "platform.learner.max_tokens": 20,
            "platform.learner.epochs": 1,
            "collective.signal.every": 5,
        }
    )
    assert model.lines.source == "classifier"
    # The floor of the label channel holds for any part of a text.
    assert model.lines.signals["any"].gap_kind == "posterior"
    assert model.lines.signals["any"].xi_known


def test_members_who_err_push_less(make_toy: Make) -> None:
    honest = make_toy().lines
    for label_sets in ("replace", "extend"):
        lines = make_toy(
            **{"collective.wrong_label": 0.2, "collective.label_sets": label_sets}
        ).lines
        assert set(lines.signals) == ({"any", "top1"} if label_sets == "replace" else {"any"})
        known = lines.signals["any"]
        margin = float(wrong_label_margin(0.2, "any", 10))
        assert lines.bound(0.1, "any") == pytest.approx(
            feature_label_bound(0.1, xi=known.xi, gap=known.gap, margin=margin)
        )
        for metric in lines.signals:
            assert lines.bound(0.1, metric) < honest.bound(0.1, metric)
            assert lines.theorem(metric) == "Theorem 1"
            curve, better = (
                found.expected([0.02, 0.05], metric, 0.01).mean for found in (lines, honest)
            )
            assert np.all(curve <= better)
    # An extended set may hold the target by itself: those who err harm it less.
    replaced = make_toy(**{"collective.wrong_label": 0.2}).lines
    grid = np.linspace(0.01, 0.1, 10)
    assert np.all(
        lines.expected(grid, "any", 0.01).mean >= replaced.expected(grid, "any", 0.01).mean
    )


def test_most_members_err_and_no_theorem_is_left(make_toy: Make) -> None:
    lines = make_toy(**{"collective.wrong_label": 0.6}).lines
    # Nine other labels share what goes wrong: the top label still has a margin.
    assert set(lines.signals) == {"top1"}
    assert np.isnan(lines.bound(0.5, "any"))
    assert np.isnan(lines.promise(0.5, "any"))
    assert lines.theorem("any") is None
    assert lines.bound(0.5, "top1") < 1
    assert list(lines.table([0.1]).columns) == [
        "alpha",
        "bound_top1",
        "bound_top1_low",
        "finite_top1",
        "finite_top1_sd",
        "finite_top1_low",
    ]
    with pytest.raises(KeyError):
        lines.expected(0.1, "any", 0.01)


@pytest.mark.parametrize("evasive", [False, True])
def test_feature_only_is_theorem_3_with_the_floor_of_the_law(make_toy: Make, evasive: bool) -> None:
    model = make_toy(
        **{
            "collective.strategy": "feature_only",
            "collective.evasive": evasive,
            "measure.success": "any",
            "corpus.xi": 0.001,
        }
    )
    lines = model.lines
    assert set(lines.signals) == {"any"}
    assert lines.theorem("any") == "Theorem 3"
    assert lines.theorem("top1") is None
    law, target = model.stage.supply.law, model.stage.target
    assert lines.p == law.floor(target) > 0
    alphas = np.array([0.0, 0.05, 0.5, 1.0])
    table = lines.table(alphas)
    expected = feature_only_bound(alphas, p=lines.p, xi=0.001, evasive=evasive)
    np.testing.assert_array_equal(table["bound_any"], expected)
    assert lines.promise(0.5, "any") == expected[2]
    assert np.isnan(lines.bound(0.5, "top1"))
    curve = finite_sample_success_feature_only(
        alphas,
        model.stage.supply.marginals[:, target],
        population=100,
        xi=0.001,
        base_rate=float(law.base_rates[target]),
        evasive=evasive,
    )
    np.testing.assert_array_equal(table["finite_any"], curve.mean)
    facts = lines.facts("top1")
    assert facts == lines.facts("any")
    assert (facts["xi"], facts["p"], facts["gap_kind"]) == (0.001, lines.p, "posterior")


def test_feature_only_without_a_floor_has_no_line(make_toy: Make) -> None:
    """A signal that is a word of the language: nothing is assumed of P0 where it stands."""
    model = make_toy(
        **{
            "collective.strategy": "feature_only",
            "collective.signal.token": "w3",
            "collective.signal.every": 1000,
            "measure.success": "any",
        }
    )
    lines = model.lines
    assert lines.signals == {}
    assert np.isnan(lines.p)
    assert np.isnan(lines.bound(0.5, "any"))
    assert list(lines.table([0.1, 0.2]).columns) == ["alpha"]
    facts = lines.facts("any")
    assert facts["xi"] > 0.01
    assert facts["gap"] == 1.0
