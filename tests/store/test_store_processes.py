"""Several processes at once: writers that share a study, readers that never wait for its end."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gigsim.store.store import Store, read_counts, read_table
from tests.store.stores import (
    FORKS,
    bare,
    content,
    create,
    digest,
    failures_table,
    process,
    work,
)


def _share(folder: Path, connection: Connection, batch: int) -> None:
    """Work until all is done, by whomever, then bring the study to its end."""
    done: list[int] = []
    with Store.open(folder) as store:
        while not store.counts().ended:
            numbers = store.claim(batch)
            store.commit([bare(number) for number in numbers])
            done += numbers
            if not numbers:
                time.sleep(0.01)
        assert store.finish(failures_table)
    connection.send(done)


def _begin_and_wait(folder: Path, connection: Connection) -> None:
    with Store.open(folder) as store:
        done = store.claim(10)
        store.commit([bare(number) for number in done], claim=30)
        connection.send(done)
        connection.recv()


def test_three_writers_and_one_that_is_killed(tmp_path: Path) -> None:
    runs = 600
    alone = create(tmp_path / "alone", runs)
    with Store.open(alone) as store:
        store.commit([bare(number) for number in store.claim(runs)])
        store.finish(failures_table)
    folder = create(tmp_path / "study", runs)
    pipes = [FORKS.Pipe() for _ in range(4)]
    with process(_begin_and_wait, folder, pipes[3][1]) as killed:
        begun = pipes[3][0].recv()
        with (
            process(_share, folder, pipes[0][1], 3) as one,
            process(_share, folder, pipes[1][1], 7) as two,
            process(_share, folder, pipes[2][1], 11) as three,
        ):
            while read_counts(folder).finished < runs // 2:
                time.sleep(0.01)
            killed.kill()
            done = [pipe.recv() for pipe, _ in pipes[:3]]
            for child in (one, two, three):
                child.join()
                assert child.exitcode == 0
    # Each run once: those that were claimed by the killed one too.
    assert Counter([*begun, *itertools.chain(*done)]) == Counter(range(runs))
    assert digest(folder) == digest(alone)
    assert content(folder) == content(alone)


def _read_over_and_over(folder: Path, connection: Connection) -> None:
    """What pandas sees, and what we see, until the study is complete."""
    readings, seen, found = 0, 0, 0
    while not connection.poll():
        table = pd.read_parquet(folder / "runs")
        if len(table):
            numbers = table["seed"].to_numpy() // 7919
            _, rows = np.unique(numbers, return_counts=True)
            assert (rows == 10).all(), "a run is there twice or in part"
            assert len(table) >= seen, "runs are gone"
            seen = len(table)
        whole = read_table(folder, "periods", columns=["seed"])
        assert len(whole) >= max(seen, found), "runs are gone"
        found = len(whole)
        assert (whole["seed"].value_counts() == 10).all(), "a run is there twice or in part"
        readings += 1
    connection.send((readings, seen))


@pytest.mark.parametrize("runs", [500, pytest.param(8000, marks=pytest.mark.slow)])
def test_readers_see_whole_runs_once_and_ever_more_of_them(tmp_path: Path, runs: int) -> None:
    folder = create(tmp_path / "study", runs)
    ours, theirs = FORKS.Pipe()
    with Store.open(folder) as store, process(_read_over_and_over, folder, theirs) as child:
        numbers = store.claim(2)
        while numbers:
            numbers = store.commit([bare(number) for number in numbers], claim=2)
            assert child.exitcode is None
        ours.send(None)
        readings, seen = ours.recv()
        child.join()
        assert child.exitcode == 0
    assert readings > 5
    assert seen > runs


def _read_through_the_end(folder: Path, connection: Connection) -> None:
    connection.send(None)
    readings, complete = 0, False
    while not complete:
        complete = read_counts(folder).complete
        assert len(read_table(folder, "runs")) == 20_000
        readings += 1
    connection.send(readings)


def test_readers_notice_nothing_of_the_end(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 2000)
    ours, theirs = FORKS.Pipe()
    with Store.open(folder) as store:
        for _ in range(10):
            store.commit([bare(number) for number in store.claim(200)])
        with process(_read_through_the_end, folder, theirs) as child:
            ours.recv()
            for _ in range(5):
                assert store.finish(failures_table)
                # Once more, from the start of the end.
                store._sql.execute("UPDATE study SET phase = 'open'")
            assert store.finish(failures_table)
            assert ours.recv() > 1
            child.join()
            assert child.exitcode == 0


def _work(folder: Path) -> None:
    work(folder, batch=15)


def test_two_finish_at_once(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 300)
    _work(folder)
    once = digest(folder)
    again = create(tmp_path / "again", 300)
    with process(_work, again) as one, process(_work, again) as two:
        for child in (one, two):
            child.join()
            assert child.exitcode == 0
    with Store.open(again) as store:
        # The last to claim may have found runs claimed by the other.
        assert store.finish(failures_table)
    assert digest(again) == once
