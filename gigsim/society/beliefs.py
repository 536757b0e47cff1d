"""What a freelancer expects the collective to achieve before deciding.

Every belief answers with two numbers a carrier of the signal can compare his lot with: the success
he expects, and the rate at which the target label reaches people who show no signal. Where people
differ in what they know, each has his own two numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.config.sections import Society
from gigsim.society.networks import Network


@dataclass(frozen=True)
class Expectation:
    """What freelancers expect of the platform's classifier.

    Attributes:
        success: Ŝ, share of signal-carrying resumes that get the target, in [0, 1]; a number where
            all expect the same, else float64, shape (N,).
        base: Û, share of resumes without the signal that get it, likewise.
        clean: U(0), the share before there was a collective, in [0, 1].
    """

    success: float | NDArray[np.float64]
    base: float | NDArray[np.float64]
    clean: float

    def of(self, people: NDArray[np.int64] | slice) -> Expectation:
        """What these people expect."""
        success, base = (
            x if np.ndim(x) == 0 else np.asarray(x)[people] for x in (self.success, self.base)
        )
        return Expectation(success, base, self.clean)

    @property
    def gain(self) -> float | NDArray[np.float64]:
        """Ĝ = max(0, Ŝ - U(0)): what a carrier has over the world without a collective."""
        return np.maximum(0.0, self.success - self.clean)

    @property
    def advantage(self) -> float | NDArray[np.float64]:
        """Ŝ - Û: what a carrier has over a neighbour without the signal; may be negative."""
        return self.success - self.base


def nothing(clean: float) -> Expectation:
    """What people expect who have heard of no collective: U(0), with the signal and without."""
    return Expectation(clean, clean, clean)


def published(success: float, base: float, clean: float) -> Expectation:
    """What was measured last: the collective publishes its success, nobody forecasts."""
    return Expectation(success, base, clean)


def adaptive(previous: Expectation, success: float, base: float, adaptation: float) -> Expectation:
    """A slow average of what was published: Ŝ_t = Ŝ_{t-1} + δ·(S - Ŝ_{t-1}), and Û likewise.

    Adaptive expectations (Cagan 1956; Nerlove 1958). Where S stands still the belief gets there, so
    that fixed points are those of :func:`published`; δ = 1 is :func:`published`.

    Args:
        previous: what people expected in the period before; at first :func:`nothing`.
        success: S as measured last, in [0, 1].
        base: U as measured last, in [0, 1].
        adaptation: δ, in (0, 1].
    """
    # Written as a mean, so that δ = 1 forgets the past to the last bit.
    kept = 1.0 - adaptation
    return Expectation(
        kept * previous.success + adaptation * success,
        kept * previous.base + adaptation * base,
        previous.clean,
    )


def neighbours(
    success: float, base: float, clean: float, network: Network, holds_signal: NDArray[np.bool_]
) -> Expectation:
    """Word of mouth: who holds the signal, or knows somebody who does, knows what it does.

    They expect what was measured last; nobody else has reason to expect anything but U(0). On a
    complete network one holder tells everybody: :func:`published`.

    Args:
        success: S as measured last, in [0, 1].
        base: U as measured last, in [0, 1].
        clean: U(0), in [0, 1].
        network: who knows whom, N people.
        holds_signal: members and free riders, bool, shape (N,).
    """
    informed = holds_signal | (network.count(holds_signal) > 0)
    if informed.all():
        return published(success, base, clean)
    if not informed.any():
        return nothing(clean)
    return Expectation(np.where(informed, success, clean), np.where(informed, base, clean), clean)


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


def form(
    society: Society,
    seen: Expectation,
    before: Expectation,
    alpha: float,
    bound: Callable[[float], float],
    network: Network,
    holds_signal: NDArray[np.bool_],
) -> Expectation:
    """What people believe this period, by ``society.belief``.

    Args:
        society: the belief and its parameters.
        seen: what was measured last, the same for everybody (:func:`published`).
        before: what people expected in the period before.
        alpha: the published size, a share in [0, 1].
        bound: the theorem's lower bound on success as a function of α; only ``theory`` asks.
        network: who knows whom, N people.
        holds_signal: members and free riders, bool, shape (N,).
    """
    success, base = float(seen.success), float(seen.base)
    if society.belief == "theory":
        return theory(alpha, bound, seen.clean)
    if society.belief == "adaptive":
        return adaptive(before, success, base, society.adaptation)
    if society.belief == "neighbours":
        return neighbours(success, base, seen.clean, network, holds_signal)
    return seen
