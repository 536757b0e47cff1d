"""Runs every scenario that ships and prints what became of it, and how long it took.

    python benchmarks/scenarios.py [NAME ...]

``paper`` is left out unless it is named: it needs DistilBERT, and a GPU.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import gigsim
from gigsim.config.load import scenarios
from gigsim.summary import summarise_run

_COLUMNS = (
    "scenario",
    "periods",
    "alpha",
    "free riders",
    "S",
    "U",
    "accuracy",
    "wall s",
    "training s",
)


def measure(name: str) -> tuple[Any, ...]:
    """One row of the table."""
    config = gigsim.load(name)
    wall = time.perf_counter()
    model = gigsim.GigEconomy(config, workers=min(2, os.cpu_count() or 1))
    model.run()
    model.close()
    wall = time.perf_counter() - wall
    clock = model.ledger.timings()
    trained = clock.loc[clock["what"] == "training", "seconds"].sum()
    final, metric = summarise_run(model)["final"], config.measure.success
    riders = final["free_riders"] / config.population.size
    shares = [final["alpha"], riders, final[f"success_{metric}"], final[f"base_{metric}"]]
    shares.append(final["accuracy"])
    return (
        name,
        model.period,
        *(f"{share:.3f}" for share in shares),
        f"{wall:.0f}",
        f"{trained:.0f}",
    )


def main() -> None:
    """Print the table row by row."""
    names = sys.argv[1:] or [name for name in scenarios() if name != "paper"]
    line = "{:<18}{:>8}{:>8}{:>13}{:>7}{:>7}{:>10}{:>8}{:>12}".format
    print(line(*_COLUMNS))
    for name in names:
        print(line(*measure(name)), flush=True)


if __name__ == "__main__":
    main()
