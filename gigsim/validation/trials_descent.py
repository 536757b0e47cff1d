"""Trials of what is promised of platforms that descend, learn privately, retrain or re-weight.

Distances count as negative successes, so that those bounds lie under 0. The platforms really run:
see ``driven_worlds``, ``retrained_worlds`` and ``weighted_worlds``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.gradient_learner import contraction, distance_after, path_condition
from gigsim.theory.performative import collective_rate, level_rate
from gigsim.theory.planting import feature_label_bound
from gigsim.theory.private import (
    accumulated_noise,
    private_distance_bound,
    private_success_bound,
)
from gigsim.theory.reweighting import effective_share, feature_label_bound_reweighted
from gigsim.validation.driven_worlds import (
    DELTA,
    Driven,
    base_norms,
    driven,
    driven_exactly,
    driven_noisily,
    driven_privately,
    driven_short,
    expected_distance,
    private_gain,
    share_spared,
)
from gigsim.validation.retrained_worlds import Retrained, retrained, retrained_with_collective
from gigsim.validation.trial import Trial
from gigsim.validation.weighted_worlds import (
    Weighted,
    weighted_at_random,
    weighted_by_errors,
    weighted_by_group,
)

#: Distances: every bound under 0 says something.
_DISTANCE = (-np.inf, 0.0)
#: Points at which a collective looks at its path.
_LOOKS = 6


def _share_promised(d: Driven, *, points: int = _LOOKS, slack: bool = True) -> Floats:
    return 1 - path_condition(
        base_norms(d, points),
        d.clip[:, None],
        smoothness=d.problems.smoothness * slack,
        length=d.problems.distance,
    )


def _private(d: Driven) -> Floats:
    return private_success_bound(
        d.alpha,
        steps=d.steps,
        start=d.problems.distance,
        base_norm=d.problems.largest_gradient(d.clip),
        dimension=d.dimension,
        delta=DELTA,
        **d.privacy,
    )


_TAIL = float(np.sqrt(-2 * np.log(DELTA / 2)))


def _private_mutant(d: Driven, *, kept: float, width: float) -> Floats:
    """The bound with only so much of the noise's spread: of the last step, or of no dimension."""
    gain = private_gain(d)
    left = contraction(d.alpha, eta=d.eta, xi=np.maximum(gain, 1e-12))
    rate = (1 - left) / d.eta
    gathered = accumulated_noise(d.steps, rate=rate, **d.privacy)
    last = accumulated_noise(1, rate=rate, **d.privacy)
    spread = np.where(kept, gathered, last) * width
    return np.where(gain > 0, -(left**d.steps * d.problems.distance + spread), -np.inf)


def _in_expectation(d: Driven, *, dimension: int | None = None) -> Floats:
    return -private_distance_bound(
        d.alpha,
        steps=d.steps,
        xi=d.xi,
        start=d.problems.distance,
        dimension=d.dimension if dimension is None else dimension,
        **d.privacy,
    )


def _highest_level(r: Retrained) -> Floats:
    return r.promised(r.rate ** r.worlds.levels.shape[1])


def _mean_level(r: Retrained) -> Floats:
    """ρ to the mean level: smaller than the mean of the powers, by Jensen."""
    levels = np.arange(1, r.worlds.levels.shape[1] + 1)
    return r.promised(r.rate ** (r.worlds.levels @ levels))


def _reweighted(w: Weighted, *, ratio: bool = True) -> Floats:
    base = w.base
    rho = np.minimum(w.ratio, 1.0) if ratio else 1.0
    return feature_label_bound_reweighted(w.effective, xi=base.xi, gap=base.gap(), ratio=rho)


def _with_first_laws(w: Weighted, *, effective: bool = True) -> Floats:
    """ξ and Δ as they are without weights, at α_eff or at α."""
    share = w.effective if effective else w.alpha
    return feature_label_bound(share, xi=w.worlds.xi, gap=w.worlds.gap())


_RESTATED = "Theorem 10, as restated"
_UNEQUAL_MUTANTS = {
    "α_eff, but ξ and Δ as they are without weights": _with_first_laws,
    "without ρ": lambda w: _reweighted(w, ratio=False),
    "α in place of α_eff": lambda w: _with_first_laws(w, effective=False),
}

TRIALS: tuple[Trial[Any], ...] = (
    Trial(
        name="gradient control, exact reports",
        source=_RESTATED,
        worlds=driven,
        exact=driven_exactly,
        bound=lambda d: -distance_after(d.steps, d.alpha, **d.step),
        mutants={
            "without α": lambda d: (
                -(np.maximum(1 - d.eta * d.xi, 0.0) ** d.steps) * d.problems.distance
            ),
            "one step more": lambda d: -distance_after(d.steps + 1, d.alpha, **d.step),
        },
        span=_DISTANCE,
    ),
    Trial(
        name="gradient control, reports that fall short",
        source="derived",
        worlds=driven,
        exact=driven_short,
        bound=lambda d: -distance_after(d.steps, d.alpha, residual=d.residual, **d.step),
        mutants={
            "without r": lambda d: -distance_after(d.steps, d.alpha, **d.step),
            "r of the last step only": lambda d: (
                -distance_after(d.steps, d.alpha, **d.step) - d.eta * d.alpha * d.residual
            ),
            "r without 1/ξ": lambda d: (
                -distance_after(d.steps, d.alpha, **d.step) - (1 - d.rate**d.steps) * d.residual
            ),
        },
        span=_DISTANCE,
    ),
    Trial(
        name="gradient control, size that the path takes",
        source="derived",
        worlds=driven,
        exact=share_spared,
        bound=_share_promised,
        mutants={
            "without the Lipschitz slack": lambda d: _share_promised(d, slack=False),
            "both ends of the path only": lambda d: _share_promised(d, points=2, slack=False),
        },
    ),
    Trial(
        name="private gradient descent, in expectation",
        source="derived",
        worlds=driven,
        exact=expected_distance,
        bound=_in_expectation,
        mutants={
            "without noise": lambda d: -distance_after(d.steps, d.alpha, **d.step),
            "noise of one dimension": lambda d: _in_expectation(d, dimension=1),
        },
        span=_DISTANCE,
    ),
    Trial(
        name="private gradient descent, clipped reports, with probability 1 − δ",
        source="derived",
        worlds=driven_noisily,
        exact=driven_privately,
        bound=_private,
        mutants={
            "without noise": lambda d: _private_mutant(d, kept=True, width=0.0),
            "noise of the last step only": lambda d: _private_mutant(
                d, kept=False, width=np.sqrt(d.dimension) + _TAIL
            ),
            "without the dimension": lambda d: _private_mutant(d, kept=True, width=_TAIL),
        },
        span=_DISTANCE,
        risk=DELTA,
    ),
    Trial(
        name="retraining, people who think several levels ahead",
        source="derived",
        worlds=retrained,
        exact=Retrained.happens,
        bound=lambda r: r.promised(level_rate(r.worlds.levels, r.rate)),
        mutants={
            "rate of the highest level": _highest_level,
            "rate of the mean level": _mean_level,
        },
        span=_DISTANCE,
    ),
    Trial(
        name="retraining, a collective with a fixed strategy",
        source="derived",
        worlds=retrained_with_collective,
        exact=Retrained.happens,
        bound=lambda r: r.promised(collective_rate(r.worlds.alpha, r.rate)),
        mutants={
            "without β/γ": lambda r: r.promised((1 - r.worlds.alpha) * r.worlds.sensitivity),
            "(1−α) twice": lambda r: r.promised((1 - r.worlds.alpha) ** 2 * r.rate),
        },
        span=_DISTANCE,
    ),
    Trial(
        name="re-weighting, one weight for members and one for others",
        source="derived",
        worlds=weighted_by_group,
        exact=Weighted.success,
        bound=_with_first_laws,
        mutants={
            "α in place of α_eff": lambda w: _with_first_laws(w, effective=False),
            "weights the wrong way round": lambda w: feature_label_bound(
                effective_share(
                    np.stack([w.alpha * w.other[:, 0, 0], (1 - w.alpha) * w.own[:, 0, 0]], axis=-1),
                    [1.0, 0.0],
                ),
                xi=w.worlds.xi,
                gap=w.worlds.gap(),
            ),
        },
    ),
    Trial(
        name="re-weighting, a weight for every kind of row",
        source="derived",
        worlds=weighted_at_random,
        exact=Weighted.success,
        bound=_reweighted,
        mutants=_UNEQUAL_MUTANTS,
    ),
    Trial(
        name="re-weighting, errors of a first training counted more",
        source="derived",
        worlds=weighted_by_errors,
        exact=Weighted.success,
        bound=_reweighted,
        mutants={name: mutant for name, mutant in _UNEQUAL_MUTANTS.items() if name != "without ρ"},
    ),
)
