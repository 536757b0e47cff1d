"""Files that are not what gigsim wrote: a bit flipped where no value shows it, a config edited.

A Parquet file holds more than its values: statistics, offsets, padding. Written again from its own
values by the same version of the library it comes out the same, byte for byte, or it was altered.
What a study's folder holds is also held against what its index and its design say.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from gigsim.config.toml_files import read_table
from gigsim.errors import InputError
from gigsim.experiments.cases import write_cases
from gigsim.experiments.design import cases_of
from gigsim.experiments.dotted import flat, is_value
from gigsim.experiments.study import CASES_FILE, LARGEST, STUDY_FILE
from gigsim.experiments.study_check import parts_of
from gigsim.results.earlier import additions_since, as_of_then, digest_of
from gigsim.results.source import TABLES, Source
from gigsim.results.sources import StudySource
from gigsim.runs import SPOT_CHECKS
from gigsim.store.columns import numbers_of
from gigsim.store.ending import FAILURES
from gigsim.store.shards import parquet_writer

_UNREADABLE = (OSError, ValueError, KeyError, pa.ArrowException)
#: What :func:`gigsim.runs.write_whole` calls a folder: the hash of what it holds is at the end.
_HASHED = re.compile(r"\d{8}T\d{6}Z-.+-([0-9a-f]{12})(-x\d+)?(-\d+)?")


def altered_config(source: Source) -> list[str]:
    """What is wrong with the config that a source keeps, a line each; empty where nothing is.

    The config of an earlier gigsim is held against what that wrote, without the keys of today.
    """
    try:
        config, since = source.config(0, 0), additions_since(source)
    except InputError as error:
        return [str(error)]
    wrong = []
    study = None
    if isinstance(source, StudySource):
        study = replace(source.study, base=as_of_then(source.study.base, since))
        hashed, text = study.digest(), study.dumps()
    else:
        table = as_of_then(config.model_dump(mode="json"), since)
        hashed, text = digest_of(table), tomli_w.dumps(table)
    file = "config.toml" if study is None else f"{STUDY_FILE} or {CASES_FILE}"
    expected = source.provenance().get("config_hash")
    named = _HASHED.fullmatch(source.path.resolve().name)
    if expected is not None and expected != hashed:
        wrong.append(f"{file} is not what was run: hash {hashed}, run as {expected}")
    # Folders may be renamed.
    elif named is not None and named[1] != hashed:
        wrong.append(f"{file} is not what was run: hash {hashed}, the folder's name has {named[1]}")
    name = "config.toml" if study is None else STUDY_FILE
    if (source.path / name).read_bytes() != text.encode():
        wrong.append(f"{name} is not as gigsim wrote it")
    return wrong


def altered_design(source: StudySource) -> list[str]:
    """Has the design that ``study.toml`` spells out other cases than ``cases.parquet``?

    Of a design that draws its cases it looks at nothing but their number: a library's next version
    may draw others. One that read them from a file has them in ``cases.parquet`` alone.
    """
    path = source.path / STUDY_FILE
    table, base, places = parts_of(read_table(path, "", LARGEST), str(path), source.path)
    raw = cases_of(table.design, base, table.seed, places, source.path)
    designed = [flat(values, is_value, (), places) for values in raw.values]
    cases = [dict(case.values) for case in source.study.cases]
    same = len(cases) == len(designed) if raw.random else cases == designed
    return [] if same else [f"{CASES_FILE} has other cases than the design in {STUDY_FILE}"]


def altered_tables(source: Source) -> list[str]:
    """Tables that are not what gigsim writes for their values, a line each.

    Needs the version of pyarrow that wrote them. Of a study it looks at what is compacted.
    """
    wrong = _altered_cases(source) if isinstance(source, StudySource) else []
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


def _altered_cases(source: StudySource) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / CASES_FILE
        write_cases(source.study.cases, source.study.keys, again)
        same = _same_bytes(again, source.path / CASES_FILE)
    return [] if same else [f"{CASES_FILE} is not what gigsim writes for its values"]


def _files(source: Source) -> list[Path]:
    if source.kind == "study":
        parts = (p for n in ("runs", *source.tables) for p in source.path.glob(f"{n}/part-*"))
        return sorted([*parts, *source.path.glob(FAILURES)])
    names = ("runs", *TABLES, SPOT_CHECKS)
    return [p for p in (source.path / f"{name}.parquet" for name in names) if p.is_file()]


def _as_a_run(path: Path) -> bool:
    buffer = pa.BufferOutputStream()
    pq.write_table(pq.read_table(path), buffer)
    return bool(buffer.getvalue().to_pybytes() == path.read_bytes())


def _as_a_study(path: Path, source: StudySource) -> bool:
    """Row group by row group, as compaction writes it: a part may not fit into memory twice."""
    replicates, last = source.study.replicates, -1
    with tempfile.TemporaryDirectory() as folder, pq.ParquetFile(path) as file:
        again = Path(folder) / path.name
        with parquet_writer(again, file.schema_arrow, replicates) as writer:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group).replace_schema_metadata(None)
                writer.write_table(table, row_group_size=max(1, len(table)))
                numbers = np.append(last, numbers_of(table, replicates))
                if (np.diff(numbers) < 0).any():
                    return False
                last = numbers[-1]
        return _same_bytes(again, path)


def _same_bytes(a: Path, b: Path) -> bool:
    if a.stat().st_size != b.stat().st_size:
        return False
    with a.open("rb") as first, b.open("rb") as second:
        while block := first.read(1 << 20):
            if block != second.read(1 << 20):
                return False
    return True
