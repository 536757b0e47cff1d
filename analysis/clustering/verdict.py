"""The tests of docs/clustering.md, on the rows of its two studies.

    gigsim sweep analysis/clustering/promised.toml
    gigsim sweep analysis/clustering/measured.toml
    python analysis/clustering/verdict.py --keep runs/*-clustering-*
    python analysis/clustering/verdict.py

The third line keeps what the tests need of all runs in ``rows.parquet`` beside this file; the last
one reads nothing else, prints the verdicts and draws ``clustering.png``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import binomtest, ttest_1samp

import gigsim

HERE = Path(__file__).resolve().parent
ROWS = HERE / "rows.parquet"
RING, RANDOM = 0.0, 1.0
KEYS = {
    "society.belief": "belief",
    "population.turnover": "turnover",
    "network.rewire": "rewire",
    "collective.leak": "leak",
}
LINES = {RING: ("C0", "ring"), 0.1: ("C1", "10 % rewired"), RANDOM: ("C2", "random network")}
#: α in the last period from which on a collective counts as alive.
ALIVE = 0.01


def keep(folders: list[str]) -> None:
    """Write the rows of the finished studies: a row a run, without what no test reads."""
    parts = []
    for folder in folders:
        rows = gigsim.load_runs(folder).runs.rename(columns=KEYS)
        rows["economy"] = "measured" if "measured" in Path(folder).name else "promised"
        # The same in all cases of the second study.
        rows = rows.assign(**{k: rows.get(k, v) for k, v in MEASURED.items()})
        parts.append(rows[["economy", *KEYS.values(), "replicate", "seed", *OUTCOMES]])
    pd.concat(parts, ignore_index=True).to_parquet(ROWS, index=False)


MEASURED = {"belief": "neighbours", "turnover": 0.05}
OUTCOMES = ["alpha", "members", "free_riders", "outsiders", "success_top1"]


def cell(rows: pd.DataFrame, **where: object) -> pd.DataFrame:
    """The runs of one case, by replicate: pairs are runs of equal replicates."""
    chosen = rows
    for key, value in where.items():
        chosen = chosen[chosen[key] == value]
    return chosen.set_index("replicate").sort_index()


def mcnemar(first: pd.DataFrame, second: pd.DataFrame) -> tuple[int, int, int, float]:
    """Alive in the first, in the second, of how many pairs, and the exact two-sided p."""
    assert (first["seed"] == second["seed"]).all()
    one, two = first["alpha"] >= ALIVE, second["alpha"] >= ALIVE
    only, other = int((one & ~two).sum()), int((two & ~one).sum())
    p = binomtest(only, only + other).pvalue if only + other else 1.0
    return int(one.sum()), int(two.sum()), len(first), float(p)


def tests(rows: pd.DataFrame) -> pd.DataFrame:
    """H1 to H4: what was found, p, p by Holm, and whether the direction is the one expected."""
    news = {"economy": "promised", "belief": "neighbours", "turnover": 0.05}
    still = {"economy": "promised", "belief": "published", "turnover": 0.0, "leak": 0.1}
    ring, random = cell(rows, **still, rewire=RING), cell(rows, **still, rewire=RANDOM)
    assert (ring["seed"] == random["seed"]).all()
    # Nobody of the committed leaves, so that no logarithm is of 0.
    ratio = np.log(ring["alpha"]) - np.log(random["alpha"])
    student = ttest_1samp(ratio, 0.0)
    low, high = student.confidence_interval()
    mean = float(ratio.mean())
    table = [
        (
            "H1",
            f"α on the ring {np.exp(mean):.3f} times that on the random network"
            f" [{np.exp(low):.3f}, {np.exp(high):.3f}]",
            float(student.pvalue),
            np.sign(mean),
        )
    ]
    here = {"economy": "measured", "leak": 0.01}
    leaky = cell(rows, **news, leak=0.01, rewire=RANDOM)
    pairs = {
        "H2": (leaky, cell(rows, **news, leak=0.01, rewire=RING), "random", "ring"),
        "H3": (leaky, cell(rows, **news, leak=0.0, rewire=RANDOM), "leak 1 %", "no leak"),
        "H4": (
            cell(rows, **here, rewire=RANDOM),
            cell(rows, **here, rewire=RING),
            "random",
            "ring",
        ),
    }
    for name, (first, second, one, two) in pairs.items():
        more, fewer, of, p = mcnemar(first, second)
        said = f"alive: {one} {more} of {of}, {two} {fewer} of {of}"
        table.append((name, said, p, np.sign(more - fewer)))
    found = pd.DataFrame(table, columns=["test", "found", "p", "direction"])
    order = found["p"].argsort(kind="stable").to_numpy()
    stepped = found["p"].to_numpy()[order] * np.arange(len(found), 0, -1)
    found.loc[order, "p_holm"] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    sure = found["p_holm"] < 0.05
    found["verdict"] = np.where(
        sure, np.where(found["direction"] > 0, "confirmed", "refuted"), "null"
    )
    return found


def draw(rows: pd.DataFrame) -> None:
    """Alive, and α of those alive, by leak and network in each of the five worlds."""
    worlds = [("promised", b, t) for b in ("published", "neighbours") for t in (0.0, 0.05)]
    worlds.append(("measured", "neighbours", 0.05))
    figure = Figure(figsize=(15, 5.4), layout="constrained")
    axes = figure.subplots(2, 5, sharex="col")
    for column, (economy, belief, turnover) in enumerate(worlds):
        world = rows.query("economy == @economy and belief == @belief and turnover == @turnover")
        for rewire, one in world.groupby("rewire"):
            by = one.groupby("leak")["alpha"]
            alive = by.apply(lambda alpha: float((alpha >= ALIVE).mean()))
            places = np.arange(len(alive))
            color, label = LINES[rewire]
            axes[0, column].plot(places, 100 * alive, "o-", color=color, label=label)
            axes[1, column].plot(places, 100 * by.mean(), "o-", color=color, label=label)
        axes[1, column].set_xticks(places, [f"{100 * leak:g}" for leak in alive.index])
        axes[1, column].set_xlabel("leak, % a tie and period")
        axes[0, column].set_ylim(-4, 104)
        axes[1, column].set_ylim(bottom=0)
        curve = "Theorem 1's S(α)" if economy == "promised" else "measured S(α)"
        news = "published" if belief == "published" else "by word of mouth"
        axes[0, column].set_title(f"{curve}\nnews {news}, turnover {turnover:.0%}", fontsize=9)
    axes[0, 0].set_ylabel("alive, % of runs")
    axes[1, 0].set_ylabel("mean α in the last period, %")
    axes[0, 0].legend(fontsize=8)
    figure.savefig(HERE / "clustering.png", dpi=110)


def main() -> None:
    """Keep rows, or print the verdicts of those that are kept."""
    if sys.argv[1:2] == ["--keep"]:
        keep(sys.argv[2:])
        return
    rows = pd.read_parquet(ROWS)
    for row in tests(rows).itertuples():
        print(
            f"{row.test}  {row.verdict:9}  {row.found}; p = {row.p:.2g}, by Holm {row.p_holm:.2g}"
        )
    alive = rows.assign(alive=rows["alpha"] >= ALIVE)
    print()
    table = alive.pivot_table(
        index=["economy", "belief", "turnover", "leak"], columns="rewire", values=["alive", "alpha"]
    )
    print(table.round(3).to_string())
    draw(rows)


if __name__ == "__main__":
    main()
