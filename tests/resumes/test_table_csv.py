"""The reader of CSV against the csv module, whose output it must take back whole."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.resumes.table_csv import _records, open_csv
from gigsim.resumes.tables import Columns

cells = st.text(st.sampled_from('a,"; \n\r\té\x85\u2028')) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"])
)


def records(raw: bytes) -> list[list[str]]:
    return [[cell.decode() for cell in row] for _, row in _records(io.BytesIO(raw), "x.csv")]


@given(
    st.lists(st.lists(cells, min_size=2, max_size=4).filter(any), max_size=5),
    # With "\n" between rows it leaves cells with "\r" unquoted, which no strict reader takes.
    st.sampled_from([(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]),
)
@settings(max_examples=200)
def test_what_the_csv_module_writes(rows: list[list[str]], dialect: tuple[int, str]) -> None:
    out = io.StringIO()
    quoting, end = dialect
    csv.writer(out, quoting=quoting, lineterminator=end).writerows(rows)
    found = records(out.getvalue().encode())
    # Blank lines, in cells too, are passed over: whitespace in a resume means nothing.
    assert [[cell.split() for cell in row] for row in found] == [
        [cell.removeprefix("\ufeff" if not k else "").split() for cell in row]
        for k, row in enumerate(rows)
    ]


@given(st.text(st.sampled_from('a,"\n'), max_size=30))
@settings(max_examples=200)
def test_what_the_csv_module_reads_strictly_is_read_alike(text: str) -> None:
    """Whatever is accepted means the same to both; what strict readers refuse is refused."""
    try:
        found = records(text.encode())
    except InputError:
        return
    theirs = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    squeezed = [[cell.split() for cell in row] for row in theirs]
    assert [[cell.split() for cell in row] for row in found] == squeezed


def test_cells_are_decoded_by_themselves(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"labels,text\nK\xf6ch,caf\xe9\n" + "Köch,café\n".encode())
    with open_csv(path, Columns()) as source:
        found = [(r.where, r.text, r.labels) for r in source.resumes]
    assert found == [
        (f"{path}: line 2", b"caf\xe9", {"Köch"}),
        (f"{path}: line 3", "café".encode(), {"Köch"}),
    ]


def test_the_line_is_where_the_row_begins(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b'text,labels\n"a\n\nb",x\n"c\n"" d",y\nshort\n')
    with open_csv(path, Columns()) as source:
        resumes = iter(source.resumes)
        assert [next(resumes).where[-1], next(resumes).where[-1]] == ["2", "5"]
        with pytest.raises(InputError, match="line 7: 1 cells, but the header has 2"):
            next(resumes)


def test_a_quoted_cell_of_many_lines_takes_linear_time() -> None:
    """A row of half a million lines: put together once, looked through once."""
    raw = b'"' + b"a\n" * 500_000 + b'",x\n'
    ((number, row),) = _records(io.BytesIO(raw), "x.csv")
    assert (number, len(row[0]), row[1]) == (1, 1_000_000, b"x")
