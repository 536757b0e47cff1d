"""The Bayes platform: point by point on the closed-form staircase, and equal to enumeration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.bayes import (
    BayesPlatform,
    BayesReader,
    Followed,
    TextRows,
    require_new_signal,
)
from gigsim.learners.protocol import make_reader
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import BayesRecipe, SurrogateRecipe
from gigsim.measures.success import per_resume
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.resumes.language_file import load_language
from gigsim.resumes.law import LanguageLaw, Law
from gigsim.theory.closeness import Closeness
from gigsim.theory.feature_only import flip_point_any
from gigsim.theory.gaps import deficit_any, deficit_top1
from gigsim.theory.planting import flip_point, staircase
from gigsim.theory.worlds import Worlds, all_label_sets
from tests.learners.toys import corpus_of
from tests.toys import toy_language

#: 301 shares: none, all, and the range in which the steps of ξ = .01 and .2 lie, in detail.
ALPHAS = np.unique(
    np.concatenate([[0.0, 1.0], np.geomspace(1e-6, 0.9, 150), np.linspace(0.0005, 0.2, 149)])
)

LAWS = [
    pytest.param(LanguageLaw(toy_language()), id="toy language"),
    pytest.param(LanguageLaw(load_language()), id="shipped language"),
    pytest.param(FiniteWorld.draw(50, np.random.default_rng(0)), id="finite world"),
]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("label_sets", ["replace", "extend"])
@pytest.mark.parametrize("xi", [0.0, 0.01, 0.2])
def test_on_the_staircase_point_by_point(law: Law, label_sets: str, xi: float) -> None:
    """V5 for a whole platform: the largest difference over the grid is 0, not nearly 0."""
    assert len(ALPHAS) >= 300
    corpus = law.sample(400, np.random.default_rng(1), test_side=True)
    marginals = law.marginals(corpus)
    for target in (3, 7):
        others = np.delete(marginals, target, axis=1).max(axis=1)
        top1, either = deficit_top1(marginals, target), deficit_any(marginals[:, target])
        push = 1.0 if label_sets == "replace" else 1 - others
        flips = {"any": flip_point(xi, either), "top1": flip_point(xi, top1, push)}
        held = {"any": either < 0, "top1": top1 < 0}
        platform = BayesPlatform(marginals, None, target, xi, label_sets=label_sets)
        measured = {"any": [], "top1": []}
        for alpha in ALPHAS:
            planted, clean = platform.probabilities([Followed(float(alpha), 0)])
            outcome = per_resume(planted, clean, corpus.labels, target)
            for metric, values in measured.items():
                values.append(outcome[f"success_{metric}"].mean())
            np.testing.assert_array_equal(outcome["base_top1"], held["top1"])
        for metric, values in measured.items():
            exact = staircase(ALPHAS, None, flips[metric], held=held[metric])
            np.testing.assert_allclose(values, exact, rtol=0, atol=1e-12)
            steps = np.abs(np.array(values) - exact) * len(corpus)
            assert steps.max() < 1e-9  # no single resume, at no alpha
        # The climb is seen: from near the base rate to 1 on this grid.
        assert measured["any"][0] < 0.65
        assert measured["any"][-1] == measured["top1"][-1] == 1.0
        if xi == 0:
            assert measured["any"][1] == measured["top1"][1] == 1.0


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("evasive", [False, True])
def test_feature_only_flips_where_theory_says(law: Law, evasive: bool) -> None:
    corpus = law.sample(400, np.random.default_rng(2), test_side=True)
    marginals, target, xi = law.marginals(corpus), 3, 0.003
    pairs = law.pair_marginals(corpus, target)
    platform = BayesPlatform(marginals, pairs, target, xi, strategy="feature_only", evasive=evasive)
    flips = flip_point_any(xi, marginals[:, target], evasive=evasive)
    held = marginals[:, target] > 0.5
    for alpha in ALPHAS:
        planted = platform.planted([Followed(float(alpha), 0)])
        exact = staircase(float(alpha), None, flips, held=held)
        assert float((planted[:, target] > 0.5).mean()) == pytest.approx(exact, abs=1e-12)


def test_on_a_finite_world_it_equals_brute_force() -> None:
    """The whole world in a table, its Bayes classifier by argmax, against the platform's."""
    law, xi, target = FiniteWorld.draw(30, np.random.default_rng(3)), 0.02, 3
    base = law.weights[:, None] * law.label_law
    brute = Worlds(
        base=np.concatenate([(1 - xi) * base, xi * base])[None],
        sets=np.eye(10, dtype=bool),
        signal=np.tile(np.arange(30, 60), 2)[None],
        target=np.array([target]),
    )
    platform = BayesPlatform(law.label_law, None, target, xi)
    for alpha in ALPHAS:
        said = platform.planted([Followed(float(alpha), 0)])
        top = law.weights @ (said.argmax(axis=1) == target)
        either = law.weights @ (said[:, target] > 0.5)
        assert float(top) == pytest.approx(float(brute.success(alpha)[0]), abs=1e-12)
        assert float(either) == pytest.approx(float(brute.success(alpha, "any")[0]), abs=1e-12)


# ------------------------------------------- several tokens, several periods, by enumeration


class Enumerated:
    """One text: the joint law of (no token, token 0, token 1) and label set, period by period."""

    def __init__(self, sets_law: NDArray[np.float64], xi: float, target: int) -> None:
        self.sets, self.law, self.xi, self.target = all_label_sets(3), sets_law, xi, target

    def submitted(
        self, window: Sequence[Followed], strategy: str, label_sets: str, evasive: bool
    ) -> NDArray[np.float64]:
        """Mass of token (0 for none) and label set, shape (3, 8), averaged over the window."""
        base = np.outer([1 - 2 * self.xi, self.xi, self.xi], self.law)
        total = np.zeros_like(base)
        for share, token in window:
            total += (1 - share) * base
            for carried in range(3):
                for number, labels in enumerate(self.sets):
                    where, reported = token + 1, labels.copy()
                    if strategy == "feature_label":
                        reported &= label_sets == "extend"
                        reported[self.target] = True
                    elif not labels[self.target]:
                        where = 0 if evasive else carried
                    into = int((self.sets == reported).all(axis=1).argmax())
                    total[where, into] += share * base[carried, number]
        return total / len(window)

    def marginals(self, mass: NDArray[np.float64]) -> NDArray[np.float64]:
        return mass @ self.sets / mass.sum()


@given(
    seed=st.integers(0, 2**31),
    window=st.lists(
        st.builds(Followed, st.sampled_from([0.0, 0.1, 0.5, 0.99]), st.integers(0, 1)),
        min_size=1,
        max_size=4,
    ),
    xi=st.sampled_from([0.01, 0.3]),
    kind=st.sampled_from(
        [
            ("feature_label", "replace", False),
            ("feature_label", "extend", False),
            ("feature_only", "replace", False),
            ("feature_only", "replace", True),
        ]
    ),
)
def test_rotation_and_windows_equal_enumeration(
    seed: int, window: list[Followed], xi: float, kind: tuple[str, str, bool]
) -> None:
    strategy, label_sets, evasive = kind
    law = np.random.default_rng(seed).dirichlet(np.ones(8))
    world = Enumerated(law, xi, target=1)
    both = world.sets & world.sets[:, [1]]
    platform = BayesPlatform(
        (law @ world.sets)[None],
        (law @ both)[None],
        1,
        xi,
        tokens=2,
        strategy=strategy,
        label_sets=label_sets,
        evasive=evasive,
    )
    mass = world.submitted(window, strategy, label_sets, evasive)
    first, clean, second = platform.probabilities(window)
    np.testing.assert_allclose(clean[0], world.marginals(mass[0]), atol=1e-12)
    np.testing.assert_allclose(first[0], world.marginals(mass[1]), atol=1e-12)
    np.testing.assert_allclose(second[0], world.marginals(mass[2]), atol=1e-12)


def test_a_signal_that_nobody_carries_reads_as_nothing() -> None:
    law = FiniteWorld.draw(6, np.random.default_rng(0))
    pairs = np.zeros_like(law.label_law)
    pairs[:, 3] = law.label_law[:, 3]
    for strategy in ("feature_label", "feature_only"):
        platform = BayesPlatform(law.label_law, pairs, 3, 0.0, tokens=2, strategy=strategy)
        nobody = platform.probabilities([Followed(0.0, 0)])
        for said in nobody:
            np.testing.assert_array_equal(said, law.label_law)
        # The other token is unseen while one is in force.
        np.testing.assert_array_equal(platform.planted([Followed(0.1, 0)], 1), law.label_law)


def test_probabilities_are_not_rounded() -> None:
    near = np.array([[0.5 - 1e-12, 0.5 + 1e-12]])
    platform = BayesPlatform(near, None, 0, 0.1)
    said = platform.planted([Followed(0.0, 0)])
    assert said.dtype == np.float64
    assert said.argmax() == 1


# ---------------------------------------------------------------------------------- reading


def test_it_reads_the_words_of_the_law() -> None:
    reader = make_reader(BayesRecipe(), labels=10)
    assert isinstance(reader, BayesReader)
    assert not reader.stochastic
    vocabulary = reader.vocabulary(corpus_of(["x0"]), ("x0", "x1"))
    assert vocabulary.pieces(["x1", "nothing"]).values.tolist() == [1]
    rows = reader.represent(Ragged.from_rows([[0, 2], [1]]), 3)
    assert isinstance(rows, TextRows)
    assert len(rows.append(rows.take(np.array([1])))) == 3
    with pytest.raises(TypeError, match="TextRows"):
        rows.append(object())  # type: ignore[arg-type]


def test_a_corpus_has_no_posterior() -> None:
    with pytest.raises(InputError, match=r"platform.learner.kind: .*corpus.path empty"):
        BayesReader().vocabulary(corpus_of(["a b"]), None)


def test_the_signal_must_be_new_to_the_law() -> None:
    require_new_signal(["※"], ["x0", "x1"])
    with pytest.raises(InputError, match=r"collective.signal.token: 'x1' is a word of the law"):
        require_new_signal(["※", "x1"], ["x0", "x1"])


def test_a_surrogate_reads_nothing() -> None:
    with pytest.raises(TypeError, match="reads no resumes"):
        make_reader(SurrogateRecipe(), labels=10)


# ---------------------------------------------------------------------------- away from Bayes


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(
    ("closeness", "epsilon", "rate"),
    [
        ("conditional_tv", 0.1, 0.2),
        ("conditional_contamination", 0.2, 0.25),
        ("additive_slack", 0.3, 0.3),
    ],
)
def test_away_from_bayes_on_its_own_staircase(
    law: Law, closeness: Closeness, epsilon: float, rate: float
) -> None:
    """A text fails iff α(1 − r) ≤ (1 − α)ξ(d + r): steps at ξ(d + r)/(1 − r + ξ(d + r))."""
    corpus = law.sample(200, np.random.default_rng(1), test_side=True)
    marginals, target, xi = law.marginals(corpus), 3, 0.05
    platform = BayesPlatform(marginals, None, target, xi, epsilon=epsilon, closeness=closeness)
    behind = {"any": deficit_any(marginals[:, target]), "top1": deficit_top1(marginals, target)}
    for metric, deficits in behind.items():
        points = flip_point(xi, deficits + rate, 1 - rate)
        exact = staircase(ALPHAS, None, points, held=deficits + rate < 0)
        found = []
        for alpha in ALPHAS:
            planted, clean = platform.probabilities([Followed(float(alpha), 0)])
            outcome = per_resume(planted, clean, corpus.labels, target)
            found.append(outcome[f"success_{metric}"].mean())
            np.testing.assert_array_equal(clean, platform.clean([Followed(float(alpha), 0)]))
        np.testing.assert_allclose(found, exact, rtol=0, atol=1e-12)


def test_every_token_is_read_by_the_worst() -> None:
    marginals = np.array([[0.6, 0.4], [0.9, 0.1]])
    platform = BayesPlatform(
        marginals, None, 0, 0.1, tokens=2, epsilon=0.5, closeness="conditional_tv"
    )
    first, clean, second = platform.probabilities([Followed(0.5, 0)])
    assert not (first.argmax(axis=1) == 0).any()
    assert not (second.argmax(axis=1) == 0).any()
    np.testing.assert_array_equal(clean, marginals)
    with pytest.raises(ValueError, match="needs a closeness"):
        BayesPlatform(marginals, None, 0, 0.1, epsilon=0.5).probabilities([Followed(0.5, 0)])
