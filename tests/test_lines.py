"""What theory is told of a world: ξ, Δ, d(x), and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gigsim import GigEconomy
from gigsim.coverage import certificates
from gigsim.lines import METRICS
from gigsim.theory import (
    clopper_pearson,
    feature_label_bound,
    feature_only_bound,
    finite_sample_success,
    finite_sample_success_feature_only,
    wrong_label_margin,
)
from gigsim.theory.certificates import ErasingCertificate
from gigsim.theory.erasing import erasing_bound
from gigsim.theory.floors import feature_only_bound_profile
from gigsim.theory.unplanting import unplanting_bound, unplanting_exact_deficit_top1

Make = Callable[..., GigEconomy]


def test_the_law_is_known_where_the_language_never_writes_the_signal(make_toy: Make) -> None:
    lines = make_toy(**{"corpus.xi": 0.02}).lines
    known = lines.signals["top1"]
    assert known.xi_known
    assert known.xi == known.xi_upper == 0.02
    assert lines.known is not None
    assert known.gap_kind == lines.known.source == "posterior"
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
    assert lines.known is not None
    assert (known.gap, known.gap_kind, lines.known.source) == (1.0, "worst", "classifier")
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
    assert model.lines.known is not None
    assert model.lines.known.source == "classifier"
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
    assert lines.expected(0.1, "any", 0.01) is None
    # The steps of the exact platform would be exact all the same, but this one trains.
    assert lines.exact(0.1, "any") is None


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
    np.testing.assert_equal(facts, lines.facts("any"))
    assert (facts["xi"], facts["p"], facts["gap_kind"]) == (0.001, lines.p, "posterior")


@pytest.mark.parametrize("evasive", [False, True])
def test_feature_only_without_a_floor_goes_by_a_quantile(make_toy: Make, evasive: bool) -> None:
    """A signal that is a word of the language: nothing is assumed of P0 where it stands."""
    model = make_toy(
        **{
            "collective.strategy": "feature_only",
            "collective.evasive": evasive,
            "collective.signal.token": "w3",
            "collective.signal.every": 1000,
            "measure.success": "any",
        }
    )
    lines, target = model.lines, model.stage.target
    assert set(lines.signals) == {"any"}
    assert lines.theorem("any") == "Theorem 3, quantile form"
    assert np.isnan(lines.p)
    facts = lines.facts("any")
    assert facts["xi"] > 0.01
    assert facts["gap"] == 1.0
    # What the clean classifier of period 0 says of each held-out resume.
    assert lines.known is not None
    assert lines.known.source == facts["deficit_source"] == "classifier"
    own = lines.known.marginals[:, target]
    said = model.stage.learner.restore(model.platform.deployed).probabilities(model.stage.tests[1])
    np.testing.assert_array_equal(own, said[:, target].astype(np.float64))
    grid = np.array([0.1, 0.5, 1.0])
    table = lines.table(grid)
    for column, xi in (("bound_any", facts["xi"]), ("bound_any_low", facts["xi_upper"])):
        expected = feature_only_bound_profile(grid, own, xi=float(xi), evasive=evasive)
        np.testing.assert_array_equal(table[column], expected)
    assert (table["bound_any_low"] < table["bound_any"])[:2].all()
    assert np.isnan(lines.bound(0.5, "top1"))


def test_unplanting_is_the_mirror_of_theorem_1(make_toy: Make) -> None:
    """ξ is the config's; how far y* may be ahead is not bounded by the law's floor."""
    for adaptive in (False, True):
        model = make_toy(
            **{"collective.strategy": "unplanting", "collective.adaptive": adaptive},
            **{"corpus.xi": 0.02},
        )
        lines, target = model.lines, model.stage.target
        assert [lines.theorem(m) for m in METRICS] == ["Theorem 1 for unplanting"] * 2
        law = model.stage.supply.law
        marginals = law.marginals(model.stage.supply.held_out)
        against = {"any": 2 * marginals[:, target] - 1}
        planted = np.full(len(marginals), model.stage.other)
        if adaptive:
            # What the platform of period 0 makes of it, which trains and does not know the law.
            probabilities = model.stage.learner.restore(model.platform.deployed).probabilities(
                model.stage.tests[1]
            )
            probabilities[:, target] = -1
            planted = probabilities.argmax(axis=1)
        against["top1"] = unplanting_exact_deficit_top1(marginals, target, planted)
        for metric in METRICS:
            known = lines.signals[metric]
            assert (known.xi, known.gap, known.gap_kind) == (0.02, 1.0, "worst")
            mean = 0.02 * np.maximum(against[metric], 0).mean()
            assert known.kappa_mean == pytest.approx(mean, rel=1e-12)
            assert lines.bound(0.1, metric) == unplanting_bound(0.1, xi=0.02, gap=1.0)
            curve = lines.expected([0.05], metric, 0.02)
            direct = finite_sample_success([0.05], against[metric], population=100, xi=0.02)
            np.testing.assert_array_equal(curve.mean, direct.mean)


def test_theorem_5_takes_the_word_from_the_law_where_it_can(make_toy: Make) -> None:
    """The exact platform knows both posteriors; one that trains reads the law's too, if all."""
    word = {"collective.strategy": "erasure", "collective.signal.token": "w3", "corpus.xi": 0.0}
    for kind in ("bayes", "linear"):
        for sets, metric in (("replace", "top1"), ("extend", "any")):
            model = make_toy(
                **word | {"platform.learner.kind": kind, "collective.label_sets": sets}
            )
            lines, stage, target = model.lines, model.stage, model.stage.target
            assert {m: lines.theorem(m) for m in lines.signals} == {
                metric: "Theorem 5, derived form"
            }
            law, held_out = stage.supply.law, stage.supply.held_out
            found, clean = law.marginals(held_out), law.marginals(held_out.without(["w3"]))
            touched = (found != clean).any(axis=1)
            assert 0 < touched.sum() < len(touched)
            moved = np.abs(found - clean)
            level = moved.max(axis=1) if metric == "top1" else moved[:, target]
            known = lines.signals[metric]
            assert isinstance(known, ErasingCertificate)
            assert known.tau == pytest.approx(level.mean(), rel=1e-12)
            assert known.tau < known.tau_upper < 1
            reported = model.collective.reports(stage.test_labels, lines.known.marginals)
            if kind == "bayes":
                assert known.error == 0, "ŷ is the law's own"
            else:
                said = stage.learner.restore(model.platform.deployed).probabilities(stage.tests[1])
                reported = model.collective.reports(stage.test_labels, said)
                assert known.error > 0, "a hundred resumes do not teach the best answer"
            np.testing.assert_array_equal(lines.known.reported, reported)
            tau = min(1.0, known.tau + known.error / 2)
            assert lines.bound(0.3, metric) == erasing_bound(0.3, tau=tau)
            assert lines.promise(0.3, metric) < lines.bound(0.3, metric)
            facts = lines.facts(metric)
            assert (facts["tau"], facts["tau_upper"]) == (known.tau, known.tau_upper)
            quoted = (facts["opinion_error"], facts["opinion_error_upper"])
            assert quoted == (known.error, known.error_upper)
            assert known.error <= known.error_upper
            # The bound can be had from the row, and so can the promise.
            for end, line in (("", lines.bound), ("_upper", lines.promise)):
                by_hand = facts[f"tau{end}"] + facts[f"opinion_error{end}"] / 2
                assert line(0.3, metric) == erasing_bound(0.3, tau=min(1.0, float(by_hand)))
            assert lines.expected([0.1], metric, 0.0) is None


def test_a_word_that_chance_spreads_as_well_is_the_classifiers_affair(make_toy: Make) -> None:
    word = {"collective.strategy": "erasure", "collective.signal.token": "w3", "corpus.xi": 0.05}
    lines = make_toy(**word).lines
    assert lines.known is not None
    assert lines.known.source == "classifier"
    for metric in METRICS:
        assert lines.exact([0.1], metric) is not None


def test_other_strategies_quote_no_numbers_of_erasing(make_toy: Make) -> None:
    for strategy in ("feature_label", "unplanting"):
        facts = make_toy(**{"collective.strategy": strategy}).lines.facts("any")
        for name in ("tau", "tau_upper", "opinion_error", "opinion_error_upper"):
            assert np.isnan(facts[name])


def test_a_quantile_is_of_one_resume_a_cluster(make_toy: Make) -> None:
    """Near-duplicates say a thing once: copies of one resume change nothing."""
    keys = {"collective.strategy": "feature_only", "measure.success": "any"}
    word = {"collective.signal.token": "w3", "collective.signal.every": 1000}
    lines = make_toy(**keys | word).lines
    known, section = lines.known, lines.collective
    assert known is not None
    assert len(np.unique(known.clusters)) == len(known.clusters)
    # Who is below the median is there five times.
    own = known.marginals[:, lines.target]
    again = np.repeat(np.arange(len(own)), np.where(own <= np.median(own), 5, 1))
    copied = replace(
        known, marginals=known.marginals[again], clusters=known.clusters[again], reported=None
    )
    assert len(again) > len(own)
    # By the word's own ξ nothing is promised; by that of a rarer one the floors matter.
    rare = replace(lines.quoted["any"], xi=0.001, xi_upper=0.002)
    grid = np.linspace(0.05, 1, 20)
    one, two = (
        certificates(section, {"any": rare}, k, lines.target, lines.p)["any"]
        for k in (known, copied)
    )
    assert 0 < one.bound(1.0) < 1
    np.testing.assert_array_equal(one.bound(grid), two.bound(grid))
    np.testing.assert_array_equal(one.bound_low(grid), two.bound_low(grid))
    counted = feature_only_bound_profile(grid, own[again], xi=0.001)
    assert not np.array_equal(one.bound(grid), counted), "as independent draws they would"


def test_strategies_after_a_model_have_no_line(make_toy: Make) -> None:
    for strategy in ("gradient_cancelling", "label_only"):
        model = make_toy(**{"collective.strategy": strategy, "corpus.xi": 0.05})
        assert model.lines.signals == {}
        assert list(model.lines.table([0.1, 0.2]).columns) == ["alpha"]
        assert model.lines.facts("any")["theorem_any"] == ""


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"measure.success": "top1", "collective.wrong_label": 0.2},
        {
            "collective.strategy": "feature_only",
            "collective.evasive": True,
            "collective.first_movers": 200,
            "corpus.xi": 0.02,
        },
    ],
    ids=["feature-label", "wrong labels", "feature-only, evasive"],
)
def test_theory_knows_of_those_who_planted_an_earlier_token(
    make_toy: Make, keys: dict[str, Any]
) -> None:
    """In a window of rotated tokens fewer base carriers are left than ξ(1 − α_effective)."""
    model = make_toy(**ROTATED | keys)
    model.run(6)
    metric = model.config.measure.success
    table = model.retrainings
    others = table["alpha_effective"] < table["alpha_trained"]
    assert others.sum() >= 5
    assert table[f"exact_{metric}"].to_numpy() == pytest.approx(
        table[f"success_{metric}"].to_numpy()
    )
    # The same share of followers in data of a single token is another law.
    alone = np.asarray(model.lines.exact(table["alpha_effective"].to_numpy(), metric))
    assert np.abs(alone - table[f"exact_{metric}"].to_numpy())[others.to_numpy()].max() > 0.02
    bound, success = table[f"bound_{metric}"], table[f"success_{metric}"]
    assert (bound.isna() | (bound <= success + 1e-12)).all()


def test_where_the_others_leave_another_base_nothing_is_said(make_toy: Make) -> None:
    """Who plants on y* alone and has no y* keeps this token: P0 given the signal has changed."""
    model = make_toy(**ROTATED | {"collective.strategy": "feature_only"})
    model.run(6)
    table = model.retrainings
    others = table["alpha_effective"] < table["alpha_trained"]
    for column in ("bound_any", "exact_any", "exact_top1"):
        assert table[column][others].isna().all(), column
    assert table["exact_any"][~others].notna().all()


ROTATED = {
    "platform.learner.kind": "bayes",
    "population.size": 240,
    "population.cost": 9.0,
    "collective.first_movers": 120,
    "collective.leak": 0.0,
    "collective.signal.alternates": ["¤", "†"],
    "collective.rotate_every": 1,
    "corpus.xi": 0.25,
    "platform.retrain_every": 1,
    "platform.data": "window",
    "platform.window": 3,
    "measure.success": "any",
    "measure.reference": 0,
}
