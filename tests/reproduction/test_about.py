"""What a report is about: written beside its rows, read back, never mixed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gigsim.errors import InputError
from gigsim.reproduction.about import LANGUAGE, SETTINGS, About, Made, check_same, made_in
from gigsim.reproduction.setting import Setting
from gigsim.runs import write_table
from tests.toys import toy_language

QUICK = About.of(Setting())


@pytest.fixture
def small_corpus(tmp_path: Path) -> Path:
    """90 resumes for training and 30 held out, as a file."""
    drawn = toy_language().sample(120, np.random.default_rng(0))
    sides = {"test_side": np.arange(120) >= 90, "clusters": np.arange(120)}
    path = tmp_path / "small.npz"
    dataclasses.replace(drawn, origin="drawn for a test", **sides).save(path)
    return path


def put(folder: Path, step: str, made: Made | None) -> None:
    write_table(pd.DataFrame({"alpha": [0.0]}), folder / f"{step}.parquet")
    if made is not None:
        made.write(folder, step)


def test_the_languages_scales_are_known_without_reading_anything() -> None:
    assert About("quick", LANGUAGE, "", 2_000, 1_000) == QUICK
    reference = About.of(Setting("reference"))
    assert (reference.people, reference.held_out) == (20_000, 4_695)
    assert "2,000 resumes written by the built-in language; S measured on 1,000" in QUICK.text()


def test_a_corpus_is_its_origin_and_its_bytes(tmp_path: Path, small_corpus: Path) -> None:
    quick = About.of(Setting(corpus=str(small_corpus)))
    assert quick.origin == "drawn for a test"
    assert len(quick.digest) == 32
    whole = About.of(Setting("reference", corpus=str(small_corpus)))
    # There are fewer than a thousand: all of them are held out, at either scale.
    assert quick.held_out == whole.held_out == 30
    moved = tmp_path / "moved.npz"
    moved.write_bytes(small_corpus.read_bytes())
    assert About.of(Setting(corpus=str(moved))) == quick
    with pytest.raises(InputError, match="nowhere"):
        About.of(Setting(corpus="nowhere.npz"))


def test_what_steps_were_made_of_is_read_back(tmp_path: Path) -> None:
    setting = Setting(
        overrides={"run.precision": "bfloat16"}, recipes={"transformer": {"epochs": 4}}
    )
    made = Made.of(QUICK, setting, "transformer", ["one", "two"])
    assert made.changed == {"run.precision": "bfloat16", "platform.learner.epochs": 4}
    provenance = {"commit": "0123", "versions": {"torch": "2"}, "command": ["/home/me/secret"]}
    made = Made.of(QUICK, setting, "transformer", ["one", "two"], provenance)
    assert made.trained_by == {"commit": "0123", "versions": {"torch": "2"}}
    put(tmp_path, "epochs-transformer", made)
    put(tmp_path, "epochs-bayes", Made.of(QUICK, Setting(), "bayes", ["three"]))
    assert made_in(tmp_path) == {
        "epochs-bayes": Made(QUICK, ("three",)),
        "epochs-transformer": made,
    }
    check_same(tmp_path, QUICK)


def test_steps_of_different_settings_are_not_mixed(tmp_path: Path) -> None:
    put(tmp_path, "epochs-bayes", Made(QUICK, ("one",)))
    other = About.of(Setting("reference"))
    with pytest.raises(InputError, match=r"quick scale.*asked for is reference scale.*--into"):
        check_same(tmp_path, other)
    put(tmp_path, "placement-linear", Made(other, ("two",)))
    with pytest.raises(InputError, match="--into"):
        made_in(tmp_path)


def test_rows_that_say_nothing_and_files_that_are_damaged_are_refused(tmp_path: Path) -> None:
    assert made_in(tmp_path) == {}
    put(tmp_path, "epochs-bayes", None)
    with pytest.raises(InputError, match="do not say what they are of"):
        made_in(tmp_path)
    put(tmp_path, "epochs-bayes", Made(QUICK))
    (tmp_path / SETTINGS / "epochs-bayes.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        made_in(tmp_path)
