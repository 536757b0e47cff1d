"""The numbers of a row: against the loop's own measures, and the standard error against theory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.config import Config
from gigsim.curves.bench import bench_for
from gigsim.curves.measure import outcomes, standard_error
from gigsim.measures.bootstrap import cluster_intervals
from gigsim.measures.success import per_resume, summarise
from tests.curves.worlds import arm


@given(seed=st.integers(0, 2**32), n=st.integers(2, 60))
def test_without_clusters_it_is_the_binomial_standard_error(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).random(n) < 0.4
    found = standard_error(values, np.arange(n))
    assert found == pytest.approx(np.sqrt(values.mean() * (1 - values.mean()) / (n - 1)))


def test_copies_of_a_resume_say_nothing_new() -> None:
    values = np.random.default_rng(0).random(50) < 0.4
    once = standard_error(values, np.arange(50))
    assert standard_error(np.repeat(values, 3), np.repeat(np.arange(50), 3)) == pytest.approx(once)


def test_it_agrees_with_the_bootstrap_over_clusters() -> None:
    """Within 10 %: the bootstrap's own interval has 2 % noise at 5,000 draws, plus skewness."""
    rng = np.random.default_rng(1)
    clusters = rng.integers(0, 200, 500)
    luck = rng.random(200)
    values = rng.random(500) < luck[clusters]
    low, high = cluster_intervals(values[:, None], clusters, np.random.default_rng(2), draws=5_000)
    assert standard_error(values, clusters) == pytest.approx(
        float(high[0] - low[0]) / 3.92, rel=0.1
    )


def test_it_is_never_nan() -> None:
    assert np.isnan(standard_error(np.array([True]), np.array([0])))
    assert np.isnan(standard_error(np.array([True, False]), np.array([0, 0])))


@pytest.mark.parametrize("aim", ["planted", "unplanted", "erased"])
def test_means_are_those_of_the_loop(toy_config: Config, aim: str) -> None:
    bench = bench_for(arm(toy_config).config)
    stage = bench.stage
    n, width = stage.test_labels.shape
    rng = np.random.default_rng(3)
    planted, clean, found = (rng.random((n, width)).astype(np.float32) for _ in range(3))
    bearing = rng.random(n) < 0.3
    values = outcomes(
        bench, (planted, clean, found), target=4, aim=aim, bearing=bearing, goal="any"
    )
    shown = found if aim == "erased" else planted
    repeat = per_resume(shown, clean, stage.test_labels, 4, aim)
    # The toy language does not write the signal: nobody holds it but who was given it.
    reluctant = {
        "planted": ~stage.test_labels[:, 4],
        "unplanted": stage.test_labels[:, 4],
        "erased": bearing,
    }[aim]
    loop = summarise(
        [repeat], stage.test_labels, 4, stage.test_clusters, np.random.default_rng(0), 1, reluctant
    )
    for name in ("success_any", "success_top1", "flipped_any", "flipped_top1", "accuracy"):
        assert values[name] == pytest.approx(loop[name], abs=1e-12), name
    assert values["success"] == values["success_any"]
