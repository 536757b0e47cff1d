"""ε certified: how far a platform is from the best answer where the signal is, and how surely.

Two forms of the bound (``theory.slack``) need no more than a summary of the slack of single texts
(``theory.text_slack``): its mean over texts that members plant the signal in, or a value that it
exceeds on a share q of them only. How it is known decides what it is worth:

* ``exact``: a finite world, all texts with their weights. A fact.
* ``monte_carlo``: a sample of texts and their exact P, from a built-in language. A one-sided
  confidence limit, *if the texts are others than those that S is measured on*: on those, slack and
  success are dependent, and the limit would be chosen after the fact. The platform is fixed before
  the texts are drawn, so they must not be among its training rows either.
* ``fitted``: P(y|x) is not known (a corpus). Then ε is read off the success that the bound is
  compared with, and certifies nothing.

A bound with ε is vacuous wherever it is not above 0, in the mean form as soon as the mean slack
reaches 1 − bκ, b = (1−α)/α.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.estimates import mean_gap
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.sample_limits import bernstein_mean_upper, upper_order_statistic
from gigsim.theory.text_slack import slack_sample

SlackKind = Literal["exact", "monte_carlo", "fitted"]

#: Masses of texts that may exceed a certified slack, where none are asked for.
MASSES = (0.01, 0.05, 0.1)


@dataclass(frozen=True)
class SlackCertificate:
    """What is known of the slack of one classifier, for one signal and one reading of success.

    Attributes:
        kind: how it is known; only ``exact`` and ``monte_carlo`` certify anything.
        mean: E slack(x) over texts with the signal planted; of a sample, its mean.
        mean_upper: its upper confidence limit; ``mean`` itself if exact, NaN if fitted.
        largest: the largest slack; of a sample the largest *seen*, which limits nothing.
        quantiles: by mass q, a slack that at most this share of texts exceeds; of a sample, each
            an upper confidence limit by itself. Empty if fitted.
        level: confidence of each limit; 1 if exact, NaN if fitted.
        inputs: texts looked at.
    """

    kind: SlackKind
    mean: float
    mean_upper: float
    largest: float
    quantiles: Mapping[float, float]
    level: float
    inputs: int


def certify_exact(
    slack: ArrayLike, weights: ArrayLike | None = None, *, masses: Sequence[float] = MASSES
) -> SlackCertificate:
    """The slack of a finite world, where every text and its weight is there.

    Args:
        slack: of each text, in [0, 1], shape (n,), n > 0.
        weights: of each text under the law of planted texts, G(x), non-negative, shape (n,),
            normalised here; None for equal ones. Texts of weight 0 are not looked at.
        masses: q in [0, 1] to give :attr:`SlackCertificate.quantiles` at.

    Returns:
        Facts: the mean, the maximum, and for each q the smallest slack exceeded on at most mass q
        (masses being sums, up to 1e-12).

    Raises:
        ValueError: no texts, shapes that differ, weights that are negative or sum to 0, or a number
            out of its range.

    Example:
        >>> certificate = certify_exact([0.0, 0.4, 0.1], [0.5, 0.1, 0.4], masses=[0.1, 0.2])
        >>> round(certificate.mean, 6), certificate.largest, dict(certificate.quantiles)
        (0.08, 0.4, {0.1: 0.1, 0.2: 0.1})
    """
    values = slack_sample(slack)
    mass = np.ones(values.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if mass.shape != values.shape or not np.all(mass >= 0) or not 0 < mass.sum() < np.inf:
        raise ValueError("weights must be non-negative with a positive sum, one a text")
    values, mass = values[mass > 0], mass[mass > 0] / mass.sum()
    order = np.argsort(values)[::-1]
    values, mass = values[order], mass[order]
    # Mass of the texts before each, and of those strictly above it; rounding is forgiven.
    before = np.concatenate([[0.0], np.cumsum(mass)[:-1]])
    above = before[np.searchsorted(-values, -values, side="left")]
    mean = float(values @ mass)
    return SlackCertificate(
        kind="exact",
        mean=mean,
        mean_upper=mean,
        largest=float(values[0]),
        quantiles={
            q: float(values[above <= float(unit_interval("q", q)) + 1e-12][-1]) for q in masses
        },
        level=1.0,
        inputs=values.size,
    )


def certify_sample(
    slack: ArrayLike,
    clusters: NDArray[np.integer] | None = None,
    *,
    level: float = 0.95,
    method: Literal["hoeffding", "bernstein", "clt"] = "hoeffding",
    masses: Sequence[float] = MASSES,
) -> SlackCertificate:
    """The slack of a sample of texts with the signal planted, with one-sided upper limits.

    Assumes that the texts are independent draws of the law that S is over (near-duplicates share a
    cluster, clusters are independent), that P(y|x) of each is exact, and that classifier and texts
    were chosen without knowledge of each other: neither training rows nor the texts on which the
    success was measured that the bound is to be compared with.

    Args:
        slack: of each text, in [0, 1], shape (n,), n > 0.
        clusters: integers, shape (n,); None for n of their own.
        level: confidence of each limit, in (0, 1).
        method: of ``mean_upper``. ``hoeffding`` and ``bernstein`` assume only 0 ≤ slack ≤ 1 and
            hold for any n. The latter is the narrower one from about 1,000 texts if few of them
            have any slack; it needs texts without clusters. ``clt`` is an approximation that is too
            narrow where the slack is in a handful of texts (``estimates.mean_gap``).
        masses: q in (0, 1) for :attr:`SlackCertificate.quantiles` (:func:`certify_quantile`).

    Returns:
        The certificate. Each limit holds with ``level`` by itself; who picks the best of k bounds
        afterwards asks for 1 − (1 − level)/k.

    Raises:
        ValueError: no texts, a number out of its range, or ``bernstein`` with clusters.

    Example:
        >>> certificate = certify_sample(np.linspace(0, 0.1, 1000))
        >>> round(certificate.mean, 3), round(certificate.mean_upper, 3)
        (0.05, 0.089)
    """
    values = slack_sample(slack)
    if method == "bernstein":
        if clusters is not None:
            raise ValueError("bernstein needs independent texts, without clusters")
        upper = bernstein_mean_upper(values, level)
    else:
        upper = mean_gap(values, clusters, level=level, method=method).upper
    return SlackCertificate(
        kind="monte_carlo",
        mean=float(values.mean()),
        mean_upper=upper,
        largest=float(values.max()),
        quantiles={q: certify_quantile(values, q, level, clusters) for q in masses},
        level=level,
        inputs=values.size,
    )


def certify_quantile(
    slack: ArrayLike,
    q: float,
    level: float = 0.95,
    clusters: NDArray[np.integer] | None = None,
) -> float:
    """A slack that at most mass q of the texts exceeds, with confidence ``level``.

    An order statistic (``sample_limits.upper_order_statistic``), valid for any law and any n.

    Assumptions as in :func:`certify_sample`; q and level are chosen before the sample is seen.

    Args:
        slack: of each text, in [0, 1], shape (n,), n > 0.
        q: in (0, 1).
        level: in (0, 1).
        clusters: integers, shape (n,); None for n of their own.

    Returns:
        The limit; 1, the largest that a slack can be, where the sample is too small to say: for
        n < ln(1 − level)/ln(1 − q) independent texts (299 at q = 0.01 and 95 %).

    Raises:
        ValueError: no texts or a number out of its range.

    Example:
        >>> sample = np.linspace(0, 1, 1001)
        >>> certify_quantile(sample, 0.1), certify_quantile(sample[::100], 0.1)
        (0.916, 1.0)
    """
    return upper_order_statistic(slack_sample(slack), q, level, clusters, worst=1.0)


def fitted_slack(
    success: ArrayLike,
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    kappa: ArrayLike,
    margin: ArrayLike = 1.0,
) -> Floats:
    """The mean slack that explains a measured success: ((μ(1−S) − bκ)⁺)/(1 + bξ), b = (1−α)/α.

    A *fitted parameter*: solve the mean-slack bound S ≥ 1 − (bκ + ε + bξε)/μ for ε. Since that is
    a theorem, the true mean slack is at least this (in expectation, if the signal goes with text
    and labels independently), and a bound that is drawn with it touches the measured success by
    construction: it describes the platform and certifies nothing about it.

    Args:
        success: S in [0, 1], measured.
        alpha: in [0, 1].
        xi: mass of the signal set under P0, in [0, 1].
        kappa: Σ over X* of P0(x)·Δ_x⁺ (or ξ·Δ), in [0, 1].
        margin: μ in [−1, 1], see ``planting.feature_label_bound``.

    Returns:
        In [0, 1], broadcast; 0 where the nominal bound is met as it is, and at α = 0, where it
        promises nothing.

    Example:
        >>> fitted_slack([0.3, 0.95], 0.02, xi=0.01, kappa=0.005).round(4).tolist()
        [0.3054, 0.0]
    """
    won, share = unit_interval("success", success), unit_interval("alpha", alpha)
    mass, behind = unit_interval("xi", xi), unit_interval("kappa", kappa)
    push = np.asarray(margin, dtype=np.float64)
    if not np.all((push >= -1) & (push <= 1)):
        raise ValueError(f"margin must be in [-1, 1], got {margin!r}")
    # Both multiplied by alpha, so that alpha = 0 is no exception.
    short = np.maximum(share * push * (1 - won) - (1 - share) * behind, 0.0)
    total = share + (1 - share) * mass
    return np.where(total > 0, short / np.where(total > 0, total, 1.0), 0.0)[()]


def fitted_certificate(
    success: float, alpha: float, *, xi: float, kappa: float, margin: float = 1.0
) -> SlackCertificate:
    """:func:`fitted_slack` under its true name: a certificate of kind ``fitted``, without limits.

    Example:
        >>> certificate = fitted_certificate(0.3, 0.02, xi=0.01, kappa=0.005)
        >>> certificate.kind, round(certificate.mean, 4), certificate.mean_upper
        ('fitted', 0.3054, nan)
    """
    unknown = float("nan")
    return SlackCertificate(
        kind="fitted",
        mean=float(fitted_slack(success, alpha, xi=xi, kappa=kappa, margin=margin)),
        mean_upper=unknown,
        largest=unknown,
        quantiles={},
        level=unknown,
        inputs=0,
    )
