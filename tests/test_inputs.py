"""Which files a config names, and what is asked of them by checkpoints."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

import gigsim
from gigsim import inputs
from gigsim.checkpoint import restore, save_checkpoint
from gigsim.config.schema import forms, leaves
from gigsim.config.sections import Config
from gigsim.errors import InputError
from gigsim.inputs import digest_of, file_keys, files_of
from gigsim.learners import hub
from gigsim.model import GigEconomy

Make = Callable[..., GigEconomy]


def table(path: Path | str, match: str = "resample") -> dict[str, str]:
    return {"kind": "table", "path": str(path), "column": "c", "match": match}


def write(path: Path, value: float, rows: int = 100) -> None:
    path.write_text("c\n" + "\n".join([str(value)] * rows) + "\n", encoding="utf-8")


def test_every_key_that_takes_any_text_names_a_file_or_is_known_not_to() -> None:
    """A new key with a path is covered; a new one with another free text has to be decided on."""
    assert file_keys() == (
        "corpus.language",
        "corpus.path",
        "measure.spot_learner.encoder",
        "network.path",
        "platform.learner.curve",
        "platform.learner.encoder",
        "population.cost.path",
        "population.threshold.path",
        "society.activation.path",
    )
    free = {
        key
        for key, _, form in leaves(Config)
        if form.text and not form.text.most and not form.text.pattern
    }
    assert free - set(file_keys()) == {
        "collective.target",
        "population.cost.column",
        "population.threshold.column",
        "society.activation.column",
    }


#: Configs that name the file ``here``, one for each key that can.
NAMING: dict[str, dict[str, Any]] = {
    "corpus.path": {"corpus.path": "here"},
    "corpus.language": {"corpus.language": "here"},
    "measure.spot_learner.encoder": {
        "measure.spot_learner": {"kind": "transformer", "encoder": "here"}
    },
    "network.path": {"network": {"kind": "edge_list", "path": "here"}},
    "platform.learner.curve": {"platform.learner": {"kind": "surrogate", "curve": "here"}},
    "platform.learner.encoder": {"platform.learner": {"kind": "transformer", "encoder": "here"}},
    "population.cost.path": {"population.cost": table("here")},
    "population.threshold.path": {"population.threshold": table("here")},
    "society.activation.path": {"society.activation": table("here")},
}


@pytest.mark.parametrize("key", file_keys())
def test_each_key_is_found_in_a_config(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if key.endswith(".encoder"):
        assert files_of(gigsim.load("default", NAMING[key])) == {}
        Path("here").mkdir()
    assert files_of(gigsim.load("default", NAMING[key])) == {"here": key}


@pytest.mark.parametrize("kind", ["frozen", "transformer"])
def test_an_encoder_of_ours_is_the_folder_that_it_lies_in(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    monkeypatch.setattr(hub, "_SHIPPED_AT", (tmp_path / "nowhere", folder))
    monkeypatch.chdir(tmp_path)
    learner = {"platform.learner": {"kind": kind, "encoder": "gigsim-tiny"}}
    found = files_of(gigsim.load("default", learner))
    # By its name, wherever it lies: another machine may go on.
    assert found == {"gigsim-tiny": "platform.learner.encoder"}
    before = digest_of("gigsim-tiny")
    assert before == digest_of(str(folder))
    (folder / "model.safetensors").write_bytes(b"pretrained again")
    assert before != digest_of("gigsim-tiny") == digest_of(str(folder))
    # A folder that is called so is not it, and neither is a corpus.
    (tmp_path / "gigsim-tiny").mkdir()
    assert digest_of("gigsim-tiny") == digest_of(str(folder))
    assert files_of(gigsim.load("default", learner | {"corpus.path": "gigsim-tiny"})) == {
        "./gigsim-tiny": "corpus.path",
        "gigsim-tiny": "platform.learner.encoder",
    }
    (folder / "config.json").unlink()
    assert digest_of("gigsim-tiny") is None


def test_a_new_key_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Section(BaseModel):
        weights: str = Field("there", description="a file of weights")
        tables: tuple[str, ...] = Field(("a", "b"), description="files of tables")
        label: str = Field("x", max_length=10, description="no file")

    class Wider(BaseModel):
        section: Section = Section()

    assert forms(Section)["weights"].text is not None
    assert list(inputs._named(Wider(), "")) == [
        ("section.weights", "there"),
        ("section.tables", "a"),
        ("section.tables", "b"),
    ]


def test_changes_in_time_name_files_too(tmp_path: Path) -> None:
    change = {"period": 2, "set": {"population.cost": table("late.csv")}}
    found = files_of(gigsim.load("default", {"at": [change]}))
    assert found == {"late.csv": "population.cost.path"}


def test_a_digest_is_of_what_is_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    assert digest_of(str(path)) is None
    path.write_bytes(b"one")
    one = digest_of(str(path))
    os.utime(path, (1, 1))
    assert digest_of(str(path)) == one
    path.write_bytes(b"two")
    assert digest_of(str(path)) != one
    # Large ones are not read twice for nothing, but are where the system says that they changed.
    monkeypatch.setattr(inputs, "_LARGE", 1)
    two = digest_of(str(path))
    assert digest_of(str(path)) == two
    path.write_bytes(b"three")
    assert digest_of(str(path)) != two


def test_a_digest_of_a_folder_is_of_all_its_files(tmp_path: Path) -> None:
    def changed(before: str | None) -> bool:
        return digest_of(str(tmp_path)) != before

    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_text("1")
    (tmp_path / "inner" / "b").write_text("2")
    first = digest_of(str(tmp_path))
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "lock").write_text("3")
    assert not changed(first)
    (tmp_path / "inner" / "b").write_text("3")
    assert changed(first)
    (tmp_path / "inner" / "b").write_text("2")
    assert not changed(first)
    (tmp_path / "a").rename(tmp_path / "c")
    assert changed(first)


@pytest.mark.parametrize(
    ("key", "late"),
    [
        ("population.cost", False),
        ("population.threshold", False),
        ("society.activation", False),
        ("population.cost", True),
    ],
)
def test_a_checkpoint_refuses_a_table_that_changed(
    make_toy: Make, tmp_path: Path, key: str, late: bool
) -> None:
    path = tmp_path / "own.csv"
    write(path, 0.5)
    value = {key: table(path)}
    model = make_toy(**({"at": [{"period": 3, "set": value}]} if late else value))
    model.run(1)
    file = tmp_path / "run.checkpoint"
    save_checkpoint(model, file)
    restore(file).close()
    write(path, 0.25)
    with pytest.raises(InputError, match=r"own\.csv: not the file that the run of"):
        restore(file)
    path.unlink()
    with pytest.raises(InputError, match=r"own\.csv"):
        restore(file)
    write(path, 0.5)
    restore(file).close()


def test_a_table_that_is_gone_ends_no_run(make_toy: Make, tmp_path: Path) -> None:
    """Costs are drawn already; that somebody tidies up must not cost a run of hours."""
    path = tmp_path / "own.csv"
    write(path, 0.5)
    model = make_toy(**{"population.cost": table(path)})
    path.unlink()
    model.run(1)
    save_checkpoint(model, tmp_path / "run.checkpoint")
