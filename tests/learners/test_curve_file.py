"""Curve files: what is read, and one line on whatever is wrong."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.learners import curve_cells
from gigsim.learners.curve_cells import NEEDED
from gigsim.learners.curve_file import read_curve
from tests.learners.tables import measured_curve

HEADER = ",".join(NEEDED)
GOOD = f"{HEADER}\n0,.1,.1,.1,.1,.8\n0.5,.9,.9,.2,.2,.8\n"


def table(**change: object) -> pd.DataFrame:
    return pd.DataFrame({name: [0.0, 0.5] for name in NEEDED} | change)


def test_a_measured_curve_is_read_as_it_is(tmp_path: Path) -> None:
    for name in ("curve.csv", "curve.parquet"):
        made = measured_curve(tmp_path / name, seeds=1)
        read = read_curve(tmp_path / name)
        assert list(read.columns) == [*NEEDED, "flipped_any", "flipped_top1"]
        np.testing.assert_allclose(read["success_any"], made["success_any"])


def test_what_spreadsheets_write_is_read(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text("\ufeff" + GOOD.replace("\n", "\r\n") + "\r\n", encoding="utf-8")
    assert read_curve(path)["alpha"].tolist() == [0.0, 0.5]
    path.write_text('"alpha","success_any"' + GOOD[len("alpha,success_any") :])
    assert len(read_curve(path)) == 2
    # The form is found by the content; a name that says Parquet has to be right about it.
    table().to_parquet(tmp_path / "named.csv")
    assert len(read_curve(tmp_path / "named.csv")) == 2


def test_parquet_numbers_of_any_width_and_words_as_categories(tmp_path: Path) -> None:
    path = tmp_path / "curve.parquet"
    made = table(
        alpha=np.array([0, 1], dtype=np.int8),
        accuracy=np.array([0.5, 0.25], dtype=np.float32),
        target=pd.Categorical(["Java", "Java"]),
        notes=[{"a": 1}, {"a": 2}],
    )
    made.to_parquet(path)
    assert read_curve(path)["accuracy"].tolist() == [0.5, 0.25]


Writer = Callable[[Path], object]

TEXTS = {
    "empty": ("", "the file is empty"),
    "blank lines": ("\n\n\n", "the file is empty"),
    "only a header": (HEADER + "\n", "no rows"),
    "no accuracy": (GOOD.replace("accuracy", "acc"), "no column accuracy; it has: alpha"),
    "a column twice": (GOOD.replace("base_any", "alpha"), "column alpha occurs twice"),
    "a short line": (GOOD + "0.7,1\n", "line 4: 2 cells; 6 are needed"),
    "a long line": (GOOD + "0.7,1,1,1,1,1,1\n", "line 4: 7 cells"),
    "a word": (GOOD.replace("0.5,.9", "0.5,high"), "line 3, column success_any: 'high'"),
    "an empty cell": (GOOD.replace("0.5,.9", "0.5,"), "line 3, column success_any: ''"),
    "nan": (GOOD.replace("0.5,.9", "0.5,nan"), "line 3, column success_any: 'nan'"),
    "infinite": (GOOD.replace("0.5,.9", "0.5,inf"), "line 3, column success_any: 'inf'"),
    "per cent": (GOOD.replace("0.5,.9", "0.5,90"), "line 3, column success_any: '90'"),
    "alpha over 1": (GOOD.replace("0.5,", "1.5,"), "line 3, column alpha: '1.5'; a number in"),
    "negative": (GOOD.replace("0.5,", "-0.5,"), "line 3, column alpha: '-0.5'"),
    "no alpha 0": (GOOD.replace("\n0,", "\n0.1,"), "no row has alpha = 0 (the least is 0.1)"),
    "two targets": (
        GOOD.replace("accuracy", "accuracy,target")
        .replace(".8\n", ".8,A\n", 1)
        .replace(".8\n", ".8,B\n", 1),
        "column target has 2 values (A, B); a surrogate is one curve",
    ),
    "NUL": (GOOD + "\0\n", "line"),
    "an open quote": (GOOD + '"0.7', "line"),
    "a huge cell": (GOOD + '"' + "x" * 20_000 + '"\n', "line 4: a cell of over 10,000"),
    "an escape sequence": ("alpha,\x1b[2J\n0,1\n", "it has: alpha, ?[2J"),
    "prose": ("Dear all,\nplease find attached\n", "no column alpha"),
}


@pytest.mark.parametrize(("text", "problem"), TEXTS.values(), ids=TEXTS.keys())
def test_bad_csv(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "curve.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_curve(path)
    assert caught.value.where == str(path)
    assert problem in str(caught.value)
    assert len(str(caught.value)) < 400


FILES: dict[str, tuple[Writer, str]] = {
    "not text": (lambda p: p.write_bytes(b"alpha,\xff\xfe\n"), "not text in UTF-8 (byte 6)"),
    "junk": (lambda p: p.write_bytes(bytes(range(256)) * 9), "not text in UTF-8"),
    "broken parquet": (lambda p: p.write_bytes(b"PAR1" + b"junk" * 50), "not a Parquet table"),
    "cut parquet": (
        lambda p: (table().to_parquet(p), p.write_bytes(p.read_bytes()[:-30])),
        "not a Parquet table",
    ),
    "parquet without accuracy": (
        lambda p: table().drop(columns="accuracy").to_parquet(p),
        "no column accuracy",
    ),
    "parquet out of range": (
        lambda p: table(accuracy=[0.5, 2.0]).to_parquet(p),
        "row 1, column accuracy: 2.0",
    ),
    "parquet with a gap": (
        lambda p: table(accuracy=[0.5, None]).to_parquet(p),
        "row 1, column accuracy",
    ),
    "parquet words": (
        lambda p: table(accuracy=["a", "b"]).to_parquet(p),
        "column accuracy is",
    ),
    "parquet lists": (
        lambda p: table(target=[[1], [2]]).to_parquet(p),
        "column target is list",
    ),
    "parquet booleans": (
        lambda p: table(accuracy=[True, False]).to_parquet(p),
        "column accuracy is bool",
    ),
    "parquet without rows": (lambda p: table().iloc[:0].to_parquet(p), "no rows"),
    "parquet, a column twice": (
        lambda p: pq.write_table(
            pa.Table.from_arrays([pa.array([0.0])] * 7, names=[*NEEDED, "alpha"]), p
        ),
        "column alpha occurs twice",
    ),
    "a folder": (lambda p: p.mkdir(), "is a folder"),
    "no ordinary file": (lambda p: p.symlink_to("/dev/null"), "is no ordinary file"),
    "missing": (lambda p: None, "no such file"),
}


@pytest.mark.parametrize(("write", "problem"), FILES.values(), ids=FILES.keys())
def test_bad_files(tmp_path: Path, write: Writer, problem: str) -> None:
    path = tmp_path / "curve"
    write(path)
    with pytest.raises(InputError) as caught:
        read_curve(path)
    assert caught.value.where == str(path)
    assert problem in str(caught.value)


@pytest.mark.parametrize("name", ["curve.parquet", "CURVE.PARQUET"])
def test_text_that_is_called_parquet(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for text in (GOOD, "", "PAR"):
        path.write_text(text)
        with pytest.raises(InputError, match="not a Parquet table, which its name says it is"):
            read_curve(path)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "curve.csv", tmp_path / "curve.parquet"
    one.write_text(GOOD)
    table().to_parquet(two)
    monkeypatch.setattr(curve_cells, "MOST_ROWS", 1)
    for path in (one, two):
        with pytest.raises(InputError, match="rows"):
            read_curve(path)
    monkeypatch.setattr(curve_cells, "LARGEST", 10)
    with pytest.raises(InputError, match="at most 10 bytes"):
        read_curve(one)


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=4), st.booleans())
def test_damaged_files_are_read_or_refused(place: int, damage: bytes, parquet: bool) -> None:
    """Any other exception than InputError fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curve"
        if parquet:
            table().to_parquet(path)
        else:
            path.write_text(GOOD)
        content = bytearray(path.read_bytes())
        place %= len(content)
        content[place : place + len(damage)] = damage
        path.write_bytes(content)
        with contextlib.suppress(InputError):
            read = read_curve(path)
            assert ((read >= 0) & (read <= 1)).all(axis=None)
            assert (read["alpha"] == 0).any()
