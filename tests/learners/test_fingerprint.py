"""The key of a training: everything that determines the outcome changes it, nothing else does."""

from __future__ import annotations

import copy
import dataclasses
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from gigsim.learners import fingerprint as module
from gigsim.learners.fingerprint import Digest, Unknown, digest_of_files, fingerprint
from gigsim.learners.linear import CountRows, LinearLearner
from gigsim.learners.pool import FitJob
from gigsim.learners.protocol import Rows
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import LinearRecipe, TableRecipe, TransformerRecipe
from gigsim.learners.table import TableLearner
from gigsim.learners.transformer import TokenRows, TransformerLearner
from tests.conftest import REPOSITORY
from tests.learners.asking import full_job
from tests.learners.toys import separable, tiny_bert

LINEAR = LinearLearner(LinearRecipe(), 3)
TRANSFORMER = TransformerLearner(TransformerRecipe(width=16, max_tokens=32), 3)
TABLE = TableLearner(TableRecipe(), 3)
LEARNERS = [LINEAR, TRANSFORMER, TABLE]


BASE = {learner.name: fingerprint(full_job(learner)) for learner in LEARNERS}

#: For every field of a recipe another value than the one it has in LEARNERS.
OTHERS: dict[str, dict[str, Any]] = {
    "linear": {"kind": None, "c": 1.0, "tolerance": 1e-5, "max_iterations": 100, "features": 10},
    "transformer": {
        "kind": None,
        "encoder": None,  # a test of its own
        "vocabulary_size": 100,
        "max_tokens": 64,
        "layers": 1,
        "width": 32,
        "heads": 4,
        "feedforward": 64,
        "activation": "gelu",
        "normalisation": "post",
        "initialisation": "normal",
        "weight_std": 0.1,
        "embedding_std": 0.03,
        "pooling": "mean",
        "dropout": 0.1,
        "epochs": 3,
        "batch_size": 8,
        "learning_rate": 1e-4,
        "schedule": "constant",
        "warmup": 0.2,
        "weight_decay": 0.0,
        "gradient_clip": 2.0,
    },
}


@pytest.mark.parametrize("learner", [LINEAR, TRANSFORMER], ids=lambda learner: learner.name)
def test_every_field_of_a_recipe_counts(learner: Any) -> None:
    others = OTHERS[learner.name]
    assert set(others) == set(type(learner.recipe).model_fields), "a value for every field"
    keys = {BASE[learner.name]}
    changed = {name: value for name, value in others.items() if value is not None}
    for name, value in changed.items():
        recipe = learner.recipe.model_copy(update={name: value})
        other = dataclasses.replace(learner, recipe=recipe)
        keys.add(fingerprint(dataclasses.replace(full_job(learner), learner=other)))
    assert len(keys) == 1 + len(changed)


@pytest.mark.parametrize("learner", [LINEAR, TRANSFORMER], ids=lambda learner: learner.name)
def test_every_field_of_a_learner_counts(learner: Any) -> None:
    others = {"labels": 4, "threads": 2, "precision": "bfloat16", "device": "mps"}
    names = {f.name for f in dataclasses.fields(learner)} - {"recipe"}
    assert names <= set(others)
    keys = {BASE[learner.name]}
    for name in names:
        other = copy.copy(learner)
        # Not replace(), which would refuse a device that is not here.
        object.__setattr__(other, name, others[name])
        keys.add(fingerprint(dataclasses.replace(full_job(learner), learner=other)))
    assert len(keys) == 1 + len(names)


def test_learners_never_share() -> None:
    assert len(set(BASE.values())) == len(LEARNERS)


def changed_array(values: np.ndarray, at: int) -> np.ndarray:
    """The array with one element changed as little as its type allows."""
    other = values.copy()
    flat = other.reshape(-1)
    at %= len(flat)
    if other.dtype == bool:
        flat[at] = ~flat[at]
    elif other.dtype.kind == "f":
        flat[at] = np.nextafter(flat[at], np.inf)
    else:
        flat[at] += 1
    return other


def changed_rows(rows: Rows, at: int) -> Rows:
    """The rows with one number changed in one of their arrays that holds what was read."""
    if isinstance(rows, CountRows):
        counts = rows.counts.copy()
        counts.data = changed_array(counts.data, at)
        return CountRows(counts)
    assert isinstance(rows, TokenRows)
    return TokenRows(Ragged(changed_array(rows.texts.values, at), rows.texts.offsets), rows.size)


CHANGES: dict[str, Callable[[FitJob, int], FitJob]] = {
    "an id": lambda job, at: dataclasses.replace(job, rows=changed_rows(job.rows, at)),
    "a row less": lambda job, at: dataclasses.replace(
        job, rows=job.rows.take(np.delete(np.arange(30), at % 30))
    ),
    "a row twice": lambda job, at: dataclasses.replace(
        job, rows=job.rows.take(np.append(np.arange(30), at % 30))
    ),
    "the order": lambda job, at: dataclasses.replace(
        job, rows=job.rows.take(np.roll(np.arange(30), 1 + at % 29))
    ),
    "a label": lambda job, at: dataclasses.replace(job, labels=changed_array(job.labels, at)),
    "no start": lambda job, at: dataclasses.replace(job, start=None),
    "an empty start": lambda job, at: dataclasses.replace(job, start={}),
    "a weight": lambda job, at: dataclasses.replace(
        job, start=job.start and job.start | {"w": changed_array(job.start["w"], at)}
    ),
    "a weight's name": lambda job, at: dataclasses.replace(
        job, start=job.start and {f"{k}{at}": v for k, v in job.start.items()}
    ),
    "a weight's type": lambda job, at: dataclasses.replace(
        job, start=job.start and job.start | {"b": job.start["b"].astype(float)}
    ),
    "a weight's shape": lambda job, at: dataclasses.replace(
        job, start=job.start and job.start | {"w": job.start["w"].reshape(3, 2)}
    ),
    "nothing to evaluate": lambda job, at: dataclasses.replace(job, evaluate=()),
    "evaluated twice": lambda job, at: dataclasses.replace(job, evaluate=job.evaluate * 2),
    "evaluated in another order": lambda job, at: dataclasses.replace(
        job, evaluate=job.evaluate[::-1]
    ),
    "an id of what is evaluated": lambda job, at: dataclasses.replace(
        job, evaluate=(changed_rows(job.evaluate[0], at), *job.evaluate[1:])
    ),
}


@given(
    learner=st.sampled_from([LINEAR, TRANSFORMER]),
    change=st.sampled_from(sorted(CHANGES)),
    at=st.integers(0, 10_000),
)
def test_any_ingredient_changes_the_key(learner: Any, change: str, at: int) -> None:
    job = CHANGES[change](full_job(learner), at)
    assert fingerprint(job) != BASE[learner.name]
    # And the same change is the same key again.
    assert fingerprint(CHANGES[change](full_job(learner), at)) == fingerprint(job)


@given(seed=st.integers(0, 2**63 - 1).filter(lambda seed: seed != 1))
def test_a_seed_counts_where_something_is_drawn(seed: int) -> None:
    assert fingerprint(full_job(TRANSFORMER, seed=seed)) != BASE["transformer"]
    assert fingerprint(full_job(LINEAR, seed=seed)) == BASE["linear"]


def test_the_number_of_ids_counts() -> None:
    """Rows of the same ids out of more of them make another network."""
    job = full_job(TRANSFORMER)
    assert isinstance(job.rows, TokenRows)
    more = dataclasses.replace(job, rows=TokenRows(job.rows.texts, 41))
    assert fingerprint(more) != BASE["transformer"]


@given(
    pieces=st.lists(st.binary(max_size=3), min_size=1, max_size=4),
    others=st.lists(st.binary(max_size=3), min_size=1, max_size=4),
)
def test_no_two_sequences_look_alike(pieces: list[bytes], others: list[bytes]) -> None:
    digests = []
    for sequence in (pieces, others):
        digest = Digest()
        for piece in sequence:
            digest.add("", piece)
        digests.append(digest.hexdigest())
    assert (digests[0] == digests[1]) == (pieces == others)


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
def test_equal_content_in_other_objects_is_the_same_key(learner: Any) -> None:
    job = pickle.loads(pickle.dumps(full_job(learner)))
    wide = np.repeat(job.labels, 2, axis=1)
    assert job.start is not None
    other = dataclasses.replace(
        job,
        rows=job.rows.take(np.arange(30)),
        labels=wide[:, ::2],
        start={k: np.asfortranarray(job.start[k]) for k in reversed(job.start)},
        learner=dataclasses.replace(learner, recipe=type(learner.recipe)(**dict(learner.recipe))),
    )
    assert not other.labels.flags.c_contiguous
    assert fingerprint(job) == fingerprint(other) == BASE[learner.name]


ELSEWHERE = """
from gigsim.learners.fingerprint import fingerprint
from gigsim.learners.recipes import TableRecipe, TransformerRecipe
from gigsim.learners.table import TableLearner
from gigsim.learners.transformer import TransformerLearner
from tests.learners.asking import full_job
recipe = TransformerRecipe(width=16, max_tokens=32)
for learner in (TableLearner(TableRecipe(), 3), TransformerLearner(recipe, 3)):
    print(learner.name, fingerprint(full_job(learner)))
"""


def test_another_process_has_the_same_keys() -> None:
    """With other modules imported in another order, and another seed of Python's hashes."""
    command = [sys.executable, "-c", ELSEWHERE]
    environment = dict(os.environ) | {"PYTHONHASHSEED": "7"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=REPOSITORY, env=environment
    )
    assert done.stdout == f"table {BASE['table']}\ntransformer {BASE['transformer']}\n"


# ------------------------------------------------------------------ code and machine


@pytest.mark.parametrize("library", ["numpy", "scipy", "torch"])
def test_a_librarys_version_counts_where_it_is_used(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{library}.__version__", "0.0.1")
    changed = {name for name in BASE if fingerprint(full_job(by_name(name))) != BASE[name]}
    assert changed == {learner.name for learner in LEARNERS if library in learner.libraries}
    assert changed


def by_name(name: str) -> Any:
    return next(learner for learner in LEARNERS if learner.name == name)


def test_the_sources_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_own_sources", lambda: "other code")
    for learner in LEARNERS:
        assert fingerprint(full_job(learner)) != BASE[learner.name]


def test_sources_count_by_name_and_content(tmp_path: Path) -> None:
    one, two = tmp_path / "a.py", tmp_path / "b.py"
    one.write_text("x = 1\n")
    two.write_text("y = 1\n")
    digests = [digest_of_files([one, two])]
    assert digest_of_files([two, one]) == digests[0]
    two.write_text("y = 2\n")
    digests.append(digest_of_files([one, two]))
    two.rename(tmp_path / "c.py")
    digests.append(digest_of_files(tmp_path.glob("*.py")))
    one.unlink()
    digests.append(digest_of_files(tmp_path.glob("*.py")))
    assert len(set(digests)) == 4


def test_sources_are_read_of_this_package() -> None:
    """The files that learners are made of are in the digest, whichever they are."""
    package = Path(module.__file__).parent
    assert {p.name for p in package.rglob("*.py")} > {"linear.py", "transformer.py", "encoder.py"}
    assert module._own_sources() == digest_of_files(package.rglob("*.py"))


def test_sources_that_were_edited_since_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    module.sources_digest()
    newest = max(p.stat().st_mtime_ns for p in Path(module.__file__).parent.rglob("*.py"))
    assert newest <= module.IMPORTED <= time.time_ns()
    monkeypatch.setattr(module, "IMPORTED", newest - 1)
    with pytest.raises(Unknown, match=r"gigsim/learners/[\w/]+\.py has changed since"):
        fingerprint(full_job(LINEAR))


def test_without_sources_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PACKAGE", tmp_path)
    with pytest.raises(Unknown, match="not at hand"):
        fingerprint(full_job(LINEAR))


class Elsewhere(LinearLearner):
    """A learner whose code is not this package's."""


def test_a_learner_from_elsewhere_is_not_known() -> None:
    job = dataclasses.replace(full_job(LINEAR), learner=Elsewhere(LinearRecipe(), 3))
    with pytest.raises(Unknown, match=r"Elsewhere has code outside of gigsim\.learners"):
        fingerprint(job)


@pytest.mark.parametrize("variable", module._ENVIRONMENT)
def test_what_chooses_other_kernels_counts(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "other")
    assert fingerprint(full_job(LINEAR)) != BASE["linear"]
    assert fingerprint(full_job(TRANSFORMER)) != BASE["transformer"]


@pytest.mark.parametrize("part", ["machine", "system", "processor", "vectors", "libc"])
def test_another_machine_has_other_keys(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = module._processor()
    assert set(here) == {"machine", "system", "processor", "vectors", "libc"}
    monkeypatch.setattr(module, "_processor", lambda: here | {part: "other"})
    assert fingerprint(full_job(LINEAR)) != BASE["linear"]


def test_blas_counts_for_numpy_and_torchs_own_for_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module._blas(), "a BLAS is loaded here"
    monkeypatch.setattr(module, "_blas", lambda: ["another"])
    assert fingerprint(full_job(LINEAR)) != BASE["linear"]
    assert fingerprint(full_job(TRANSFORMER)) == BASE["transformer"]
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "other")
    assert fingerprint(full_job(TRANSFORMER)) != BASE["transformer"]


def test_what_torch_was_told_counts() -> None:
    import torch

    torch.set_default_dtype(torch.float64)
    try:
        assert fingerprint(full_job(TRANSFORMER)) != BASE["transformer"]
    finally:
        torch.set_default_dtype(torch.float32)
    # As ``torch.backends.mkldnn.flags`` does, which warns of an Intel GPU that is not here.
    torch._C._set_mkldnn_enabled(False)
    try:
        assert fingerprint(full_job(TRANSFORMER)) != BASE["transformer"]
    finally:
        torch._C._set_mkldnn_enabled(True)
    assert fingerprint(full_job(TRANSFORMER)) == BASE["transformer"]


def test_a_gpu_counts_by_name_and_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = copy.copy(TRANSFORMER)
    object.__setattr__(learner, "device", "cuda")
    gpu: dict[str, Any] = {
        "cuda.get_device_name": lambda: "H100",
        "cuda.get_device_capability": lambda: (9, 0),
        "version.cuda": "12.8",
        "backends.cudnn.version": lambda: 90_100,
    }
    others: dict[str, Any] = {
        "cuda.get_device_name": lambda: "A100",
        "cuda.get_device_capability": lambda: (8, 0),
        "version.cuda": "12.9",
        "backends.cudnn.version": lambda: 90_200,
    }
    for name, value in gpu.items():
        monkeypatch.setattr(f"torch.{name}", value)
    keys = {fingerprint(full_job(learner))}
    for name, value in others.items():
        monkeypatch.setattr(f"torch.{name}", value)
        keys.add(fingerprint(full_job(learner)))
        monkeypatch.setattr(f"torch.{name}", gpu[name])
    assert len(keys) == 1 + len(others)


def test_a_published_encoder_counts_by_what_it_holds(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = tiny_bert(tmp_path / "tiny")
    recipe = TransformerRecipe(encoder=str(folder), max_tokens=32)
    learner = TransformerLearner(recipe, 3)
    assert "transformers" in learner.libraries
    texts, labels = separable(5, 0)
    job = FitJob(learner, TokenRows(texts.truncate(10), 40), labels, 1)
    keys = [fingerprint(job), fingerprint(job)]
    assert keys[0] == keys[1]
    (folder / "README.md").write_text("says nothing\n")
    assert fingerprint(job) == keys[0]
    weights = load_file(folder / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    save_file(weights | {name: changed_array(weights[name], 7)}, folder / "model.safetensors")
    keys.append(fingerprint(job))
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"gelu"', '"relu"'))
    keys.append(fingerprint(job))
    assert len(set(keys)) == 3


def test_arrays_of_objects_have_no_digest() -> None:
    with pytest.raises(TypeError, match="array of objects"):
        Digest().add_array("x", np.array([None]))


def test_a_key_names_a_file() -> None:
    for key in BASE.values():
        assert len(key) == 64
        assert set(key) <= set("0123456789abcdef")


def test_a_key_costs_little_beside_a_training() -> None:
    """20,000 texts of 128 ids; measured .03 s where a training takes minutes. A loose bound."""
    generator = np.random.default_rng(0)
    ids = generator.integers(0, 8_000, 20_000 * 128, dtype=np.int32)
    texts = Ragged(ids, np.arange(0, 20_000 * 128 + 1, 128, dtype=np.int64))
    job = FitJob(TRANSFORMER, TokenRows(texts, 8_000), np.zeros((20_000, 3), dtype=bool), 1)
    fingerprint(job)
    began = time.process_time()
    fingerprint(job)
    assert time.process_time() - began < 1


def test_recipes_are_all_plain() -> None:
    for learner in LEARNERS:
        recipe: BaseModel = learner.recipe
        assert module.described(learner)["recipe"] == recipe.model_dump(mode="json")
