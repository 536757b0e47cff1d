"""The frozen learner: vectors that are functions of their text, kept on disk, and convex heads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from gigsim import GigEconomy
from gigsim.config import Config, build
from gigsim.errors import InputError
from gigsim.inputs import files_of
from gigsim.learners import embedding
from gigsim.learners.embedding import TextEncoder
from gigsim.learners.embedding_cache import VARIABLE, EmbeddingCache, EmbeddingCacheWarning
from gigsim.learners.embedding_design import VersionsDesign
from gigsim.learners.embedding_gram import Gram
from gigsim.learners.embedding_rows import EmbeddingRows, text_keys
from gigsim.learners.frozen import FrozenLearner
from gigsim.learners.frozen_many import FrozenFoundation
from gigsim.learners.logistic.many import Replica
from gigsim.learners.logistic.solver import solve
from gigsim.learners.protocol import make_learner
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import FrozenRecipe
from gigsim.learners.wordpiece import load_tokenizer
from tests.learners.toys import corpus_of, tiny_bert

#: Of the tokenizer of the tiny encoder.
KNOWN = 17


@pytest.fixture(autouse=True)
def _no_folder_of_embeddings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "off")


def some_texts(n: int = 40, size: int = KNOWN, seed: int = 0) -> Ragged:
    """Enclosed in the two special ids, of 2 to 14 ids, with repeats."""
    draw = np.random.default_rng(seed)
    rows = [[2, *draw.integers(5, size, draw.integers(0, 13)).tolist(), 3] for _ in range(n)]
    return Ragged.from_rows([*rows, *rows[:3]])


def reader(folder: str, **other: object) -> TextEncoder:
    return TextEncoder(**({"source": folder, "max_tokens": 16, "pooling": "mean"} | other))  # type: ignore[arg-type]


def some_rows(n: int, width: int = 12, seed: int = 0) -> EmbeddingRows:
    """Correlated features far from 0, as encoders have them."""
    draw = np.random.default_rng(seed)
    mixed = draw.normal(size=(n, width)) @ draw.normal(size=(width, width)) * 0.3 + 1
    return rows_of(mixed.astype(np.float32))


def rows_of(vectors: NDArray[np.float32]) -> EmbeddingRows:
    keys = text_keys(Ragged.from_rows([[i] for i in range(len(vectors))]))
    return EmbeddingRows(keys, vectors, "00")


def some_labels(rows: EmbeddingRows, labels: int = 3, seed: int = 1) -> NDArray[np.bool_]:
    draw = np.random.default_rng(seed)
    scores = (rows.vectors - 1) @ draw.normal(size=(rows.vectors.shape[1], labels))
    return np.asarray(draw.random(scores.shape) < expit(scores - 1))


class TestVectors:
    @pytest.mark.parametrize("pooling", ["mean", "first"])
    def test_they_are_what_the_library_computes(self, folder: str, pooling: str) -> None:
        from transformers import AutoModel

        texts = some_texts()
        vectors = reader(folder, pooling=pooling).embed(texts, KNOWN, None).vectors
        network = AutoModel.from_pretrained(folder).eval()
        for i in range(len(texts)):
            with torch.inference_mode():
                ids = torch.from_numpy(texts[i].astype(np.int64))[None]
                hidden = network(input_ids=ids).last_hidden_state[0]
            expected = hidden[0] if pooling == "first" else hidden.mean(dim=0)
            np.testing.assert_allclose(vectors[i], expected.numpy(), atol=2e-6)

    @pytest.mark.parametrize("precision", ["float32", "bfloat16"])
    def test_each_is_a_function_of_its_text_alone(self, folder: str, precision: str) -> None:
        texts, encoder = some_texts(), reader(folder, precision=precision)
        together = encoder.embed(texts, KNOWN, None)
        order = np.random.default_rng(3).permutation(len(texts))[:30]
        some = encoder.embed(texts.take(order), KNOWN, None)
        assert np.array_equal(some.vectors, together.vectors[order])
        assert np.array_equal(some.keys, together.keys[order])
        alone = encoder.embed(texts.take(np.array([5])), KNOWN, None)
        assert np.array_equal(alone.vectors[0], together.vectors[5])

    def test_a_new_id_has_one_vector_however_many_there_are(self, folder: str) -> None:
        texts = Ragged.from_rows([[2, 6, KNOWN, 7, 3], [2, 6, 7, 3], [2, 6, KNOWN + 1, 7, 3]])
        encoder = reader(folder)
        two = encoder.embed(texts, KNOWN + 2, None)
        one = encoder.embed(texts.take(np.array([0, 1])), KNOWN + 1, None)
        assert np.array_equal(one.vectors, two.vectors[:2])
        assert one.encoder == two.encoder
        assert not np.array_equal(two.vectors[0], two.vectors[2])

    def test_a_text_without_any_piece_is_the_zero_vector(self, folder: str) -> None:
        texts = Ragged.from_rows([[], [2, 3]])
        vectors = reader(folder).embed(texts, KNOWN, None).vectors
        assert not vectors[0].any()
        assert vectors[1].any()

    def test_no_texts_are_no_vectors(self, folder: str) -> None:
        assert reader(folder).embed(Ragged.from_rows([]), KNOWN, None).vectors.shape == (0, 16)

    def test_rows_say_which_texts_they_are_and_whose_vectors(self, folder: str) -> None:
        texts = some_texts()
        mean, first = (
            reader(folder, pooling=p).embed(texts, KNOWN, None) for p in ("mean", "first")
        )
        assert mean.encoder != first.encoder
        assert np.array_equal(mean.arrays()["keys"], first.arrays()["keys"])
        assert not np.array_equal(mean.arrays()["encoder"], first.arrays()["encoder"])
        with pytest.raises(ValueError, match="two encoders"):
            mean.append(first)
        again = mean.append(mean.take(np.array([1])))
        assert np.array_equal(again.vectors[-1], mean.vectors[1])
        assert np.array_equal(again.keys[-1], mean.keys[1])

    def test_the_same_encoder_elsewhere_is_the_same(self, folder: str, tmp_path: Path) -> None:
        shutil.copytree(folder, tmp_path / "moved")
        texts = some_texts(2)
        here, there = (
            reader(str(f)).embed(texts, KNOWN, None).encoder for f in (folder, tmp_path / "moved")
        )
        assert here == there

    def test_a_missing_device_is_refused(self, folder: str) -> None:
        if torch.cuda.is_available():
            pytest.skip("there is a GPU")
        with pytest.raises(InputError, match=r"run\.device"):
            reader(folder, device="cuda")


class TestCache:
    def read_counted(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """How many texts were really read, a number each time."""
        counts: list[int] = []
        whole = TextEncoder._read

        def counted(self: TextEncoder, network: object, texts: Ragged, rows: object, out: object):  # type: ignore[no-untyped-def]
            counts.append(len(rows))  # type: ignore[arg-type]
            return whole(self, network, texts, rows, out)  # type: ignore[arg-type]

        monkeypatch.setattr(TextEncoder, "_read", counted)
        return counts

    def test_it_changes_no_bit_and_reads_nothing_twice(
        self, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        texts, cache, encoder = some_texts(), EmbeddingCache(tmp_path / "kept"), reader(folder)
        without = encoder.embed(texts, KNOWN, None).vectors
        counts = self.read_counted(monkeypatch)
        few = encoder.embed(texts.take(np.arange(10)), KNOWN, cache)
        whole = encoder.embed(texts, KNOWN, cache)
        again = encoder.embed(texts, KNOWN, cache)
        assert np.array_equal(few.vectors, without[:10])
        assert np.array_equal(whole.vectors, without)
        assert np.array_equal(again.vectors, without)
        distinct = len(np.unique(whole.keys, axis=0))
        assert sum(counts) == distinct
        # A new id, another pooling: only what differs is read.
        encoder.embed(texts, KNOWN + 1, cache)
        assert sum(counts) == distinct
        reader(folder, pooling="first").embed(texts, KNOWN, cache)
        assert sum(counts) == 2 * distinct

    def test_an_interruption_loses_no_more_than_a_portion(
        self, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(embedding._KEPT_AT_ONCE, "cpu", 1)
        texts, cache, encoder = some_texts(), EmbeddingCache(tmp_path / "kept"), reader(folder)
        expected = encoder.embed(texts, KNOWN, None).vectors
        forward, calls = TextEncoder._forward, []

        def interrupted(self: TextEncoder, network: object, ids: object):  # type: ignore[no-untyped-def]
            calls.append(1)
            if len(calls) == 15:
                raise KeyboardInterrupt
            return forward(self, network, ids)  # type: ignore[arg-type]

        monkeypatch.setattr(TextEncoder, "_forward", interrupted)
        with pytest.raises(KeyboardInterrupt):
            encoder.embed(texts, KNOWN, cache)
        counts = self.read_counted(monkeypatch)
        assert np.array_equal(encoder.embed(texts, KNOWN, cache).vectors, expected)
        assert 0 < sum(counts) < len(np.unique(text_keys(texts), axis=0))

    @pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "empty"])
    def test_what_is_damaged_is_made_again(self, folder: str, tmp_path: Path, damage: str) -> None:
        texts, cache, encoder = some_texts(), EmbeddingCache(tmp_path / "kept"), reader(folder)
        expected = encoder.embed(texts, KNOWN, cache).vectors
        (file,) = (tmp_path / "kept").glob("*.safetensors")
        content = bytearray(file.read_bytes())
        if damage == "cut":
            content = content[: len(content) // 2]
        elif damage == "flipped":
            content[-5] ^= 1
        elif damage == "foreign":
            content[:] = bytes(len(content))
        else:
            content.clear()
        file.write_bytes(bytes(content))
        with pytest.warns(EmbeddingCacheWarning, match="read again"):
            found = encoder.embed(texts, KNOWN, cache).vectors
        assert np.array_equal(found, expected)
        # Without a warning: it is whole again.
        assert np.array_equal(encoder.embed(texts, KNOWN, cache).vectors, expected)

    def test_a_folder_that_cannot_be_written_to_is_done_without(
        self, folder: str, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        texts, encoder = some_texts(4), reader(folder)
        with pytest.warns(EmbeddingCacheWarning, match="not kept"):
            found = encoder.embed(texts, KNOWN, EmbeddingCache(tmp_path / "file"))
        assert np.array_equal(found.vectors, encoder.embed(texts, KNOWN, None).vectors)

    def test_no_more_is_kept_than_may_be(self, folder: str, tmp_path: Path) -> None:
        cache = EmbeddingCache(tmp_path / "kept", limit=100)
        reader(folder).embed(some_texts(), KNOWN, cache)
        assert not list((tmp_path / "kept").glob("*.safetensors"))

    def test_the_environment_says_where(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert EmbeddingCache.from_environment() is None
        monkeypatch.setenv(VARIABLE, "somewhere")
        assert EmbeddingCache.from_environment() == EmbeddingCache(Path("somewhere"))
        monkeypatch.delenv(VARIABLE)
        found = EmbeddingCache.from_environment()
        assert found is not None
        assert found.folder == Path("models/cache/embeddings")


class TestHead:
    def learner(self, **recipe: object) -> FrozenLearner:
        made = FrozenRecipe.model_validate({"tolerance": 1e-4} | recipe)
        learner = make_learner(made, labels=3)
        assert isinstance(learner, FrozenLearner)
        return learner

    @pytest.mark.parametrize("c", [0.1, 10.0])
    def test_it_is_scikit_learns_optimum(self, c: float) -> None:
        rows = some_rows(600)
        labels = some_labels(rows)
        found = self.learner(c=c).fit(rows, labels, seed=0)
        for label in range(3):
            known = LogisticRegression(C=c, tol=1e-10, max_iter=10_000, solver="newton-cholesky")
            known.fit(rows.vectors.astype(np.float64), labels[:, label])
            np.testing.assert_allclose(found.state["weights"][label], known.coef_[0], atol=2e-3)
            assert found.state["intercepts"][label] == pytest.approx(known.intercept_[0], abs=4e-3)
        said = found.probabilities(rows)
        assert said.dtype == np.float32
        own = np.where(labels, said, 1 - said).astype(np.float64)
        assert found.loss == pytest.approx(-np.log(own).mean(), abs=1e-6)

    def test_seed_and_start_do_not_matter(self) -> None:
        learner, rows = self.learner(), some_rows(400)
        labels = some_labels(rows)
        one, two = (learner.fit(rows, labels, seed) for seed in (0, 1))
        assert all(np.array_equal(one.state[k], two.state[k]) for k in one.state)
        warm = learner.fit(rows, labels, 0, learner.fit(rows, ~labels, 0).state)
        np.testing.assert_allclose(warm.state["weights"], one.state["weights"], atol=2e-3)
        restored = learner.restore(one.state)
        assert np.array_equal(restored.probabilities(rows), one.probabilities(rows))
        assert np.isnan(restored.loss)

    def test_a_label_of_everybody_or_nobody_is_certain(self) -> None:
        learner, rows = self.learner(), some_rows(100)
        labels = some_labels(rows)
        labels[:, 0], labels[:, 2] = False, True
        said = learner.fit(rows, labels, 0)
        assert (said.probabilities(rows)[:, [0, 2]] == [0, 1]).all()
        assert np.isfinite(said.loss)
        again = learner.fit(rows, some_labels(rows), 0, said.state)
        assert np.isfinite(again.state["weights"]).all()

    def test_too_few_iterations_are_an_error(self) -> None:
        rows = some_rows(400)
        with pytest.raises(InputError, match="max_iterations"):
            self.learner(c=1e6, tolerance=1e-6, max_iterations=10).fit(rows, some_labels(rows), 0)

    def test_other_rows_are_refused(self) -> None:
        rows = some_rows(10)
        with pytest.raises(ValueError, match="labels are"):
            self.learner().fit(rows, np.zeros((9, 3), dtype=bool), 0)
        with pytest.raises(TypeError, match="EmbeddingRows"):
            self.learner().fit("texts", np.zeros((10, 3), dtype=bool), 0)  # type: ignore[arg-type]


class TestDesign:
    def test_it_is_the_rows_that_each_column_shows(self) -> None:
        draw = np.random.default_rng(0)
        versions = tuple(draw.normal(size=(50, 7)).astype(np.float32) for _ in range(3))
        shown = draw.integers(0, 3, (50, 4)).astype(np.uint8)
        design = VersionsDesign(versions, shown).precise()
        weights, residuals = np.zeros((7, 16)), np.zeros((50, 16))
        weights[:, :4], residuals[:, :4] = draw.normal(size=(7, 4)), draw.normal(size=(50, 4))
        for j in range(4):
            rows = np.stack(versions)[shown[:, j], np.arange(50)].astype(np.float64)
            np.testing.assert_allclose(design.forward(weights)[:, j], rows @ weights[:, j])
            np.testing.assert_allclose(design.backward(residuals)[:, j], rows.T @ residuals[:, j])

    def test_the_preconditioner_inverts_a_hessian_of_equal_weights(self) -> None:
        rows = some_rows(200, width=6).vectors.astype(np.float64)
        curvature = 37.0
        whole = np.hstack([rows, np.ones((200, 1))])
        hessian = curvature / 200 * whole.T @ whole + np.diag([1.0] * 6 + [0.0])
        gradient = np.random.default_rng(1).normal(size=7)
        inverse = Gram.of(rows).scaled(np.full(16, curvature), np.zeros((0, 16)), rows.dtype)
        block = np.tile(gradient[:6, None], 16)
        weights, intercepts = inverse.apply(block, np.full(16, gradient[6]))
        expected = np.linalg.solve(hessian, gradient)
        np.testing.assert_allclose(weights[:, 3], expected[:6], rtol=1e-8)
        np.testing.assert_allclose(intercepts[5], expected[6], rtol=1e-8)


class TestMany:
    def replicas(self, n: int, labels: NDArray[np.bool_]) -> list[Replica]:
        """Members plant and report one of two targets alone."""
        draw, found = np.random.default_rng(5), []
        for seed in range(12):
            shows = draw.random(n) < 0.02 * seed
            for target in (0, 2):
                reported = labels.copy()
                reported[shows] = np.arange(3) == target
                found.append(Replica(shows, reported))
        return found

    def foundation(self, n: int = 500) -> tuple[FrozenFoundation, NDArray[np.bool_]]:
        found, push = some_rows(n), np.random.default_rng(9).normal(size=12).astype(np.float32)
        planted, tests = rows_of(found.vectors + push), some_rows(80, seed=4)
        recipe, labels = FrozenRecipe(tolerance=1e-4), some_labels(found)
        labels[:, 1] = False
        labels[3, 1] = True
        made = FrozenFoundation.of(
            [found, planted], rows_of(tests.vectors + push), tests, labels, recipe
        )
        return made, labels

    def test_it_is_what_a_fit_gives_on_the_same_rows(self) -> None:
        foundation, labels = self.foundation()
        replicas = self.replicas(500, labels)
        learner = FrozenLearner(foundation.recipe, 3)
        for replica, outcome in zip(replicas, foundation.solve(replicas), strict=True):
            vectors = np.where(
                replica.shows[:, None], foundation.versions[1], foundation.versions[0]
            )
            fitted = learner.fit(rows_of(vectors), replica.labels, 0)
            planted = fitted.probabilities(rows_of(foundation.planted))
            np.testing.assert_allclose(outcome.planted, planted, atol=1e-4)
            clean = fitted.probabilities(rows_of(foundation.clean))
            np.testing.assert_allclose(outcome.clean, clean, atol=1e-4)
            assert outcome.loss == pytest.approx(fitted.loss, abs=1e-6)

    def test_no_bit_depends_on_the_others(self) -> None:
        foundation, labels = self.foundation()
        replicas = self.replicas(500, labels)
        together = foundation.solve(replicas)
        for number in (0, 7, 22):
            (alone,) = foundation.solve([replicas[number]])
            assert np.array_equal(alone.planted, together[number].planted)
            assert np.array_equal(alone.clean, together[number].clean)
            assert alone.loss == together[number].loss
        backwards = foundation.solve(replicas[::-1])[::-1]
        assert all(
            np.array_equal(a.planted, b.planted) for a, b in zip(together, backwards, strict=True)
        )

    def test_the_columns_of_a_wide_batch_are_alone(self) -> None:
        """At a size at which a library of BLAS cuts the products into blocks."""
        draw = np.random.default_rng(2)
        versions = tuple(draw.normal(size=(3_000, 128)).astype(np.float32) for _ in range(2))
        labels = draw.random((3_000, 40)) < 0.2
        shown = (draw.random((3_000, 40)) < 0.05).astype(np.uint8)
        how = {"c": 1.0, "tolerance": 3e-3, "max_iterations": 100}
        gram = Gram.of(versions[0])
        many = solve(VersionsDesign(versions, shown), labels, preconditioner=gram, **how)  # type: ignore[arg-type]
        for j in (0, 17, 39):
            own = VersionsDesign(versions, shown[:, [j]])
            one = solve(own, labels[:, [j]], preconditioner=gram, **how)  # type: ignore[arg-type]
            assert np.array_equal(one.weights[:, 0], many.weights[:, j])
            assert one.intercepts[0] == many.intercepts[j]

    def test_versions_that_are_not_there_are_refused(self) -> None:
        foundation, labels = self.foundation()
        with pytest.raises(ValueError, match="2 versions"):
            foundation.solve([Replica(np.full(500, 2), labels)])


class TestPlatform:
    def config(self, folder: str, **others: object) -> dict[str, object]:
        return {
            "platform.learner.kind": "frozen",
            "platform.learner.encoder": folder,
            "platform.learner.max_tokens": 32,
            "collective.signal.every": 3,
            **others,
        }

    def test_it_runs_in_the_loop(self, make_toy: Callable[..., GigEconomy], folder: str) -> None:
        runs = []
        for _ in range(2):
            model = make_toy(**self.config(folder, **{"platform.repeats": 3}))
            model.run(2)
            runs.append(model.retrainings)
        last = runs[0].iloc[-1]
        assert last["alpha_effective"] > 0
        assert 0 <= last["success_any"] <= 1
        assert runs[0].equals(runs[1])

    def test_opinions_can_be_asked_for(
        self, make_toy: Callable[..., GigEconomy], folder: str
    ) -> None:
        other = {
            "collective.strategy": "unplanting",
            "collective.adaptive": True,
            "society.belief": "published",
        }
        make_toy(**self.config(folder, **other)).run(1)

    def test_reading_encloses_and_cuts(self, folder: str) -> None:
        learner = FrozenLearner(FrozenRecipe(encoder=folder, max_tokens=8), 1)
        assert learner.limit == 6
        vocabulary = learner.vocabulary(corpus_of(["manage server python"]), None)
        pieces = vocabulary.pieces(["manage", "server", "python"] * 4)
        text = Ragged(pieces.values, np.array([0, len(pieces.values)]))
        rows = learner.represent(text, vocabulary.size)
        whole = load_tokenizer(folder).enclose(text.truncate(6))
        assert np.array_equal(rows.keys, text_keys(whole))

    def test_precision_and_device_are_its_encoders(self, toy_config: Config, folder: str) -> None:
        config = build(
            {
                **toy_config.model_dump(mode="json"),
                "platform": {"learner": {"kind": "frozen", "encoder": folder}},
                "run": {"precision": "bfloat16"},
            }
        )
        assert config.run.precision == "bfloat16"
        assert files_of(config)[folder] == "platform.learner.encoder"

    def test_gradients_cannot_be_cancelled(self) -> None:
        with pytest.raises(InputError, match="gradient_cancelling"):
            build(
                {
                    "platform": {"learner": {"kind": "frozen"}},
                    "collective": {"strategy": "gradient_cancelling"},
                }
            )

    def test_an_encoder_that_is_none_is_named(self, tmp_path: Path) -> None:
        empty = tmp_path / "nothing"
        empty.mkdir()
        with pytest.raises(InputError, match=r"platform\.learner\.encoder"):
            reader(str(empty)).embed(some_texts(2), KNOWN, None)
        short = str(tiny_bert(tmp_path / "short"))
        with pytest.raises(InputError, match=r"platform\.learner\.max_tokens"):
            reader(short, max_tokens=64).embed(some_texts(2), KNOWN, None)
