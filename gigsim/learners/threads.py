"""Torch's process-wide settings for the length of one training, restored afterwards."""

from __future__ import annotations

import ctypes
import functools
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from gigsim.learners.protocol import Precision

#: cuBLAS is deterministic only with a workspace of fixed size.
_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"

#: Of glibc's mallopt: the free memory at which it gives back, and the size from which it maps.
_TRIM, _MMAP = -1, -3

#: In a training, and otherwise: where glibc's own adjustment of the two ends.
_KEPT = {_TRIM: 1 << 30, _MMAP: 1 << 28}
_USUAL = {_TRIM: 1 << 26, _MMAP: 1 << 25}


@contextmanager
def torch_settings(threads: int, device: str, precision: Precision = "float32") -> Iterator[None]:
    """Fix what would otherwise make a training depend on the process that runs it.

    Args:
        threads: of one operation on the CPU, at least 1.
        device: ``cpu``, ``cuda`` or ``mps``; the latter two need deterministic kernels asked for.
        precision: of matrix products. ``medium`` is torch's own word for float32 products by the
            library that may compute them in parts of bfloat16, where the processor gains by it.
    """
    before = (
        torch.get_num_threads(),
        torch.get_float32_matmul_precision(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    workspace = os.environ.get(_WORKSPACE)
    _keep_memory(_KEPT if device == "cpu" else _USUAL)
    try:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision("medium" if precision == "medium" else "highest")
        if device != "cpu":
            torch.use_deterministic_algorithms(True)
        if device == "cuda":
            os.environ.setdefault(_WORKSPACE, ":4096:8")
        yield
    finally:
        _keep_memory(_USUAL)
        torch.set_num_threads(before[0])
        torch.set_float32_matmul_precision(before[1])
        # Not on the CPU, where nothing was asked for: even a no loads torch's compiler, which takes
        # a second and leaves a variable of its own in the environment.
        if device != "cpu":
            torch.use_deterministic_algorithms(before[2], warn_only=before[3])
        if workspace is None:
            os.environ.pop(_WORKSPACE, None)


def _keep_memory(limits: dict[int, int]) -> None:
    """Tell glibc's allocator when to give memory back; other C libraries have no such setting.

    A training asks for the same few megabytes at every step. Given back in between, each page of
    them has to be cleared and mapped anew, which takes longer than the arithmetic on it.
    """
    libc = _glibc()
    if libc is None:
        return
    for option, limit in limits.items():
        libc.mallopt(option, limit)
    if limits is _USUAL:
        libc.malloc_trim(0)


@functools.cache
def _glibc() -> ctypes.CDLL | None:
    """Of this process; None where another C library is."""
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
