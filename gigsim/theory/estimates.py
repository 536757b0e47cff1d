"""What stands in for ξ and κ when P0 is only known through samples, and how sure that is.

The bound falls in ξ and in Δ, so their *upper* limits make it safe (Δ: ``theory.gaps``). Every
function says what it assumes. The bound is vacuous (no more than 0) wherever α ≤ κ/(1+κ),
``planting.foot``; a signal never seen among n base resumes still has a foot at about 3/n.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import (
    critical_mass,
    feature_label_bound,
    feature_label_bound_averaged,
)

#: Where a gap comes from. ``worst``: Δ = 1, nothing is assumed. ``posterior``: the exact posterior
#: of a built-in language. ``classifier``: the probabilities of a model trained on clean resumes,
#: which stand for P0(·|x) only as far as they are calibrated; then the bound is an estimate.
GapKind = Literal["worst", "posterior", "classifier"]


class Interval(NamedTuple):
    """Confidence limits, floats or arrays of one shape."""

    low: Floats
    high: Floats


class MeanGap(NamedTuple):
    """The mean of d⁺ over signal-bearing inputs and its one-sided upper confidence limit."""

    mean: float
    upper: float


def clopper_pearson(
    k: ArrayLike, n: ArrayLike, level: float = 0.95, side: Literal["upper", "two"] = "upper"
) -> Interval:
    """Exact confidence limits for ξ: k of n base resumes were seen to carry the signal.

    Assumes n independent draws from P0 (near-duplicates are not: count each cluster once), and
    that carrying means lying in X*, the text *as the learner sees it* being a g(x); the token
    turning up somewhere is not enough. For k = 0 the upper limit is 1 − (1−level)^(1/n), about
    3/n at 95 %. With n = 0 nothing is known and the limits are 0 and 1.

    Source: Clopper and Pearson (1934); coverage at least ``level`` for every ξ.

    Args:
        k: resumes that carry the signal, whole numbers in 0..n.
        n: resumes looked at, whole numbers.
        level: confidence, in (0, 1).
        side: ``upper`` for a one-sided upper limit (low is 0), ``two`` for both.

    Returns:
        (low, high), broadcast.

    Raises:
        ValueError: counts that are not whole numbers with 0 ≤ k ≤ n, or an unknown side.

    Example:
        >>> round(float(clopper_pearson(0, 3000).high), 6)
        0.000998
    """
    _check_level(level)
    if side not in ("upper", "two"):
        raise ValueError(f"side must be upper or two, got {side!r}")
    hits, total = np.broadcast_arrays(
        np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    )
    if not np.all((hits >= 0) & (hits <= total) & (hits % 1 == 0) & (total % 1 == 0)):
        raise ValueError(f"need whole numbers with 0 <= k <= n, got k={k!r}, n={n!r}")
    miss = (1 - level) if side == "upper" else (1 - level) / 2
    rest = total - hits
    high = np.where(rest > 0, betaincinv(hits + 1, np.maximum(rest, 1), 1 - miss), 1.0)
    low = np.zeros_like(high)
    if side == "two":
        low = np.where(hits > 0, betaincinv(np.maximum(hits, 1), rest + 1, miss), 0.0)
    return Interval(low[()], high[()])


def mean_gap(
    deficits: ArrayLike,
    clusters: NDArray[np.integer] | None = None,
    *,
    level: float = 0.95,
    method: Literal["clt", "hoeffding"] = "clt",
) -> MeanGap:
    """The mean of d(x)⁺ over signal-bearing inputs, with an upper limit: for the averaged bound.

    Assumes that the inputs are draws from P0 *given X**: base resumes that carry the signal or,
    when the signal is put on base resumes whatever their text and labels are, any base resumes.
    Clusters are drawn independently; rows of one cluster may be as alike as they please.

    ``clt`` takes the mean to be normal with the variance estimated between clusters: good from some
    thirty clusters, too narrow for fewer or where all values agree. ``hoeffding`` assumes only
    0 ≤ d⁺ ≤ 1 and holds for any number of clusters, but is wider. With no input, and for ``clt``
    with one cluster, nothing is known: the limit is 1 (the worst case).

    Args:
        deficits: d(x) in [−1, 1], shape (n,); see ``gaps.deficit_any`` and ``deficit_top1``.
        clusters: integers, shape (n,), near-duplicates share a number; None for n of their own.
        level: confidence of the one-sided limit, in (0, 1).
        method: see above.

    Returns:
        (mean, upper); the mean of no input is NaN.

    Example:
        >>> result = mean_gap([0.9, 0.7, -0.4, 0.8], method="hoeffding", level=0.5)
        >>> round(result.mean, 3), round(result.upper, 3)
        (0.6, 0.894)
    """
    _check_level(level)
    if method not in ("clt", "hoeffding"):
        raise ValueError(f"method must be clt or hoeffding, got {method!r}")
    values = unit_interval("d⁺", np.maximum(np.asarray(deficits, dtype=np.float64), 0.0))
    if values.ndim != 1:
        raise ValueError(f"deficits must have shape (n,), got {values.shape}")
    n = values.size
    if n == 0:
        return MeanGap(float("nan"), 1.0)
    own = np.arange(n) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    sizes = np.bincount(own, minlength=1).astype(np.float64)
    mean = float(values.mean())
    if method == "hoeffding":
        # A sum over independent clusters, each in an interval as long as the cluster is large.
        reach = np.sqrt(-np.log(1 - level) * (sizes**2).sum() / 2) / n
    elif len(sizes) == 1:
        return MeanGap(mean, 1.0)
    else:
        residual = np.bincount(own, weights=values - mean)
        variance = (residual**2).sum() * len(sizes) / (len(sizes) - 1)
        reach = ndtri(level) * np.sqrt(variance) / n
    return MeanGap(mean, float(min(mean + max(float(reach), 0.0), 1.0)))


@dataclass(frozen=True)
class SignalEstimate:
    """What is known of one signal and one reading of success, ready to be put into Theorem 1.

    Attributes:
        xi: ξ, known or estimated (k/n), in [0, 1]; NaN if no base resume was looked at.
        xi_upper: its upper confidence limit; ``xi`` itself if known.
        xi_known: whether P0 was built with this ξ.
        gap: Δ, an upper bound by ``gap_kind``.
        gap_kind: where Δ and d come from.
        kappa_mean: κ = ξ·E[d⁺|X*] of the averaged form; NaN if no d(x) was given.
        kappa_mean_upper: its upper confidence limit; NaN likewise.
    """

    xi: float
    xi_upper: float
    xi_known: bool
    gap: float
    gap_kind: GapKind
    kappa_mean: float = float("nan")
    kappa_mean_upper: float = float("nan")

    def bound(self, alpha: ArrayLike) -> Floats:
        """Theorem 1 at ``xi`` and ``gap``, unclipped; for a signal never seen it is 1 (α > 0)."""
        return _or_nan(self.xi, feature_label_bound(alpha, xi=_zero(self.xi), gap=self.gap))

    def bound_low(self, alpha: ArrayLike) -> Floats:
        """Theorem 1 at ``xi_upper``: the lower edge of the band (the line itself if known)."""
        return feature_label_bound(alpha, xi=self.xi_upper, gap=self.gap)

    def bound_averaged(self, alpha: ArrayLike) -> Floats:
        """The averaged form at ``kappa_mean``; NaN without d(x)."""
        return _or_nan(
            self.kappa_mean, feature_label_bound_averaged(alpha, kappa=_zero(self.kappa_mean))
        )

    def bound_averaged_low(self, alpha: ArrayLike) -> Floats:
        """The averaged form at ``kappa_mean_upper``; NaN without d(x)."""
        return _or_nan(
            self.kappa_mean_upper,
            feature_label_bound_averaged(alpha, kappa=_zero(self.kappa_mean_upper)),
        )

    def thinned(self, part: float) -> Self:
        """The same where only this part, in [0, 1], of the base carriers is left."""
        return replace(
            self,
            xi=self.xi * part,
            xi_upper=self.xi_upper * part,
            kappa_mean=self.kappa_mean * part,
            kappa_mean_upper=self.kappa_mean_upper * part,
        )

    def critical_mass(self, success: ArrayLike) -> Floats:
        """Share at which :meth:`bound_low` reaches ``success``; S̄ = 0 gives its foot."""
        return critical_mass(success, xi=self.xi_upper, gap=self.gap)


def signal_estimate(
    *,
    xi: float | None = None,
    carriers: int = 0,
    inputs: int = 0,
    gap: float = 1.0,
    gap_kind: GapKind = "worst",
    deficits: ArrayLike | None = None,
    clusters: NDArray[np.integer] | None = None,
    level: float = 0.95,
) -> SignalEstimate:
    """Put the pieces together.

    Args:
        xi: ξ where P0 was built with it; None to estimate it from the counts.
        carriers: base resumes found in X*.
        inputs: base resumes looked at (clusters, where there are near-duplicates).
        gap: Δ; 1 is the worst case.
        gap_kind: where it and ``deficits`` come from.
        deficits: d(x) on signal-bearing inputs, shape (n,), for κ (:func:`mean_gap`).
        clusters: their clusters, shape (n,).
        level: confidence of each upper limit. κ's takes half of the risk for ξ and half for d where
            ξ is estimated (Bonferroni), so it holds jointly.

    Example:
        >>> estimate = signal_estimate(carriers=0, inputs=3000)
        >>> float(estimate.bound(0.01)), float(estimate.bound_low(0.01).round(3))
        (1.0, 0.901)
    """
    _check_level(level)
    known = xi is not None
    if xi is None:
        point = carriers / inputs if inputs else float("nan")
        upper = float(clopper_pearson(carriers, inputs, level).high)
    else:
        point = upper = float(unit_interval("xi", xi))
    kappa = kappa_upper = float("nan")
    if deficits is not None:
        joint = level if known else (1 + level) / 2
        average = mean_gap(deficits, clusters, level=joint)
        limit = upper if known else float(clopper_pearson(carriers, inputs, joint).high)
        kappa, kappa_upper = point * average.mean, limit * average.upper
    return SignalEstimate(
        xi=point,
        xi_upper=upper,
        xi_known=known,
        gap=float(unit_interval("gap", gap)),
        gap_kind=gap_kind,
        kappa_mean=kappa,
        kappa_mean_upper=kappa_upper,
    )


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level!r}")


def _zero(value: float) -> float:
    return 0.0 if np.isnan(value) else value


def _or_nan(value: float, bound: Floats) -> Floats:
    return np.full_like(bound, np.nan)[()] if np.isnan(value) else bound
