"""``import gigsim``: its public names, imported when they are asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gigsim


def run(code: str) -> None:
    """In a process of its own: here everything has been imported."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_it_imports_nothing_large() -> None:
    run("import sys, gigsim; sys.exit(bool({'numpy', 'pydantic', 'mesa'} & set(sys.modules)))")


def test_every_name_is_there_at_first_sight() -> None:
    names = gigsim.__all__
    run(f"from gigsim import {', '.join(names)}")
    # None is there because another one has imported it.
    code = "import sys, gigsim\n"
    for name in names:
        code += f"gigsim.{name}\nfor m in [m for m in sys.modules if m.startswith('gigsim.')]:\n"
        code += "    del sys.modules[m]\n    vars(gigsim).pop(m.split('.')[1], None)\n"
    run(code)


def test_the_theorems_are_reached_from_the_top() -> None:
    run("import gigsim; gigsim.theory.critical_mass(0.9, xi=0.01, gap=1)")


def test_no_module_of_theory_hides_a_function() -> None:
    # A module that is imported becomes an attribute of its package, and one of that name is lost.
    code = "from gigsim import theory\nfor name in theory.__all__:\n    getattr(theory, name)\n"
    run(f"{code}assert not [n for n in theory.__all__ if not callable(getattr(theory, n))]")


def test_names_are_those_of_their_modules() -> None:
    from gigsim.config import load
    from gigsim.errors import InputError
    from gigsim.model import GigEconomy

    assert (gigsim.GigEconomy, gigsim.InputError, gigsim.load) == (GigEconomy, InputError, load)


def test_dir_has_them_all() -> None:
    run("import gigsim; assert set(gigsim.__all__) <= set(dir(gigsim)); dir(gigsim)")
    assert "__version__" in dir(gigsim)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'gigsim' has no attribute 'GigEconmy'"):
        gigsim.GigEconmy  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError):
        from gigsim import nonsense  # type: ignore[attr-defined]  # noqa: F401
