"""The hypothesis of docs/clustering.md: the page follows from the rows, and these from the runs."""

from __future__ import annotations

import importlib.util
import tomllib
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

import gigsim
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "analysis" / "clustering"
PAGE = (REPOSITORY / "docs" / "clustering.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def verdict() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verdict", FOLDER / "verdict.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "rows.parquet")


def test_the_page_says_what_the_rows_say(verdict: ModuleType, rows: pd.DataFrame) -> None:
    for row in verdict.tests(rows).itertuples():
        p = f"{row.p_holm:.2g}"
        assert f"| {row.test} | {row.verdict} | {row.found} | {p} |" in PAGE


@pytest.mark.parametrize(
    ("economy", "where"),
    [
        ("promised", {"belief": "neighbours", "turnover": 0.05, "rewire": 0.0, "leak": 0.01}),
        ("promised", {"belief": "published", "turnover": 0.0, "rewire": 1.0, "leak": 0.1}),
        ("measured", {"belief": "neighbours", "turnover": 0.05, "rewire": 0.0, "leak": 0.0}),
    ],
)
def test_a_run_made_again_is_its_row(
    verdict: ModuleType,
    rows: pd.DataFrame,
    economy: str,
    where: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(REPOSITORY)  # where the study's path of the curve begins
    study = tomllib.loads((FOLDER / f"{economy}.toml").read_text(encoding="utf-8"))
    row = verdict.cell(rows, economy=economy, **where).loc[3]
    case = {long: row[short] for long, short in verdict.KEYS.items()}
    config = gigsim.load(study["base"], study["set"] | case)
    last = gigsim.GigEconomy(config, rng=int(row["seed"])).run().iloc[-1]
    for name in verdict.OUTCOMES:
        assert last[name] == row[name], name
