"""The passes of ``passes``, compiled; imported where numba is installed only (``compiled``).

No operation is contracted or reordered: ``compiled`` looks whether the bytes are NumPy's.
"""

from __future__ import annotations

import numpy as np

from gigsim.learners.logistic.kernels import compile_kernel
from gigsim.learners.logistic.passes import STRETCH


@compile_kernel
def dots(left, right):  # type: ignore[no-untyped-def]
    """See ``passes.dots``."""
    rows, width = left.shape
    total = np.zeros(width)
    own = np.empty(width, left.dtype)
    for first in range(0, rows, STRETCH):
        own[:] = 0
        for i in range(first, min(first + STRETCH, rows)):
            for j in range(width):
                own[j] += left[i, j] * right[i, j]
        for j in range(width):
            total[j] += own[j]
    return total


@compile_kernel
def overlaps(gradient, before, towards):  # type: ignore[no-untyped-def]
    """See ``passes.overlaps``."""
    rows, width = gradient.shape
    square, overlap = np.zeros(width), np.zeros(width)
    a, b = np.empty(width, gradient.dtype), np.empty(width, gradient.dtype)
    for first in range(0, rows, STRETCH):
        a[:] = 0
        b[:] = 0
        for i in range(first, min(first + STRETCH, rows)):
            for j in range(width):
                a[j] += gradient[i, j] * towards[i, j]
                b[j] += before[i, j] * towards[i, j]
        for j in range(width):
            square[j] += a[j]
            overlap[j] += b[j]
    return square, overlap


@compile_kernel
def bent(bend, change):  # type: ignore[no-untyped-def]
    """See ``passes.bent``."""
    rows, width = bend.shape
    total = np.zeros(width)
    own = np.empty(width, bend.dtype)
    for first in range(0, rows, STRETCH):
        own[:] = 0
        for i in range(first, min(first + STRETCH, rows)):
            for j in range(width):
                own[j] += change[i, j] * change[i, j] * bend[i, j]
        for j in range(width):
            total[j] += own[j]
    return total


@compile_kernel
def advance(block, step, direction):  # type: ignore[no-untyped-def]
    """See ``passes.advance``."""
    rows, width = block.shape
    for i in range(rows):
        for j in range(width):
            block[i, j] += step[j] * direction[i, j]


@compile_kernel
def turn(direction, beta, towards, gradient, weights):  # type: ignore[no-untyped-def]
    """See ``passes.turn``."""
    rows, width = direction.shape
    slope, square, cross = np.zeros(width), np.zeros(width), np.zeros(width)
    a, b = np.empty(width, direction.dtype), np.empty(width, direction.dtype)
    c = np.empty(width, direction.dtype)
    for first in range(0, rows, STRETCH):
        a[:] = 0
        b[:] = 0
        c[:] = 0
        for i in range(first, min(first + STRETCH, rows)):
            for j in range(width):
                new = beta[j] * direction[i, j] - towards[i, j]
                direction[i, j] = new
                a[j] += gradient[i, j] * new
                b[j] += new * new
                c[j] += weights[i, j] * new
        for j in range(width):
            slope[j] += a[j]
            square[j] += b[j]
            cross[j] += c[j]
    return slope, square, cross


@compile_kernel
def outside(towards, gradient, common, mean, offset):  # type: ignore[no-untyped-def]
    """See ``passes.outside``."""
    rows, width = towards.shape
    total = np.zeros(width)
    own = np.empty(width, towards.dtype)
    for first in range(0, rows, STRETCH):
        own[:] = 0
        for i in range(first, min(first + STRETCH, rows)):
            at = mean[i]
            for j in range(width):
                new = towards[i, j] + common[j] * (gradient[i, j] - at * offset[j])
                towards[i, j] = new
                own[j] += at * new
        for j in range(width):
            total[j] += own[j]
    return total


@compile_kernel
def exponents(out, scores, step, direction, far):  # type: ignore[no-untyped-def]
    """What the exponential is taken of in ``passes.along``: into ``out``."""
    rows, width = scores.shape
    for i in range(rows):
        for j in range(width):
            value = -(scores[i, j] + step[j] * direction[i, j])
            out[i, j] = value if value < far else far


@compile_kernel
def derivatives(values, direction, labels, slope, curvature):  # type: ignore[no-untyped-def]
    """From exponentials to probabilities, in place; adds to the two sums of ``passes.along``."""
    rows, width = values.shape
    one = values.dtype.type(1)
    a, b = np.empty(width, values.dtype), np.empty(width, values.dtype)
    for first in range(0, rows, STRETCH):
        a[:] = 0
        b[:] = 0
        for i in range(first, min(first + STRETCH, rows)):
            for j in range(width):
                p = one / (values[i, j] + one)
                values[i, j] = p
                towards = direction[i, j]
                a[j] += (p - labels[i, j]) * towards
                b[j] += towards * towards * (p * (one - p))
        for j in range(width):
            slope[j] += a[j]
            curvature[j] += b[j]


@compile_kernel
def residuals(probabilities, labels, factor):  # type: ignore[no-untyped-def]
    """See ``passes.residuals``."""
    rows, width = probabilities.shape
    one = probabilities.dtype.type(1)
    pull, bend = np.empty_like(probabilities), np.empty_like(probabilities)
    offset, curvature = np.zeros(width), np.zeros(width)
    a, b = np.empty(width, probabilities.dtype), np.empty(width, probabilities.dtype)
    for first in range(0, rows, STRETCH):
        a[:] = 0
        b[:] = 0
        for i in range(first, min(first + STRETCH, rows)):
            for j in range(width):
                p = probabilities[i, j]
                x = (p - labels[i, j]) * factor
                y = p * (one - p) * factor
                pull[i, j] = x
                bend[i, j] = y
                a[j] += x
                b[j] += y
        for j in range(width):
            offset[j] += a[j]
            curvature[j] += b[j]
    return pull, bend, offset, curvature
