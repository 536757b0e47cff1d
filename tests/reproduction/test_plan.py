"""Plans of experiments, their second stage, and what they take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gigsim.curves.arm import Arm
from gigsim.curves.plan import Plan
from gigsim.curves.trainings import trainings_of
from gigsim.errors import InputError
from gigsim.reproduction import feature_label, feature_only, inertia
from gigsim.reproduction.catalogue import EXPERIMENTS
from gigsim.reproduction.cost import hours
from gigsim.reproduction.found import Found
from gigsim.reproduction.names import name_of, parts_of, with_parts
from gigsim.reproduction.plan import left_out, most_more, plan, second_stage
from gigsim.reproduction.setting import TARGET, TARGETS, Setting
from tests.reproduction.synthetic import rows_of

REFERENCE = Setting("reference")


def test_a_plan_has_every_experiment_once_and_a_folder_takes_it() -> None:
    arms = plan(["all"], ["linear", "transformer"])
    assert {parts_of(arm.name).experiment for arm in arms} == set(EXPERIMENTS)
    assert len(Plan("reproduction", tuple(arms)).arms) == len(arms)
    assert plan(["all"], ["linear", "transformer"]) == arms


def test_what_experiments_have_in_common_is_trained_once() -> None:
    both = plan(["feature-label", "feature-only"], ["linear"], targets=[TARGET])
    alone = plan(["feature-label"], ["linear"], targets=[TARGET])
    only = feature_only.arms(Setting(), ["linear"], [TARGET])[:1]
    assert len(trainings_of(both)) == len(trainings_of([*alone, *only]))


def test_targets_may_be_others_and_nothing_to_train_is_refused() -> None:
    arms = plan(["inertia"], ["transformer"], targets=["Web_Developer"])
    assert {arm.config.collective.target for arm in arms} == {"Web_Developer"}
    with pytest.raises(InputError, match="nothing to train"):
        plan(["inertia"], ["linear"])
    with pytest.raises(InputError, match="scale"):
        Setting("huge")  # type: ignore[arg-type]


def test_experiments_are_left_out_where_no_learner_is_theirs() -> None:
    assert left_out(["inertia", "epochs", "recipe"], ["own", "bayes"]) == [
        "recipe: nothing for own, bayes; it needs linear or frozen or transformer",
        "inertia: nothing for own, bayes; it needs transformer",
    ]
    assert left_out(["all"], ["transformer"]) == []
    # As of what is planned.
    for learner in ("linear", "frozen", "transformer", "bayes"):
        planned = {parts_of(arm.name).experiment for arm in plan(["all"], [learner])}
        said = {line.split(":")[0] for line in left_out(["all"], [learner])}
        assert planned | said == set(EXPERIMENTS)
        assert not planned & said
    with pytest.raises(InputError, match="oracle"):
        left_out(["all"], ["oracle"])


def test_a_setting_lays_machine_and_recipes_under_what_an_experiment_is_about() -> None:
    setting = Setting(
        overrides={"run.precision": "bfloat16", "run.threads": 2},
        recipes={"transformer": {"epochs": 4, "learning_rate": 0.002}},
    )
    arms = plan(["epochs", "recipe"], ["transformer", "linear"], setting)
    by_name = {arm.name: arm.config for arm in arms}
    one = by_name[name_of("epochs", "epochs=1", "transformer", TARGET)]
    assert (one.platform.learner.epochs, one.platform.learner.learning_rate) == (1, 0.002)
    assert (one.run.precision, one.run.threads) == ("bfloat16", 2)
    linear = by_name[name_of("recipe", "default", "linear", TARGET)]
    assert (linear.run.precision, linear.run.threads) == ("float32", 2)
    with pytest.raises(InputError, match="set by the experiments"):
        Setting(overrides={"corpus.xi": 0.1})
    other = by_name[name_of("recipe", "learning_rate=0.0005", "transformer", TARGET)]
    assert (other.platform.learner.epochs, other.platform.learner.learning_rate) == (4, 0.0005)


def test_the_exact_learner_stays_on_the_language_whose_law_is_known() -> None:
    arms = plan(["feature-label"], ["bayes", "linear"], Setting(corpus="real"))
    assert {arm.config.platform.learner.kind: arm.config.corpus.path for arm in arms} == {
        "bayes": "",
        "linear": "real",
    }


def test_the_second_stage_adds_seeds_at_the_two_sizes_around_half_way() -> None:
    arms = feature_label.arms(REFERENCE, ["transformer", "linear"], TARGETS[:2])
    rows = rows_of(arms, lambda arm, k: 0.003)
    more = second_stage(arms, rows)
    assert [parts_of(arm.name).learner for arm in more] == ["transformer", "transformer"]
    for arm in more:
        assert arm.alphas == (0.002, 0.005)
        assert arm.seeds == (3, 4)
        assert parts_of(arm.name).more
    assert len({arm.name for arm in [*arms, *more]}) == len(arms) + len(more)
    assert second_stage([*arms, *more], rows) == more
    assert sum(len(arm.alphas) * len(arm.seeds) for arm in more) <= sum(map(most_more, arms))
    # Both stages are one curve: five seeds at two sizes, three elsewhere.
    both = rows_of([*arms, *more], lambda arm, k: 0.003)
    chosen = with_parts(both)
    own = chosen[(chosen["target"] == TARGETS[0]) & (chosen["learner"] == "transformer")]
    climb = Found.of(own.drop(columns=["experiment", "variant"]), "feature-label").climb(
        feature_label.VARIANT
    )
    count = (~np.isnan(climb.success)).sum(axis=0)
    assert dict(zip(climb.sizes, count, strict=True))[0.002] == 5
    assert count.tolist().count(3) == len(climb.sizes) - 2
    assert feature_label.verdict(own.drop(columns=["experiment", "variant"])).estimate.known


@pytest.mark.parametrize("half", [1e-6, 10.0])
def test_a_curve_that_is_not_crossed_gets_no_more_seeds(half: float) -> None:
    arms = feature_label.arms(REFERENCE, ["transformer"], TARGETS[:1])
    assert second_stage(arms, rows_of(arms, lambda arm, k: half)) == []


def test_a_chain_of_retrainings_gets_no_more_seeds() -> None:
    arms = inertia.arms(REFERENCE, ["transformer"])
    more = second_stage(arms, rows_of(arms, lambda arm, k: 0.008))
    assert {parts_of(arm.name).variant for arm in more} <= {inertia.SCRATCH}


def test_names_are_read_back_and_others_are_not() -> None:
    for more in (False, True):
        name = name_of("epochs", "epochs=1", "transformer", "A/B", more=more)
        assert parts_of(name) == ("epochs", "epochs=1", "transformer", "A/B", more)
    for name in ("plain", "a: b", "a: b / c", "a: b / c / d / e"):
        with pytest.raises(ValueError, match="not the name"):
            parts_of(name)


def test_hours_are_counted_from_one_timing_of_each_kind_of_training() -> None:
    arms = plan(["epochs", "recipe"], ["transformer"], REFERENCE)
    asked: list[str] = []

    def seconds(timed: Sequence[Arm]) -> dict[str, float]:
        asked.extend(arm.name for arm in timed)
        return {arm.name: 36.0 * arm.config.platform.learner.epochs for arm in timed}

    found = hours(arms, 2, more=most_more, seconds=seconds)
    # Recipes that differ in what is learned only are timed once.
    assert not any("learning_rate" in name or "initialisation" in name for name in asked)
    assert sum("epochs=" in name for name in asked) == 4
    epochs, recipe = found.shares
    cells = len(arms[0].alphas) * len(arms[0].seeds)
    assert epochs.trainings == 4 * cells
    assert epochs.hours == pytest.approx(cells * 15 * 36 / 3600)
    assert recipe.learner == "transformer"
    assert found.trainings == epochs.trainings + recipe.trainings + found.more
    work = epochs.hours + recipe.hours + found.more_hours
    assert found.hours == pytest.approx(work / 2)
    assert found.lines()[0].endswith("on 2 cores:")
    # The spans are of the same two cores, and add up.
    assert found.lines()[1].endswith(f"{epochs.hours / 2:.1f} hours")
    assert found.as_json()["trainings"] == found.trainings


def test_clean_trainings_that_chains_go_on_from_are_counted() -> None:
    arms = inertia.arms(REFERENCE, ["transformer"])
    asked: dict[str, int] = {}

    def seconds(timed: Sequence[Arm]) -> dict[str, float]:
        asked.update({arm.name: arm.config.platform.learner.epochs for arm in timed})
        return {arm.name: float(arm.config.platform.learner.epochs) for arm in timed}

    seeds, sizes = len(arms[0].seeds), len(arms[0].alphas) - 1
    chains = 3 * sizes * seeds * inertia.TRIED
    assert hours(arms, seconds=seconds).trainings == (1 + sizes) * seeds + chains
    # Without the one from scratch nobody else trains them.
    thrifty = [arm for arm in arms if arm.clean_learner is not None]
    found = hours(thrifty, seconds=seconds)
    assert found.trainings == chains * 2 // 3 + seeds
    usual, one = arms[0].config.platform.learner.epochs, sizes * seeds * inertia.TRIED
    assert found.hours * 3600 == pytest.approx(one * (usual + 1) + seeds * usual)


def test_what_quick_learners_share_between_experiments_is_solved_in_each() -> None:
    def trained(learner: str) -> list[int]:
        found = [
            hours(
                plan(names, [learner], REFERENCE), seconds=lambda arms: {a.name: 1.0 for a in arms}
            )
            for names in (["feature-label"], ["placement"], ["feature-label", "placement"])
        ]
        return [each.trainings for each in found]

    alone, other, both = trained("linear")
    assert both == alone + other
    alone, other, both = trained("transformer")
    assert both < alone + other
