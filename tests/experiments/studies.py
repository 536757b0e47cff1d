"""A study of real runs that take about 40 ms each, and what its folder promises."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

#: What a clock, a machine or the order of work may change.
FREE = {"timings", "provenance.json", "index.sqlite", ".writers"}

#: The exact Bayes classifier on a finite world.
QUICK = {
    "platform.learner.kind": "bayes",
    "corpus.cells": 50,
    "corpus.test_size": 200,
    "population.size": 120,
    "collective.first_movers": 6,
    "measure.bootstrap": 100,
    "measure.selection_draws": 99,
    "run.periods": 3,
}


def quick_study(**changes: Any) -> dict[str, Any]:
    """Four cases of three replicates; ``changes`` replace keys of the study."""
    return {
        "name": "quick",
        "base": "default",
        "replicates": 3,
        "set": QUICK,
        "design": {
            "kind": "grid",
            "values": {"collective.leak": [0.0, 0.1], "society.activation": [0.2, 0.5]},
        },
    } | changes


def bytes_of(folder: Path) -> dict[str, str]:
    """For each file of a study that promises the same bytes, a hash of what it holds."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    named = {str(file.relative_to(folder)): file for file in files}
    return {
        name: hashlib.sha256(file.read_bytes()).hexdigest()
        for name, file in named.items()
        if Path(name).parts[0] not in FREE
    }
