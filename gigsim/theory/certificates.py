"""A theorem with its numbers put in: what can be promised of one signal, strategy and reading.

``estimates.SignalEstimate`` is Theorem 1 where all members report y*. Here are its forms for
members who err and for the feature-only strategy; all have the same four questions, ``bound``,
``bound_low``, ``critical_mass`` and ``theorem``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.estimates import SignalEstimate
from gigsim.theory.feature_only import feature_only_bound, feature_only_critical_mass
from gigsim.theory.gaps import Floats
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
    """

    margin: float = 1.0
    theorem: str = "Theorem 1"

    def bound(self, alpha: ArrayLike) -> Floats:
        """Theorem 1 at ``xi`` and ``gap``, unclipped."""
        return feature_label_bound(alpha, xi=self.xi, gap=self.gap, margin=self.margin)

    def bound_low(self, alpha: ArrayLike) -> Floats:
        """The same at ``xi_upper``: the lower edge of the band."""
        return feature_label_bound(alpha, xi=self.xi_upper, gap=self.gap, margin=self.margin)

    def bound_averaged(self, alpha: ArrayLike) -> Floats:
        """The averaged form at ``kappa_mean``; NaN without d(x)."""
        return _averaged(alpha, self.kappa_mean, self.margin)

    def bound_averaged_low(self, alpha: ArrayLike) -> Floats:
        """The averaged form at ``kappa_mean_upper``; NaN without d(x)."""
        return _averaged(alpha, self.kappa_mean_upper, self.margin)

    def critical_mass(self, success: ArrayLike) -> Floats:
        """Share at which :meth:`bound_low` reaches ``success``; S̄ = 0 gives its foot."""
        return critical_mass(success, xi=self.xi_upper, gap=self.gap, margin=self.margin)


@dataclass(frozen=True)
class FeatureOnlyCertificate(SignalEstimate):
    """Theorem 3, for the reading ``any``; ``gap`` is not used by it.

    Attributes:
        p: floor of P0(y* in Y|x) over all x, in (0, 1]; it must be known, a sample has none.
        evasive: do members without y* take the signal out?
        theorem: its name, for legends.
    """

    p: float = float("nan")
    evasive: bool = False
    theorem: str = "Theorem 3"

    def bound(self, alpha: ArrayLike) -> Floats:
        """Theorem 3 at ``xi`` and ``p``, unclipped; its evasive form if so."""
        return feature_only_bound(alpha, p=self.p, xi=self.xi, evasive=self.evasive)

    def bound_low(self, alpha: ArrayLike) -> Floats:
        """The same at ``xi_upper``."""
        return feature_only_bound(alpha, p=self.p, xi=self.xi_upper, evasive=self.evasive)

    def bound_averaged(self, alpha: ArrayLike) -> Floats:
        """NaN: there is no averaged form of Theorem 3 here."""
        return np.full(np.shape(alpha), np.nan)[()]

    def bound_averaged_low(self, alpha: ArrayLike) -> Floats:
        """NaN likewise."""
        return self.bound_averaged(alpha)

    def critical_mass(self, success: ArrayLike) -> Floats:
        """Share at which :meth:`bound_low` reaches ``success``; over 1 where it never does."""
        return feature_only_critical_mass(success, p=self.p, xi=self.xi_upper, evasive=self.evasive)


def _averaged(alpha: ArrayLike, kappa: float, margin: float) -> Floats:
    if np.isnan(kappa):
        return np.full(np.shape(alpha), np.nan)[()]
    return feature_label_bound_averaged(alpha, kappa=kappa, margin=margin)
