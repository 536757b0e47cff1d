"""Feature-label planting against a classifier of measured slack: the best of all per-x bounds.

``slack.feature_label_bound_slack_quantile`` needs a mass q chosen before the sample is seen. Here
one confidence band covers all q at once. ``floors.feature_only_bound_profile`` does the same for p.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.envelope import leading
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.text_slack import slack_sample


def feature_label_bound_slack_profile(
    alpha: ArrayLike,
    slack: ArrayLike,
    *,
    xi: float,
    gap: float,
    level: float = 0.95,
    margin: float = 1.0,
) -> Floats:
    """S(α) ≥ max over ε of 1 − (q̂(ε) + r) − bξ(Δ+ε)/(μ−ε), with confidence ``level`` for all α.

    q̂(ε) is the share of the sample with slack over ε, r = sqrt(ln(1/(1−level))/(2n)). Derived: by
    the one-sided inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990; it
    needs level ≥ ½) no q̂ + r is under the true mass, so the quantile form of ``theory.slack`` holds
    at every (ε, q̂(ε) + r), and at the best of them, chosen with the sample in view. With a learner
    that either sees the signal in a text or does not, slack is near 0 or near 1, and the best ε is
    not known beforehand. All are straight lines in b, of which ``envelope`` finds the largest.

    Vacuous (not above 0) where too many texts have a large slack, or at small α.

    Args:
        alpha: share that plants, in [0, 1], any shape. The slack is that of a classifier trained
            where one share planted: at other shares the bound is that of equal slack there.
        slack: of a sample of texts as in ``epsilon.certify_sample``, independent ones, shape (n,).
        xi: mass of the signal set under P0, in [0, 1].
        gap: Δ in [0, 1].
        level: confidence in [½, 1).
        margin: μ in [−1, 1], see ``planting.feature_label_bound``.

    Returns:
        The bound, unclipped, shape of ``alpha``; −inf where ``alpha`` is 0, ``margin`` is not
        positive or no text has a slack under ``margin``.

    Raises:
        ValueError: no texts or a number out of its range.

    Example:
        Nine texts in ten are read as they should be, the others not at all.

        >>> sample = np.repeat([0.0, 0.8], [9000, 1000])
        >>> float(feature_label_bound_slack_profile(0.1, sample, xi=0.01, gap=1.0).round(3))
        0.798
    """
    values = np.sort(slack_sample(slack))
    if not 0.5 <= level < 1:
        raise ValueError(f"level must be in [0.5, 1), got {level!r}")
    if not -1 <= margin <= 1:
        raise ValueError(f"margin must be in [-1, 1], got {margin!r}")
    n = values.size
    reach = np.sqrt(-np.log(1 - level) / (2 * n))
    # q̂ is flat between sample values while the last term grows, so the best ε is a sample value.
    limits, counts = np.unique(values, return_counts=True)
    exceeding = np.minimum(1 - np.cumsum(counts) / n + reach, 1.0)
    shares, usable = unit_interval("alpha", alpha), limits < margin
    if not usable.any():
        return np.full(shares.shape, -np.inf)[()]
    limits, exceeding = limits[usable], exceeding[usable]
    mass, deficit = unit_interval("xi", xi), unit_interval("gap", gap)
    others = 1 - shares
    # A denormal alpha overflows to −inf; a slack a hair under the margin is worth nothing.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        steep = mass * (deficit + limits) / (margin - limits)
        best = leading(others / shares, 1 - exceeding, steep)
        turned = np.where(others > 0, others * steep[best], 0.0)
        bound = 1 - turned / shares - exceeding[best]
    return np.where(shares > 0, bound, -np.inf)[()]
