"""Learners of one's own: what they are given, what they may do, and what they are told."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from gigsim.errors import InputError
from gigsim.learners.cache import TrainingCache, TrainingCacheWarning
from gigsim.learners.fingerprint import Unknown, described
from gigsim.learners.foreign import ForeignLearner
from gigsim.learners.own import OwnLearner
from gigsim.learners.own_rows import Texts, counts
from gigsim.learners.pool import FitJob, FitPool, run_job
from gigsim.learners.protocol import make_learner, make_reader
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import OwnRecipe
from gigsim.learners.tfidf import CountRows
from gigsim.learners.vocabulary import WordList
from gigsim.trust import trusting
from tests.conftest import REPOSITORY
from tests.learners.toys import corpus_of, invented
from tests.own_modules import QUICK, Write

TEXTS = Ragged.from_rows([[0, 1, 1], [2], [], [3, 2, 3], [1, 0]])
LABELS = np.array([[1, 0], [0, 1], [0, 1], [0, 1], [1, 0]], dtype=bool)


def own(path: str, labels: int = 2, **settings: Any) -> ForeignLearner:
    with trusting(True):
        made = make_learner(OwnRecipe(path=path, settings=settings), labels=labels, threads=1)
    assert isinstance(made, ForeignLearner)
    return made


def learner_code(body: str, head: str = "import gigsim\nimport numpy as np\n") -> str:
    lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    return f"{head}class Mine(gigsim.OwnLearner):\n{lines}\n"


class TestWhatItIsGiven:
    """Rows as the class reads them, labels, a seed, and what else it may know."""

    WATCH = learner_code("""
stochastic = True
def fit(self, rows, labels, seed):
    self.seen = rows, labels, seed, self.labels, self.threads
    return self
def probabilities(self, rows):
    self.asked = rows
    return np.full((rows.shape[0] if hasattr(rows, "shape") else len(rows), 2), 0.25)
""")

    def fitted(self, write_module: Write, reads: str) -> tuple[ForeignLearner, Any]:
        name = write_module(self.WATCH + f"    reads = {reads!r}\n")
        learner = own(f"{name}:Mine")
        rows = learner.represent(TEXTS, 4)
        classifier = learner.fit(rows, LABELS, 2**40 + 7)
        return learner, classifier

    def test_counts(self, write_module: Write) -> None:
        learner, _ = self.fitted(write_module, "counts")
        rows, labels, seed, number, threads = learner.own.seen  # type: ignore[attr-defined]
        assert sparse.issparse(rows)
        assert rows.format == "csr"
        assert rows.dtype == np.int32
        assert rows.toarray().tolist() == [
            *([1, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 1, 2], [1, 1, 0, 0])
        ]
        assert labels.tolist() == LABELS.tolist()
        assert (seed, number, threads) == (7, 2, 1)
        assert not learner.ordered

    def test_tfidf_is_of_the_rows_trained_on(self, write_module: Write) -> None:
        """The held-out rows are weighed with the idf of the training rows."""
        learner, classifier = self.fitted(write_module, "tfidf")
        given = learner.own.seen[0].toarray()  # type: ignore[attr-defined]
        idf = np.log(6 / (np.array([2, 2, 2, 1]) + 1)) + 1
        expected = (1 + np.log([1, 2])) * idf[:2]
        np.testing.assert_allclose(given[0, :2], expected / np.hypot(*expected), rtol=1e-12)
        classifier.probabilities(learner.represent(Ragged.from_rows([[3, 3, 0]]), 4))
        asked = learner.own.asked.toarray()[0]  # type: ignore[attr-defined]
        held_out = np.array([idf[0], (1 + np.log(2)) * idf[3]])
        np.testing.assert_allclose(asked[[0, 3]], held_out / np.hypot(*held_out), rtol=1e-12)

    def test_tokens(self, write_module: Write) -> None:
        learner, _ = self.fitted(write_module, "tokens")
        rows = learner.own.seen[0]  # type: ignore[attr-defined]
        assert isinstance(rows, Texts)
        assert rows.vocabulary_size == 4
        assert [list(rows[i]) for i in range(len(rows))] == [[0, 1, 1], [2], [], [3, 2, 3], [1, 0]]
        assert learner.ordered

    def test_no_training_changes_what_another_reads(self, write_module: Write) -> None:
        for reads in ("counts", "tfidf"):
            name = write_module(
                learner_code(f"""
reads = {reads!r}
def fit(self, rows, labels, seed):
    rows.data[:] = 0
    rows.indices[:] = 0
    labels[:] = True
    return self
def probabilities(self, rows):
    rows.data[:] = 9
    rows.indices[:] = 1
    return np.zeros((rows.shape[0], 2))
""")
            )
            learner = own(f"{name}:Mine")
            rows, labels = learner.represent(TEXTS, 4), LABELS.copy()
            before = {key: value.copy() for key, value in rows.arrays().items()}
            learner.fit(rows, labels, 1).probabilities(rows)
            assert all((rows.arrays()[key] == before[key]).all() for key in before)
            assert (labels == LABELS).all()

    def test_tokens_cannot_be_written_to(self, write_module: Write) -> None:
        learner, _ = self.fitted(write_module, "tokens")
        rows = learner.own.seen[0]  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="read-only"):
            rows.ragged.values[0] = 5

    def test_settings_are_arguments(self, write_module: Write) -> None:
        name = write_module()
        assert own(f"{name}:Rates").own.smoothing == 1.0  # type: ignore[attr-defined]
        assert own(f"{name}:Rates", smoothing=0.5).own.smoothing == 0.5  # type: ignore[attr-defined]

    def test_words(self, write_module: Write) -> None:
        """The built-in language's words are all there are; else the most frequent ones."""
        name = write_module(QUICK + "    features = 3\n")
        learner = own(f"{name}:Kept")
        corpus = invented(50)
        assert isinstance(learner.vocabulary(corpus, ["a", "b"]), WordList)
        assert learner.vocabulary(corpus, None).size == 3

    def test_what_it_says_of_itself(self, write_module: Write) -> None:
        name = write_module(learner_code("limit = 5\ndef fit(self, rows, labels, seed): ..."))
        learner = own(f"{name}:Mine")
        assert (learner.name, learner.limit, learner.stochastic) == ("Mine", 5, True)
        assert (learner.quick, learner.material(), learner.keeps_state) == (False, {}, False)
        assert isinstance(learner.own, OwnLearner)


class TestTexts:
    """Ids in their order."""

    def test_padded(self) -> None:
        texts = Texts(TEXTS, 4)
        assert texts.padded().tolist() == [
            *([0, 1, 1], [2, -1, -1], [-1, -1, -1], [3, 2, 3], [1, 0, -1])
        ]
        assert texts.padded(2, fill=9).tolist() == [[0, 1], [2, 9], [9, 9], [3, 2], [1, 0]]
        assert texts.padded(4)[:, 3].tolist() == [-1] * 5
        assert Texts(Ragged.from_rows([]), 4).padded().shape == (0, 1)

    def test_picked_and_joined(self) -> None:
        texts = Texts(TEXTS, 4)
        both = texts.take(np.array([3, 0])).append(texts.take(np.array([2])))
        assert [list(both[i]) for i in range(len(both))] == [[3, 2, 3], [0, 1, 1], []]
        assert both.arrays()["vocabulary_size"] == 4
        with pytest.raises(TypeError, match="two kinds"):
            texts.append(CountRows(counts(TEXTS, 4)))


class TestState:
    """A classifier put down and taken up again, or not."""

    @pytest.mark.parametrize("reads", ["counts", "tfidf"])
    def test_restored(self, write_module: Write, reads: str) -> None:
        name = write_module(QUICK.replace('"counts"', repr(reads)))
        learner = own(f"{name}:Kept")
        rows = learner.represent(TEXTS, 4)
        first = learner.fit(rows, LABELS, 1)
        restored = learner.restore(first.state)
        assert (restored.probabilities(rows) == first.probabilities(rows)).all()
        assert np.isnan(restored.loss)
        assert ("gigsim.idf" in first.state) == (reads == "tfidf")

    def test_gone_on_from(self, write_module: Write) -> None:
        learner = own(f"{write_module()}:Kept")
        rows = learner.represent(TEXTS, 4)
        first = learner.fit(rows, LABELS, 1)
        again = learner.fit(rows, ~LABELS, 1, first.state)
        fresh = learner.fit(rows, ~LABELS, 1)
        mean = (first.state["words"] + fresh.state["words"]) / 2
        np.testing.assert_array_equal(again.state["words"], mean)

    def test_without_one(self, write_module: Write) -> None:
        learner = own(f"{write_module()}:Rates")
        classifier = learner.fit(learner.represent(TEXTS, 4), LABELS, 1)
        assert classifier.state == {}
        with pytest.raises(InputError, match=r":Rates' cannot put down a classifier.*define state"):
            learner.restore({})
        with pytest.raises(InputError, match=r'platform.retrain: "warm", and .*define fit_from'):
            learner.fit(learner.represent(TEXTS, 4), LABELS, 1, {})

    @pytest.mark.parametrize("made", ["[1, 2]", "{1: np.ones(2)}", "{'gigsim.idf': np.ones(2)}"])
    def test_that_is_none(self, write_module: Write, made: str) -> None:
        name = write_module(QUICK.replace('{"words": classifier.words', f'{made} or {{"words": 0'))
        learner = own(f"{name}:Kept")
        with pytest.raises(InputError, match=r"its state .*a dict of arrays of numbers by name"):
            _ = learner.fit(learner.represent(TEXTS, 4), LABELS, 1).state

    def test_the_loss_is_cross_entropy(self, write_module: Write) -> None:
        said = np.array([[0.9, 0.2], [0.1, 1.0], [0.5, 0.5], [0.0, 0.0], [1.0, 0.0]])
        code = learner_code(f"""
def fit(self, rows, labels, seed): return self
def probabilities(self, rows): return np.array({said.tolist()})
""")
        learner = own(f"{write_module(code)}:Mine")
        classifier = learner.fit(learner.represent(TEXTS, 4), LABELS, 1)
        right = np.where(LABELS, said, 1 - said)
        # A sure mistake counts as 24 bits.
        expected = -np.log(np.maximum(right.astype(np.float32), 2.0**-24)).mean()
        assert classifier.loss == pytest.approx(expected, rel=1e-6)


class TestProbabilities:
    """What is no probability is refused, in one line that names the class."""

    @pytest.mark.parametrize(
        ("made", "said"),
        [
            ("np.zeros((5, 3))", r"have shape \(5, 3\); .*shape \(5, 2\): resumes x labels"),
            ("np.zeros(5)", r"have shape \(5,\)"),
            ("[np.zeros((5, 2)), np.zeros((5, 2))]", r"have shape \(2, 5, 2\)"),
            ("[[1], [1, 2]]", "are no array"),
            ("np.full((5, 2), 'a')", "are <U1"),
            ("np.full((5, 2), 1j)", "are complex128"),
            ("None", r"have shape \(\)"),
            ("np.full((5, 2), np.nan)", "of label 0 in row 0 is nan"),
            ("np.full((5, 2), np.inf)", "of label 0 in row 0 is inf"),
            ("np.full((5, 2), 1.01)", "go from 1.01 to 1.01"),
            ("np.full((5, 2), -0.5)", "go from -0.5 to -0.5"),
        ],
    )
    def test_refused(self, write_module: Write, made: str, said: str) -> None:
        code = learner_code(f"""
def fit(self, rows, labels, seed): return self
def probabilities(self, rows): return {made}
""")
        learner = own(f"{write_module(code)}:Mine")
        with pytest.raises(InputError, match=said) as caught:
            learner.fit(learner.represent(TEXTS, 4), LABELS, 1)
        assert "platform.learner.path: 'own_" in str(caught.value)
        assert ":Mine': its probabilit" in str(caught.value)

    @pytest.mark.parametrize("made", ["np.ones((5, 2), bool)", "np.full((5, 2), 1 + 1e-12)"])
    def test_hard_ones_and_rounding_are_fine(self, write_module: Write, made: str) -> None:
        code = learner_code(f"""
def fit(self, rows, labels, seed): return self
def probabilities(self, rows): return {made}
""")
        learner = own(f"{write_module(code)}:Mine")
        rows = learner.represent(TEXTS, 4)
        found = learner.fit(rows, LABELS, 1).probabilities(rows)
        assert found.dtype == np.float32
        assert (found == 1).all()

    def test_what_its_own_code_raises_comes_through(self, write_module: Write) -> None:
        code = learner_code("def fit(self, rows, labels, seed): return 1 / 0")
        learner = own(f"{write_module(code)}:Mine")
        with pytest.raises(ZeroDivisionError):
            learner.fit(learner.represent(TEXTS, 4), LABELS, 1)


class TestBadClasses:
    """A class that is no learner is refused before anything is trained."""

    FIT = "def fit(self, rows, labels, seed): ...\n"

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("pass", r"defines no fit; fit\(self, rows, labels, seed\) is needed"),
            ("def fit(self, rows, labels): ...", r"cannot be called as fit\(self, rows, labels, s"),
            ("def fit(self, rows, labels, seed, more): ...", "missing a required argument: 'more'"),
            (FIT + "def state(self, c): ...", "defines state alone; state and restore go together"),
            (FIT + "def restore(self, s): ...", "defines restore alone"),
            (FIT + "def fit_from(self, r, l, s, t): ...", "fit_from alone.*fit_from needs both"),
            (FIT + "def state(self): ...\ndef restore(self, s): ...", r"as state\(self, classifie"),
            (FIT + "reads = 'words'", "reads = 'words'; one of tfidf, counts, tokens"),
            (FIT + "stochastic = 1", "stochastic = 1; True or False"),
            (FIT + "features = 0", "features = 0; a whole number"),
            (FIT + "limit = True", "limit = True; a whole number"),
        ],
    )
    def test_refused(self, write_module: Write, body: str, said: str) -> None:
        name = write_module(learner_code(body))
        with pytest.raises(InputError, match=f"platform.learner.path: '{name}:Mine'.*{said}"):
            own(f"{name}:Mine")

    def test_of_another_kind(self, write_module: Write) -> None:
        name = write_module("class Mine:\n    pass\n\nnumber = 3\n")
        with pytest.raises(InputError, match=r"is no subclass of gigsim.OwnLearner"):
            own(f"{name}:Mine")
        with pytest.raises(InputError, match=r"number': is no class; package.module:Class"):
            own(f"{name}:number")
        with pytest.raises(InputError, match=f"there is none in {name}.py; did you mean {name}:M"):
            own(f"{name}:Mime")

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"smooth": 1}, "unexpected keyword argument 'smooth'; it takes smoothing: float = 1"),
            ({"self": 1}, "argument"),
        ],
    )
    def test_settings(self, write_module: Write, settings: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError, match=f"platform.learner.settings: .*{said}"):
            own(f"{write_module()}:Rates", **settings)

    def test_what_returns_no_classifier(self, write_module: Write) -> None:
        code = learner_code("def fit(self, rows, labels, seed): return 3")
        learner = own(f"{write_module(code)}:Mine")
        with pytest.raises(InputError, match=r"is a int without probabilities\(rows\)"):
            learner.fit(learner.represent(TEXTS, 4), LABELS, 1)


class TestAmongOthers:
    """In worker processes, in the cache, in the loop's own checks."""

    def test_it_travels_by_its_name(self, write_module: Write) -> None:
        """What the class holds on to need not be picklable."""
        name = write_module(
            learner_code("def __init__(self): self.f = lambda: 0\n" + TestBadClasses.FIT)
        )
        learner = own(f"{name}:Mine")
        again = pickle.loads(pickle.dumps(learner))
        assert again == learner
        assert again.own is not learner.own

    @pytest.mark.slow
    def test_a_worker_gives_the_same_bits(self, write_module: Write) -> None:
        learner = own(f"{write_module()}:Kept")
        rows = learner.represent(TEXTS, 4)
        job = FitJob(learner, rows, LABELS, seed=3, evaluate=(rows,))
        with FitPool(1) as pool:
            there = pool.submit(job).result()
        here = run_job(job)
        assert (there.probabilities[0] == here.probabilities[0]).all()
        assert there.loss == here.loss

    def test_the_cache_leaves_it_alone(self, write_module: Write, tmp_path: Path) -> None:
        """A changed line of the class would go unnoticed there."""
        learner = own(f"{write_module()}:Rates")
        rows = learner.represent(TEXTS, 4)
        job = FitJob(learner, rows, LABELS, seed=3, evaluate=(rows,))
        with pytest.raises(Unknown, match=r":Rates has code outside of gigsim.learners"):
            described(learner)
        cache = TrainingCache(tmp_path / "cache", 10**6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrainingCacheWarning)
            results = [run_job(job, cache) for _ in range(2)]
        assert [result.cached for result in results] == [False, False]

    def test_rows_and_labels_fit(self, write_module: Write) -> None:
        learner = own(f"{write_module()}:Rates")
        with pytest.raises(ValueError, match="labels are"):
            learner.fit(learner.represent(TEXTS, 4), LABELS[:3], 1)

    def test_as_a_reader(self, write_module: Write) -> None:
        recipe = OwnRecipe(path=f"{write_module()}:Rates")
        with trusting(True):
            reader = make_reader(recipe, labels=2)
        assert isinstance(reader, ForeignLearner)
        assert len(reader.represent(TEXTS, 4)) == len(TEXTS)
        assert reader.vocabulary(corpus_of(["a b"]), None).size == 2


def test_the_example_of_the_docs(write_module: Write) -> None:
    """Nearest neighbours, some labels in all or none of the rows."""
    text = (REPOSITORY / "docs" / "learners.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    learner = own(f"{write_module(code)}:Neighbours", labels=3, neighbours=2)
    rows = learner.represent(TEXTS, 4)
    labels = np.column_stack([LABELS[:, 0], np.ones(5, dtype=bool), np.zeros(5, dtype=bool)])
    found = learner.fit(rows, labels, 1).probabilities(rows)
    # The first and the last are each other's only neighbours.
    assert found[[0, 4]].tolist() == [[1, 1, 0]] * 2
    assert set(np.unique(found)) <= {0, 0.5, 1}
