"""What a freelancer expects the collective to achieve before deciding.

Both beliefs answer with two numbers a carrier of the signal can compare his lot with: the success
he expects, and the rate at which the target label reaches people who show no signal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Expectation:
    """What a freelancer expects of the platform's classifier.

    Attributes:
        success: Ŝ, share of signal-carrying resumes that get the target, in [0, 1].
        base: Û, share of resumes without the signal that get it, in [0, 1].
        clean: U(0), the share before there was a collective, in [0, 1].
    """

    success: float
    base: float
    clean: float

    @property
    def gain(self) -> float:
        """Ĝ = max(0, Ŝ - U(0)): what a carrier has over the world without a collective."""
        return max(0.0, self.success - self.clean)

    @property
    def advantage(self) -> float:
        """Ŝ - Û: what a carrier has over a neighbour without the signal; may be negative."""
        return self.success - self.base


def published(success: float, base: float, clean: float) -> Expectation:
    """What was measured last: the collective publishes its success, nobody forecasts."""
    return Expectation(success, base, clean)


def theory(alpha: float, bound: Callable[[float], float], clean: float) -> Expectation:
    """What the theorem promises at the published size: max(0, bound(α) - U(0)) over U(0).

    What an informed organiser can promise before anybody has seen it work. The theorem says
    nothing about people without the signal: they are expected to stay at U(0).

    Args:
        alpha: the published size as a share of the population, in [0, 1].
        bound: a lower bound on success as a function of α; may be -inf.
        clean: U(0), in [0, 1].
    """
    return Expectation(max(clean, bound(alpha)), clean, clean)
