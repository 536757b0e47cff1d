"""Scenario files and names: everything that a path or its content can be, as one clear line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gigsim.config import build, load, scenarios
from gigsim.errors import InputError
from tests.permissions import bound_by_permissions


@pytest.mark.parametrize("name", ["nowhere", "nowhere.toml", "no/such/place.toml"])
def test_there_is_none(name: str) -> None:
    with pytest.raises(InputError) as caught:
        load(name)
    assert name in caught.value.where
    assert caught.value.allowed == f"give a TOML file or one of: {', '.join(scenarios())}"


def test_a_name_that_resembles_one() -> None:
    with pytest.raises(InputError, match=r"did you mean secret_club\?") as caught:
        load("Secret-Clup")
    assert caught.value.where == "scenario 'Secret-Clup'"


def test_not_toml(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[population\nsize = 5")
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.where == str(path)
    assert caught.value.problem.startswith("not TOML: ")
    assert "line 1" in caught.value.problem
    assert caught.value.problem.endswith(": [population")
    assert len(str(caught.value).splitlines()) == 1


def test_a_key_twice(tmp_path: Path) -> None:
    path = tmp_path / "twice.toml"
    path.write_text("[run]\nseed = 1\nseed = 2\n")
    with pytest.raises(InputError, match=r"not TOML: .*line 3.*: seed = 2;"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        f"x = {'[' * 9000}{']' * 900}",
        "x = " + "[\n" * 100_000,
        f"x = {'{a=' * 3000}",
        f"x = {'9' * 5000}",
    ],
    ids=["lists", "lines", "tables", "digits"],
)
def test_more_than_a_parser_bears(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.toml"
    path.write_text(text)
    with pytest.raises(InputError, match="not TOML") as caught:
        load(path)
    assert len(str(caught.value)) < 400


def test_lines_and_options_have_an_end(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_text(f"[run]\n{'.'.join(['run'] * 10_000)} = 3")
    with pytest.raises(InputError, match=r"long.toml: line 2 has 40,003 characters; at most"):
        load(path)
    with pytest.raises(InputError, match=r"--set run\.run.*: 40,003 char.*; at most 10,000"):
        load("default", [f"{'.'.join(['run'] * 10_000)} = 3"])


def test_keys_of_many_parts(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_text(f"{'.'.join(['run'] * 2000)} = 3")
    with pytest.raises(InputError, match="unknown key") as caught:
        load(path)
    assert len(str(caught.value)) < 400
    with pytest.raises(InputError, match="run: unknown key"):
        build({}, {".".join(["run"] * 100_000): 3})


def test_binary(tmp_path: Path) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.where == str(path)
    assert "cannot be read (not UTF-8 at byte 128)" in caught.value.problem


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "wide.toml"
    path.write_bytes("\ufeff[run]\nseed = 3\n".encode(encoding))
    with pytest.raises(InputError, match=r"in UTF-16\).*UTF-8"):
        load(path)


def test_what_editors_add_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "dos.toml"
    path.write_bytes("\ufeff[run]\r\nseed = 3\r\n".encode())
    assert load(path).run.seed == 3


@pytest.mark.parametrize("name", ["pipe", "pipe.toml"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="is not a file"):
        load(tmp_path / name)


def test_a_file_of_a_gigabyte(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(InputError, match="more than 262,144 bytes"):
        load(path)


@pytest.mark.parametrize("name", ["a\0b.toml", "\0", "x" * 5000, f"{'x' * 5000}.toml", ""])
def test_names_that_no_file_can_have(name: str) -> None:
    with pytest.raises(InputError, match=r"no such scenario|cannot be read"):
        load(name)


@pytest.mark.parametrize("name", ["folder", "folder.toml"])
def test_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputError) as caught:
        load(tmp_path / name)
    assert str(tmp_path / name) in caught.value.where


def test_not_readable(tmp_path: Path) -> None:
    path = tmp_path / "secret.toml"
    path.touch(mode=0)
    code = f"from gigsim.config import load; load({str(path)!r})"
    done = subprocess.run(
        bound_by_permissions(sys.executable, "-c", code),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1].startswith(f"gigsim.errors.InputError: {path}: cannot be")
    assert "ermission denied" in done.stderr


def test_its_name_is_in_what_is_said_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[run]\nseed = 'x'\n")
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.where == f"{path}: run.seed"
