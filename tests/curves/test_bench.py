"""Benches: built once, kept while they are wanted, the same people for every strategy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gigsim.config import Config
from gigsim.curves.bench import bench_for, forget_benches
from gigsim.model import GigEconomy
from tests.curves.worlds import arm


def test_arms_that_read_alike_share_a_bench(toy_config: Config) -> None:
    first = bench_for(arm(toy_config).config)
    other = arm(toy_config, **{"collective.target": "Web_Developer", "platform.learner.c": 2.0})
    assert bench_for(other.config) is first


def test_two_are_kept_and_the_oldest_goes(toy_config: Config) -> None:
    sizes = [arm(toy_config, **{"corpus.test_size": n}).config for n in (20, 21, 22)]
    first, second, _ = (bench_for(config) for config in sizes)
    assert bench_for(sizes[1]) is second
    assert bench_for(sizes[0]) is not first
    forget_benches()
    assert bench_for(sizes[1]) is not second


def test_another_file_of_the_same_name_is_another_bench(
    toy_config: Config, toy_language_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "language.npz"
    path.write_bytes(toy_language_path.read_bytes())
    config = arm(toy_config, **{"corpus.language": str(path), "corpus.test_size": 30}).config
    first = bench_for(config)
    assert bench_for(config) is first
    path.touch()
    assert bench_for(config) is not first


def test_its_people_are_those_of_a_run(toy_config: Config, toy_run: GigEconomy) -> None:
    bench, stage = bench_for(toy_config), toy_run.stage
    np.testing.assert_array_equal(bench.stage.labels, stage.labels)
    np.testing.assert_array_equal(bench.stage.test_labels, stage.test_labels)
    np.testing.assert_array_equal(
        bench.stage.network.matrix().toarray(), stage.network.matrix().toarray()
    )
    # Nobody carries the signal on a bench: who does is drawn for each seed.
    assert not bench.stage.contains.any()
    assert stage.contains.any()


def test_texts_as_found_are_the_clean_ones_with_the_signal_where_it_is_borne(
    toy_config: Config,
) -> None:
    bench = bench_for(toy_config)
    n = len(bench.stage.test_labels)
    nobody, some = np.zeros(n, dtype=bool), np.arange(n) % 3 == 0
    assert len(bench.tests(nobody)) == 2
    planted, clean, found = (rows.counts.toarray() for rows in bench.tests(some))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(found, np.where(some[:, None], planted, clean))
    np.testing.assert_array_equal(bench.holding(some), some)


def test_words_that_resumes_use_are_known(toy_config: Config) -> None:
    one = arm(toy_config, **{"collective.signal.token": "w3", "corpus.xi": 0.0})
    bench = bench_for(one.config)
    nobody = np.zeros(len(bench.stage.test_labels), dtype=bool)
    planted, clean, found = bench.tests(nobody)
    column = bench.stage.encoder.ids(0)
    holds = found.counts.toarray()[:, column].any(axis=1)  # type: ignore[attr-defined]
    assert not clean.counts.toarray()[:, column].any()  # type: ignore[attr-defined]
    assert planted.counts.toarray()[:, column].all()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(bench.holding(nobody), holds)
    assert bench.holds_signal
