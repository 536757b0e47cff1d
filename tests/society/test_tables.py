"""Columns of users' files, good and bad: bad ones give one line that says where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.society.tables import read_column


def complaint(path: Path, column: str = "cost") -> str:
    with pytest.raises(InputError) as caught:
        read_column(path, column)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_what_pandas_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    frame = pd.DataFrame({"name": [f'"{i}", a\nb' for i in range(len(values))], "cost": values})
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_parquet(folder / "t.parquet")
    for name in ("t.csv", "t.parquet"):
        read = read_column(folder / name, "cost")
        assert read.dtype == float
        assert read.tolist() == values


@pytest.mark.parametrize(
    "content",
    [
        b"cost\n1\n2.5\n",
        b"cost\r\n1\r\n2.5\r\n",
        b"\xef\xbb\xbfcost\n1\n2.5",
        b"who,cost\na,1\nb,2.5\n\n\n",
        b'"who","cost","x"\n"a, b"," 1 ",""\n"c\nd","2.5"\n',
        b"who, cost\na, 1\nb, 25e-1\n",
    ],
)
def test_forms_of_csv(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.CSV").write_bytes(content)
    assert read_column(tmp_path / "t.CSV", "cost").tolist() == [1.0, 2.5]


@pytest.mark.parametrize(
    "values", [np.array([1, 2], dtype=np.int8), np.array([1, 2], dtype=np.float32)]
)
def test_any_numbers_of_parquet(tmp_path: Path, values: np.ndarray) -> None:
    pd.DataFrame({"a.b": values, "cost": values}).to_parquet(tmp_path / "t.parquet")
    for column in ("a.b", "cost"):
        assert read_column(tmp_path / "t.parquet", column).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ["no column 'cost'", "columns there: none"]),
        (b"cost\n", ["column 'cost' has no rows"]),
        (b"price,name\n1,a\n", ["no column 'cost'", "columns there: 'price', 'name'"]),
        (b"price;cost\n1;2\n", ["no column 'cost'", "'price;cost'"]),
        (b"cost,cost\n1,2\n", ["2 columns are called 'cost'"]),
        (b"cost\n1\nlots\n", ["line 3", "column 'cost': 'lots'", "give a finite number"]),
        (b"cost\n1\nnan\n2\n", ["line 3", "'nan'"]),
        (b"cost\n-inf\n", ["line 2", "'-inf'"]),
        (b"cost\n1e999\n", ["line 2", "'1e999'"]),
        (b"cost\n1_000\n", ["line 2", "'1_000'"]),
        (b'cost\n"1,5"\n', ["line 2", "'1,5'"]),
        (b"name,cost\na,1\nb\n", ["line 3", "''"]),
        (b"cost\n1\n\n2\n", ["line 3", "is empty"]),
        (b'name,cost\n"a\nb",1\nc,x\n', ["line 4", "'x'"]),
        (b"cost\n\xff\xfe\n", ["cannot be read", "utf-8"]),
        (b"cost\n\x00\n", ["line 2"]),
        (b'cost\n"1\n', ["cannot be read"]),
        (b"cost\n" + b"9" * 200_000 + b"\n", ["cannot be read", "limit"]),
    ],
)
def test_bad_csv_is_one_line(tmp_path: Path, content: bytes, said: list[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    message = complaint(path)
    for words in said:
        assert words in message


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"price": [1.0]}, ["no column 'cost'", "columns there: 'price'"]),
        ({"cost": ["a"]}, ["column 'cost' holds", "string", "give numbers"]),
        ({"cost": [True]}, ["column 'cost' holds bool"]),
        ({"cost": [[1.0]]}, ["column 'cost' holds list"]),
        ({"cost": [1.0, 2.0, None]}, ["row 3", "column 'cost': nan"]),
        ({"cost": pd.array([1, None], dtype="Int64")}, ["row 2", "column 'cost': nan"]),
        ({"cost": [1.0, np.inf]}, ["row 2", "inf"]),
        ({"cost": np.array([], dtype=float)}, ["has no rows"]),
    ],
)
def test_bad_parquet_is_one_line(tmp_path: Path, columns: dict[str, Any], said: list[str]) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame(columns).to_parquet(path)
    message = complaint(path)
    for words in said:
        assert words in message


@pytest.mark.parametrize("content", [b"", b"cost\n1\n", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_not_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(content)
    assert "cannot be read" in complaint(path)


def test_a_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"cost": np.random.default_rng(1).random(5000)})
    frame.to_parquet(path, compression="snappy")
    whole = path.read_bytes()
    for cut in (10, 1000, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:cut])
        assert "cannot be read" in complaint(path)
    path.write_bytes(whole[:4] + b"\xff" * 100 + whole[104:])
    assert "cannot be read" in complaint(path)


def test_other_files_and_places_are_refused(tmp_path: Path) -> None:
    assert "no such file" in complaint(tmp_path / "none.csv")
    assert "is not a file" in complaint(tmp_path)
    for name in ("t.xlsx", "t", "t.csv.gz"):
        (tmp_path / name).write_bytes(b"cost\n1\n")
        message = complaint(tmp_path / name)
        assert "unknown kind of file" in message
        assert ".parquet" in message


def test_many_columns_are_not_all_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",".join(f"c{i}" for i in range(500)) + "\n")
    assert complaint(path).endswith("'c19', ...")
