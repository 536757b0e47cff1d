"""The theorems as pure functions of numbers and arrays (NumPy and SciPy only).

Hardt, Mazumdar, Mendler-Dünner and Zrnic, *Algorithmic Collective Action in Machine Learning*
(ICML 2023), and what was derived from it and checked on random worlds; each docstring says which.
"""

from gigsim.theory.certificates import FeatureLabelCertificate, FeatureOnlyCertificate
from gigsim.theory.estimates import SignalEstimate, clopper_pearson, mean_gap, signal_estimate
from gigsim.theory.feature_only import (
    feature_only_bound,
    feature_only_bound_quantile,
    feature_only_critical_mass,
    feature_only_foot,
    flip_point_any,
    flip_point_top1,
    randomised_floor,
)
from gigsim.theory.finite_sample import (
    finite_sample_success,
    finite_sample_success_feature_only,
)
from gigsim.theory.gaps import (
    deficit_any,
    deficit_top1,
    gap_any,
    gap_any_from_floor,
    gap_top1,
    gap_top1_from_floor,
)
from gigsim.theory.mixture import clean_marginals, planted_marginals
from gigsim.theory.planting import (
    critical_mass,
    feature_label_bound,
    feature_label_bound_averaged,
    flip_point,
    foot,
    staircase,
)
from gigsim.theory.wrong_labels import wrong_label_margin

__all__ = [
    "FeatureLabelCertificate",
    "FeatureOnlyCertificate",
    "SignalEstimate",
    "clean_marginals",
    "clopper_pearson",
    "critical_mass",
    "deficit_any",
    "deficit_top1",
    "feature_label_bound",
    "feature_label_bound_averaged",
    "feature_only_bound",
    "feature_only_bound_quantile",
    "feature_only_critical_mass",
    "feature_only_foot",
    "finite_sample_success",
    "finite_sample_success_feature_only",
    "flip_point",
    "flip_point_any",
    "flip_point_top1",
    "foot",
    "gap_any",
    "gap_any_from_floor",
    "gap_top1",
    "gap_top1_from_floor",
    "mean_gap",
    "planted_marginals",
    "randomised_floor",
    "signal_estimate",
    "staircase",
    "wrong_label_margin",
]
