"""Torch's process-wide settings for the length of one training, restored afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

#: cuBLAS is deterministic only with a workspace of fixed size.
_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


@contextmanager
def torch_settings(threads: int, device: str) -> Iterator[None]:
    """Fix what would otherwise make a training depend on the process that runs it.

    Args:
        threads: of one operation on the CPU, at least 1.
        device: ``cpu``, ``cuda`` or ``mps``; the latter two need deterministic kernels asked for.
    """
    before = (
        torch.get_num_threads(),
        torch.get_float32_matmul_precision(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    workspace = os.environ.get(_WORKSPACE)
    try:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision("highest")
        if device != "cpu":
            torch.use_deterministic_algorithms(True)
        if device == "cuda":
            os.environ.setdefault(_WORKSPACE, ":4096:8")
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.set_float32_matmul_precision(before[1])
        # Not on the CPU, where nothing was asked for: even a no loads torch's compiler, which takes
        # a second and leaves a variable of its own in the environment.
        if device != "cpu":
            torch.use_deterministic_algorithms(before[2], warn_only=before[3])
        if workspace is None:
            os.environ.pop(_WORKSPACE, None)
