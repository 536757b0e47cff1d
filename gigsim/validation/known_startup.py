"""Known answers on starting, on the order of joining and on jointness of supply (P14-P16).

Oliver, Marwell and Teixeira (1985): a production function that accelerates has to be started by
somebody, and then all follow; one that decelerates starts by itself, invites free riding on those
who came first, and brings most where the least interested are asked first. Played out by
``GigEconomy`` on a curve, and in an order of our choice by its rule for public goods.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.society.pivotal import PublicGood, by_difference_made
from gigsim.society.sequential import Round, Turns
from gigsim.streams import Streams
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.closed_forms import identical_costs_critical_mass
from gigsim.theory.participation.costs import IdenticalCosts
from gigsim.theory.participation.curves import BoundCurve, FunctionCurve
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.regimes import PivotalCurve
from gigsim.theory.participation.startup import startup_cost
from gigsim.validation.known import Known, Obtained, also, compared, listed
from gigsim.validation.society_runs import ERRORS, Gain, bound, play, settled

_PEOPLE = 10_000
_PIVOTAL: dict[str, Any] = {"society.rule": "pivotal", "society.order": "sequential"}
_NONE = np.array([])


def accelerating(alpha: Floats) -> Floats:
    """G(α) = α²: each adds more than the one before."""
    return np.square(alpha)


def decelerating(alpha: Floats) -> Floats:
    """G(α) = √α: each adds less than the one before."""
    return np.sqrt(alpha)


def _pivotal(gain: Gain, cost: float) -> JoiningMap:
    """The pure public good of so many people: one more adds b·[G(α + 1/N) − G(α)]."""
    curve = PivotalCurve(FunctionCurve(gain), _PEOPLE, _NONE)
    return JoiningMap(curve, IdenticalCosts(cost))


def _lacking(gain: Gain, cost: float, share: float, people: int) -> float:
    """What is lacking up to a share, a head: so many people at a time are committed, nobody asked.

    All of a lot lack what its members do when it is half full.

    Args:
        gain: G.
        cost: of everybody.
        share: up to which.
        people: in a lot, even.
    """
    lots = int(share * _PEOPLE / people)
    sizes = people // 2 + people * np.arange(lots)
    grows = tuple(
        {"period": t, "set": {"collective.first_movers": int(size)}}
        for t, size in enumerate(sizes, start=1)
    )
    keys = {"population.cost": cost, "society.activation": 1e-12}
    run = play(_PEOPLE, gain, periods=lots, at=grows, keys=keys).iloc[1:]
    if run["members"].tolist() != sizes.tolist():
        raise RuntimeError("somebody else has joined")
    short = np.maximum(-run["mean_utility_members"].to_numpy(dtype=np.float64), 0.0)
    return float(short.sum() * people / _PEOPLE)


def _accelerates() -> Obtained:
    # One more adds (2k + 1)/N² where k are in: 6 / (100 N) from k = 3,000 on.
    cost = 6e-5
    mass = _pivotal(accelerating, cost).fixed_points().critical_mass()
    keys = _PIVOTAL | {"population.cost": cost}
    starts = (3001, 2999)
    ends = [settled(_PEOPLE, accelerating, start=k, keys=keys) for k in starts]

    club, kappa, price = 0.25, 0.01, 0.5
    curves = JoiningMap(FunctionCurve(accelerating), IdenticalCosts(club))
    half = JoiningMap(BoundCurve(kappa), IdenticalCosts(price))
    told = startup_cost(curves), startup_cost(half)
    found = (
        _lacking(accelerating, club, curves.fixed_points().critical_mass(), 20),
        _lacking(bound(kappa), price, half.fixed_points().critical_mass(), 2),
    )
    # Middles are off by a 24th of a lot squared times the change of G', some 10⁻⁷ in both cases,
    # and the kink at the foot by an eighth at most: under a hundredth of what one person lacks.
    near = bool(np.allclose(found, told, rtol=0, atol=0.01 * price / _PEOPLE))
    numbers = compared(
        {
            "critical mass": (mass, "0.29995"),
            "cost of starting, α², c = 0.25": (told[0], "0.083333"),
            "the bound, κ = 0.01, c = 0.5": (told[1], "0.006833"),
        }
    )
    played = (
        f"{_PEOPLE:,} people asked in turn about a public good end at {ends[0]:g} from"
        f" {starts[0]:,} members, at {ends[1]:g} from {starts[1]:,}; what the newest members of a"
        " club lose as it grows to its critical mass, added up, a head of the population:"
        f" {found[0]:.6f}, {found[1]:.6f}"
    )
    return also(numbers, played, ends == [1.0, 0.0] and near)


def _asked(gain: Gain, price: Floats, order: NDArray[np.int64], rounds: int = 1) -> float:
    """Share of people who contribute for good, asked so many times in an order; from nobody."""
    member = np.zeros(_PEOPLE, dtype=np.bool_)
    everybody = np.ones(_PEOPLE, dtype=np.bool_)
    good = PublicGood(lambda alpha: gain(np.asarray(alpha, dtype=np.float64)))
    for _ in range(rounds):
        this = Round(member, everybody, member, Turns(order, _PEOPLE))
        member = by_difference_made(good, price, this, scale=1.0)
    return float(member.mean())


def _decelerates() -> Obtained:
    """A quarter is keen. Alone the keen stop at ½ of all, the reluctant at a fifth."""
    keen, stops = 0.25, (0.5, 0.2)
    costs = [1 / (2 * _PEOPLE * np.sqrt(share)) for share in stops]
    told = [_pivotal(decelerating, cost).fixed_points().high for cost in costs]
    price = np.where(np.arange(_PEOPLE) < keen * _PEOPLE, costs[0], costs[1])
    first = np.arange(_PEOPLE)
    ends = [_asked(decelerating, price, order) for order in (first, first[::-1].copy())]
    wanted = [max(told[1], min(keen, told[0])), min(told[1] + keen, told[0])]
    agrees = max(abs(end - want) for end, want in zip(ends, wanted, strict=True)) <= 1 / _PEOPLE

    # In a random order all of the first fifth join, and of the others who is keen.
    luck = Streams(1).generator("order of asking")
    orders = [luck.permutation(_PEOPLE) for _ in range(8)]
    kept = [_asked(decelerating, price, order) for order in orders]
    mean = told[1] + keen * (1 - told[1])
    drawn = told[1] * _PEOPLE * keen * (1 - keen) * (1 - told[1])
    spread = np.sqrt(drawn) / _PEOPLE
    keys = _PIVOTAL | {"society.leaving": "never"}
    kept.append(settled(_PEOPLE, decelerating, traits={"cost": price}, keys=keys))
    worst = float(np.abs(np.array(kept) - mean).max() / spread)
    left = settled(_PEOPLE, decelerating, traits={"cost": price}, keys=_PIVOTAL)

    # Where it accelerates the keen start it, first or last, as soon as they are enough.
    many = np.where(np.arange(_PEOPLE) < 0.35 * _PEOPLE, 0.0, 6e-5)
    both = [_asked(accelerating, many, o, rounds=2) for o in (first, first[::-1].copy())]
    agrees &= both == [1.0, 1.0] and abs(left - keen) <= 1 / _PEOPLE
    numbers = listed({"alone": [(told[0], "0.500"), (told[1], "0.200")]})
    played = (
        f"of {_PEOPLE:,} people {ends[0]:.4f} give for good where the keen are asked first,"
        f" {ends[1]:.4f} where they are asked last, {np.mean(kept):.4f} in nine random orders, one"
        f" of them a whole economy, each at most {worst:.1f} s.e. from {mean:.4f}; free to leave"
        f" they end at {left:.4f}; where each adds more than the last (α²) everybody joins in"
        " either order"
    )
    return also(numbers, played, agrees and worst <= ERRORS)


def _jointness() -> Obtained:
    cost, carriers, kappa = 0.5, 20, 0.002
    sizes = (10_000, 20_000, 40_000)
    needed, ends = [], []
    for fixed in (True, False):
        for people in sizes:
            each = carriers / people if fixed else kappa
            mass = float(identical_costs_critical_mass(cost, kappa=each)) * people
            least = int(np.ceil(mass))
            keys = {"population.cost": cost}
            needed.append(mass)
            ends += [settled(people, bound(each), start=k, keys=keys) for k in (least, least - 1)]
    numbers = listed(
        {
            "20 carriers": list(zip(needed[:3], ("39.84", "39.92", "39.96"), strict=True)),
            "κ = 0.002": list(zip(needed[3:], ("39.84", "79.68", "159.36"), strict=True)),
        }
    )
    told = ", ".join(f"{int(np.ceil(mass))}" for mass in needed)
    above, below = (", ".join(f"{end:g}" for end in ends[way::2]) for way in (0, 1))
    played = (
        f"{', '.join(f'{n:,}' for n in sizes)} people, each with 20 carriers and then with κ, end"
        f" at {above} from {told} members, at {below} from one less"
    )
    return also(numbers, played, ends == [1.0, 0.0] * (2 * len(sizes)))


KNOWN = (
    Known(
        "P14",
        "start-up where production accelerates, G = α², a public good with c = 0.6/N and clubs",
        "critical mass 0.3 − 1/(2N); to start costs ∫(c − G)⁺dα: 2/3·c·√c, and for the bound"
        " c·α_c − (1+κ)(α_c − α₀) + κ ln(α_c/α₀)",
        "Oliver, Marwell and Teixeira 1985; derived",
        _accelerates,
        slow=True,
    ),
    Known(
        "P15",
        "order of joining where production decelerates, G = √α, a public good that a quarter is"
        " keen on",
        "alone the keen stop at (b/(2cN))² = ½ and the reluctant at 1/5: of all 0.25 if the keen"
        " are asked first, 0.45 if last, 0.40 at random",
        "Oliver, Marwell and Teixeira 1985; derived",
        _decelerates,
        slow=True,
    ),
    Known(
        "P16",
        "jointness of supply: people needed where ξ is a count of carriers and where it is a share",
        "κN/(κ + 1 − c/b): 40 whatever N where κN = 20, in proportion to N where κ = 0.002",
        "Oliver and Marwell 1988; derived",
        _jointness,
        slow=True,
    ),
)
