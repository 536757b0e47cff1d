import doctest

import numpy as np
import pytest
from scipy.special import expit

from gigsim.theory import cancelling_points as module
from gigsim.theory.cancelling_points import Family, cancelling_point
from gigsim.theory.parametric_worlds import random_glm_worlds


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("family", ["linear", "logistic"])
def test_no_point_along_the_base_gradient_has_more_leverage(family: Family) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        base, goal = rng.normal(size=(2, 3)) * rng.uniform(0.2, 3)
        radius, limit = rng.uniform(0.2, 4, size=2)
        point = cancelling_point(base, goal, radius=radius, family=family, label_limit=limit)
        unit = base / np.linalg.norm(base)
        radii = np.linspace(-radius, radius, 4001)
        scores = radii * (unit @ goal)
        low, high = (-limit, limit) if family == "linear" else (0.0, 1.0)
        means = scores if family == "linear" else expit(scores)
        along = np.concatenate([-(means - label) * radii for label in (low, high)])
        leverage = point.t * np.linalg.norm(base)
        assert leverage >= along.max() - 1e-12
        assert leverage == pytest.approx(along.max(), rel=1e-3)
        assert np.linalg.norm(point.features) <= radius * (1 + 1e-12)


@pytest.mark.parametrize(
    ("family", "penalty"), [("linear", 0.0), ("linear", 1.0), ("logistic", 1.0)]
)
def test_the_point_cancels(family: Family, penalty: float) -> None:
    rng = np.random.default_rng(1)
    worlds = random_glm_worlds(rng, 500, family=family, penalty=(penalty / 50, penalty))
    base = worlds.gradient(worlds.goal)
    point = cancelling_point(
        base,
        worlds.goal,
        radius=rng.uniform(0.3, 3, 500),
        family=family,
        label_limit=2.0,
        penalty_gradient=worlds.penalty_gradient(worlds.goal) if penalty else None,
    )
    there = ~np.isnan(point.t)
    assert there.mean() > 0.5
    own = worlds.point_gradients(point.features[:, None], point.label[:, None])[:, 0]
    left = own + np.nan_to_num(point.t)[:, None] * base
    assert np.abs(left[there]).max() < 1e-9
    # At 1/(1+t) the platform deploys θ*.
    alpha = 1 / (1 + np.nan_to_num(point.t))
    mixed = worlds.joined(alpha, point.features[:, None], point.label[:, None], np.ones((500, 1)))
    assert np.abs(mixed.minimiser() - worlds.goal)[there].max() < 1e-6


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="not 0"):
        cancelling_point([0.0], [1.0], radius=1.0, family="linear")
    with pytest.raises(ValueError, match="family is"):
        cancelling_point([1.0], [1.0], radius=1.0, family="poisson")  # type: ignore[arg-type]
