"""Worlds that differ from the default scenario in one thing, for the tests of the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import gigsim.encoding
from gigsim import GigEconomy
from gigsim.agents import Collective, Submission
from gigsim.learners.reading import Reading
from gigsim.population import Population
from gigsim.society.beliefs import Expectation


class Unmoved(GigEconomy):
    """Nobody ever expects anything of the collective: Ĝ = 0."""

    def inform(self) -> None:
        super().inform()
        self.expectation = Expectation(self.clean_rate, self.clean_rate, self.clean_rate)


class NothingPlanted(Collective):
    """A collective that edits nothing at all."""

    def instruct(self, population: Population, member: np.ndarray) -> Submission:
        return super().instruct(population, np.zeros_like(member))


class RandomLabels(Collective):
    """Members plant the signal but report the label set of a random resume, not y*."""

    def instruct(self, population: Population, member: np.ndarray) -> Submission:
        honest = super().instruct(population, member)
        others = np.random.default_rng(5).permutation(len(population))
        labels = np.where(member[:, None], population.labels[others], population.labels)
        return Submission(honest.texts, labels)


class Forbidden:
    """A population that nobody may ask about membership."""

    def __init__(self, population: Population) -> None:
        self._population = population

    def __len__(self) -> int:
        return len(self._population)

    def __getattr__(self, name: str) -> object:
        if name in ("member", "holds_signal", "free_rider", "outsider", "first_mover"):
            raise AssertionError(f"the platform asked for {name}")
        return getattr(self._population, name)


@pytest.fixture
def with_collective(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Collective]], None]:
    return lambda kind: monkeypatch.setattr("gigsim.enrolment.Collective", kind)


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform whose reading of a resume drops the signal."""
    honest = gigsim.encoding.read

    def read(*args: object, **kwargs: object) -> Reading:
        reading = honest(*args, **kwargs)
        return replace(reading, found=reading.clean, planted=reading.clean)

    monkeypatch.setattr("gigsim.encoding.read", read)
