"""The convex risk minimiser on trial: how far from θ* the platform's model really ends.

Success is minus the distance. Every world is a population (weighted rows) whose risk minimiser is
computed, so a bound has nothing to hide behind; the collective reports a cancelling law, of whose
members no more deviate than it takes. Shares lie on both sides of the critical mass; a world counts
where a distance is predicted.

Dropping the factor (1−α) of ‖g_P0‖ would not make a wrong bound but a weaker one, so the mutants
put it in twice, and drop it where it matters, in the curvature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.risk_minimizer import distance_from_gradient
from gigsim.validation.convex_worlds import (
    RISK,
    ConvexWorlds,
    clipped_worlds,
    drawn_worlds,
    mean_worlds,
    points_worlds,
    pools_worlds,
)
from gigsim.validation.trial import Trial

_DISTANCES = (-np.inf, 0.0)

Mutants = Mapping[str, Callable[[ConvexWorlds], Floats]]

_MUTANTS: Mutants = {
    "without the strong convexity": lambda w: w.promise(curvature=1.0),
    "1/t for t": lambda w: w.promise(t=1 / np.maximum(w.t, 1e-12)),
    "without α on the collective's gradient": lambda w: w.promise(alpha=1.0),
}
_TWICE: Mutants = {
    "(1−α) twice": lambda w: w.promise(base=(1 - w.alpha) * w.base, t=w.t),
    "μ/(1−α) for μ": lambda w: w.promise(curvature=w.curvature / np.maximum(1 - w.alpha, 1e-12)),
}
_LARGEST: Mutants = {
    "largest eigenvalue for smallest": lambda w: w.promise(curvature=w.extra["largest"]),
}


def _trial(
    name: str,
    worlds: Callable[[np.random.Generator, int], ConvexWorlds],
    mutants: Mutants,
    bound: Callable[[ConvexWorlds], Floats] = ConvexWorlds.promise,
    *,
    source: str = "Theorem 7 as restated; the distance derived",
    risk: float = 0.0,
) -> Trial[ConvexWorlds]:
    return Trial(
        name=name,
        source=source,
        worlds=worlds,
        exact=lambda w: -w.reached,
        bound=bound,
        mutants=mutants,
        span=_DISTANCES,
        risk=risk,
    )


def _from(key: str, over: str | None = None) -> Callable[[ConvexWorlds], Floats]:
    """Minus the distance for a gradient of ``extra``, with a curvature of it or the bound's own."""

    def promise(w: ConvexWorlds) -> Floats:
        return -distance_from_gradient(w.extra[key], w.curvature if over is None else w.extra[over])

    return promise


_NO_PENALTY: Mutants = {
    "the penalty's gradient left out": lambda w: w.promise(base=w.extra["unpenalised"]),
}
_CLEAN: Mutants = {
    "without (1−α) on the curvature": lambda w: w.promise(curvature=w.extra["clean"]),
}
_CLIP: Mutants = {
    "as if every label were allowed": _from("unclipped"),
    "largest eigenvalue for smallest": _from("left", "largest"),
    "without the strong convexity": lambda w: -w.extra["left"],
}

#: All trials of the convex risk minimiser.
TRIALS: tuple[Trial[ConvexWorlds], ...] = (
    _trial("cancelling, mean estimation", mean_worlds, {**_MUTANTS, **_TWICE}),
    _trial(
        "cancelling, least squares, curvature known beforehand",
        points_worlds("linear", (0.0, 0.0), "beforehand"),
        {**_MUTANTS, **_LARGEST, **_CLEAN},
    ),
    _trial(
        "cancelling, least squares, curvature of P",
        points_worlds("linear", (0.0, 0.0), "own"),
        {**_MUTANTS, **_LARGEST, **_TWICE},
    ),
    _trial(
        "cancelling, ridge",
        points_worlds("linear", (0.02, 1.0), "own"),
        {**_MUTANTS, **_LARGEST, **_NO_PENALTY, **_TWICE},
    ),
    _trial(
        "cancelling, logistic, curvature of the penalty",
        points_worlds("logistic", (0.02, 1.0), "penalty"),
        {**_MUTANTS, **_LARGEST},
    ),
    _trial(
        "cancelling, logistic, local curvature",
        points_worlds("logistic", (0.005, 0.3), "local", dimensions=2),
        {
            "curvature at θ* only": lambda w: -w.extra["at θ* only"],
            "largest eigenvalue for smallest": lambda w: w.promise(curvature=w.extra["largest"]),
            "1/t for t": _MUTANTS["1/t for t"],
        },
        lambda w: -w.extra["local"],
        source="derived",
    ),
    _trial(
        "label only, least squares, bounded labels",
        clipped_worlds("linear", (0.0, 0.0)),
        _CLIP,
        _from("left"),
        source="derived",
    ),
    _trial(
        "label only, logistic, clipped rule",
        clipped_worlds("logistic", (0.02, 1.0)),
        _CLIP,
        _from("left"),
        source="derived",
    ),
    _trial("pool, leverage of the linear program", pools_worlds, {**_MUTANTS, **_LARGEST}),
    _trial(
        "pool, best mixture",
        pools_worlds,
        {
            "largest eigenvalue for smallest": _from("left", "largest"),
            "without the strong convexity": lambda w: -w.extra["left"],
        },
        _from("left"),
        source="derived",
    ),
    _trial(
        "label only, least squares, members drawn at random",
        drawn_worlds,
        {
            "without the sampling error": lambda w: np.zeros_like(w.alpha),
            "n for sqrt(n)": lambda w: -w.extra["bound"] / np.sqrt(w.extra["people"]),
            "α/(1−α) for (1−α)/α": lambda w: -w.extra["bound"] * w.alpha / (1 - w.alpha),
        },
        lambda w: -w.extra["bound"],
        source="derived",
        risk=RISK,
    ),
)
