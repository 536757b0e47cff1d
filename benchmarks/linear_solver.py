"""The linear learner's solver against scikit-learn's, in one process, on real resumes.

    python benchmarks/linear_solver.py corpus.npz [--size 20000] [--targets 10] [--seeds 20] ...

Random collectives, ``replace``, at ``--alphas``: every training is ten regressions. Prints CPU
seconds a training of ours (with and without sharing among targets, compiled and on SciPy alone), of
``LogisticRegression(tol=1e-6)`` and of ``SGDClassifier``, and how far each is from the float64
solution at tol=1e-9 in coefficients and in S (planted held-out resumes without y* whose top label
is y*). Set OMP_NUM_THREADS=1 to compare one core with one core.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression, SGDClassifier

from gigsim import load
from gigsim.collective.strategies import feature_label
from gigsim.learners.linear import LinearLearner
from gigsim.learners.logistic import compiled
from gigsim.learners.logistic.many import Foundation, Outcome, PlantedTexts, Replica
from gigsim.learners.recipes import LinearRecipe
from gigsim.learners.tfidf import CountRows, counts_of, inverse_frequencies, tfidf
from gigsim.stage import Stage, set_stage
from gigsim.streams import Streams


@dataclass(frozen=True)
class Training:
    """A cell of the grid."""

    target: int
    members: int
    seed: int


def spent(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """The outcome, CPU seconds and wall-clock seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    outcome = work()
    return outcome, time.process_time() - cpu, time.perf_counter() - wall


def texts_of(clean: sparse.csr_array, planted: sparse.csr_array) -> PlantedTexts:
    """The signal is the last id."""
    signal = planted[:, [planted.shape[1] - 1]].toarray()
    return PlantedTexts(sparse.csr_array(clean[:, :-1]), signal.astype(np.int32))


def replica(stage: Stage, training: Training) -> Replica:
    """Random members: the first of the seed's order."""
    order = np.random.default_rng(training.seed).permutation(len(stage.labels))
    shows = np.zeros(len(stage.labels), dtype=bool)
    shows[order[: training.members]] = True
    labels = feature_label(stage.labels, shows, training.target, "replace")
    return Replica(shows, labels)


def success(planted: NDArray[Any], stage: Stage, target: int) -> float:
    """S of scores or probabilities of the planted held-out resumes."""
    return float((planted.argmax(axis=1) == target)[~stage.test_labels[:, target]].mean())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--targets", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checked", type=int, default=1, help="cells solved by scikit-learn, too")
    parser.add_argument(
        "--alphas",
        type=float,
        nargs="+",
        default=[0.0006, 0.00125, 0.0025, 0.005, 0.00625, 0.0125, 0.02, 0.025, 0.035, 0.05],
    )
    options = parser.parse_args()
    keys = {"corpus.path": options.corpus, "corpus.test_size": 0, "corpus.xi": 0.0}
    kind = {"platform.learner.kind": "linear", "population.size": options.size}
    stage, cpu, _ = spent(
        lambda: set_stage(load("default", keys | kind), Streams(1), lambda _: None)
    )
    print(f"reading and encoding: {cpu:.1f} s CPU")
    _, cpu, _ = spent(compiled.kernel)
    print(f"compiled kernel: {compiled.kernel() is not None} ({cpu:.1f} s to load or compile)")
    counts = counts_of(stage.texts)
    found, planted = counts[stage.found_at], counts[stage.planted_at[0]]
    train = texts_of(found, planted)
    tests = texts_of(counts_of(stage.tests[1]), counts_of(stage.tests[0]))
    recipe = LinearRecipe()

    def foundation(threads: int) -> Foundation:
        return Foundation.of(train, tests, recipe, threads, labels=stage.labels)

    base, cpu, wall = spent(lambda: foundation(options.threads))
    print(f"foundation: {cpu:.1f} s CPU, {wall:.1f} s, {options.threads} threads")

    cells = [
        Training(target, round(alpha * options.size), seed)
        for seed in range(options.seeds)
        for alpha in options.alphas
        for target in range(options.targets)
    ]
    replicas = [replica(stage, cell) for cell in cells]
    solved, cpu, wall = spent(lambda: sum(1 for _ in base.each(replicas)))
    shared = cpu / len(cells)
    print(f"{solved} trainings, shared: {cpu:.1f} s CPU, {wall:.1f} s; {shared * 1e3:.1f} ms each")
    alone = [r for cell, r in zip(cells, replicas, strict=True) if cell.target == cells[0].target]
    alone = alone[: max(64, 1)]
    _, unshared, _ = spent(lambda: base.solve(alone))
    unshared /= len(alone)
    print(f"{len(alone)} trainings of one target: {unshared * 1e3:.1f} ms CPU each")
    kernel, compiled.kernel = compiled.kernel, lambda: None  # type: ignore[assignment]
    _, plain, _ = spent(lambda: base.solve(alone[:32]))
    plain /= len(alone[:32])
    compiled.kernel = kernel
    print(f"the same on SciPy alone: {plain * 1e3:.1f} ms CPU each")

    step = max(len(cells) // max(options.checked, 1), 1)
    for number in range(len(cells) // 2 % step, len(cells), step):
        check(stage, recipe, base, cells[number], replicas[number], found, planted, unshared, plain)


def check(
    stage: Stage,
    recipe: LinearRecipe,
    base: Foundation,
    cell: Training,
    own: Replica,
    found: sparse.csr_array,
    planted: sparse.csr_array,
    unshared: float,
    plain: float,
) -> None:
    """One training by everybody."""
    print(f"-- target {cell.target}, {cell.members} members, seed {cell.seed}")
    n = len(own.shows)
    pick = np.arange(n) + n * own.shows
    rows = CountRows(sparse.vstack([found, planted], format="csr")[pick])
    learner = LinearLearner(recipe, own.labels.shape[1])
    (classifier, alone, wall) = spent(lambda: learner.fit(rows, own.labels, 0))
    _, held_out, _ = spent(lambda: [classifier.probabilities(some) for some in stage.tests[:2]])
    print(f"   LinearLearner.fit: {alone:.2f} s CPU, {wall:.2f} s; held-out {held_out:.2f} s CPU")
    idf = inverse_frequencies(rows.counts)
    features, test = tfidf(rows.counts, idf), tfidf(counts_of(stage.tests[0]), idf)

    def solve(make: Callable[[], Any], dtype: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        x = features.astype(dtype)
        fits = [make().fit(x, labels) for labels in own.labels.T]
        return np.stack([f.coef_[0] for f in fits]), np.array([f.intercept_[0] for f in fits])

    best, cpu, _ = spent(
        lambda: solve(lambda: LogisticRegression(C=recipe.c, tol=1e-9, max_iter=20_000), np.float64)
    )

    def report(name: str, cpu: float, weights: NDArray[Any], offsets: NDArray[Any]) -> None:
        apart = max(np.abs(weights - best[0]).max(), np.abs(offsets - best[1]).max())
        s = success(test @ weights.T + offsets, stage, cell.target)
        print(
            f"   {name}: {cpu:.2f} s CPU; coefficients {apart:.1e} off, S {s:.4f};"
            f" {cpu / unshared:.0f} times ours unshared, {cpu / plain:.0f} on SciPy alone"
        )

    report("float64, tol=1e-9", cpu, *best)
    report("ours, one fit", alone, classifier.state["weights"], classifier.state["intercepts"])
    outcome: Outcome = base.solve([own])[0]
    print(f"   ours, batched: S {success(outcome.planted, stage, cell.target):.4f}")
    others: dict[str, Callable[[], Any]] = {
        "LogisticRegression(tol=1e-6)": lambda: LogisticRegression(
            C=recipe.c, tol=1e-6, max_iter=20_000
        ),
        "SGDClassifier": lambda: SGDClassifier(
            loss="log_loss", alpha=1 / (recipe.c * n), random_state=0
        ),
    }
    for name, make in others.items():
        fitted, cpu, _ = spent(functools.partial(solve, make, np.float32))
        report(name, cpu, *fitted)


if __name__ == "__main__":
    main()
