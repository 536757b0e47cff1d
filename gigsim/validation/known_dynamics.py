"""Known answers on choices with noise, slow beliefs and imitation (V40, P2-P4, P22).

Computed by ``theory.participation``, played out by ``GigEconomy`` on a curve. Means of periods are
within four standard errors of a path that hovers about its equilibrium.
"""

from __future__ import annotations

import numpy as np

from gigsim.streams import Streams
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.costs import IdenticalCosts, SampleCosts, UniformCosts
from gigsim.theory.participation.curves import FunctionCurve
from gigsim.theory.participation.dynamics import adaptive_path, adaptive_stable, replicator_step
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.logit_response import logit_folds, logit_map, logit_slope
from gigsim.validation.known import Known, Obtained, also, compared, listed
from gigsim.validation.society_runs import (
    ERRORS,
    fixed_point_error,
    play,
    share_itself,
)

_PEOPLE = 10_000
#: To which numbers agree that are computed in two ways.
_EXACT = 1e-9


def _hovering(told: float, slope: float, bend: float, shares: Floats, people: int) -> float:
    """By how many s.e. the mean of a path differs from where it hovers.

    Around a fixed point a path of binomial draws is an AR(1) with the slope: its mean has the s.e.
    of the draws over 1 − s and √T, and Φ'' shifts it by half of itself times the variance.
    """
    spread = told * (1 - told) / people
    error = np.sqrt(spread / len(shares)) / (1 - slope)
    shift = bend / 2 * spread / (1 - slope**2) / (1 - slope)
    return float(abs(shares.mean() - told - shift) / error)


def _logit_path(precision: float, cost: float, start: int, periods: int, people: int) -> Floats:
    keys = {
        "society.rule": "logit",
        "society.choice_precision": precision,
        "population.cost": cost,
    }
    run = play(people, share_itself, start=start, periods=periods, keys=keys)
    return run["alpha"].to_numpy(dtype=np.float64)


def _logit_misses(precision: float, cost: float, told: float, shares: Floats, people: int) -> float:
    slope = float(logit_slope(told, precision))
    return _hovering(told, slope, precision * slope * (1 - 2 * told), shares, people)


def _logit() -> Obtained:
    people, periods, warm = 20_000, 120, 30
    printed = {6.0: ("0.0707", "0.5", "0.9293"), 10.0: ("0.0072", "0.5", "0.9928")}
    found: dict[str, list[tuple[float, str]]] = {}
    alone = [logit_map(λ, cost=0.5).fixed_points().points for λ in (1.0, 2.0, 3.9, 4.0)]
    agrees = all(len(points) == 1 and abs(points[0].alpha - 0.5) < 5e-5 for points in alone)
    worst, sides = 0.0, True
    for precision, numbers in printed.items():
        points = [point.alpha for point in logit_map(precision, cost=0.5).fixed_points().points]
        agrees &= len(points) == 3
        found[f"λ = {precision:g}"] = list(zip(points, numbers, strict=True))
        for start, told in ((0, points[0]), (people, points[2])):
            path = _logit_path(precision, 0.5, start, periods, people)[warm:]
            worst = max(worst, _logit_misses(precision, 0.5, told, path, people))
        # Of the others a few join before anything is published.
        eager = 1 / (1 + np.exp(precision / 2))
        for share, told in ((0.45, points[0]), (0.55, points[2])):
            committed = round((share - eager) / (1 - eager) * people)
            end = _logit_path(precision, 0.5, committed, warm, people)[-1]
            sides &= abs(end - told) < 0.05
    path = _logit_path(2.0, 0.5, people, periods, people)[warm:]
    worst = max(worst, _logit_misses(2.0, 0.5, 0.5, path, people))
    played = (
        f"{people:,} people, from everybody and, λ = 6 and 10, from nobody: means of"
        f" {periods - warm} periods at most {worst:.1f} s.e. away; from 0.45 and 0.55 to the lower"
        " and the upper"
    )
    solved = listed(found, "λ = 1, 2, 3.9, 4: only 0.5")
    return also(solved, played, agrees and sides and worst <= ERRORS)


def _brock_durlauf() -> Obtained:
    people, precision, step = 20_000, 6.0, 0.005
    fold = logit_folds(precision)
    low, high = float(fold.low_cost), float(fold.high_cost)
    numbers = listed(
        {
            "α": [(float(fold.low), "0.211325"), (float(fold.high), "0.788675")],
            "c": [(low, "0.430818"), (high, "0.569182")],
        }
    )
    marginal = [float(logit_slope(share, precision)) for share in (fold.low, fold.high)]
    agrees = bool(np.allclose(marginal, 1.0, rtol=0, atol=_EXACT))
    counts = [
        len(logit_map(precision, cost=c).fixed_points().points)
        for c in (low - 1e-4, low + 1e-4, high - 1e-4, high + 1e-4)
    ]
    agrees &= counts == [1, 3, 3, 1]
    ends, worst = [], 0.0
    for cost, start in (
        (low - step, 0),
        (low + step, 0),
        (high - step, people),
        (high + step, people),
    ):
        path = _logit_path(precision, cost, start, 200, people)
        told = logit_map(precision, cost=cost).fixed_points().outcome(float(start > 0))
        ends.append(float(path[100:].mean()))
        worst = max(worst, _logit_misses(precision, cost, told, path[100:], people))
    played = (
        f"{people:,} people from nobody end at {ends[0]:.3f} with c {step:g} under the first and at"
        f" {ends[1]:.3f} with c {step:g} over it; from everybody at {ends[2]:.3f} under the second"
        f" and {ends[3]:.3f} over it; at most {worst:.1f} s.e. from the equilibrium told"
    )
    return also(numbers, played, agrees and worst <= ERRORS)


def _limits() -> Obtained:
    """A coin for everybody, and best response."""
    people, coin, sure, cost = 20_000, 1e-6, 1e6, 0.5
    (half,) = logit_map(coin, cost=cost).fixed_points().points
    path = _logit_path(coin, cost, 0, 100, people)[2:]
    worst = _logit_misses(coin, cost, half.alpha, path, people)
    ends, same = [], True
    for start in (9_999, 10_001):
        path = _logit_path(sure, cost, start, 4, people)
        plain = play(people, share_itself, start=start, periods=4, keys={"population.cost": cost})
        same &= np.array_equal(path, plain["alpha"])
        ends.append(float(path[-1]))
    played = (
        f"{people:,} people at λ = {coin:g}: the mean of 98 periods {worst:.1f} s.e. away; at"
        f" λ = {sure:g} from 9,999 members to {ends[0]:g} and from 10,001 to {ends[1]:g}, period by"
        " period as by best response"
    )
    agrees = same and ends == [0.0, 1.0] and worst <= ERRORS
    return also(compared({"λ → 0": (half.alpha, "0.5")}), played, agrees)


def _adaptive() -> Obtained:
    """G(α) = 1 − α and costs uniform on [0.2, 0.6]: Φ' = −2.5 where it meets the diagonal."""
    people, low, high, seed = _PEOPLE, 0.2, 0.6, 3
    law = JoiningMap(FunctionCurve(_crowded), UniformCosts(low, high))
    (point,) = law.fixed_points().points
    slope = -1 / (high - low)
    edge = 2 / (1 - slope)
    costs = low + (high - low) * Streams(seed).uniform("cost", size=people)
    sample = JoiningMap(FunctionCurve(_crowded), SampleCosts(costs))
    same, ends = True, {}
    for weight in (0.4, 0.5, 1.0):
        keys = {
            "population.cost": {"kind": "uniform", "low": low, "high": high},
            "society.belief": "adaptive",
            "society.adaptation": weight,
        }
        run = play(people, _crowded, periods=200, seed=seed, keys=keys)
        path = run["alpha"].to_numpy()[1:]
        # Nobody has heard of a collective at first: the gain of a share of 1.
        told = sample.next(adaptive_path(sample, 1.0, 200, weight)[1:])
        same &= bool(np.all(path == told))
        ends[weight] = path[-2:]
    error = fixed_point_error(point.alpha, slope, people)
    misses = max(abs(ends[w] - point.alpha).max() / error for w in (0.4, 0.5))
    cycle = sorted(ends[1.0].tolist())
    stable = adaptive_stable(slope, [0.4, 0.5, 1.0]).tolist() == [True, True, False]
    numbers = compared(
        {
            "α": (point.alpha, "0.571429"),
            "Φ'": (point.slope_below, "-2.50"),
            "largest δ": (edge, "0.571429"),
        }
    )
    played = (
        f"{people:,} people take the path of their own law in every one of 200 periods: δ = 0.4"
        f" and 0.5 settle {misses:.1f} s.e. from the fixed point, δ = 1 goes back and forth between"
        f" {cycle[0]:g} and {cycle[1]:g}"
    )
    return also(numbers, played, same and stable and misses <= ERRORS and cycle == [0.0, 1.0])


def _crowded(alpha: Floats) -> Floats:
    return 1.0 - alpha


def _replicator() -> Obtained:
    """Fermi's rule moves a share by α(1−α)·tanh(βΔ/2): the replicator's sign, and its rests."""
    people, gamma, strength = 20_000, 0.3, 10.0
    rests = [float(replicator_step(a, 0.0 if 0 < a < 1 else 1.0)) for a in (0.0, 0.5, 0.6, 1.0)]
    moved = replicator_step(np.array([0.49, 0.51]), 0.7 * np.array([0.49, 0.51]) - 0.35)
    mass = JoiningMap(FunctionCurve(share_itself), IdenticalCosts(0.35), gamma=gamma)
    critical = mass.fixed_points().critical_mass()
    imitates = {"society.rule": "imitation", "society.imitation_strength": strength}
    ends = []
    for start in (0.0, 0.47, 0.53, 1.0):
        keys = imitates | {"population.cost": 0.35, "society.spillover": gamma}
        run = play(people, share_itself, start=round(start * people), periods=60, keys=keys)
        ends.append(float(run["alpha"].iloc[-1]))
    keys = imitates | {"population.cost": 0.4}
    run = play(people, _crowded, start=people // 5, periods=240, keys=keys)
    shares, told = run["alpha"].to_numpy()[40:], 0.6
    # Who looks at somebody of the other kind copies with probability 1/2 where both do as well.
    leaves, joins = (1 - told) / 2, told / 2
    spread = ((1 - told) * joins * (1 - joins) + told * leaves * (1 - leaves)) / people
    slope = 1 - told * (1 - told) * strength / 2
    misses = abs(shares.mean() - told) / (np.sqrt(spread / len(shares)) / (1 - slope))
    numbers = compared({"rest": (critical, "0.5")}, "0, 0.5, 0.6 and 1 rest where nobody gains")
    agrees = rests == [0.0, 0.5, 0.6, 1.0] and bool(moved[0] < 0.49 and moved[1] > 0.51)
    played = (
        f"imitation among {people:,} people, γ = 0.3, c = 0.35: from 0, 0.47, 0.53, 1 to"
        f" {', '.join(f'{end:g}' for end in ends)}; where G = 1 − α and c = 0.4, at {told:g}"
        f" within {misses:.1f} s.e."
    )
    return also(numbers, played, agrees and ends == [0.0, 0.0, 1.0, 1.0] and misses <= ERRORS)


KNOWN = (
    Known(
        "V40",
        "logit response, G(α) = α, b = 1, c = 0.5",
        "λ ≤ 4: only 0.5; λ = 6: 0.0707, 0.5, 0.9293; λ = 10: 0.0072, 0.5, 0.9928",
        "Brock and Durlauf 2001",
        _logit,
        slow=True,
    ),
    Known(
        "P2",
        "Brock and Durlauf: folds of the logit response in the cost, λ = 6, b = 1",
        "α(1−α) = 1/(λb) at 0.211325 and 0.788675; two states for c from 0.430818 to 0.569182",
        "Brock and Durlauf 2001",
        _brock_durlauf,
        slow=True,
    ),
    Known(
        "P3",
        "adaptive expectations where success falls with size: G = 1 − α, costs uniform, 0.2 to 0.6",
        "the fixed points of best response; stable iff |1 − δ(1 − Φ')| < 1, here δ < 0.571429",
        "Nerlove 1958; derived",
        _adaptive,
        slow=True,
    ),
    Known(
        "P4",
        "imitation (replicator): where the share of members rests",
        "at 0, at 1, and where those who join do as well as those who stay away",
        "Taylor and Jonker 1978; Traulsen et al. 2006",
        _replicator,
        slow=True,
    ),
    Known(
        "P22",
        "the limits of the logit response, G(α) = α, b = 1, c = 0.5",
        "λ → 0: half of the people, whatever it brings; λ → ∞: best response",
        "McFadden 1974; derived",
        _limits,
        slow=True,
    ),
)
