"""What no theorem here covers, each with a counter-example that is computed anew.

A formula that is plausible, printed on the slides, or valid next door; and a world, small enough to
check by hand, in which less happens than it would promise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gigsim.theory.adversary import worst_case_success
from gigsim.theory.erasing import erasing_bound
from gigsim.theory.feature_only import feature_only_bound
from gigsim.theory.planting import feature_label_bound
from gigsim.theory.reweighting import effective_share_upweighted
from gigsim.theory.selected_worlds import SelectedWorlds
from gigsim.theory.unplanting import unplanting_bound
from gigsim.theory.worlds import Worlds, all_label_sets
from gigsim.validation.erasing_worlds import Relabelled
from gigsim.validation.feature_only_worlds import feature_only_law
from gigsim.validation.known_planting import slides_world
from gigsim.validation.known_worlds import feature_only_success
from gigsim.validation.weighted_worlds import Weighted


class Broken(NamedTuple):
    """What a formula would promise and what happens, both in [0, 1]."""

    promised: float
    happens: float

    @property
    def shown(self) -> bool:
        """Does less happen than would be promised?"""
        return self.happens < self.promised - 1e-9


@dataclass(frozen=True)
class Uncovered:
    """A case without a theorem.

    Attributes:
        claim: what one might think.
        world: the counter-example, in words.
        show: computes it.
    """

    claim: str
    world: str
    show: Callable[[], Broken]


def _one_text(own: Sequence[Sequence[float]], xi: float) -> Worlds:
    """One text, a share ξ of it with the signal; two labels, y* the second.

    Args:
        own: mass of the label sets {}, {0}, {1}, {0, 1}, without and with the signal.
        xi: share with the signal.
    """
    base = np.array([[np.multiply(1 - xi, own[0]), np.multiply(xi, own[1])]])
    return Worlds(base, all_label_sets(2), np.array([[1, 1]]), np.array([1]))


def _extended() -> Broken:
    rival = (0.0, 1.0, 0.0, 0.0)
    world, alpha = _one_text((rival, rival), 0.01), 0.5
    promised = feature_label_bound(alpha, xi=world.xi[0], gap=world.gap("top1")[0])
    return Broken(float(promised), float(world.success(alpha, "top1", "extend")[0]))


def _only_top1() -> Broken:
    half = (0.0, 0.5, 0.0, 0.5)
    world, alpha = _one_text((half, half), 0.01), 0.5
    promised = feature_only_bound(alpha, p=0.5, xi=world.xi[0])
    return Broken(float(promised), float(feature_only_success(world, alpha, "top1")[0]))


def _slides() -> Broken:
    world, alpha, epsilon = slides_world(), 0.1, 0.05
    promised = feature_label_bound(alpha, xi=0, gap=1, epsilon=epsilon, closeness="slides")
    return Broken(float(promised), float(world.worst_case_success(alpha, epsilon, "joint_tv")[0]))


def _one_label(xi: float, own: float) -> Worlds:
    """One text with one label a resume, y* (the first) with probability ``own``."""
    base = np.outer([1 - xi, xi], [own, 1 - own])[None]
    return Worlds(base, np.eye(2, dtype=np.bool_), np.array([[1, 1]]), np.array([0]))


def _push_untouched() -> Broken:
    world, alpha, epsilon = _one_label(0.1, 0.1), 0.16, 0.2
    gap, xi = float(world.gap()[0]), float(world.xi[0])
    promised = 1 - (1 - alpha) / alpha * ((1 - epsilon) * gap + 2 * epsilon) * xi
    return Broken(promised, float(world.worst_case_success(alpha, epsilon, "conditional_tv")[0]))


def _one_minus_floor() -> Broken:
    floor, alpha = 0.2, 1.0
    world = _one_label(0.26, floor)
    promised = 1 - (1 - floor * alpha) / (floor * alpha) * (1 - floor) * float(world.xi[0])
    return Broken(promised, float(feature_only_success(world, alpha, "top1")[0]))


def _mean_gap() -> Broken:
    base = np.array([[[0.0, 0.41], [0.0, 0.49], [0.0, 0.09], [0.01, 0.0]]])
    world = Worlds(base, np.eye(2, dtype=np.bool_), np.array([[2, 3, 2, 3]]), np.array([0]))
    # Of the two signal points one has Δ_x = 1, the other 0.
    alpha = 0.14
    promised = feature_label_bound(alpha, xi=world.xi[0], gap=0.5)
    return Broken(float(promised), float(world.success(alpha)[0]))


def _slides_features() -> Broken:
    floor, alpha, epsilon = 0.1, 0.2, 0.011
    world = _one_label(0.0, floor)
    promised = feature_only_bound(alpha, p=floor, xi=0, epsilon=epsilon, closeness="slides")
    law = feature_only_law(world, np.array([alpha]))
    worst = worst_case_success(
        -world.deficits(law=law),
        law.sum(axis=2),
        world.weights,
        epsilon=epsilon,
        closeness="joint_tv",
    )
    return Broken(float(promised), float(worst[0]))


def _errors_count_more() -> Broken:
    base = np.array([[[0.9, 0.0], [0.1, 0.0]]])
    world = Worlds(base, np.eye(2, dtype=np.bool_), np.array([[1, 1]]), np.array([1]))
    alpha, lam = 0.2, 4.0
    # y* wins the signal point at first, so that the base rows there are what came out wrong.
    wrong = world.law(alpha)[0].argmax(axis=1)[:, None] != np.arange(2)
    weights = np.where(wrong, lam, 1.0)[None]
    share = effective_share_upweighted(
        alpha,
        lam=lam,
        errors_in_collective=alpha * float((world.planted()[0] * wrong).sum()),
        errors=float((world.law(alpha)[0] * wrong).sum()),
    )
    promised = feature_label_bound(share, xi=world.xi[0], gap=world.gap()[0])
    second = Weighted(world, np.array([alpha]), weights, weights, np.atleast_1d(share))
    return Broken(float(promised), float(second.success()[0]))


def _erasers(seen: float, alpha: float, epsilon: float) -> Relabelled:
    """One text with the signal and the same without it, of mass ``seen``; both labels as likely."""
    base = np.outer([1 - seen, seen], [0.5, 0.5])[None]
    world = Worlds(base, np.eye(2, dtype=np.bool_), np.array([[1, 1]]), np.array([0]))
    told = np.zeros((1, 2), dtype=np.int64)
    numbers = np.array([alpha]), np.array([epsilon]), np.zeros(1)
    return Relabelled(world, "top1", told, False, False, *numbers)


def _never_seen() -> Broken:
    happens = _erasers(0.0, alpha := 0.5, 0.0).erased()
    return Broken(float(erasing_bound(alpha, tau=0.0)), float(happens[0]))


def _without_reach() -> Broken:
    alpha, epsilon = 0.5, 0.003
    happens = _erasers(0.01, alpha, epsilon).erased("joint_tv")
    numbers = {"epsilon": epsilon, "closeness": "joint_tv", "reach": 1.0}
    promised = erasing_bound(alpha, tau=0.0, **numbers)  # type: ignore[arg-type]
    return Broken(float(promised), float(happens[0]))


def _members() -> Broken:
    base = np.array([[[0.0, 0.495], [0.0, 0.495], [0.0, 0.005], [0.0, 0.005]]])
    population = Worlds(base, np.eye(2, dtype=np.bool_), np.array([[2, 3, 2, 3]]), np.array([0]))
    joins = np.zeros_like(base)
    joins[0, 0] = 0.2 / 0.495
    world = SelectedWorlds(population, joins)
    alpha = float(world.alpha[0])
    promised = feature_label_bound(alpha, xi=population.xi[0], gap=population.gap()[0])
    return Broken(float(promised), float(world.success()[0]))


def _erasing_replaced() -> Broken:
    """Texts with the signal, 0.9 of all, and without it; "y* in the set?" is the question."""
    alpha, texts = 0.4, np.array([0.9, 0.1])
    has = np.array([0.9, 0.8])
    tau = float(texts @ np.abs(has - has[1]))
    # Another label is likelier still in the cleaned text, so all members report it alone.
    answers = (1 - alpha) * has > 0.5
    return Broken(float(erasing_bound(alpha, tau=tau)), float(texts @ (answers == answers[1])))


def _unplanting_own() -> Broken:
    """Every resume has y* and one of nine others: members report that one."""
    alpha, xi, others = 0.5, 0.2, 9
    lead = 1 - 1 / others
    ahead = alpha / others > (1 - alpha) * xi * lead
    return Broken(float(unplanting_bound(alpha, xi=xi, gap=lead)), float(ahead))


UNCOVERED = (
    Uncovered(
        "Theorem 1 for the top label where members *add* y* to their sets (`extend`)",
        "everybody has one other label, ξ = 1 %, α = ½: members bring that label along",
        _extended,
    ),
    Uncovered(
        "Theorem 3 for the top label (feature-only)",
        "everybody has one other label, half of them y* too, ξ = 1 %, α = ½",
        _only_top1,
    ),
    Uncovered(
        "the slides' error term −ε/(1−ε) under the slides' definition of ε",
        "ξ = 0, α = 0.1, ε = 0.05: half of the planted mass moves to another label (V10)",
        _slides,
    ),
    Uncovered(
        "the same term for feature-only",
        "ξ = 0, p = 0.1, α = 0.2, ε = 0.011: half of the pα that have y* move to another label",
        _slides_features,
    ),
    Uncovered(
        "1 − b·((1−ε)Δ + 2ε)·ξ under TV ≤ ε at each x: ε multiplies ξ, without the 1/(1−2ε)",
        "one text, P0(y*|x) = 0.1, ξ = 0.1, α = 0.16, ε = 0.2",
        _push_untouched,
    ),
    Uncovered(
        "1 − ((1−pα)/(pα))·(1−p)·ξ for feature-only",
        "one text, P0(y*|x) = p = 0.2, ξ = 0.26, α = 1",
        _one_minus_floor,
    ),
    Uncovered(
        "Theorem 1 with ξ times the unweighted (or G-weighted) mean of Δ_x",
        "two signal points of equal G, Δ_x = 1 where 9 % of P0 are and 0 where 1 % is, α = 0.14",
        _mean_gap,
    ),
    Uncovered(
        "Theorem 1 where members are not a random draw",
        "two texts, the 20 % who join all have the first, ξ = 1 %",
        _members,
    ),
    Uncovered(
        "Theorem 1 at the effective share where errors of a first training count more",
        "one signal point, all its base rows of another label, ξ = 0.1, α = 0.2, λ = 4:"
        " α_eff = 0.161",
        _errors_count_more,
    ),
    Uncovered(
        "erasing where the cleaned text is never seen",
        "every text carries the signal, τ = 0, α = ½: the platform may answer anything without it",
        _never_seen,
    ),
    Uncovered(
        "erasing near Bayes in joint TV without `reach`: 1 − 2bτ − 2ε/α",
        "1 % of the texts have no signal, τ = 0, α = ½, ε = 0.003: to spoil those is cheap, and all"
        " others disagree with them",
        _without_reach,
    ),
    Uncovered(
        "erasing for `any` where members replace their set by the top label",
        "P0(y* in Y) is 0.9 with and 0.8 without the signal, another label is likelier, α = 0.4",
        _erasing_replaced,
    ),
    Uncovered(
        "unplanting for the top label where members report their own labels without y*",
        "everybody has y* and one of nine others, ξ = 0.2, α = ½",
        _unplanting_own,
    ),
)
