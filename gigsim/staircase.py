"""The exact staircase in the place of a platform: Bayes, on a law that is known, for any number.

It is what the learner ``bayes`` computes, on held-out resumes that the law writes, without
resumes for the people: the same S at the same α_effective, for a million of them as for a hundred.
S(α) climbs a step at each held-out resume's own share (``theory.planting.staircase``); planting
leaves texts without the signal as they are, so that U and the quality on clean resumes stay those
of α = 0, whatever α is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike

from gigsim.config.load import build
from gigsim.measures.success import QUANTITIES
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal

if TYPE_CHECKING:
    from gigsim.config import Config
    from gigsim.lines import TheoryLines


@dataclass(frozen=True, eq=False)
class StaircaseStandIn:
    """The exact Bayes classifier of a law; attributes as ``learners.stand_ins.StandIn``.

    Attributes:
        lines: the theory of the law, on its held-out resumes.
        clean: quality and base rates without a collective.
        origin: whose law.
        held_out: number of held-out resumes, each of which is a step.
    """

    lines: TheoryLines
    clean: dict[str, float]
    origin: str
    held_out: int

    @classmethod
    def of(cls, config: Config) -> StaircaseStandIn:
        """The staircase of a config's law, strategy and ξ.

        Raises:
            InputError: the law writes the signal by itself: it has no exact posterior.
        """
        # They need the bench that this stands in for.
        from gigsim.curves.arm import Arm
        from gigsim.curves.bench import Bench
        from gigsim.curves.exact import ExactFitter
        from gigsim.curves.lines import lines_of
        from gigsim.curves.measure import outcomes

        exact = _without_people(config)
        arm = Arm(name="staircase", config=exact, alphas=(0.0,), seeds=(0,))
        bench = Bench.of(exact)
        fitter = ExactFitter(bench)
        n = len(bench.stage.test_labels)
        clean = outcomes(
            bench,
            fitter.clean(arm, 0),
            target=bench.target(exact.collective),
            aim=bench.stage_for(exact).aim,
            bearing=np.zeros(n, dtype=bool),
            goal=exact.measure.success,
        )
        kept = ("base_any", "base_top1", "accuracy", "f1_micro", "tags_mean")
        return cls(
            lines=lines_of(arm, bench, fitter),
            clean={name: clean[name] for name in kept},
            origin=bench.stage.origin,
            held_out=n,
        )

    @property
    def words(self) -> str:
        """Whose law."""
        return (
            f"an exact staircase and no measurement (the Bayes classifier of resumes"
            f" {self.origin}, on {self.held_out:,} held-out ones)"
        )

    @property
    def draws(self) -> bool:
        """A law has no luck."""
        return False

    def at(self, alpha: float, luck: float = 0.0) -> dict[str, float]:
        """See ``StandIn``."""
        success = {
            name: float(self.mean(name, alpha)) for name in QUANTITIES if name.startswith("success")
        }
        return self.clean | success

    def mean(self, name: str, alphas: ArrayLike) -> Floats:
        """See ``StandIn``."""
        what, _, goal = name.partition("_")
        shares = np.asarray(alphas, dtype=np.float64)
        if what == "base":
            return np.full(shares.shape, self.clean[name])
        found = self.lines.exact(shares, cast("Goal", goal))
        # Of one reading no closed form may be known: the config's clashes ask for the other.
        return np.full(shares.shape, np.nan) if found is None else np.asarray(found)

    def error(self, name: str, alpha: float) -> float:
        """That of drawing the held-out resumes: the law itself is known."""
        rate = self.at(alpha).get(name, float("nan"))
        # Two successes and failures added: a rate of 1 on so many resumes is not certain.
        mean, count = (rate * self.held_out + 2) / (self.held_out + 4), self.held_out + 4
        return float(np.sqrt(mean * (1 - mean) / count))

    def parts(self) -> list[Any]:
        """See ``StandIn``."""
        known = self.lines.known
        assert known is not None, "a law's held-out resumes are known"
        said = [] if known.reported is None else [known.reported]
        return [self.origin, *self.clean.items(), known.marginals, *said]


def _without_people(config: Config) -> Config:
    """The config of the exact platform with nobody there but whom a config cannot do without."""
    table = config.model_dump(mode="json")
    table["platform"] |= {"learner": {"kind": "bayes"}, "retrain": "scratch", "data": "current"}
    # A law writes as many resumes as it is asked for; held-out ones are all that count here.
    table["population"] = {"size": 2, "replacement": config.population.replacement}
    table["society"] = {}
    table["network"] = {"kind": "complete"}
    table["collective"] = {
        name: table["collective"][name]
        for name in ("target", "strategy", "label_sets", "adaptive", "wrong_label", "signal")
    } | {"first_movers": 0}
    table["measure"] = {"success": config.measure.success}
    table["run"] = {"seed": config.run.seed}
    table["at"] = []
    return build(table)
