"""Where the code of a learner of one's own is found, and that finding it runs nothing."""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path

import pytest

from gigsim.errors import InputError
from gigsim.learners.own_source import load_class, locate, source_of, sources
from tests.own_modules import QUICK, Write, imported


def test_it_is_found_without_being_run(write_module: Write, tmp_path: Path) -> None:
    name = write_module()
    assert locate(f"{name}:Rates") == tmp_path / f"{name}.py"
    expected = hashlib.sha256(QUICK.encode()).hexdigest()
    assert sources([f"{name}:Rates", f"{name}:Rates"]) == [
        {"path": f"{name}:Rates", "file": f"{name}.py", "sha256": expected}
    ]
    assert not imported(tmp_path)
    assert name not in sys.modules


def test_in_a_package_whose_own_code_is_not_run_either(write_module: Write, tmp_path: Path) -> None:
    name = write_module(package="own_package")
    (tmp_path / "own_package" / "__init__.py").write_text("raise SystemExit('run')\n")
    assert locate(f"{name}:Rates") == tmp_path.joinpath(*name.split(".")).with_suffix(".py")
    assert "own_package" not in sys.modules
    (tmp_path / "own_package" / "__init__.py").write_text("")
    kind, source = load_class(f"{name}:Rates")
    assert kind.__module__ == name
    assert source.file == locate(f"{name}:Rates")


def test_the_working_directory_comes_last(
    write_module: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing there shadows what is installed."""
    name = write_module()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / f"{name}.py").write_text(QUICK)
    monkeypatch.syspath_prepend(elsewhere)
    assert locate(f"{name}:Rates") == elsewhere / f"{name}.py"
    (tmp_path / "json.py").write_text("raise SystemExit('run')\n")
    assert locate("json:JSONDecoder") == Path(str(importlib.import_module("json").__file__))


def test_modules_beside_it_are_found(write_module: Write) -> None:
    """By the module itself, when it is imported and later."""
    beside = write_module()
    name = write_module(f"from {beside} import Rates\n\nclass Mine(Rates):\n    pass\n")
    assert load_class(f"{name}:Mine")[0].__mro__[1].__module__ == beside
    with pytest.raises(InputError, match=f"is from another module; give {beside}:Rates"):
        load_class(f"{name}:Rates")


@pytest.mark.parametrize("path", ["no_such:A", "no.such:A", "sys:A", "json.no:A", "__main__:A"])
def test_there_is_none(path: str) -> None:
    with pytest.raises(InputError, match=f"'{path}': there is no module .*last in the working"):
        load_class(path)


def test_what_the_module_raises_comes_through(write_module: Write) -> None:
    with pytest.raises(SyntaxError):
        load_class(f"{write_module('def')}:Mine")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        load_class(f"{write_module('import no_such_module')}:Mine")


def test_the_digest_is_of_what_was_imported(write_module: Write, tmp_path: Path) -> None:
    """Not of what the file has become since; a reload makes that the code again."""
    name = write_module()
    path, file = f"{name}:Rates", tmp_path / f"{name}.py"
    then = load_class(path)[1].sha256
    file.write_text(QUICK + "\nchanged = True\n")
    assert load_class(path)[1].sha256 == then
    known = source_of(path)
    assert known is not None
    assert known.sha256 == then
    importlib.invalidate_caches()
    importlib.reload(sys.modules[name])
    assert load_class(path)[1].sha256 == hashlib.sha256(file.read_bytes()).hexdigest() != then
    assert source_of("no_such:A") is None
