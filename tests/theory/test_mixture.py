"""The marginals of the mixture against finite worlds, enumerated point by point."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.collective.reports import reported_law
from gigsim.theory import mixture
from gigsim.theory.mixture import clean_marginals, erased_marginals, planted_marginals
from gigsim.theory.planting import LabelSets, flip_point
from gigsim.theory.unplanting import unplanting_exact_deficit_top1
from gigsim.theory.worlds import Worlds, random_token_worlds, random_worlds
from gigsim.theory.wrong_labels import wrong_label_margin
from tests.theory.enumeration import mixed, relabelled_law, submitted_law

TEXTS, LABELS, WORLDS = 3, 3, 10

SHARES = st.sampled_from([0.0, 1.0]) | st.floats(1e-6, 1 - 1e-6)
MASSES = st.just(0.0) | st.floats(1e-6, 0.9)


def of_law(worlds: Worlds, law: np.ndarray, signal: bool) -> tuple[np.ndarray, np.ndarray]:
    """Label marginals given each text with (without) the signal, and the text's mass."""
    part = law[:, TEXTS:] if signal else law[:, :TEXTS]
    mass = part.sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return part @ worlds.sets / mass[..., None], mass


def base_of(worlds: Worlds) -> tuple[np.ndarray, np.ndarray]:
    """m and q of each text, whether or not it carries the signal."""
    plain = worlds.base[:, :TEXTS] + worlds.base[:, TEXTS:]
    mass = plain.sum(axis=2, keepdims=True)
    pairs = np.stack(
        [
            plain[b][:, worlds.sets[:, y]] @ worlds.sets[worlds.sets[:, y]] / mass[b]
            for b, y in enumerate(worlds.target)
        ]
    )
    return plain @ worlds.sets / mass, pairs


@given(
    st.integers(0, 2**32),
    SHARES,
    MASSES,
    st.sampled_from(["feature_label", "feature_only"]),
    st.sampled_from(["replace", "extend"]),
    st.booleans(),
    SHARES,
)
@settings(max_examples=300)
def test_equal_to_enumeration(
    seed: int,
    alpha: float,
    xi: float,
    strategy: mixture.Strategy,
    label_sets: LabelSets,
    evasive: bool,
    wrong: float,
) -> None:
    worlds = random_token_worlds(
        np.random.default_rng(seed), WORLDS, texts=TEXTS, labels=LABELS, concentration=1.0, xi=xi
    )
    away = np.tile(np.concatenate([np.arange(TEXTS)] * 2), (WORLDS, 1))
    law = mixed(
        worlds,
        alpha,
        submitted_law(
            worlds,
            strategy=strategy,
            label_sets=label_sets,
            evasive=evasive,
            wrong_label=wrong,
            away=away,
        ),
    )
    marginals, pairs = base_of(worlds)
    for b, y in enumerate(worlds.target.tolist()):
        found = {
            True: planted_marginals(
                marginals[b],
                y,
                alpha,
                xi,
                strategy=strategy,
                label_sets=label_sets,
                evasive=evasive,
                wrong_label=wrong,
                pairs=pairs[b],
            ),
            False: clean_marginals(
                marginals[b], y, alpha, xi, strategy=strategy, evasive=evasive, pairs=pairs[b]
            ),
        }
        for signal, values in found.items():
            expected, mass = of_law(worlds, law, signal)
            seen = mass[b] > 0
            np.testing.assert_allclose(values[seen], expected[b][seen], atol=1e-12, rtol=0)
            # What nobody has ever seen is read as base resumes are.
            np.testing.assert_array_equal(values[~seen], marginals[b][~seen])


def reported_sets(
    worlds: Worlds, opinion: np.ndarray, label_sets: LabelSets, *, without: bool
) -> np.ndarray:
    """Number of the label set that is reported of each point, (B, X, S), one by one.

    ``opinion`` (B, X): the label reported alone (replace), or whether y* is put in (extend);
    ``without`` takes y* out in any case.
    """
    number = {tuple(row): s for s, row in enumerate(worlds.sets.tolist())}
    found = np.zeros(worlds.base.shape, dtype=np.int64)
    for b, x, s in np.ndindex(*worlds.base.shape):
        row = worlds.sets[s].copy()
        if label_sets == "replace":
            row[:] = False
            row[opinion[b, x]] = True
        else:
            row[worlds.target[b]] = not without and bool(opinion[b, x])
        found[b, x, s] = number[tuple(row.tolist())]
    return found


def marginals_of(worlds: Worlds, law: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Label marginals at each feature (of anything where it has no mass), and its mass."""
    mass = law.sum(axis=2)
    return law @ worlds.sets / np.where(mass > 0, mass, 1)[..., None], mass


@given(st.integers(0, 2**32), SHARES, MASSES, st.sampled_from(["replace", "extend"]))
@settings(max_examples=100)
def test_unplanting_is_equal_to_enumeration(
    seed: int, alpha: float, xi: float, label_sets: LabelSets
) -> None:
    """Each text with a ŷ of its own, as of the adaptive form; of the naive one a special case."""
    generator = np.random.default_rng(seed)
    worlds = random_token_worlds(generator, 4, texts=TEXTS, labels=LABELS, concentration=1.0, xi=xi)
    # What is reported of a text does not depend on the token.
    step = generator.integers(1, LABELS, size=(4, TEXTS))
    other = np.tile((worlds.target[:, None] + step) % LABELS, 2)
    sets = reported_sets(worlds, other, label_sets, without=True)
    law = mixed(worlds, alpha, relabelled_law(worlds, sets, planted=True))
    marginals, _ = base_of(worlds)
    for b, y in enumerate(worlds.target.tolist()):
        labels = np.zeros((TEXTS, LABELS), dtype=bool)
        labels[np.arange(TEXTS), other[b, :TEXTS]] = label_sets == "replace"
        said = reported_law(marginals[b], labels, label_sets, y)
        found = {
            True: planted_marginals(
                marginals[b], y, alpha, xi, strategy="unplanting", reported=said
            ),
            False: clean_marginals(marginals[b], y, alpha, xi, strategy="unplanting"),
        }
        for signal, values in found.items():
            expected, mass = of_law(worlds, law, signal)
            seen = mass[b] > 0
            np.testing.assert_allclose(values[seen], expected[b][seen], atol=1e-12, rtol=0)
            np.testing.assert_array_equal(values[~seen], marginals[b][~seen])
        # Success is that y* is not given: the exact deficit decides of each text.
        if label_sets == "replace":
            behind = unplanting_exact_deficit_top1(marginals[b], y, other[b, :TEXTS])
            push = (1 - alpha) * xi * behind - alpha
            clear = np.abs(push) > 1e-9
            dropped = found[True].argmax(axis=1) != y
            np.testing.assert_array_equal(dropped[clear], push[clear] < 0)


@given(st.integers(0, 2**32), SHARES, st.sampled_from(["replace", "extend"]))
@settings(max_examples=100)
def test_erasing_is_equal_to_enumeration(seed: int, alpha: float, label_sets: LabelSets) -> None:
    """Any map that takes the signal out, any opinion of what is left: texts stay as they are."""
    generator = np.random.default_rng(seed)
    worlds = random_worlds(generator, 4, features=5, labels=3, multi_label=True, concentration=1.0)
    width = 3 if label_sets == "replace" else 2
    # One opinion for each text without the signal: that of x is that of g(x).
    opinion = generator.integers(0, width, size=(4, 5))
    opinion = np.take_along_axis(opinion, worlds.signal, axis=1)
    sets = reported_sets(worlds, opinion, label_sets, without=False)
    law = mixed(worlds, alpha, relabelled_law(worlds, sets, planted=False))
    np.testing.assert_allclose(law.sum(axis=2), worlds.base.sum(axis=2), atol=1e-12, rtol=0)
    (expected, mass), (marginals, _) = (marginals_of(worlds, z) for z in (law, worlds.base))
    for b, y in enumerate(worlds.target.tolist()):
        labels = np.arange(3) == opinion[b][:, None]
        if label_sets == "extend":
            labels = np.zeros((5, 3), dtype=bool)
            labels[:, y] = opinion[b] == 1
        said = reported_law(marginals[b], labels, label_sets, y)
        values = erased_marginals(marginals[b], said, alpha)
        seen = mass[b] > 0
        np.testing.assert_allclose(values[seen], expected[b][seen], atol=1e-12, rtol=0)


def test_erasing_on_a_grid_and_what_it_refuses() -> None:
    m, said = np.array([[0.2, 0.8]]), np.array([[1.0, 0.0]])
    grid = erased_marginals(m, said, [[0.0, 0.25], [0.5, 1.0]])
    assert grid.shape == (2, 2, 1, 2)
    np.testing.assert_array_equal(grid[0, 0], m)
    np.testing.assert_array_equal(grid[1, 1], said)
    np.testing.assert_allclose(grid[1, 0], [[0.6, 0.4]], rtol=0, atol=1e-15)
    for bad, message in (
        ((m, said[:, :1], 0.5), "reported must have the shape"),
        ((m, said + 0.5, 0.5), "reported"),
        ((m, said, 1.5), "alpha"),
    ):
        with pytest.raises(ValueError, match=message):
            erased_marginals(*bad)
    with pytest.raises(ValueError, match="needs reported"):
        planted_marginals(m, 0, 0.1, 0.1, strategy="unplanting")


def test_doctests() -> None:
    assert doctest.testmod(mixture).failed == 0


def test_a_grid_of_sizes_is_the_sizes_one_by_one() -> None:
    rng = np.random.default_rng(3)
    pairs = rng.random((4, 5)) * 0.3
    marginals = pairs + 0.2
    pairs[:, 2] = marginals[:, 2]
    alphas = np.array([[0.0, 0.1], [0.5, 1.0]])
    for values in (
        lambda a: planted_marginals(marginals, 2, a, 0.01, label_sets="extend", wrong_label=0.1),
        lambda a: clean_marginals(marginals, 2, a, 0.01),
        lambda a: planted_marginals(marginals, 2, a, 0.01, strategy="feature_only", pairs=pairs),
        lambda a: clean_marginals(
            marginals, 2, a, 0.01, strategy="feature_only", pairs=pairs, evasive=True
        ),
    ):
        grid = values(alphas)
        assert grid.shape == (2, 2, 4, 5)
        for place in np.ndindex(2, 2):
            np.testing.assert_array_equal(grid[place], values(alphas[place]))


def test_nobody_changes_nothing_and_nobody_has_seen_the_signal() -> None:
    marginals, pairs = [[0.3, 0.7]], [[0.3, 0.1]]
    for xi in (0.0, 0.2):
        for strategy in ("feature_label", "feature_only"):
            for f in (planted_marginals, clean_marginals):
                found = f(marginals, 0, 0.0, xi, strategy=strategy, pairs=pairs)  # type: ignore[operator]
                np.testing.assert_allclose(found, marginals, rtol=1e-15)


def test_those_who_have_left_are_missed_without_the_signal() -> None:
    """Feature-only: the more plant, the less a text without the signal speaks for the target."""
    marginals, pairs = [[0.4, 0.8]], [[0.4, 0.3]]
    alphas = np.linspace(0, 1, 11)
    for evasive in (False, True):
        rate = clean_marginals(
            marginals, 0, alphas, 0.01, strategy="feature_only", evasive=evasive, pairs=pairs
        )[:, 0, 0]
        assert np.all(np.diff(rate) < 0)
        assert rate[-1] == 0


@pytest.mark.parametrize("wrong", [0.0, 0.2, 0.45])
@pytest.mark.parametrize(
    ("goal", "label_sets"), [("any", "replace"), ("any", "extend"), ("top1", "replace")]
)
def test_flip_points_with_wrong_labels(wrong: float, goal: str, label_sets: LabelSets) -> None:
    """Where the mixture turns is ``flip_point`` with the margin in place of 1."""
    rng = np.random.default_rng(4)
    marginals, xi, y = rng.dirichlet([0.4, 0.5, 0.6, 0.7], size=300), 0.02, 1
    others = np.delete(marginals, y, axis=1).max(axis=1)
    own = marginals[:, y]
    margin = float(wrong_label_margin(wrong, goal, 4))  # type: ignore[arg-type]
    push = np.full(300, margin)
    if label_sets == "extend":
        push = push + 2 * wrong * own
    deficit = 1 - 2 * own if goal == "any" else others - own
    point = flip_point(xi, deficit, push)
    for shift in (-1e-7, 1e-7):
        shares = np.clip(point + shift, 0, 1)
        found = np.concatenate(
            [
                planted_marginals(
                    marginals[i : i + 1], y, shares[i], xi, label_sets=label_sets, wrong_label=wrong
                )
                for i in range(300)
            ]
        )
        rivals = np.delete(found, y, axis=1).max(axis=1)
        won = found[:, y] > (0.5 if goal == "any" else rivals)
        behind = deficit > 0
        assert np.all(won[behind] == (shift > 0))


def test_what_does_not_fit_is_refused() -> None:
    marginals, pairs = [[0.3, 0.7]], [[0.3, 0.1]]
    with pytest.raises(ValueError, match="needs pairs"):
        planted_marginals(marginals, 0, 0.1, 0.1, strategy="feature_only")
    with pytest.raises(ValueError, match="'feature_label' or 'feature_only', got 'erasure'"):
        clean_marginals(marginals, 0, 0.1, 0.1, strategy="erasure", pairs=pairs)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'replace' or 'extend', got 'add'"):
        planted_marginals(marginals, 0, 0.1, 0.1, label_sets="add")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shape of marginals"):
        planted_marginals(marginals, 0, 0.1, 0.1, strategy="feature_only", pairs=[[0.3]])
    for wrong in ([[0.3, 0.8]], [[0.2, 0.1]]):
        with pytest.raises(ValueError, match="at most m_l"):
            planted_marginals(marginals, 0, 0.1, 0.1, strategy="feature_only", pairs=wrong)
    with pytest.raises(ValueError, match="a column of them: 2"):
        planted_marginals(marginals, 2, 0.1, 0.1)
    with pytest.raises(ValueError, match="wrong_label must be in"):
        planted_marginals(marginals, 0, 0.1, 0.1, wrong_label=1.5)
    with pytest.raises(ValueError, match="alpha must be in"):
        planted_marginals(marginals, 0, 1.1, 0.1)
