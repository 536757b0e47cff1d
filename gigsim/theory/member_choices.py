"""What should each member submit, of a few options each, so that a gradient is cancelled?

Member i hands in one of K things (his resume as it is, with the other label, with words swapped),
each with a gradient at θ*. Choose for everybody so that ‖r0 + Σ_i ∇_i(choice_i)‖ is least, r0 being
the summed gradient of all others (and of the penalty). With choices as probabilities this is
convex: conditional-gradient (Frank–Wolfe) steps, which need no more than products with the sparse
matrices of gradients and come near the optimum fast, and then accelerated projected ones, because
the tail of Frank–Wolfe is slow. The duality gap certifies how much better *any* choice could be.

What members can hand in is one option each, so the probabilities are rounded: drawn, then improved
by switching members as long as that helps, then some drawn again. That is a local optimum: an
integral solution is not certified. All of it works on all members at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from gigsim.theory.gaps import Floats

# Frank–Wolfe steps before the accelerated ones: after some dozens it has done what it does fast.
_FRANK_WOLFE_STEPS = 30
# Share of the members that a kick draws again.
_KICKED = 0.03


@dataclass(frozen=True)
class MemberChoices:
    """Options chosen by m members.

    Attributes:
        choices: int8, shape (m,): the option that each member hands in.
        shares: fractional solution, shape (m, K): the probability of each option; rows sum to 1.
        start: ‖r0‖, the gradient of all others.
        fractional: norm of the gradient left by ``shares``.
        integral: norm of the gradient left by ``choices``.
        lower_bound: no choice, fractional or not, leaves less than this (duality gap).
        iterations: passes over the gradients for ``fractional``.
    """

    choices: NDArray[np.int8]
    shares: Floats
    start: float
    fractional: float
    integral: float
    lower_bound: float
    iterations: int


def frank_wolfe_members(
    target_gradient: ArrayLike,
    options: Sequence[sparse.sparray],
    *,
    generator: np.random.Generator,
    iterations: int = 400,
    tolerance: float = 1e-3,
    kicks: int = 20,
) -> MemberChoices:
    """Minimise ‖r0 + Σ_i ∇_i(choice_i)‖, first over probabilities and then over choices.

    Args:
        target_gradient: r0, shape (d,): the *sum* of the gradients of everybody else at θ*, with
            the penalty's in the same unit.
        options: K sparse matrices, 1 ≤ K ≤ 127, each of shape (m, d): row i of the k-th is the
            gradient that member i adds with option k.
        generator: of the rounding.
        iterations: most passes for the fractional solution.
        tolerance: stop when ‖r‖ is at most this times ‖r0‖, or proved to be within this part of
            the least possible.
        kicks: times that some choices are drawn again, in search of a better integral solution.

    Returns:
        The choices; equal inputs and generators give equal bits.

    Raises:
        ValueError: no option or too many, or shapes that differ.

    Example:
        >>> two = [sparse.csr_array([[1.0], [1.0]]), sparse.csr_array([[-2.0], [-2.0]])]
        >>> found = frank_wolfe_members([1.0], two, generator=np.random.default_rng(0))
        >>> sorted(found.choices.tolist()), found.integral
        ([0, 1], 0.0)
    """
    others = np.asarray(target_gradient, dtype=np.float64)
    if not 1 <= len(options) <= 127:
        raise ValueError(f"need 1 to 127 options, got {len(options)}")
    rows = [sparse.csr_array(option, dtype=np.float64) for option in options]
    members, dimensions = rows[0].shape
    if others.shape != (dimensions,) or any(row.shape != rows[0].shape for row in rows):
        raise ValueError(f"need (m, d) options and (d,) others, got {rows[0].shape}")
    start = float(np.linalg.norm(others))
    problem = _Problem(rows)
    even = np.full((members, len(rows)), 1 / len(rows))
    shares, left, lower, used = _fractional(problem, others, even, iterations, tolerance, start)
    choices, rest = _integral(problem, others, shares, generator, tolerance * start, kicks)
    return MemberChoices(
        choices=choices.astype(np.int8),
        shares=shares,
        start=start,
        fractional=float(np.linalg.norm(left)),
        integral=float(np.linalg.norm(rest)),
        lower_bound=lower,
        iterations=used,
    )


class _Problem:
    """Gradients of m members under K options, with products in both directions."""

    def __init__(self, rows: list[sparse.csr_array]) -> None:
        self.rows = rows
        self.columns = [sparse.csr_array(row.T) for row in rows]

    def costs(self, residual: Floats) -> Floats:
        """Inner product of each option's gradient with the residual, shape (m, K)."""
        return np.stack([row @ residual for row in self.rows], axis=1)

    def total(self, shares: Floats) -> Floats:
        """Σ_i Σ_k shares_ik ∇_i(k), shape (d,)."""
        return sum(
            (column @ share for column, share in zip(self.columns, shares.T, strict=True)),
            np.zeros(self.rows[0].shape[1]),
        )

    def part(self, members: NDArray[np.intp]) -> _Problem:
        """The problem of these members alone."""
        return _Problem([row[members] for row in self.rows])

    def products(self) -> Floats:
        """∇_i(j)'∇_i(k), shape (m, K, K)."""
        return np.stack(
            [np.stack([(a * b).sum(axis=1) for b in self.rows], axis=1) for a in self.rows], axis=1
        )


def _fractional(
    problem: _Problem,
    others: Floats,
    shares: Floats,
    iterations: int,
    tolerance: float,
    start: float,
) -> tuple[Floats, Floats, float, int]:
    """Shares, residual, lower bound of the least norm and passes made."""
    left = others + problem.total(shares)
    best = 0.0
    ahead, ahead_left, momentum, bound = shares, left, 1.0, 0.0
    for used in range(iterations):
        norm = float(np.linalg.norm(left))
        if norm <= max(tolerance * start, best / (1 - tolerance)):
            return shares, left, min(best, norm), used
        accelerated = used >= _FRANK_WOLFE_STEPS
        at, at_left = (ahead, ahead_left) if accelerated else (shares, left)
        costs = problem.costs(at_left)
        # ½‖·‖² lies above its tangent plane, whose least value puts everybody on his best option.
        plane = at_left @ at_left + 2 * (costs.min(axis=1).sum() - (at * costs).sum())
        best = max(best, float(np.sqrt(max(plane, 0.0))))
        if not accelerated:
            vertex = np.zeros_like(shares)
            vertex[np.arange(len(shares)), costs.argmin(axis=1)] = 1.0
            step = vertex - shares
            move = problem.total(step)
            curvature = float(move @ move)
            if curvature == 0:
                return shares, left, min(best, norm), used
            length = min(1.0, max(0.0, -float(left @ move) / curvature))
            shares, left = shares + length * step, left + length * move
            ahead, ahead_left = shares, left
            continue
        if bound == 0.0:
            bound = _largest_curvature(problem, costs)
        stepped = _simplex(at - costs / bound)
        new_left = others + problem.total(stepped)
        # Restart where the momentum points uphill.
        if ((at - stepped) * (stepped - shares)).sum() > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        push = (momentum - 1) / following
        ahead = stepped + push * (stepped - shares)
        ahead_left = new_left + push * (new_left - left)
        shares, left, momentum = stepped, new_left, following
    return shares, left, min(best, float(np.linalg.norm(left))), iterations


def _largest_curvature(problem: _Problem, start: Floats) -> float:
    """Largest eigenvalue of the quadratic form, by the power method, with 10 % to spare."""
    vector, value = start, 1.0
    for _ in range(30):
        vector = vector / max(float(np.linalg.norm(vector)), np.finfo(float).tiny)
        vector = problem.costs(problem.total(vector))
        value = float(np.linalg.norm(vector))
    return 1.1 * max(value, np.finfo(float).tiny)


def _simplex(points: Floats) -> Floats:
    """The nearest probabilities to each row."""
    ordered = -np.sort(-points, axis=1)
    excess = (np.cumsum(ordered, axis=1) - 1) / np.arange(1, points.shape[1] + 1)
    last = (ordered > excess).sum(axis=1) - 1
    return np.maximum(points - excess[np.arange(len(points)), last][:, None], 0.0)


def _integral(
    problem: _Problem,
    others: Floats,
    shares: Floats,
    generator: np.random.Generator,
    enough: float,
    kicks: int,
) -> tuple[NDArray[np.intp], Floats]:
    """Choices and their residual: drawn, switched, and some of them drawn again and again."""
    members, kinds = shares.shape
    products = problem.products()
    steps = shares.cumsum(axis=1)[:, :-1]
    choices = (steps < generator.random((members, 1))).sum(axis=1)
    left = others + problem.total(np.eye(kinds)[choices])
    choices, left = _switch(problem, products, choices, left, enough)
    for _ in range(kicks):
        if np.linalg.norm(left) <= enough:
            break
        again = generator.random(members) < max(_KICKED, 2 / members)
        drawn = (steps < generator.random((members, 1))).sum(axis=1)
        some = np.flatnonzero(again & (drawn != choices))
        if len(some) == 0:
            continue
        other = choices.copy()
        other[some] = drawn[some]
        other_left = left + _moved(problem, some, choices[some], drawn[some])
        other, other_left = _switch(problem, products, other, other_left, enough)
        if other_left @ other_left < left @ left:
            choices, left = other, other_left
    return choices, others + problem.total(np.eye(kinds)[choices])


def _switch(
    problem: _Problem,
    products: Floats,
    choices: NDArray[np.intp],
    left: Floats,
    enough: float,
) -> tuple[NDArray[np.intp], Floats]:
    """Switch members to other options, many at once, until no switch of one lowers the residual."""
    everybody = np.arange(len(choices))
    squares = np.einsum("mkk->mk", products)
    at_once = len(choices)
    while np.linalg.norm(left) > enough:
        costs = problem.costs(left)
        # ‖r + δ‖² − ‖r‖² of one switch by itself, δ = ∇_i(k) − ∇_i(now).
        length = squares - 2 * products[everybody, choices] + squares[everybody, choices][:, None]
        gains = 2 * (costs - costs[everybody, choices][:, None]) + length
        best = gains.argmin(axis=1)
        gain = gains[everybody, best]
        # Less than rounding is no gain, and members might switch to and fro for ever.
        helps = np.flatnonzero(gain < -1e-12 * (left @ left))
        if len(helps) == 0:
            break
        helps = helps[np.argsort(gain[helps], kind="stable")]
        at_once = min(at_once, len(helps))
        while True:
            some = helps[:at_once]
            move = _moved(problem, some, choices[some], best[some])
            moved = left + move
            # Together they bring a part at least of what they promise one by one.
            if moved @ moved < left @ left + gain[some].sum() / 4:
                break
            if at_once == 1:  # a gain of rounding only
                return choices, left
            at_once = -(-at_once // 2)
        choices = choices.copy()
        choices[some] = best[some]
        left = moved
        at_once *= 2
    return choices, left


def _moved(
    problem: _Problem, who: NDArray[np.intp], before: NDArray[np.intp], after: NDArray[np.intp]
) -> Floats:
    """By how much the sum of gradients moves when these members switch."""
    part = problem.part(who)
    change = np.zeros((len(who), len(problem.rows)))
    change[np.arange(len(who)), after] += 1.0
    change[np.arange(len(who)), before] -= 1.0
    return part.total(change)
