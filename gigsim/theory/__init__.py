"""The theorems as pure functions of numbers and arrays (NumPy and SciPy only).

Hardt, Mazumdar, Mendler-Dünner and Zrnic, *Algorithmic Collective Action in Machine Learning*
(ICML 2023), and what was derived from it and checked on random worlds; each docstring says which.
"""

from gigsim.theory.estimates import SignalEstimate, clopper_pearson, mean_gap, signal_estimate
from gigsim.theory.finite_sample import finite_sample_success
from gigsim.theory.gaps import (
    deficit_any,
    deficit_top1,
    gap_any,
    gap_any_from_floor,
    gap_top1,
    gap_top1_from_floor,
)
from gigsim.theory.planting import (
    critical_mass,
    feature_label_bound,
    feature_label_bound_averaged,
    flip_point,
    foot,
    staircase,
)

__all__ = [
    "SignalEstimate",
    "clopper_pearson",
    "critical_mass",
    "deficit_any",
    "deficit_top1",
    "feature_label_bound",
    "feature_label_bound_averaged",
    "finite_sample_success",
    "flip_point",
    "foot",
    "gap_any",
    "gap_any_from_floor",
    "gap_top1",
    "gap_top1_from_floor",
    "mean_gap",
    "signal_estimate",
    "staircase",
]
