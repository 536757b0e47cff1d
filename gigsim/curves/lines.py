"""What theory says of an arm: the same lines as a run's, from the arm's own clean training.

P0 at the held-out resumes is the law's exact posterior where it is known. Else the clean classifier
of the arm's first seed stands for it, as that of period 0 does in a run.

The theorems speak of members drawn at random. Of members whom a network finds, skill by skill or
friend by friend, nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.coverage import METRICS, HeldOut, exact_marginals
from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench, bench_for
from gigsim.curves.draws import reports
from gigsim.curves.fitting import Fitter, fitter_for
from gigsim.curves.trainings import digest
from gigsim.learners.recipes import BayesRecipe
from gigsim.lines import TheoryLines

#: Points of a grid, and the least share on it: one person in a hundred thousand.
_POINTS, _LEAST = 241, 1e-5

#: The columns of theory in a curve's rows.
THEORY = ("bound_any", "bound_top1", "finite_any", "finite_top1")


def lines_of(arm: Arm, bench: Bench, fitter: Fitter | None = None) -> TheoryLines:
    """The theory of an arm; trains a clean classifier where the exact posterior is not known.

    Args:
        arm: which; of members drawn at random, whoever finds them.
        bench: its resumes.
        fitter: trains; None is a new one without a cache.

    Raises:
        InputError: no such label; the clean training diverged.
    """
    config, stage = arm.config, bench.stage_for(arm.config)
    section, law = config.collective, stage.supply.law
    exact = exact_marginals(stage, section, config.corpus.xi)
    if exact is not None:
        clean, found = exact
        heard = clean
    else:
        said = (fitter or fitter_for(bench, arm)).clean(arm, arm.seeds[0])
        heard = clean = said[1].astype(np.float64)
        found = said[2].astype(np.float64) if len(said) > 2 else clean
    known = HeldOut(
        marginals=np.clip(clean, 0, 1),
        found=np.clip(found, 0, 1) if stage.aim == "erased" else None,
        reported=reports(section, bench, stage.test_labels, stage.target, heard),
        clusters=stage.test_clusters,
        source="classifier" if exact is None else "posterior",
    )
    pairs = None
    if isinstance(config.platform.learner, BayesRecipe) and section.strategy == "feature_only":
        assert law is not None, "a bayes reader refuses resumes without a law"
        pairs = law.pair_marginals(stage.supply.held_out, stage.target)
    return TheoryLines.estimate(config, stage, known, pairs)


def grid(arm: Arm, bench: Bench | None = None, fitter: Fitter | None = None) -> pd.DataFrame:
    """The lines of an arm over α = 0 and a log grid up to 1, as ``TheoryLines.table`` has them.

    Args:
        arm: which.
        bench: its resumes; None reads them.
        fitter: trains; None is a new one without a cache.

    Returns:
        A row an α; no row where theory says nothing of the arm (:func:`theory`).
    """
    bench = bench or bench_for(arm.config)
    alphas = np.concatenate([[0.0], np.geomspace(_LEAST, 1.0, _POINTS)])
    lines = remembered(arm, bench, fitter or fitter_for(bench, arm))
    return pd.DataFrame({"alpha": []}) if lines is None else lines.table(alphas)


def theory(
    arm: Arm, bench: Bench, fitter: Fitter, followers: Sequence[float]
) -> dict[str, NDArray[np.float64]]:
    """The columns :data:`THEORY` at shares that follow, each of their shape.

    What a perfect learner is expected to reach is NaN where no law of it is known, a bound where no
    theorem covers the reading. All are NaN where members are not drawn at random, and where nobody
    knows P0: the posterior is not exact, and the arm never trains on clean data (neither α = 0 nor
    a warm start), so that no classifier can stand for it.
    """
    shares = np.unique(np.asarray(followers, dtype=np.float64))
    values = _theory(arm, bench, fitter, shares)
    place = np.searchsorted(shares, followers)
    return {name: column[place] for name, column in values.items()}


def _theory(
    arm: Arm, bench: Bench, fitter: Fitter, shares: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    values = {name: np.full(len(shares), np.nan) for name in THEORY}
    lines = remembered(arm, bench, fitter)
    if lines is None:
        return values
    for metric in METRICS:
        values[f"bound_{metric}"] = np.array([lines.bound(share, metric) for share in shares])
        known = lines.signals.get(metric)
        if known is not None:
            expected = lines.expected(shares, metric, known.xi)
            if expected is not None:
                values[f"finite_{metric}"] = np.asarray(expected.mean)
    return values


def remembered(arm: Arm, bench: Bench, fitter: Fitter) -> TheoryLines | None:
    """The theory of an arm, kept with its bench; None where it says nothing (:func:`theory`)."""
    if arm.recruitment != "random":
        return None
    section, xi = arm.config.collective, arm.config.corpus.xi
    unknown = exact_marginals(bench.stage_for(arm.config), section, xi) is None
    if unknown and arm.members(arm.alphas[0]) > 0 and not arm.warm:
        return None
    parts = arm.model_dump(mode="json", exclude={"name", "alphas", "recruitment", "retrainings"})
    name = ("lines", digest(parts))
    if name not in bench.memory:
        bench.memory[name] = lines_of(arm, bench, fitter)
    found: TheoryLines = bench.memory[name]
    return found
