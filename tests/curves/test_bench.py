"""Benches: built once, kept while they are wanted, the same people for every strategy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from gigsim.config import Config, build
from gigsim.curves.bench import READING, bench_for, forget_benches
from gigsim.learners.embedding_cache import VARIABLE
from gigsim.learners.embedding_rows import embedding_rows
from gigsim.learners.protocol import make_reader
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import (
    BayesRecipe,
    FrozenRecipe,
    LinearRecipe,
    TableRecipe,
    TransformerRecipe,
)
from gigsim.model import GigEconomy
from tests.curves.worlds import arm
from tests.learners.toys import corpus_of, tiny_bert
from tests.toys import toy_language


def test_arms_that_read_alike_share_a_bench(toy_config: Config) -> None:
    first = bench_for(arm(toy_config).config)
    other = arm(toy_config, **{"collective.target": "Web_Developer", "platform.learner.c": 2.0})
    assert bench_for(other.config) is first


def test_two_are_kept_and_the_oldest_goes(toy_config: Config) -> None:
    sizes = [arm(toy_config, **{"corpus.test_size": n}).config for n in (20, 21, 22)]
    first, second, _ = (bench_for(config) for config in sizes)
    assert bench_for(sizes[1]) is second
    assert bench_for(sizes[0]) is not first
    forget_benches()
    assert bench_for(sizes[1]) is not second


def test_another_file_of_the_same_name_is_another_bench(
    toy_config: Config, toy_language_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "language.npz"
    path.write_bytes(toy_language_path.read_bytes())
    config = arm(toy_config, **{"corpus.language": str(path), "corpus.test_size": 30}).config
    first = bench_for(config)
    assert bench_for(config) is first
    # What is in it counts, and not when it was written.
    path.touch()
    assert bench_for(config) is first
    toy_language(sharpness=2.0).save(path)
    assert bench_for(config) is not first


def test_a_rewritten_network_is_another_bench(toy_config: Config, tmp_path: Path) -> None:
    path = tmp_path / "ties.txt"
    path.write_text("0 1\n1 2\n")
    network = {"network": {"kind": "edge_list", "path": str(path)}}
    few = {"population.size": 3, "collective.first_movers": 1, "measure.reference": 1}
    config = build(toy_config.model_dump(mode="json"), network | few, "test")
    first = bench_for(config)
    assert bench_for(config) is first
    path.write_text("0 1\n0 2\n")
    assert bench_for(config) is not first
    # What plays no part on a curve is no part of a bench.
    costs = tmp_path / "costs.csv"
    costs.write_text("c\n1\n")
    table = {"population.cost": {"kind": "table", "path": str(costs), "column": "c"}}
    first = bench_for(build(config.model_dump(mode="json"), table, "test"))
    costs.write_text("c\n2\n")
    assert bench_for(build(config.model_dump(mode="json"), table, "test")) is first


@pytest.mark.slow
def test_a_rewritten_encoder_is_another_bench(
    toy_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file, save_file

    monkeypatch.setenv(VARIABLE, "off")
    folder = tiny_bert(tmp_path / "tiny")
    learner = {"kind": "frozen", "encoder": str(folder), "max_tokens": 32}
    fewer = {"population.size": 50, "corpus.test_size": 20, "collective.signal.every": 3}
    config = arm(toy_config, **fewer, **{"platform.learner": learner}).config
    first = bench_for(config)
    assert bench_for(config) is first
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("word_embeddings.weight"))
    weights[name] = -weights[name]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    second = bench_for(config)
    assert second is not first
    before, after = (embedding_rows(b.stage.texts).vectors for b in (first, second))
    assert not np.array_equal(before, after)


#: Of each recipe the fields that a bench's key leaves out, with another value for each.
NOT_READ: dict[type[BaseModel], dict[str, Any]] = {
    LinearRecipe: {"c": 1.0, "tolerance": 1e-2, "max_iterations": 10},
    FrozenRecipe: {"c": 1.0, "tolerance": 1e-2, "max_iterations": 10},
    # These have one value only.
    TableRecipe: {"unseen": "prior", "ties": "first"},
    BayesRecipe: {"epsilon": 0.1, "closeness": "conditional_tv"},
    TransformerRecipe: {
        "layers": 1,
        "width": 64,
        "heads": 4,
        "feedforward": 128,
        "activation": "gelu",
        "normalisation": "post",
        "initialisation": "normal",
        "weight_std": 0.1,
        "embedding_std": 0.1,
        "dropout": 0.1,
        "epochs": 3,
        "batch_size": 8,
        "learning_rate": 1e-4,
        "schedule": "constant",
        "warmup": 0.0,
        "weight_decay": 0.0,
        "gradient_clip": 2.0,
    },
}


def readings(recipe: Any) -> tuple[Any, ...]:
    """All that a bench takes from a learner, of two corpora: one with a list of its words."""
    reader = make_reader(recipe, labels=1)
    corpus = corpus_of(["manage server python web", "python java manage manage"] * 3)
    found: list[Any] = [reader.limit, reader.ordered]
    for word_list in (corpus.words, None):
        if word_list is None and isinstance(recipe, BayesRecipe):
            continue
        vocabulary = reader.vocabulary(corpus, word_list)
        pieces = vocabulary.pieces(["manage", "server", "python"])
        text = Ragged(np.tile(pieces.values, 5), np.array([0, 5 * len(pieces.values)]))
        arrays = reader.represent(text, vocabulary.size).arrays()
        found += [vocabulary.size, *(part.tobytes() for part in (*pieces, *arrays.values()))]
    return tuple(found)


@pytest.mark.parametrize(
    "kind",
    [
        # It loads an encoder.
        pytest.param(kind, marks=[pytest.mark.slow] if kind is FrozenRecipe else [])
        for kind in NOT_READ
    ],
    ids=lambda kind: str(kind.__name__),
)
def test_fields_that_the_key_leaves_out_change_no_reading(
    kind: type[BaseModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    small: dict[str, Any] = {}
    if kind is FrozenRecipe:
        small = {"encoder": str(tiny_bert(tmp_path / "tiny")), "max_tokens": 10}
    if kind is TransformerRecipe:
        small = {"max_tokens": 10, "vocabulary_size": 100}
    recipe = kind(**small)
    left_out, read = NOT_READ[kind], READING[recipe.kind]  # type: ignore[attr-defined]
    # A new field is one of the two.
    assert {*left_out, *read, "kind"} == set(kind.model_fields)
    assert not read & left_out.keys()
    before = readings(recipe)
    for name, value in left_out.items():
        assert readings(recipe.model_copy(update={name: value})) == before, name


def test_a_pooled_first_piece_takes_the_place_of_one_that_is_read(toy_config: Config) -> None:
    recipe = {"kind": "transformer", "max_tokens": 32}
    for first, second in (("mean", "first"), ("first", "mean")):
        forget_benches()
        for pooling in (first, second):
            config = arm(toy_config, **{"platform.learner": recipe | {"pooling": pooling}}).config
            offsets = bench_for(config).stage.texts.arrays()["offsets"]
            assert np.diff(offsets).max() == (32 if pooling == "mean" else 31)


def test_its_people_are_those_of_a_run(toy_config: Config, toy_run: GigEconomy) -> None:
    bench, stage = bench_for(toy_config), toy_run.stage
    np.testing.assert_array_equal(bench.stage.labels, stage.labels)
    np.testing.assert_array_equal(bench.stage.test_labels, stage.test_labels)
    np.testing.assert_array_equal(
        bench.stage.network.matrix().toarray(), stage.network.matrix().toarray()
    )
    # Nobody carries the signal on a bench: who does is drawn for each seed.
    assert not bench.stage.contains.any()
    assert stage.contains.any()


def test_texts_as_found_are_the_clean_ones_with_the_signal_where_it_is_borne(
    toy_config: Config,
) -> None:
    bench = bench_for(toy_config)
    n = len(bench.stage.test_labels)
    nobody, some = np.zeros(n, dtype=bool), np.arange(n) % 3 == 0
    assert len(bench.tests(nobody)) == 2
    planted, clean, found = (rows.counts.toarray() for rows in bench.tests(some))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(found, np.where(some[:, None], planted, clean))
    np.testing.assert_array_equal(bench.holding(some), some)


def test_words_that_resumes_use_are_known(toy_config: Config) -> None:
    one = arm(toy_config, **{"collective.signal.token": "w3", "corpus.xi": 0.0})
    bench = bench_for(one.config)
    nobody = np.zeros(len(bench.stage.test_labels), dtype=bool)
    planted, clean, found = bench.tests(nobody)
    column = bench.stage.encoder.ids(0)
    holds = found.counts.toarray()[:, column].any(axis=1)  # type: ignore[attr-defined]
    assert not clean.counts.toarray()[:, column].any()  # type: ignore[attr-defined]
    assert planted.counts.toarray()[:, column].all()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(bench.holding(nobody), holds)
    assert bench.holds_signal
