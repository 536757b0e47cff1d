"""Random worlds in which texts have the target at times, and members who plant without lying."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats
from gigsim.theory.worlds import Worlds, all_label_sets, random_worlds
from gigsim.validation.planting_worlds import (
    FEATURES,
    log_uniform,
    often_one_point,
    with_signal_mass,
)


class Floored(NamedTuple):
    """Worlds in which y* has a floor.

    Attributes:
        worlds: B worlds with X features.
        floor: p, shape (B,).
        low: bool, shape (B, X): the texts with P0(y* in Y|x) under the floor.
    """

    worlds: Worlds
    floor: Floats
    low: NDArray[np.bool_]


def floored_worlds(
    generator: np.random.Generator, count: int, *, multi_label: bool, some_low: bool = False
) -> Floored:
    """Worlds in which y* has a floor at every text, or at all but some.

    P0(y* in Y|x) is the floor at some text and over it by up to a factor at the others, a factor
    that is near 1 in many worlds: there Theorem 3 is tight. Of the worlds with texts under the
    floor every second has them on the signal set only, where they cost most.

    Args:
        generator: source of all randomness.
        count: B.
        multi_label: label sets or one label a resume.
        some_low: are there texts under the floor?
    """
    labels, shape = 3, (count, FEATURES)
    sets = all_label_sets(labels) if multi_label else np.eye(labels, dtype=np.bool_)
    plain = random_worlds(generator, count, features=FEATURES, labels=labels)
    plain = replace(plain, signal=often_one_point(generator, plain))
    floor = log_uniform(generator, 0.02, 0.7, count)
    spread = log_uniform(generator, 1e-3, 1.0, count)[:, None]
    own = np.minimum(floor[:, None] * (1 + spread * generator.random(shape)), 1.0)
    low = np.zeros(shape, dtype=np.bool_)
    if some_low:
        low = generator.random(shape) < log_uniform(generator, 0.01, 0.5, count)[:, None]
        there = generator.random(shape) < 0.7
        low[::2] = (there & plain.in_signal_set)[::2]
        depth = log_uniform(generator, 1e-3, 1.0, count)[:, None]
        own = np.where(low, floor[:, None] * depth * generator.random(shape), own)
    else:
        floor = own.min(axis=1)
    has = sets[:, plain.target].T[:, None, :]
    inner = generator.gamma(0.1, size=(*shape, len(sets))) + 1e-12
    with_target, without = np.where(has, inner, 0.0), np.where(has, 0.0, inner)
    base = own[:, :, None] * with_target / with_target.sum(axis=2, keepdims=True)
    base += (1 - own)[:, :, None] * without / without.sum(axis=2, keepdims=True)
    base *= generator.dirichlet(np.ones(FEATURES), size=count)[:, :, None]
    worlds = Worlds(base, sets, plain.signal, plain.target)
    worlds = with_signal_mass(worlds, log_uniform(generator, 1e-4, 0.3, count))
    return Floored(worlds, floor, low)


def feature_only_law(
    worlds: Worlds, alpha: Floats, away: NDArray[np.int64] | None = None
) -> Floats:
    """P where members with y* in their set plant and the others stay, or move to ``away[x]``."""
    has = worlds.sets[:, worlds.target].T[:, None, :]
    with_target = np.where(has, worlds.base, 0.0)
    others = worlds.base - with_target
    planted = np.einsum("bxs,bxz->bzs", with_target, _onto(worlds.signal))
    stay = others if away is None else np.einsum("bxs,bxz->bzs", others, _onto(away))
    share = alpha[:, None, None]
    return share * (planted + stay) + (1 - share) * worlds.base


def away_from_signals(worlds: Worlds, generator: np.random.Generator) -> NDArray[np.int64]:
    """A random place off X* for each point of X*, itself for the others, shape (B, X)."""
    inside = worlds.in_signal_set
    keys = np.where(inside[:, None, :], -1.0, generator.random((*inside.shape, inside.shape[1])))
    return np.where(inside, keys.argmax(axis=2), np.arange(inside.shape[1]))


def _onto(places: NDArray[np.int64]) -> Floats:
    return (places[:, :, None] == np.arange(places.shape[1])).astype(np.float64)
