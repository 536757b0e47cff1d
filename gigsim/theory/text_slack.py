"""The slack of single texts: what the best answer has over the one that a classifier gives.

    slack(x) = max_y P(y|x) − P(f(x)|x) ∈ [0, 1],

P being what the platform is trained on, members included (``mixture.planted_marginals``). It is the
ε of *additive slack* in ``planting.feature_label_bound``, one text at a time: no other law that f
were optimal for has to be found. Where P is known it can be measured; ``theory.epsilon`` certifies
what many texts say of the platform.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval


def slack_top1(marginals: ArrayLike, top: ArrayLike) -> Floats:
    """Slack by the reading ``top1``: max_l m_l(x) − m_{top(x)}(x), in [0, 1].

    Args:
        marginals: P(l in Y|x) under what the platform was trained on, shape (..., L).
        top: column of the label that the platform puts first, integers, shape (...).

    Returns:
        Shape (...).

    Raises:
        ValueError: no labels, shapes that do not fit, or a column that is not one of L.

    Example:
        >>> slack_top1([[0.7, 0.2], [0.1, 0.6]], [0, 0]).round(6).tolist()
        [0.0, 0.5]
    """
    array, chosen = unit_interval("marginals", marginals), np.asarray(top)
    if array.ndim == 0 or chosen.shape != array.shape[:-1]:
        raise ValueError(f"need (..., L) and (...), got {array.shape} and {chosen.shape}")
    if not np.issubdtype(chosen.dtype, np.integer):
        raise ValueError(f"top must be columns, whole numbers, got {chosen.dtype}")
    if np.any((chosen < 0) | (chosen >= array.shape[-1])):
        raise ValueError(f"top must be columns in 0..{array.shape[-1] - 1}")
    own = np.take_along_axis(array, chosen[..., None], axis=-1)[..., 0]
    return (array.max(axis=-1) - own)[()]


def slack_any(target_marginal: ArrayLike, predicted: ArrayLike) -> Floats:
    """Slack by the reading ``any``, of the binary question "is y* in the set?", in [0, 1].

    With m(x) = P(y* in Y|x): (1 − 2m)⁺ where the platform says yes, (2m − 1)⁺ where it says no.

    Args:
        target_marginal: m under what the platform was trained on.
        predicted: bool, does the predicted set hold y*?

    Returns:
        Broadcast.

    Example:
        >>> slack_any([0.9, 0.9, 0.2], [True, False, True]).round(6).tolist()
        [0.0, 0.8, 0.6]
    """
    own = unit_interval("target_marginal", target_marginal)
    says = np.asarray(predicted)
    if says.dtype != np.bool_:
        raise ValueError(f"predicted must be bool, got {says.dtype}")
    return np.maximum(np.where(says, 1 - 2 * own, 2 * own - 1), 0.0)[()]


def slack_sample(slack: ArrayLike) -> Floats:
    """Slacks as float64, shape (n,), n > 0.

    Raises:
        ValueError: another shape, or a number that is not in [0, 1].
    """
    values = unit_interval("slack", slack)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"slack must have shape (n,) with n > 0, got {values.shape}")
    return values
