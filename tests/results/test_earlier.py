"""Runs from before an addition, as tests/fixtures keeps them: verified as far as they go."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from gigsim.config import Config, digest, dumps, load
from gigsim.config.schema import leaves
from gigsim.experiments.study import open_study
from gigsim.results.diff import diff, flattened
from gigsim.results.earlier import ADDITIONS, Leniency, additions_since, as_of_then, digest_of
from gigsim.results.sources import open_source
from gigsim.results.verify import Verification, verify
from gigsim.runs import read_table, write_table
from gigsim.store.shards import parquet_writer
from tests.experiments.studies import quick_study
from tests.results.folders import write_run, write_study

FIXTURES = Path(__file__).parent.parent / "fixtures"
OLD_RUN, OLD_STUDY = FIXTURES / "run-schema-1", FIXTURES / "study-schema-1"
_ALL = ", ".join(key for one in ADDITIONS for key in one.keys)
KEYS = f"config: written before these keys existed: {_ALL}"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the run, to be tampered with."""
    return Path(shutil.copytree(OLD_RUN, tmp_path / "old"))


@pytest.fixture
def old_study(tmp_path: Path) -> Path:
    """A copy of the study."""
    return Path(shutil.copytree(OLD_STUDY, tmp_path / "old-study"))


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that the fixture is, of today: look, do not touch."""
    return write_run(tmp_path_factory.mktemp("today"), **{"run.seed": 7})


@pytest.fixture
def mine(today: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(today, tmp_path / today.name))


def said(found: Verification) -> str:
    return "\n".join([*found.problems, *(line for one in found.verdicts for line in one.lines)])


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))


def edit(folder: Path, name: str, columns: dict[str, Any] | None = None, drop: str = "!") -> None:
    """Write a run's table again, with other columns, or without those that begin so."""
    table = read_table(folder / f"{name}.parquet").assign(**(columns or {}))
    table = table.drop(columns=[column for column in table if re.match(drop, column)])
    write_table(table, folder / f"{name}.parquet")


def edit_part(folder: Path, name: str, column: str, row: int, by: float) -> None:
    path = folder / name / "part-00000.parquet"
    table = pq.read_table(path)
    values = table.to_pydict()
    values[column][row] += by
    with parquet_writer(path, table.schema, 2) as writer:
        writer.write_table(table.from_pydict(values, schema=table.schema))


def test_an_old_run_is_verified_and_what_it_lacks_is_said() -> None:
    found = verify(OLD_RUN)
    assert found.verified, said(found)
    # The latter on another machine than the fixture's.
    assert found.verdicts[0].level in ("values", "tolerances")
    notes = {note.partition(": ")[0::2] for note in found.notes}
    assert found.notes[0] == KEYS
    since = {table for one in ADDITIONS for table, columns in one.columns.items() if columns}
    assert {table for table, _ in notes} == {"config", *since}
    assert ("periods", "written before these columns existed: dues, subsidies, fund") in {
        (table, what.partition(", pledged")[0]) for table, what in notes
    }
    assert "written before these columns existed: theorem_any, theorem_top1, kappa" in str(notes)
    assert ("theory", "written before these columns existed: exact_any, exact_top1") in notes
    # The exact platform has no sample: that line is not drawn any more.
    assert "not compared, computed otherwise since: finite_any, finite_any_sd" in str(notes)
    assert json.loads(json.dumps(found.as_dict()))["notes"] == [*found.notes]


def test_an_old_study_is_verified() -> None:
    found = verify(OLD_STUDY, sample=2)
    assert found.verified, said(found)
    assert found.notes[0] == KEYS
    tables = [note.partition(":")[0] for note in found.notes]
    assert tables == ["config", "periods", "retrainings"]


def test_a_run_of_today_is_excused_nothing(today: Path) -> None:
    found = verify(today)
    assert found.verified
    assert (found.verdicts[0].level, found.notes) == ("bytes", ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("leak = 0.002", "leak = 0.003"),
        ("leak = 0.002\n", ""),
        ('kind = "small_world"\n', 'kind = "small_world"\n\n'),
    ],
)
def test_a_tampered_config_of_an_old_run_is_found(old: Path, before: str, after: str) -> None:
    change(old / "config.toml", before, after)
    assert any(problem.startswith("config.toml is not") for problem in verify(old).problems)
    # No hash is needed for a key that is gone or for other text.
    (old / "provenance.json").unlink()
    assert bool(verify(old).problems) == ("0.003" not in after)


def test_a_key_of_today_in_an_old_config_is_found(old: Path) -> None:
    change(old / "config.toml", "evasive = false\n", "evasive = false\nadaptive = false\n")
    problems = verify(old).problems
    assert problems[0].startswith("config.toml is not what was run: hash")
    assert problems[1] == "config.toml is not as gigsim wrote it"


def test_a_tampered_design_of_an_old_study_is_found(old_study: Path) -> None:
    change(old_study / "study.toml", "first_movers = 6", "first_movers = 7")
    found = verify(old_study, sample=1)
    assert found.problems[0].startswith("study.toml or cases.parquet is not what was run")


@pytest.mark.parametrize(
    ("table", "column"), [("retrainings", "success_top1"), ("periods", "members"), ("theory", "")]
)
def test_a_tampered_number_of_an_old_run_is_found(old: Path, table: str, column: str) -> None:
    # No other machine than that of the fixture is asked for these lines.
    spared = not column and bool(verify(old).elsewhere)
    column = column or "bound_top1"
    values = read_table(old / f"{table}.parquet")[column]
    row = 0 if "period" in read_table(old / f"{table}.parquet") else -1
    values.iloc[row] += 1
    edit(old, table, {column: values})
    found = verify(old)
    if spared:
        assert found.verified
        return
    assert found.verdicts[0].level == "differs"
    assert table in said(found)
    assert column in said(found)


def test_a_tampered_number_of_an_old_study_is_found(old_study: Path) -> None:
    edit_part(old_study, "retrainings", "xi", 0, 0.01)
    bad = [one for one in verify(old_study).verdicts if not one.verified]
    assert [(one.case, one.replicate, one.level) for one in bad] == [(0, 0, "differs")]


def test_a_tampered_summary_of_an_old_run_is_found(old: Path) -> None:
    # Nor for the summary.
    spared = bool(verify(old).elsewhere)
    summary = json.loads((old / "summary.json").read_text())
    summary["alpha_platform"]["predicted_sufficient"] += 1e-9
    (old / "summary.json").write_text(json.dumps(summary))
    found = verify(old)
    assert found.verified == spared
    assert ("summary.json: other numbers" in said(found)) != spared


def test_a_column_that_an_old_run_had_is_missed(old: Path) -> None:
    edit(old, "retrainings", drop="gap$")
    assert not verify(old).verified
    edit(old, "retrainings", {"gap": 1.0, "kappa": 0.5})
    # Nor may it have got a column since with numbers that nobody computed.
    assert not verify(old).verified


@pytest.mark.parametrize(
    "drop", ["kappa_upper$", "theorem_|kappa|tau|opinion|f.*te_|ex|.*eps|ta.*t_d"]
)
def test_a_column_that_a_run_of_today_should_have_is_missed(mine: Path, drop: str) -> None:
    edit(mine, "retrainings", drop=drop)
    found = verify(mine)
    assert found.verdicts[0].level == "differs"
    assert re.search(r"retrainings: columns .*kappa_upper.* not in both", said(found))
    assert found.notes == ()


def test_to_pass_for_an_old_run_takes_another_hash(mine: Path) -> None:
    edit(mine, "retrainings", drop="|".join(ADDITIONS[0].columns["retrainings"]))
    edit(mine, "theory", drop="exact_")
    for line in ("adaptive = false\n", "certificate = 500\n"):
        change(mine / "config.toml", line, "")
    problems = verify(mine).problems
    assert re.match("config.toml is not what was run: hash [0-9a-f]{12}, run as", problems[0])


def test_a_run_that_a_later_gigsim_added_to_an_old_study_is_held_to_all(tmp_path: Path) -> None:
    grid = {"kind": "grid", "values": {"collective.leak": [0.0, 0.1]}}
    small = quick_study()["set"] | {"run.periods": 1}
    folder = write_study(
        tmp_path, replicates=1, set=small, record=["periods", "retrainings"], design=grid
    )
    study = open_study(folder)
    aged = replace(study, base=as_of_then(study.base, ADDITIONS))
    (folder / "study.toml").write_text(aged.dumps())
    provenance = json.loads((folder / "provenance.json").read_text())
    provenance["config_hash"] = aged.digest()
    (folder / "provenance.json").write_text(json.dumps(provenance))
    folder = folder.rename(tmp_path / "aged")
    # Case 0 is from then, case 1 from now.
    path = folder / "retrainings" / "part-00000.parquet"
    table = pq.read_table(path)
    values = table.to_pydict()
    new = [name for name in values if name.startswith(ADDITIONS[0].columns["retrainings"])]
    for name in new:
        values[name] = [
            None if case == 0 else value
            for case, value in zip(values["case"], values[name], strict=True)
        ]
    with parquet_writer(path, table.schema, 1) as writer:
        writer.write_table(table.from_pydict(values, schema=table.schema))
    found = verify(folder)
    assert found.verified, said(found)
    assert [one.level for one in found.verdicts] == ["values", "values"]
    assert found.notes[1].endswith(", ".join(new))
    edit_part(folder, "retrainings", "kappa_upper", -1, 1e-9)
    bad = [one for one in verify(folder).verdicts if not one.verified]
    assert [one.case for one in bad] == [1]
    assert "kappa_upper" in bad[0].lines[0]


def test_old_and_new_side_by_side(today: Path) -> None:
    assert diff(OLD_RUN, OLD_RUN).equal
    assert diff(OLD_STUDY, OLD_STUDY).equal
    found = diff(OLD_RUN, today)
    assert found.config == {}
    tables = {one.table: one for one in found.tables}
    added = tables["periods"].difference
    assert added is not None
    assert added.cells == {}
    assert {"dues", "subsidies", "fund", "pledged", "in_force"} <= {*added.columns}
    difference = tables["retrainings"].difference
    assert difference is not None
    assert "kappa" in difference.columns
    assert difference.cells == {}


def test_an_old_study_beside_the_same_of_today(tmp_path: Path) -> None:
    study = open_study(OLD_STUDY)
    study.write(tmp_path)
    shutil.copytree(OLD_STUDY, tmp_path / "now")
    shutil.copy(tmp_path / "study.toml", tmp_path / "now" / "study.toml")
    assert "certificate" in (tmp_path / "now" / "study.toml").read_text()
    assert diff(OLD_STUDY, tmp_path / "now").equal


def test_the_hash_is_that_of_the_keys_that_there_were() -> None:
    source = open_source(OLD_RUN)
    config = load(OLD_RUN / "config.toml")
    table = config.model_dump(mode="json")
    assert digest_of(table) == digest(config) != source.provenance()["config_hash"]
    then = as_of_then(table, additions_since(source))
    assert digest_of(then) == source.provenance()["config_hash"]
    assert then == tomllib.loads((OLD_RUN / "config.toml").read_text())
    assert as_of_then(table, ()) == tomllib.loads(dumps(config))


def test_every_key_since_schema_1_is_listed() -> None:
    """Who adds a key or a column says so in ADDITIONS, or every older run is found altered."""
    now = set(flattened(Config().model_dump(mode="json")))
    listed = {key for one in ADDITIONS for key in one.keys}
    # A learner's keys are there with that learner alone.
    assert listed <= now | {path for path, _, _ in leaves(Config)}
    stored = set(flattened(tomllib.loads((OLD_RUN / "config.toml").read_text())))
    of_a_kind = ("platform.learner.", "network.", "measure.spot_learner")
    general = {key for key in now if not key.startswith(of_a_kind)}
    assert general - stored == {key for key in listed if not key.startswith(of_a_kind)}
    for name, beginnings in ADDITIONS[0].columns.items():
        assert not [c for c in read_table(OLD_RUN / f"{name}.parquet") if c.startswith(beginnings)]


def test_lines_that_are_drawn_as_ever_are_compared() -> None:
    """Finite-sample lines of a learner that has a sample."""
    stored = pd.DataFrame({"alpha": [0.0], "finite_any": [0.1]})
    fresh = stored.assign(finite_any=0.2)
    leniency = Leniency(ADDITIONS)
    kept = leniency.common({"theory": (stored, fresh)}, "linear")["theory"]
    assert [[*table] for table in kept] == [["alpha", "finite_any"]] * 2
    assert leniency.cut == frozenset()
    kept = leniency.common({"theory": (stored, fresh)}, "bayes")["theory"]
    assert [[*table] for table in kept] == [["alpha"]] * 2
    assert leniency.cut == {"theory"}
