"""What an ε-suboptimal platform may be close in, and what each kind costs a collective.

The table with the formulas in words is in ``planting.feature_label_bound``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from gigsim.theory.gaps import Floats

Closeness = Literal[
    "joint_tv",
    "joint_contamination",
    "conditional_tv",
    "conditional_contamination",
    "additive_slack",
    "slides",
]

#: Each closeness with margin μ: epsilon must be under the limit, and
#: S >= 1 - loss(alpha, xi, gap, epsilon, mu)/alpha.
LOSSES: dict[
    str,
    tuple[Callable[[Floats], Floats], Callable[[Floats, Floats, Floats, Floats, Floats], Floats]],
] = {
    "joint_tv": (np.ones_like, lambda a, xi, gap, e, mu: ((1 - a) * gap * xi + 2 * e) / mu),
    "joint_contamination": (
        np.ones_like,
        lambda a, xi, gap, e, mu: ((1 - a) * gap * xi + e / (1 - e)) / mu,
    ),
    "conditional_tv": (
        lambda mu: mu / 2,
        lambda a, xi, gap, e, mu: (1 - a) * (gap + 2 * e) * xi / (mu - 2 * e),
    ),
    "conditional_contamination": (
        lambda mu: mu / (1 + mu),
        lambda a, xi, gap, e, mu: (1 - a) * ((1 - e) * gap + e) * xi / ((1 - e) * mu - e),
    ),
    "additive_slack": (
        lambda mu: mu,
        lambda a, xi, gap, e, mu: (1 - a) * (gap + e) * xi / (mu - e),
    ),
    "slides": (np.ones_like, lambda a, xi, gap, e, mu: (1 - a) * gap * xi / mu + a * e / (1 - e)),
}
