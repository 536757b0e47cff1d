"""What a signal says about labels: τ = E_{x~P0} max_l |P0(l|x) − P0(l|g(x))| from data.

An absolute difference of two noisy frequencies is positive even where they are the same, so that
plugging frequencies in overstates τ; the bound on erasing falls in τ, so that this errs on the safe
side, but by a lot where cells are small. Cross-fitting errs on the other: label and sign of the
largest difference are chosen in one part of the data and its size is read off another, which on
average gives at most τ. τ lies between the two, and an upper confidence limit is what makes the
bound safe.

Label sets: give the columns that matter, all for ``top1`` and that of y* alone for ``any``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.estimates import MeanGap, mean_gap
from gigsim.theory.gaps import Floats


@dataclass(frozen=True)
class TauEstimate:
    """τ of a table.

    Attributes:
        cross_fitted: on average at most τ; may be negative where τ is nearly 0.
        plug_in: with the frequencies themselves; on average at least τ.
        upper: upper confidence limit of τ, at most 1.
        unknown: share of resumes whose text, or whose cleaned text, had no resume to be judged by
            in some fold (``cross_fitted`` leaves them out there).
        unseen: share of resumes whose cleaned text no resume has: τ_x counts as 1 in ``plug_in``
            and ``upper``. A platform knows no more of these texts than we do.
    """

    cross_fitted: float
    plug_in: float
    upper: float
    unknown: float
    unseen: float


def tau_table(
    cells: NDArray[np.integer],
    cleaned: NDArray[np.integer],
    labels: ArrayLike,
    folds: int,
    generator: np.random.Generator,
    *,
    level: float = 0.95,
) -> TauEstimate:
    """τ where texts fall into cells that are seen often: resumes of a finite world.

    The resumes must be independent draws from P0 (near-duplicates are not). Then, with probability
    ``level`` at least, τ ≤ ``upper``, whatever P0 is. Derived, in two steps of half the risk each:

    * given the cells, labels are independent. One resume's label in cell c moves the plug-in by at
      most v_c/(n·n_c), v_c being the resumes in c that are cleaned into another cell or the other
      way round, so that the plug-in falls short of its mean by more than
      sqrt(log(2/(1−level))·Σ_c v_c²/(2n²·n_c)) hardly ever (McDiarmid); and its mean is at least
      the mean of τ_x over these resumes (Jensen);
    * that mean falls short of τ by more than sqrt(log(2/(1−level))/(2n)) hardly ever (Hoeffding).

    Args:
        cells: x of each resume, as a number, shape (n,).
        cleaned: g(x), numbered alike, shape (n,); a cell is cleaned into one cell only.
        labels: bool, shape (n, L): label sets, or one column of them; a single label one-hot.
        folds: parts for cross-fitting, at least 2 and at most n.
        generator: shuffles resumes into parts.
        level: confidence of ``upper``, in (0, 1).

    Returns:
        The estimate. ``cross_fitted`` is NaN where no cell is seen in enough folds.

    Raises:
        ValueError: shapes that do not fit, a cell that is cleaned in two ways, or too few resumes.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> cells = generator.integers(0, 2, 4000)
        >>> labels = generator.random(4000) < np.where(cells == 1, 0.7, 0.5)
        >>> estimate = tau_table(cells, np.zeros(4000, int), labels[:, None], 5, generator)
        >>> [round(float(n), 3) for n in (estimate.cross_fitted, estimate.plug_in, estimate.upper)]
        [0.105, 0.105, 0.148]
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level!r}")
    marks = np.asarray(labels, dtype=np.float64)
    n = len(marks)
    if marks.ndim != 2 or np.shape(cells) != (n,) or np.shape(cleaned) != (n,):
        raise ValueError(
            f"need cells (n,), cleaned (n,) and labels (n, L), got {np.shape(cells)}, "
            f"{np.shape(cleaned)}, {marks.shape}"
        )
    if not 2 <= folds <= n:
        raise ValueError(f"folds must be in 2..{n}, got {folds}")
    names, numbers = np.unique(np.concatenate([cells, cleaned]), return_inverse=True)
    here, there = numbers[:n], numbers[n:]
    count = len(names)
    onto = np.full(count, -1)
    onto[here] = there
    if np.any(onto[here] != there):
        raise ValueError("each cell must be cleaned into one cell")

    sizes = np.bincount(here, minlength=count)
    total = _sums(here, marks, count)
    moved = _difference(total, sizes, here, there)
    seen = sizes[there] > 0
    plug_in = float(np.where(seen, np.abs(moved).max(axis=1), 1.0).mean())

    # How often cell c counts: by its own resumes and by those that are cleaned into it.
    elsewhere = here != there
    weight = np.bincount(here[elsewhere], minlength=count)
    weight = weight + np.bincount(there[elsewhere], minlength=count)
    spread = (weight[sizes > 0] ** 2 / sizes[sizes > 0]).sum() / n**2
    reach = np.sqrt(np.log(2 / (1 - level)) / 2) * (np.sqrt(spread) + np.sqrt(1 / n))

    part = generator.permutation(n) % folds
    sum_crossed, known = 0.0, 0
    for fold in range(folds):
        inside = part == fold
        mine = _sums(here[inside], marks[inside], count)
        mine_sizes = np.bincount(here[inside], minlength=count)
        rest_sizes = sizes - mine_sizes
        x, z = here[inside], there[inside]
        judged = (rest_sizes[x] > 0) & (rest_sizes[z] > 0) & (mine_sizes[z] > 0)
        x, z = x[judged], z[judged]
        chosen = _difference(total - mine, rest_sizes, x, z)
        best = np.abs(chosen).argmax(axis=1)[:, None]
        sign = np.sign(np.take_along_axis(chosen, best, axis=1))
        size = _difference(mine, mine_sizes, x, z)
        sum_crossed += float((sign * np.take_along_axis(size, best, axis=1)).sum())
        known += len(x)
    return TauEstimate(
        cross_fitted=sum_crossed / known if known else float("nan"),
        plug_in=plug_in,
        upper=float(min(plug_in + reach, 1.0)),
        unknown=1 - known / n,
        unseen=float(1 - seen.mean()),
    )


def tau_model(
    probabilities: ArrayLike,
    cleaned: ArrayLike,
    clusters: NDArray[np.integer] | None = None,
    level: float = 0.95,
    *,
    method: Literal["clt", "hoeffding"] = "clt",
) -> MeanGap:
    """τ where a model stands for P0(l|x): the mean of max_l |p(l|x) − p(l|g(x))|, and its limit.

    The probabilities must come from a model that was not trained on these resumes, but was on texts
    with *and* without the signal; its cleaned texts look like nothing it knows otherwise. The limit
    covers the sampling of resumes only: as far as the model is not calibrated, this is an estimate
    of how far *it* listens to the signal, which may be less or more than labels do.

    Args:
        probabilities: p(l|x) of held-out resumes, shape (n, L), or (n,) for y* alone.
        cleaned: p(l|g(x)), the same shape.
        clusters: integers, shape (n,), near-duplicates share a number; None for n of their own.
        level: confidence of the one-sided limit, in (0, 1).
        method: as in ``estimates.mean_gap``.

    Returns:
        (mean, upper).

    Raises:
        ValueError: numbers out of [0, 1] or shapes that differ.

    Example:
        >>> estimate = tau_model([[0.7, 0.3], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]], level=0.5)
        >>> round(estimate.mean, 6)
        0.1
    """
    before, after = np.asarray(probabilities, np.float64), np.asarray(cleaned, np.float64)
    if before.ndim == 1:
        before, after = before[:, None], np.reshape(after, (*np.shape(after), 1))
    if before.ndim != 2 or before.shape != after.shape:
        raise ValueError(f"probabilities {before.shape} and cleaned {after.shape} must agree")
    return mean_gap(np.abs(before - after).max(axis=1), clusters, level=level, method=method)


def _sums(cells: NDArray[np.int64], marks: Floats, count: int) -> Floats:
    """How often each label is met in each cell, shape (cells, L)."""
    sums = np.zeros((count, marks.shape[1]))
    np.add.at(sums, cells, marks)
    return sums


def _difference(
    sums: Floats, sizes: NDArray[np.int64], x: NDArray[np.int64], z: NDArray[np.int64]
) -> Floats:
    """Frequencies in x minus those in z; an empty cell has frequency 0."""
    frequency = sums / np.maximum(sizes, 1)[:, None]
    return frequency[x] - frequency[z]
