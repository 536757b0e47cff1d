"""The plan tried out: real runs of the loop, with the plan and with less."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from gigsim.config import Config, build
from gigsim.dynamics.carried import light, run_to_rest
from gigsim.learners.curve_cells import NEEDED
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.planning.outlook import Outlook, with_curve
from gigsim.planning.secrecy import SIZED
from gigsim.planning.starting import planned_ways
from gigsim.theory.participation.costs import SampleCosts
from gigsim.tipping import share_of

#: Runs are of at most so many people, or of as many as it takes for a plan of so many first movers.
PEOPLE, CROWD, MOST = 5_000, 50, 200_000
#: A run has so many times the periods that the slowest planned way takes, and at least the second.
_TIMES, _PERIODS = 3, 60


def trials(
    look: Outlook,
    start: Mapping[str, Any],
    ends: float,
    seeds: int,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """The plan's ``start.trials``: see docs/planning.md.

    Args:
        look: what the plan stands on.
        start: the plan's ``start``.
        ends: the share at which the plan is expected to end.
        seeds: runs of each kind, at least 1.
        tell: hears which kind is on.
    """
    # Where nobody is needed, those who begin by themselves have to be there.
    few = start["first_movers"]["share"] or float(look.society.next(0.0))
    people = people_of(look, few)
    # Who ends above the middle between the critical mass and where it goes has been carried over.
    boundary = (look.critical_mass + max(ends, look.critical_mass)) / 2
    nothing = {
        "collective.first_movers": 0,
        "run.until": "settled",
        "run.limit": periods_of(look, start),
    }
    found: dict[str, Any] = {
        "people": people,
        "periods": nothing["run.limit"],
        "boundary": boundary,
        "seeds": seeds,
        "stands_in": "curve" if look.measured else "promise",
        "kinds": {},
    }
    with _tryable(look, people) as config:
        for name, changes in kinds_of(look, start, people).items():
            tell(f"trying {seeds} runs: {name.replace('_', ' ')}")
            one = build(config.model_dump(mode="json"), nothing | changes)
            first = one.collective.first_movers
            done = [run_to_rest(one, first, one.run.seed + number).alpha for number in range(seeds)]
            carried = share_of(sum(alpha >= boundary for alpha in done), seeds)
            found["kinds"][name] = {
                "carried": carried.count,
                "of": carried.of,
                "share": carried.share,
                "low": carried.low,
                "high": carried.high,
                "mean_alpha": float(np.mean(done)),
                "changes": {key.removeprefix("collective."): v for key, v in changes.items()},
            }
    return found


def kinds_of(look: Outlook, start: Mapping[str, Any], people: int) -> dict[str, dict[str, Any]]:
    """What is tried: dotted keys of each kind of run."""
    movers, subsidy, point = (
        start[name] for name in ("first_movers", "subsidy", "provision_point")
    )
    scale = people / look.people
    kinds: dict[str, dict[str, Any]] = {}
    if look.critical_mass == 0:
        return {"nothing": {}}
    if movers["plan"]:
        plan = min(people, max(1, round(movers["plan"] * scale)))
        kinds["first_movers"] = {"collective.first_movers": plan}
        fewer = min(plan - 1, int(movers["short"] * scale))
        # None of them is what "nothing" tries.
        if fewer:
            kinds["fewer_first_movers"] = {"collective.first_movers": fewer}
    if subsidy["arrives"] and subsidy["per_person"]:
        paying = {
            "collective.subsidy": subsidy["per_person"],
            "collective.subsidy_until": subsidy["until"],
            "collective.fund": subsidy["fund"] * scale,
        }
        kinds["subsidy"] = paying
        kinds["smaller_subsidy"] = paying | {"collective.subsidy": subsidy["short"]}
    if point["works"] and point["share"]:
        kinds["provision_point"] = {
            "collective.provision_point": point["share"],
            "collective.refund": True,
        }
    if kinds:
        kinds["nothing"] = {}
    return kinds


def periods_of(look: Outlook, start: Mapping[str, Any]) -> int:
    """The most periods of a run: a leak goes on for long after it is known who grows."""
    slowest = max((len(way.alpha) for way in planned_ways(look, start).values()), default=0)
    return min(look.config.run.limit, max(_PERIODS, _TIMES * slowest))


def people_of(look: Outlook, share: float) -> int:
    """How many people take part in a run: N, or enough of a larger population.

    Args:
        look: what the plan stands on.
        share: of the people by whom it begins; :data:`CROWD` of them are enough.
    """
    fixed = look.config.network.kind not in SIZED
    if fixed or isinstance(look.society.costs, SampleCosts):
        return look.people
    if look.config.population.threshold.kind == "table":
        return look.people
    wanted = PEOPLE if share <= 0 else max(PEOPLE, int(np.ceil(CROWD / share)))
    return min(look.people, wanted, MOST)


@contextmanager
def _tryable(look: Outlook, people: int) -> Iterator[Config]:
    """The config with as little measured as may be, and a curve: a promise becomes a file."""
    smaller = {
        "population.size": people,
        "collective.first_movers": 0,
    }
    config = light(build(look.config.model_dump(mode="json"), smaller))
    if isinstance(config.platform.learner, SurrogateRecipe):
        yield config
        return
    with TemporaryDirectory(prefix="gigsim-plan-") as folder:
        path = Path(folder) / "promise.csv"
        write_promise(look, path)
        yield with_curve(
            build(config.model_dump(mode="json"), {"society.belief": "published"}), path
        )


def write_promise(look: Outlook, path: Path) -> None:
    """What is promised as a curve that a surrogate reads, at the shares that follow."""
    follow = 1.0 - look.config.collective.abstain
    grid = np.unique(np.append(look.brings.alphas, 0.0))
    clean = look.brings.clean
    success = np.minimum(clean + look.brings.curve.value(grid), 1.0)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(NEEDED)
        for alpha, reached in zip(grid * follow, success, strict=True):
            table.writerow([repr(float(x)) for x in (alpha, reached, reached, clean, clean, 1.0)])
