"""Label noise: nested in ρ, what it keeps, and the exact law of what people have on file."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gigsim.resumes.finite_world import FiniteWorld
from gigsim.resumes.label_noise import LabelNoise, NoisyLaw, noisy_labels, noisy_law
from gigsim.resumes.law import LanguageLaw, Law
from gigsim.theory.feature_only import randomised_floor
from tests.toys import toy_language

KINDS: tuple[LabelNoise, ...] = get_args(LabelNoise)
kinds = st.sampled_from(KINDS)
shares = st.floats(0, 1)
sizes = st.tuples(st.integers(2, 40), st.integers(1, 12))

LAWS = {
    "language": LanguageLaw(toy_language()),
    "finite world": FiniteWorld.draw(5, np.random.default_rng(0)),
}


def random_labels(n: int, count: int) -> NDArray[np.bool_]:
    return np.random.default_rng(n * 100 + count).random((n, count)) < 0.3


def noisy(labels: NDArray[np.bool_], rho: float, kind: LabelNoise, seed: int = 0):  # type: ignore[no-untyped-def]
    return noisy_labels(labels, rho, kind, np.random.default_rng(seed))


@given(sizes, shares, shares, kinds, st.integers(0, 9))
def test_who_is_hit_at_a_small_share_is_hit_likewise_at_a_larger(
    size: tuple[int, int], first: float, second: float, kind: LabelNoise, seed: int
) -> None:
    labels = random_labels(*size)
    few, more = sorted((first, second))
    some, all_of_them = noisy(labels, few, kind, seed), noisy(labels, 1.0, kind, seed)
    many = noisy(labels, more, kind, seed)
    changed = (some != labels).any(axis=1)
    np.testing.assert_array_equal(some[changed], many[changed])
    # At any share a person has what he had, or what he has where everybody is hit.
    same = (many == labels).all(axis=1) | (many == all_of_them).all(axis=1)
    assert same.all()


@given(sizes, shares, kinds)
def test_one_more_person_changes_nobody_who_is_hit(
    size: tuple[int, int], rho: float, kind: LabelNoise
) -> None:
    # Distinct label sets, so that who is hit can be told: nobody is given his own.
    n = size[0]
    labels = np.eye(n + 1, dtype=bool)
    fewer, more = noisy(labels[:n], rho, kind), noisy(labels, rho, kind)[:n]
    if kind == "shuffle":
        hit = [(a != b).any(axis=1) for a, b in ((fewer, labels[:n]), (more, labels[:n]))]
        np.testing.assert_array_equal(*hit)
    else:
        np.testing.assert_array_equal(fewer, more)


@given(sizes, kinds)
def test_nobody_is_hit_at_none_and_the_given_array_stays(
    size: tuple[int, int], kind: LabelNoise
) -> None:
    labels = random_labels(*size)
    before = labels.copy()
    found = noisy(labels, 0.0, kind)
    np.testing.assert_array_equal(found, labels)
    assert found is not labels
    noisy(labels, 1.0, kind)
    np.testing.assert_array_equal(labels, before)


@given(st.integers(2, 60), st.integers(0, 20))
def test_a_shuffled_set_is_another_persons(n: int, seed: int) -> None:
    labels = np.eye(n, dtype=bool)
    found = noisy(labels, 1.0, "shuffle", seed)
    assert (found.sum(axis=1) == 1).all()
    assert not (found & labels).any()


@given(sizes, st.integers(0, 20))
def test_a_uniform_set_is_one_label(size: tuple[int, int], seed: int) -> None:
    assert (noisy(random_labels(*size), 1.0, "uniform", seed).sum(axis=1) == 1).all()


def test_rates_and_what_is_kept() -> None:
    """With 40,000 people each share lies within 4.5 standard errors of what it should be."""
    n, rho = 40_000, 0.3
    labels = LAWS["language"].sample_labels(n, np.random.default_rng(1))
    shuffled, uniform = noisy(labels, rho, "shuffle"), noisy(labels, rho, "uniform")
    rates = labels.mean(axis=0)
    np.testing.assert_allclose(shuffled.mean(axis=0), rates, rtol=0, atol=4.5 * 0.5 / n**0.5)
    expected = 0.7 * rates + 0.3 / 10
    np.testing.assert_allclose(uniform.mean(axis=0), expected, rtol=0, atol=4.5 * 0.5 / n**0.5)
    hit = (noisy(np.eye(2000, dtype=bool), rho, "shuffle") != np.eye(2000, dtype=bool)).any(axis=1)
    assert abs(hit.mean() - rho) < 4.5 * (rho * (1 - rho) / 2000) ** 0.5


@pytest.mark.parametrize(
    ("rho", "kind", "n", "said"),
    [
        (-0.1, "shuffle", 3, r"rho must be in \[0, 1\]"),
        (1.1, "uniform", 3, r"rho must be in \[0, 1\]"),
        (float("nan"), "uniform", 3, r"rho must be in \[0, 1\]"),
        (0.1, "swap", 3, "kind is one of shuffle, uniform"),
        (0.1, "shuffle", 1, "nobody to take"),
    ],
)
def test_what_cannot_be(rho: float, kind: LabelNoise, n: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        noisy(np.ones((n, 2), dtype=bool), rho, kind)


def test_nobody_at_all() -> None:
    empty = np.empty((0, 3), dtype=bool)
    assert all(noisy(empty, 0.5, kind).shape == (0, 3) for kind in KINDS)


# ---------------------------------------------------------------------------------------- laws


@pytest.mark.parametrize("name", sorted(LAWS))
def test_no_noise_is_the_law_itself(name: str) -> None:
    assert noisy_law(LAWS[name], 0.0, "shuffle") is LAWS[name]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(LAWS))
def test_marginals_and_pairs_are_calibrated(name: str, kind: LabelNoise) -> None:
    """What 8,000 people have on file minus what the law says sums to 0 within 4.5 s.e."""
    law = LAWS[name]
    people = law.sample(8_000, np.random.default_rng(3))
    on_file = noisy(people.labels, 0.4, kind, seed=4)
    known = noisy_law(law, 0.4, kind)
    marginals = known.marginals(people)
    assert abs(marginals.mean(axis=0) - known.base_rates).max() < 4.5 * 0.5 / 8_000**0.5
    # Weighted by another number of each text too, so that it is calibrated given the text.
    for weight in (1.0, law.marginals(people)[:, [3]]):
        for target in (3, 7):
            pairs = known.pair_marginals(people, target)
            both = on_file & on_file[:, [target]]
            for happened, promised in ((on_file, marginals), (both, pairs)):
                off = weight * (happened - promised)
                error = off.std(axis=0) / len(off) ** 0.5
                assert (abs(off.mean(axis=0)) <= 4.5 * error + 1e-12).all()
            np.testing.assert_allclose(pairs[:, target], marginals[:, target], atol=1e-12)
            assert (pairs <= marginals + 1e-12).all()
            np.testing.assert_allclose(
                known.base_pairs(target), both.mean(axis=0), rtol=0, atol=4.5 * 0.5 / 8_000**0.5
            )


@pytest.mark.parametrize("rho", [0.05, 0.4, 1.0])
def test_a_shuffled_language_is_the_language_with_a_noisier_channel(rho: float) -> None:
    """The label channel redraws a set from π, as a shuffle does: both at once are one of both."""
    language = toy_language()
    texts = language.sample(50, np.random.default_rng(5))
    got = noisy_law(LanguageLaw(language), rho, "shuffle")
    one = LanguageLaw(replace(language, rho=1 - (1 - language.rho) * (1 - rho)))
    for target in (0, 7):
        assert got.floor(target) == pytest.approx(one.floor(target), abs=1e-14)
        assert got.ceiling(target) == pytest.approx(one.ceiling(target), abs=1e-14)
        pairs = got.pair_marginals(texts, target)
        np.testing.assert_allclose(pairs, one.pair_marginals(texts, target), atol=1e-13)
    np.testing.assert_allclose(got.marginals(texts), one.marginals(texts), atol=1e-13)
    np.testing.assert_allclose(got.base_rates, one.base_rates, atol=1e-14)


@given(st.integers(1, 12), st.floats(0.001, 1), kinds, st.integers(0, 9))
def test_a_noisy_finite_world_is_the_mixture(
    cells: int, rho: float, kind: LabelNoise, target: int
) -> None:
    world = FiniteWorld.draw(cells, np.random.default_rng(cells))
    mixed, generic = noisy_law(world, rho, kind), NoisyLaw(world, rho, kind)
    assert isinstance(mixed, FiniteWorld)
    every = world.every()
    np.testing.assert_allclose(mixed.marginals(every), generic.marginals(every), atol=1e-13)
    np.testing.assert_allclose(
        mixed.pair_marginals(every, target), generic.pair_marginals(every, target), atol=1e-13
    )
    np.testing.assert_allclose(mixed.base_rates, generic.base_rates, atol=1e-13)
    np.testing.assert_allclose(mixed.base_pairs(target), generic.base_pairs(target), atol=1e-13)
    # The table's floor and ceiling are exact, the generic ones bounds that hold.
    assert mixed.floor(target) == pytest.approx(generic.floor(target), abs=1e-13)
    assert mixed.ceiling(target) <= generic.ceiling(target) + 1e-13


@pytest.mark.parametrize(
    ("rho", "scale"), [(0.01, 999.0), (0.05, 199.0), (0.1, 99.0), (0.2, 49.0), (0.3, 32.333333)]
)
def test_the_scale_of_theorem_3(rho: float, scale: float) -> None:
    """V14: labels that are sure (p = 0), ten of them, a share ρ redrawn uniformly."""
    sure = FiniteWorld(np.array([0.5, 0.5]), np.eye(10)[[0, 1]])
    floor = noisy_law(sure, rho, "uniform").floor(5)
    assert floor == pytest.approx(float(randomised_floor(0, rho, 10)), abs=1e-15)
    assert (1 - floor) / floor == pytest.approx(scale, rel=1e-6)


def test_samples_have_true_label_sets() -> None:
    law: Law = LAWS["language"]
    known = noisy_law(law, 0.9, "uniform")
    a, b = (one.sample(30, np.random.default_rng(1)) for one in (law, known))
    np.testing.assert_array_equal(a.labels, b.labels)
    np.testing.assert_array_equal(a.tokens, b.tokens)
    np.testing.assert_array_equal(
        *(one.sample_labels(30, np.random.default_rng(1)) for one in (law, known))
    )
    assert known.origin.endswith("label noise 0.9 (uniform)")
    assert (known.words, known.label_names) == (law.words, law.label_names)
