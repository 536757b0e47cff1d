"""The registry of trials; what each bound does is for the tests of its part of the theory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gigsim.validation import trials
from gigsim.validation.trial import run_trial
from gigsim.validation.trials import ALL_TRIALS, PARTS, by_name, run_trials, seed_of, try_one


def test_every_part_is_there_and_no_two_share_a_name() -> None:
    assert all(PARTS.values())
    names = by_name()
    assert len(names) == len(ALL_TRIALS) == sum(len(part) for part in PARTS.values())
    assert len({seed_of(name) for name in names}) == len(names)


def test_every_bound_has_a_source_and_a_mutant_that_must_fail() -> None:
    for trial in ALL_TRIALS:
        assert trial.source, trial.name
        assert trial.mutants, trial.name
        assert 0 <= trial.risk < 0.5, trial.name


def test_a_verdict_depends_on_the_name_alone() -> None:
    first, last = ALL_TRIALS[0], ALL_TRIALS[-1]
    told: list[tuple[int, int]] = []
    found = run_trials(
        500, 0, lambda done, of: told.append((done, of)), names=[last.name, first.name]
    )
    assert told == [(1, 2), (2, 2)]
    assert list(found) == [last.name, first.name]
    assert found[first.name] == run_trial(first, 500, seed_of(first.name))
    assert found[last.name] == try_one((last.name, 500))
    assert found[first.name].holds
    assert found[first.name].informative >= 500


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
