"""Experiments: learners really trained on the built-in language, to see what papers report to see.

A paper's qualitative statement is no theorem, so it is put to a test whose population sizes, seeds,
statistic and expected direction are written down in the docstring of the experiment, before the
first training. Whatever comes out is reported: *contrary* where there is significant evidence
against the statement, *not shown* where there is too little for it.

Trainings are small (2,000 resumes, 500 held out) and many, so they are jobs: a few numbers from
which a worker process makes the population again. What a job returns is a function of the job.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import StrategyName
from gigsim.collective.signals import Signal
from gigsim.collective.strategies import PLANTED, instruct
from gigsim.learners.protocol import make_learner
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import LinearRecipe, TransformerRecipe
from gigsim.processes import side_by_side
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language_file import load_language
from gigsim.validation.known import Obtained
from gigsim.validation.private_firm import PrivateFirm

LearnerName = Literal["linear", "transformer", "private"]

#: How learners are called in a report.
LEARNERS: Mapping[LearnerName, str] = {
    "linear": "`linear`",
    "transformer": "`transformer` (1 layer, 64 wide)",
    "private": "DP-SGD on TF-IDF",
}

#: People a population has, and resumes held out.
PEOPLE, HELD_OUT = 2000, 500

#: Columns of the targets: Network_Administrator, Security_Analyst.
FIRST, SECOND = 3, 6

#: A placing: the token once, before the first word.
AT_START = 0

# Tokens get ids of their own after those of the language's words.
_TOKENS = 2


@dataclass(frozen=True)
class Group:
    """A collective.

    Attributes:
        members: how many, drawn at random from those who are in no earlier group.
        target: column of y*.
        token: 0 or 1.
        placing: words between two tokens, or :data:`AT_START`.
        strategy: what its members do; label sets are replaced where they are edited.
    """

    members: int
    target: int = FIRST
    token: int = 0
    placing: int = 20
    strategy: StrategyName = "feature_label"


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        learner: who trains.
        groups: the collectives.
        seed: of population, held-out resumes, order of joining and training. Jobs of one seed share
            all four, whatever else differs between them: comparisons are paired.
        xi: share of people who carry token 0 by themselves, as the first group places it.
        noise: share of people whose label set is replaced by one label, uniformly drawn.
        epochs: passes over the data (transformer).
        sigma: noise multiplier (private).
    """

    learner: LearnerName
    groups: tuple[Group, ...]
    seed: int
    xi: float = 0.0
    noise: float = 0.0
    epochs: int = 2
    sigma: float = 0.0


class Measured(NamedTuple):
    """What a group got: share of held-out resumes with its signal and y* in the set, on top."""

    any: float
    top1: float


Results = Mapping[Job, tuple[Measured, ...]]


@dataclass(frozen=True)
class Experiment:
    """A statement and the trainings that it is put to.

    Attributes:
        name: such as ``V17``.
        case: what is compared.
        expected: the direction, from the paper.
        source: who reports it.
        jobs: the trainings, in the order in which they are begun.
        conclude: from what all jobs returned to a verdict.
    """

    name: str
    case: str
    expected: str
    source: str
    jobs: tuple[Job, ...]
    conclude: Callable[[Results], Obtained]


@dataclass(frozen=True, eq=False)
class _People:
    """A population and held-out resumes, and the luck of everybody in it."""

    resumes: Corpus
    held_out: Corpus
    rank: NDArray[np.int64]
    carrier: NDArray[np.float64]
    mislabelled: NDArray[np.float64]
    random_label: NDArray[np.int64]


@lru_cache(maxsize=4)
def _people(seed: int) -> _People:
    language = load_language()
    generator = np.random.default_rng([seed, 20_230_723])
    resumes = language.sample(PEOPLE, generator)
    return _People(
        resumes=resumes,
        held_out=language.sample(HELD_OUT, generator, test_side=True),
        rank=generator.permutation(PEOPLE),
        carrier=generator.random(PEOPLE),
        mislabelled=generator.random(PEOPLE),
        random_label=generator.integers(0, len(resumes.label_names), PEOPLE),
    )


def _texts(resumes: Corpus) -> Ragged:
    return Ragged(resumes.tokens.astype(np.int32), resumes.offsets)


def planted(resumes: Corpus, token: int, placing: int) -> Ragged:
    """g(x) of each resume: ids of words, and of the token after every ``placing`` words.

    Args:
        resumes: n resumes of the language, which never writes a token.
        token: its id.
        placing: words between two tokens, or :data:`AT_START`.
    """
    if placing != AT_START:
        signal = Signal("※", placing)
        tokens, offsets = signal.plant_tokens(resumes.tokens, resumes.offsets, token)
        return Ragged(tokens.astype(np.int32), offsets)
    values = np.insert(resumes.tokens.astype(np.int32), resumes.offsets[:-1], np.int32(token))
    return Ragged(values, resumes.offsets + np.arange(len(resumes) + 1))


def train(job: Job, tell: Callable[[object], None] | None = None) -> tuple[Measured, ...]:
    """Make the population, train on what it submits, and measure each group's success.

    Args:
        job: what to do.
        tell: not used; a task of ``processes.side_by_side`` has it.
    """
    people = _people(job.seed)
    words = len(people.resumes.words)
    labels = people.resumes.labels.copy()
    noisy = people.mislabelled < job.noise
    labels[noisy] = people.random_label[noisy, None] == np.arange(labels.shape[1])
    carries = people.carrier < job.xi

    versions = [_texts(people.resumes)]
    choice = np.zeros(PEOPLE, dtype=np.int64)
    first = 0
    for number, group in enumerate(job.groups, start=1):
        versions.append(planted(people.resumes, words + group.token, group.placing))
        choice[carries] = 1
        follows = (people.rank >= first) & (people.rank < first + group.members)
        first += group.members
        edits = instruct(labels, follows, group.target, strategy=group.strategy)
        choice[follows & (edits.version == PLANTED)] = number
        labels = edits.labels
    if first > PEOPLE:
        raise ValueError(f"{first} members of {PEOPLE} people")

    store = Ragged.concatenate(versions)
    learner = _learner(job, labels.shape[1])
    rows = learner.represent(store.take(np.arange(PEOPLE) + PEOPLE * choice), words + _TOKENS)
    classifier = learner.fit(rows, labels, job.seed)
    found = []
    for group in job.groups:
        shown = planted(people.held_out, words + group.token, group.placing)
        said = classifier.probabilities(learner.represent(shown, words + _TOKENS))
        found.append(
            Measured(
                float((said[:, group.target] > 0.5).mean()),
                float((said.argmax(axis=1) == group.target).mean()),
            )
        )
    return tuple(found)


def run_experiments(
    experiments: Sequence[Experiment],
    workers: int,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, Obtained]:
    """Train everything, side by side, and draw the conclusions.

    Args:
        experiments: with different names.
        workers: processes; 0 trains in this one. Changes no result.
        tell: gets the number of trainings done and of all, as they end.

    Returns:
        By name of the experiment.

    Raises:
        RuntimeError: a training failed; its traceback is in the message.
    """
    jobs = list(dict.fromkeys(job for e in experiments for job in e.jobs))
    # The longest first: no process is left alone with one at the end.
    jobs.sort(key=_cost, reverse=True)
    results: dict[Job, tuple[Measured, ...]] = {}
    with closing(side_by_side(train, enumerate(jobs), min(workers, len(jobs)))) as outcomes:
        for ended in outcomes:
            if ended is None:
                continue
            number, outcome = ended
            if outcome.failed:
                raise RuntimeError(f"{jobs[number]}: {outcome.bug or outcome.reason}")
            results[jobs[number]] = outcome.value
            tell(len(results), len(jobs))
    return {e.name: e.conclude(results) for e in experiments}


def all_experiments() -> tuple[Experiment, ...]:
    """V17, V18, V49, V50 and V51."""
    from gigsim.validation import experiments_collectives, experiments_training

    return (*experiments_training.EXPERIMENTS, *experiments_collectives.EXPERIMENTS)


def default_workers() -> int:
    """Processes that train at once: one a core."""
    return os.cpu_count() or 1


def over_seeds(job: Job, seeds: Iterable[int]) -> tuple[Job, ...]:
    """The same training on several populations."""
    return tuple(replace(job, seed=seed) for seed in seeds)


def _learner(job: Job, labels: int) -> Any:
    # Not a Learner: the private firm has rows of its own.
    if job.learner == "linear":
        return make_learner(LinearRecipe(), labels=labels)
    if job.learner == "private":
        return PrivateFirm(labels=labels, sigma=job.sigma)
    recipe = TransformerRecipe(layers=1, width=64, feedforward=128, epochs=job.epochs)
    return make_learner(recipe, labels=labels)


def _cost(job: Job) -> float:
    return {"linear": 0.3, "private": 0.5, "transformer": 0.6 * job.epochs}[job.learner]
