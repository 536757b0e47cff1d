from __future__ import annotations

from pathlib import Path

import pytest

from gigsim.errors import InputError
from gigsim.resumes.one_file import looks_like, open_one_file


def read(folder: Path, content: bytes) -> list[tuple[str, bytes, set[str]]]:
    path = folder / "x.txt"
    path.write_bytes(content)
    with open_one_file(path) as source:
        return [(r.where.rpartition(": ")[2], r.text, set(r.labels)) for r in source.resumes]


def test_a_line_is_a_resume(tmp_path: Path) -> None:
    raw = (
        b"1:::Java_Developer;Software_Developer:::first ::: text\r\n"
        b"\n"
        b":::; Project_manager ;:::caf\xe9\n"
        b"3::::::" + "café".encode() + b"\n"
        b"a:b:::::::no end of line"
    )
    assert read(tmp_path, raw) == [
        ("line 1", b"first ::: text\r\n", {"Java_Developer", "Software_Developer"}),
        ("line 3", b"caf\xe9\n", {"Project_manager"}),
        ("line 4", "café\n".encode(), set()),
        ("line 5", b":no end of line", set()),
    ]


def test_a_byte_order_mark_is_no_part_of_the_id(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf1::::::text")[0][1] == b"text"


def test_lines_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"1::::::text\nbroken\n")
    with open_one_file(path) as source:
        resumes = iter(source.resumes)
        assert next(resumes).text == b"text\n"
        with pytest.raises(InputError, match=r"x.txt: line 2: 0 of two ':::'"):
            next(resumes)


def test_what_it_looks_like() -> None:
    assert looks_like(b"1:::Java_Developer:::text")
    assert not looks_like(b"std::vector, a:::b")
