import doctest

import numpy as np
import pytest

from gigsim.theory import tau as tau_module
from gigsim.theory.erasing import tau
from gigsim.theory.tau import TauEstimate, tau_model, tau_table


def test_doctests() -> None:
    assert doctest.testmod(tau_module).failed == 0


class Table:
    """Six cells, the last three being the first three with a signal; two labels a resume or more.

    ``effect`` is by how much the signal moves the chance of the first label.
    """

    def __init__(self, effect: float, labels: int = 3) -> None:
        rng = np.random.default_rng(0)
        self.mass = np.array([0.3, 0.2, 0.1, 0.2, 0.15, 0.05])
        plain = 0.2 + 0.4 * rng.random((3, labels))
        signed = plain.copy()
        signed[:, 0] += effect
        self.chance = np.concatenate([plain, signed])
        self.onto = np.array([0, 1, 2, 0, 1, 2])
        self.tau = tau(self.chance, self.chance[self.onto], weights=self.mass)

    def sample(
        self, n: int, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        cells = generator.choice(6, size=n, p=self.mass)
        labels = generator.random((n, self.chance.shape[1])) < self.chance[cells]
        return cells, self.onto[cells], labels

    def estimate(self, n: int, generator: np.random.Generator, level: float) -> TauEstimate:
        return tau_table(*self.sample(n, generator), 5, generator, level=level)


@pytest.mark.parametrize("effect", [0.0, 0.05, 0.3])
def test_tau_lies_between_the_two_estimates_and_under_the_limit(effect: float) -> None:
    """200 samples of 300: means with 4 s.e.; the limit at 80 % fails in at most 20 % and 4 s.e."""
    table, generator = Table(effect), np.random.default_rng(1)
    assert table.tau == pytest.approx(0.4 * effect)
    found = [table.estimate(300, generator, level=0.8) for _ in range(200)]
    crossed, plugged, upper = (
        np.array([getattr(estimate, name) for estimate in found])
        for name in ("cross_fitted", "plug_in", "upper")
    )
    assert crossed.mean() <= table.tau + 4 * crossed.std() / np.sqrt(200)
    assert plugged.mean() >= table.tau - 4 * plugged.std() / np.sqrt(200)
    assert (upper < table.tau).mean() <= 0.2 + 4 * np.sqrt(0.2 * 0.8 / 200)
    # Plugging in sees a difference where there is none; cross-fitting does not.
    if effect == 0:
        assert abs(crossed.mean()) < 4 * crossed.std() / np.sqrt(200)
        assert plugged.mean() > 0.02


def test_with_many_resumes_all_agree() -> None:
    table = Table(0.3)
    estimate = table.estimate(200_000, np.random.default_rng(2), level=0.95)
    assert estimate.cross_fitted == pytest.approx(table.tau, abs=0.006)
    assert estimate.plug_in == pytest.approx(table.tau, abs=0.006)
    assert table.tau < estimate.upper < table.tau + 0.012
    assert estimate.unknown == estimate.unseen == 0


def test_the_limit_is_reached_by_the_plug_in_of_a_handful() -> None:
    """The limit holds for any n, so with two resumes it is no limit at all."""
    generator = np.random.default_rng(3)
    estimate = tau_table(np.array([0, 1]), np.array([0, 0]), [[True], [True]], 2, generator)
    assert estimate.upper == 1.0
    assert np.isnan(estimate.cross_fitted)
    assert estimate.unknown == 1.0


def test_cleaned_texts_that_nobody_has_count_as_changed_entirely() -> None:
    generator = np.random.default_rng(4)
    cells = np.repeat([0, 1], 500)
    labels = np.ones((1000, 1), dtype=bool)
    estimate = tau_table(cells, np.repeat([0, 7], 500), labels, 5, generator)
    assert estimate.unseen == 0.5
    assert estimate.unknown == 0.5
    assert estimate.plug_in == 0.5
    assert estimate.cross_fitted == 0


def test_the_same_seed_gives_the_same_bits() -> None:
    table = Table(0.1)
    sample = table.sample(500, np.random.default_rng(5))
    one, two = (tau_table(*sample, 4, np.random.default_rng(6)) for _ in range(2))
    assert one == two
    # What is called a cell is of no matter.
    renamed = (sample[0] * 10 - 7, sample[1] * 10 - 7, sample[2])
    assert tau_table(*renamed, 4, np.random.default_rng(6)) == one


def test_a_model_is_measured_by_its_own_probabilities() -> None:
    table = Table(0.3)
    cells, cleaned, _ = table.sample(20_000, np.random.default_rng(7))
    estimate = tau_model(table.chance[cells], table.chance[cleaned])
    assert estimate.mean == pytest.approx(table.tau, abs=0.005)
    assert estimate.mean < estimate.upper < estimate.mean + 0.005
    own = tau_model(table.chance[cells, 0], table.chance[cleaned, 0])
    assert own == estimate
    # Two copies of everything are no more knowledge.
    twice = tau_model(
        np.repeat(table.chance[cells], 2, axis=0),
        np.repeat(table.chance[cleaned], 2, axis=0),
        np.repeat(np.arange(len(cells)), 2),
    )
    assert twice.upper == pytest.approx(estimate.upper, rel=1e-9)


def test_refusals() -> None:
    generator = np.random.default_rng(8)
    cells, labels = np.array([0, 0, 1]), np.ones((3, 1), dtype=bool)
    with pytest.raises(ValueError, match="one cell"):
        tau_table(cells, np.array([0, 1, 1]), labels, 2, generator)
    with pytest.raises(ValueError, match="folds"):
        tau_table(cells, cells, labels, 4, generator)
    with pytest.raises(ValueError, match="labels"):
        tau_table(cells, cells, labels[:, 0], 2, generator)
    with pytest.raises(ValueError, match="level"):
        tau_table(cells, cells, labels, 2, generator, level=1.0)
    with pytest.raises(ValueError, match="agree"):
        tau_model([[0.5, 0.5]], [[0.5]])
