"""``gigsim bounds --corpus``: the numbers of a corpus in the place of given ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gigsim.collective.signals import Signal
from gigsim.measures.corpus_facts import CorpusFacts, corpus_facts
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.law import LanguageLaw
from gigsim.theory.erasing import erasing_bound
from gigsim.theory.estimates import clopper_pearson
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import feature_label_bound
from gigsim.theory.unplanting import best_other_label, unplanting_deficit_top1
from tests.cli.conftest import Gigsim
from tests.toys import toy_language

TARGET = "Software_Developer"
RESUMES = 500


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return LanguageLaw(toy_language()).sample(RESUMES, np.random.default_rng(0))


@pytest.fixture(scope="module")
def arguments(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path: Path = tmp_path_factory.mktemp("corpus") / "corpus.npz"
    corpus.save(path)
    return ["--corpus", str(path), "--target", TARGET, "--folds", "2"]


@pytest.fixture(scope="module")
def top1(corpus: Corpus) -> CorpusFacts:
    return corpus_facts(corpus, TARGET, Signal("※"), folds=2)


def test_feature_label(gigsim: Gigsim, arguments: list[str], top1: CorpusFacts) -> None:
    shares = ["--alpha", "0.01,0.1", "--want", "0.9"]
    done = gigsim("bounds", "feature-label", *shares, *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    limit = float(clopper_pearson(0, RESUMES).high)
    assert (found["xi"], found["gap"]) == (0, 1)
    assert found["xi_upper"] == pytest.approx(limit)
    alphas = np.array([0.01, 0.1])
    assert found["bound"] == pytest.approx(feature_label_bound(alphas, xi=limit, gap=1).tolist())
    assert found["bound_averaged"] == pytest.approx(top1.known.bound_averaged_low(alphas).tolist())
    assert found["kappa_upper"] == pytest.approx(top1.known.kappa_mean_upper)
    assert found["kappa_from"] == "planted"
    assert found["critical_mass"]["0.9"] == pytest.approx(float(top1.known.critical_mass(0.9)))
    assert [row["kappa"] for row in found["needed"]] == pytest.approx([0.1 / 99, 0.1 / 9])


def test_unplanting(gigsim: Gigsim, arguments: list[str], top1: CorpusFacts) -> None:
    done = gigsim("bounds", "unplanting", "--alpha", "0.1", *arguments, "--json")
    found = json.loads(done.out)

    def deficits(marginals: Floats) -> Floats:
        other = best_other_label(marginals, top1.column)
        return unplanting_deficit_top1(marginals, top1.column, other)

    assert found["kappa_upper"] == pytest.approx(top1.estimate(deficits).kappa_mean_upper)
    naive = json.loads(
        gigsim("bounds", "unplanting", "--alpha", "0.1", "--naive", *arguments, "--json").out
    )
    assert naive["kappa_upper"] >= found["kappa_upper"]
    assert naive["bound"] == found["bound"]


def test_feature_only(gigsim: Gigsim, arguments: list[str]) -> None:
    done = gigsim("bounds", "feature-only", "--alpha", "0.1,0.9", *arguments, "--json")
    found = json.loads(done.out)
    assert found["reading"] == "any"
    assert 0 <= found["floor"]["0.01"] <= found["floor"]["0.05"] <= found["floor"]["0.1"] <= 1
    assert found["bound"][0] <= found["bound"][1] <= 1
    evasive = gigsim("bounds", "feature-only", "--alpha", "0.1,0.9", "--evasive", *arguments, "-q")
    better = [float(line) for line in evasive.out.splitlines()]
    assert all(a <= b + 1e-6 for a, b in zip(found["bound"], better, strict=True))


def test_erasing(gigsim: Gigsim, corpus: Corpus, arguments: list[str]) -> None:
    signal = ["--token", "w17", "--success", "any"]
    done = gigsim("bounds", "erasing", "--alpha", "0.1,0.5", *signal, *arguments, "--json")
    found = json.loads(done.out)
    facts = corpus_facts(corpus, TARGET, Signal("w17", reserve=False), folds=2, goal="any")
    assert (found["tau"], found["tau_upper"]) == pytest.approx((facts.tau.mean, facts.tau.upper))
    assert found["theorem"] == "derived (goal and strategy of Theorem 5)"
    expected = erasing_bound(np.array([0.1, 0.5]), tau=facts.tau.upper)
    assert found["bound"] == pytest.approx(expected.tolist())
    assert found["resumes_with_signal"] == int(facts.contains.sum()) > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["feature-label", "feature-only", "unplanting", "erasing --token w17"]
)
def test_tables_and_figures(
    gigsim: Gigsim, tmp_path: Path, arguments: list[str], command: str
) -> None:
    done = gigsim(
        "bounds", *command.split(), "--alpha", "0.1", *arguments, "--plot", "b.svg", "--quiet"
    )
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "b.svg").read_bytes().startswith(b"<?xml")
    table = gigsim("bounds", *command.split(), "--alpha", "0.1", *arguments)
    assert table.code == 0
    assert "as far as they are calibrated" in " ".join(table.out.split())


def test_another_file_is_no_corpus(gigsim: Gigsim, tmp_path: Path) -> None:
    np.savez(tmp_path / "b.npz", a=1)
    what = ["--corpus", "b.npz", "--target", TARGET]
    done = gigsim("bounds", "feature-label", "--alpha", "0.1", *what, "--quiet")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: b.npz: not a gigsim corpus; a file written by")


def test_what_is_refused(gigsim: Gigsim, arguments: list[str]) -> None:
    said = {
        ("feature-label", "--xi", "0.1"): "--xi: does not go with --corpus",
        ("feature-only", "--p", "0.1"): "--p: does not go with --corpus",
        ("erasing", "--tau", "0.1", "--token", "w17"): "--tau: does not go with --corpus",
        ("erasing",): "--token: is needed for erasing",
        ("feature-label", "--closeness", "joint-tv"): "--closeness: does not go with --corpus",
        ("unplanting", "--token", "two words"): "'two words' is not one word",
    }
    for (command, *rest), text in said.items():
        done = gigsim("bounds", command, "--alpha", "0.1", *arguments, *rest, "--quiet")
        assert (done.code, done.out) == (2, "")
        assert text in done.err
    unknown = gigsim("bounds", "feature-label", "--alpha", "0.1", *arguments[:2], "--quiet")
    assert "--target: is needed with --corpus" in unknown.err
    nobody = [*arguments[:3], "Poet", *arguments[4:]]
    done = gigsim("bounds", "feature-label", "--alpha", "0.1", *nobody, "--quiet")
    assert (done.code, done.out) == (2, "")
    assert "no label 'Poet'" in done.err
