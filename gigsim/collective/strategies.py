"""The strategies h: which version of his resume a member submits, and with which labels.

Strategies see label sets and who follows, never texts: the features' half of h, g, is
``signals.Signal``, and a strategy only says *which* version of a text is handed in. Everything here
is a pure function of arrays.

* ``feature_label`` (Hardt et al. 2023, section 3.1): h(x, y) = (g(x), y*). All members plant the
  signal and claim the target.
* ``feature_only`` (section 3.2): h(x, y) = (g(x), y) if y = y*, else (x, y). Members who carry the
  target plant the signal, nobody misreports. For label sets "y = y*" reads "y* is in the set".
* evasive ``feature_only`` (Gauthier et al.): besides, members whose labels lack the target take
  the signal out of their resumes, so that they leave the signal set X*.
* ``unplanting`` (Gauthier et al. 2025, Definition 3.6): h(x, y) = (g(x), ŷ) with ŷ ≠ y*, so that
  who shows the signal is *not* given y*.
* ``erasure`` (Hardt et al., Theorem 5): h(x, y) = (x, ŷ(g(x))), ŷ the label that is most likely
  for the resume *without* the signal, so that the classifier stops looking at it.
* ``gradient_cancelling`` and ``label_only`` (Hardt et al., Theorem 7): members choose, among
  versions and labels of their own resumes or among labels alone, what cancels the gradient of the
  platform's loss at a model of their own (``collective.text_target``).
* ``gradient_control`` (Hardt et al., Theorem 10) needs a say at every step of a gradient learner,
  which no platform here grants: it is ``collective.gradient_control``, outside the loop.
"""

from __future__ import annotations

from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import StrategyName
from gigsim.theory.planting import LabelSets

#: The versions of a resume that a strategy may ask for: as the person has it, with the signal
#: planted, with the signal removed.
FOUND, PLANTED, CLEAN = 0, 1, 2


class Edits(NamedTuple):
    """What everybody hands in.

    Attributes:
        version: int8, shape (N,): FOUND, PLANTED or CLEAN.
        labels: bool, shape (N, L): the label sets reported, a new array.
    """

    version: NDArray[np.int8]
    labels: NDArray[np.bool_]


def feature_label(
    labels: NDArray[np.bool_],
    member: NDArray[np.bool_],
    target: int,
    label_sets: LabelSets = "replace",
    wrong: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """Submitted labels when members plant the signal and claim the target y*.

    For resumes that carry sets of labels ``"replace"`` submits {y*} alone, ``"extend"`` adds y* to
    the set. Who reports a wrong label y' puts it in the place of y*: {y'}, or his own labels and
    y' (y* only if it is one of his own).

    Args:
        labels: bool, shape (N, L), the true label sets.
        member: bool, shape (N,): who follows the strategy.
        target: the column of y*, in [0, L).
        label_sets: what becomes of the labels that a member has beside y*.
        wrong: int64, shape (N,): the wrong label that each person reports, -1 for none
            (:func:`wrong_labels`); None for nobody.

    Returns:
        bool, shape (N, L): a new array; the rows of non-members are their own.

    Raises:
        ValueError: shapes that differ, or a column that is not one of L.
    """
    _check(labels, member, target)
    if label_sets not in get_args(LabelSets):
        raise ValueError(f"label_sets is 'replace' or 'extend', got {label_sets!r}")
    claimed = np.full(len(labels), target, dtype=np.int64)
    if wrong is not None:
        if wrong.shape != member.shape or np.any(wrong >= labels.shape[1]) or np.any(wrong < -1):
            raise ValueError(f"wrong must be {len(labels)} of -1..{labels.shape[1] - 1}")
        claimed = np.where(wrong >= 0, wrong, claimed)
    submitted = labels.copy()
    if label_sets == "replace":
        submitted[member] = False
    rows = np.flatnonzero(member)
    submitted[rows, claimed[rows]] = True
    return submitted


def feature_only(
    labels: NDArray[np.bool_], member: NDArray[np.bool_], target: int, *, evasive: bool = False
) -> NDArray[np.int8]:
    """Submitted versions when members may not touch their labels.

    Args:
        labels: bool, shape (N, L), the true label sets.
        member: bool, shape (N,): who follows the strategy.
        target: the column of y*, in [0, L).
        evasive: members without y* submit the text without the signal instead of as they have it.

    Returns:
        int8, shape (N,): FOUND, PLANTED or CLEAN.

    Raises:
        ValueError: shapes that differ, or a column that is not one of L.
    """
    _check(labels, member, target)
    rest = np.int8(CLEAN if evasive else FOUND)
    acting = np.where(labels[:, target], np.int8(PLANTED), rest)
    return np.where(member, acting, np.int8(FOUND))


def nothing(labels: NDArray[np.bool_]) -> Edits:
    """Everybody submits what he has: nobody follows."""
    return Edits(np.full(len(labels), FOUND, dtype=np.int8), labels.copy())


def instruct(
    labels: NDArray[np.bool_],
    follows: NDArray[np.bool_],
    target: int,
    *,
    strategy: StrategyName = "feature_label",
    label_sets: LabelSets = "replace",
    evasive: bool = False,
    wrong: NDArray[np.int64] | None = None,
    reports: NDArray[np.bool_] | None = None,
) -> Edits:
    """What everybody submits under a strategy that tells each member the same at every retraining.

    Args:
        labels: bool, shape (N, L), the true label sets.
        follows: bool, shape (N,): members that do not abstain.
        target: the column of y*, in [0, L).
        strategy: its name in :data:`STRATEGIES`.
        label_sets: see :func:`feature_label`; without meaning where labels are not edited.
        evasive: see :func:`feature_only`; a form of that strategy alone.
        wrong: see :func:`feature_label`; of that strategy alone. Members who report a wrong label
            plant the signal all the same.
        reports: bool, shape (N, L): the label set that each person reports as a member, for
            unplanting and erasure (``collective.reports``).

    Returns:
        The versions and label sets; those of people who do not follow are their own.

    Raises:
        ValueError: an unknown strategy or an option that is not one of the strategy's; arguments
            that do not fit.
    """
    if strategy == "feature_label":
        if evasive:
            raise ValueError("evasive is a form of feature_only")
        version = np.where(follows, np.int8(PLANTED), np.int8(FOUND))
        return Edits(version, feature_label(labels, follows, target, label_sets, wrong))
    if strategy == "feature_only":
        if wrong is not None and np.any(wrong >= 0):
            raise ValueError("feature_only reports true labels, wrong ones are feature_label's")
        return Edits(feature_only(labels, follows, target, evasive=evasive), labels.copy())
    if strategy in ("unplanting", "erasure"):
        if reports is None or reports.shape != labels.shape:
            raise ValueError(f"{strategy} needs the label set that each one reports")
        _check(labels, follows, target)
        shown = np.int8(PLANTED if strategy == "unplanting" else FOUND)
        version = np.where(follows, shown, np.int8(FOUND))
        return Edits(version, np.where(follows[:, None], reports, labels))
    raise ValueError(f"{strategy!r} is not one of feature_label, feature_only, unplanting, erasure")


def wrong_labels(
    uniforms: NDArray[np.float64], probability: float, target: int, labels: int
) -> NDArray[np.int64]:
    """The wrong label that each person reports as a member, -1 for who reports y*.

    One uniform u a person: u < p says that he errs, and u/p, again uniform, which of the other
    L − 1 labels it is. So who errs at a small p errs at a larger one too.

    Args:
        uniforms: float64 in [0, 1), shape (N,), indexed by person.
        probability: p in [0, 1].
        target: the column of y*, in [0, L).
        labels: L, at least 2.

    Returns:
        int64, shape (N,), in [-1, L), never the target.

    Raises:
        ValueError: a number out of its range.
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"probability must be in [0, 1], got {probability!r}")
    if labels < 2 or not 0 <= target < labels:
        raise ValueError(f"need a target among 2 labels or more, got {target} of {labels}")
    errs = uniforms < probability
    place = np.where(errs, uniforms, 0.0) / (probability or 1.0) * (labels - 1)
    # A u just under p may be rounded to u/p = 1.
    other = np.minimum(place, labels - 2).astype(np.int64)
    return np.where(errs, other + (other >= target), -1)


def _check(labels: NDArray[np.bool_], member: NDArray[np.bool_], target: int) -> None:
    if not 0 <= target < labels.shape[1]:
        raise ValueError(f"the target is one of {labels.shape[1]} columns, got {target}")
    if member.shape != labels.shape[:1]:
        raise ValueError(f"{len(labels)} people but {member.shape} flags")
