"""Arms: what is refused, and how many people a share is."""

from __future__ import annotations

from typing import Any

import pytest

from gigsim.config import Config
from gigsim.curves.arm import Arm, members
from gigsim.errors import InputError
from tests.curves.worlds import arm

WARM = {"platform.retrain": "warm"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "without a name"),
        ({"alphas": ()}, "no α"),
        ({"alphas": (0.0, 1.01)}, "α = 1.01"),
        ({"alphas": (-0.1,)}, "α = -0.1"),
        ({"alphas": (float("nan"),)}, "α = nan"),
        ({"alphas": (0.1, 0.05)}, "α = 0.05 after 0.1"),
        ({"alphas": (0.1, 0.1)}, "α = 0.1 after 0.1"),
        ({"alphas": (0.1, 0.1001)}, "both 30 members"),
        ({"seeds": ()}, "no seed"),
        ({"seeds": (1, -1)}, "negative"),
        ({"seeds": (1, 1)}, "twice"),
        ({"retrainings": 0}, "0 trainings"),
        ({"retrainings": 2}, "one and the same"),
        ({"collective.strategy": "gradient_cancelling"}, "plans against"),
        ({"collective.strategy": "label_only"}, "plans against"),
        ({"platform.data": "window"}, "no earlier periods"),
        ({"collective.signal.alternates": ("†",), "collective.rotate_every": 2}, "no time"),
        ({"platform.learner": {"kind": "surrogate", "curve": "s.csv"}}, "nothing to train"),
        ({"platform.learner": {"kind": "bayes"}, "platform.retrain": "warm"}, "no weights"),
        ({"platform.learner": {"kind": "bayes"}, "recruitment": "hub"}, "who they are"),
        ({"platform.learner": {"kind": "bayes"}, "recruitment": "skill"}, "who they are"),
        ({"clean_learner": {"kind": "linear"}}, "goes on from no clean training"),
        ({**WARM, "clean_learner": {"kind": "linear", "features": 9}}, "features is another one"),
        ({**WARM, "clean_learner": {"kind": "transformer"}}, "kind is another one"),
        ({**WARM, "clean_learner": {"kind": "frozen"}}, "kind is another one"),
        (
            {**WARM, "platform.learner": {"kind": "table"}, "clean_learner": {"kind": "linear"}},
            "kind is another one",
        ),
        (
            {
                **WARM,
                "platform.learner": {"kind": "transformer"},
                "clean_learner": {"kind": "transformer", "layers": 1, "epochs": 4},
            },
            "layers is another one",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(
    toy_config: Config, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        arm(toy_config, **changes)


def test_changes_in_time_are_refused(toy_config: Config) -> None:
    later = ({"period": 2, "set": {"population.cost": {"kind": "constant", "value": 1.0}}},)
    config = Config(**(toy_config.model_dump() | {"at": later}))
    with pytest.raises(InputError, match="no time"):
        Arm(name="toy", config=config, alphas=(0.0,), seeds=(1,))


def test_a_share_is_the_nearest_number_of_people() -> None:
    assert [members(a, 300) for a in (0.0, 0.001, 0.002, 0.05, 1.0)] == [0, 0, 1, 15, 300]


def test_a_warm_platform_may_retrain_in_a_row(toy_config: Config) -> None:
    warm = arm(toy_config, retrainings=3, **{"platform.retrain": "warm"})
    assert warm.warm
    assert warm.retrainings == 3


def test_a_clean_start_may_have_a_recipe_of_its_own(toy_config: Config) -> None:
    careful = {"kind": "transformer", "epochs": 4, "learning_rate": 1e-3, "dropout": 0.1}
    thrifty = {"kind": "transformer", "epochs": 1, "learning_rate": 2e-4}
    one = arm(toy_config, **{**WARM, "platform.learner": thrifty, "clean_learner": careful})
    assert one.cold.config.platform.learner == one.clean_learner
    assert not one.cold.warm
    assert one.cold.clean_learner is None
    same = arm(toy_config, **WARM)
    assert same.cold.config.platform.learner == same.config.platform.learner
    for each in (one, same):
        assert Arm(**{**each.model_dump(mode="json"), "config": each.config}) == each


def test_arms_are_written_as_before_there_were_clean_recipes(toy_config: Config) -> None:
    """Else the digests of plans that are on disk would be of others."""
    assert set(arm(toy_config).model_dump(mode="json")) == {
        *("name", "recipe", "config", "alphas", "seeds", "recruitment", "retrainings"),
    }
    assert set(Arm.model_fields) == {*arm(toy_config).model_dump(), "clean_learner"}
