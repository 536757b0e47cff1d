"""The exact Bayes classifier on a curve: nothing is trained, what is submitted is a known law."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench
from gigsim.curves.draws import Submitted, draw, reports, submitted
from gigsim.curves.fitting import Fitted, Probabilities, Timing
from gigsim.curves.trainings import Training
from gigsim.exact_laboratory import exact_platform
from gigsim.learners.bayes import ErasingBayesPlatform, Followed
from gigsim.theory.gaps import Floats


class ExactFitter:
    """Works out what the exact classifier says; attributes as :class:`fitting.Fitter`.

    It is given the share of people who follow, as in a run: members count as drawn at random,
    however they were found, and base carriers are a share ξ of the law.

    Args:
        bench: the resumes, written by a law.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.timings: list[Timing] = []

    def fit(self, arms: Mapping[int, Arm], trainings: Sequence[Training]) -> Iterator[Fitted]:
        """See :class:`fitting.Fitter`.

        Raises:
            InputError: there is no exact posterior.
        """
        for training in trainings:
            began, arm = time.perf_counter(), arms[training.arm]
            handed_in = self.handed_in(arm, training.seed, training.members)
            probabilities = self._probabilities(arm, handed_in.followers)
            self.timings.append(Timing(training.key, time.perf_counter() - began, False))
            yield Fitted(training, 1, handed_in, probabilities, float("nan"))

    def clean(self, arm: Arm, seed: int) -> Probabilities:
        """See :class:`fitting.Fitter`."""
        return self._probabilities(arm, 0.0)

    def handed_in(self, arm: Arm, seed: int, members: int) -> Submitted:
        """What a population of N people would hand in: of it only shares go into the law."""
        drawn = draw(self.bench, arm.config.corpus, seed)
        return submitted(drawn, arm, members, lambda: self._opinions(arm))

    def _probabilities(self, arm: Arm, followers: float) -> tuple[Floats, ...]:
        bench, section = self.bench, arm.config.collective
        stage = bench.stage_for(arm.config)

        def asked(labels: NDArray[np.bool_], heard: Floats) -> NDArray[np.bool_] | None:
            return reports(section, bench, labels, stage.target, heard)

        platform = exact_platform(arm.config, stage, asked)
        shown, clean = platform.probabilities([Followed(followers, 0)])[:2]
        if isinstance(platform, ErasingBayesPlatform):
            return shown, clean, shown
        return shown, clean

    def _opinions(self, arm: Arm) -> Floats:
        """P0(l in Y | x) of everybody's resume without the signal, float64, shape (N, L)."""
        stage = self.bench.stage_for(arm.config)
        law = stage.supply.law
        assert law is not None, "a bayes reader refuses resumes without a law"
        return law.marginals(stage.supply.population.without(stage.encoder.tokens))
