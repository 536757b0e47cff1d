"""Known answers of erasing, of several collectives, and what does not apply here (V4b, V44-V54)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.collectives import collectives_success, solo_share
from gigsim.theory.erasing import erasing_bound
from gigsim.theory.gaps import Floats
from gigsim.theory.worlds import Worlds, random_worlds
from gigsim.validation.known import Known, Obtained, counted
from gigsim.validation.known_worlds import erasing_successes

_ROUNDING = 1e-9
_WORLDS = 2000


def _erasing_holds() -> Obtained:
    generator = np.random.default_rng(45)
    worlds = random_worlds(generator, 2 * _WORLDS, concentration=2.0)
    mass = worlds.base.sum(axis=2, keepdims=True)
    given = worlds.base / mass
    moved = np.abs(given - given[np.arange(len(worlds))[:, None], worlds.signal]).max(axis=2)
    distance = (mass[..., 0] * moved).sum(axis=1)
    foot = 2 * distance / (1 + 2 * distance)
    alpha = foot + (1 - foot) * generator.random(len(worlds))
    promised = erasing_bound(alpha, tau=distance)
    says = promised > 0
    below = (erasing_successes(worlds, alpha) < promised - _ROUNDING) & says
    return counted(int(below.sum()), int(says.sum()), "informative bounds above what happens")


class _Rivals(NamedTuple):
    """B worlds with two tokens that a few base texts carry, and two collectives in them."""

    base: Floats
    planted: Floats
    weights: Floats
    targets: NDArray[np.int64]
    signals: NDArray[np.int64]


_TEXTS, _LABELS = 4, 3


def _rivals(generator: np.random.Generator, xi: float, *, apart: bool, same_label: bool) -> _Rivals:
    """Feature t is text t, T + t the same with token A, 2T + t with token B."""
    plain = generator.dirichlet(np.full(_TEXTS * _LABELS, 0.5), size=_WORLDS)
    plain = plain.reshape(_WORLDS, _TEXTS, _LABELS)
    base = np.concatenate([(1 - 2 * xi) * plain, xi * plain, xi * plain], axis=1)
    texts = np.arange(3 * _TEXTS) % _TEXTS
    signals = np.stack([_TEXTS + texts, (2 if apart else 1) * _TEXTS + texts])
    first = generator.integers(0, _LABELS, _WORLDS)
    second = first if same_label else (first + 1) % _LABELS
    targets = np.stack([first, second], axis=1)
    weights = np.zeros((_WORLDS, 2, 3 * _TEXTS))
    for number, signal in enumerate(signals):
        weights[:, number, signal[:_TEXTS]] = plain.sum(axis=2)
    claims = targets[:, :, None, None] == np.arange(_LABELS)
    return _Rivals(base, weights[..., None] * claims, weights, targets, signals)


def _alone(rivals: _Rivals, number: int, alpha: Floats) -> Floats:
    """S of one of the two if the other were not there, shape (B,)."""
    signal = np.tile(rivals.signals[number], (_WORLDS, 1))
    eye = np.eye(_LABELS, dtype=np.bool_)
    return Worlds(rivals.base, eye, signal, rivals.targets[:, number]).success(alpha)


def _together(
    rivals: _Rivals, alphas: Floats, ties: Literal["strict", "first"] = "strict"
) -> Floats:
    """S of both, shape (B, 2)."""
    return collectives_success(
        alphas,
        planted=rivals.planted,
        base=rivals.base,
        weights=rivals.weights,
        targets=rivals.targets,
        ties=ties,
    )


def _same_signal() -> Obtained:
    generator = np.random.default_rng(44)
    rivals = _rivals(generator, 0.0, apart=False, same_label=False)
    alphas = np.sort(generator.uniform(0, 0.5, (_WORLDS, 2)), axis=1)[:, ::-1]
    found = _together(rivals, alphas)
    wrong = int((np.abs(found - [1.0, 0.0]) > _ROUNDING).any(axis=1).sum())
    equal = np.full((_WORLDS, 2), 0.1)
    lost, first = _together(rivals, equal), _together(rivals, equal, "first")
    lower = rivals.targets.argmin(axis=1)
    expected = lower[:, None] == np.arange(2)
    ties = bool(np.all(lost == 0) and np.allclose(first, expected, atol=_ROUNDING))
    said = "strict: nobody; first: the lower column" if ties else "NOT AS THE RULE SAYS"
    return counted(
        wrong + (not ties),
        _WORLDS,
        "worlds in which the larger did not take all",
        f"equal sizes, {said}",
    )


def _apart() -> Obtained:
    generator = np.random.default_rng(46)
    rivals = _rivals(generator, 0.02, apart=True, same_label=False)
    alphas = generator.uniform(0, 0.1, (_WORLDS, 2))
    found = _together(rivals, alphas)
    differ = sum(
        int(
            (
                np.abs(
                    found[:, number]
                    - _alone(rivals, number, solo_share(alphas[:, number], alphas[:, 1 - number]))
                )
                > _ROUNDING
            ).sum()
        )
        for number in range(2)
    )
    return counted(differ, 2 * _WORLDS, "differ from the one alone at α_j/(1 − α_i)")


def _added() -> Obtained:
    generator = np.random.default_rng(47)
    rivals = _rivals(generator, 0.05, apart=False, same_label=True)
    alphas = generator.uniform(0, 0.1, (_WORLDS, 2))
    found = _together(rivals, alphas)
    alone = _alone(rivals, 0, alphas.sum(axis=1))
    differ = int((np.abs(found - alone[:, None]) > _ROUNDING).any(axis=1).sum())
    return counted(differ, _WORLDS, "worlds differ from S(α₁ + α₂)")


def _absent(what: str) -> Obtained:
    return Obtained(f"gigsim has no {what}", None)


KNOWN = (
    Known(
        "V4b",
        "random finite worlds, ε = 0: exact S of erasing against 1 − 2τ(1−α)/α",
        "S ≥ bound, always",
        "derived; goal and strategy are Theorem 5's (Hardt et al. 2023)",
        _erasing_holds,
    ),
    Known(
        "V44",
        "two collectives, the same new signal, different labels, α₁ > α₂",
        "S₁ = 1, S₂ = 0; for equal sizes the tie rule decides",
        "derived",
        _same_signal,
    ),
    Known(
        "V45",
        "two collectives, signal sets apart",
        "each exactly as if alone, up to the base weight 1 − Σα",
        "derived",
        _apart,
    ),
    Known(
        "V46",
        "two collectives, the same signal and label",
        "S(α₁ + α₂) for both",
        "derived",
        _added,
    ),
    Known(
        "V52",
        "recommender: amplification of coordinated insertions",
        "above 1, falling with α; random insertion smaller",
        "Baumann and Mendler-Dünner 2024",
        lambda: _absent("recommender"),
    ),
    Known(
        "V53",
        "declining orders under a threshold",
        "mean gain not negative; participation turns from gain to loss with oversupply",
        "Sigg, Hardt and Mendler-Dünner 2024",
        lambda: _absent("market of orders that are offered again"),
    ),
    Known(
        "V54",
        "posted wages for M tasks",
        "spend grows like log M without a coalition, like M with a targeted one",
        "Stoica, Mendler-Dünner and Hardt 2026",
        lambda: _absent("module of posted wages"),
    ),
)
