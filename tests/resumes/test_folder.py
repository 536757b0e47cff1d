from __future__ import annotations

from pathlib import Path

from gigsim.resumes.folder import open_folder


def test_any_nesting_in_order_and_other_files_are_counted(tmp_path: Path) -> None:
    for name, content in {
        "b/2.txt": b"second",
        "b/2.lab": b"",
        "1.txt": b"first",
        "1.lab": b"Java_Developer\n",
        "b/c/d/1.txt": b"deep",
        "b/c/d/1.lab": b"Project_manager\r\n\r\nWeb_Developer",
        "README.md": b"about",
        "b/._2.txt": b"\0\5\x16\7 what macOS adds",
        "__MACOSX/b/._2.lab": b"",
        "b/inner.zip": b"PK",
    }.items():
        path = tmp_path / "x" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with open_folder(tmp_path / "x") as source:
        assert (source.total, source.other_files) == (3, 4)
        found = [(r.where, r.text, set(r.labels)) for r in source.resumes]
    assert found == [
        (f"{tmp_path}/x: '1.txt'", b"first", {"Java_Developer"}),
        (f"{tmp_path}/x: 'b/2.txt'", b"second", set()),
        (f"{tmp_path}/x: 'b/c/d/1.txt'", b"deep", {"Project_manager", "Web_Developer"}),
    ]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "1.txt").write_bytes(b"first")
    (tmp_path / "x" / "1.lab").touch()
    (tmp_path / "link").symlink_to("x")
    with open_folder(tmp_path / "link") as source:
        assert [resume.text for resume in source.resumes] == [b"first"]
