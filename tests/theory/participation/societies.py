"""Societies drawn at random: every kind of curve with every law of costs."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gigsim.theory.participation.costs import (
    Costs,
    IdenticalCosts,
    LogisticCosts,
    LogNormalCosts,
    NormalCosts,
    SampleCosts,
    UniformCosts,
)
from gigsim.theory.participation.curves import BoundCurve, Curve, FunctionCurve, StepCurve
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.measured_curve import MeasuredCurve
from gigsim.theory.participation.regimes import AssuredCurve, leaking_bound_curve, pivotal_curve

levels = st.floats(0.0, 1.0).map(lambda x: round(x, 3))


def _parabola(alpha: np.ndarray) -> np.ndarray:
    return 4 * alpha * (1 - alpha)


@st.composite
def measured(draw: st.DrawFn, rising: bool = False) -> MeasuredCurve:
    shares = sorted(draw(st.sets(st.integers(1, 1000), min_size=1, max_size=8)))
    gains = draw(st.lists(st.floats(-0.2, 1.0), min_size=len(shares), max_size=len(shares)))
    gains = sorted(gains) if rising else gains
    scale = draw(st.sampled_from(["log", "linear"]))
    return MeasuredCurve(np.array(shares) / 1000, np.array(gains), scale)


@st.composite
def stairs(draw: st.DrawFn, rising: bool = False) -> StepCurve:
    steps = sorted(draw(st.sets(st.integers(0, 100), max_size=8)))
    gains = draw(st.lists(levels, min_size=len(steps) + 1, max_size=len(steps) + 1))
    gains = sorted(gains) if rising else gains
    closed = draw(st.sampled_from(["left", "right"]))
    return StepCurve(np.array(steps) / 100, np.array(gains), closed)


def curves(rising: bool = False) -> st.SearchStrategy[Curve]:
    kinds: list[st.SearchStrategy[Curve]] = [
        st.floats(0.0, 0.5).map(BoundCurve),
        st.sampled_from([FunctionCurve(np.sqrt), FunctionCurve(np.square)]),
        stairs(rising),
        measured(rising),
    ]
    if not rising:
        kinds += [
            st.just(FunctionCurve(_parabola, points=(0.5,))),
            st.builds(
                pivotal_curve,
                st.one_of(st.floats(0.0, 0.5).map(BoundCurve), measured(), stairs()),
                st.integers(2, 300),
            ),
            st.builds(AssuredCurve, measured(), st.floats(0.0, 1.0)),
            st.builds(
                lambda kappa, leak: leaking_bound_curve(kappa, leak=leak, population=1_000),
                st.floats(1e-4, 0.5),
                st.floats(0.0, 0.02),
            ),
        ]
    return st.one_of(kinds)


scales = st.floats(0.01, 2.0)
costs: st.SearchStrategy[Costs] = st.one_of(
    st.floats(-0.1, 1.5).map(IdenticalCosts),
    # A cost of -1e-56 makes equilibria that lie closer than ``FixedPoints.resolution``.
    st.builds(
        lambda low, wide: UniformCosts(round(low, 6), low + wide), st.floats(-0.2, 0.5), scales
    ),
    st.builds(NormalCosts, st.floats(-0.2, 1.0), scales),
    st.builds(LogNormalCosts, scales, st.floats(0.1, 2.0)),
    st.builds(LogisticCosts, st.floats(-0.2, 1.0), st.floats(1.0, 40.0)),
    st.lists(st.floats(-0.1, 1.5), min_size=1, max_size=30).map(
        lambda values: SampleCosts(np.array(values))
    ),
)


def societies(rising: bool = False) -> st.SearchStrategy[JoiningMap]:
    return st.builds(
        JoiningMap,
        curves(rising),
        costs,
        benefit=scales,
        gamma=st.sampled_from([0.0, 0.0, 0.3]),
        side_payment=st.sampled_from([0.0, 0.0, 0.05, -0.05]),
        first_movers=st.sampled_from([0.0, 0.0, 0.02]),
    )
