"""Tables of single runs: their bytes, their schemas, and the one schema that holds them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

#: Columns in front of every table: they say which run a row is of.
KEYS = ("case", "replicate", "seed")

_CONTINUATION = b"\xff\xff\xff\xff"
#: Ends an Arrow IPC stream.
_END = _CONTINUATION + bytes(4)


def encode(table: pd.DataFrame | pa.Table) -> bytes:
    """A run's table as an Arrow IPC stream.

    Categories become their values, and what pandas notes in the schema goes: neither is a result.

    Args:
        table: ``case``, ``replicate``, ``seed`` (whole numbers) in front.
    """
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    plain = pa.schema([pa.field(f.name, _value_type(f.type)) for f in table.schema])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, plain) as writer:
        writer.write_table(table.cast(plain))
    return sink.getvalue().to_pybytes()


def _value_type(of: pa.DataType) -> pa.DataType:
    return of.value_type if pa.types.is_dictionary(of) else of


def decode(contents: Iterable[bytes], schema: pa.Schema) -> pa.Table:
    """Many runs' tables as one, in the order given.

    Args:
        contents: Arrow IPC streams.
        schema: holds all of their schemas (:func:`united`).
    """
    tables = [conform(table, schema) for table in _read(contents)]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def _read(contents: Iterable[bytes]) -> Iterator[pa.Table]:
    """Streams of equal schema that follow each other are one stream: four times as fast."""
    schema, parts = b"", list[bytes]()
    for content in contents:
        head = _head(content)
        if head != schema and parts:
            yield _joined(schema, parts)
            parts = []
        schema = head
        parts.append(content[len(head) : -len(_END)])
    if parts:
        yield _joined(schema, parts)


def _joined(schema: bytes, parts: list[bytes]) -> pa.Table:
    return pa.ipc.open_stream(b"".join([schema, *parts, _END])).read_all()


def _head(content: bytes) -> bytes:
    """The schema's message, with which a stream begins."""
    if content[:4] != _CONTINUATION or content[-8:] != _END:
        raise ValueError("not an Arrow IPC stream that is complete")
    return content[: 8 + int.from_bytes(content[4:8], "little")]


def schema_of(content: bytes) -> bytes:
    """The schema of a run's table, without metadata, as bytes that are equal for equal schemas.

    Raises:
        ValueError: not a stream; a column twice; categories; no keys in front.
    """
    return _plain(_head(content))


@lru_cache(maxsize=256)
def _plain(head: bytes) -> bytes:
    found = pa.ipc.read_schema(pa.py_buffer(head))
    names = tuple(found.names)
    if names[:3] != KEYS or any(f.type != pa.int64() for f in list(found)[:3]):
        raise ValueError(f"int64 columns {', '.join(KEYS)} have to be in front, got {names[:3]}")
    if len(set(names)) < len(names):
        raise ValueError(f"a column is there twice: {names}")
    if any(pa.types.is_dictionary(f.type) for f in found):
        raise ValueError("categories have to be their values: use encode")
    return pa.schema([pa.field(f.name, f.type) for f in found]).serialize().to_pybytes()


def is_of_run(content: bytes, case: int, replicate: int) -> bool:
    """Are all rows of a run's table of this run?"""
    options = pa.ipc.IpcReadOptions(included_fields=[0, 1], use_threads=False)
    table = pa.ipc.open_stream(pa.py_buffer(content), options=options).read_all()
    found = (table.column(name).to_numpy() for name in KEYS[:2])
    return all((keys == own).all() for keys, own in zip(found, (case, replicate), strict=True))


def united(schemas: Sequence[bytes]) -> pa.Schema:
    """The schema that holds tables of all of these; its types do not depend on their order.

    Columns come in the order in which they occur first. Whole and real numbers together are real,
    nothing and anything is anything.

    Args:
        schemas: from :func:`schema_of`, by the lowest run that has them; none gives the keys alone.

    Raises:
        ValueError: a column of types that no one type holds.
    """
    types: dict[str, list[pa.DataType]] = {name: [pa.int64()] for name in KEYS}
    for content in schemas:
        for field in pa.ipc.read_schema(pa.py_buffer(content)):
            seen = types.setdefault(field.name, [])
            if field.type not in seen:
                seen.append(field.type)
    return pa.schema([pa.field(name, _widest(name, seen)) for name, seen in types.items()])


def _widest(name: str, seen: list[pa.DataType]) -> pa.DataType:
    found = [t for t in seen if not pa.types.is_null(t)]
    if len(found) <= 1:
        return (found or seen)[0]
    if all(pa.types.is_integer(t) and t != pa.uint64() for t in found):
        return pa.int64()
    if all(pa.types.is_integer(t) or pa.types.is_floating(t) for t in found):
        if any(pa.types.is_floating(t) for t in found):
            return pa.float64()
    elif all(pa.types.is_string(t) or pa.types.is_large_string(t) for t in found):
        return pa.large_string()
    raise ValueError(f"column {name} is {found[0]} in one run and {found[1]} in another")


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with another's columns: empty where it has none, numbers made real where needed."""
    if table.schema.equals(schema):
        return table
    have = set(table.column_names)
    columns = [
        # A whole number above 2^53 becomes the nearest real one.
        table.column(f.name).cast(f.type, safe=False)
        if f.name in have
        else pa.nulls(len(table), f.type)
        for f in schema
    ]
    return pa.table(columns, schema=schema)


def numbers_of(table: pa.Table, replicates: int) -> NDArray[np.int64]:
    """Number of the run of each row, int64 (rows,)."""
    case, replicate = (table.column(name).to_numpy() for name in ("case", "replicate"))
    return np.asarray(case * replicates + replicate, dtype=np.int64)
