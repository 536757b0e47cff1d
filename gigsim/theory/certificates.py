"""A theorem with its numbers put in: what can be promised of one signal, strategy and reading.

``estimates.SignalEstimate`` is Theorem 1 where all members report y*. Here are its forms for
members who err, for the feature-only strategy, for unplanting and for erasing; all have the same
four questions, ``bound``, ``bound_low``, ``critical_mass`` and ``theorem``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.closeness import Closeness, highest_epsilon
from gigsim.theory.erasing import erasing_bound, erasing_critical_mass
from gigsim.theory.estimates import SignalEstimate
from gigsim.theory.feature_only import feature_only_bound, feature_only_critical_mass
from gigsim.theory.floors import feature_only_bound_profile
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import (
    critical_mass,
    feature_label_bound,
    feature_label_bound_averaged,
)


@dataclass(frozen=True)
class FeatureLabelCertificate(SignalEstimate):
    """Theorem 1 for members of whom some report a wrong label.

    Attributes:
        margin: μ in (0, 1], ``wrong_labels.wrong_label_margin``; 1 is the theorem itself.
        theorem: its name, for legends.
        epsilon: how far from Bayes a platform may be for which the bound is to hold, in [0, 1].
            From where all planted mass can be turned nothing is promised: −inf.
        closeness: what is close; None at ε = 0.
    """

    margin: float = 1.0
    theorem: str = "Theorem 1"
    epsilon: float = 0.0
    closeness: Closeness | None = None

    def bound(self, alpha: ArrayLike) -> Floats:
        """Theorem 1 at ``xi``, ``gap`` and ``epsilon``, unclipped."""
        return self._bound(alpha, self.xi)

    def bound_low(self, alpha: ArrayLike) -> Floats:
        """The same at ``xi_upper``: the lower edge of the band."""
        return self._bound(alpha, self.xi_upper)

    def bound_averaged(self, alpha: ArrayLike) -> Floats:
        """The averaged form at ``kappa_mean``; NaN without d(x), and for ε above 0."""
        return _averaged(alpha, float("nan") if self.epsilon else self.kappa_mean, self.margin)

    def bound_averaged_low(self, alpha: ArrayLike) -> Floats:
        """The averaged form at ``kappa_mean_upper``; NaN likewise."""
        kappa = float("nan") if self.epsilon else self.kappa_mean_upper
        return _averaged(alpha, kappa, self.margin)

    def critical_mass(self, success: ArrayLike) -> Floats:
        """Share at which :meth:`bound_low` reaches ``success``, inf if none; 0 gives its foot."""
        if _hopeless(self.epsilon, self.closeness, self.margin):
            return np.full(np.shape(success), np.inf)[()]
        return critical_mass(
            success,
            xi=self.xi_upper,
            gap=self.gap,
            margin=self.margin,
            epsilon=self.epsilon,
            closeness=self.closeness,
        )

    def _bound(self, alpha: ArrayLike, xi: float) -> Floats:
        if _hopeless(self.epsilon, self.closeness, self.margin):
            return np.full(np.shape(alpha), -np.inf)[()]
        return feature_label_bound(
            alpha,
            xi=xi,
            gap=self.gap,
            margin=self.margin,
            epsilon=self.epsilon,
            closeness=self.closeness,
        )


@dataclass(frozen=True)
class FeatureOnlyCertificate(SignalEstimate):
    """Theorem 3, for the reading ``any``; ``gap`` is not used by it.

    Attributes:
        p: floor of P0(y* in Y|x) over all x, in (0, 1]; it must be known, a sample has none.
        evasive: do members without y* take the signal out?
        theorem: its name, for legends.
        epsilon: as of :class:`FeatureLabelCertificate`.
        closeness: as there.
    """

    p: float = float("nan")
    evasive: bool = False
    theorem: str = "Theorem 3"
    epsilon: float = 0.0
    closeness: Closeness | None = None

    def bound(self, alpha: ArrayLike) -> Floats:
        """Theorem 3 at ``xi``, ``p`` and ``epsilon``, unclipped; its evasive form if so."""
        return self._bound(alpha, self.xi)

    def bound_low(self, alpha: ArrayLike) -> Floats:
        """The same at ``xi_upper``."""
        return self._bound(alpha, self.xi_upper)

    def bound_averaged(self, alpha: ArrayLike) -> Floats:
        """NaN: there is no averaged form of Theorem 3 here."""
        return np.full(np.shape(alpha), np.nan)[()]

    def bound_averaged_low(self, alpha: ArrayLike) -> Floats:
        """NaN likewise."""
        return self.bound_averaged(alpha)

    def critical_mass(self, success: ArrayLike) -> Floats:
        """Share at which :meth:`bound_low` reaches ``success``; over 1 where it never does."""
        if _hopeless(self.epsilon, self.closeness):
            return np.full(np.shape(success), np.inf)[()]
        return feature_only_critical_mass(
            success,
            p=self.p,
            xi=self.xi_upper,
            evasive=self.evasive,
            epsilon=self.epsilon,
            closeness=self.closeness,
        )

    def _bound(self, alpha: ArrayLike, xi: float) -> Floats:
        if _hopeless(self.epsilon, self.closeness):
            return np.full(np.shape(alpha), -np.inf)[()]
        return feature_only_bound(
            alpha,
            p=self.p,
            xi=xi,
            evasive=self.evasive,
            epsilon=self.epsilon,
            closeness=self.closeness,
        )


@dataclass(frozen=True)
class FeatureOnlyProfileCertificate(SignalEstimate):
    """Theorem 3 where no floor p is known: the best quantile of a sample, ``any``.

    Attributes:
        probabilities: P0(y* in Y|x) of a sample of texts, shape (n,), as a model has them: the
            promise is an estimate, as good as the model is calibrated.
        evasive: do members without y* take the signal out?
        theorem: its name, for legends.
    """

    probabilities: Floats = field(default_factory=lambda: np.zeros(1))
    evasive: bool = False
    theorem: str = "Theorem 3, quantile form"

    def bound(self, alpha: ArrayLike) -> Floats:
        """``floors.feature_only_bound_profile`` at ``xi``, unclipped."""
        return self._profile(alpha, self.xi)

    def bound_low(self, alpha: ArrayLike) -> Floats:
        """The same at ``xi_upper``."""
        return self._profile(alpha, self.xi_upper)

    def bound_averaged(self, alpha: ArrayLike) -> Floats:
        """NaN: there is no averaged form here."""
        return np.full(np.shape(alpha), np.nan)[()]

    def bound_averaged_low(self, alpha: ArrayLike) -> Floats:
        """NaN likewise."""
        return self.bound_averaged(alpha)

    def critical_mass(self, success: ArrayLike) -> Floats:
        """Share at which :meth:`bound_low` reaches ``success``, to 1e-9; inf where it never does.

        Found by bisection: the bound does not fall in α.
        """
        wanted = unit_interval("success", success)
        low, high = np.zeros(wanted.shape), np.ones(wanted.shape)
        for _ in range(30):
            middle = (low + high) / 2
            enough = self.bound_low(middle) >= wanted
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return np.where(self.bound_low(np.ones(wanted.shape)) >= wanted, high, np.inf)[()]

    def _profile(self, alpha: ArrayLike, xi: float) -> Floats:
        return feature_only_bound_profile(alpha, self.probabilities, xi=xi, evasive=self.evasive)


@dataclass(frozen=True)
class UnplantingCertificate(FeatureLabelCertificate):
    """The mirror of Theorem 1 for unplanting; ``gap`` is by how much y* is ahead of ŷ on X*."""

    theorem: str = "Theorem 1 for unplanting"


@dataclass(frozen=True)
class ErasingCertificate(SignalEstimate):
    """Theorem 5 in the form of ``theory.erasing``; ``xi`` and ``gap`` are not used by it.

    Members report an opinion ŷ(g(x)) that may be wrong. By e = E d(g(x))⁺, how far ŷ is behind at
    the cleaned text, the theorem holds with τ + e/2 in place of τ (derived: x fails only if ŷ is
    behind by α/(1−α) or more at x or at g(x), and at both it is behind by at most
    d(g(x))⁺ + 2·max_l |m_l(x) − m_l(g(x))|).

    Attributes:
        tau: τ, how much the signal says of the label, in [0, 1].
        tau_upper: its upper confidence limit, for inputs drawn from P0.
        error: e, in [0, 1]; 0 where ŷ is the likeliest label indeed.
        error_upper: its upper confidence limit.
        theorem: its name, for legends.
    """

    tau: float = float("nan")
    tau_upper: float = float("nan")
    error: float = 0.0
    error_upper: float = 0.0
    theorem: str = "Theorem 5, derived form"

    def bound(self, alpha: ArrayLike) -> Floats:
        """Theorem 5 at ``tau`` and ``error``, unclipped."""
        return erasing_bound(alpha, tau=min(1.0, self.tau + self.error / 2))

    def bound_low(self, alpha: ArrayLike) -> Floats:
        """The same at the upper limits."""
        return erasing_bound(alpha, tau=self._worst)

    def bound_averaged(self, alpha: ArrayLike) -> Floats:
        """NaN: κ is no number of this theorem."""
        return np.full(np.shape(alpha), np.nan)[()]

    def bound_averaged_low(self, alpha: ArrayLike) -> Floats:
        """NaN likewise."""
        return self.bound_averaged(alpha)

    def critical_mass(self, success: ArrayLike) -> Floats:
        """Share at which :meth:`bound_low` reaches ``success``."""
        return erasing_critical_mass(success, tau=self._worst)

    @property
    def _worst(self) -> float:
        return min(1.0, self.tau_upper + self.error_upper / 2)


def _hopeless(epsilon: float, closeness: Closeness | None, margin: float = 1.0) -> bool:
    """Can a platform that is so close turn all planted mass, so that nothing can be promised?"""
    if closeness is None or epsilon == 0:
        return False
    return bool(epsilon >= highest_epsilon(closeness, margin))


def _averaged(alpha: ArrayLike, kappa: float, margin: float) -> Floats:
    if np.isnan(kappa):
        return np.full(np.shape(alpha), np.nan)[()]
    return feature_label_bound_averaged(alpha, kappa=kappa, margin=margin)
