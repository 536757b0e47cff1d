"""``gigsim corpus``: import, describe and fit, on a small archive of invented resumes."""

from __future__ import annotations

import itertools
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gigsim.resumes.corpus import OCCUPATIONS, load_corpus
from gigsim.resumes.language_file import load_language
from tests.cli.conftest import Gigsim


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive in the published form: 400 resumes of syllables, their topics' and others'."""
    path = tmp_path_factory.mktemp("archive") / "resumes_corpus.zip"
    words = ["".join(s) for s in itertools.product("bdgkt", "aeiou", ("lor", "mik", "nux", "pov"))]
    rng = np.random.default_rng(1)
    with zipfile.ZipFile(path, "w") as out:
        for number in range(400):
            label = int(rng.integers(10))
            common = rng.integers(len(words), size=25)
            topic = rng.integers(10, size=20) + 10 * label
            text = " ".join(words[i] for i in (*common, *topic))
            out.writestr(f"resumes_corpus/{number:05d}.txt", text + f" mail{number}@example.org")
            out.writestr(f"resumes_corpus/{number:05d}.lab", OCCUPATIONS[label])
    return path


@pytest.fixture(scope="module")
def corpus(archive: Path) -> Path:
    """The archive, imported."""
    from gigsim.resumes.archive import import_archive

    path = archive.with_name("corpus.npz")
    import_archive(archive)[0].save(path)
    return path


def test_import_for_people(gigsim: Gigsim, archive: Path, tmp_path: Path) -> None:
    done = gigsim("corpus", "import", str(archive), "corpus.npz")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0].startswith("read 400 resumes")
    assert done.out.splitlines()[-1] == "written to corpus.npz"
    imported = load_corpus("corpus.npz")
    assert len(imported) == 400
    assert not any("example.org" in word for word in imported.words), "scrubbed by default"
    assert [p.name for p in tmp_path.iterdir()] == ["corpus.npz"]


def test_import_for_programs(gigsim: Gigsim, archive: Path) -> None:
    done = gigsim("corpus", "import", str(archive), "c.npz", "--json", "--quiet", "--no-scrub")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert (found["read"], found["kept"], found["scrubbed"]) == (400, 400, False)
    assert found["training_side"] + found["test_side"] == 400
    assert found["written"] == "c.npz"
    assert any("example.org" in word for word in load_corpus("c.npz").words)


def test_import_of_a_table_with_labels_of_its_own(gigsim: Gigsim, tmp_path: Path) -> None:
    rows = [{"id": k, "cv": f"text {k}", "jobs": "Cook|Baker" if k % 2 else ""} for k in range(9)]
    (tmp_path / "table.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    options = ["--text", "cv", "--labels", "jobs", "--separator", "|", "--json"]
    done = gigsim("corpus", "import", "table.jsonl", "c.npz", *options)
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert (found["read"], found["kept"], found["empty_label_sets"]) == (9, 9, 5)
    assert found["label_shares"] == {"Baker": 4 / 9, "Cook": 4 / 9}
    assert load_corpus("c.npz").label_names == ("Baker", "Cook")
    assert json.loads(gigsim("corpus", "describe", "c.npz", "--json").out)["resumes"] == 9


def test_describe(gigsim: Gigsim, corpus: Path) -> None:
    done = gigsim("corpus", "describe", str(corpus))
    assert (done.code, done.err) == (0, "")
    assert "400 resumes" in done.out
    found = json.loads(gigsim("corpus", "describe", str(corpus), "--json").out)
    assert found["resumes"] == 400
    assert sum(found["labels"][name]["resumes"] for name in OCCUPATIONS) == 400
    assert found["split"]["training"]["resumes"] + found["split"]["test"]["resumes"] == 400


def test_fit_and_run_on_the_result(gigsim: Gigsim, corpus: Path, toy_arguments: list[str]) -> None:
    done = gigsim("corpus", "fit", str(corpus), "language.npz", "--words", "100")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "written to language.npz"
    assert len(load_language("language.npz").words) <= 100
    again = gigsim("corpus", "fit", str(corpus), "l.npz", "--words", "100", "--json", "-q")
    assert json.loads(again.out)["written"] == "l.npz"
    assert Path("l.npz").read_bytes() == Path("language.npz").read_bytes()
    settings = ["--set", "corpus.language=language.npz", "--json", "--workers", "0"]
    assert json.loads(gigsim("run", *toy_arguments, *settings).out)["held_out"] == 60


def test_a_run_on_a_corpus(gigsim: Gigsim, corpus: Path, toy_arguments: list[str]) -> None:
    settings = ["--set", f"corpus.path={corpus}", "--set", "corpus.language=", "--workers", "0"]
    done = gigsim("run", *toy_arguments, *settings, "--json")
    found = json.loads(done.out)
    provenance = json.loads((Path(found["folder"]) / "provenance.json").read_text())
    assert provenance["resumes"] == load_corpus(corpus).origin
    refused = gigsim("run", *toy_arguments, *settings, "--set", "population.size=1000")
    assert refused.code == 2
    assert "population.size: 1000 freelancers but" in refused.err
    assert "population.replacement = true" in refused.err
    spare = ["--set", "population.turnover=0.9", "--set", "run.periods=9"]
    for several in ([], ["--replicates", "2"]):
        short = gigsim("run", *toy_arguments, *settings, *spare, *several, "--out", "short")
        assert short.code == 2
        assert not [path for path in Path("short").rglob("*") if path.is_file()]
        assert "newcomers by period" in short.err
        assert "period   1" not in short.err
    more = ["--set", "population.size=500", "--set", "population.replacement=true", "--json"]
    assert json.loads(gigsim("run", *toy_arguments, *settings, *more).out)["freelancers"] == 500


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "nowhere.zip", "c.npz"], "nowhere.zip: no such file"),
        (["import", "{corpus}", "c.npz"], "no resumes in it"),
        (["import", "{archive}", "c.npz", "--form", "x"], "--form: 'x' is not known; auto, "),
        (["import", "{archive}", "c.npz", "--form", "csv"], "resumes_corpus.zip: line 1"),
        (["import", "{archive}", "c.npz", "--text", "x"], "--text: "),
        (["import", "{archive}", "{archive}"], "resumes_corpus.zip: is the source itself"),
        (["import", "{archive}", "no/c.npz"], "no/c.npz: there is no folder"),
        (["import", "{archive}", "."], ".: is a folder"),
        (["describe", "nowhere.npz"], "nowhere.npz: no such file"),
        (["describe", "{archive}"], "not a gigsim corpus"),
        (["fit", "nowhere.npz", "l.npz"], "nowhere.npz: no such file"),
        (["fit", "{archive}", "l.npz"], "not a gigsim corpus"),
        (["fit", "{corpus}", "no/l.npz"], "no/l.npz: there is no folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_two(
    gigsim: Gigsim, archive: Path, corpus: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    filled = [a.format(archive=archive, corpus=corpus) for a in arguments]
    done = gigsim("corpus", *filled)
    assert done.code == 2
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: ")
    assert said in done.err
    assert list(tmp_path.iterdir()) == []
