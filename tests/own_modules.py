"""Modules with learners of one's own, written where a test asks for them."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Write = Callable[..., str]

#: Says that it was imported, by a file beside it; otherwise a learner of a millisecond.
QUICK = '''
from pathlib import Path

import numpy as np

import gigsim

Path(__file__).with_suffix(".imported").touch()


class Rates(gigsim.OwnLearner):
    """The label rates, moved by the words: naive Bayes of presence, in a few lines."""

    reads = "counts"
    stochastic = False

    def __init__(self, smoothing: float = 1.0) -> None:
        self.smoothing = smoothing

    def fit(self, rows, labels, seed):
        present = (rows > 0).astype(float)
        with_, without = (
            (present.T @ side + self.smoothing) / (side.sum(axis=0) + 2 * self.smoothing)
            for side in (labels.astype(float), (~labels).astype(float))
        )
        prior = (labels.sum(axis=0) + 1) / (len(labels) + 2)
        return Odds(np.log(with_ / without), np.log(prior / (1 - prior)))


class Odds:
    def __init__(self, words, prior):
        self.words, self.prior = words, prior

    def probabilities(self, rows):
        return 1 / (1 + np.exp(-((rows > 0).astype(float) @ self.words + self.prior)))


class Kept(Rates):
    """The same, and it can be put down and gone on from."""

    def state(self, classifier):
        return {"words": classifier.words, "prior": classifier.prior}

    def restore(self, state):
        return Odds(state["words"], state["prior"])

    def fit_from(self, rows, labels, seed, start):
        fresh = self.fit(rows, labels, seed)
        return Odds((fresh.words + start.words) / 2, (fresh.prior + start.prior) / 2)
'''

_numbers = itertools.count()


@pytest.fixture
def write_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Write]:
    """Writes a module into the working directory, an empty one, and gives its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    names = []

    def write(code: str = QUICK, package: str = "") -> str:
        name = f"own_{next(_numbers)}"
        names.append(name)
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
        return f"{package}.{name}" if package else name

    yield write
    for name in [n for n in sys.modules if n.rpartition(".")[2] in names or n == "own_package"]:
        del sys.modules[name]


def imported(folder: Path) -> bool:
    """Was a module that :data:`QUICK` is in imported, by whatever process?"""
    return any(folder.rglob("*.imported"))
