"""What lies in a folder of runs, and what of it may be deleted."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gigsim.checkpoint import save_checkpoint
from gigsim.errors import InputError
from gigsim.experiments.study import load_study
from gigsim.experiments.sweep import begin
from gigsim.model import GigEconomy
from gigsim.results.listing import Entry, entries, is_live, size_of
from gigsim.results.prune import Pruning, choose, delete, why_not
from gigsim.results.reading import load_runs
from gigsim.store.store import Store
from tests.experiments.studies import quick_study
from tests.permissions import bound_by_permissions
from tests.results.folders import quick_config, write_replicates, write_run, write_study


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each kind: look, do not touch."""
    out = tmp_path_factory.mktemp("made")
    save_checkpoint(GigEconomy(quick_config()), out / "it.checkpoint")
    return {
        "checkpoint": out / "it.checkpoint",
        "run": write_run(out / "a"),
        "interrupted": write_run(out / "b", periods=1),
        "replicates": write_replicates(out / "c", 2),
        "study": write_study(out / "d", replicates=1),
    }


def named(days: float, name: str) -> str:
    stamp = datetime.now(UTC) - timedelta(days=days)
    return f"{stamp.strftime('%Y%m%dT%H%M%SZ')}-{name}-0123456789ab"


def made_days_ago(folder: Path, days: float) -> None:
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(folder, (then, then))


@pytest.fixture
def runs(made: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """A folder of runs of many ages, by what is in it."""
    out = tmp_path / "runs"
    out.mkdir()
    found = {}
    for days, kind in ((40, "run"), (30, "interrupted"), (20, "replicates"), (10, "study")):
        found[kind] = Path(shutil.copytree(made[kind], out / named(days, kind)))
    found["damaged"] = Path(shutil.copytree(made["run"], out / named(5, "damaged")))
    (found["damaged"] / "summary.json").unlink()
    found["empty"] = out / named(4, "empty")
    found["empty"].mkdir()
    study = load_study(quick_study())
    study.write(found["empty"])
    Store.create(found["empty"], study.runs, study.replicates, ("runs", "periods", "timings"))
    made_days_ago(found["empty"], 4)
    # No process has this number: it is above the largest that Linux gives.
    found["partial"] = Path(shutil.copytree(made["run"], out / f".{named(3, 'p')}.partial-9999999"))
    found["waiting"] = out / f"{named(2, 'w')}-x3.partial-9999999"
    shutil.copytree(made["run"], found["waiting"] / "replicate-000")
    (found["waiting"] / "replicate-000" / "origin.txt").write_text("the language")
    found["live"] = out / f".{named(1, 'l')}.partial-{os.getpid()}"
    found["live"].mkdir()
    found["checkpoint"] = out / f"{named(50, 'c')}.checkpoint"
    shutil.copy(made["checkpoint"], found["checkpoint"])
    (out / "notes.txt").write_text("mine")
    (out / "pictures").mkdir()
    return found


def by_path(found: list[Entry]) -> dict[Path, Entry]:
    return {entry.path: entry for entry in found}


def names(runs: dict[str, Path], chosen: Pruning) -> set[str]:
    known = {path: name for name, path in runs.items()}
    return {known[entry.path] for entry in chosen.chosen}


def test_what_is_there(runs: dict[str, Path], tmp_path: Path) -> None:
    found = by_path(entries(tmp_path / "runs"))
    assert set(found) == set(runs.values())
    kinds = {name: found[path].kind for name, path in runs.items()}
    assert kinds == {
        "run": "run",
        "interrupted": "run",
        "replicates": "replicates",
        "study": "study",
        "damaged": "run",
        "empty": "study",
        "partial": "partial",
        "waiting": "partial",
        "live": "partial",
        "checkpoint": "checkpoint",
    }
    made = [entry.made for entry in found.values()]
    assert made == sorted(made), "oldest first"
    run, study = found[runs["run"]], found[runs["study"]]
    assert (run.name, run.seeds, run.learner, run.periods) == ("quick", "1", "bayes", "3")
    assert (run.complete, found[runs["interrupted"]].complete) == (True, False)
    assert abs(run.age - 40 * 86400) < 7200
    assert run.bytes == sum(file.stat().st_size for file in runs["run"].iterdir())
    assert found[runs["replicates"]].seeds == "1 to 2"
    assert study.ended is not None
    assert (study.ended.runs, study.ended.finished, study.seeds) == (4, 4, "study seed 1")
    assert "summary.json" in found[runs["damaged"]].problem
    assert [name for name, path in runs.items() if found[path].live] == ["live"]
    checkpoint = found[runs["checkpoint"]]
    assert (checkpoint.name, checkpoint.periods, checkpoint.problem) == ("quick", "0", "")


def test_one_thing(runs: dict[str, Path]) -> None:
    assert [entry.kind for entry in entries(runs["run"])] == ["run"]
    assert [entry.kind for entry in entries(runs["checkpoint"])] == ["checkpoint"]
    runs["checkpoint"].write_bytes(b"noise")
    assert entries(runs["checkpoint"])[0].problem
    with pytest.raises(InputError, match="no such folder"):
        entries(runs["run"] / "nowhere")


def test_sizes(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x" * 100)
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert size_of(tmp_path) == 100


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"failed": True}, {"damaged", "empty"}),
        ({"partial": True}, {"partial", "waiting"}),
        ({"failed": True, "partial": True}, {"damaged", "empty", "partial", "waiting"}),
        ({"partial": True, "older_than": 2.5 * 86400}, {"partial"}),
        ({"older_than": 25 * 86400}, {"run", "interrupted"}),
        ({"older_than": 100 * 86400}, set()),
        ({"keep": 4}, {"run", "interrupted"}),
        ({"keep": 0}, {"run", "interrupted", "replicates", "study", "damaged", "empty"}),
        ({"keep": 5, "older_than": 25 * 86400}, {"run"}),
        ({"failed": True, "keep": 1}, {"damaged"}),
    ],
)
def test_what_is_chosen(
    runs: dict[str, Path], tmp_path: Path, asked: dict[str, float], expected: set[str]
) -> None:
    found = entries(tmp_path / "runs")
    chosen = choose(found, **asked)  # type: ignore[arg-type]
    assert names(runs, chosen) == expected
    assert chosen.bytes == sum(entry.bytes for entry in chosen.chosen)
    assert sorted(entries(tmp_path / "runs"), key=str) == sorted(found, key=str), "only chosen"


def test_old_checkpoints(runs: dict[str, Path], tmp_path: Path) -> None:
    """Old by their last change, since a long run writes its checkpoint again and again."""
    found = choose(entries(tmp_path / "runs"), older_than=25 * 86400)
    assert "checkpoint" not in names(runs, found)
    long_ago = (datetime.now(UTC) - timedelta(days=26)).timestamp()
    os.utime(runs["checkpoint"], (long_ago, long_ago))
    found = choose(entries(tmp_path / "runs"), older_than=25 * 86400)
    assert names(runs, found) == {"run", "interrupted", "checkpoint"}
    delete(by_path(list(found.chosen))[runs["checkpoint"]])
    assert not runs["checkpoint"].exists()


def test_nothing_asked_for(runs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing is asked for"):
        choose(entries(tmp_path / "runs"))


def test_deleting(runs: dict[str, Path], tmp_path: Path) -> None:
    chosen = choose(entries(tmp_path / "runs"), failed=True, partial=True)
    for entry in chosen.chosen:
        delete(entry)
    left = {name for name, path in runs.items() if path.exists()}
    assert left == {"run", "interrupted", "replicates", "study", "live", "checkpoint"}
    assert len(list((tmp_path / "runs").iterdir())) == len(left) + 2


def spoil_with_a_file(folder: Path) -> None:
    (folder / "notes.md").write_text("mine")


def spoil_with_a_folder(folder: Path) -> None:
    (folder / "pictures").mkdir()


def spoil_deep(folder: Path) -> None:
    (folder / "periods").mkdir(exist_ok=True)
    (folder / "periods" / "mine.parquet").write_bytes(b"")


def spoil_with_a_link(folder: Path) -> None:
    (folder / "runs.parquet").symlink_to(Path.home())


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("run", spoil_with_a_file),
        ("study", spoil_deep),
        ("damaged", spoil_with_a_link),
        ("waiting", spoil_with_a_folder),
    ],
)
def test_what_is_not_ours_stays(
    runs: dict[str, Path], tmp_path: Path, kind: str, spoil: Callable[[Path], None]
) -> None:
    spoil(runs[kind])
    found = choose(entries(tmp_path / "runs"), keep=0) if kind != "waiting" else None
    found = found or choose(entries(tmp_path / "runs"), partial=True)
    assert kind not in names(runs, found)
    (entry,) = (entry for entry, why in found.spared if "which gigsim has not written" in why)
    assert entry.path == runs[kind]
    with pytest.raises(InputError, match="not deleted: holds"):
        delete(entry)
    assert runs[kind].is_dir()


def test_a_link_stays(runs: dict[str, Path], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    runs["run"].rename(elsewhere)
    runs["run"].symlink_to(elsewhere)
    found = choose(entries(tmp_path / "runs"), keep=0)
    assert "run" not in names(runs, found)
    assert why_not(runs["run"]) == "a link"
    assert (elsewhere / "periods.parquet").is_file()


def of_a_newer_index(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "index.sqlite")) as index:
        index.execute("PRAGMA user_version = 2")


def of_a_newer_table(folder: Path) -> None:
    path = next(folder.rglob("part-00000.parquet"), folder / "periods.parquet")
    table = pq.read_table(path)
    newer = table.schema.metadata | {b"schema_version": b"2"}
    pq.write_table(table.replace_schema_metadata(newer), path)


def without_study_toml(folder: Path) -> None:
    (folder / "study.toml").unlink()


def with_a_table_cut(folder: Path) -> None:
    path = folder / "periods/part-00000.parquet"
    path.write_bytes(path.read_bytes()[:200])


def with_the_first_table_cut_and_no_index(folder: Path) -> None:
    path = folder / "runs/part-00000.parquet"
    path.write_bytes(path.read_bytes()[:200])
    (folder / "index.sqlite").unlink()


def with_an_index_of_noise(folder: Path) -> None:
    (folder / "index.sqlite").write_text("noise")


def with_a_summary_lost(folder: Path) -> None:
    (folder / "summary.json").unlink()


@pytest.mark.parametrize(
    ("kind", "damage", "why"),
    [
        ("study", of_a_newer_index, "of another version of gigsim (index.sqlite)"),
        ("study", of_a_newer_table, "of another version of gigsim ("),
        ("run", of_a_newer_table, "of another version of gigsim (periods.parquet)"),
        ("study", without_study_toml, "holds finished runs"),
        ("study", with_a_table_cut, "holds finished runs"),
        ("study", with_the_first_table_cut_and_no_index, "holds finished runs"),
        ("study", with_an_index_of_noise, "holds finished runs"),
        ("replicates", with_a_summary_lost, "holds finished runs"),
    ],
)
def test_what_holds_results_has_not_failed(
    runs: dict[str, Path], tmp_path: Path, kind: str, damage: Callable[[Path], None], why: str
) -> None:
    damage(runs[kind])
    found = choose(entries(tmp_path / "runs"), failed=True)
    assert names(runs, found) == {"damaged", "empty"}
    (said,) = (said for entry, said in found.spared if entry.path == runs[kind])
    assert why in said
    of_another = "another version" in why
    assert by_path(entries(tmp_path / "runs"))[runs[kind]].other == of_another
    # Asked for by its age, what is damaged goes, and what cannot be judged stays.
    assert (kind in names(runs, choose(entries(tmp_path / "runs"), keep=0))) != of_another
    if of_another:
        with pytest.raises(InputError, match="not deleted: of another version"):
            delete(by_path(entries(tmp_path / "runs"))[runs[kind]])


def test_a_folder_of_somebody_else_is_none_of_ours(
    made: dict[str, Path], runs: dict[str, Path], tmp_path: Path
) -> None:
    """One file with a name that gigsim uses, too, is not enough."""
    out = tmp_path / "runs"
    for name in ("mystudy", "data1", "foreign", "app", "project"):
        (out / name).mkdir()
    (out / "mystudy" / "study.toml").write_text('base = "default"')
    shutil.copytree(made["study"], out / "project" / "runs" / made["study"].name)
    (out / "project" / "study.toml").write_text('base = "default"')
    pq.write_table(pa.table({"x": [1]}), out / "data1" / "runs.parquet")
    pq.write_table(pa.table({"x": [1]}), out / "foreign" / "periods.parquet")
    with closing(sqlite3.connect(out / "app" / "index.sqlite")) as index:
        index.execute("CREATE TABLE mine (x)")
    assert set(by_path(entries(out))) == set(runs.values())
    shutil.rmtree(runs["damaged"])
    assert len(load_runs(out).sources) == 5


def test_what_may_be_somebody_elses_is_read_and_stays(runs: dict[str, Path]) -> None:
    """Complete, but neither its name nor a provenance says whose it is."""
    path = runs["run"].rename(runs["run"].with_name("renamed"))
    assert why_not(path) is None, "its provenance says so"
    (path / "provenance.json").unlink()
    assert len(load_runs(path).runs) == 1
    (entry,) = entries(path)
    assert "says that gigsim made it" in str(why_not(path))
    with pytest.raises(InputError, match="not deleted"):
        delete(entry)
    assert why_not(runs["study"].rename(path.with_name("also"))) is None, "its index does"


def test_a_study_that_has_just_been_begun_stays(runs: dict[str, Path], tmp_path: Path) -> None:
    begun = begin(load_study(quick_study()), tmp_path / "runs")
    found = choose(entries(tmp_path / "runs"), failed=True)
    assert names(runs, found) == {"damaged", "empty"}
    assert (begun, "begun less than a minute ago") in [(e.path, why) for e, why in found.spared]
    older = begun.rename(begun.with_name(named(1, "quick")))
    made_days_ago(older, 1)
    found = choose(entries(tmp_path / "runs"), failed=True)
    assert older in [entry.path for entry in found.chosen]


def test_a_checkpoint_that_cannot_be_read_stays(runs: dict[str, Path], tmp_path: Path) -> None:
    """Other programs' files are called so, too."""
    runs["checkpoint"].write_bytes(b"weights of a network")
    made_days_ago(runs["checkpoint"], 50)
    found = choose(entries(tmp_path / "runs"), older_than=45 * 86400)
    assert names(runs, found) == set()
    (said,) = (why for entry, why in found.spared if entry.path == runs["checkpoint"])
    assert "no checkpoint of this version of gigsim" in said


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            of_a_newer_index,
            "index.sqlite: has schema 2; this version of gigsim reads 1: a newer one wrote it,"
            " update",
        ),
        (without_study_toml, "not a complete run (study.toml is missing)"),
        (with_a_table_cut, "not a complete run (periods/part-00000.parquet is damaged: "),
    ],
)
def test_problems_are_told_in_full(
    runs: dict[str, Path], tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(runs["study"])
    assert by_path(entries(tmp_path / "runs"))[runs["study"]].problem.startswith(said)


def test_a_file_that_is_gone_is_named(runs: dict[str, Path], tmp_path: Path) -> None:
    (runs["study"] / "cases.parquet").unlink()
    assert "cases.parquet" in by_path(entries(tmp_path / "runs"))[runs["study"]].problem


def test_periods_that_cases_vary(tmp_path: Path) -> None:
    design = {"kind": "grid", "values": {"run.periods": [2, 3]}}
    begin(load_study(quick_study(design=design)), tmp_path)
    assert [entry.periods for entry in entries(tmp_path)] == ["varied"]


WRITER = """
import sys
from gigsim.store.store import Store
with Store.open(sys.argv[1]):
    print("at work", flush=True)
    sys.stdin.read()
"""


def test_a_study_that_is_being_written_stays(runs: dict[str, Path], tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(runs["empty"])]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "at work\n"
        (entry,) = (e for e in entries(tmp_path / "runs") if e.path == runs["empty"])
        assert entry.live
        found = choose(entries(tmp_path / "runs"), failed=True)
        assert names(runs, found) == {"damaged"}
        assert (entry.path, "a process is writing it") in [(e.path, why) for e, why in found.spared]
        with pytest.raises(InputError, match="a process is writing it"):
            delete(entry)
        writer.kill()
        writer.wait()
    # Nobody tidied up after it, and still it is known to be dead.
    assert list((runs["empty"] / ".writers").iterdir())
    assert not is_live(runs["empty"])
    delete(entry)
    assert not runs["empty"].exists()


def test_a_folder_that_may_not_be_changed(runs: dict[str, Path], tmp_path: Path) -> None:
    """Also root, whom no mode keeps out unless its capabilities are taken away."""
    out = tmp_path / "runs"
    code = "import sys; from gigsim.cli import main; sys.argv = ['gigsim', 'runs', 'prune', "
    code += f"{str(out)!r}, '--failed', '--yes']; main()"
    command = bound_by_permissions(sys.executable, "-c", code)
    out.chmod(0o555)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    out.chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert "cannot be deleted (Permission denied)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert runs["damaged"].is_dir()
