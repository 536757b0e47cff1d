"""The language as an exact world: against counted populations, and against the theorems."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from gigsim.collective.reports import erasure_reports, most_frequent_other, unplanting_reports
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language_file import load_language
from gigsim.resumes.law import LanguageLaw
from gigsim.theory.feature_only import feature_only_bound, flip_point_any
from gigsim.theory.gaps import deficit_any, deficit_top1
from gigsim.theory.planting import feature_label_bound_averaged, flip_point, staircase
from gigsim.validation.language_world import LanguageWorld, Plan
from tests.resumes.toys import small_language
from tests.toys import toy_language

ALPHAS = np.concatenate([[0.0], np.geomspace(1e-4, 1, 20)])


@pytest.fixture(scope="module")
def world() -> LanguageWorld:
    law = LanguageLaw(toy_language())
    # w7 is one of the words that label 7 favours.
    return LanguageWorld.draw(law, 7, 800, np.random.default_rng(0), xi=0.01, word="w7")


def bags(texts: Corpus) -> np.ndarray:
    """Each text as counts of the words, shape (n, words)."""
    owner = np.repeat(np.arange(len(texts)), texts.lengths)
    counts = np.zeros((len(texts), len(texts.words)), dtype=np.int64)
    np.add.at(counts, (owner, texts.tokens), 1)
    return counts


@pytest.mark.parametrize("label_sets", ["replace", "extend"])
@pytest.mark.parametrize("strategy", ["unplanting", "adaptive", "erasure"])
def test_what_is_submitted_is_what_a_counted_population_submits(
    strategy: str, label_sets: str
) -> None:
    """Draw people and members, let them report, and count: P(l|text) of every frequent text."""
    law, target, alpha, xi, n = LanguageLaw(small_language(rho=0.3)), 1, 0.3, 0.4, 150_000
    generator = np.random.default_rng(1)
    people = law.sample(n, generator)
    member = generator.random(n) < alpha
    word = "a" if strategy == "erasure" else ""
    world = LanguageWorld.draw(law, target, 300, generator, xi=xi, word=word)
    opinions = law.marginals(people.without([word]))
    if strategy == "erasure":
        plan = Plan("erasure", label_sets=label_sets)
        reported = erasure_reports(people.labels, target, label_sets, opinions)
        there = np.ones(n, dtype=bool)
        found, cleaned = world.erased(alpha, label_sets)
        points = [(bags(world.texts), found), (bags(world.texts.without(["a"])), cleaned)]
    else:
        adaptive = strategy == "adaptive"
        plan = Plan("unplanting", label_sets=label_sets, adaptive=adaptive)
        other = most_frequent_other(law.base_rates, target)
        reported = unplanting_reports(
            people.labels,
            target,
            label_sets,
            other,
            opinions if adaptive else None,
        )
        # Seen with the signal: members, and those who carry it anyway.
        there = member | (generator.random(n) < xi)
        points = [(bags(world.texts), world.probabilities(alpha, plan))]
    submitted = np.where(member[:, None], reported, people.labels)[there]
    key = np.array([7**k for k in range(len(law.words))])
    seen = bags(people)[there] @ key
    compared = 0
    for texts, expected in points:
        for bag, first in zip(*np.unique(texts @ key, return_index=True), strict=True):
            rows = seen == bag
            count = int(rows.sum())
            if count < 200:
                continue
            compared += 1
            rate, exact = submitted[rows].mean(axis=0), expected[first]
            # 5 s.e.: some thousand comparisons.
            error = np.sqrt(exact * (1 - exact) / count)
            assert (np.abs(rate - exact) <= 5 * error + 1e-12).all()
    assert compared > 50


@pytest.mark.parametrize("goal", ["any", "top1"])
def test_success_is_the_exact_staircase(world: LanguageWorld, goal: str) -> None:
    got = world.success(ALPHAS, Plan("feature_label"), goal)
    target = world.target
    deficits = (
        deficit_any(world.marginals[:, target])
        if goal == "any"
        else deficit_top1(world.marginals, target)
    )
    expected = staircase(
        ALPHAS, None, flip_point(world.xi, deficits), held=np.asarray(deficits) < 0
    )
    np.testing.assert_allclose(got.mean, expected)
    np.testing.assert_allclose(got.standard_error, np.sqrt(expected * (1 - expected) / 800))


@pytest.mark.parametrize("evasive", [False, True])
def test_feature_only_is_the_exact_staircase(world: LanguageWorld, evasive: bool) -> None:
    got = world.success(ALPHAS, Plan("feature_only", evasive=evasive), "any")
    own = world.marginals[:, world.target]
    points = flip_point_any(world.xi, own, evasive=evasive)
    np.testing.assert_allclose(got.mean, staircase(ALPHAS, None, points, held=own > 0.5))
    floor = world.law.floor(world.target)
    bound = feature_only_bound(ALPHAS, p=floor, xi=world.xi, evasive=evasive)
    assert (got.mean >= bound - 1e-12).all()
    assert ((bound > 0) & (bound < 1)).any()


def test_no_theorem_is_broken_on_the_texts_themselves(world: LanguageWorld) -> None:
    """With the texts for X the world is exact, so the averaged bounds hold without allowance."""
    informative = 0
    target, m, cleaned = world.target, world.marginals, world.cleaned
    own, other = m[:, target], np.asarray(deficit_top1(m, target))
    most = int(np.where(np.arange(10) == target, -1, world.law.base_rates).argmax())
    common = own - m[:, most]
    kappas = [
        (Plan("feature_label"), "any", 1 - 2 * own),
        (Plan("feature_label", label_sets="extend"), "any", 1 - 2 * own),
        (Plan("feature_label"), "top1", other),
        (Plan("unplanting"), "any", 2 * own - 1),
        (Plan("unplanting", label_sets="extend"), "any", 2 * own - 1),
        (Plan("unplanting"), "top1", common),
        (Plan("unplanting", adaptive=True), "top1", -other),
    ]
    for plan, goal, deficits in kappas:
        kappa = world.xi * np.maximum(deficits, 0).mean()
        bound = feature_label_bound_averaged(ALPHAS, kappa=kappa)
        exact = world.success(ALPHAS, plan, goal).mean
        assert (exact >= bound - 1e-12).all()
        informative += ((bound > 0) & (bound < 1)).sum()

    held = cleaned.argmax(axis=1)
    rows = np.arange(len(m))
    says = cleaned[:, target] > 0.5
    erasing = {
        ("top1", "replace"): [x.max(axis=1) - x[rows, held] for x in (m, cleaned)],
        ("any", "extend"): [
            np.maximum(np.where(says, 1 - 2 * x[:, target], 2 * x[:, target] - 1), 0)
            for x in (m, cleaned)
        ],
    }
    for (goal, label_sets), (found, there) in erasing.items():
        kappa = (found + there).mean()
        bound = feature_label_bound_averaged(ALPHAS, kappa=kappa)
        plan = Plan("erasure", label_sets=label_sets)
        exact = world.success(ALPHAS, plan, goal).mean
        assert (exact >= bound - 1e-12).all()
        assert exact[0] < 1 == exact[-1]
        assert there.max() == 0
        informative += ((bound > 0) & (bound < 1)).sum()
    assert informative > 60


def test_the_ends_of_the_scale(world: LanguageWorld) -> None:
    for strategy, label_sets in product(("feature_label", "unplanting"), ("replace", "extend")):
        plan = Plan(strategy, label_sets=label_sets)
        assert world.success(1.0, plan, "any").mean == 1.0
        base = world.marginals[:, world.target] > 0.5
        alone = world.success(0.0, plan, "any").mean
        assert alone == (base.mean() if strategy == "feature_label" else (~base).mean())
    unique = LanguageWorld.draw(world.law, 7, 50, np.random.default_rng(0), xi=0.0)
    assert unique.success(1e-9, Plan("feature_label"), "top1").mean == 1.0
    assert unique.success(1e-9, Plan("unplanting"), "top1").mean == 1.0
    nobody = unique.probabilities(0.0, Plan("unplanting"))
    np.testing.assert_array_equal(nobody, unique.marginals)
    assert not unique.carries.any()
    assert unique.success(0.0, Plan("erasure"), "top1").mean == 1.0
    # A tie fails, except where the text is its own g(x).
    tied = LanguageWorld(
        **{
            **vars(unique),
            "marginals": np.tile([0.5, 0.5], (2, 1)),
            "cleaned": np.tile([0.5, 0.5], (2, 1)),
            "carries": np.array([True, False]),
            "target": 1,
        }
    )
    for goal in ("any", "top1"):
        assert tied.won(0.0, Plan("erasure"), goal).tolist() == [False, True]
        assert not tied.won(0.0, Plan("unplanting"), goal).any()


def test_the_shipped_language_holds_its_word(world: LanguageWorld) -> None:
    law = LanguageLaw(load_language())
    shipped = LanguageWorld.draw(law, 5, 300, np.random.default_rng(2), xi=0.01, word="python")
    assert shipped.carries.any()
    assert not shipped.carries.all()
    lost = shipped.marginals[:, 5] - shipped.cleaned[:, 5]
    assert (lost[~shipped.carries] == 0).all()
    assert lost[shipped.carries].mean() > 0.02
    fewer = law.marginals(shipped.texts.without(["python"]))
    np.testing.assert_allclose(shipped.cleaned, fewer, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: Plan("erasure", adaptive=True), "no option of erasure"),
        (lambda w: Plan("unplanting", wrong_label=0.1), "no option of unplanting"),
        (lambda w: Plan("feature_label", evasive=True), "no option of feature_label"),
        (lambda w: LanguageWorld.draw(w.law, 0, 0, np.random.default_rng(0)), "n must be"),
        (lambda w: LanguageWorld.draw(w.law, 10, 5, np.random.default_rng(0)), "target is one"),
        (lambda w: w.draw(w.law, 0, 5, np.random.default_rng(0), word="zebra"), "no word"),
        (lambda w: w.draw(w.law, 0, 5, np.random.default_rng(0), xi=2.0), "xi must be"),
        (lambda w: w.probabilities(0.1, Plan("erasure")), "nothing is planted"),
        (lambda w: w.won(0.1, Plan("unplanting"), "most"), "goal is"),
        (lambda w: w.won(1.1, Plan("unplanting"), "any"), "alpha must be"),
        (lambda w: w.erased(0.1, "keep"), "label_sets is"),
        (lambda w: w.probabilities(0.1, Plan("unplanting", label_sets="keep")), "label_sets is"),
    ],
)
def test_bad_arguments_are_refused(
    world: LanguageWorld, call: Callable[[LanguageWorld], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(world)
