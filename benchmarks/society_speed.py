"""How fast people decide: gigsim, the same model the usual Mesa way, and the bare sparse product.

    python benchmarks/society_speed.py [LARGEST] [--mesa-up-to N] [--activation A]

Everybody knows ten others (a small world, rewire = 0.1). Who is asked is a member iff the share of
his neighbours that are is at least his own threshold, uniform in [0, 1]; a tenth are first movers,
who stay in. The platform is a measured curve. For N = 10^3, 10^4, ... up to LARGEST (10^6)
one line each of

* ``decide``: ``GigEconomy.decide``, synchronous and in random sequential order, draws included;
* ``step``: the whole period;
* Mesa: agents that hold a list of their neighbours; synchronous in two phases (``do``), in turn by
  ``shuffle_do``;
* the product of SciPy's sparse matrix with the vector of members.

Milliseconds are of one core: the median of process CPU seconds over a few periods after the first
(one period of Mesa above 10^5 people). Then seconds to draw each kind of network of the largest
size, and bytes a freelancer.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import mesa
import numpy as np
import psutil
from numpy.typing import NDArray

from gigsim import GigEconomy
from gigsim.config import build
from gigsim.model import VIEWS_UP_TO
from gigsim.society import network_draws, networks
from gigsim.society.kernels import compiled
from gigsim.society.network_blocks import blocks
from gigsim.society.networks import SparseNetwork

DEGREE, REWIRE = 10, 0.1
CURVE = "alpha,success_any,success_top1,base_any,base_top1,accuracy\n0,0,0,0,0,.9\n1,1,1,0,0,.9\n"


class Person(mesa.Agent):
    """Somebody who decides by what his acquaintances do."""

    model: Society

    def __init__(self, model: Society, threshold: float, member: bool) -> None:
        super().__init__(model)
        self.threshold = threshold
        self.member = self.first_mover = self.wants = member
        self.friends: list[Person] = []

    def decide(self) -> None:
        """Look around and act on it."""
        if self.model.random.random() < self.model.activation:
            inside = sum(friend.member for friend in self.friends)
            self.member = self.first_mover or inside / len(self.friends) >= self.threshold

    def consider(self) -> None:
        """Look around; act when all have."""
        if self.model.random.random() < self.model.activation:
            inside = sum(friend.member for friend in self.friends)
            self.wants = self.first_mover or inside / len(self.friends) >= self.threshold

    def act(self) -> None:
        """Do what was decided."""
        self.member = self.wants


class Society(mesa.Model):
    """The same people, the usual Mesa way."""

    def __init__(self, economy: GigEconomy, network: SparseNetwork, activation: float) -> None:
        super().__init__(rng=1)
        self.activation = activation
        population = economy.population
        threshold, first = population.threshold.tolist(), population.first_mover.tolist()
        people = list(Person.create_agents(self, network.size, threshold, first))
        ends, indices = network.indptr.tolist(), network.indices.tolist()
        for person, start, stop in zip(people, ends, ends[1:], strict=False):
            person.friends = [people[j] for j in indices[start:stop]]

    def step(self) -> None:
        """In random order, each seeing what those before him did."""
        self.agents.shuffle_do("decide")

    def step_at_once(self) -> None:
        """All see the state before."""
        self.agents.do("consider")
        self.agents.do("act")


def cpu(action: Callable[[], Any], periods: int) -> float:
    """Median CPU milliseconds of an action."""
    spent = []
    for _ in range(periods):
        start = time.process_time()
        action()
        spent.append(1e3 * (time.process_time() - start))
    return median(spent)


def economy(
    size: int, order: str, activation: float, network: SparseNetwork, curve: Path
) -> GigEconomy:
    """A society of so many on a measured curve."""
    config = build(
        {
            "population": {"size": size, "threshold": {"kind": "uniform", "low": 0.0, "high": 1.0}},
            "network": {"kind": "ring", "degree": DEGREE},
            "society": {
                "rule": "threshold",
                "reference_group": "neighbours",
                "order": order,
                "activation": activation,
            },
            "collective": {"first_movers": size // 10},
            "platform": {"learner": {"kind": "surrogate", "curve": str(curve)}},
        }
    )
    model = GigEconomy(config, rng=1)
    model.stage = replace(model.stage, network=network)
    return model


def decisions(model: GigEconomy) -> Callable[[], None]:
    """Period after period of decisions and nothing else."""

    def one() -> None:
        model.period += 1
        model.decide()

    return one


def arrays(model: GigEconomy) -> dict[int, NDArray[Any]]:
    """The arrays that a model without views consists of, each once, the network's apart."""
    columns = [*vars(model.population).values(), *model.population.luck.values()]
    columns += [*vars(model.stage).values(), *vars(model).values()]
    found = [c for c in columns if isinstance(c, np.ndarray)]
    owners = (c.base if isinstance(c.base, np.ndarray) else c for c in found)
    return {id(owner): owner for owner in owners}


def speed(size: int, mesa_up_to: int, activation: float, curve: Path) -> None:
    """Print the line of one size."""
    network = network_draws.small_world(size, DEGREE, REWIRE, 1)
    periods = 30 if size <= 10_000 else 9
    line = [f"{size:>9,}"]
    member = np.zeros(size, dtype=bool)
    for order in ("synchronous", "sequential"):
        model = economy(size, order, activation, network, curve)
        decide = decisions(model)
        decide()
        line.append(f"{cpu(decide, periods):9.3f}")
        model.step()
        line.append(f"{cpu(model.step, periods):9.3f}")
        member = model.population.member
    if size <= mesa_up_to:
        society = Society(model, network, activation)
        few = 5 if size <= 10_000 else 3 if size <= 100_000 else 1
        # Mesa counts its steps when step() is called; the phases are called as they are.
        for step in (society.step_at_once, lambda: Society.step(society)):
            if few > 1:
                step()
            line.append(f"{cpu(step, few):9.1f}")
        del society
        gc.collect()
    else:
        line += [f"{'':>9}"] * 2
    product, vector = network.matrix().astype(np.int32), member.astype(np.int32)
    product @ vector
    line.append(f"{cpu(lambda: product @ vector, periods):9.3f}")
    line.append(f"{cpu(lambda: network.count(member), periods):9.3f}")
    print(" ".join(line), flush=True)


def building(size: int) -> None:
    """Print what it takes to draw each kind of network."""
    print(f"\nnetworks of {size:,}, mean degree 10    CPU s   bytes a node")
    groups = np.random.default_rng(0).integers(0, 10, size)
    kinds: dict[str, Callable[[], SparseNetwork]] = {
        "ring": lambda: networks.ring(size, DEGREE),
        "small_world": lambda: network_draws.small_world(size, DEGREE, REWIRE, 1),
        "small_world, all rewired": lambda: network_draws.small_world(size, DEGREE, 1.0, 1),
        "scale_free": lambda: network_draws.scale_free(size, DEGREE // 2, 1),
        "random": lambda: networks.random(size, DEGREE, 1),
        "blocks": lambda: blocks(groups, DEGREE, 0.7, 1),
    }
    for name, draw in kinds.items():
        start = time.process_time()
        network = draw()
        seconds = time.process_time() - start
        print(f"{name:34s} {seconds:8.2f} {network.bytes / size:12.1f}", flush=True)


def memory(size: int, activation: float, curve: Path) -> None:
    """Print the bytes of a freelancer, without and with his view."""
    network = network_draws.small_world(size, DEGREE, REWIRE, 1)
    model = economy(size, "synchronous", activation, network, curve)
    model.step()
    columns = sum(array.nbytes for array in arrays(model).values()) / size
    print(
        f"\nbytes a freelancer at N = {size:,}: network {network.bytes / size:.0f}, "
        f"columns {columns:.0f}, together {network.bytes / size + columns:.0f}"
    )
    if size <= VIEWS_UP_TO:
        print(f"views are there from the start up to {VIEWS_UP_TO:,}: not measured")
        return
    gc.collect()
    before = psutil.Process().memory_info().rss
    model.make_views()
    views = (psutil.Process().memory_info().rss - before) / size
    print(f"views add {views:.0f} (resident memory before and after)")


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("largest", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--mesa-up-to", type=int, default=1_000_000)
    parser.add_argument("--activation", type=float, default=1.0)
    options = parser.parse_args()
    print(f"compiled: {compiled() is not None}; activation {options.activation:g}; CPU ms a period")
    print("              at once             in turn             Mesa                  sparse")
    print(
        "        N    decide      step    decide      step   at once   in turn   product     count"
    )
    with tempfile.TemporaryDirectory() as folder:
        curve = Path(folder) / "curve.csv"
        curve.write_text(CURVE)
        for power in range(3, 8):
            if 10**power <= options.largest:
                speed(10**power, options.mesa_up_to, options.activation, curve)
        building(options.largest)
        memory(options.largest, options.activation, curve)


if __name__ == "__main__":
    main()
