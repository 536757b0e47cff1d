"""Imitation: look at one person one knows, and copy him the likelier the better off he is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gigsim.society.networks import CompleteNetwork, Network, SparseNetwork


def fermi_rule(
    seen: NDArray[np.bool_],
    member: NDArray[np.bool_],
    utility: NDArray[np.float64],
    picked: NDArray[np.int64],
    strength: float,
    uniforms: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Take over the picked person's membership with probability 1/(1 + exp(-β(u_j - u_i))).

    Traulsen, Nowak and Pacheco (2006), pairwise comparison. One joins by copying a member and
    leaves by copying a non-member. β = 0 is the voter model with a lazy half; in a large complete
    population with utilities u1 of members and u0 of others the expected change of the share of
    members is α(1 - α)·tanh(β(u1 - u0)/2), whose sign is the replicator equation's.

    Args:
        seen: the picked person's membership as one sees it, bool, shape (N,).
        member: one's own membership, bool, shape (N,).
        utility: u_i of the last period, money, shape (N,).
        picked: j, the person one looks at, int64, shape (N,); oneself changes nothing.
        strength: β >= 0, per unit of money.
        uniforms: one indexed uniform a person, shape (N,).

    Returns:
        bool, shape (N,).
    """
    return np.where(fermi_copies(utility, utility[picked], strength, uniforms), seen, member)


def fermi_copies(
    own: NDArray[np.float64],
    others: NDArray[np.float64],
    strength: float,
    uniforms: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Who copies the person he looks at, whatever that one does; see :func:`fermi_rule`.

    Args:
        own: u_i, money, shape (k,).
        others: u_j of the person whom each looks at, shape (k,).
        strength: β >= 0, per unit of money.
        uniforms: one indexed uniform a person, shape (k,).

    Returns:
        bool, shape (k,).
    """
    return uniforms < expit(strength * (others - own))


def pick_neighbour(
    network: Network, uniforms: NDArray[np.float64], people: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """One neighbour of each person, uniformly; who has none picks himself.

    A person's pick depends on his own uniform and his own neighbours alone, in the order of their
    numbers.

    Args:
        network: who knows whom.
        uniforms: one indexed uniform a person, in [0, 1), shape (k,).
        people: who picks, shape (k,); None for everybody.

    Returns:
        int64, shape (k,), numbers of people.
    """
    own = np.arange(network.size) if people is None else people
    if isinstance(network, CompleteNetwork):
        others = network.size - 1
        nth = np.minimum((uniforms * others).astype(np.int64), max(0, others - 1))
        return nth + (nth >= own) if others else own
    if not isinstance(network, SparseNetwork):
        raise TypeError(f"whom people know in a {type(network).__name__} is not written down")
    starts = network.indptr[own].astype(np.int64)
    known = network.indptr[own + 1].astype(np.int64) - starts
    # A product just under an integer may be rounded up to it.
    nth = np.minimum((uniforms * known).astype(np.int64), known - 1)
    has = known > 0
    picked = own.copy()
    picked[has] = network.indices[starts[has] + nth[has]]
    return picked
