"""``kill -9`` at any instant: nothing acknowledged is lost, and the same bytes in the end."""

from __future__ import annotations

import shutil
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gigsim.store.store import Store, read_counts, read_failures, read_table
from tests.store.stores import (
    FORKS,
    commit,
    content,
    create,
    dies_at,
    digest,
    failures_table,
    process,
    work,
)

RUNS = 48


def numbers_in(table: pd.DataFrame) -> list[int]:
    """Numbers of a table's runs."""
    # pandas gives a folder without files as a table without columns.
    return [] if table.empty else [seed // 7919 for seed in table["seed"]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The bytes of a study that nothing happened to."""
    folder = create(tmp_path_factory.mktemp("undisturbed") / "study", RUNS)
    work(folder)
    return digest(folder)


def _work_until_killed(folder: Path, connection: Connection, batch: int, line: int) -> None:
    connection.send(None)
    if line:
        dies_at(line)
    work(folder, connection.send, batch)


def _kill(folder: Path, batch: int, seconds: float = 60.0, line: int = 0) -> tuple[list[int], bool]:
    """Let a process work until it has run so many seconds or lines.

    Returns:
        Numbers that it acknowledged; was it killed?
    """
    ours, theirs = FORKS.Pipe(duplex=False)
    acknowledged = []
    with process(_work_until_killed, folder, theirs, batch, line) as child:
        theirs.close()
        assert ours.recv() is None
        child.join(seconds)
        killed = child.exitcode != 0
        child.kill()
        child.join()
        while True:
            try:
                acknowledged.append(ours.recv())
            except EOFError:
                break
    ours.close()
    return acknowledged, killed


def _check(folder: Path, acknowledged: set[int]) -> None:
    """Everything acknowledged can be read at once, by everybody."""
    found = numbers_in(read_table(folder, "runs"))
    failed = [failure.number for failure in read_failures(folder)]
    assert acknowledged <= {*found, *failed}
    assert len(set(found)) == len(found)
    assert len({*found, *failed}) == len(found) + len(failed)
    counts = read_counts(folder)
    assert (counts.finished, counts.failed) == (len(found), len(failed))
    assert counts.claimed_by_others == 0
    seen = numbers_in(pd.read_parquet(folder / "runs")) if (folder / "runs").exists() else found
    assert len(set(seen)) == len(seen)
    assert set(seen) <= set(found)


def _undisturbed_in_the_end(folder: Path, undisturbed: dict[str, str]) -> None:
    work(folder)
    assert digest(folder) == undisturbed
    assert content(folder) == sorted([*undisturbed, "index.sqlite", "periods", "runs", "theory"])


@pytest.mark.parametrize("enough", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_random_moments(tmp_path: Path, undisturbed: dict[str, str], enough: int) -> None:
    rng = np.random.default_rng(4)
    kills = 0
    for study in range(enough):
        folder = create(tmp_path / str(study), RUNS)
        acknowledged: set[int] = set()
        killed = True
        while killed and kills < enough:
            # Uniform on a log scale: moments in which little happens are long.
            seconds = float(np.exp(rng.uniform(np.log(0.005), np.log(0.5))))
            more, killed = _kill(folder, int(rng.integers(1, 6)), seconds=seconds)
            kills += killed
            acknowledged.update(more)
            _check(folder, acknowledged)
        _undisturbed_in_the_end(folder, undisturbed)
        if kills >= enough:
            return
    raise AssertionError(f"only {kills} processes were killed before their end")


@pytest.mark.parametrize("times", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_lines_of_the_store(
    tmp_path: Path, undisturbed: dict[str, str], times: int
) -> None:
    folder = create(tmp_path / "study", RUNS)
    acknowledged: set[int] = set()
    for attempt in range(times):
        # A whole study runs through 7,000 lines, signing in through some hundred.
        more, killed = _kill(folder, 12, line=100 + attempt * 997 % 2000)
        acknowledged.update(more)
        _check(folder, acknowledged)
        if not killed:
            _undisturbed_in_the_end(folder, undisturbed)
            folder = create(tmp_path / f"study-{attempt}", RUNS)
            acknowledged = set()
    _undisturbed_in_the_end(folder, undisturbed)


def _finish_until_killed(folder: Path, line: int) -> None:
    with Store.open(folder) as store:
        dies_at(line)
        store.finish(failures_table)
        sys.settrace(None)


@pytest.mark.parametrize(
    ("step", "retry"),
    [
        (67, False),
        pytest.param(7, False, marks=pytest.mark.slow),
        pytest.param(7, True, marks=pytest.mark.slow),
    ],
)
def test_killed_anywhere_in_finish(
    tmp_path: Path, undisturbed: dict[str, str], step: int, retry: bool
) -> None:
    """Each attempt comes some lines further than the last, until one comes through."""
    folder = create(tmp_path / "study", RUNS)
    with Store.open(folder) as store:
        numbers = store.claim(RUNS)
        commit(store, numbers[:30])
        commit(store, numbers[30:])
    if retry:
        work(folder)
        with Store.open(folder) as store:
            store.retry_failed()
            commit(store, store.claim(RUNS))
    before = read_table(folder, "runs"), read_table(folder, "periods")
    for attempt in range(3000 // step):
        with process(_finish_until_killed, folder, 1 + attempt * step) as child:
            child.join()
            code = child.exitcode
        for table, was in zip(("runs", "periods"), before, strict=True):
            pd.testing.assert_frame_equal(read_table(folder, table), was)
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert code == 0
    assert attempt > 10
    _undisturbed_in_the_end(folder, undisturbed)


def _retry_until_killed(folder: Path, line: int) -> None:
    with Store.open(folder) as store:
        dies_at(line)
        store.retry_failed()
        sys.settrace(None)


def test_killed_anywhere_in_retry(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    """The failures are there, or the runs that failed are open; in the end both are as ever."""
    whole = create(tmp_path / "whole", RUNS)
    work(whole)
    for line in range(1, 400, 5):
        folder = tmp_path / str(line)
        shutil.copytree(whole, folder)
        with process(_retry_until_killed, folder, line) as child:
            child.join()
            code = child.exitcode
        assert not read_counts(folder).complete or (folder / "failures.parquet").exists()
        work(folder)
        # A journal that holds nothing may be left: SQLite takes no notice of it.
        assert digest(folder) == undisturbed
        shutil.rmtree(folder)
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert code == 0
    assert line > 20


def test_claims_of_the_killed_are_free_for_those_at_work(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", RUNS)
    ours, theirs = FORKS.Pipe()
    with Store.open(folder) as store, process(_claim_and_wait, folder, theirs) as child:
        assert ours.recv() == list(range(RUNS // 2))
        assert store.claim(RUNS) == list(range(RUNS // 2, RUNS))
        assert store.claim(1) == []
        assert not store.finish(failures_table)
        counts = store.counts()
        assert (counts.claimed, counts.claimed_by_others, counts.open) == (24, 24, 0)
        child.kill()
        child.join()
        assert store.counts().open == read_counts(folder).open == 24
        assert store.claim(RUNS) == list(range(RUNS // 2))


def _claim_and_wait(folder: Path, connection: Connection) -> None:
    with Store.open(folder) as store:
        connection.send(store.claim(RUNS // 2))
        connection.recv()
