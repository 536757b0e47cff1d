"""The strategy h: what members put in the label field of the resumes that they submit."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

LabelSets = Literal["replace", "extend"]


def feature_label(
    labels: NDArray[np.bool_],
    member: NDArray[np.bool_],
    target: int,
    label_sets: LabelSets = "replace",
) -> NDArray[np.bool_]:
    """Submitted labels when members plant the signal and claim the target y*.

    The feature-label strategy h(x, y) = (g(x), y*) of Hardt et al. (2023), section 3.1, for resumes
    that carry sets of labels: ``"replace"`` submits {y*} alone, ``"extend"`` adds y* to the set.
    The features' half, g, is ``signals.Signal``.

    Args:
        labels: bool, shape (N, L), the true label sets.
        member: bool, shape (N,).
        target: the column of y*, in [0, L).
        label_sets: what becomes of the labels that a member has beside y*.

    Returns:
        bool, shape (N, L): a new array; the rows of non-members are their own.
    """
    if not 0 <= target < labels.shape[1]:
        raise ValueError(f"the target is one of {labels.shape[1]} columns, got {target}")
    if label_sets not in ("replace", "extend"):
        raise ValueError(f"label_sets is 'replace' or 'extend', got {label_sets!r}")
    submitted = labels.copy()
    if label_sets == "replace":
        submitted[member] = False
    submitted[member, target] = True
    return submitted
