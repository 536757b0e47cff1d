"""Tables of single runs: their bytes, and the schema that holds them all."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gigsim.store.columns import (
    conform,
    decode,
    encode,
    is_of_run,
    numbers_of,
    schema_of,
    united,
)

KEYS = [pa.field(name, pa.int64()) for name in ("case", "replicate", "seed")]


def schema(**types: pa.DataType) -> bytes:
    """What a run's table with these columns says of itself."""
    fields = [*KEYS, *(pa.field(name, of) for name, of in types.items())]
    return schema_of(encode(pa.schema(fields).empty_table()))


def test_a_table_survives_its_bytes() -> None:
    table = pd.DataFrame(
        {
            "case": 1,
            "replicate": [2, 2, 2],
            "seed": 3,
            "share": [0.5, np.nan, -0.0],
            "whole": pd.array([1, None, 2**62], dtype="Int64"),
            "yes": [True, False, True],
            "text": ["a", None, "ü"],
            "kind": pd.Categorical(["x", "y", "x"]),
        },
        index=[7, 8, 9],
    )
    content = encode(table)
    found = decode([content, content], united([schema_of(content)]))
    assert found.schema.metadata is None
    assert found.column("whole").to_pylist() == [1, None, 2**62] * 2
    assert found.column("kind").to_pylist() == ["x", "y", "x"] * 2
    expected = pd.concat([table] * 2, ignore_index=True).drop(columns=["whole", "kind"])
    pd.testing.assert_frame_equal(
        found.drop_columns(["whole", "kind"]).to_pandas(), expected, check_dtype=False
    )
    assert numbers_of(found, 4).tolist() == [6] * 6
    assert is_of_run(content, 1, 2)
    assert not is_of_run(content, 2, 1)


def test_equal_schemas_have_equal_bytes_whatever_pandas_notes() -> None:
    row = {"case": 1, "replicate": 2, "seed": 3, "x": 0.5}
    by_pandas, by_arrow = pd.DataFrame([row] * 5), pa.Table.from_pylist([row])
    assert schema_of(encode(by_pandas)) == schema_of(encode(by_arrow))
    nothing = encode(pd.DataFrame([row]).iloc[:0])
    assert schema_of(nothing) == schema_of(encode(by_arrow))
    assert is_of_run(nothing, 5, 5)


def test_types_of_a_column_unite_whatever_their_order() -> None:
    cases = [
        ([pa.int64(), pa.float64()], pa.float64()),
        ([pa.int32(), pa.int64()], pa.int64()),
        ([pa.int8(), pa.uint16()], pa.int64()),
        ([pa.float32()], pa.float32()),
        ([pa.int8(), pa.float32(), pa.int64()], pa.float64()),
        ([pa.null(), pa.bool_()], pa.bool_()),
        ([pa.null()], pa.null()),
        ([pa.string(), pa.large_string(), pa.null()], pa.large_string()),
    ]
    for types, expected in cases:
        for some in itertools.permutations(types):
            assert united([schema(x=of) for of in some]).field("x").type == expected
    for types in ([pa.int64(), pa.bool_()], [pa.float64(), pa.string()], [pa.uint64(), pa.int64()]):
        for some in itertools.permutations(types):
            with pytest.raises(ValueError, match="column x is"):
                united([schema(x=of) for of in some])


def test_columns_come_in_the_order_of_their_first_run() -> None:
    one, two = schema(b=pa.int64(), a=pa.null()), schema(c=pa.int64(), a=pa.float64())
    assert united([one, two]).names[3:] == ["b", "a", "c"]
    assert united([two, one]).names[3:] == ["c", "a", "b"]
    assert united([]).names == ["case", "replicate", "seed"]


def test_a_table_gets_the_columns_of_others() -> None:
    wide = united([schema(a=pa.int64(), b=pa.string()), schema(a=pa.float64())])
    narrow = pa.table([[1], [2], [3], [2**53 + 1]], schema=pa.schema([*KEYS, ("a", pa.int64())]))
    found = conform(narrow, wide)
    assert found.schema.equals(wide)
    assert found.to_pylist() == [{"case": 1, "replicate": 2, "seed": 3, "a": 2.0**53, "b": None}]


def test_what_is_no_table_of_a_run_is_refused() -> None:
    stream = encode(pa.schema(KEYS).empty_table())
    for content in (b"", stream[:-8], stream[8:], stream[:40], b"PAR1" + stream):
        with pytest.raises(ValueError, match="not an Arrow IPC stream"):
            schema_of(content)
    with pytest.raises(ValueError, match="have to be in front"):
        schema_of(encode(pa.schema(KEYS[::-1]).empty_table()))
    with pytest.raises(ValueError, match="a column is there twice"):
        schema_of(encode(pa.schema([*KEYS, *KEYS]).empty_table()))
    categories = pa.schema([*KEYS, ("x", pa.dictionary(pa.int8(), pa.string()))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, categories) as writer:
        writer.write_table(categories.empty_table())
    with pytest.raises(ValueError, match="categories"):
        schema_of(sink.getvalue().to_pybytes())
