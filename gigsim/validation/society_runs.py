"""Societies played out by the simulation, on a curve in place of a platform, for known answers.

The platform is a surrogate whose file has S(k/N) for every number of members k, with U(0) = 0: what
people decide on is the formula itself and not a line between two of its points. Everybody is asked
in every period, nothing leaks, and the share γ of the gain that outsiders have is
``society.spillover``. So a period is one application of the joining map to the people there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from gigsim.config import build
from gigsim.model import GigEconomy
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.curves import BoundCurve

#: Standard errors that a simulated number may be away from the predicted one.
ERRORS = 4.0

#: G of all members k/N at once, in [0, 1].
Gain = Callable[[Floats], Floats]

_BASE: dict[str, Any] = {
    "name": "validation",
    "population.cost": 1.0,
    "network.kind": "complete",
    "society.activation": 1.0,
    "society.spillover": 0.0,
    "collective.first_movers": 0,
    "collective.leak": 0.0,
    "collective.retention": 0.0,
    "platform.learner.kind": "surrogate",
    "platform.retrain_every": 1,
    "corpus.xi": 0.0,
    "measure.selection_draws": 99,
    "measure.reference": 0,
}
_ROUNDING = 1e-9
# A population that has not come to rest by then will not, or is next to a fold.
_MOST = 5000


def bound(kappa: float) -> Gain:
    """G(α) = max(0, 1 − κ(1−α)/α), Theorem 1."""
    return BoundCurve(kappa).value


def share_itself(alpha: Floats) -> Floats:
    """G(α) = α."""
    return alpha


def evenly(quantile: Callable[[Floats], Floats], size: int) -> Floats:
    """One trait a person at the quantiles (i + ½)/N, shape (N,): a law without luck."""
    return quantile((np.arange(size) + 0.5) / size)


def play(
    size: int,
    gain: Gain,
    *,
    start: int = 0,
    periods: int | None = None,
    seed: int = 1,
    traits: Mapping[str, Floats] | None = None,
    at: tuple[dict[str, Any], ...] = (),
    keys: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Run a society and return its periods.

    Args:
        size: N people.
        gain: G, vectorised.
        start: so many are committed in the first period and free to leave from the second on: they
            are where the path begins.
        periods: how many; None: until the share of members is the same in two periods running, of
            rules without luck a state in which it stays.
        seed: of the run.
        traits: costs or thresholds, by ``cost`` or ``threshold``, shape (N,) each, in place of a
            law.
        at: changes in time, as tables of a config.
        keys: dotted keys of the config.

    Returns:
        ``GigEconomy.periods``, a row a period from 0 on.

    Raises:
        RuntimeError: it has not come to rest.
    """
    with TemporaryDirectory() as folder:
        overrides: dict[str, Any] = {
            "population.size": size,
            "run.seed": seed,
            "collective.first_movers": start,
        }
        overrides["platform.learner.curve"] = str(_written(Path(folder), size, gain))
        for name, values in (traits or {}).items():
            path = Path(folder) / f"{name}.parquet"
            pd.DataFrame({name: values}).to_parquet(path)
            overrides[f"population.{name}"] = {"kind": "table", "path": str(path), "column": name}
        changes = ({"period": 2, "set": {"collective.first_movers": 0}},) if start else ()
        model = GigEconomy(build({"at": [*changes, *at]}, _BASE | overrides | dict(keys or {})))
        if periods is not None:
            return model.run(periods)
        before = -1.0
        for period in range(_MOST):
            model.step()
            if period and model.alpha == before:
                return model.periods
            before = model.alpha
    raise RuntimeError(f"{size} people are not at rest after {_MOST} periods")


def settled(size: int, gain: Gain, **arguments: Any) -> float:
    """α at rest; arguments of :func:`play`."""
    return float(play(size, gain, **arguments)["alpha"].iloc[-1])


def fixed_point_error(share: float, slope: float, size: int) -> float:
    """One s.e. of the fixed point of N people drawn at random: √(a(1−a)/N)/|1 − Φ'(a)|.

    Their empirical law differs from the law at a by the first factor, and a fixed point moves by
    that over the angle at which the map meets the diagonal.

    Args:
        share: a, the fixed point of the law.
        slope: Φ'(a), not 1.
        size: N.
    """
    return float(np.sqrt(share * (1 - share) / size) / abs(1 - slope))


def beyond_a_person(end: float, told: float, error: float, people: int) -> float:
    """By how many s.e. a share differs from a prediction, once the nearest person is allowed for.

    Args:
        end: share of the people, which comes in steps of 1/N.
        told: what it is compared with.
        error: one s.e.; 0 where luck has no say.
        people: N.
    """
    miss = abs(end - told) - 1 / people
    if miss <= 0:
        return 0.0
    return miss / error if error > 0 else np.inf


def away(simulated: Floats | list[float], predicted: float) -> float:
    """By how many s.e. of their mean independent runs differ from a prediction.

    Args:
        simulated: one number a run, at least eight of them for :data:`ERRORS` to mean what they
            do for the normal law.
        predicted: what they are compared with.

    Returns:
        inf where a run brought no number.

    Raises:
        ValueError: fewer than eight runs.
    """
    values = np.asarray(simulated, dtype=np.float64)
    if len(values) < 8:
        raise ValueError(f"need eight runs or more, got {len(values)}")
    if not np.all(np.isfinite(values)):
        return np.inf
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    miss = abs(float(values.mean()) - predicted)
    if error > 0:
        return miss / error
    # All runs alike: they are it, but for rounding, or they are not.
    return 0.0 if miss < _ROUNDING else np.inf


def _written(folder: Path, size: int, gain: Gain) -> Path:
    alpha = np.arange(size + 1) / size
    success = gain(alpha)
    columns = dict.fromkeys(("success_any", "success_top1"), success)
    columns |= {name: np.zeros(size + 1) for name in ("base_any", "base_top1", "accuracy")}
    path = folder / "curve.parquet"
    pd.DataFrame({"alpha": alpha} | columns).to_parquet(path)
    return path
