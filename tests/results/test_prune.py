"""What lies in a folder of runs, and what of it may be deleted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gigsim.checkpoint import save_checkpoint
from gigsim.errors import InputError
from gigsim.experiments.study import load_study
from gigsim.model import GigEconomy
from gigsim.results.listing import Entry, entries, is_live, size_of
from gigsim.results.prune import Pruning, choose, delete, why_not
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
    assert (study.ended.runs, study.ended.finished, study.seeds) == (4, 4, "from 1")
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
