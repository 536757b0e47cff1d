"""The theorems as pure functions of numbers and arrays (NumPy and SciPy only).

Hardt, Mazumdar, Mendler-Dünner and Zrnic, *Algorithmic Collective Action in Machine Learning*
(ICML 2023), and what was derived from it and checked on random worlds; each docstring says which.
"""

from importlib import import_module

# The public names by module. Each is imported on first use (PEP 562): all of them together bring
# half of SciPy along, which a misspelt config should not wait for. Types are in ``__init__.pyi``.
_NAMES = {
    "cancelling_points": "CancellingPoint cancelling_point",
    "cancelling_pool": (
        "BestMixture PoolCriticalMass best_mixture critical_mass_labels critical_mass_pool"
    ),
    "certificates": (
        "ErasingCertificate FeatureLabelCertificate FeatureOnlyCertificate "
        "FeatureOnlyProfileCertificate UnplantingCertificate"
    ),
    "closeness": "Allowance allowance",
    "collectives": (
        "clashes collective_bound collective_critical_mass collectives_success mixed_law solo_share"
    ),
    "contagion.cascades": (
        "VulnerableCluster branching cascade_condition largest_vulnerable_degree poisson_window "
        "vulnerability vulnerable_cluster"
    ),
    "contagion.complex_contagion": (
        "bridge_width critical_bridge_width front_reach front_speed lattice_bridge_width "
        "lattice_spreads rounds_to_everybody"
    ),
    "contagion.conventions": (
        "TippingMinority convention_equilibria convention_path memory_response tipping_minority"
    ),
    "contagion.degree_laws": (
        "degree_law mean_degree observed_degrees poisson_degrees power_law_degrees "
        "regular_degrees scale_free_degrees"
    ),
    "contagion.final_size": (
        "CascadeSize CriticalSeed cascade_path cascade_size critical_seed vanishing_cascade_size"
    ),
    "contagion.granovetter": (
        "SampleEquilibria continuum_equilibria continuum_limit continuum_path critical_spread "
        "heads_needed sample_equilibria sample_map sample_path"
    ),
    "contagion.monotone_maps": "FixedPoint Limit",
    "contagion.morris": (
        "Reach cohesion cohesive_core contagion_threshold moore_threshold reach_of reached "
        "tree_threshold von_neumann_threshold"
    ),
    "contagion.responses": "count_response share_response",
    "contagion.threshold_laws": (
        "fixed_threshold normal_thresholds sample_thresholds uniform_thresholds"
    ),
    "coordination": (
        "acting_share break_even_noise coordination_bound coordination_critical_mass noise_bound"
    ),
    "curvature": "distance_bound_local logistic_curvature",
    "epsilon": (
        "SlackCertificate certify_exact certify_quantile certify_sample fitted_certificate "
        "fitted_slack"
    ),
    "erasing": "erasing_bound erasing_bound_averaged erasing_critical_mass",
    "erasing_exact": (
        "erasing_deficit_any erasing_deficit_top1 erasing_flip_point erasing_label erasing_success"
    ),
    "estimates": "SignalEstimate clopper_pearson mean_gap signal_estimate",
    "feature_only": (
        "feature_only_bound feature_only_bound_quantile feature_only_critical_mass "
        "feature_only_foot flip_point_any flip_point_top1 randomised_floor"
    ),
    "finite_sample": "finite_sample_success finite_sample_success_feature_only",
    "floors": "feature_only_bound_profile floor_quantile",
    "gaps": "deficit_any deficit_top1 gap_any gap_any_from_floor gap_top1 gap_top1_from_floor",
    "gradient_learner": (
        "contraction control_gradient distance_after gain_left path_condition steps_needed"
    ),
    "hoeffding": "deviation",
    "inverse": "gap_allowed p_needed share_needed xi_allowed xi_allowed_feature_only",
    "label_rules": (
        "glm_label glm_label_critical_mass glm_label_feasible linear_label penalty_shift "
        "sampled_distance_bound sampling_covariance"
    ),
    "member_choices": "MemberChoices frank_wolfe_members",
    "mixture": "clean_marginals erased_marginals planted_marginals",
    "participation.closed_forms": (
        "UniformEquilibria UniformFold identical_costs_critical_mass uniform_costs_equilibria "
        "uniform_costs_fold uniform_costs_slope"
    ),
    "participation.costs": (
        "IdenticalCosts LogNormalCosts LogisticCosts NormalCosts SampleCosts UniformCosts cost_law"
    ),
    "participation.curves": "BoundCurve FunctionCurve StepCurve",
    "participation.draws": "ParticipationDraws participation_draws",
    "participation.dynamics": "adaptive_path adaptive_stable adaptive_step replicator_step",
    "participation.equilibria": "Equilibrium FixedPoints Unresolved",
    "participation.folds": "Fold folds parameter_at with_parameter",
    "participation.hysteresis": "Hysteresis Jump hysteresis",
    "participation.joining_map": "JoiningMap",
    "participation.logit_response": (
        "LogitFolds logit_folds logit_map logit_slope proportional_curve"
    ),
    "participation.measured_curve": "MeasuredCurve",
    "participation.public_goods": (
        "MixedEquilibria Volunteers assured_good olson_parameter public_good_share "
        "threshold_good volunteers"
    ),
    "participation.regimes": "AssuredCurve PivotalCurve leaking_bound_curve pivotal_curve",
    "participation.reinforcement": "expected_motion repeated_act undecided",
    "participation.startup": "shortfall startup_cost",
    "performative": (
        "collective_rate distance_to_stable level_rate participation_psi participation_slope "
        "participation_slope_any performative_power retraining_rate stable_mean"
    ),
    "planting": (
        "critical_mass feature_label_bound feature_label_bound_averaged flip_point foot staircase"
    ),
    "private": "private_critical_mass private_distance_bound private_success_bound",
    "private_noise": "accumulated_noise private_radius probability tail",
    "regression": "over_report regression_bound regression_critical_mass regression_value",
    "reweighting": (
        "cvar_weights effective_share effective_share_upweighted feature_label_bound_reweighted "
        "share_needed_upweighted"
    ),
    "risk_minimizer": (
        "MeanGradient cancelling_share critical_mass_convex critical_mass_distance "
        "deviating_share distance_bound distance_from_gradient mean_gradient strong_convexity"
    ),
    "sample_limits": "bernstein_mean_upper",
    "selected": (
        "critical_mass_selected feature_label_bound_selected "
        "feature_label_bound_selected_distance membership_ratio"
    ),
    "slack": (
        "critical_mass_mean_slack feature_label_bound_mean_slack feature_label_bound_slack_quantile"
    ),
    "slack_profile": "feature_label_bound_slack_profile",
    "statistical": (
        "estimating_members statistical_bound_feature_label statistical_bound_feature_only "
        "statistical_bound_unplanting"
    ),
    "statistical_erasing": "erasing_window statistical_bound_erasing",
    "tau": "TauEstimate tau_model tau_table",
    "text_slack": "slack_any slack_top1",
    "unplanting": (
        "best_other_label unplanting_bound unplanting_bound_averaged unplanting_critical_mass "
        "unplanting_deficit_any unplanting_deficit_top1 unplanting_exact_deficit_top1 "
        "unplanting_flip_point unplanting_margin"
    ),
    "wrong_labels": "wrong_label_margin",
}

_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    """A public name, imported on first use."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
