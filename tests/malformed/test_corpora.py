"""Malformed corpora through the real command: one line, exit code 2, and nothing written."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.resumes import limits
from gigsim.resumes.corpus import OCCUPATIONS, load_corpus
from gigsim.resumes.forms import import_corpus
from tests.malformed.command import gigsim
from tests.malformed.corpora import (
    CASES,
    GOOD,
    GOOD_CSV,
    GOOD_JSONL,
    GOOD_LINES,
    GOOD_TABLE,
    JSONL,
    LINES,
    ZIP,
    Malformed,
    parquet,
    zipped,
)

#: Malformed corpora by hand, by kind; hypothesis makes more of each (below).
KINDS = {
    "zip: name": 15,
    "zip: no plain file": 4,
    "zip: bomb": 8,
    "zip: damage": 10,
    "zip: content": 11,
    "folder": 25,
    "one file": 18,
    "csv": 29,
    "jsonl": 35,
    "parquet": 31,
    "source": 24,
}


def tree(folder: Path) -> dict[str, Any]:
    """What lies in a folder: kinds, sizes and times of change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path)] = (stat.S_IFMT(status.st_mode), status.st_size, status.st_mtime_ns)
    return found


def refused(source: Path, *options: str) -> str:
    """The error of importing ``source``, which is one line and leaves everything as it was."""
    folder = source.parent
    while not folder.is_dir():
        folder = folder.parent
    before = tree(folder) if folder != Path("/dev") else {}
    dest = folder / "out.npz" if folder != Path("/dev") else Path("out.npz").absolute()
    done = gigsim("corpus", "import", str(source), str(dest), *options)
    assert done.code == 2, done
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert done.err.endswith("\n")
    assert len(done.err.splitlines()) == 1
    assert done.err[:-1].isprintable()
    assert len(done.err) < 2000
    assert not dest.exists()
    assert (tree(folder) if folder != Path("/dev") else {}) == before
    return done.err


@pytest.fixture
def _lowered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in request.getfixturevalue("case").lowered:
        monkeypatch.setattr(limits, name, value)


def test_the_kinds_are_counted() -> None:
    assert Counter(case.kind for case in CASES) == KINDS
    assert len({(case.kind, case.name) for case in CASES}) == len(CASES)
    assert sum(KINDS.values()) >= 50


@pytest.mark.usefixtures("_lowered")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_by_hand(case: Malformed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case.make(tmp_path)
    error = refused(tmp_path / case.source, *case.options)
    for part in (case.said, case.allowed):
        assert part in error


class TestGenerated:
    """Whole families of malformed sources, by hypothesis."""

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _folder(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.folder = tmp_path_factory.mktemp("generated")

    folder: Path

    def refused(self, name: str, content: bytes, *options: str) -> str:
        source = self.folder / name
        source.write_bytes(content)
        return refused(source, *options)

    @given(
        st.lists(st.sampled_from(["a", "..", "b.txt", "."]), min_size=1, max_size=5).filter(
            lambda parts: ".." in parts
        ),
        st.sampled_from("/\\"),
    )
    @settings(max_examples=25)
    def test_zip_names_that_lead_out(self, parts: list[str], slash: str) -> None:
        error = self.refused("x.zip", zipped(GOOD | {slash.join(parts): b"x"}))
        assert "a name that leads out of the archive" in error
        assert ZIP in error

    @given(st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp"], exclude_characters="\0")))
    @settings(max_examples=25)
    def test_zip_names_that_cannot_be_shown(self, strange: str) -> None:
        error = self.refused("x.zip", zipped(GOOD | {f"a{strange}\n.txt": b""}))
        assert "a name with control characters" in error
        assert ZIP in error

    @given(st.text(min_size=1).map(str.strip).filter(lambda t: t and not set(t) & set(";\r\n:")))
    @settings(max_examples=25)
    def test_unknown_labels(self, label: str) -> None:
        if label in OCCUPATIONS:
            return
        raw = label.encode("utf-8", "replace")
        for name, content, place in (
            ("x.zip", zipped(GOOD | {"00002.lab": raw}), "'00002.lab'"),
            ("x.txt", GOOD_LINES + b"3:::" + raw + b":::x", "line 3"),
        ):
            error = self.refused(name, content)
            assert f"{name}: {place}: unknown label " in error
            assert "labels are Database_Administrator, " in error

    @given(st.integers(0, 7), st.binary(max_size=20).filter(lambda b: b":" not in b))
    @settings(max_examples=25)
    def test_lines_without_separators(self, before: int, line: bytes) -> None:
        line = b"x" + line.translate(None, b"\r\n")
        error = self.refused("x.txt", before * GOOD_LINES + line)
        assert f"x.txt: line {2 * before + 1}: 0 of two ':::'" in error
        assert LINES in error

    @given(st.lists(st.integers(1, 9), min_size=1).filter(lambda n: set(n) != {3}))
    @settings(max_examples=25)
    def test_ragged_csv(self, cells: list[int]) -> None:
        rows = b"".join(b",".join(n * [b"Java_Developer"]) + b"\n" for n in cells)
        bad = next(k for k, n in enumerate(cells) if n != 3)
        error = self.refused("x.csv", GOOD_CSV + rows)
        assert f"x.csv: line {bad + 4}: {cells[bad]} cells, but the header has 3" in error
        assert "a cell for each column" in error

    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )

    @given(values.filter(lambda v: not isinstance(v, dict)))
    @settings(max_examples=25)
    def test_jsonl_that_is_no_object(self, value: Any) -> None:
        error = self.refused("x.jsonl", GOOD_JSONL + json.dumps(value).encode() + b"\n")
        assert "x.jsonl: line 3: a " in error
        assert JSONL in error

    @given(values.filter(lambda v: not isinstance(v, str)))
    @settings(max_examples=25)
    def test_jsonl_texts_that_are_none(self, value: Any) -> None:
        row = json.dumps({"text": value, "labels": []}).encode()
        error = self.refused("x.jsonl", GOOD_JSONL + row)
        assert "x.jsonl: line 3, column 'text': " in error
        assert "resumes are texts" in error

    @given(
        st.lists(st.integers(-9, 9), min_size=2, max_size=2)
        | st.lists(st.booleans(), min_size=2, max_size=2)
        | st.lists(st.dictionaries(st.just("a"), st.text(), min_size=1), min_size=2, max_size=2)
        | st.lists(st.lists(st.text(max_size=3), min_size=1), min_size=2, max_size=2)
    )
    @settings(max_examples=10)
    def test_parquet_texts_that_are_none(self, values: list[Any]) -> None:
        error = self.refused("x.parquet", parquet(GOOD_TABLE | {"text": values}))
        assert "x.parquet: column 'text': of type " in error
        assert "resumes are texts" in error

    @given(st.data(), st.sampled_from(["zip", "parquet", "txt.gz"]))
    @settings(max_examples=30)
    def test_anything_cut_short(self, data: st.DataObject, form: str) -> None:
        whole = valid()[form]
        length = data.draw(st.integers(3 if form == "txt.gz" else 0, len(whole) - 1))
        assert f"x.{form}: " in self.refused(f"x.{form}", whole[:length])

    @given(st.binary(max_size=200), st.sampled_from(["zip", "parquet", "jsonl", "csv", "txt"]))
    @settings(max_examples=50)
    def test_bytes_of_no_form(self, raw: bytes, form: str) -> None:
        assert f"x.{form}" in self.refused(f"x.{form}", b"\x01" + raw)


def valid() -> dict[str, bytes]:
    """A good source of each form that is a file."""
    import gzip

    return {
        "zip": zipped(GOOD),
        "parquet": parquet(GOOD_TABLE),
        "jsonl": GOOD_JSONL,
        "csv": GOOD_CSV,
        "txt": GOOD_LINES,
        "txt.gz": gzip.compress(GOOD_LINES, mtime=0),
    }


@st.composite
def mutated(draw: st.DrawFn, raw: bytes) -> bytes:
    """A few bytes changed, cut out, doubled or put in."""
    changed = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(changed) - 1)))
        end = min(len(changed), at + draw(st.integers(0, 8)))
        new: Sequence[int] = draw(
            st.binary(max_size=8) | st.just(bytes(changed[at:end]) * 2) | st.just(b"\xff" * 4)
        )
        changed[at:end] = new
    return bytes(changed)


@pytest.mark.parametrize("form", [form for form in valid() if form != "parquet"])
@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_sources_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: st.DataObject
) -> None:
    read_or_refused(tmp_path_factory, form, data)


@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_parquet_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Fewer: each starts a process."""
    read_or_refused(tmp_path_factory, "parquet", data)


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_much_damaged_parquet_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    read_or_refused(tmp_path_factory, "parquet", data)


def read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: st.DataObject
) -> None:
    """Whatever few bytes are changed: a corpus, or an InputError of one line, and never more."""
    folder = tmp_path_factory.mktemp("damaged")
    source = folder / f"x.{form}"
    source.write_bytes(data.draw(mutated(valid()[form])))
    try:
        corpus, _ = import_corpus(source)
    except InputError as caught:
        error = caught
    else:
        corpus.save(folder / "c.npz")
        assert load_corpus(folder / "c.npz").label_names == corpus.label_names
        return
    assert len(str(error).splitlines()) == 1
    assert str(error).isprintable()
    assert str(source) in str(error)
    assert error.allowed


@pytest.mark.parametrize("form", ["zip", "csv", "x"])
def test_a_file_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Permissions mean nothing to root, so the system's refusal is played."""
    source = tmp_path / f"x.{form}"
    source.write_bytes(valid().get(form, b""))
    really = os.open

    def denied(path: Any, *arguments: Any, **more: Any) -> int:
        if str(path) == str(source):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, *arguments, **more)

    monkeypatch.setattr(os, "open", denied)
    assert f"x.{form}: cannot be read (Permission denied); " in refused(source)


@pytest.mark.parametrize("what", ["member", "folder"])
def test_a_folder_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    root = tmp_path / "x"
    (root / "inner").mkdir(parents=True)
    for name, content in GOOD.items():
        (root / "inner" / name).write_bytes(content)
    denied, call = (
        (root / "inner" / "00002.lab", "open") if what == "member" else (root / "inner/", "scandir")
    )
    really = getattr(os, call)

    def deny(path: Any, *arguments: Any, **more: Any) -> Any:
        if str(path).rstrip("/") == str(denied):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, deny)
        done = gigsim("corpus", "import", str(root), str(tmp_path / "c.npz"))
    place = "inner/00002.lab" if what == "member" else "inner/"
    assert done.code == 2
    assert f"x: '{place}': cannot be read (Permission denied); " in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_pipe_in_place_of_a_file_that_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the reading a text becomes a pipe or a link."""
    from gigsim.resumes import folder as folder_module

    for swap in (os.mkfifo, lambda path: path.symlink_to("/etc/passwd")):
        root = tmp_path / swap.__name__.strip("<>")
        root.mkdir()
        for name, content in GOOD.items():
            (root / name).write_bytes(content)
        names = folder_module._names(root)
        (root / "00001.txt").unlink()
        swap(root / "00001.txt")
        monkeypatch.setattr(folder_module, "_names", lambda _, found=names: found)
        assert "'00001.txt': " in refused(root)


def test_the_source_is_not_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "x.csv"
    source.write_bytes(GOOD_CSV)
    done = gigsim("corpus", "import", str(source), str(source))
    assert done.code == 2
    assert done.err == f"error: {source}: is the source itself; name another file\n"
    assert source.read_bytes() == GOOD_CSV


def test_nothing_is_left_when_saving_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    source = tmp_path / "x.csv"
    source.write_bytes(GOOD_CSV)
    monkeypatch.setattr("gigsim.resumes.corpus.np.savez", full)
    with pytest.raises(OSError, match="No space left"):
        gigsim("corpus", "import", str(source), str(tmp_path / "c.npz"))
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_bug_is_not_taken_for_bad_input(tmp_path: Path) -> None:
    """A planted division by zero keeps its traceback and is exit code 1."""
    (tmp_path / "x.zip").write_bytes(zipped(GOOD))
    code = """
from gigsim.cli import main
from gigsim.resumes import archive
def fail(*_):
    1 / 0
archive.published_labels = fail
main()"""
    done = subprocess.run(
        [sys.executable, "-c", code, "corpus", "import", "x.zip", "c.npz"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize("form", list(valid()))
def test_a_bug_is_not_caught_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    source = tmp_path / f"x.{form}"
    source.write_bytes(valid()[form])
    tables = form in ("parquet", "csv", "jsonl")
    module = "archive" if form == "zip" else "one_file"
    planted = "tables.Columns.label_set" if tables else f"{module}.published_labels"
    monkeypatch.setattr(f"gigsim.resumes.{planted}", fail)
    with pytest.raises(ZeroDivisionError, match="planted"):
        gigsim("corpus", "import", str(source), str(tmp_path / "c.npz"))
    assert list(tmp_path.iterdir()) == [source]
