"""Reading Parquet in a process of its own: what becomes of its end, whatever that is."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gigsim.errors import InputError
from gigsim.resumes import parquet_rows, table_parquet
from gigsim.resumes.table_parquet import open_parquet
from gigsim.resumes.tables import Columns
from tests.malformed.corpora import GOOD_TABLE, parquet


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet(GOOD_TABLE | {"other": [1, 2]}))
    return path


def script(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    path = folder / "script.py"
    path.write_text(code)
    monkeypatch.setattr(table_parquet, "_SCRIPT", path)


def test_rows_come_in_order_with_their_number(source: Path) -> None:
    with open_parquet(source, Columns()) as opened:
        assert opened.total == 2
        found = [(r.where, r.text.decode(), set(r.labels)) for r in opened.resumes]
    assert found == [
        (f"{source}: row {k + 1}", text, set(labels))
        for k, (text, labels) in enumerate(zip(*GOOD_TABLE.values(), strict=True))
    ]


def test_several_row_groups(tmp_path: Path) -> None:
    texts = [f"text {k % 7}" for k in range(1000)]
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet({"text": texts, "labels": ["a;b"] * 1000}, row_group_size=150))
    with open_parquet(path, Columns()) as opened:
        assert [r.text.decode() for r in opened.resumes] == texts


def test_an_early_end_leaves_no_process(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    really = subprocess.Popen

    def kept(*arguments: Any, **more: Any) -> subprocess.Popen[bytes]:
        started.append(really(*arguments, **more))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", kept)
    with open_parquet(source, Columns()) as opened:
        next(iter(opened.resumes))
        assert started[0].returncode is None
    assert [process.returncode is None for process in started] == [False]


def test_a_reader_that_breaks_down_is_bad_input(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, monkeypatch, "import os\nos.abort()")
    with (
        pytest.raises(InputError, match=rf"the reader broke down: signal {signal.SIGABRT:d}\); a"),
        open_parquet(source, Columns()),
    ):
        pass


def test_a_bug_in_the_reader_is_none(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, monkeypatch, "1 / 0")
    with (
        pytest.raises(RuntimeError, match=r"(?s)Traceback.*ZeroDivisionError"),
        open_parquet(source, Columns()),
    ):
        pass


def test_both_sides_speak_of_the_same() -> None:
    """The script is not imported by the package, so what both know is written twice."""
    assert parquet_rows.LENGTHS.size == table_parquet._LENGTHS_BYTES
    assert (table_parquet._END, table_parquet._NULL) == (parquet_rows.END, parquet_rows.NULL)
    assert Path(parquet_rows.__file__) == table_parquet._SCRIPT
