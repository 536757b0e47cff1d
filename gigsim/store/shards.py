"""Parquet files of a study: written the same way every time, on the disk before they count."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.store.columns import decode
from gigsim.store.index import damaged

#: Version of the tables' columns, in the metadata of every Parquet file, as in ``gigsim.runs``.
SCHEMA_VERSION = 1

#: Bytes of runs' tables that become one row group of a shard; compaction holds one of each shard
#: that it is reading.
_GROUP_BYTES = 2 << 20
_GROUP_ROWS = 1 << 16

#: How Parquet is written: a part of the bytes that studies promise.
WRITTEN_AS = {"compression": "zstd", "version": "2.6"}


def shard_name(number: int) -> str:
    """File of a study's ``number``-th shard, from 0.

    Later shards come first by name, and all before compacted parts: who reads the folder as one
    table gets the schema of the first file, and a later shard's holds all that came before.
    """
    return f"batch-{999_999 - number:06d}.parquet"


def part_name(number: int) -> str:
    """File of the ``number``-th part of a compacted table, from 0."""
    return f"part-{number:05d}.parquet"


def hidden(file: str) -> str:
    """What a file is called until it counts; pandas and pyarrow ignore what begins with a dot."""
    return f".{file}"


@contextmanager
def read_whole(path: Path) -> Iterator[None]:
    """Turn what the reading of a Parquet file of ours fails with into a refusal of the study.

    Raises:
        InputError: it is not what was written.
        FileNotFoundError: it is not there.
    """
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        # Arrow tells of contents that make no sense by errors of the system without a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = f"{path.parent.name}/{path.name}: {error}"
        raise damaged(path.parent.parent, reason) from error


@contextmanager
def parquet_writer(path: Path, schema: pa.Schema, replicates: int) -> Iterator[pq.ParquetWriter]:
    """A new file; on the disk when this is left, gone when it is left by an exception.

    Args:
        path: the file.
        schema: of its table; metadata is replaced.
        replicates: of a case; is noted in the file.
    """
    metadata = {"schema_version": str(SCHEMA_VERSION), "replicates": str(replicates)}
    try:
        with path.open("wb") as file:
            with pq.ParquetWriter(file, schema.with_metadata(metadata), **WRITTEN_AS) as writer:
                yield writer
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_shard(path: Path, schema: pa.Schema, replicates: int, contents: Iterable[bytes]) -> None:
    """Write runs' tables into one file, a few at a time.

    Args:
        path: the file.
        schema: holds those of all runs.
        replicates: of a case.
        contents: Arrow IPC streams by number of the run.
    """
    with parquet_writer(path, schema, replicates) as writer:
        for some in _batches(contents):
            # No row group of no rows: it would have no statistics to read by.
            if len(table := decode(some, schema)):
                writer.write_table(table.combine_chunks(), row_group_size=_GROUP_ROWS)


def _batches(contents: Iterable[bytes]) -> Iterator[list[bytes]]:
    held: list[bytes] = []
    size = 0
    for content in contents:
        held.append(content)
        size += len(content)
        if size >= _GROUP_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held


def write_durably(path: Path, content: bytes) -> None:
    """Write a small file: on the disk on return, whole or not at all.

    Raises:
        OSError: as the system says.
    """
    beside = path.with_name(hidden(path.name))
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_all(folder: Path) -> None:
    """Put a folder on the disk, with all files and folders in it."""
    for path in folder.rglob("*"):
        sync_folder(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder, or what is in a file, on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(path: Path) -> bool:
    """Give a file of the index the name that readers look for; False where there is no such file.

    The index names a file before it has its name, so that a kill in between is made good by the
    next who calls this, and no file that readers see ever goes again. Several may call it at once.
    """
    try:
        path.with_name(hidden(path.name)).rename(path)
    except FileNotFoundError:
        return path.exists()
    return True
