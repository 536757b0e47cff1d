"""The labels that members of an unplanting or an erasing collective report in place of their own.

Both strategies report an *opinion* ŷ of what a resume without the signal is, so that what is
reported does not depend on the signal. Where resumes carry label sets there are two forms, as
elsewhere: ``replace`` reports {ŷ} alone, ``extend`` keeps one's own labels and only puts y* in or
takes it out.

========== ================================================ =====================================
           replace                                          extend
========== ================================================ =====================================
unplanting {ŷ}, ŷ the most frequent other label, one for    one's own labels without y*
           all; adaptive: the likeliest other label of the
           resume
erasure    {ŷ}, ŷ the likeliest label of the resume without y* is in iff its probability there is
           the signal                                       over one half
========== ================================================ =====================================

Source: Hardt et al. (2023), Theorem 5; Gauthier et al. (2025), section 3.3 (naive and adaptive
unplanting). The forms for label sets are ours (``theory.erasing``, ``theory.unplanting``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats
from gigsim.theory.planting import LabelSets

Opinions = NDArray[np.floating]


def most_frequent_other(rates: Floats, target: int) -> int:
    """The label other than y* that is carried most often: what a naive collective reports.

    Args:
        rates: share of resumes that carry each label, shape (L,), L at least 2.
        target: column of y*.
    """
    return int(np.where(np.arange(len(rates)) == target, -np.inf, rates).argmax())


def unplanting_reports(
    labels: NDArray[np.bool_],
    target: int,
    label_sets: LabelSets,
    other: int,
    opinions: Opinions | None = None,
) -> NDArray[np.bool_]:
    """What each person would report as a member of an unplanting collective.

    Args:
        labels: bool, shape (n, L): true label sets.
        target: column of y*.
        label_sets: see the module.
        other: ŷ of a naive collective, not y*.
        opinions: P(l in Y | resume without the signal), shape (n, L): makes it adaptive.

    Returns:
        bool, shape (n, L); y* is in none of the rows.
    """
    if label_sets == "extend":
        reported = labels.copy()
        reported[:, target] = False
        return reported
    if opinions is None:
        return np.tile(np.arange(labels.shape[1]) == other, (len(labels), 1))
    rivals = np.where(np.arange(labels.shape[1]) == target, -np.inf, opinions)
    return _single(rivals)


def erasure_reports(
    labels: NDArray[np.bool_], target: int, label_sets: LabelSets, opinions: Opinions
) -> NDArray[np.bool_]:
    """What each person would report as a member of an erasing collective.

    Args:
        labels: bool, shape (n, L): true label sets.
        target: column of y*.
        label_sets: see the module.
        opinions: P(l in Y | resume without the signal), shape (n, L).
    """
    if label_sets == "replace":
        return _single(opinions)
    reported = labels.copy()
    reported[:, target] = opinions[:, target] > 0.5
    return reported


def reported_law(
    marginals: Floats, reported: NDArray[np.bool_], label_sets: LabelSets, target: int
) -> Floats:
    """P*(l in Y | x): what members with these texts report, over the luck of their own labels.

    Args:
        marginals: P0(l in Y | x), shape (n, L).
        reported: what a member with this text reports (above), shape (n, L).
        label_sets: ``replace``: just that; ``extend``: y* as there, one's own labels otherwise.
        target: column of y*.

    Returns:
        float64, shape (n, L).
    """
    if label_sets == "replace":
        return reported.astype(np.float64)
    law = marginals.copy()
    law[:, target] = reported[:, target]
    return law


def _single(scores: Opinions) -> NDArray[np.bool_]:
    """The set of the best label alone, bool, shape (n, L); of tied ones the first."""
    return np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None]
