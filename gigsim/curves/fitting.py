"""How the trainings of a job are done: one by one, side by side, in one solve, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench
from gigsim.curves.draws import Submitted
from gigsim.curves.trainings import Training, at_once
from gigsim.learners.recipes import BayesRecipe

if TYPE_CHECKING:
    from gigsim.learners.cache import TrainingCache

Probabilities = tuple[NDArray[np.floating[Any]], ...]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A classifier on a curve.

    Attributes:
        training: that it came out of.
        retraining: from 1.
        handed_in: what it was trained on.
        probabilities: of the held-out texts of ``Bench.tests``, shape (n, L) each.
        loss: at the end of training; NaN where nothing was trained.
    """

    training: Training
    retraining: int
    handed_in: Submitted
    probabilities: Probabilities
    loss: float


class Timing(NamedTuple):
    """How long a fit took.

    Attributes:
        training: key of the training, of a warm platform's with its retraining.
        seconds: wall-clock; of several at once each an equal share.
        cached: was it fetched?
    """

    training: str
    seconds: float
    cached: bool


class Fitter(Protocol):
    """Does the trainings of one bench.

    Attributes:
        bench: the resumes.
        timings: of each fit so far.
    """

    bench: Bench
    timings: list[Timing]

    def fit(self, arms: Mapping[int, Arm], trainings: Sequence[Training]) -> Iterator[Fitted]:
        """What trainings give, in their order.

        Args:
            arms: those of their cells, by number.
            trainings: of one group, on this bench.

        Raises:
            InputError: the learner diverged or did not converge.
        """
        ...

    def clean(self, arm: Arm, seed: int) -> Probabilities:
        """What the arm's platform makes of the held-out texts when there is no collective."""
        ...


def fitter_for(bench: Bench, arm: Arm, cache: TrainingCache | None = None) -> Fitter:
    """The quickest way of training on a bench with an arm's recipe.

    It is the same for all trainings of a job, whatever else is asked for in it.
    """
    # They need what is above.
    from gigsim.curves.batched import batched_fitter
    from gigsim.curves.exact import ExactFitter
    from gigsim.curves.single import SingleFitter

    if isinstance(arm.config.platform.learner, BayesRecipe):
        return ExactFitter(bench)
    if arm.warm:
        # A chain: each training starts from the weights of the last.
        return SingleFitter(bench, cache)
    if at_once(arm) > 1:
        # It loads torch, which others do without.
        from gigsim.curves.side_by_side import SideBySideFitter

        return SideBySideFitter(bench, cache)
    return batched_fitter(bench, arm, cache) or SingleFitter(bench, cache)
