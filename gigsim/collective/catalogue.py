"""The strategies by name: what each edits, needs of a platform, is after, and is covered by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from gigsim.theory.planting import COVERED, Goal, LabelSets

StrategyName = Literal[
    "feature_label",
    "feature_only",
    "erasure",
    "unplanting",
    "gradient_cancelling",
    "label_only",
    "gradient_control",
]

#: What counts as success of one resume: with the signal it is given y*, or is not, or its label is
#: the same with and without the signal.
Aim = Literal["planted", "unplanted", "erased"]


@dataclass(frozen=True)
class StrategyFacts:
    """What a strategy declares of itself.

    Attributes:
        name: as in the config.
        edits: which parts of a data point it changes: ``features``, ``labels``.
        theorem: the theorem that covers it, for short.
        covered: the pairs (reading of success, label sets) for which that theorem holds. What
            members do to their label sets is no matter where labels are not edited: then both.
        options: the config keys of the collective that not every strategy has.
        needs: what it asks of a platform (:data:`OFFERS`); empty where any platform will do.
        sentence: what it does, in a sentence.
        aim: what it is after.
    """

    name: StrategyName
    edits: frozenset[str]
    theorem: str
    covered: frozenset[tuple[Goal, LabelSets]]
    options: frozenset[str]
    needs: frozenset[str]
    sentence: str
    aim: Aim = "planted"

    def theorem_for(self, goal: Goal, label_sets: LabelSets) -> str | None:
        """The theorem that covers this reading of success, None where there is none."""
        return self.theorem if (goal, label_sets) in self.covered else None


#: The strategies by name.
STRATEGIES: Mapping[StrategyName, StrategyFacts] = MappingProxyType(
    {
        "feature_label": StrategyFacts(
            name="feature_label",
            edits=frozenset({"features", "labels"}),
            theorem="Theorem 1",
            covered=COVERED,
            options=frozenset({"label_sets", "wrong_label"}),
            needs=frozenset(),
            sentence="members plant the signal and report the target label",
        ),
        "feature_only": StrategyFacts(
            name="feature_only",
            edits=frozenset({"features"}),
            theorem="Theorem 3",
            covered=frozenset({("any", "replace"), ("any", "extend")}),
            options=frozenset({"evasive"}),
            needs=frozenset(),
            sentence="members who carry the target label plant the signal, nobody misreports",
        ),
        "unplanting": StrategyFacts(
            name="unplanting",
            edits=frozenset({"features", "labels"}),
            theorem="Theorem 1 for unplanting",
            covered=COVERED,
            options=frozenset({"label_sets", "adaptive"}),
            needs=frozenset(),
            sentence="members plant the signal and report another label than the target",
            aim="unplanted",
        ),
        "erasure": StrategyFacts(
            name="erasure",
            edits=frozenset({"labels"}),
            theorem="Theorem 5",
            # Each reading needs members to report just that: the top label, or whether y* is in.
            covered=frozenset({("any", "extend"), ("top1", "replace")}),
            options=frozenset({"label_sets"}),
            needs=frozenset({"opinions"}),
            sentence="members report the label that is most likely without the signal",
            aim="erased",
        ),
        "gradient_cancelling": StrategyFacts(
            name="gradient_cancelling",
            edits=frozenset({"features", "labels"}),
            theorem="Theorem 7",
            # It speaks of the distance to a model, not of S.
            covered=frozenset(),
            options=frozenset(),
            needs=frozenset({"convex loss"}),
            sentence="members submit versions and labels that cancel the gradient at their model",
        ),
        "label_only": StrategyFacts(
            name="label_only",
            edits=frozenset({"labels"}),
            theorem="Theorem 7",
            covered=frozenset(),
            options=frozenset(),
            needs=frozenset({"convex loss"}),
            sentence="members submit labels that cancel the gradient at their model",
        ),
        "gradient_control": StrategyFacts(
            name="gradient_control",
            edits=frozenset({"features", "labels"}),
            theorem="Theorem 10",
            covered=frozenset(),
            options=frozenset(),
            needs=frozenset({"every step"}),
            sentence="members choose their data anew at every gradient step of the platform",
        ),
    }
)

#: What the platforms offer that a strategy may need, by kind of learner. ``opinions``: it says what
#: it makes of a resume, before the collective forms. ``convex loss``: the model is the minimum of a
#: convex loss that is known. ``every step``: a say at every gradient step; nobody offers it, since
#: people submit once a retraining.
OFFERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "bayes": frozenset({"opinions"}),
        "table": frozenset({"opinions"}),
        "linear": frozenset({"opinions", "convex loss"}),
        "transformer": frozenset({"opinions"}),
        # Convex too, but members who cancel a gradient count words, and these are no counts.
        "frozen": frozenset({"opinions"}),
        # If its classifiers can be put down as arrays: known once its code is.
        "own": frozenset({"opinions"}),
        # Whatever the curve was measured of.
        "surrogate": frozenset({"opinions"}),
    }
)

#: Why a platform that does not offer it cannot be had, and what to do.
REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "opinions": ("it needs the platform's opinion of a resume", "a learner that reads resumes"),
        "convex loss": (
            "it cancels the gradient of a convex loss at the collective's model, and this learner"
            " minimises no such loss",
            'platform.learner.kind = "linear"',
        ),
        "every step": (
            "it chooses its data anew at every gradient step, and on this platform people submit"
            " once a retraining",
            "another strategy; gigsim.collective.gradient_control drives a network outside the"
            " loop",
        ),
    }
)
