"""The names of gigsim.theory, for type checkers: at run time they are imported when asked for."""

from gigsim.theory.cancelling_point import (
    CancellingPoint,
    cancelling_point,
)
from gigsim.theory.cancelling_pool import (
    BestMixture,
    PoolCriticalMass,
    best_mixture,
    critical_mass_labels,
    critical_mass_pool,
)
from gigsim.theory.certificates import (
    ErasingCertificate,
    FeatureLabelCertificate,
    FeatureOnlyCertificate,
    FeatureOnlyProfileCertificate,
    UnplantingCertificate,
)
from gigsim.theory.closeness import (
    Allowance,
    allowance,
)
from gigsim.theory.collectives import (
    clashes,
    collective_bound,
    collective_critical_mass,
    collectives_success,
    mixed_law,
    solo_share,
)
from gigsim.theory.coordination import (
    acting_share,
    break_even_noise,
    coordination_bound,
    coordination_critical_mass,
    noise_bound,
)
from gigsim.theory.curvature import (
    distance_bound_local,
    logistic_curvature,
)
from gigsim.theory.epsilon import (
    SlackCertificate,
    certify_exact,
    certify_quantile,
    certify_sample,
    fitted_certificate,
    fitted_slack,
    slack_any,
    slack_top1,
)
from gigsim.theory.erasing import (
    erasing_bound,
    erasing_bound_averaged,
    erasing_critical_mass,
)
from gigsim.theory.erasing_exact import (
    erasing_deficit_any,
    erasing_deficit_top1,
    erasing_flip_point,
    erasing_label,
    erasing_success,
)
from gigsim.theory.estimates import (
    SignalEstimate,
    clopper_pearson,
    mean_gap,
    signal_estimate,
)
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
from gigsim.theory.floors import (
    feature_only_bound_profile,
    floor_quantile,
)
from gigsim.theory.gaps import (
    deficit_any,
    deficit_top1,
    gap_any,
    gap_any_from_floor,
    gap_top1,
    gap_top1_from_floor,
)
from gigsim.theory.gradient_learner import (
    contraction,
    control_gradient,
    distance_after,
    gain_left,
    path_condition,
    steps_needed,
)
from gigsim.theory.hoeffding import (
    deviation,
)
from gigsim.theory.inverse import (
    gap_allowed,
    p_needed,
    share_needed,
    xi_allowed,
    xi_allowed_feature_only,
)
from gigsim.theory.label_rules import (
    glm_label,
    glm_label_critical_mass,
    glm_label_feasible,
    linear_label,
    penalty_shift,
    sampled_distance_bound,
    sampling_covariance,
)
from gigsim.theory.member_choices import (
    MemberChoices,
    frank_wolfe_members,
)
from gigsim.theory.mixture import (
    clean_marginals,
    erased_marginals,
    planted_marginals,
)
from gigsim.theory.performative import (
    collective_rate,
    distance_to_stable,
    level_rate,
    participation_psi,
    participation_slope,
    participation_slope_any,
    performative_power,
    retraining_rate,
    stable_mean,
)
from gigsim.theory.planting import (
    critical_mass,
    feature_label_bound,
    feature_label_bound_averaged,
    flip_point,
    foot,
    staircase,
)
from gigsim.theory.private import (
    private_critical_mass,
    private_distance_bound,
    private_success_bound,
)
from gigsim.theory.private_noise import (
    accumulated_noise,
    private_radius,
    probability,
    tail,
)
from gigsim.theory.regression import (
    over_report,
    regression_bound,
    regression_critical_mass,
    regression_value,
)
from gigsim.theory.reweighting import (
    cvar_weights,
    effective_share,
    effective_share_upweighted,
    feature_label_bound_reweighted,
    share_needed_upweighted,
)
from gigsim.theory.risk_minimizer import (
    MeanGradient,
    cancelling_share,
    critical_mass_convex,
    critical_mass_distance,
    deviating_share,
    distance_bound,
    distance_from_gradient,
    mean_gradient,
    strong_convexity,
)
from gigsim.theory.sample_limits import (
    bernstein_mean_upper,
)
from gigsim.theory.selected import (
    critical_mass_selected,
    feature_label_bound_selected,
    feature_label_bound_selected_distance,
    membership_ratio,
)
from gigsim.theory.slack import (
    critical_mass_mean_slack,
    feature_label_bound_mean_slack,
    feature_label_bound_slack_quantile,
)
from gigsim.theory.slack_profile import (
    feature_label_bound_slack_profile,
)
from gigsim.theory.statistical import (
    estimating_members,
    statistical_bound_feature_label,
    statistical_bound_feature_only,
    statistical_bound_unplanting,
)
from gigsim.theory.statistical_erasing import (
    erasing_window,
    statistical_bound_erasing,
)
from gigsim.theory.tau import (
    TauEstimate,
    tau_model,
    tau_table,
)
from gigsim.theory.unplanting import (
    best_other_label,
    unplanting_bound,
    unplanting_bound_averaged,
    unplanting_critical_mass,
    unplanting_deficit_any,
    unplanting_deficit_top1,
    unplanting_exact_deficit_top1,
    unplanting_flip_point,
    unplanting_margin,
)
from gigsim.theory.wrong_labels import (
    wrong_label_margin,
)

__all__ = [
    "Allowance",
    "BestMixture",
    "CancellingPoint",
    "ErasingCertificate",
    "FeatureLabelCertificate",
    "FeatureOnlyCertificate",
    "FeatureOnlyProfileCertificate",
    "MeanGradient",
    "MemberChoices",
    "PoolCriticalMass",
    "SignalEstimate",
    "SlackCertificate",
    "TauEstimate",
    "UnplantingCertificate",
    "accumulated_noise",
    "acting_share",
    "allowance",
    "bernstein_mean_upper",
    "best_mixture",
    "best_other_label",
    "break_even_noise",
    "cancelling_point",
    "cancelling_share",
    "certify_exact",
    "certify_quantile",
    "certify_sample",
    "clashes",
    "clean_marginals",
    "clopper_pearson",
    "collective_bound",
    "collective_critical_mass",
    "collective_rate",
    "collectives_success",
    "contraction",
    "control_gradient",
    "coordination_bound",
    "coordination_critical_mass",
    "critical_mass",
    "critical_mass_convex",
    "critical_mass_distance",
    "critical_mass_labels",
    "critical_mass_mean_slack",
    "critical_mass_pool",
    "critical_mass_selected",
    "cvar_weights",
    "deficit_any",
    "deficit_top1",
    "deviating_share",
    "deviation",
    "distance_after",
    "distance_bound",
    "distance_bound_local",
    "distance_from_gradient",
    "distance_to_stable",
    "effective_share",
    "effective_share_upweighted",
    "erased_marginals",
    "erasing_bound",
    "erasing_bound_averaged",
    "erasing_critical_mass",
    "erasing_deficit_any",
    "erasing_deficit_top1",
    "erasing_flip_point",
    "erasing_label",
    "erasing_success",
    "erasing_window",
    "estimating_members",
    "feature_label_bound",
    "feature_label_bound_averaged",
    "feature_label_bound_mean_slack",
    "feature_label_bound_reweighted",
    "feature_label_bound_selected",
    "feature_label_bound_selected_distance",
    "feature_label_bound_slack_profile",
    "feature_label_bound_slack_quantile",
    "feature_only_bound",
    "feature_only_bound_profile",
    "feature_only_bound_quantile",
    "feature_only_critical_mass",
    "feature_only_foot",
    "finite_sample_success",
    "finite_sample_success_feature_only",
    "fitted_certificate",
    "fitted_slack",
    "flip_point",
    "flip_point_any",
    "flip_point_top1",
    "floor_quantile",
    "foot",
    "frank_wolfe_members",
    "gain_left",
    "gap_allowed",
    "gap_any",
    "gap_any_from_floor",
    "gap_top1",
    "gap_top1_from_floor",
    "glm_label",
    "glm_label_critical_mass",
    "glm_label_feasible",
    "level_rate",
    "linear_label",
    "logistic_curvature",
    "mean_gap",
    "mean_gradient",
    "membership_ratio",
    "mixed_law",
    "noise_bound",
    "over_report",
    "p_needed",
    "participation_psi",
    "participation_slope",
    "participation_slope_any",
    "path_condition",
    "penalty_shift",
    "performative_power",
    "planted_marginals",
    "private_critical_mass",
    "private_distance_bound",
    "private_radius",
    "private_success_bound",
    "probability",
    "randomised_floor",
    "regression_bound",
    "regression_critical_mass",
    "regression_value",
    "retraining_rate",
    "sampled_distance_bound",
    "sampling_covariance",
    "share_needed",
    "share_needed_upweighted",
    "signal_estimate",
    "slack_any",
    "slack_top1",
    "solo_share",
    "stable_mean",
    "staircase",
    "statistical_bound_erasing",
    "statistical_bound_feature_label",
    "statistical_bound_feature_only",
    "statistical_bound_unplanting",
    "steps_needed",
    "strong_convexity",
    "tail",
    "tau_model",
    "tau_table",
    "unplanting_bound",
    "unplanting_bound_averaged",
    "unplanting_critical_mass",
    "unplanting_deficit_any",
    "unplanting_deficit_top1",
    "unplanting_exact_deficit_top1",
    "unplanting_flip_point",
    "unplanting_margin",
    "wrong_label_margin",
    "xi_allowed",
    "xi_allowed_feature_only",
]
