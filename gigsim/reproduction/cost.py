"""What a reproduction will take, before it is run: a training of each kind timed, and counting."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from gigsim.curves.arm import Arm
from gigsim.curves.estimate import clean_fits, estimate
from gigsim.curves.plan import Plan
from gigsim.curves.trainings import QUICK, Training, trainings_of
from gigsim.reproduction.names import parts_of

# Fields of a recipe that change what is learned and not how long it takes.
_NO_MATTER = frozenset(
    {
        "learning_rate",
        "schedule",
        "warmup",
        "weight_decay",
        "gradient_clip",
        "initialisation",
        "normalisation",
        "weight_std",
        "embedding_std",
        "c",
        "tolerance",
    }
)


@dataclass(frozen=True)
class Share:
    """What one experiment takes with one learner.

    Attributes:
        experiment: its name; what experiments share of a slow learner is the first one's.
        learner: kind.
        trainings: fits.
        hours: of one core.
    """

    experiment: str
    learner: str
    trainings: int
    hours: float


@dataclass(frozen=True)
class Hours:
    """What a reproduction takes on this machine, as busy as it is now.

    Attributes:
        shares: by experiment and learner, in the order of the plan.
        workers: processes, should each have a core.
        more: further fits of the second stage, at most.
        more_hours: of one core.
    """

    shares: tuple[Share, ...]
    workers: int
    more: int
    more_hours: float

    @property
    def trainings(self) -> int:
        """Fits in all, the second stage's included."""
        return sum(share.trainings for share in self.shares) + self.more

    @property
    def hours(self) -> float:
        """Wall-clock time, the second stage's included."""
        work = sum(share.hours for share in self.shares) + self.more_hours
        return work / max(1, self.workers)

    def lines(self) -> list[str]:
        """For people."""
        cores = max(1, self.workers)
        found = [
            f"  {share.experiment}, {share.learner}: {share.trainings:,} trainings,"
            f" {_span(share.hours / cores)}"
            for share in self.shares
        ]
        if self.more:
            found.append(
                f"  more seeds around half-way: at most {self.more:,} trainings,"
                f" {_span(self.more_hours / cores)}"
            )
        total = f"{self.trainings:,} trainings, about {_span(self.hours)} on {cores} core"
        return [f"{total}{'s' if cores > 1 else ''}:", *found]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self) | {"trainings": self.trainings, "hours": self.hours}


def hours(
    arms: Sequence[Arm],
    workers: int = 1,
    *,
    more: Callable[[Arm], int] = lambda arm: 0,
    seconds: Callable[[Sequence[Arm]], Mapping[str, float]] | None = None,
) -> Hours:
    """Time a training of each kind that differs in cost, and count.

    Args:
        arms: of :func:`gigsim.reproduction.plan.plan`.
        workers: processes that would work at once.
        more: fits that the second stage may add to a curve (``plan.most_more``).
        seconds: of a training, by name of the arm; None measures it here
            (``curves.estimate``, which trains a slow learner on a thousand resumes).

    Raises:
        InputError: a config that cannot be run.
    """
    trainings = list(_fits(arms))
    # No row is of them, and chains go on from them all the same.
    cleans = clean_fits(arms, [training for _, training in trainings])
    first: dict[str, Arm] = {}
    for arm in [*arms, *cleans]:
        first.setdefault(_pace(arm), arm)
    measured = (seconds or _measured)(list(first.values()))
    each = {pace: measured[arm.name] for pace, arm in first.items()}
    fits: Counter[tuple[str, str]] = Counter()
    spent: defaultdict[tuple[str, str], float] = defaultdict(float)

    def count(arm: Arm, number: int, seconds: float) -> None:
        parts = parts_of(arm.name)
        fits[parts.experiment, parts.learner] += number
        spent[parts.experiment, parts.learner] += number * seconds

    for arm, training in trainings:
        count(arm, max(1, training.retrainings), each[_pace(arm)])
    for arm in cleans:
        count(arm, 1, each[_pace(arm)])
    added = {arm.name: more(arm) for arm in arms}
    return Hours(
        shares=tuple(
            Share(*key, trainings=count, hours=spent[key] / 3600) for key, count in fits.items()
        ),
        workers=workers,
        more=sum(added.values()),
        more_hours=sum(added[arm.name] * each[_pace(arm)] for arm in arms) / 3600,
    )


def _fits(arms: Sequence[Arm]) -> Iterator[tuple[Arm, Training]]:
    """What is trained, and the arm that says how.

    Slow learners' trainings are shared through the cache; of quick ones each experiment solves its
    own.
    """
    portions: defaultdict[str, list[int]] = defaultdict(list)
    for number, arm in enumerate(arms):
        parts = parts_of(arm.name)
        quick = arm.config.platform.learner.kind in QUICK
        portions[parts.experiment if quick else ""].append(number)
    for numbers in portions.values():
        for training in trainings_of([arms[number] for number in numbers]):
            number = numbers[training.arm]
            yield arms[number], replace(training, arm=number)


def _pace(arm: Arm) -> str:
    """Equal for arms of which a training takes equally long."""
    recipe = arm.config.platform.learner.model_dump(mode="json")
    kept = {key: value for key, value in recipe.items() if key not in _NO_MATTER}
    corpus = arm.config.corpus
    # Labels that are drawn anew for each seed have no solution in common to start from.
    noisy = corpus.label_noise > 0 and arm.config.platform.learner.kind in QUICK
    return json.dumps([kept, arm.size, corpus.path, noisy], sort_keys=True)


def _measured(arms: Sequence[Arm]) -> dict[str, float]:
    found = {}
    for arm in arms:
        # One by one: arms that share all their trainings would be one of them only.
        # A clean start by another recipe is timed by itself.
        alone = arm.model_copy(update={"clean_learner": None})
        timed = estimate(Plan("timing", (alone,)), 0)
        found[arm.name] = max(recipe.seconds for recipe in timed.recipes)
    return found


def _span(amount: float) -> str:
    if amount >= 1:
        return f"{amount:.1f} hours"
    return f"{60 * amount:.1f} minutes" if amount > 1 / 60 else f"{3600 * amount:.1f} s"
