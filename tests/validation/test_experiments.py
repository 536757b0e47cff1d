"""The machinery of experiments, on few trainings; what they find is for ``gigsim validate``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest
from scipy import stats

from gigsim.resumes.language_file import load_language
from gigsim.validation.experiments import (
    AT_START,
    Experiment,
    Group,
    Job,
    Measured,
    all_experiments,
    planted,
    run_experiments,
    train,
)
from gigsim.validation.experiments_statistics import crossing, difference, holm, ratio_text
from gigsim.validation.known import Obtained


class Imagined(Mapping[Job, tuple[Measured, ...]]):
    """Results of trainings that nobody did."""

    def __init__(self, success: Callable[[Job, Group], float]) -> None:
        self._success = success

    def __getitem__(self, job: Job) -> tuple[Measured, ...]:
        luck = 0.001 * (job.seed * job.seed % 7 - 3)
        values = (self._success(job, group) + luck for group in job.groups)
        return tuple(Measured(v, v) for v in values)

    def __iter__(self) -> Iterator[Job]:
        return iter(())

    def __len__(self) -> int:
        return 0


EXPERIMENTS = {experiment.name: experiment for experiment in all_experiments()}


def concluded(name: str, success: Callable[[Job, Group], float]) -> Obtained:
    return EXPERIMENTS[name].conclude(Imagined(success))


def logistic(size: float, mass: float, power: float = 2) -> float:
    return 1 / (1 + (mass / size) ** power)


def test_they_are_all_there_and_write_down_what_they_expect() -> None:
    assert sorted(EXPERIMENTS) == ["V17", "V18", "V49", "V50", "V51"]
    for experiment in EXPERIMENTS.values():
        said = experiment.conclude.__doc__ or ""
        assert "Expected" in said
        assert "one-sided" in said or "two-sided" in said
        assert "seeds" in said
        assert 999 not in {job.seed for job in experiment.jobs}
        assert len(set(experiment.jobs)) == len(experiment.jobs)


@pytest.mark.parametrize(
    ("name", "as_reported", "otherwise", "verdict"),
    [
        ("V17", lambda job, g: 0.5, lambda job, g: 0.5 + 0.1 * (g.placing == AT_START), "contrary"),
        (
            "V18",
            lambda job, g: logistic(g.members, 30, 2 * job.epochs),
            lambda job, g: logistic(g.members, 30),
            "not shown",
        ),
        (
            "V18",
            lambda job, g: logistic(g.members, 30, 2 * job.epochs),
            lambda job, g: logistic(g.members, 30 * job.epochs),
            "contrary",
        ),
        (
            "V49",
            lambda job, g: logistic(g.members, 40 * (1 + job.sigma)),
            lambda job, g: logistic(g.members, 100),
            "not shown",
        ),
        (
            "V49",
            lambda job, g: logistic(g.members, 40 * (1 + job.sigma)),
            lambda job, g: logistic(g.members, 400 / (1 + job.sigma)),
            "contrary",
        ),
        (
            "V50",
            lambda job, g: logistic(
                g.members, 12 if g.strategy == "feature_label" else (360 if not job.noise else 72)
            ),
            lambda job, g: logistic(g.members, 12 if g.strategy == "feature_label" else 200),
            "not shown",
        ),
        (
            "V50",
            lambda job, g: logistic(
                g.members, 12 if g.strategy == "feature_label" else (360 if not job.noise else 72)
            ),
            lambda job, g: logistic(g.members, 60),
            "contrary",
        ),
        (
            "V51",
            lambda job, g: 0.4 if len({x.token for x in job.groups}) < len(job.groups) else 0.95,
            lambda job, g: 0.95,
            "contrary",
        ),
    ],
)
def test_conclusions(
    name: str,
    as_reported: Callable[[Job, Group], float],
    otherwise: Callable[[Job, Group], float],
    verdict: str,
) -> None:
    agrees, differs = concluded(name, as_reported), concluded(name, otherwise)
    assert agrees.verdict == "passes", agrees.text
    assert differs.verdict == verdict, differs.text
    assert not differs.fails


def test_a_training_is_a_function_of_its_job() -> None:
    job = Job("linear", (Group(60), Group(20, target=6, token=1)), seed=999)
    first, second = train(job), train(job)
    assert first == second
    assert first[0].any > 0.8
    nobody = train(Job("linear", (Group(0),), seed=999))
    assert nobody[0].any < 0.3


def test_whoever_learns_a_larger_collective_does_not_do_worse() -> None:
    few, many = (train(Job("private", (Group(n),), seed=999))[0].top1 for n in (10, 400))
    assert few < 0.5 < many
    noisy = train(Job("private", (Group(400),), seed=999, sigma=16.0))[0].top1
    assert noisy < many


def test_experiments_share_trainings_and_processes_change_nothing() -> None:
    jobs = tuple(Job("linear", (Group(n),), seed=999) for n in (10, 40))

    def conclude(results: Mapping[Job, tuple[Measured, ...]]) -> Obtained:
        return Obtained(str([results[job][0].any for job in jobs]), True)

    twice = [Experiment(name, "", "", "", jobs, conclude) for name in ("V0", "V00")]
    told: list[tuple[int, int]] = []
    found = run_experiments(twice, 0, lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]
    assert found["V0"] == found["V00"]


def test_a_training_that_fails_is_not_passed_over() -> None:
    job = Job("linear", (Group(3000),), seed=999)
    broken = Experiment("V0", "", "", "", (job,), lambda results: Obtained("", True))
    with pytest.raises(RuntimeError, match="3000 members of 2000 people"):
        run_experiments([broken], 0)


@pytest.mark.parametrize("placing", [10, 20, AT_START])
def test_placings(placing: int) -> None:
    resumes = load_language().sample(5, np.random.default_rng(0))
    texts = planted(resumes, 9999, placing)
    for number in range(5):
        read = texts[number]
        places = np.flatnonzero(read == 9999)
        own = resumes.tokens[resumes.offsets[number] : resumes.offsets[number + 1]]
        np.testing.assert_array_equal(read[read != 9999], own)
        expected = [0] if placing == AT_START else placing + (placing + 1) * np.arange(len(places))
        np.testing.assert_array_equal(places, expected)
        assert len(places) == (1 if placing == AT_START else len(own) // placing)


def test_differences_are_students() -> None:
    sample = np.array([0.1, 0.3, -0.05, 0.2, 0.15])
    found = difference(sample)
    interval = stats.ttest_1samp(sample, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p_two == pytest.approx(stats.ttest_1samp(sample, 0).pvalue)
    greater = stats.ttest_1samp(sample, 0.1, alternative="greater").pvalue
    assert difference(sample, 0.1).p_greater == pytest.approx(greater)
    assert difference(sample, 0.1).p_less == pytest.approx(1 - greater)
    assert found.text() == "+0.140 [-0.021, +0.301]"
    with pytest.raises(ValueError, match="two"):
        difference([1.0])


def test_differences_without_spread() -> None:
    same = difference([0.25, 0.25, 0.25])
    assert (same.p_two, same.p_greater, same.p_less) == (0.0, 0.0, 1.0)
    nothing = difference([0.0, 0.0])
    assert (nothing.p_two, nothing.p_greater, nothing.p_less) == (1.0, 0.5, 0.5)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


def test_crossings() -> None:
    assert crossing([10, 20, 40], [0.0, 0.25, 0.75], 0.5) == pytest.approx(np.sqrt(800))
    assert crossing([10, 20, 40], [0.6, 0.2, 0.9], 0.5) == 10
    assert crossing([10, 20, 40], [0.1, 0.2, 0.3], 0.5) == 80
    assert ratio_text(difference(np.log([2.0, 8.0]))).startswith("4.0 [")
