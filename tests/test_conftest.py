"""The guard of conftest.py catches what it is there for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, changes, global_state

POLLUTERS = {
    "Python's random": "import random; random.random()",
    "NumPy's global": "import numpy; numpy.random.rand()",
    "os.environ": "import os; os.environ['GIGSIM_X'] = '1'",
    "working directory": "import os; os.chdir('/')",
    "torch's global random state": "import torch; torch.rand(1)",
    "torch's number of threads": "import torch; torch.set_num_threads(3)",
    "torch's matmul precision": "import torch; torch.set_float32_matmul_precision('medium')",
    "torch's deterministic flag": "import torch; torch.use_deterministic_algorithms(True)",
    "torch's default dtype": "import torch; torch.set_default_dtype(torch.float64)",
    "matplotlib's rcParams": "import matplotlib; matplotlib.rcParams['lines.linewidth'] = 9",
}
HARMLESS = """
import random
import numpy as np
import pytest
from hypothesis import given, strategies as st

def test_imports():
    import sklearn, torch
    from matplotlib.figure import Figure
    Figure().savefig("figure.png")
    torch.Generator().manual_seed(3)
    np.random.default_rng(3).random()
    random.Random(3).random()

@given(st.randoms(use_true_random=True), st.integers())
def test_hypothesis(source, number):
    source.random()

def test_restores(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIGSIM_X", "1")
"""


def run_pytest(folder: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """Run the given tests under this suite's conftest, in a process of their own."""
    (folder / "conftest.py").write_text("from tests.conftest import _no_pollution\n")
    (folder / "test_it.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-rfE"]
    environment = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        [*command, "--rootdir", str(folder), str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        check=False,
    )


def test_each_polluter_and_only_it_is_caught(tmp_path: Path) -> None:
    tests = [
        f"def test_{i}():\n    {code}\n\ndef test_{i}_next():\n    pass\n"
        for i, code in enumerate(POLLUTERS.values())
    ]
    out = run_pytest(tmp_path, "\n".join(tests)).stdout
    caught = [line for line in out.splitlines() if line.startswith("ERROR")]
    assert len(caught) == len(POLLUTERS), out
    for i, (name, line) in enumerate(zip(POLLUTERS, caught, strict=True)):
        assert f"::test_{i} " in line, out
        assert name in line, out
        assert line.count(",") == 0, "one thing changed, one thing named"


def test_a_session_fixture_is_watched_too(tmp_path: Path) -> None:
    tests = """
import random
import pytest

@pytest.fixture(scope="session")
def polluted():
    random.random()

def test_before(): pass

def test_it(polluted): pass
"""
    out = run_pytest(tmp_path, tests).stdout
    assert "ERROR test_it.py::test_it " in out
    assert "2 passed, 1 error" in out


def test_the_harmless_pass(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, HARMLESS)
    assert done.returncode == 0, done.stdout


def test_looking_changes_nothing() -> None:
    assert changes(global_state(), global_state()) == []


def test_without_the_corpus_its_tests_are_skipped_in_plain_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tests = "from tests.conftest import real_corpus_zip\ndef test_it(real_corpus_zip): pass\n"
    out = run_pytest(tmp_path, tests).stdout
    assert "1 skipped" in out
