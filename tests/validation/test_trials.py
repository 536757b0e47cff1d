"""The registry of trials; what each bound does is for the tests of its part of the theory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

from gigsim.theory.gaps import Floats
from gigsim.validation import trials
from gigsim.validation.record import versions
from gigsim.validation.trial import Trial, Verdict, run_trial
from gigsim.validation.trials import (
    ALL_TRIALS,
    DRAWN_FROM,
    PARTS,
    by_name,
    run_trials,
    seed_of,
    try_one,
)

Mutants = Mapping[str, Callable[["Halves"], Floats]]


def test_every_part_is_there_and_no_two_share_a_name() -> None:
    assert all(PARTS.values())
    assert list(DRAWN_FROM) == list(PARTS)
    assert all(said.count("\n") == 1 for said in DRAWN_FROM.values())
    names = by_name()
    assert len(names) == len(ALL_TRIALS) == sum(len(part) for part in PARTS.values())
    assert len({seed_of(name) for name in names}) == len(names)


def test_every_bound_has_a_source_and_a_mutant_that_must_fail() -> None:
    for trial in ALL_TRIALS:
        assert trial.source, trial.name
        assert trial.mutants, trial.name
        assert 0 <= trial.risk < 0.5, trial.name


def test_a_verdict_depends_on_the_name_alone() -> None:
    # Few worlds: what comes of many is for the tests of each part.
    first, last = ALL_TRIALS[0], ALL_TRIALS[-1]
    told: list[tuple[int, int]] = []
    found = run_trials(
        200, 0, lambda done, of: told.append((done, of)), names=[last.name, first.name]
    )
    assert told == [(1, 2), (2, 2)]
    assert list(found) == [last.name, first.name]
    assert found[first.name] == run_trial(first, 200, seed_of(first.name))
    assert found[last.name] == try_one((last.name, 200))
    assert found[first.name].holds
    assert found[first.name].informative >= 200


class Halves(NamedTuple):
    """Worlds in which half of what is asked happens at best."""

    luck: Floats


def held(bound: Callable[[Halves], Floats], **numbers: Any) -> Verdict:
    trial = Trial(
        name="halves",
        source="",
        worlds=lambda generator, count: Halves(generator.random(count)),
        exact=lambda drawn: np.where(drawn.luck < 0.99, drawn.luck / 2, 1.0),
        bound=bound,
        **numbers,
    )
    return run_trial(trial, 200, 0)


def test_a_promise_of_one_or_more_is_held_to_one() -> None:
    def sure_where_lucky(drawn: Halves) -> Floats:
        return np.where(drawn.luck < 0.99, drawn.luck / 4, 7.0)

    def sure_too_often(drawn: Halves) -> Floats:
        return np.where(drawn.luck < 0.9, drawn.luck / 4, 1.0)

    always: Mutants = {"identically 1": lambda drawn: np.ones_like(drawn.luck)}
    good, bad = held(sure_where_lucky, mutants=always), held(sure_too_often, mutants=always)
    assert good.violations == 0
    assert good.holds
    assert good.drawn > good.informative
    assert good.caught["identically 1"] > 0.9 * good.drawn
    assert bad.violations > 0
    assert not bad.holds
    with pytest.raises(RuntimeError, match="informative in 0 of"):
        held(always["identically 1"])


def test_a_bound_that_is_identically_one_is_caught_by_every_trial_of_a_share() -> None:
    """On the worlds that they draw, the edges among them, where 1 is what they may promise."""
    for trial in (t for t in ALL_TRIALS[::9] if t.span == (0.0, 1.0)):
        worlds = trial.worlds(np.random.default_rng(0), 200)
        happens = trial.exact(worlds)
        assert (happens < 1 - 1e-9).mean() > trial.risk, trial.name


def test_libraries_are_named() -> None:
    assert list(versions()) == ["gigsim", "Python", "NumPy", "SciPy", "scikit-learn", "torch"]
    assert all(versions().values())


def test_what_goes_wrong_in_a_trial_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_worlds(generator: np.random.Generator, count: int) -> None:
        raise ZeroDivisionError("no worlds today")

    broken = dataclasses.replace(ALL_TRIALS[0], name="broken", worlds=no_worlds)
    monkeypatch.setattr(trials, "ALL_TRIALS", (broken,))
    with pytest.raises(RuntimeError, match=r"broken: (.|\n)*no worlds today"):
        run_trials(1, 0)
    monkeypatch.setattr(trials, "ALL_TRIALS", (broken, broken))
    with pytest.raises(ValueError, match="share a name"):
        by_name()
