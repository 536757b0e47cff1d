"""What each seed draws, and what people hand in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gigsim.collective.strategies import CLEAN, FOUND, PLANTED
from gigsim.config import Config
from gigsim.curves.bench import Bench, bench_for
from gigsim.curves.draws import Submitted, draw, joining, submitted
from gigsim.errors import InputError
from tests.curves.worlds import arm


@pytest.fixture(scope="module")
def bench(toy_config: Config) -> Bench:
    return bench_for(arm(toy_config).config)


def _handed_in(bench: Bench, config: Config, members: int, seed: int = 1, **changes: Any) -> Any:
    one = arm(config, **changes)
    drawn = draw(bench, one.config.corpus, seed)
    return drawn, submitted(drawn, one, members, lambda: np.tile(np.eye(10)[3], (300, 1)))


@pytest.mark.parametrize("recruitment", ["random", "cluster", "skill", "hub"])
def test_collectives_are_nested(bench: Bench, toy_config: Config, recruitment: str) -> None:
    sizes = [0, 1, 15, 60, 299, 300]
    drawn, first = _handed_in(bench, toy_config, 0, recruitment=recruitment)
    before = first.version == PLANTED
    np.testing.assert_array_equal(before, drawn.carriers)
    for size in sizes:
        _, now = _handed_in(bench, toy_config, size, recruitment=recruitment)
        planted = now.version == PLANTED
        assert (planted >= before).all()
        members = np.zeros(300, dtype=bool)
        members[joining(drawn, recruitment)[:size]] = True  # type: ignore[arg-type]
        np.testing.assert_array_equal(planted, members | drawn.carriers)
        before = planted


def test_targets_strategies_and_learners_share_their_luck(toy_config: Config) -> None:
    kept = {}
    for name, changes in {
        "one": {},
        "target": {"collective.target": "Web_Developer"},
        "strategy": {"collective.strategy": "feature_only"},
        "learner": {"platform.learner": {"kind": "table"}},
    }.items():
        one = arm(toy_config, **changes)
        drawn = draw(bench_for(one.config), one.config.corpus, 7)
        kept[name] = (drawn.carriers, joining(drawn, "random"), drawn.training_seed())
    for other in kept.values():
        for mine, theirs in zip(kept["one"], other, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_seeds_draw_other_people(bench: Bench, toy_config: Config) -> None:
    corpus = toy_config.corpus.model_copy(update={"xi": 0.5, "label_noise": 0.5})
    one, two = (draw(bench, corpus, seed) for seed in (1, 2))
    assert (one.carriers != two.carriers).any()
    assert (one.labels != two.labels).any()
    assert (joining(one, "random") != joining(two, "random")).any()
    assert one.training_seed() != two.training_seed()


def test_base_carriers_and_noise_are_as_often_as_the_config_says(
    bench: Bench, toy_config: Config
) -> None:
    """Over 200 seeds of 300 people, within 4 standard errors."""
    corpus = toy_config.corpus.model_copy(
        update={"xi": 0.1, "label_noise": 0.3, "label_noise_kind": "uniform"}
    )
    draws = [draw(bench, corpus, seed) for seed in range(200)]
    assert np.mean([d.xi for d in draws]) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 60_000))
    changed = np.mean([(d.labels != bench.stage.labels).any(axis=1).mean() for d in draws])
    # One draw in ten is the label that a person with one label has anyhow.
    alone = (bench.stage.labels.sum(axis=1) == 1).mean()
    assert changed == pytest.approx(0.3 * (1 - alone / 10), abs=4 * np.sqrt(0.21 / 60_000))
    wider = corpus.model_copy(update={"xi": 0.2})
    assert all((d.carriers <= draw(bench, wider, d.seed).carriers).all() for d in draws)


def _noisy(config: Config) -> dict[str, Any]:
    return {"corpus.xi": 0.2, "corpus.label_noise": 0.2}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"collective.label_sets": "extend"},
        {"collective.strategy": "feature_only"},
        {"collective.strategy": "feature_only", "collective.evasive": True},
        {"collective.strategy": "unplanting"},
        {"collective.strategy": "unplanting", "collective.adaptive": True},
        {"collective.strategy": "erasure"},
    ],
    ids=str,
)
def test_edited_are_those_who_hand_in_otherwise_than_without_a_collective(
    bench: Bench, toy_config: Config, changes: dict[str, Any]
) -> None:
    """Counted here from the texts themselves: words that a base carrier or a member hands in."""
    drawn, now = _handed_in(bench, toy_config, 120, **_noisy(toy_config), **changes)
    before: Submitted = _handed_in(bench, toy_config, 0, **_noisy(toy_config), **changes)[1]
    texts = [bench.rows(h.version).counts.toarray() for h in (before, now)]  # type: ignore[attr-defined]
    differ = (texts[0] != texts[1]).any(axis=1) | (before.labels != now.labels).any(axis=1)
    assert now.edited == differ.sum() > 0
    np.testing.assert_array_equal(before.labels, drawn.labels)


def test_who_abstains_is_counted_but_does_nothing(bench: Bench, toy_config: Config) -> None:
    drawn, now = _handed_in(bench, toy_config, 300, **{"collective.abstain": 0.25})
    assert now.members == 300
    assert now.followers == pytest.approx(0.75, abs=4 * np.sqrt(0.1875 / 300))
    assert (now.version == PLANTED).mean() == pytest.approx(
        (drawn.carriers | (now.version == PLANTED)).mean()
    )
    _, fewer = _handed_in(bench, toy_config, 300, **{"collective.abstain": 0.5})
    assert fewer.followers < now.followers


def test_evasive_members_take_out_what_they_carry(bench: Bench, toy_config: Config) -> None:
    drawn, now = _handed_in(
        bench,
        toy_config,
        300,
        **{"corpus.xi": 0.5, "collective.strategy": "feature_only", "collective.evasive": True},
    )
    target = bench.target(toy_config.collective)
    np.testing.assert_array_equal(now.version == PLANTED, drawn.labels[:, target])
    assert set(now.version) == {PLANTED, CLEAN}
    assert FOUND not in now.version


def test_an_unknown_label_is_refused(toy_config: Config) -> None:
    other = arm(toy_config).config
    section = other.collective.model_copy(update={"target": "Astronaut"})
    with pytest.raises(InputError, match="Astronaut"):
        bench_for(other).target(section)
