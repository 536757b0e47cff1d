"""Finite worlds in which every quantity of the theory is computed exactly: known answers.

A world has finitely many features X and labels, a base distribution P0 over features and label
sets, an idempotent signal map g and a target y*. Everything is batched: B worlds are arrays with a
leading axis, so thousands cost milliseconds. One label a resume is the special case in which the
label sets are the singletons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Closeness, Goal, LabelSets

# Adversaries are found by trying every subset of the features.
_MAX_ENUMERATED = 12


@dataclass(frozen=True)
class Worlds:
    """B finite worlds.

    Attributes:
        base: P0, shape (B, X, S): mass of feature x with label set s; sums to 1 in each world.
        sets: bool, shape (S, L): the label sets; the identity for one label a resume.
        signal: g as integers, shape (B, X), with g(g(x)) = g(x).
        target: y*, shape (B,), in 0..L−1.
    """

    base: Floats
    sets: NDArray[np.bool_]
    signal: NDArray[np.int64]
    target: NDArray[np.int64]

    def __post_init__(self) -> None:
        count, features, _ = self.base.shape
        if self.signal.shape != (count, features) or self.target.shape != (count,):
            raise ValueError("signal must be (B, X) and target (B,)")
        if self.sets.shape[0] != self.base.shape[2] or self.sets.shape[1] < 2:
            raise ValueError("sets must be (S, L) with L of at least 2")
        if np.any(np.take_along_axis(self.signal, self.signal, axis=1) != self.signal):
            raise ValueError("the signal map must be idempotent: g(g(x)) = g(x)")

    def __len__(self) -> int:
        return len(self.base)

    @property
    def in_signal_set(self) -> NDArray[np.bool_]:
        """Whether x is in X* = g(X), shape (B, X). As g is idempotent: whether g(x) = x."""
        return self.signal == np.arange(self.signal.shape[1])

    @property
    def weights(self) -> Floats:
        """G(x) = P0(g⁻¹(x)), shape (B, X): where the planted mass lies, 0 off X*."""
        image = self.signal[:, :, None] == np.arange(self.signal.shape[1])
        return np.einsum("bx,bxz->bz", self.base.sum(axis=2), image.astype(np.float64))

    @property
    def xi(self) -> Floats:
        """ξ = P0(X*), shape (B,)."""
        return (self.base.sum(axis=2) * self.in_signal_set).sum(axis=1)

    def planted(self, label_sets: LabelSets = "replace") -> Floats:
        """P*, the law of h(z) for z ~ P0, shape (B, X, S).

        Raises:
            ValueError: a label set that members would report is not among ``sets``.
        """
        report = self._reported(label_sets)
        onto = (report[:, :, None] == np.arange(len(self.sets))).astype(np.float64)
        image = (self.signal[:, :, None] == np.arange(self.signal.shape[1])).astype(np.float64)
        return np.einsum("bxs,bxz,bst->bzt", self.base, image, onto, optimize=True)

    def law(self, alpha: ArrayLike, label_sets: LabelSets = "replace") -> Floats:
        """P = α P* + (1−α) P0; α broadcasts against (B,): scalar, (B,), or (A, 1) for a grid."""
        share = np.asarray(alpha, dtype=np.float64)[..., None, None]
        return share * self.planted(label_sets) + (1 - share) * self.base

    def deficits(self, goal: Goal = "top1", law: Floats | None = None) -> Floats:
        """By how much mass y* is behind at each x, shape (..., B, X); negative where it leads.

        ``top1``: max_{l≠y*} P(x, l in Y) − P(x, y* in Y). ``any``: P(x) − 2·P(x, y* in Y).
        P is ``law``, or P0.
        """
        mass = self.base if law is None else law
        marginals = mass @ self.sets.astype(np.float64)
        is_target = np.arange(self.sets.shape[1]) == self.target[:, None, None]
        own = (marginals * is_target).sum(axis=-1)
        if goal == "any":
            return mass.sum(axis=-1) - 2 * own
        return np.where(is_target, -np.inf, marginals).max(axis=-1) - own

    def gap(self, goal: Goal = "top1") -> Floats:
        """Δ = max_{x in X*} of the conditional deficit, at least 0, shape (B,).

        A signal point without base mass adds nothing (its Δ_x is multiplied by 0 everywhere).
        """
        mass = self.base.sum(axis=2)
        gaps = np.where(mass > 0, self.deficits(goal) / np.where(mass > 0, mass, 1.0), 0.0)
        return np.maximum(gaps * self.in_signal_set, 0.0).max(axis=1)

    def kappa(self, goal: Goal = "top1") -> Floats:
        """κ = Σ_{x in X*} P0(x)·Δ_x⁺, shape (B,)."""
        return (np.maximum(self.deficits(goal), 0.0) * self.in_signal_set).sum(axis=1)

    def resistance(self, goal: Goal = "top1") -> Floats:
        """α_x = d⁺/(w + d⁺), shape (B, X), for the covered pairs; 0 off X* (weight 0 there)."""
        against = np.maximum(self.deficits(goal), 0.0) * self.in_signal_set
        total = self.weights + against
        return np.where(total > 0, against / np.where(total > 0, total, 1.0), 0.0)

    def success(
        self, alpha: ArrayLike, goal: Goal = "top1", label_sets: LabelSets = "replace"
    ) -> Floats:
        """Exact S(α), by computing P and its Bayes classifier at every x; a tie is a failure.

        Args:
            alpha: shares, broadcast against (B,).
            goal: ``top1`` for one label a resume.
            label_sets: what members do to their label set.

        Returns:
            Shape of ``alpha`` broadcast with (B,).
        """
        won = self.deficits(goal, self.law(alpha, label_sets)) < 0
        return (won * self.weights).sum(axis=-1)

    def worst_case_success(
        self,
        alpha: ArrayLike,
        epsilon: float,
        closeness: Closeness,
        goal: Goal = "top1",
        label_sets: LabelSets = "replace",
    ) -> Floats:
        """S(α) of the worst classifier that is ε-close to Bayes, by enumeration, shape (..., B).

        With margin m(x) = P(x, y*) − max_{y≠y*} P(x, y), an adversary makes point x fail by paying
        m/2 of joint TV (budget ε), or m of joint contamination (budget ε/(1−ε)); under a closeness
        at each x the point fails iff m ≤ 2εP(x) (TV), (1−ε)m ≤ εP(x) (contamination) or m ≤ εP(x)
        (additive slack). ``slides`` is joint TV.

        Raises:
            ValueError: more than 12 features (subsets are enumerated), or unknown closeness.
        """
        law = self.law(alpha, label_sets)
        margin = -self.deficits(goal, law)
        weights = self.weights
        per_point = {
            "conditional_tv": 2 * epsilon,
            "conditional_contamination": epsilon / (1 - epsilon),
            "additive_slack": epsilon,
        }
        if closeness in per_point:
            failing = margin <= per_point[closeness] * law.sum(axis=-1)
            return (weights * ~failing).sum(axis=-1)
        budgets = {
            "joint_tv": 2 * epsilon,
            "slides": 2 * epsilon,
            "joint_contamination": epsilon / (1 - epsilon),
        }
        if closeness not in budgets:
            raise ValueError(f"unknown closeness {closeness!r}")
        features = margin.shape[-1]
        if features > _MAX_ENUMERATED:
            raise ValueError(
                f"at most {_MAX_ENUMERATED} features can be enumerated, got {features}"
            )
        subsets = (np.arange(2**features)[:, None] >> np.arange(features)) & 1
        prices = np.maximum(margin, 0.0) @ subsets.T
        lost = np.where(prices <= budgets[closeness], weights @ subsets.T, 0.0).max(axis=-1)
        return weights.sum(axis=-1) - lost

    def _reported(self, label_sets: LabelSets) -> NDArray[np.int64]:
        """Row of ``sets`` that a member with label set s reports, shape (B, S)."""
        count, labels = self.sets.shape
        own = np.arange(labels) == self.target[:, None]
        kept = self.sets if label_sets == "extend" else np.zeros_like(self.sets)
        wanted = kept[None] | own[:, None, :]
        powers = 1 << np.arange(labels)
        codes = self.sets @ powers
        order = np.argsort(codes)
        wanted_codes = wanted @ powers
        place = np.minimum(np.searchsorted(codes[order], wanted_codes), count - 1)
        if np.any(codes[order[place]] != wanted_codes):
            raise ValueError("a reported label set is not among the world's label sets")
        return order[place]


def all_label_sets(labels: int) -> NDArray[np.bool_]:
    """All 2^L label sets, the empty one included, shape (2^L, L)."""
    return ((np.arange(2**labels)[:, None] >> np.arange(labels)) & 1).astype(np.bool_)


def random_worlds(
    generator: np.random.Generator,
    count: int,
    *,
    features: int = 6,
    labels: int = 4,
    multi_label: bool = False,
    concentration: float = 0.5,
    xi: float | None = None,
) -> Worlds:
    """Worlds with P0 ~ Dirichlet, a random idempotent signal map and a random target.

    Args:
        generator: source of all randomness.
        count: B.
        features: number of features, at least 2.
        labels: L, at least 2.
        multi_label: all 2^L label sets in place of one label a resume.
        concentration: Dirichlet parameter; small values make labels nearly certain.
        xi: rescale P0 so that P0(X*) is this, in [0, 1); None leaves it as it falls.

    Example:
        >>> worlds = random_worlds(np.random.default_rng(0), 1000)
        >>> bound = 1 - (0.7 / 0.3) * worlds.gap() * worlds.xi
        >>> bool(np.all(worlds.success(0.3) >= bound - 1e-12))
        True
    """
    sets = all_label_sets(labels) if multi_label else np.eye(labels, dtype=np.bool_)
    base = generator.dirichlet(np.full(features * len(sets), concentration), size=count)
    base = base.reshape(count, features, len(sets))
    # Between 1 and X − 1 signal points, so that there is always a feature without the signal.
    keys = generator.random((count, features))
    size = generator.integers(1, features, size=(count, 1))
    is_signal = keys.argsort(axis=1).argsort(axis=1) < size
    drawn = np.where(is_signal[:, None, :], generator.random((count, features, features)), -1.0)
    signal = np.where(is_signal, np.arange(features), drawn.argmax(axis=2))
    if xi is not None:
        inside = (base * is_signal[:, :, None]).sum(axis=(1, 2), keepdims=True)
        base = base * np.where(is_signal[:, :, None], xi / inside, (1 - xi) / (1 - inside))
    return Worlds(base, sets, signal, generator.integers(0, labels, size=count))


def random_token_worlds(
    generator: np.random.Generator,
    count: int,
    *,
    texts: int = 5,
    labels: int = 3,
    multi_label: bool = True,
    concentration: float = 0.5,
    xi: float = 0.01,
) -> Worlds:
    """Worlds of texts with or without a token that a share ξ carries independently of all else.

    The setting of ``planting.flip_point``: feature t is text t without the token, T + t the same
    text with it, and g puts the token in.

    Args:
        generator: source of all randomness.
        count: B.
        texts: T.
        labels: L, at least 2.
        multi_label: all label sets, or one label a resume.
        concentration: Dirichlet parameter of P0 over texts and label sets.
        xi: share that carries the token, in [0, 1].

    Example:
        >>> worlds = random_token_worlds(np.random.default_rng(0), 3, xi=0.01)
        >>> worlds.xi.round(6).tolist()
        [0.01, 0.01, 0.01]
    """
    sets = all_label_sets(labels) if multi_label else np.eye(labels, dtype=np.bool_)
    plain = generator.dirichlet(np.full(texts * len(sets), concentration), size=count)
    plain = plain.reshape(count, texts, len(sets))
    signal = np.tile(np.concatenate([np.arange(texts, 2 * texts)] * 2), (count, 1))
    base = np.concatenate([(1 - xi) * plain, xi * plain], axis=1)
    return Worlds(base, sets, signal, generator.integers(0, labels, size=count))
