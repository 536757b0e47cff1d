"""Spot checks: in some periods what stands in for the platform is held against real trainings.

A curve was measured elsewhere, perhaps, and with members drawn at random; a bound is only a bound.
At a spot check fresh resumes are drawn, as many of their owners follow as follow now (and, where
asked, people with the same label sets), and the learner is trained on what they hand in, through
the same code as the trainings of a success curve.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.config.load import build
from gigsim.errors import InputError
from gigsim.resumes.corpus import load_corpus
from gigsim.spot_followers import choose_followers

if TYPE_CHECKING:
    from gigsim.config import Config
    from gigsim.learners.stand_ins import StandIn
    from gigsim.model import GigEconomy

#: What is compared.
QUANTITIES = ("success_any", "success_top1", "base_any", "base_top1", "accuracy")

#: Columns of the table, in order.
COLUMNS = (
    "period",
    "alpha_effective",
    "composition",
    "composition_gap",
    "learner",
    "size",
    "followers",
    "repeats",
    "held_out",
    *(
        f"{whose}_{name}{end}"
        for name in QUANTITIES
        for whose in ("spot", "surrogate", "difference")
        for end in ("", "_se")
    ),
)

#: What of a collective a training depends on; how it forms, and what it pays, is the society's.
_TRAINED = (
    "target",
    "strategy",
    "label_sets",
    "evasive",
    "adaptive",
    "wrong_label",
    "signal",
)


def no_spot_checks() -> pd.DataFrame:
    """The table without rows."""
    return pd.DataFrame(columns=list(COLUMNS))


def refuse_early(config: Config) -> None:
    """See before the first period what a spot check would end on in a later one.

    Args:
        config: of a surrogate.

    Raises:
        InputError: the corpus has not as many resumes as a spot check draws.
    """
    measure, corpus = config.measure, config.corpus
    if not measure.spot_checks:
        return
    spot_config(config, seed=0)
    if not corpus.path or config.population.replacement:
        return
    there = int(np.count_nonzero(~load_corpus(corpus.path).test_side))
    if measure.spot_size > there:
        raise InputError(
            "measure.spot_size",
            f"{measure.spot_size:,} resumes, but {there:,} on the training side of {corpus.path}",
            f"at most {there}, or population.replacement = true",
        )


def is_due(model: GigEconomy) -> bool:
    """Is a period on the config's list that no spot check has been made for yet?"""
    last = model.ledger.last_spot_check
    return any(last < period <= model.period for period in model.config.measure.spot_checks)


def spot_check(model: GigEconomy, stand_in: StandIn) -> None:
    """Train for real, compare with the evaluation that is deployed now, and write it down.

    Args:
        model: whose platform is a surrogate, its evaluation of this period taken.
        stand_in: the surrogate, for the standard errors of what it says.

    Raises:
        InputError: the resumes cannot be drawn or read by the learner, or it does not converge.
    """
    began = time.perf_counter()
    measure, alpha = model.config.measure, model.laboratory.trained.followers
    model.observe(
        f"period {model.period}: spot check, {measure.spot_repeats} trainings of"
        f" {measure.spot_learner.kind} on {measure.spot_size:,} resumes"
    )
    trials = [_trial(model, repeat, alpha) for repeat in range(measure.spot_repeats)]
    row: dict[str, Any] = {
        "period": model.period,
        "alpha_effective": alpha,
        "composition": measure.spot_composition,
        "composition_gap": float(np.mean([trial.gap for trial in trials])),
        "learner": measure.spot_learner.kind,
        "size": measure.spot_size,
        "followers": trials[0].followers,
        "repeats": len(trials),
        "held_out": len(trials[0].clusters),
    }
    values = model.laboratory.evaluation.values
    # A law writes new held-out resumes each time; a corpus has those that it has.
    shared = bool(model.config.corpus.path)
    for name in QUANTITIES:
        rates = [trial.rate(name) for trial in trials]
        spot, spot_se = mean_and_error([r.value for r in rates], [r.error for r in rates], shared)
        said, said_se = values[name], stand_in.error(name, alpha)
        row[f"spot_{name}"], row[f"spot_{name}_se"] = spot, spot_se
        row[f"surrogate_{name}"], row[f"surrogate_{name}_se"] = said, said_se
        row[f"difference_{name}"] = spot - said
        # Of a single training elsewhere nobody knows how far off it is.
        row[f"difference_{name}_se"] = float(np.hypot(spot_se, np.nan_to_num(said_se)))
    model.ledger.spot_checked(row)
    model.ledger.clock(model.period, "spot check", time.perf_counter() - began)


class Rate(NamedTuple):
    """A share of held-out resumes, and its standard error for drawing these; NaN of none."""

    value: float
    error: float


@dataclass(frozen=True, eq=False)
class Trial:
    """One training of a spot check.

    Attributes:
        outcomes: by quantity, float64, shape (n,): of each held-out resume, NaN where it does not
            count.
        clusters: int64, shape (n,): near-duplicates share a number.
        followers: people.
        gap: total variation between their label sets and those of who follow now; NaN of nobody.
    """

    outcomes: dict[str, NDArray[np.float64]]
    clusters: NDArray[np.int64]
    followers: int
    gap: float

    def rate(self, name: str) -> Rate:
        """One quantity over all resumes that count."""
        from gigsim.curves.measure import standard_error

        values = self.outcomes[name]
        counts = ~np.isnan(values)
        if not counts.any():
            return Rate(float("nan"), float("nan"))
        error = standard_error(values[counts], self.clusters[counts])
        return Rate(float(values[counts].mean()), error)


def mean_and_error(
    rates: Sequence[float], errors: Sequence[float], shared: bool
) -> tuple[float, float]:
    """The mean of trainings and its standard error.

    Each training has people, weights and held-out resumes of its own, so that the spread of the
    rates over the root of their number holds all luck. Where they share the held-out resumes, as
    those of a corpus do, the luck of having these comes to it, as a single training has it. So it
    does where there is one training alone, whose other luck nobody can tell.

    Args:
        rates: of each training.
        errors: of each for the draw of its held-out resumes.
        shared: do the trainings have these in common?

    Example:
        >>> [round(number, 3) for number in mean_and_error([0.4, 0.6], [0.05, 0.05], shared=False)]
        [0.5, 0.1]
    """
    variance = float(np.var(rates, ddof=1)) / len(rates) if len(rates) > 1 else 0.0
    if shared or len(rates) == 1:
        variance += float(np.mean(np.square(errors)))
    return float(np.mean(rates)), float(np.sqrt(variance))


def spot_config(config: Config, seed: int) -> Config:
    """The config of a spot check: its people, what a training depends on, and nothing else.

    Args:
        config: the run's.
        seed: of the spot check.
    """
    table, measure = config.model_dump(mode="json"), config.measure
    run = table["run"]
    return build(
        {
            "name": "spot-check",
            "population": {
                "size": measure.spot_size,
                "replacement": config.population.replacement,
            },
            "network": {"kind": "complete"},
            "collective": {name: table["collective"][name] for name in _TRAINED}
            | {"first_movers": 0},
            "platform": {"learner": table["measure"]["spot_learner"]},
            "corpus": table["corpus"],
            "measure": {"success": measure.success},
            "run": {"seed": seed}
            | {name: run[name] for name in ("threads", "precision", "device")},
        },
        where="measure.spot_checks",
    )


def _trial(model: GigEconomy, repeat: int, alpha: float) -> Trial:
    """Draw resumes and who follows, train, and classify the held-out resumes."""
    # A success curve knows the stage and the learners, and nothing of models.
    from gigsim.curves.arm import Arm
    from gigsim.curves.bench import Bench
    from gigsim.curves.draws import draw
    from gigsim.curves.measure import of_each
    from gigsim.curves.single import SingleFitter
    from gigsim.curves.trainings import trainings_of

    seed = model.streams.seed_for(f"spot_checks/{repeat}", model.period)
    config = spot_config(model.config, seed)
    bench = Bench.of(config)
    members = round(alpha * bench.size)
    arm = Arm(name="spot-check", config=config, alphas=(members / bench.size,), seeds=(0,))
    drawn = draw(bench, config.corpus, 0)
    gap = choose_followers(model, bench, drawn, members)
    # One by one, as with a cache: many in one solve are the same only to the solver's tolerance.
    fitter = SingleFitter(bench, model.cache)
    (fitted,) = fitter.fit({0: arm}, trainings_of([arm]))
    for timing in fitter.timings:
        model.ledger.trained(model.period, timing.seconds, cached=timing.cached)
    outcomes = of_each(bench, arm, fitted.probabilities, drawn.bearing)
    return Trial(outcomes, bench.stage.test_clusters, members, gap)
