"""How long a million shares take through each bound: CPU seconds, best of three.

python benchmarks/bounds_speed.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from gigsim import theory

ALPHAS = np.linspace(0.0, 1.0, 1_000_000)

#: What a sample of texts says: P0(y* in Y|x), or the slack of a classifier.
SAMPLE = np.random.default_rng(0).beta(0.4, 3.0, 5_000)

_SIZES: dict[str, int] = {"population": 25_000, "test": 5_000}

#: Each bound with numbers of everyday size.
BOUNDS: dict[str, Callable[[], object]] = {
    "feature-label": lambda: theory.feature_label_bound(ALPHAS, xi=0.01, gap=0.9),
    "feature-label, ε": lambda: theory.feature_label_bound(
        ALPHAS, xi=0.01, gap=0.9, epsilon=0.05, closeness="conditional_tv"
    ),
    "feature-label, mean slack": lambda: theory.feature_label_bound_mean_slack(
        ALPHAS, xi=0.01, kappa=0.008, slack=0.02
    ),
    "feature-label, selected": lambda: theory.feature_label_bound_selected(
        ALPHAS, xi=0.01, gap=0.9, ratio=0.5
    ),
    "feature-only": lambda: theory.feature_only_bound(ALPHAS, p=0.05, xi=0.001),
    "feature-only, quantile": lambda: theory.feature_only_bound_quantile(
        ALPHAS, p=0.05, q=0.1, xi=0.001
    ),
    "unplanting": lambda: theory.unplanting_bound(ALPHAS, xi=0.01, gap=0.9),
    "erasing": lambda: theory.erasing_bound(ALPHAS, tau=0.02),
    "regression": lambda: theory.regression_bound(ALPHAS, xi=0.01, error=2.0),
    "risk minimiser": lambda: theory.distance_bound(
        ALPHAS, base_gradient=1.0, collective_gradient=3.0, strong_convexity=0.5
    ),
    "gradient learner": lambda: theory.distance_after(50, ALPHAS, eta=0.1, xi=0.8, start=1.0),
    "private learner": lambda: theory.private_distance_bound(
        ALPHAS, steps=50, eta=0.1, xi=0.8, start=1.0, noise=1.0, clip=1.0, dimension=100, batch=64
    ),
    "private learner, clipped": lambda: theory.private_success_bound(
        ALPHAS,
        steps=200,
        eta=0.1,
        start=1.0,
        noise=1.0,
        clip=1.0,
        base_norm=0.25,
        dimension=4,
        batch=500,
        delta=0.05,
    ),
    "feature-only, profile": lambda: theory.feature_only_bound_profile(ALPHAS, SAMPLE, xi=0.001),
    "feature-label, slack profile": lambda: theory.feature_label_bound_slack_profile(
        ALPHAS, SAMPLE, xi=0.01, gap=0.9
    ),
    "finite, feature-label": lambda: theory.statistical_bound_feature_label(
        ALPHAS, planted=[1.0], deficits=[0.01], labels=10, **_SIZES
    ),
    "finite, feature-only": lambda: theory.statistical_bound_feature_only(
        ALPHAS, weights=[1.0], planted=[0.2], deficits=[0.01], labels=2, **_SIZES
    ),
    "finite, unplanting": lambda: theory.statistical_bound_unplanting(
        ALPHAS, weights=[1.0], planted=[1.0], deficits=[0.01], estimating=1000, **_SIZES
    ),
    "finite, erasing": lambda: theory.statistical_bound_erasing(
        ALPHAS,
        weights=[0.5, 0.5],
        planted=[0.5, 0.5],
        deficits=[0.1, -0.3],
        cleaned=[1, 1],
        labels=2,
        gap=0.3,
        **_SIZES,
    ),
    "several collectives": lambda: theory.collective_bound(
        ALPHAS * 0.5, kappa=0.01, others=0.2, conflict=0.1
    ),
    "coordination noise": lambda: theory.coordination_bound(
        ALPHAS, xi=0.01, gap=0.9, abstaining=0.1, wrong=0.1
    ),
}


def main() -> None:
    """Print a line a bound; exit 1 if one takes a tenth of a second or more."""
    slowest = 0.0
    for name, bound in BOUNDS.items():
        seconds = []
        for _ in range(3):
            began = time.process_time()
            bound()
            seconds.append(time.process_time() - began)
        slowest = max(slowest, min(seconds))
        sys.stdout.write(f"{name:28} {min(seconds):.3f} s\n")
    sys.stdout.write(f"slowest of {len(BOUNDS)}: {slowest:.3f} s for 1,000,000 shares\n")
    sys.exit(slowest >= 0.1)


if __name__ == "__main__":
    main()
