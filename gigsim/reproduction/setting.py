"""On what experiments are put: how many resumes, which seeds, which learner, which targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from gigsim.config import build
from gigsim.curves.arm import Arm
from gigsim.errors import InputError
from gigsim.learners.recipes import Recipe
from gigsim.reproduction.names import name_of

Scale = Literal["quick", "reference"]

#: Learners that experiments are put to, besides ``own``. The paper's is like ``transformer``.
LEARNERS = ("linear", "frozen", "transformer", "bayes")

#: The most frequent label of the published corpus, a middle one, the rarest.
TARGETS = ("Software_Developer", "Network_Administrator", "Python_Developer")
#: Of experiments that are put to one target.
TARGET = TARGETS[1]

# Where the classifier is exact, one in a thousand base resumes carries the signal: at ξ = 0 a
# single member moves it, and there is no curve.
_EXACT_XI = 0.001

# What an experiment leaves to the user.
_FREE = ("run.", "network", "measure.bootstrap")

_SIZES: Mapping[Scale, tuple[int, int]] = {"quick": (2_000, 1_000), "reference": (20_000, 0)}
#: Of the reference corpus's test side; a language has no side and writes so many.
HELD_OUT = 4_695
_SEEDS: Mapping[Scale, Mapping[str, int]] = {
    "quick": {"linear": 10, "frozen": 10, "bayes": 1, "transformer": 3, "own": 3},
    "reference": {"linear": 20, "frozen": 20, "bayes": 1, "transformer": 3, "own": 3},
}
#: Further seeds at the two sizes around half-way, of learners that take long.
MORE_SEEDS = 2
SLOW = frozenset({"transformer", "own"})
#: Of learners that take long, where many intervals are to hold together: Student's t of three seeds
#: has no useful tails. They get no second stage.
FAMILY_SEEDS = 5


@dataclass(frozen=True)
class Setting:
    """What all arms of a reproduction have in common.

    Attributes:
        scale: ``quick``: 2,000 resumes and 1,000 held out. ``reference``: 20,000 for training and
            the whole test side.
        corpus: folder of an imported corpus; empty is the built-in language. ``bayes`` is always on
            the language, whose law is known.
        recipes: base recipe of a learner by its kind, where it is not the package's default:
            ``{"own": {"path": "package.module:Class"}}``.
        overrides: dotted config keys for all arms, such as ``run.threads``. Precision and device
            are those of learners that take long; the others have one arithmetic and no machine.

    Raises:
        InputError: an unknown scale; an override of what experiments are about.
    """

    scale: Scale = "quick"
    corpus: str = ""
    recipes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.scale not in get_args(Scale):
            raise InputError("scale", f"{self.scale!r}", ", ".join(get_args(Scale)))
        for key in self.overrides:
            if not key.startswith(_FREE):
                raise InputError(
                    key, "set by the experiments themselves", f"keys of {', '.join(_FREE)}"
                )

    @property
    def sizes(self) -> tuple[int, int]:
        """N, and how many resumes are held out; 0 of them is the whole test side of a corpus."""
        people, held_out = _SIZES[self.scale]
        return people, held_out if held_out or self.corpus else HELD_OUT

    def seeds(self, learner: str, *, family: bool = False) -> tuple[int, ...]:
        """Seeds of the first stage; at least :data:`FAMILY_SEEDS` for many comparisons at once."""
        count = _SEEDS[self.scale][learner]
        return tuple(range(max(count, FAMILY_SEEDS) if family and count > 1 else count))

    def arm(
        self,
        experiment: str,
        variant: str,
        learner: str,
        target: str,
        alphas: Sequence[float],
        *,
        values: Mapping[str, Any] | None = None,
        recipe: str = "default",
        retrainings: int = 1,
        clean_learner: Recipe | None = None,
        family: bool = False,
    ) -> Arm:
        """One curve.

        Args:
            experiment: its name.
            variant: which curve of the experiment; without " / ".
            learner: kind.
            target: label y*.
            alphas: ascending shares of the population.
            values: dotted config keys of this curve.
            recipe: what is special of the learner's recipe.
            retrainings: in a row (``platform.retrain = "warm"``).
            clean_learner: the recipe of the clean training before them; None is the same.
            family: is it one of many curves that are compared with each other?

        Raises:
            InputError: the config or the arm refuses it.
        """
        # The exact learner is given shares: many people cost it nothing, and resolve small ones.
        people, held_out = _SIZES["reference" if learner == "bayes" else self.scale]
        corpus = "" if learner == "bayes" else self.corpus
        set_here: dict[str, Any] = {
            "name": "reproduction",
            "population.size": people,
            "collective.target": target,
            "corpus.path": corpus,
            "corpus.xi": _EXACT_XI if learner == "bayes" else 0.0,
            "corpus.test_size": held_out if held_out or corpus else HELD_OUT,
            "platform.learner": {"kind": learner, **self.recipes.get(learner, {})},
        }
        if learner not in SLOW:
            # Only who trains a network has another arithmetic and another machine to choose.
            set_here |= {"run.precision": "float32", "run.device": "cpu"}
        # What is common is laid first: a curve's own values are what the experiment is about.
        laid = {**self.overrides, **set_here, **(values or {})}
        config = build({}, laid, f"{experiment}, {variant}, {learner}")
        return Arm(
            name=name_of(experiment, variant, learner, target),
            recipe=recipe,
            config=config,
            alphas=tuple(alphas),
            seeds=self.seeds(learner, family=family),
            retrainings=retrainings,
            clean_learner=clean_learner,
        )


def chosen(learners: Sequence[str], able: Sequence[str]) -> list[str]:
    """Those of the learners that an experiment says something about, in the order given.

    Raises:
        InputError: an unknown learner.
    """
    known = (*LEARNERS, "own")
    for learner in learners:
        if learner not in known:
            raise InputError("learners", f"{learner!r}", f"one of {', '.join(known)}")
    return [learner for learner in learners if learner in able]


def percent(*shares: float) -> tuple[float, ...]:
    """Shares of the population from per cents."""
    return tuple(round(share / 100, 10) for share in shares)
