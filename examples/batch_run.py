"""Does a leak keep the collective small? A small factorial experiment with Mesa's batch_run.

    python examples/batch_run.py

Two leaks, three seeds, twelve periods, two processes: under a minute. docs/batch.md says what each
argument means to gigsim, and what to use where batch_run does not reach.
"""

import mesa
import pandas as pd

from gigsim import GigEconomy

PERIODS = 12

# Dotted keys of the config, as in docs/config.md; a list is a factor of the experiment.
PARAMETERS = {
    "population.size": 400,
    "collective.first_movers": 12,
    "collective.leak": [0.0, 0.05],
    "society.activation": 0.3,
    "platform.learner.kind": "linear",
    "platform.retrain_every": 2,
    "corpus.test_size": 300,
    "measure.reference": 0,
    # The seed is a key like any other. It is not `iterations`, which would repeat one seed.
    "run.seed": [1, 2, 3],
}


def main() -> None:
    """Run the experiment and print its last period, by leak and seed."""
    rows = mesa.batch_run(
        GigEconomy,
        PARAMETERS,
        number_processes=2,
        max_steps=PERIODS,
        data_collection_period=1,  # a row for every period, from period 0 on
        display_progress=False,
    )
    periods = pd.DataFrame(rows).sort_values(["RunId", "period"])
    last = periods[periods["period"] == PERIODS]
    table = last.pivot(index="run.seed", columns="collective.leak", values=["alpha", "success"])
    print(f"{len(rows)} rows: {periods['RunId'].nunique()} runs of {PERIODS} periods and period 0")
    print(table.to_string(float_format="{:.3f}".format))


# Mesa starts worker processes that import this file: without the guard they would run it again.
if __name__ == "__main__":
    main()
