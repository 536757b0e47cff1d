"""The bounds for any classifier of measured slack, against classifiers that are wrong at random.

Every world gets a classifier: Bayes with noise on its scores, or with a handicap for y* that makes
it fail wherever the margin is small. Its slack is then known exactly at every point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats
from gigsim.theory.slack import feature_label_bound_mean_slack, feature_label_bound_slack_quantile
from gigsim.validation.planting_worlds import (
    AVERAGES,
    READINGS,
    Average,
    Planted,
    Reading,
    average,
    draw_planted,
    log_uniform,
)
from gigsim.validation.trial import ROUNDING, Trial


@dataclass(frozen=True)
class Classified:
    """Worlds with a collective and a classifier in each.

    Attributes:
        planted: what the classifier was fitted to.
        answers: whether f gives y* at x, bool, shape (B, X).
        slack: max_y P(y|x) − P(f(x)|x), shape (B, X).
        level: ε of the quantile form: a slack that occurs, or 0; shape (B,).
    """

    planted: Planted
    answers: NDArray[np.bool_]
    slack: Floats
    level: Floats

    @property
    def success(self) -> Floats:
        """S of the classifier, shape (B,)."""
        return (self.planted.weights * self.answers).sum(axis=1)

    @property
    def planted_slack(self) -> Floats:
        """ε̄_G, shape (B,)."""
        return (self.planted.weights * self.slack).sum(axis=1)

    @property
    def base_slack(self) -> Floats:
        """ε̄_0, 0 where nobody carries the signal, shape (B,)."""
        inside = self.planted.worlds.base.sum(axis=2) * self.planted.worlds.in_signal_set
        carried = inside.sum(axis=1)
        return (inside * self.slack).sum(axis=1) / np.where(carried > 0, carried, 1.0)

    @property
    def above(self) -> Floats:
        """q, planted mass where the slack is over the level, shape (B,)."""
        over = self.slack > self.level[:, None]
        return np.minimum((self.planted.weights * over).sum(axis=1), 1.0)


def draw(generator: np.random.Generator, count: int, *, reading: Reading) -> Classified:
    """Collectives of whom some err, and a classifier for each."""
    planted = draw_planted(generator, count, reading=reading, erring=True)
    # Where nothing lies there is nothing to be wrong about.
    relative = planted.lead / np.where(planted.mass > 0, planted.mass, 1.0)
    size = log_uniform(generator, 0.003, 1.0, count)[:, None]
    noise = size * generator.normal(size=relative.shape)
    handicapped = generator.random((count, 1)) < 0.5
    answers = relative > np.where(handicapped, size, noise)
    slack = np.maximum(np.where(answers, -relative, relative), 0.0)
    place = generator.integers(0, relative.shape[1], size=(count, 1))
    level = np.take_along_axis(slack * planted.worlds.in_signal_set, place, axis=1)[:, 0]
    # Where only the collective is, the slack of a wrong answer is μ: no level, but for rounding.
    under = level < planted.margin - ROUNDING
    return Classified(planted, answers, slack, np.where(under, level, 0.0))


def success(drawn: Classified) -> Floats:
    """S of the classifier."""
    return drawn.success


def mean_bound(drawn: Classified, **other: object) -> Floats:
    """The bound by mean slack, ``other`` numbers put in for the mutants."""
    case = drawn.planted
    numbers: dict[str, object] = {
        "xi": case.worlds.xi,
        "kappa": case.worlds.kappa(case.goal),
        "slack": drawn.planted_slack,
        "slack_base": drawn.base_slack,
        "margin": case.margin,
    }
    return feature_label_bound_mean_slack(case.alpha, **(numbers | other))  # type: ignore[arg-type]


def no_slack(drawn: Classified) -> Floats:
    """The Bayes classifier's bound."""
    return mean_bound(drawn, slack=0.0, slack_base=0.0)


def base_slack_only(drawn: Classified) -> Floats:
    """The slack over base carriers in place of that over resumes with the signal put in."""
    return mean_bound(drawn, slack=drawn.base_slack)


def quantile_bound(drawn: Classified, **other: object) -> Floats:
    """The bound by a quantile of the slack, ``other`` numbers put in for the mutants."""
    case = drawn.planted
    numbers: dict[str, object] = {
        "xi": case.worlds.xi,
        "gap": case.worlds.gap(case.goal),
        "slack": drawn.level,
        "q": drawn.above,
        "margin": case.margin,
    }
    return feature_label_bound_slack_quantile(case.alpha, **(numbers | other))  # type: ignore[arg-type]


def level_added(drawn: Classified) -> Floats:
    """1 − q − bκ/μ − ε: the slack subtracted, in place of what it makes of the gap."""
    return quantile_bound(drawn, slack=0.0) - drawn.level


def no_share_in_mean(drawn: Classified) -> Floats:
    """The division by α dropped: (1−α)(κ + ξ·ε̄_0) + ε̄_G."""
    worlds, share = drawn.planted.worlds, drawn.planted.alpha
    return mean_bound(drawn, xi=share * worlds.xi, kappa=share * worlds.kappa(drawn.planted.goal))


def no_share_in_quantile(drawn: Classified) -> Floats:
    """The division by α dropped."""
    return quantile_bound(drawn, xi=drawn.planted.alpha * drawn.planted.worlds.xi)


def mean_gap(drawn: Classified, how: Average) -> Floats:
    """ξ times a mean of the gaps over X* that does not weigh them by base mass."""
    return quantile_bound(drawn, gap=average(drawn.planted.gaps(), drawn.planted.worlds, how))


_MEAN: Mapping[str, Callable[[Classified], Floats]] = {
    "slack ignored": no_slack,
    "slack of base carriers ignored": partial(mean_bound, slack_base=0.0),
    "slack of base carriers alone": base_slack_only,
    "not divided by α": no_share_in_mean,
    "wrong labels ignored": partial(mean_bound, margin=1.0),
}
_QUANTILE: Mapping[str, Callable[[Classified], Floats]] = {
    "q ignored": partial(quantile_bound, q=0.0),
    "slack ignored": partial(quantile_bound, slack=0.0),
    "slack subtracted": level_added,
    "not divided by α": no_share_in_quantile,
    **{f"ξ times the {name}": partial(mean_gap, how=how) for how, name in AVERAGES.items()},
    "wrong labels ignored": partial(quantile_bound, margin=1.0),
}

TRIALS: tuple[Trial[Classified], ...] = (
    *(
        Trial(
            name=f"feature-label, mean slack, {reading.name}",
            source="derived",
            worlds=partial(draw, reading=reading),
            exact=success,
            bound=mean_bound,
            mutants=_MEAN,
        )
        for reading in READINGS
    ),
    *(
        Trial(
            name=f"feature-label, slack quantile, {reading.name}",
            source="derived",
            worlds=partial(draw, reading=reading),
            exact=success,
            bound=quantile_bound,
            mutants=_QUANTILE,
        )
        for reading in READINGS
    ),
)
