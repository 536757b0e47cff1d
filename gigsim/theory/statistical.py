"""A collective that knows no distribution: bounds computed from its members' own data.

Of N data points, independent draws from P0 over finite texts and labels, n belong to members, who
edit theirs; the platform deploys the most frequent label of each text among all N (a frequency
table; ties are lost); Ŝ is the success on N_test further draws. What the members see is how often
things are in their *own* n points. Each such frequency P̂ is within

    R_δ(k) = sqrt(log(1/δ)/(2k))

of the truth on either side, but for a probability δ (Hoeffding), and a bound that must hold with
probability 1 − δ pays for all the events that it relies on: δ̃ = δ over their number.

One proof carries all of the bounds. Let W0 be the texts that win by so much under P0 that no
deviation of the members' or the others' counts undoes it: a set that does not depend on the data.
Unless something deviates, the table wins all of W0, and W0 contains every text that the members
can certify (after a second deviation, of what they see from what is). So with ĝ the frequency of
the certified texts, Ŝ ≥ ĝ − R_δ̃(n) − R_δ̃(N_test): from the members' frequency of W0 to its
probability, and from there to the test set's. Where the label to be planted is chosen with data,
W0 depends on these, and they must not be counted with: hence the splits below.

Label sets: one label a row, or for the top label the marginals P̂(x, l in Y) with replaced sets, or
for ``any`` the binary question "is y* in the set?" (two labels). The learner is exactly the table:
the published bounds inherit a term ε/(1−ε) for a suboptimal one, which is not valid
(``planting.feature_label_bound``), so there is no ε here.

``alpha`` is n/N with n = round(αN). Arrays over texts have them on their last axis, K of them,
broadcast against ``alpha[..., None]``; texts that cannot occur may pad it, with 0 in them, if
``points`` says how many are meant. A bound is −inf where there are no members, and vacuous (at most
0) where nothing is certified.

Source: Gauthier, Bach and Jordan (2025), "Statistical Collusion by Collectives on Learning
Platforms", Theorems 3.3, 3.5, 3.7 and 3.9, as restated to us; what is *derived* is said to be. The
Skellam form of what a table is *expected* to do, with P0 known, is ``table_sample.table_success``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.hoeffding import (
    bound_of,
    certified,
    deviation,
    frequencies,
    judging,
    shared_risk,
    signed,
    sizes,
    text_count,
)
from gigsim.theory.statistical_erasing import erasing_window, statistical_bound_erasing

# Frequencies from different sums may differ by this.
_ROUNDING = 1e-9

__all__ = [
    "deviation",
    "erasing_window",
    "estimating_members",
    "statistical_bound_erasing",
    "statistical_bound_feature_label",
    "statistical_bound_feature_only",
    "statistical_bound_unplanting",
]


def statistical_bound_feature_label(
    alpha: ArrayLike,
    *,
    planted: ArrayLike,
    deficits: ArrayLike,
    labels: int,
    population: ArrayLike,
    test: ArrayLike,
    delta: ArrayLike = 0.05,
    points: ArrayLike | None = None,
) -> Floats:
    """Planting with labels: what Ŝ is at least, with probability 1 − δ. Theorem 3.3 at ε = 0.

    Statement, with δ̃ = δ/(2 + 2|X*| + 2|X*||Y|) and ĝ(x) the frequency of g(x') = x:

        Ŝ ≥ Σ_{x in X*} ĝ(x)·1{(n/N)(ĝ(x) − 2R_δ̃(n)) > ((N−n)/N)(Δ̂_x + 2R_δ̃(n) + 2R_δ̃(N−n))}
            − R_δ̃(n) − R_δ̃(N_test),     Δ̂_x = max_{y≠y*} P̂(x, y) − P̂(x, y*)

    Args:
        alpha: n/N in [0, 1].
        planted: ĝ(x) for x in X*, among the members, in [0, 1] with a sum of at most 1, shape
            (..., K).
        deficits: Δ̂_x from the members' data before the edit; joint frequencies, in [−1, 1].
        labels: |Y|, at least 2.
        population: N, at least 1.
        test: N_test, at least 1.
        delta: δ in (0, 1].
        points: |X*|; None for K.

    Returns:
        The bound in the shape of ``alpha`` broadcast with those before the last axis, unclipped;
        at most 1 − R_δ̃(n) − R_δ̃(N_test).

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> bound = statistical_bound_feature_label(
        ...     [0.01, 0.1, 0.3], planted=[1.0], deficits=[0.001], labels=10,
        ...     population=25_000, test=5_000)
        >>> bound.round(3).tolist()
        [-0.136, 0.94, 0.955]
    """
    members, total = sizes(alpha, population)
    mass, behind = frequencies("planted", planted), signed("deficits", deficits)
    each = shared_risk(delta, points=text_count(points, mass), labels=labels, per_point=2)
    certain = certified(members, total, mass, behind, judges=members, each=each)
    return bound_of(mass, certain, judges=members, test=test, each=each)


def statistical_bound_feature_only(
    alpha: ArrayLike,
    *,
    weights: ArrayLike,
    planted: ArrayLike,
    deficits: ArrayLike,
    labels: int,
    population: ArrayLike,
    test: ArrayLike,
    delta: ArrayLike = 0.05,
    points: ArrayLike | None = None,
    rivals: ArrayLike | None = None,
) -> Floats:
    """Planting without labels: what Ŝ is at least, with probability 1 − δ.

    Members with y* put the signal in; those without leave X* (Theorem 3.5 at ε = 0): the bound of
    :func:`statistical_bound_feature_label` with the frequency of g(x') = x *and* y' = y* in place
    of ĝ(x) in the condition, and ĝ(x) before it.

    Derived: members without y* may also stay where they are, carriers among them in X*. Then with
    r̂_x = max_{y≠y*} P̂(x, y) the left side of the condition is (n/N)(ĝ*(x) − r̂_x − 4R_δ̃(n)) and
    δ̃ = δ/(2 + 2|X*| + 3|X*||Y|), for r̂ is bounded from both sides. One label a row or ``any``; for
    the top label of label sets nothing is known, for the rivals of a row are planted with it.

    Args:
        alpha: n/N in [0, 1], members with and without y*.
        weights: ĝ(x), the frequency of g(x') = x among members, in [0, 1] with a sum of at most 1,
            shape (..., K).
        planted: the frequency of g(x') = x with y' = y*, at most ``weights``.
        deficits: as in :func:`statistical_bound_feature_label`, as are the others.
        labels: |Y|.
        population: N.
        test: N_test.
        delta: δ.
        points: |X*|.
        rivals: r̂_x where members without y* stay; None where they leave X*.

    Raises:
        ValueError: a number out of its range, or ``planted`` over ``weights``.

    Example:
        >>> bound = statistical_bound_feature_only(
        ...     [0.1, 0.3], weights=[1.0], planted=[0.2], deficits=[0.001], labels=2,
        ...     population=25_000, test=5_000)
        >>> bound.round(3).tolist()
        [-0.054, 0.959]
    """
    members, total = sizes(alpha, population)
    mass, push = frequencies("weights", weights), frequencies("planted", planted)
    if np.any(push > mass + _ROUNDING):
        raise ValueError(f"planted must be at most weights, got {planted!r} and {weights!r}")
    behind, count = signed("deficits", deficits), text_count(points, mass)
    events, deviations = 2, 2.0
    if rivals is not None:
        push = push - unit_interval("rivals", rivals)
        events, deviations = 3, 4.0
    each = shared_risk(delta, points=count, labels=labels, per_point=events)
    certain = certified(
        members, total, push, behind, judges=members, each=each, deviations=deviations
    )
    return bound_of(mass, certain, judges=members, test=test, each=each)


def statistical_bound_unplanting(
    alpha: ArrayLike,
    *,
    weights: ArrayLike,
    planted: ArrayLike,
    deficits: ArrayLike,
    population: ArrayLike,
    test: ArrayLike,
    delta: ArrayLike = 0.05,
    points: ArrayLike | None = None,
    estimating: ArrayLike = 0,
) -> Floats:
    """Driving y* out: what Ŝ = Pr{f(g(x)) ≠ y*} is at least, with probability 1 − δ.

    All n members plant (g(x'), ŷ_{g(x')}). *Naive*: one ŷ ≠ y* fixed beforehand, ``estimating`` 0.
    *Adaptive*: ŷ_x is the most frequent label but y* at x among n_e members, and the others judge.
    With δ̃ = δ/(2 + 6|X*|), Δ̂_x = P̂(x, y*) − P̂(x, ŷ_x) and k = n − n_e (Theorem 3.7 as restated;
    from which members ĝ comes is derived: those who chose ŷ may judge the frequencies of texts,
    which do not depend on it, but not those of W0, which do):

        Ŝ ≥ Σ_x ĝ_k(x)·1{(n/N)(ĝ_n(x) − 2R_δ̃(n)) > ((N−n)/N)(Δ̂_x + 2R_δ̃(k) + 2R_δ̃(N−n))}
            − R_δ̃(k) − R_δ̃(N_test)

    Args:
        alpha: n/N in [0, 1].
        weights: ĝ_k(x), the frequency of g(x') = x among the k judges, in [0, 1] with a sum of at
            most 1, shape (..., K).
        planted: ĝ_n(x), among all members, likewise.
        deficits: Δ̂_x among the judges, in [−1, 1].
        population: N.
        test: N_test.
        delta: δ.
        points: |X*|.
        estimating: n_e, at least 0; see :func:`estimating_members`. −inf where it is n or more.

    Example:
        >>> bound = statistical_bound_unplanting(
        ...     [0.05, 0.3], weights=[1.0], planted=[1.0], deficits=[0.01],
        ...     population=25_000, test=5_000)
        >>> bound.round(3).tolist()
        [-0.068, 0.959]
    """
    members, total = sizes(alpha, population)
    mass, push = frequencies("weights", weights), frequencies("planted", planted)
    behind, judges = signed("deficits", deficits), judging(members, estimating)
    # Two labels count at each text, y* and the one that is planted there.
    each = shared_risk(delta, points=text_count(points, mass), labels=2, per_point=2)
    certain = certified(members, total, push, behind, judges=judges, each=each)
    return bound_of(mass, certain, judges=judges, test=test, each=each)


def estimating_members(
    alpha: ArrayLike, *, points: int, labels: int, population: ArrayLike, delta: float = 0.05
) -> Floats:
    """n_e, how many members should choose the labels to plant and not judge them (unplanting).

    Few choose badly, and many leave few to judge. But for a probability δ, P0(x, ŷ_x) is within
    2R_δ'(n_e) of the best, δ' = δ/(|X*|(|Y|−1)), so at worst Δ̂_x loses 2R_δ'(n_e) by the choice and
    2R_δ̃(n−n_e) in the judgement. The sum is least at n_e = n·a/(a + b) with a = log(1/δ')^⅓ and
    b = log(1/δ̃)^⅓. Derived; it guards against the worst labels. Where one label but y* is far ahead
    of the rest, fewer will do (2,000 was best in the authors' data).

    Args:
        alpha: n/N in [0, 1].
        points: |X*|, at least 1.
        labels: |Y|, at least 2.
        population: N.
        delta: δ in (0, 1).

    Returns:
        n_e in 0..n, whole numbers, in the shape of ``alpha``.

    Example:
        >>> estimating_members([0.1, 0.2], points=4, labels=5, population=100_000).tolist()
        [4933.0, 9865.0]
    """
    members, _ = sizes(alpha, population)
    if points < 1 or labels < 2 or not 0 < delta < 1:
        raise ValueError(
            f"need points >= 1, labels >= 2 and delta in (0, 1), got {points}, {labels}, {delta}"
        )
    a, b = (np.log(n / delta) ** (1 / 3) for n in (points * (labels - 1), 2 + 6 * points))
    return np.rint(members * a / (a + b))[()]
