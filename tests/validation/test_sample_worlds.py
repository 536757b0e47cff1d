"""Sampled worlds against a platform that is filled row by row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from gigsim.validation.knowledge import (
    erasing_knowledge,
    feature_label_knowledge,
    feature_only_knowledge,
    true_gap,
    unplanting_knowledge,
)
from gigsim.validation.sample_worlds import SampledWorlds, sampled_worlds

COUNT = 40
KINDS = {
    "one label": {},
    "replaced sets": {"multi_label": True, "labels": 3},
    "any": {"multi_label": True, "labels": 3, "goal": "any"},
}
Row = tuple[int, frozenset[int]]


@pytest.fixture(scope="module", params=list(KINDS))
def drawn(request: pytest.FixtureRequest) -> SampledWorlds:
    """Small samples, so that ties, empty texts and luck all occur."""
    worlds = sampled_worlds(
        np.random.default_rng(0), COUNT, delta=0.1, rarity=(-2.0, 1.0), **KINDS[request.param]
    )
    rng = np.random.default_rng(1)

    def fewer(counts: np.ndarray, rows: int) -> np.ndarray:
        share = counts / counts.sum(axis=tuple(range(1, counts.ndim)), keepdims=True)
        flat = rng.multinomial(rows, share.reshape(len(counts), -1))
        return flat.reshape(counts.shape)

    return SampledWorlds(
        worlds=worlds.worlds,
        goal=worlds.goal,
        choosing=fewer(worlds.choosing, 7),
        judging=fewer(worlds.judging, 8),
        others=fewer(worlds.others, 35),
        tests=fewer(worlds.tests, 20),
        delta=worlds.delta,
    )


def people(drawn: SampledWorlds, counts: np.ndarray, b: int) -> Iterator[Row]:
    """One row each: text and labels, as the goal reads them."""
    for x, s in zip(*np.nonzero(counts[b]), strict=True):
        labels = frozenset(np.flatnonzero(drawn.worlds.sets[s]).tolist())
        if drawn.goal == "any":
            labels = frozenset({int(drawn.worlds.target[b] in labels)})
        for _ in range(counts[b, x, s]):
            yield int(x), labels


def table(rows: list[Row]) -> Callable[[int], set[int]]:
    """The most frequent labels of a text, all that tie; none where nobody has one."""
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for x, labels in rows:
        found[x].update(labels)
    return lambda x: {y for y, n in found[x].items() if n == max(found[x].values())}


def successes(
    drawn: SampledWorlds,
    edit: Callable[[int, Row], Row],
    wins: Callable[[Callable[[int], set[int]], int, int, int], bool],
) -> list[float]:
    """Ŝ in each world: ``edit(b, row)`` by members, ``wins(f, x, g(x), y*)`` at test points."""
    found = []
    for b in range(COUNT):
        rows = [edit(b, row) for row in people(drawn, drawn.members, b)]
        f = table(rows + list(people(drawn, drawn.others, b)))
        won = sum(
            int(drawn.tests[b, x]) * wins(f, x, int(drawn.worlds.signal[b, x]), drawn.target[b])
            for x in range(drawn.tests.shape[1])
        )
        found.append(won / int(drawn.tests[b].sum()))
    return found


def test_planting(drawn: SampledWorlds) -> None:
    expected = successes(
        drawn,
        lambda b, row: (int(drawn.worlds.signal[b, row[0]]), frozenset({int(drawn.target[b])})),
        lambda f, _, clean, target: f(clean) == {target},
    )
    np.testing.assert_allclose(drawn.planting, expected, atol=1e-12)
    assert 0.1 < np.mean(expected) < 0.99


@pytest.mark.parametrize("leave", [True, False])
@pytest.mark.parametrize("drawn", ["one label", "any"], indirect=True)
def test_planting_features(drawn: SampledWorlds, leave: bool) -> None:
    def edit(b: int, row: Row) -> Row:
        if drawn.target[b] in row[1]:
            return int(drawn.worlds.signal[b, row[0]]), row[1]
        away = int(np.flatnonzero(~drawn.worlds.in_signal_set[b])[0])
        return (away, row[1]) if leave else row

    expected = successes(drawn, edit, lambda f, _, clean, target: f(clean) == {target})
    np.testing.assert_allclose(drawn.planting_features(leave=leave), expected, atol=1e-12)


def test_unplanting(drawn: SampledWorlds) -> None:
    for b in range(COUNT):
        chosen = table(list(people(drawn, drawn.choosing, b)))
        for x in range(6):
            best = chosen(x) - {int(drawn.target[b])}
            if len(chosen(x)) == 1 and best:
                assert {int(drawn.best_other[b, x])} == best
            assert drawn.best_other[b, x] != drawn.target[b]
    label = drawn.best_other

    def edit(b: int, row: Row) -> Row:
        clean = int(drawn.worlds.signal[b, row[0]])
        return clean, frozenset({int(label[b, clean])})

    def wins(f: Callable[[int], set[int]], _: int, clean: int, target: int) -> bool:
        return bool(f(clean)) and target not in f(clean)

    expected = successes(drawn, edit, wins)
    np.testing.assert_allclose(drawn.unplanting(label), expected, atol=1e-12)


def test_erasing(drawn: SampledWorlds) -> None:
    label = drawn.best(drawn.members)

    def wins(f: Callable[[int], set[int]], x: int, clean: int, _: int) -> bool:
        return x == clean or (len(f(x)) == 1 and f(x) == f(clean))

    expected = successes(drawn, lambda b, row: (row[0], frozenset({int(label[b, row[0]])})), wins)
    np.testing.assert_allclose(drawn.erasing(label), expected, atol=1e-12)


def test_what_members_know_is_counted_among_their_rows(drawn: SampledWorlds) -> None:
    label = feature_label_knowledge(drawn)
    only = feature_only_knowledge(drawn, leave=False)
    unplanted = unplanting_knowledge(drawn, drawn.best_other, drawn.judging)
    erased = erasing_knowledge(drawn, drawn.best(drawn.choosing), drawn.judging, gap=False)
    for b in range(COUNT):
        rows, judges = (list(people(drawn, part, b)) for part in (drawn.members, drawn.judging))
        target, signal = int(drawn.target[b]), drawn.worlds.signal[b]

        def share(of: list[Row], x: int, y: int | None = None) -> float:
            return sum(at == x and (y is None or y in labels) for at, labels in of) / len(of)

        for x in np.flatnonzero(drawn.worlds.in_signal_set[b]):
            pushed = [row for row in rows if signal[row[0]] == x]
            assert label.planted[b, x] == pytest.approx(len(pushed) / len(rows))
            with_target = [row for row in pushed if target in row[1]]
            assert only.planted[b, x] == pytest.approx(len(with_target) / len(rows))
            best = max(share(rows, x, y) for y in range(drawn.kinds) if y != target)
            assert label.deficits[b, x] == pytest.approx(best - share(rows, x, target))
            assert only.rivals is not None
            assert only.rivals[b, x] == pytest.approx(best)
            planted = int(drawn.best_other[b, x])
            assert unplanted.deficits[b, x] == pytest.approx(
                share(judges, x, target) - share(judges, x, planted)
            )
        outside = ~drawn.worlds.in_signal_set[b]
        assert not label.planted[b, outside].any()
        assert not label.deficits[b, outside].any()
        for x in range(6):
            mine = int(drawn.best(drawn.choosing)[b, x])
            best = max(share(judges, x, y) for y in range(drawn.kinds) if y != mine)
            assert erased.deficits[b, x] == pytest.approx(best - share(judges, x, mine))
            assert erased.weights[b, x] == pytest.approx(share(judges, x))
            assert erased.planted[b, x] == pytest.approx(share(rows, x))


def test_the_true_gap_is_that_of_the_cleaned_texts(drawn: SampledWorlds) -> None:
    gaps = true_gap(drawn)
    for b in range(COUNT):
        law = drawn.labels(drawn.worlds.base)[b]
        leads = [np.sort(law[x])[-1] - np.sort(law[x])[-2] for x in set(drawn.worlds.signal[b])]
        assert gaps[b] == pytest.approx(min(leads))


def test_samples_are_what_they_say() -> None:
    first, again = (
        sampled_worlds(np.random.default_rng(3), 300, delta=0.05, shares=(0.1, 0.2))
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.members, again.members)
    np.testing.assert_array_equal(first.tests, again.tests)
    share = first.size / first.population
    assert np.all((share > 0.0999) & (share < 0.2001))
    assert np.all((first.size >= 1000) & (first.size <= 10**7))
    assert np.all(first.judging.sum(axis=(1, 2)) >= 1)
    # Frequencies are P0's but for sampling, at five standard errors.
    seen = first.others / first.others.sum(axis=(1, 2), keepdims=True)
    base = first.worlds.base
    error = np.sqrt(base * (1 - base) / first.others.sum(axis=(1, 2), keepdims=True))
    assert np.all(np.abs(seen - base) <= 5 * error + 1e-6)
