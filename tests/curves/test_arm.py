"""Arms: what is refused, and how many people a share is."""

from __future__ import annotations

from typing import Any

import pytest

from gigsim.config import Config
from gigsim.curves.arm import members
from gigsim.errors import InputError
from tests.curves.worlds import arm


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
    ],
)
def test_what_cannot_be_measured_is_refused(
    toy_config: Config, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        arm(toy_config, **changes)


def test_changes_in_time_are_refused(toy_config: Config) -> None:
    from gigsim.curves.arm import Arm

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
