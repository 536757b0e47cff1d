"""Checkpoints: a restored run is the undisturbed one to the last bit, or is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.checkpoint import (
    OtherMachine,
    load_checkpoint,
    restore,
    save_checkpoint,
)
from gigsim.checkpoint_state import CLASSES, SAVED, config_in, take_state, unknown_attributes
from gigsim.config import dumps, load
from gigsim.errors import InputError
from gigsim.learners.cache import TrainingCache
from gigsim.model import GigEconomy
from gigsim.packing import Packed, Packer, read_packed, write_packed
from gigsim.population import Population
from gigsim.resumes.corpus import Corpus
from gigsim.runs import tables_of, write_table
from gigsim.stage import Stage
from tests.permissions import bound_by_permissions
from tests.toys import toy_language

Make = Callable[..., GigEconomy]

TINY = {
    "platform.learner.kind": "transformer",
    "platform.learner.width": 8,
    "platform.learner.feedforward": 8,
    "platform.learner.layers": 1,
    "platform.learner.epochs": 1,
    "platform.learner.max_tokens": 16,
    "collective.signal.every": 3,
    "population.size": 60,
    "collective.first_movers": 8,
    "corpus.test_size": 30,
    "run.periods": 5,
}
BAYES = {"platform.learner.kind": "bayes"}
CELLS = {"corpus.cells": 20, "corpus.language": ""}
TABLE = {**CELLS, "platform.learner.kind": "table"}
SMALL = {"population.size": 60, "collective.first_movers": 8, "corpus.test_size": 40}
NEWCOMERS = {"population.turnover": 0.4}
WINDOW = {"platform.data": "window", "platform.window": 3}
WARM = {"platform.retrain": "warm"}


def at(period: int, **values: Any) -> dict[str, Any]:
    return {"period": period, "set": {k.replace("__", "."): v for k, v in values.items()}}


#: Worlds that differ from the toy in what may be forgotten.
WORLDS: dict[str, dict[str, Any]] = {
    "linear": {},
    "transformer": TINY,
    "transformer, warm, repeated, newcomers": TINY
    | WARM
    | NEWCOMERS
    | {"platform.repeats": 2, "measure.reference": 2},
    "bayes": BAYES,
    "bayes, window, newcomers": BAYES | WINDOW | NEWCOMERS,
    "bayes, feature-only": BAYES
    | {
        "collective.strategy": "feature_only",
        "measure.success": "any",
        "society.belief": "theory",
    },
    "bayes, away from Bayes": BAYES
    | {"platform.learner.epsilon": 0.1, "platform.learner.closeness": "conditional_tv"},
    "bayes, feature-only, away from Bayes": BAYES
    | {
        "collective.strategy": "feature_only",
        "measure.success": "any",
        "platform.learner.epsilon": 0.1,
        "platform.learner.closeness": "additive_slack",
    },
    "noise, words at a random place, newcomers": NEWCOMERS
    | {
        "corpus.label_noise": 0.4,
        "collective.signal.position": "random",
        "collective.signal.companions": ["†"],
    },
    "table": TABLE,
    "table, window, newcomers": TABLE | WINDOW | NEWCOMERS,
    "warm, loose": WARM | {"platform.learner.tolerance": 1e-2, "platform.retrain_every": 1},
    "warm later": {
        "platform.learner.tolerance": 1e-2,
        "at": [at(3, platform__retrain="warm", platform__retrain_every=1)],
    },
    "window": WINDOW,
    "window, newcomers": WINDOW | NEWCOMERS | {"run.periods": 12},
    "newcomers later, evasive": {
        "at": [at(3, population__turnover=0.6), at(6, population__turnover=0.0)],
        "collective.strategy": "feature_only",
        "collective.evasive": True,
        "measure.success": "any",
        "run.periods": 8,
    },
    "rotation": {
        "collective.rotate_every": 1,
        "collective.signal.alternates": ["‡", "†"],
        "collective.leak": 0.1,
        **WINDOW,
    },
    "paid once": {"society.cost_timing": "once", "society.horizon": 3, **NEWCOMERS},
    "adaptive": {"society.belief": "adaptive", "society.adaptation": 0.3},
    "theory": {"society.belief": "theory"},
    "neighbours, sequential": {"society.belief": "neighbours", "society.order": "sequential"},
    "imitation": {"society.rule": "imitation", "society.order": "sequential"},
    "logit": {"society.rule": "logit", "collective.retention": 0.5},
    "contagion, everybody knows everybody": {
        "society.rule": "complex_contagion",
        "network.kind": "complete",
    },
    "costs and first movers change": {
        "at": [
            at(2, collective__first_movers=30, collective__abstain=0.2),
            at(4, population__cost=0.1, society__belief="adaptive"),
        ]
    },
    "wrong labels": {"collective.wrong_label": 0.2, "collective.label_sets": "extend"},
    "erasure of a word, newcomers": {
        "collective.strategy": "erasure",
        "collective.signal.token": "w3",
        "corpus.xi": 0.0,
        **NEWCOMERS,
    },
    "erasure of a word, bayes, newcomers": {
        "collective.strategy": "erasure",
        "collective.label_sets": "extend",
        "measure.success": "any",
        "collective.signal.token": "w3",
        "corpus.xi": 0.0,
        **BAYES,
        **NEWCOMERS,
    },
    "unplanting, adaptive, window, newcomers": {
        "collective.strategy": "unplanting",
        "collective.adaptive": True,
        **WINDOW,
        **NEWCOMERS,
    },
    "feature-only of a word": {
        "collective.strategy": "feature_only",
        "collective.signal.token": "w3",
        "measure.success": "any",
        "society.belief": "theory",
    },
    "gradient-cancelling": {
        "collective.strategy": "gradient_cancelling",
        "measure.reference": 0,
        "run.periods": 4,
    },
    "label-only, newcomers": {"collective.strategy": "label_only", **NEWCOMERS},
    "settled": {
        "run.until": "settled",
        "run.limit": 30,
        "society.activation": 0.9,
        "run.settled_tolerance": 0.3,
        "measure.reference": 0,
    },
    "no reference, kept for ever": {"measure.reference": 0, "society.leaving": "never"},
}


def curve(folder: Path) -> dict[str, Any]:
    lines = ["alpha,success_any,success_top1,base_any,base_top1,accuracy"]
    lines += [f"{a},{a / 2 + 0.1},{a / 3 + 0.2},0.1,0.12,0.8" for a in (0.0, 0.1, 0.5, 1.0)]
    (folder / "curve.csv").write_text("\n".join(lines), encoding="utf-8")
    return {
        "platform.learner.kind": "surrogate",
        "platform.learner.curve": str(folder / "curve.csv"),
    }


def corpus_of(folder: Path) -> Corpus:
    """120 resumes, 30 of them held out, as a file."""
    drawn = toy_language().sample(120, np.random.default_rng(0))
    sides = {"test_side": np.arange(120) >= 90, "clusters": np.arange(120)}
    corpus = dataclasses.replace(drawn, origin="drawn for a test", **sides)
    corpus.save(folder / "corpus.npz")
    return corpus


def made(make_toy: Make, name: str, folder: Path) -> GigEconomy:
    if name.startswith("corpus"):
        corpus_of(folder)
        keys = {"corpus.path": str(folder / "corpus.npz"), "corpus.language": ""}
        replacement = {"population.replacement": "drawn again" in name}
        few = {"population.size": 40, "population.turnover": 0.1, "corpus.test_size": 0}
        return make_toy(**SMALL | keys | few | replacement | WINDOW)
    if name.startswith("surrogate"):
        return make_toy(**curve(folder), **(NEWCOMERS if "newcomers" in name else {}))
    return make_toy(**SMALL | WORLDS[name])


def bits(model: GigEconomy, folder: Path) -> dict[str, str]:
    """A digest of each table as a file, without the clock's."""
    found = {}
    for name, table in tables_of(model).items():
        write_table(table, folder / "table.parquet")
        found[name] = hashlib.sha256((folder / "table.parquet").read_bytes()).hexdigest()
    return found


def state_of(model: GigEconomy) -> tuple[Any, dict[str, bytes]]:
    """All of a model's state, comparable: its JSON and each array's bytes."""
    state = take_state(model)
    del state[""]["resumed"]
    packer = Packer(CLASSES)
    content = packer.pack(state)
    return content, {name: array.tobytes() for name, array in packer.arrays.items()}


#: Those in which there is most to forget; the others take a minute.
QUICK = {
    "transformer, warm, repeated, newcomers",
    "bayes, window, newcomers",
    "table, window, newcomers",
    "warm later",
    "window, newcomers",
    "rotation",
    "costs and first movers change",
    "erasure of a word, newcomers",
    "gradient-cancelling",
    "settled",
    "surrogate, newcomers",
    "corpus, newcomers",
}


@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in (
            *WORLDS,
            "surrogate",
            "surrogate, newcomers",
            "corpus, newcomers",
            "corpus, newcomers, drawn again",
        )
    ],
)
def test_a_restored_run_is_the_undisturbed_run(make_toy: Make, tmp_path: Path, name: str) -> None:
    """Interrupted once, and at every retraining there is."""
    model = made(make_toy, name, tmp_path)
    files = []
    while True:
        if model.retrained:
            files.append(tmp_path / f"{model.period}.checkpoint")
            save_checkpoint(model, files[-1])
        if model.finished:
            break
        model.step()
    undisturbed = bits(model, tmp_path)
    assert len(files) > 2
    for number, file in enumerate((files[0], files[len(files) // 2])):
        again = restore(file)
        assert type(again) is GigEconomy
        while not again.finished:
            again.step()
            if number == 0 and again.retrained:
                save_checkpoint(again, tmp_path / "again")
                again = restore(tmp_path / "again")
        assert bits(again, tmp_path) == undisturbed, file.name
    last = restore(files[-1])
    assert last.resumed == [{"period": int(files[-1].stem), "differs": []}]
    collected, whole = (m.datacollector.get_model_vars_dataframe() for m in (last, again))
    assert collected.equals(whole.iloc[: last.period + 1])


def attributes_of(model: GigEconomy) -> dict[str, Any]:
    """Each attribute that is a plain value, comparable, on whichever side ``SAVED`` has it."""
    found = {}
    for name, part in SAVED.items():
        whole = vars(getattr(model, name) if name else model)
        # Mesa notes for itself whether it has looked at its reporters.
        for key in {*part.saved, *part.rebuilt} - {"resumed", "_validated"}:
            packer = Packer(CLASSES)
            try:
                content = packer.pack(whole.get(key))
            except TypeError:  # an object: made again
                continue
            arrays = {place: array.tobytes() for place, array in packer.arrays.items()}
            found[f"{name}.{key}"] = (content, arrays)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "linear",
        "transformer, warm, repeated, newcomers",
        "window, newcomers",
        "surrogate",
        "rotation",
        "warm later",
        "newcomers later, evasive",
    ],
)
def test_a_restored_model_has_the_state_that_was_saved(
    make_toy: Make, tmp_path: Path, name: str
) -> None:
    model = made(make_toy, name, tmp_path)
    model.run(4)
    # A script may have drawn from Mesa's own generators.
    assert model.random.random() + model.rng.random() > 0
    save_checkpoint(model, tmp_path / "file")
    first = (tmp_path / "file").read_bytes()
    save_checkpoint(model, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == first, "equal models, equal files"
    again = restore(tmp_path / "file")
    assert again.config == model.config
    assert again.now == model.now
    assert repr(state_of(again)) == repr(state_of(model))
    assert attributes_of(again) == attributes_of(model)
    assert again.platform.texts is (again.stage.texts if isinstance(again.stage, Stage) else None)
    # What is drawn from Mesa's own generators goes on, too.
    assert again.random.random() == model.random.random()
    assert again.rng.random() == model.rng.random()


@pytest.mark.slow
@settings(max_examples=6)
@given(
    overrides=st.fixed_dictionaries(
        {
            "run.seed": st.integers(0, 1000),
            "platform.learner.kind": st.sampled_from(["linear", "bayes"]),
            "population.turnover": st.sampled_from([0.0, 0.1, 0.7]),
            "platform.data": st.sampled_from(["current", "window"]),
            "platform.window": st.integers(1, 4),
            "platform.retrain_every": st.integers(1, 3),
            "society.belief": st.sampled_from(["published", "adaptive", "neighbours"]),
            "society.rule": st.sampled_from(["best_response", "logit", "imitation", "threshold"]),
            "society.order": st.sampled_from(["synchronous", "sequential"]),
            "society.cost_timing": st.sampled_from(["per_period", "once"]),
            "collective.retention": st.sampled_from([0.0, 0.7]),
            "collective.leak": st.sampled_from([0.0, 0.3]),
        }
    ),
    stop=st.integers(0, 5),
)
def test_any_small_world_at_any_period(
    make_toy: Make, tmp_path_factory: pytest.TempPathFactory, overrides: Any, stop: int
) -> None:
    """Also between retrainings, where a script may save."""
    folder = tmp_path_factory.mktemp("any")
    model = make_toy(**overrides, **SMALL)
    model.run(stop)
    save_checkpoint(model, folder / "file")
    again = restore(folder / "file")
    assert model.run(6 - stop).equals(again.run(6 - stop))
    assert bits(again, folder) == bits(model, folder)


@pytest.mark.slow
def test_workers_need_not_be_as_many(make_toy: Make, tmp_path: Path) -> None:
    model = make_toy()
    model.run(1)
    save_checkpoint(model, tmp_path / "file")
    seen: list[str] = []
    again = restore(tmp_path / "file", workers=1, observer=seen.append)
    try:
        assert again.run(3).equals(model.run(3))
    finally:
        again.close()
    assert any("training" in line for line in seen)


# ---------------------------------------------------------------------- nothing is forgotten


@pytest.fixture(scope="module")
def kinds(make_toy: Make, tmp_path_factory: pytest.TempPathFactory) -> list[GigEconomy]:
    folder = tmp_path_factory.mktemp("kinds")
    models = [made(make_toy, name, folder) for name in ("linear", "bayes", "table", "surrogate")]
    for model in models:
        model.step()
    return models


def test_every_attribute_is_saved_or_known_to_be_rebuilt(kinds: list[GigEconomy]) -> None:
    """A new attribute fails here: put it into ``checkpoint_state.SAVED``, on one side."""
    for model in kinds:
        assert unknown_attributes(model) == []


def test_every_name_is_that_of_an_attribute(kinds: list[GigEconomy]) -> None:
    for name, part in SAVED.items():
        wholes = [getattr(model, name) if name else model for model in kinds]
        assert not set(part.saved) & set(part.rebuilt)
        for key in part.saved:
            assert all(key in vars(whole) for whole in wholes), f"{name}.{key}"
        for key in part.rebuilt:
            assert any(key in vars(whole) for whole in wholes), f"{name}.{key}"
    columns = {field.name for field in dataclasses.fields(Population)}
    assert columns <= {*SAVED["population"].saved, *SAVED["population"].rebuilt}


@pytest.mark.parametrize("place", ["", *SAVED])
def test_an_attribute_of_which_nothing_is_known_is_an_error(
    make_toy: Make, tmp_path: Path, place: str
) -> None:
    model = make_toy(**BAYES)
    vars(getattr(model, place) if place else model)["mood"] = 1
    with pytest.raises(TypeError, match="mood"):
        save_checkpoint(model, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


class Stubborn(GigEconomy):
    """Nobody is ever asked."""

    def decide(self) -> None:
        self.joined = self.left = 0


def test_a_subclass_is_restored_only_as_itself(make_toy: Make, tmp_path: Path) -> None:
    model = make_toy(Stubborn, **BAYES)
    model.run(2)
    save_checkpoint(model, tmp_path / "file")
    with pytest.raises(InputError, match="Stubborn; restore it as kind="):
        restore(tmp_path / "file")
    again = restore(tmp_path / "file", kind=Stubborn)
    assert type(again) is Stubborn
    assert again.run(2).equals(model.run(2))


def test_no_resume_is_in_the_file(make_toy: Make, tmp_path: Path) -> None:
    """Nor its encoded text, of founders or newcomers: each array is one of people or weights."""
    model = make_toy(**NEWCOMERS)
    model.run(4)
    save_checkpoint(model, tmp_path / "file")
    arrays = read_packed(tmp_path / "file", "gigsim checkpoint").arrays
    texts = model.stage.texts.arrays()
    for array in arrays.values():
        for name in ("data", "indices"):
            assert array.shape != texts[name].shape
    rows = sum(array.size for array in arrays.values() if array.dtype == np.int64)
    assert rows < len(texts["indices"])


# -------------------------------------------------------------------------------- bad input


@pytest.fixture
def saved(make_toy: Make, tmp_path: Path) -> Path:
    model = make_toy(**BAYES)
    model.run(2)
    save_checkpoint(model, tmp_path / "run.checkpoint")
    return tmp_path / "run.checkpoint"


def rewritten(path: Path, **changes: Any) -> None:
    """The file with other content and a digest that fits."""
    found = read_packed(path, "gigsim checkpoint")
    write_packed(path, Packed(found.kind, found.content | changes, found.arrays))


def said(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        restore(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_such_file(tmp_path: Path) -> None:
    assert "none: cannot be read (No such file or directory); a file" in said(tmp_path / "none")
    assert "cannot be read (Is a directory)" in said(tmp_path)


@pytest.mark.parametrize("size", [0, 7, 8, 100, -1000, -1])
def test_a_truncated_file(saved: Path, size: int) -> None:
    saved.write_bytes(saved.read_bytes()[:size])
    assert "run.checkpoint: no gigsim checkpoint, or damaged" in said(saved)


def test_a_damaged_file(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[-20] ^= 1
    saved.write_bytes(content)
    assert "damaged: its digest does not fit its content" in said(saved)


def test_a_foreign_file(toy_language_path: Path, tmp_path: Path) -> None:
    assert "no gigsim checkpoint" in said(toy_language_path)
    (tmp_path / "text").write_text("hello\n" * 100, encoding="utf-8")
    assert "no gigsim checkpoint" in said(tmp_path / "text")


def test_another_schema(saved: Path) -> None:
    rewritten(saved, schema_version=2)
    assert "a checkpoint of schema 2; this version of gigsim reads schema 1" in said(saved)


def test_a_state_of_something_else(saved: Path) -> None:
    rewritten(saved, state={"dict": {}})
    assert "its state is not that of a run" in said(saved)
    rewritten(saved, state={"array": "nowhere"})
    assert "its content makes no sense" in said(saved)


def elsewhere(path: Path, package: str) -> None:
    found = read_packed(path, "gigsim checkpoint").content["environment"]
    rewritten(path, environment=found | {"versions": found["versions"] | {package: "0.0.1"}})


def test_another_version_of_gigsim_is_refused(saved: Path) -> None:
    elsewhere(saved, "gigsim")
    assert "written by gigsim 0.0.1, this is" in said(saved)


def test_other_libraries_are_said_and_remembered(saved: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        restore(saved)
    elsewhere(saved, "numpy")
    with pytest.warns(OtherMachine, match=r"numpy 0\.0\.1, now"):
        model = restore(saved)
    (entry,) = model.resumed
    assert entry["period"] == 2
    assert entry["differs"] == [f"numpy 0.0.1, now {np.__version__}"]
    save_checkpoint(model, saved)
    assert [once["period"] for once in restore(saved).resumed] == [2, 2]


def with_files(make_toy: Make, tmp_path: Path, **overrides: Any) -> Path:
    """A checkpoint of a world of files of its own."""
    toy_language().save(tmp_path / "own.npz")
    (tmp_path / "ties.csv").write_text(
        "\n".join(f"{i} {(i + 1) % 40}" for i in range(40)), encoding="utf-8"
    )
    keys = {"corpus.language": str(tmp_path / "own.npz"), "population.size": 40} | overrides
    model = make_toy(**keys)
    model.run(1)
    save_checkpoint(model, tmp_path / "run.checkpoint")
    restore(tmp_path / "run.checkpoint")
    return tmp_path / "run.checkpoint"


def test_a_language_that_is_gone_or_changed(make_toy: Make, tmp_path: Path) -> None:
    path = with_files(make_toy, tmp_path)
    (tmp_path / "own.npz").unlink()
    assert "own.npz: no such file" in said(path)
    toy_language(longest=39).save(tmp_path / "own.npz")
    assert "own.npz: not the resumes that the run of" in said(path)


def test_a_corpus_that_is_gone_or_changed(make_toy: Make, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path)
    keys = {"corpus.path": str(tmp_path / "corpus.npz"), "corpus.language": ""}
    keys |= {"population.turnover": 0.2, "corpus.test_size": 0}
    path = with_files(make_toy, tmp_path, **keys)
    (tmp_path / "corpus.npz").rename(tmp_path / "moved.npz")
    assert "corpus.npz: no such file" in said(path)
    labels = corpus.labels.copy()
    labels[:, 3] = ~labels[:, 3]
    dataclasses.replace(corpus, labels=labels).save(tmp_path / "corpus.npz")
    assert "corpus.npz: not the resumes that the run of" in said(path)
    shutil.copy(tmp_path / "moved.npz", tmp_path / "corpus.npz")
    restore(path)


def test_a_curve_that_changed(make_toy: Make, tmp_path: Path) -> None:
    path = with_files(make_toy, tmp_path, **curve(tmp_path))
    file = tmp_path / "curve.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("0.8", "0.7"), encoding="utf-8")
    assert "curve.csv: not the curve that the run of" in said(path)


def test_a_network_that_changed(make_toy: Make, tmp_path: Path) -> None:
    keys = {"network.kind": "edge_list", "network.path": str(tmp_path / "ties.csv")}
    path = with_files(make_toy, tmp_path, **keys)
    with (tmp_path / "ties.csv").open("a", encoding="utf-8") as file:
        file.write("\n0 20")
    assert "network: not the network that the run of" in said(path)


def test_what_differs_is_said_where_the_world_is_another(make_toy: Make, tmp_path: Path) -> None:
    path = with_files(make_toy, tmp_path)
    elsewhere(path, "numpy")
    toy_language(longest=39).save(tmp_path / "own.npz")
    with pytest.warns(OtherMachine):
        assert "and the same libraries (numpy 0.0.1, now" in said(path)


# --------------------------------------------------------------------------------- writing


def in_a_process(code: str, *, obeying: bool = False) -> str:
    """What a script prints; ``obeying`` permission bits even as root."""
    command = [sys.executable, "-c", code]
    if obeying:
        command = bound_by_permissions(*command)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


SCRIPT = """
import os, resource
from pathlib import Path
from gigsim.checkpoint import restore, save_checkpoint
from gigsim.errors import InputError
path = Path({path!r})
model = restore(path)
model.run(2)
{limit}
try:
    save_checkpoint(model, path)
except InputError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_full_disk_leaves_the_one_before(saved: Path) -> None:
    before = saved.read_bytes()
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))"
    out = in_a_process(SCRIPT.format(path=str(saved), limit=limit))
    assert out == (
        f"{saved}: the checkpoint cannot be written (File too large); free some space, or name"
        " another place"
    )
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_read_only_folder(saved: Path) -> None:
    saved.parent.chmod(0o500)
    try:
        out = in_a_process(SCRIPT.format(path=str(saved), limit=""), obeying=True)
    finally:
        saved.parent.chmod(0o700)
    assert "the checkpoint cannot be written (Permission denied)" in out
    assert load_checkpoint(saved).period == 2


def test_the_config_in_force(make_toy: Make) -> None:
    model = make_toy(at=[at(2, collective__leak=0.5), at(4, collective__leak=0.6)], **BAYES)
    leaks = [config_in(model, period).collective.leak for period in range(6)]
    assert leaks == [0.01, 0.01, 0.5, 0.5, 0.6, 0.6]


def test_the_config_comes_back_as_it_was(saved: Path, tmp_path: Path) -> None:
    config = load_checkpoint(saved).config
    (tmp_path / "config.toml").write_text(dumps(config), encoding="utf-8")
    assert load(tmp_path / "config.toml") == config


def test_a_cache_of_trainings_is_handed_on(make_toy: Make, tmp_path: Path) -> None:
    model = make_toy()
    save_checkpoint(model, tmp_path / "file")
    cache = TrainingCache(tmp_path / "cache", 10**9)
    first, second = (restore(tmp_path / "file", cache=cache) for _ in range(2))
    assert first.run(2).equals(second.run(2))
    assert (first.ledger.trainings_cached, second.ledger.trainings_cached) == (0, 2)
