"""What is asked of the columns of period 0 on another machine."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gigsim.results.rerun import Again, derived_columns, held_against
from gigsim.runs import read_table
from tests.results.folders import quick_config, write_run

#: Of theory at what the period-0 classifier believes, where nobody knows the law.
BELIEVED = ("bound_any", "kappa", "kappa_upper", "tau", "tau_upper", "opinion_error_upper")
#: Of the classifier itself, whatever is known.
ITS_OWN = (
    "loss",
    "epsilon_any",
    "epsilon_top1_upper",
    "bound_epsilon_any",
    "target_distance_start",
)


def test_what_follows_from_the_classifier() -> None:
    known = derived_columns(pd.DataFrame({"deficit_source": ["posterior", "posterior"]}))
    for unknown in (
        derived_columns(pd.DataFrame({"deficit_source": ["classifier"]})),
        # Not kept, or from before it was written down.
        derived_columns(None),
        derived_columns(pd.DataFrame({"period": [0]})),
    ):
        assert all(name.startswith(unknown) for name in (*BELIEVED, *ITS_OWN))
        assert all(name.startswith(unknown) for name in ("finite_any_sd", "exact_top1"))
    assert all(name.startswith(known) for name in ITS_OWN)
    assert not any(name.startswith(known) for name in (*BELIEVED, "finite_any", "exact_any"))
    for exact in ("alpha_effective", "xi", "xi_upper", "p", "gap", "edited", "theorem_any"):
        assert not exact.startswith(unknown), exact


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Again:
    """A run, as its repetition would be."""
    folder = write_run(tmp_path_factory.mktemp("run"), **{"run.periods": 1})
    names = ("periods", "retrainings")
    return Again({n: (folder / f"{n}.parquet").read_bytes() for n in names}, {"held_out": 200})


@pytest.mark.parametrize(
    ("column", "by", "source", "level"),
    [
        ("kappa", 0.05, "classifier", "tolerances"),
        ("kappa", 0.05, "posterior", "differs"),
        ("epsilon_any", 0.05, "posterior", "tolerances"),
        ("success_any", 0.05, "posterior", "tolerances"),
        ("success_any", 0.5, "classifier", "differs"),
        ("xi", 0.05, "classifier", "differs"),
    ],
)
def test_a_transformer_elsewhere(
    again: Again, tmp_path: Path, column: str, by: float, source: str, level: str
) -> None:
    from gigsim.runs import write_table

    files = {}
    stored = {}
    for name, content in again.files.items():
        (tmp_path / name).write_bytes(content)
        table = read_table(tmp_path / name)
        if name == "retrainings":
            table = table.assign(deficit_source=source, **{column: 0.5})
        write_table(table, tmp_path / name)
        files[name] = (tmp_path / name).read_bytes()
        stored[name] = table
    stored["retrainings"] = stored["retrainings"].assign(**{column: 0.5 + by})
    config = quick_config(
        **{"platform.learner.kind": "transformer", "corpus.cells": 0, "run.periods": 1}
    )
    found, lines = held_against(stored, Again(files, again.summary), config, elsewhere=True)
    assert found == level, lines
