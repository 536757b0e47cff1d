"""Compaction: sorted, whole, and the same bytes whatever the shards were."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.store import compaction, shards
from gigsim.store.columns import encode, united
from gigsim.store.compaction import compact
from gigsim.store.shards import write_shard
from tests.store.stores import REPLICATES

SCHEMA = united([]).append(pa.field("x", pa.float64())).append(pa.field("t", pa.large_string()))


def rows_of(number: int, rows: int) -> pa.Table:
    """A run's table, with empty cells."""
    case, replicate = divmod(number, REPLICATES)
    rng = np.random.default_rng(number)
    return pa.table(
        [
            np.full(rows, case),
            np.full(rows, replicate),
            np.full(rows, number),
            pa.array(rng.random(rows), mask=rng.random(rows) < 0.2),
            pa.array([f"{number} {i}" * (i % 3) for i in range(rows)], pa.large_string()),
        ],
        schema=SCHEMA,
    )


def compacted(rows: list[int], shard_of: list[int]) -> tuple[list[bytes], pa.Table]:
    """The parts made from runs with so many rows, run i in shard ``shard_of[i]``."""
    with TemporaryDirectory() as made:
        files = []
        for shard in sorted(set(shard_of)):
            runs = [n for n in range(len(rows)) if shard_of[n] == shard]
            files.append(Path(made) / f"shard-{shard}")
            contents = [encode(rows_of(n, rows[n])) for n in runs]
            write_shard(files[-1], SCHEMA, REPLICATES, contents)
        to = Path(made) / "new"
        to.mkdir()
        names = compact(files, SCHEMA, to, len(rows), REPLICATES)
        assert names == sorted(path.name for path in to.iterdir())
        table = pa.concat_tables([pq.read_table(to / name) for name in names])
        return [(to / name).read_bytes() for name in names], table


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups and parts of a few rows, so that few runs make many."""
    monkeypatch.setattr(compaction, "GROUP_ROWS", 8)
    monkeypatch.setattr(compaction, "PART_ROWS", 30)
    monkeypatch.setattr(shards, "_GROUP_BYTES", 2000)
    monkeypatch.setattr(shards, "_GROUP_ROWS", 5)


@pytest.mark.usefixtures("small_files")
def test_the_same_bytes_whatever_the_shards() -> None:
    @settings(max_examples=25)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        rows = data.draw(st.lists(st.integers(0, 40), min_size=1, max_size=20))
        some = st.lists(st.integers(0, 5), min_size=len(rows), max_size=len(rows))
        one, table = compacted(rows, [0] * len(rows))
        other, _ = compacted(rows, data.draw(some))
        assert one == other
        whole = pa.concat_tables(
            [SCHEMA.empty_table()] + [rows_of(n, r) for n, r in enumerate(rows)]
        )
        assert table.replace_schema_metadata(None).equals(whole)

    holds()


@pytest.mark.usefixtures("small_files")
def test_parts_end_with_a_run_and_hold_row_groups_of_one_size(tmp_path: Path) -> None:
    rows = [13, 20, 1, 0, 29, 100, 3]
    write_shard(
        tmp_path / "shard", SCHEMA, 4, [encode(rows_of(n, count)) for n, count in enumerate(rows)]
    )
    (tmp_path / "new").mkdir()
    parts = compact([tmp_path / "shard"], SCHEMA, tmp_path / "new", len(rows), 4)
    found = [pq.read_metadata(tmp_path / "new" / part) for part in parts]
    assert [f.num_rows for f in found] == [33, 30, 100, 3]
    assert [found[2].row_group(i).num_rows for i in range(found[2].num_row_groups)] == [8] * 12 + [
        4
    ]


def test_no_rows_are_a_table_of_no_rows() -> None:
    for rows in ([0], [0, 0, 0]):
        (part,), table = compacted(rows, [0] * len(rows))
        assert len(table) == 0
        assert table.schema.names == SCHEMA.names
        assert part == compacted([0], [0])[0][0]


def test_memory_is_that_of_some_row_groups_also_where_all_shards_overlap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """20 shards with runs from first to last, 38 MB of numbers."""
    runs = 4000
    monkeypatch.setattr(shards, "_GROUP_BYTES", 100_000)
    monkeypatch.setattr(compaction, "GROUP_ROWS", 10_000)
    schema = united([]).append(pa.field("x", pa.float64()))
    with TemporaryDirectory() as made:
        files = []
        for shard in range(20):
            contents = [
                encode(
                    pa.table(
                        [np.full(300, n // 4), np.full(300, n % 4), np.full(300, n), np.ones(300)],
                        schema=schema,
                    )
                )
                for n in range(shard, runs, 20)
            ]
            files.append(Path(made) / str(shard))
            write_shard(files[-1], schema, 4, contents)
        to = Path(made) / "new"
        to.mkdir()
        usual = pa.default_memory_pool()
        watched = pa.proxy_memory_pool(usual)
        pa.set_memory_pool(watched)
        try:
            compact(files, schema, to, runs, 4)
        finally:
            pa.set_memory_pool(usual)
        assert watched.bytes_allocated() == 0
        # Held row groups are 2 MB; rows on their way to the file are there some times over.
        assert 1e6 < watched.max_memory() < 8e6
        seeds = pq.read_table(to).column("seed").to_numpy()
    assert (seeds == np.repeat(np.arange(runs), 300)).all()
