"""Files that are not what gigsim wrote: a bit flipped where no value shows it, a config edited.

A Parquet file holds more than its values: statistics, offsets, padding. Written again from its own
values by the same version of the library it comes out the same, byte for byte, or it was altered.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.config import digest, dumps
from gigsim.errors import InputError
from gigsim.results.source import TABLES, Source
from gigsim.results.sources import StudySource
from gigsim.store.shards import parquet_writer

_UNREADABLE = (OSError, ValueError, KeyError, pa.ArrowException)


def altered_config(source: Source) -> list[str]:
    """What is wrong with the config that a source keeps, a line each; empty where nothing is."""
    try:
        config = source.config(0, 0)
    except InputError as error:
        return [str(error)]
    wrong = []
    study = source.study if isinstance(source, StudySource) else None
    hashed = digest(config) if study is None else study.digest()
    expected = source.provenance().get("config_hash")
    if expected is not None and expected != hashed:
        file = "config.toml" if study is None else "study.toml or cases.parquet"
        wrong.append(f"{file} is not what was run: hash {hashed}, run as {expected}")
    path = source.path / "config.toml"
    if study is None and path.read_text(encoding="utf-8") != dumps(config):
        wrong.append("config.toml is not as gigsim wrote it")
    return wrong


def altered_tables(source: Source) -> list[str]:
    """Tables that are not what gigsim writes for their values, a line each.

    Needs the version of pyarrow that wrote them. Of a study it looks at what is compacted.
    """
    wrong = []
    for path in _files(source):
        name = str(path.relative_to(source.path))
        try:
            same = _as_a_study(path, source) if isinstance(source, StudySource) else _as_a_run(path)
        except _UNREADABLE as error:
            wrong.append(f"{name} cannot be read ({' '.join(str(error).split())})")
            continue
        if not same:
            wrong.append(f"{name} is not what gigsim writes for its values")
    return wrong


def _files(source: Source) -> list[Path]:
    if source.kind == "study":
        return sorted(p for n in ("runs", *source.tables) for p in source.path.glob(f"{n}/part-*"))
    names = ("runs", *TABLES)
    return [p for p in (source.path / f"{name}.parquet" for name in names) if p.is_file()]


def _as_a_run(path: Path) -> bool:
    buffer = pa.BufferOutputStream()
    pq.write_table(pq.read_table(path), buffer)
    return bool(buffer.getvalue().to_pybytes() == path.read_bytes())


def _as_a_study(path: Path, source: StudySource) -> bool:
    """Row group by row group, as compaction writes it: a part may not fit into memory twice."""
    with tempfile.TemporaryDirectory() as folder, pq.ParquetFile(path) as file:
        again = Path(folder) / path.name
        with parquet_writer(again, file.schema_arrow, source.study.replicates) as writer:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group).replace_schema_metadata(None)
                writer.write_table(table, row_group_size=max(1, len(table)))
        return _same_bytes(again, path)


def _same_bytes(a: Path, b: Path) -> bool:
    if a.stat().st_size != b.stat().st_size:
        return False
    with a.open("rb") as first, b.open("rb") as second:
        while block := first.read(1 << 20):
            if block != second.read(1 << 20):
                return False
    return True
