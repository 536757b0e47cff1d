"""The public names of gigsim.theory: the same at run time and for type checkers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from gigsim import theory


def test_every_name_is_there_and_typed() -> None:
    stub = ast.parse(Path(theory.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    typed = {
        (str(node.module), alias.name)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = {(f"gigsim.theory.{home}", name) for name, home in vars(theory)["_HOMES"].items()}
    assert typed == homes
    assert theory.__all__ == sorted(name for _, name in homes)
    for name in theory.__all__:
        assert getattr(theory, name).__doc__


def test_asking_for_one_name_does_not_import_them_all() -> None:
    said = "import sys, gigsim.theory as t; t.critical_mass; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
