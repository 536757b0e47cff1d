"""What an experiment expects, written down beforehand, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gigsim.curves.estimates import Estimate

Outcome = Literal["confirmed", "contrary", "not shown"]


@dataclass(frozen=True)
class Reported:
    """What a paper reports.

    Attributes:
        text: one sentence.
        source: where it can be read, and how far it could be checked.
    """

    text: str
    source: str


@dataclass(frozen=True)
class Expected:
    """The hypothesis of an experiment, with its direction: fixed before any reference run.

    Attributes:
        direction: what should happen.
        statistic: the number that carries the verdict.
        confirmed: when the verdict is "confirmed".
        contrary: when it is "contrary"; whatever is neither is "not shown".
    """

    direction: str
    statistic: str
    confirmed: str
    contrary: str


@dataclass(frozen=True)
class Verdict:
    """What became of one hypothesis with one learner and one target.

    Attributes:
        experiment: its name.
        learner: the kind of learner.
        target: the label y*.
        statistic: what ``number`` is, in words, with its unit.
        number: the number that carries the verdict; where it lies beyond the sizes that were tried,
            the end of them (see ``estimate``).
        low: lower end of its 95 % interval.
        high: upper end; infinite where the largest collective that was tried does not bound it.
        text: an honest sentence: what the paper reports, what we find, how sure.
        outcome: by the rule of :class:`Expected`.
        estimate: the number with its interval and on which side it is open, if any.
        others: further numbers that ``text`` names, by what they are.
    """

    experiment: str
    learner: str
    target: str
    statistic: str
    number: float
    low: float
    high: float
    text: str
    outcome: Outcome
    estimate: Estimate
    others: Mapping[str, Estimate] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        outcome: Outcome,
        estimate: Estimate,
        **facts: Any,
    ) -> Verdict:
        """The verdict that an estimate carries."""
        return cls(
            number=estimate.value,
            low=estimate.low,
            high=estimate.high,
            outcome=outcome,
            estimate=estimate,
            **facts,
        )

    def as_json(self) -> dict[str, Any]:
        """For programs: infinite and missing ends are None."""
        return {
            "experiment": self.experiment,
            "learner": self.learner,
            "target": self.target,
            "statistic": self.statistic,
            "outcome": self.outcome,
            "text": self.text,
            **self.estimate.as_json(),
            "others": {name: found.as_json() for name, found in self.others.items()},
        }
