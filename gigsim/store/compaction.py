"""The end of a study: each table sorted by run, in files that depend on nothing but the results.

Shards depend on who finished when. Here they are merged, each being sorted already, in as much
memory as one row group of each shard that holds runs of the same numbers takes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gigsim.store.columns import conform, numbers_of
from gigsim.store.shards import parquet_writer, part_name, read_whole, sync_folder

#: Rows of a row group of a compacted table.
GROUP_ROWS = 1 << 16
#: A part ends with the first run that brings it to this many rows.
PART_ROWS = 1 << 20

#: Compacted tables wait here to take their place; what they replaced waits there to go.
_NEW, _OLD = ".new", ".old"


def new_folder(folder: Path) -> Path:
    """Where compacted tables are made; empty, whatever an earlier attempt left."""
    shutil.rmtree(folder / _NEW, ignore_errors=True)
    shutil.rmtree(folder / _OLD, ignore_errors=True)
    (folder / _OLD).mkdir()
    (folder / _NEW).mkdir()
    return folder / _NEW


def waiting(folder: Path, name: str) -> Path:
    """Where a compacted table or file waits to take its place."""
    return folder / _NEW / name


def swap(folder: Path, tables: Sequence[str], files: Sequence[str]) -> None:
    """Put what waits in its place. Called again after a kill at any point, it goes on from there.

    Args:
        folder: the study's.
        tables: names of folders.
        files: names of files.
    """
    for name in tables:
        new, here = folder / _NEW / name, folder / name
        if new.exists():
            if here.exists():
                here.rename(folder / _OLD / name)
            new.rename(here)
    for name in files:
        if (folder / _NEW / name).exists():
            (folder / _NEW / name).replace(folder / name)
    for path in (folder, folder / _NEW, folder / _OLD):
        sync_folder(path)


def tidy(folder: Path) -> None:
    """Remove what a swap, or an attempt at one, leaves."""
    for name in (_NEW, _OLD):
        if (folder / name).exists():
            shutil.rmtree(folder / name)


def compact(
    files: Sequence[Path], schema: pa.Schema, to: Path, runs: int, replicates: int
) -> list[str]:
    """Merge the shards of a table.

    Args:
        files: shards, each sorted by run; no run in two of them.
        schema: holds theirs (:func:`~gigsim.store.columns.united`).
        to: an empty folder, for the parts.
        runs: how many they hold; sets the pace, not the result.
        replicates: of a case.

    Returns:
        Names of the parts: at least one, so that the table can be read where it has no rows.
    """
    with _Parts(to, schema, replicates) as parts:
        for table, numbers in _merged(files, schema, runs, replicates):
            parts.add(table, numbers)
    sync_folder(to)
    return parts.files


class _Parts:
    """The files of a compacted table, cut by what is in them alone."""

    def __init__(self, to: Path, schema: pa.Schema, replicates: int) -> None:
        self.files: list[str] = []
        self._to, self._schema, self._replicates = to, schema, replicates
        self._part = ExitStack()
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0
        self._waiting = schema.empty_table()

    def __enter__(self) -> _Parts:
        return self

    def __exit__(self, *raised: Any) -> None:
        if raised[0] is not None:
            self._part.__exit__(*raised)
            return
        if self._rows or not self.files:
            self._end_part()

    def add(self, table: pa.Table, numbers: NDArray[np.int64]) -> None:
        """Rows of whole runs, sorted by number of the run, which follow those of earlier calls."""
        ends = np.append(np.flatnonzero(np.diff(numbers)) + 1, len(numbers))
        begin = 0
        while begin < len(table):
            # The first run that fills the part, else all.
            enough = int(np.searchsorted(ends, begin + PART_ROWS - self._rows))
            end = int(ends[min(enough, len(ends) - 1)])
            self._put(table.slice(begin, end - begin))
            if self._rows >= PART_ROWS:
                self._end_part()
            begin = end

    def _put(self, table: pa.Table) -> None:
        self._rows += len(table)
        # One chunk: where chunks end would show in the file.
        waiting = pa.concat_tables([self._waiting, table]).combine_chunks()
        full = len(waiting) - len(waiting) % GROUP_ROWS
        for begin in range(0, full, GROUP_ROWS):
            self._opened().write_table(waiting.slice(begin, GROUP_ROWS), row_group_size=GROUP_ROWS)
        self._waiting = waiting.slice(full)

    def _opened(self) -> pq.ParquetWriter:
        if self._writer is None:
            self.files.append(part_name(len(self.files)))
            path = self._to / self.files[-1]
            opened = parquet_writer(path, self._schema, self._replicates)
            self._writer = self._part.enter_context(opened)
        return self._writer

    def _end_part(self) -> None:
        writer = self._opened()
        if len(self._waiting):
            writer.write_table(self._waiting, row_group_size=GROUP_ROWS)
        self._part.close()
        self._writer, self._rows, self._waiting = None, 0, self._schema.empty_table()


def _merged(
    files: Sequence[Path], schema: pa.Schema, runs: int, replicates: int
) -> Iterator[tuple[pa.Table, NDArray[np.int64]]]:
    """Rows of all files by run, a few thousand at a time, with the numbers of their runs."""
    shards = [_Shard(path, schema, replicates) for path in files]
    rows = sum(shard.rows for shard in shards)
    pace = max(1, GROUP_ROWS * runs // max(1, rows))
    while left := [shard for shard in shards if shard.next is not None]:
        end = min(shard.next for shard in left if shard.next is not None) + pace
        pieces = [piece for shard in left for piece in shard.before(end)]
        if pieces:
            table = pa.concat_tables([table for table, _ in pieces])
            numbers = np.concatenate([numbers for _, numbers in pieces])
            if len(pieces) > 1:
                order = np.argsort(numbers, kind="stable")
                table, numbers = table.take(order), numbers[order]
            yield table, numbers


class _Shard:
    """A sorted file that is read once, front to back, a row group at a time.

    Attributes:
        rows: in all.
        next: no run before this number is left in it; None where no run is.
    """

    def __init__(self, path: Path, schema: pa.Schema, replicates: int) -> None:
        self._path, self._schema, self._replicates = path, schema, replicates
        with read_whole(path):
            self._metadata = pq.read_metadata(path)
        self._file: pq.ParquetFile | None = None
        self._group = 0
        self._held: tuple[pa.Table, NDArray[np.int64]] | None = None
        self.rows = self._metadata.num_rows
        self.next = self._begin_of_group()

    def before(self, end: int) -> Iterator[tuple[pa.Table, NDArray[np.int64]]]:
        """What is left of runs before ``end``."""
        while self.next is not None and self.next < end:
            table, numbers = self._held or self._read_group()
            cut = int(np.searchsorted(numbers, end))
            if cut:
                yield table.slice(0, cut), numbers[:cut]
            if cut < len(numbers):
                self._held = table.slice(cut), numbers[cut:]
                self.next = int(numbers[cut])
            else:
                self._held = None
                self.next = self._begin_of_group()

    def _read_group(self) -> tuple[pa.Table, NDArray[np.int64]]:
        with read_whole(self._path):
            if self._file is None:
                self._file = pq.ParquetFile(self._path, metadata=self._metadata)
            table = self._file.read_row_group(self._group, use_threads=False)
        table = conform(table, self._schema)
        self._group += 1
        if self._group == self._metadata.num_row_groups:
            self._file.close()
        return table, numbers_of(table, self._replicates)

    def _begin_of_group(self) -> int | None:
        """No run of the next row group is before this; exact where it is of one case."""
        if self._group == self._metadata.num_row_groups:
            return None
        group = self._metadata.row_group(self._group)
        # Keys are the first columns and have no empty cells.
        case, replicate = (group.column(i).statistics for i in range(2))
        one = case.min == case.max
        return int(case.min) * self._replicates + (int(replicate.min) if one else 0)
