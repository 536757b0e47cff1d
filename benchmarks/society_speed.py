"""How fast people decide: gigsim, the same model the usual Mesa way, and the bare sparse product.

    python benchmarks/society_speed.py [LARGEST] [--mesa-up-to N] [--activation A] [--only PART ...]

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
(one period of Mesa above 10^5 people). That is the part ``speed``; others are

* ``rules``: whole periods by each rule, a tenth of the people asked and ties leaking, and how many
  seconds the largest model took to make, its network apart;
* ``building``: seconds to draw each kind of network of the largest size;
* ``memory``: bytes a freelancer;
* ``run``: ``gigsim run examples/million.toml`` of the largest size as a process of its own, from
  the shell to the folder on the disk.
"""

from __future__ import annotations

import argparse
import gc
import resource
import subprocess
import sys
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
from gigsim.enrolment import VIEWS_UP_TO
from gigsim.society import network_draws, network_models
from gigsim.society.kernels import compiled
from gigsim.society.network_blocks import blocks
from gigsim.society.networks import SparseNetwork

DEGREE, REWIRE = 10, 0.1
PARTS = ("speed", "rules", "building", "memory", "run")
RULES: dict[str, dict[str, Any]] = {
    "best_response": {"rule": "best_response"},
    "logit": {"rule": "logit"},
    "threshold, population": {"rule": "threshold", "reference_group": "population"},
    "threshold, neighbours": {"rule": "threshold", "reference_group": "neighbours"},
    "complex_contagion": {"rule": "complex_contagion"},
    "imitation": {"rule": "imitation"},
    "pivotal": {"rule": "pivotal"},
    "reinforcement": {"rule": "reinforcement"},
}
MILLION = Path(__file__).parent.parent / "examples" / "million.toml"
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
    size: int,
    order: str,
    activation: float,
    network: SparseNetwork,
    curve: Path,
    society: dict[str, Any] | None = None,
    leak: float = 0.0,
) -> GigEconomy:
    """A society of so many on a measured curve; None decides by thresholds among neighbours."""
    config = build(
        {
            "population": {"size": size, "threshold": {"kind": "uniform", "low": 0.0, "high": 1.0}},
            "network": {"kind": "ring", "degree": DEGREE},
            "society": {
                **(society or RULES["threshold, neighbours"]),
                "order": order,
                "activation": activation,
            },
            "collective": {"first_movers": size // 10, "leak": leak},
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


def speeds(largest: int, mesa_up_to: int, activation: float, curve: Path) -> None:
    """Print the table of all sizes."""
    print(f"compiled: {compiled() is not None}; activation {activation:g}; CPU ms a period")
    print("              at once             in turn             Mesa                  sparse")
    print(
        "        N    decide      step    decide      step   at once   in turn   product     count"
    )
    for power in range(3, 8):
        if 10**power <= largest:
            speed(10**power, mesa_up_to, activation, curve)


def rules(largest: int, curve: Path) -> None:
    """Print what whole periods take by each rule, at once and in turn."""
    sizes = [10**power for power in range(3, 8) if 10**power <= largest]
    networks_of = {size: network_draws.small_world(size, DEGREE, REWIRE, 1) for size in sizes}
    heads = " ".join(f"{size:>9,}" for size in sizes)
    print(
        f"\nCPU ms a whole period, activation 0.1, leak 0.002, and s to make the largest\n{'':34s}",
        end="",
    )
    print(f"{heads}    made")
    for name, society in RULES.items():
        for order in ("synchronous", "sequential"):
            line = [f"{name + ', ' + order:34s}"]
            made = 0.0
            for size in sizes:
                start = time.process_time()
                model = economy(size, order, 0.1, networks_of[size], curve, society, 0.002)
                made = time.process_time() - start
                model.step()
                line.append(f"{cpu(model.step, 30 if size <= 10_000 else 7):9.2f}")
            print(" ".join(line), f"{made:7.2f}", flush=True)


def whole_run(size: int) -> None:
    """Print what a run of 100 periods takes from the shell to the folder on the disk."""
    with tempfile.TemporaryDirectory() as out:
        scaled = [f"population.size={size}", f"collective.first_movers={size // 50}"]
        settings = [part for setting in scaled for part in ("--set", setting)]
        code = "from gigsim.cli import main; main()"
        command = [sys.executable, "-c", code, "run", str(MILLION), "--quiet", "--out", out]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([*command, *settings], check=True, stdout=subprocess.DEVNULL)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        written = sum(path.stat().st_size for path in Path(out).rglob("*") if path.is_file())
    print(
        f"\ngigsim run {MILLION.name} of {size:,}: {wall:.1f} s, {used:.1f} CPU s,"
        f" {written / 2**20:.1f} MiB written"
    )


def building(size: int) -> None:
    """Print what it takes to draw each kind of network."""
    print(f"\nnetworks of {size:,}, mean degree 10    CPU s   bytes a node")
    groups = np.random.default_rng(0).integers(0, 10, size)
    kinds: dict[str, Callable[[], SparseNetwork]] = {
        "ring": lambda: network_models.ring(size, DEGREE),
        "small_world": lambda: network_draws.small_world(size, DEGREE, REWIRE, 1),
        "small_world, all rewired": lambda: network_draws.small_world(size, DEGREE, 1.0, 1),
        "scale_free": lambda: network_draws.scale_free(size, DEGREE // 2, 1),
        "random": lambda: network_models.random(size, DEGREE, 1),
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
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        curve = Path(folder) / "curve.csv"
        curve.write_text(CURVE)
        if "speed" in options.only:
            speeds(options.largest, options.mesa_up_to, options.activation, curve)
        if "rules" in options.only:
            rules(options.largest, curve)
        if "building" in options.only:
            building(options.largest)
        if "memory" in options.only:
            memory(options.largest, options.activation, curve)
        if "run" in options.only:
            whole_run(options.largest)


if __name__ == "__main__":
    main()
