"""The store: what it keeps, what it gives back, what it refuses."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import gigsim.store.store as store_module
from gigsim.errors import InputError
from gigsim.runs import SCHEMA_VERSION
from gigsim.store import shards
from gigsim.store.store import (
    Counts,
    Failure,
    Finished,
    Store,
    encode,
    read_counts,
    read_failures,
    read_table,
    table_names,
    write_durably,
)
from tests.store.stores import (
    REPLICATES,
    TABLES,
    bare,
    commit,
    content,
    create,
    digest,
    fails,
    failure,
    failures_table,
    finished,
    work,
)


def expected(table: str, numbers: list[int]) -> pd.DataFrame:
    """What pandas makes of the runs' tables one after the other."""
    tables = [
        pa.ipc.open_stream(finished(n).tables[table]).read_all().to_pandas()
        for n in sorted(numbers)
        if not fails(n)
    ]
    together = pd.concat(tables, ignore_index=True)
    return together.astype({"tipped": float}) if table == "runs" else together


def test_runs_are_claimed_lowest_first_and_once(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 20)
    with Store.open(folder) as one, Store.open(folder) as two:
        assert one.claim(3) == [0, 1, 2]
        assert two.claim(2) == [3, 4]
        assert commit(one, [0, 2], claim=2) == [5, 6]
        assert one.counts() == Counts(20, 2, 0, 3, 2, 13, False)
        assert two.counts() == Counts(20, 2, 0, 2, 3, 13, False)
        assert read_counts(folder) == Counts(20, 2, 0, 0, 5, 13, False)
    with Store.open(folder) as three:
        assert three.counts() == Counts(20, 2, 0, 0, 0, 18, False)
        # Some that were claimed before, some that never were: no more than asked for.
        assert three.claim(8) == [1, 3, 4, 5, 6, 7, 8, 9]
        assert three.claim(100) == list(range(10, 20))
        assert three.claim(1) == []


def test_tables_are_read_at_any_time_sorted_and_whole(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 40)
    assert table_names(folder) == list(TABLES)
    assert read_table(folder, "runs").columns.tolist() == ["case", "replicate", "seed"]
    order = np.random.default_rng(1).permutation(40).tolist()
    with Store.open(folder) as store:
        store.claim(40)
        for done in range(8, 41, 8):
            commit(store, order[done - 8 : done])
            for table in ("runs", "periods"):
                read = read_table(folder, table)
                pd.testing.assert_frame_equal(
                    read, expected(table, order[:done])[read.columns], check_dtype=False
                )
            if done == 24:
                store.flush()
        assert store.finish(failures_table)
    read = read_table(folder, "runs")
    assert read.columns.tolist() == ["case", "replicate", "seed", "alpha", "note", "tipped", "late"]
    pd.testing.assert_frame_equal(read, expected("runs", order)[read.columns])
    pd.testing.assert_frame_equal(read, pd.read_parquet(folder / "runs"))
    assert read_failures(folder) == [failure(n) for n in range(40) if fails(n)]
    assert pd.read_parquet(folder / "failures.parquet").shape == (3, 4)
    assert read_counts(folder) == Counts(40, 37, 3, 0, 0, 0, True)
    assert pd.read_parquet(folder / "theory").columns.tolist() == ["case", "replicate", "seed"]


def test_columns_and_runs_are_chosen(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 20)
    with Store.open(folder) as store:
        commit(store, store.claim(12)[:10])
        commit(store, [11])
        for _ in range(2):
            read = read_table(folder, "periods", ["alpha", "case"], numbers=[11, 3, 15, 2])
            whole = expected("periods", [2, 3, 11])
            pd.testing.assert_frame_equal(read, whole[["alpha", "case"]])
            store.flush()
        with pytest.raises(InputError, match="has no column 'beta'; has case, replicate, seed"):
            read_table(folder, "runs", ["beta"])
        with pytest.raises(InputError, match="has no table 'run'; has runs, periods, theory"):
            read_table(folder, "run")


def test_a_complete_study_is_read_without_its_index(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 20)
    work(folder)
    before = read_table(folder, "runs"), read_table(folder, "runs", ["note"], numbers=[7])
    (folder / "index.sqlite").unlink()
    assert table_names(folder) == sorted(TABLES)
    pd.testing.assert_frame_equal(read_table(folder, "runs"), before[0])
    pd.testing.assert_frame_equal(read_table(folder, "runs", ["note"], numbers=[7]), before[1])
    with pytest.raises(InputError, match="holds no study"):
        read_counts(folder)
    with pytest.raises(InputError, match="holds no study"):
        Store.open(folder)


def test_first_results_are_there_with_the_first_commit_and_shards_stay_few(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 400)
    assert pd.read_parquet(folder / "runs").empty
    with Store.open(folder) as store:
        numbers = store.claim(1)
        counts = []
        while numbers:
            numbers = store.commit([bare(n, rows=1) for n in numbers], claim=2)
            files = list((folder / "runs").iterdir())
            counts.append(len(files))
            # At most a tenth more than what shards hold waits.
            seen = sum(pq.read_metadata(file).num_rows for file in files)
            assert 1.1 * seen >= store.counts().finished - 2
    # 10, and log(400 / 10) / log(1.1)
    assert counts[0] == 1
    assert counts[-1] < 50


def test_shards_of_later_runs_never_hide_a_column_or_change_a_type(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 40)
    with Store.open(folder) as store:
        store.claim(40)
        for number in range(12):
            store.commit([finished(number)])
            store.flush()
            read = pd.read_parquet(folder / "runs").sort_values("seed", ignore_index=True)
            whole = read_table(folder, "runs")
            pd.testing.assert_frame_equal(read[whole.columns], whole)
    assert read["late"].notna().sum() == 2


def test_what_was_finished_by_another_meanwhile_is_dropped(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 8)
    with Store.open(folder) as one, Store.open(folder) as two:
        one.claim(8)
        commit(one, [0, 1])
        two.commit([finished(1), finished(2)], [failure(0), failure(3)])
        # A result undoes a failure, a failure no result.
        one.commit([finished(3)], [failure(2), failure(4)])
        assert read_table(folder, "runs")["seed"].tolist() == [n * 7919 for n in range(4)]
        assert read_failures(folder) == [failure(4)]
        assert one.counts() == Counts(8, 4, 1, 3, 0, 0, False)


def test_nothing_of_a_refused_commit_is_kept(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 8)

    def one_row(**columns: object) -> bytes:
        return encode(pd.DataFrame([{"case": 0, "replicate": 1, "seed": 5} | columns]))

    bad = {
        "never claimed": [finished(6)],
        "twice": [finished(1), finished(1)],
        "no table": [Finished(1, {"wealth": one_row()})],
        "note is (large_)?string in one run and int64": [Finished(1, {"runs": one_row(note=3)})],
        "have to be in front": [Finished(1, {"runs": encode(pd.DataFrame({"case": [0]}))})],
        "complete": [Finished(1, {"runs": b"what"})],
        "runs of run 1 has rows of another run": [Finished(1, finished(2).tables)],
    }
    with Store.open(folder) as store:
        store.claim(4)
        store.commit([finished(0)])
        for problem, runs in bad.items():
            with pytest.raises(ValueError, match=problem):
                store.commit([finished(2), *runs])
        assert store.counts() == Counts(8, 1, 0, 3, 0, 4, False)
        commit(store, [1, 2])
    assert read_table(folder, "runs")["note"].tolist() == ["run 0", "run 1", "run 2"]


def test_failed_runs_are_open_again_where_asked_for(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 24)
    work(folder)
    undisturbed = digest(folder)
    with Store.open(folder) as store:
        assert store.retry_failed(["died", "time"]) == 0
        assert store.counts().complete
        assert store.retry_failed(["died", "error"]) == 2
        assert not (folder / "failures.parquet").exists()
        assert store.counts() == Counts(24, 22, 0, 0, 0, 2, False)
        assert not store.finish(failures_table)
        assert store.claim(9) == [10, 21]
        store.commit([], [Failure(10, "died", "SIGKILL", "", 2)])
        assert not store.finish(failures_table)
        store.commit([finished(21)])
        store.flush()
        # Read while compacted parts and a new shard are side by side.
        assert read_table(folder, "runs")["case"].is_monotonic_increasing
        assert len(pd.read_parquet(folder / "runs")) == 23
        assert store.finish(failures_table)
        assert store.retry_failed() == 1
        assert store.claim(9) == [10]
        store.commit([], [failure(10)])
        assert store.finish(failures_table)
    now = digest(folder)
    assert now.keys() == undisturbed.keys()
    again = create(tmp_path / "again", 24)
    with Store.open(again) as store:
        store.claim(24)
        store.commit([finished(n) for n in range(24) if n != 10], [failure(10)])
        store.finish(failures_table)
    assert digest(again) == now


def test_columns_come_by_the_lowest_run_whoever_ends_first(tmp_path: Path) -> None:
    def run(number: int, column: str) -> Finished:
        keys = {"case": number // REPLICATES, "replicate": number % REPLICATES, "seed": number}
        return Finished(number, {"runs": encode(pd.DataFrame([keys | {column: 1.0}]))})

    runs = [run(n, "b" if n == 1 else "a") for n in range(4)]
    found = []
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        folder = create(tmp_path / str(order[0]), 4)
        with Store.open(folder) as store:
            store.claim(4)
            for number in order:
                store.commit([runs[number]])
            store.finish(failures_table)
        found.append(digest(folder))
    assert found[0] == found[1]
    assert read_table(folder, "runs").columns.tolist()[3:] == ["a", "b"]


def test_a_result_that_comes_while_the_end_is_made_is_in_it(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 24)
    made = []
    with Store.open(folder) as slow, Store.open(folder) as store:
        commit(store, store.claim(24))

        def late(failed: Sequence[Failure]) -> pa.Table:
            if not made:
                slow.commit([finished(10)])
            made.append([f.number for f in failed])
            return failures_table(failed)

        assert store.finish(late)
    assert made == [[10, 21], [21]]
    assert len(pd.read_parquet(folder / "runs")) == 23
    assert pd.read_parquet(folder / "failures.parquet")["case"].tolist() == [5]


def test_failures_of_a_complete_study_are_made_anew_where_they_are_gone(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 24)
    work(folder)
    whole = digest(folder)
    (folder / "failures.parquet").unlink()
    with Store.open(folder) as store:
        assert store.finish(failures_table)
    assert digest(folder) == whole
    assert not (folder / ".new").exists()


def test_shards_that_never_counted_go_and_a_stale_end_too(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 24)
    (folder / "runs" / ".batch-999000.parquet").write_bytes(b"a writer was killed here")
    (folder / "failures.parquet").write_bytes(b"a writer was killed after a retry")
    Store.open(folder).close()
    assert list((folder / "runs").iterdir()) == []
    assert not (folder / "failures.parquet").exists()


def test_a_complete_folder_holds_what_it_should_and_no_more(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 3000)
    with Store.open(folder) as store:
        store.commit([bare(n, rows=1) for n in store.claim(3000)])
        large = (folder / "index.sqlite").stat().st_size
        assert store.finish(failures_table)
        assert store.finish(failures_table)
    tables = [name for table in sorted(TABLES) for name in (table, f"{table}/part-00000.parquet")]
    assert content(folder) == sorted(["failures.parquet", "index.sqlite", *tables])
    assert (folder / "index.sqlite").stat().st_size < 120_000 < large
    for table in (folder / name for name in tables if name.endswith("parquet")):
        metadata = pq.read_schema(table).metadata
        assert metadata[b"schema_version"] == str(SCHEMA_VERSION).encode()
        assert b"pandas" not in metadata
        assert metadata[b"replicates"] == str(REPLICATES).encode()
    assert shards.SCHEMA_VERSION == SCHEMA_VERSION


def test_waiting_runs_become_a_shard_also_by_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create(tmp_path / "study", 400)
    monkeypatch.setattr(store_module, "SHARE", 10.0)
    with Store.open(folder) as store:
        store.claim(400)
        store.commit([finished(n) for n in range(100)])
        store.flush()
        store.commit([finished(n) for n in range(100, 150)])
        assert len(list((folder / "runs").iterdir())) == 1
        monkeypatch.setattr(store_module, "SHARD_BYTES", 1000)
        store.commit([finished(150)])
        assert len(list((folder / "runs").iterdir())) == 2


def test_what_waits_is_flushed_on_leaving_also_by_ctrl_c(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 100)

    def work_and_stop() -> None:
        with Store.open(folder) as store:
            commit(store, store.claim(80)[:40])
            commit(store, [41])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_and_stop()
    assert len(pd.read_parquet(folder / "runs")) == len(read_table(folder, "runs")) == 38
    assert not (folder / ".writers").exists()
    store = Store.open(folder)
    store.close()
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.claim(1)


def test_made_and_opened_only_where_it_makes_sense(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 8)
    with pytest.raises(InputError, match="is there already"):
        Store.create(folder, 8, 4, TABLES)
    with pytest.raises(InputError, match="is there already"):
        Store.create(folder, 8, 4, ["other"])
    for runs, replicates in [(0, 1), (5, 2), (5, 0)]:
        with pytest.raises(ValueError, match="no cases"):
            Store.create(tmp_path, runs, replicates, TABLES)
    for names in (["a", "a"], ["../a"], [".a"]):
        with pytest.raises(ValueError, match=r"twice|words"):
            Store.create(tmp_path, 1, 1, names)
    assert [path.name for path in tmp_path.iterdir()] == ["study"]
    for read in (Store.open, read_counts, read_failures, table_names):
        with pytest.raises(InputError, match="no such folder; a folder made by"):
            read(tmp_path / "none")
        with pytest.raises(InputError, match="holds no study; a folder made by"):
            read(tmp_path)


def test_a_small_file_is_whole_or_not_there(tmp_path: Path) -> None:
    write_durably(tmp_path / "summary.json", b"{}\n")
    write_durably(tmp_path / "summary.json", b"[]\n")
    assert (tmp_path / "summary.json").read_bytes() == b"[]\n"
    assert content(tmp_path) == ["summary.json"]
