"""Each experiment's arms and verdicts, on curves of which it is known what should be said."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from gigsim.curves.arm import Arm
from gigsim.curves.estimates import Estimate
from gigsim.curves.trainings import training_key
from gigsim.errors import InputError
from gigsim.reproduction import (
    epochs,
    feature_label,
    feature_only,
    inertia,
    label_noise,
    placement,
    recipe,
)
from gigsim.reproduction.catalogue import EXPERIMENTS, Experiment, named, verdicts
from gigsim.reproduction.plan import second_stage
from gigsim.reproduction.setting import TARGETS, Setting
from gigsim.reproduction.verdict import Verdict
from tests.reproduction.synthetic import BASE, rows_of, variant_of

QUICK, REFERENCE = Setting(), Setting("reference")
TARGET = (TARGETS[1],)
Half = Callable[[Arm, int], float]


def judged(experiment: Experiment, learner: str, half: Half, **others: object) -> Verdict:
    arms = experiment.arms(REFERENCE, [learner], TARGET)
    return experiment.verdict(rows_of(arms, half, **others))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("setting", [QUICK, REFERENCE], ids=["quick", "reference"])
def test_every_experiment_has_curves_of_the_scale_with_names_of_their_own(
    name: str, setting: Setting
) -> None:
    experiment = EXPERIMENTS[name]
    for learner in experiment.ABLE:
        if learner == "own":
            continue
        arms = experiment.arms(setting, [learner])
        assert len({arm.name for arm in arms}) == len(arms) >= 2
        for arm in arms:
            size = arm.config.population.size
            assert size == (2_000 if setting is QUICK and learner != "bayes" else 20_000)
            members = [arm.members(alpha) for alpha in arm.alphas]
            assert len(set(members)) == len(members)
            assert len(arm.seeds) >= {"linear": 10, "frozen": 10, "transformer": 3}.get(learner, 1)
            assert arm.config.platform.learner.kind == learner
            assert arm.config.corpus.xi == 0 or learner == "bayes" or "xi=" in arm.name


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_says_what_it_expects_before_anything_is_trained(name: str) -> None:
    experiment = EXPERIMENTS[name]
    for text in (*vars(experiment.PAPER).values(), *vars(experiment.EXPECTED).values()):
        assert len(text) > 20
        assert text == " ".join(text.split())


def test_learners_that_an_experiment_says_nothing_about_are_passed_over() -> None:
    assert inertia.arms(QUICK, ["linear", "frozen", "bayes"]) == []
    assert {
        arm.config.platform.learner.kind for arm in epochs.arms(QUICK, ["linear", "bayes"])
    } == {"bayes"}
    with pytest.raises(InputError, match="'forest'"):
        feature_label.arms(QUICK, ["forest"])


@pytest.mark.parametrize(
    ("half", "outcome"), [(0.0008, "confirmed"), (0.01, "contrary"), (0.0017, "not shown")]
)
def test_feature_label_asks_where_s_reaches_nine_tenths(half: float, outcome: str) -> None:
    found = judged(feature_label, "linear", lambda arm, k: half, luck=0.05)
    # S = .9 where the logistic is 8/9: three times further in α with this slope, less a third.
    exact = half * np.sqrt(8)
    assert found.outcome == outcome
    assert found.number == pytest.approx(exact, rel=0.12)
    assert found.low <= found.number <= found.high
    assert found.others["α half-way"].value == pytest.approx(half, rel=0.05)


@pytest.mark.parametrize(
    ("factor", "outcome"),
    [(20, "confirmed"), (3, "contrary"), (200, "contrary"), (45, "confirmed")],
)
def test_feature_only_compares_edited_resumes(factor: float, outcome: str) -> None:
    def half(arm: Arm, retraining: int) -> float:
        # A collective of α has 15 % of it edited where nobody misreports.
        return 0.001 * (factor / 0.15 if variant_of(arm) == feature_only.VARIANT else 1)

    found = judged(feature_only, "linear", half, luck=0.02)
    assert found.outcome == outcome
    if factor < 100:
        assert found.number == pytest.approx(factor, rel=0.05)
    else:
        assert found.estimate.open == "at least"


@pytest.mark.parametrize(
    ("half", "outcome", "open_at"), [(1e-6, "confirmed", "at most"), (10.0, "contrary", "at least")]
)
def test_an_end_that_is_open_where_the_rule_does_not_ask_decides_all_the_same(
    half: float, outcome: str, open_at: str
) -> None:
    found = judged(feature_label, "linear", lambda arm, k: half)
    assert (found.outcome, found.estimate.open) == (outcome, open_at)


def test_feature_only_that_gets_nowhere_is_no_confirmation() -> None:
    def half(arm: Arm, retraining: int) -> float:
        return 50.0 if variant_of(arm) == feature_only.VARIANT else 0.004

    found = judged(feature_only, "linear", half)
    assert found.estimate.open == "at least"
    assert found.outcome == "not shown"
    assert np.isinf(found.high)


def test_a_size_with_an_open_interval_is_not_confirmed() -> None:
    def half(arm: Arm, retraining: int) -> float:
        return 0.95 if variant_of(arm) == feature_only.VARIANT else 0.012

    found = judged(feature_only, "linear", half, luck=0.3)
    assert feature_only.LEAST <= found.number <= feature_only.MOST
    assert np.isinf(found.high)
    assert found.outcome == "not shown"


@pytest.mark.parametrize(
    ("factor", "outcome"), [(5, "confirmed"), (1, "contrary"), (1.5, "contrary"), (30, "contrary")]
)
def test_label_noise_compares_with_none(factor: float, outcome: str) -> None:
    def half(arm: Arm, retraining: int) -> float:
        config = arm.config.corpus
        there = config.label_noise_kind == "uniform" and config.label_noise == label_noise.STRONG
        return 0.15 / (factor if there else 1)

    found = judged(label_noise, "linear", half)
    assert found.outcome == outcome
    assert found.number == pytest.approx(factor, rel=0.05)
    assert found.others["ratio, shuffle 0.3"].value == pytest.approx(1, rel=0.02)


def test_label_noise_is_on_the_training_side_in_two_ways() -> None:
    arms = label_noise.arms(REFERENCE, ["linear"])
    settings = {(arm.config.corpus.label_noise_kind, arm.config.corpus.label_noise) for arm in arms}
    assert {kind for kind, share in settings if share} == {"uniform", "shuffle"}
    assert {0.0, 0.3} <= {share for _, share in settings}


@pytest.mark.parametrize(
    ("better", "narrower", "outcome"),
    [(4, 2, "confirmed"), (4, 1, "not shown"), (0.3, 2, "contrary"), (4, 0.5, "contrary")],
)
def test_epochs_ask_for_a_higher_and_steeper_curve(
    better: float, narrower: float, outcome: str
) -> None:
    def most(arm: Arm) -> bool:
        return variant_of(arm) == epochs.epochs_variant(epochs.EPOCHS[-1])

    found = judged(
        epochs,
        "transformer",
        lambda arm, k: 0.004 / (better if most(arm) else 1),
        slope=lambda arm: 2 * (narrower if most(arm) else 1),
        luck=0.05,
    )
    assert found.outcome == outcome
    assert (found.number > 0) == (better > 1)


def test_s_has_settled_where_twice_the_epochs_surely_move_it_little() -> None:
    halves = {"epochs=1": 0.008, "epochs=2": 0.003, "epochs=4": 0.003, "epochs=8": 0.003}
    found = judged(epochs, "transformer", lambda arm, k: halves[variant_of(arm)], luck=0.01)
    assert "S has settled at epochs=2" in found.text
    found = judged(epochs, "transformer", lambda arm, k: halves[variant_of(arm)], luck=0.9)
    assert "is not shown for any number under epochs=8" in found.text


def test_an_exact_learner_has_a_dialled_epsilon() -> None:
    halves = dict(
        zip(map(epochs.epsilon_variant, epochs.EPSILONS), (0.003, 0.005, 0.01, 0.05), strict=True)
    )
    found = judged(epochs, "bayes", lambda arm, k: halves[variant_of(arm)], luck=0)
    assert "epsilon=0 " in found.text
    assert found.number > 0
    assert found.low > 0


@pytest.mark.parametrize(
    ("worst", "unique", "outcome"),
    [
        (1.2, 3, "confirmed"),
        (3, 3, "contrary"),
        (0.3, 3, "contrary"),
        (1.95, 3, "not shown"),
        (1.2, 1, "not shown"),
        (1.2, 0.5, "contrary"),
    ],
)
def test_placing_hardly_matters_and_uniqueness_does(
    worst: float, unique: float, outcome: str
) -> None:
    def half(arm: Arm, retraining: int) -> float:
        name = variant_of(arm)
        factor = {"every 5 words": worst, placement.xi_variant(placement.SHARES[-1]): unique}
        return 0.004 * factor.get(name, 1)

    found = judged(placement, "linear", half, luck=0.1)
    assert found.outcome == outcome
    if worst != 1.2:
        assert found.statistic == f"α half-way, every 5 words over {placement.USUAL}"
        assert found.number == pytest.approx(worst, rel=0.15)


def test_uniqueness_alone_may_be_contrary_and_is_then_what_is_told() -> None:
    def half(arm: Arm, retraining: int) -> float:
        return 0.002 if variant_of(arm) == placement.xi_variant(placement.SHARES[-1]) else 0.004

    found = judged(placement, "linear", half)
    assert found.outcome == "contrary"
    assert found.statistic == f"α half-way, xi=0.02 over {placement.USUAL}"
    assert found.high < 1


def test_a_placing_of_which_nothing_is_known_is_told_of_last() -> None:
    never = {placement.USUAL, "every 5 words"}
    found = judged(placement, "linear", lambda arm, k: 10 if variant_of(arm) in never else 0.01)
    assert np.isnan(found.others[f"every 5 words over {placement.USUAL}"].value)
    assert found.estimate.open == "at most"
    assert found.high < 1


def test_what_an_encoder_does_not_see_of_a_real_resume_is_not_tried() -> None:
    real = Setting("reference", corpus="somewhere")
    names = {variant_of(arm) for arm in placement.arms(real, ["transformer"])}
    assert "at the start" in names
    assert not names & {"at the end", "at random places", "every 80 words"}
    assert "at the end" in {variant_of(arm) for arm in placement.arms(real, ["linear"])}


def test_recipes_are_compared_at_equal_accuracy_only() -> None:
    halves = {"initialisation=normal": 0.02, "width=64": 0.008}

    def half(arm: Arm, retraining: int) -> float:
        return halves.get(variant_of(arm), 0.002)

    def accuracy(arm: Arm) -> float:
        return 0.8 if variant_of(arm) == "initialisation=normal" else 0.9

    found = judged(recipe, "transformer", half, accuracy=accuracy)
    assert found.outcome == "confirmed"
    assert found.number == pytest.approx(4, rel=0.1)
    assert found.low > 2
    assert "width=64 over" in found.statistic
    assert "Left out, since accuracy differs: initialisation=normal" in found.text


def test_recipes_that_never_get_there_do_not_hide_one_that_is_surely_apart() -> None:
    never = {"pretrained", "width=64"}
    found = judged(recipe, "transformer", lambda arm, k: 10 if variant_of(arm) in never else 0.002)
    assert found.outcome == "confirmed"
    assert found.estimate.open == "at least"
    assert found.low > 2
    assert np.isinf(found.high)
    assert "the highest lower end of all pairs" in found.text


def test_the_pair_that_carries_a_verdict_is_told_of_and_nothing_unknown() -> None:
    unknown = Estimate(np.nan, 0.0, np.inf)
    far, sure = Estimate(8.0, 0.5, 90.0), Estimate(4.0, 3.0, 5.0)
    pairs = {("a", "b"): unknown, ("a", "c"): far, ("b", "c"): sure}
    assert recipe.telling("confirmed", pairs) == (("b", "c"), sure)
    assert recipe.telling("not shown", pairs) == (("a", "c"), far)
    near = {("a", "b"): Estimate(1.4, 1.2, 1.5), ("a", "c"): Estimate(1.1, 0.6, 1.9)}
    assert recipe.telling("contrary", near)[0] == ("a", "c")
    (one, other), none = recipe.telling("not shown", {})
    assert (one, other, none.known) == (recipe.DEFAULT, recipe.DEFAULT, False)


def test_two_recipes_are_compared_only_where_their_own_accuracies_are_equal() -> None:
    accuracies = {"width=64": 0.909, "learning_rate=0.002": 0.891}
    halves = {"width=64": 0.0015, "learning_rate=0.002": 0.0042}
    found = judged(
        recipe,
        "transformer",
        lambda arm, k: halves.get(variant_of(arm), 0.0025),
        accuracy=lambda arm: accuracies.get(variant_of(arm), 0.9),
    )
    # 2.8 times apart, and two points of accuracy.
    assert "width=64" not in found.statistic or "learning_rate=0.002" not in found.statistic
    assert found.number < 2
    assert "Left out" not in found.text


def test_many_recipes_have_five_seeds_and_no_second_stage() -> None:
    arms = recipe.arms(REFERENCE, ["transformer", "linear"])
    seeds = {arm.config.platform.learner.kind: len(arm.seeds) for arm in arms}
    assert seeds == {"transformer": 5, "linear": 20}
    assert second_stage(arms, rows_of(arms, lambda arm, k: 0.003)) == []


def test_thrifty_platforms_start_from_the_same_clean_training() -> None:
    setting = Setting(recipes={"transformer": {"learning_rate": 0.002}})
    arms = {variant_of(arm): arm for arm in inertia.arms(setting, ["transformer"])}
    scratch = arms.pop(inertia.SCRATCH)
    usual = scratch.config.platform.learner
    assert {arm.cold.config.platform.learner for arm in arms.values()} == {usual}
    assert arms[inertia.ONE_EPOCH].config.platform.learner.epochs == 1
    assert arms[inertia.SLOWER].config.platform.learner.learning_rate == pytest.approx(0.0004)
    # It is the one that the platform from scratch has without a collective.
    trained = {training_key(scratch, seed, 0) for seed in scratch.seeds}
    for arm in arms.values():
        assert {training_key(arm.cold, seed, 0) for seed in arm.seeds} == trained


def test_recipes_that_move_nothing_are_contrary_and_one_alone_shows_nothing() -> None:
    found = judged(recipe, "transformer", lambda arm, k: 0.002)
    assert (found.outcome, found.high < 2) == ("contrary", True)

    def accuracy(arm: Arm) -> float:
        return 0.9 if variant_of(arm) == recipe.DEFAULT else 0.7

    found = judged(recipe, "transformer", lambda arm, k: 0.002, accuracy=accuracy)
    assert found.outcome == "not shown"


def test_inertia_counts_retrainings_until_s_has_caught_up() -> None:
    def half(arm: Arm, retraining: int) -> float:
        name = variant_of(arm)
        if name == inertia.SCRATCH:
            return 0.001
        late = {inertia.WARM: 3}.get(name, 9)
        return 0.001 if retraining >= late else 0.05

    found = judged(inertia, "transformer", half)
    assert found.outcome == "confirmed"
    assert (found.number, found.low, found.high) == (3, 3, 3)
    slow = found.others["retrainings, warm, one epoch"]
    assert (slow.value, slow.open, slow.high) == (inertia.TRIED + 1, "at least", np.inf)
    found = judged(inertia, "transformer", lambda arm, k: 0.001)
    assert (found.outcome, found.number) == ("contrary", 1)


def test_where_nothing_is_to_be_caught_up_with_nothing_is_shown() -> None:
    found = judged(inertia, "transformer", lambda arm, k: 10.0)
    assert found.outcome == "not shown"
    assert np.isnan(found.number)
    assert found.text.endswith("there is nothing to lag behind.")
    assert found.as_json()["number"] is None


def test_verdicts_are_of_each_learner_and_target_in_the_order_of_a_report() -> None:
    arms = feature_only.arms(QUICK, ["linear"], TARGETS[:2])
    arms += feature_label.arms(QUICK, ["linear", "bayes"], TARGETS[:1])
    rows = rows_of(arms, lambda arm, k: 0.02)
    found = verdicts(rows)
    assert [(v.experiment, v.learner, v.target) for v in found] == [
        ("feature-label", "linear", TARGETS[0]),
        ("feature-label", "bayes", TARGETS[0]),
        ("feature-only", "linear", TARGETS[0]),
        ("feature-only", "linear", TARGETS[1]),
    ]
    assert all(np.isfinite(v.number) for v in found)
    assert found[0].text.count("U(0) = 0.100") == 1


def test_other_rows_change_no_verdict_and_their_order_neither() -> None:
    arms = feature_label.arms(QUICK, ["linear"], TARGET)
    rows = rows_of(arms, lambda arm, k: 0.02)
    more = pd.concat([rows_of(epochs.arms(QUICK, ["bayes"]), lambda arm, k: 0.01), rows[::-1]])
    assert feature_label.verdict(more) == feature_label.verdict(rows)


def test_missing_curves_are_said_and_names_are_forgiving() -> None:
    arms = label_noise.arms(QUICK, ["linear"])[:1]
    with pytest.raises((ValueError, KeyError), match=r"uniform 0\.3"):
        label_noise.verdict(rows_of(arms, lambda arm, k: 0.1))
    assert named(["inertia", "feature_label"]) == ["feature-label", "inertia"]
    assert named(["all"]) == list(EXPERIMENTS)
    with pytest.raises(InputError, match="magic"):
        named(["magic"])
    assert BASE == 0.1
