"""The guard of conftest.py catches what it is there for, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.conftest import REPOSITORY, changes, global_state

POLLUTERS = {
    "the state of Python's random": "import random; random.random()",
    "NumPy's global random state": "import numpy; numpy.random.rand()",
    "os.environ": "import os; os.environ['GIGSIM_X'] = '1'",
    "the working directory": "import os; os.chdir('/')",
    "torch's global random state": "import torch; torch.rand(1)",
    "torch's number of threads": "import torch; torch.set_num_threads(3)",
    "torch's matmul precision": "import torch; torch.set_float32_matmul_precision('medium')",
    "torch's deterministic flag": "import torch; torch._C._set_deterministic_algorithms(True)",
    "torch's default dtype": "import torch; torch.set_default_dtype(torch.float64)",
    "matplotlib's rcParams": "import matplotlib; matplotlib.rcParams['lines.linewidth'] = 9",
}

TESTS = """
import random
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.conftest import real_corpus_zip

@pytest.fixture(scope="session")
def session_wide():
    random.random()

def test_imports(tmp_path):
    import sklearn, torch
    from matplotlib.figure import Figure
    Figure().savefig(tmp_path / "figure.png")
    torch.Generator().manual_seed(3)
    np.random.default_rng(3).random()
    random.Random(3).random()

@given(st.randoms(use_true_random=True), st.integers())
def test_hypothesis(source, number):
    source.random()

def test_restores(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIGSIM_X", "1")

def test_session_fixture(session_wide): pass

def test_after_session_fixture(session_wide): pass

def test_corpus(real_corpus_zip): pass
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each test under this suite's conftest, in a process of its own."""
    folder = tmp_path_factory.mktemp("guarded")
    polluters = [f"def test_p{i}():\n    {code}\n" for i, code in enumerate(POLLUTERS.values())]
    between = "\ndef test_after_p{}(): pass\n\n"
    for i, polluter in enumerate(polluters):
        polluters[i] = polluter + between.format(i)
    (folder / "conftest.py").write_text("from tests.conftest import _no_pollution\n")
    (folder / "test_it.py").write_text(TESTS + "".join(polluters))
    options = ["-p", "no:cacheprovider", "--rootdir", str(folder), "--junitxml", "report.xml"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_it.py"],
        cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        check=False,
    )
    found: dict[str, str] = {}
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        # A test that passed and was then found out has two entries.
        said = [child.get("message", "") for child in case]
        found[case.get("name", "")] = found.get(case.get("name", ""), "") + "".join(said)
    return found


def test_each_polluter_is_caught_and_only_it(outcomes: dict[str, str]) -> None:
    for i, name in enumerate(POLLUTERS):
        assert "left changed: " in outcomes[f"test_p{i}"]
        assert name in outcomes[f"test_p{i}"]
        assert outcomes[f"test_after_p{i}"] == ""


def test_a_session_fixture_is_watched_too(outcomes: dict[str, str]) -> None:
    assert "the state of Python's random" in outcomes["test_session_fixture"]
    assert outcomes["test_after_session_fixture"] == ""


@pytest.mark.parametrize("name", ["test_imports", "test_hypothesis", "test_restores"])
def test_the_harmless_pass(outcomes: dict[str, str], name: str) -> None:
    assert outcomes[name] == ""


def test_without_the_corpus_its_tests_are_skipped_in_plain_words(outcomes: dict[str, str]) -> None:
    assert outcomes["test_corpus"] == (
        "the real corpus is not at hand: set GIGSIM_CORPUS to resumes_corpus.zip"
    )


def test_looking_changes_nothing() -> None:
    assert changes(global_state(), global_state()) == []
