"""Which columns a cell of a curve has: those of ``curve.parquet``, named here and nowhere else."""

from __future__ import annotations

from gigsim.curves.lines import THEORY
from gigsim.learners.curve_cells import IDENTITY

#: What tells one curve of a plan from another; in the middle what is measured, as a platform that
#: trusts a curve reads it.
KEYS = ("arm", "name", *IDENTITY, "recruitment", "variant", "retraining")

#: Success, for all held-out resumes and for those that have yet to be won, and the base rate.
RATES = ("success_any", "success_top1", "flipped_any", "flipped_top1", "base_any", "base_top1")

#: All of a cell, as a job hands them back.
COLUMNS = (
    *KEYS,
    "alpha",
    "members",
    "edited",
    "alpha_effective",
    "xi",
    "seed",
    "success",
    *RATES,
    "accuracy",
    "f1_micro",
    "tags_mean",
    "loss",
    "success_se",
    *THEORY,
    "training",
)

#: In front in ``curve.parquet``, as promised in docs/curves.md; the others follow.
FRONT = (
    *IDENTITY,
    "alpha",
    "members",
    "edited",
    "seed",
    "success",
    *RATES,
    "accuracy",
    "bound_any",
    "bound_top1",
)

#: Averaged over seeds, beside S.
MEANS = (*RATES, "accuracy", "f1_micro", *THEORY)

#: By which the rows are sorted.
ORDER = ("arm", "alpha", "seed", "retraining")
