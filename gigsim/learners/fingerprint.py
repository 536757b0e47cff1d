"""What determines the outcome of a training, as one key: equal keys, equal bits.

The key of a :class:`~gigsim.learners.pool.FitJob` is a blake2b digest of

- *the job*: the learner (its class, every field of it, so the full recipe, the number of labels,
  the precision, the threads and the device), every array of the training rows in order, their
  labels, the seed (left out for learners that draw nothing), the state that it starts from, the
  weights and config of a published encoder, and the rows that it is evaluated on;
- *the code*: every source file of ``gigsim.learners``, and the versions of the libraries that the
  learner trains with (``Learner.libraries``);
- *the machine*: processor model and the vector instructions that NumPy and torch found, C library,
  the BLAS that is loaded and the kernels that it chose, settings from the environment that choose
  others, and for a GPU its name, CUDA and cuDNN. Two machines that differ in any of them may round
  differently, and then they share nothing.

A changed comment in ``gigsim.learners`` changes all keys: a training too many is cheap, a wrong one
is not. What the code is, is known of this package's own learners only, and only while its sources
are those that this process has read: :class:`Unknown` says where it is not.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib
import json
import os
import platform
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from threadpoolctl import threadpool_info

from gigsim.learners import IMPORTED
from gigsim.learners.pool import FitJob
from gigsim.learners.protocol import Learner

#: Of the key: what goes into it and how. Files of another version are never met.
VERSION = 1

_PACKAGE = Path(__file__).parent

#: Variables that make a library choose other kernels than the processor's own.
_ENVIRONMENT = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_DEBUG_CPU_TYPE",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
)


class Unknown(Exception):  # noqa: N818 - nobody's mistake
    """What would be trained is not known well enough to be shared; says why."""


class Digest:
    """A blake2b digest of named values, in which no two different sequences of them look alike."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=32)

    def add(self, name: str, value: str | bytes) -> None:
        """A text or bytes; both with their lengths in front."""
        for part in (name, value):
            content = part.encode() if isinstance(part, str) else part
            self._hash.update(struct.pack("<Q", len(content)))
            self._hash.update(content)

    def add_plain(self, name: str, value: Any) -> None:
        """Numbers, texts, lists and dictionaries of them, whatever the order of their keys."""
        self.add(name, json.dumps(value, sort_keys=True))

    def add_array(self, name: str, values: NDArray[Any]) -> None:
        """Type, shape and content of an array, however it lies in memory."""
        if values.dtype.hasobject:
            raise TypeError(f"{name}: an array of objects has no bytes of its own")
        shape = "x".join(map(str, values.shape))
        self.add(name, f"{values.dtype.str} {shape}")
        self._hash.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)

    def add_arrays(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Arrays by name, whatever their order."""
        self.add_plain(name, len(arrays))
        for key in sorted(arrays):
            self.add_array(key, arrays[key])

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        return self._hash.hexdigest()


def fingerprint(job: FitJob) -> str:
    """The key of a training: 64 hexadecimal digits, the same in every process.

    Raises:
        Unknown: the learner is not of this package, or its sources have changed since.
        InputError: a published encoder cannot be loaded.
    """
    learner, digest = job.learner, Digest()
    digest.add_plain("version", VERSION)
    digest.add("sources", sources_digest())
    digest.add_plain("learner", described(learner))
    digest.add_plain("libraries", versions(learner.libraries))
    digest.add_plain("machine", machine(learner))
    digest.add_arrays("material", learner.material())
    digest.add_array("labels", job.labels)
    digest.add_plain("seed", job.seed if learner.stochastic else None)
    digest.add_plain("starts from a state", job.start is not None)
    digest.add_arrays("start", job.start or {})
    digest.add_plain("evaluate", len(job.evaluate))
    for rows in (job.rows, *job.evaluate):
        digest.add_arrays(type(rows).__name__, rows.arrays())
    return digest.hexdigest()


def described(learner: Learner) -> dict[str, Any]:
    """Class and fields of a learner, in plain values.

    Raises:
        Unknown: it is not of this package.
    """
    kind = type(learner)
    if foreign := getattr(learner, "foreign", ""):
        raise Unknown(f"the learner {foreign} has code outside of gigsim.learners")
    for part in kind.__mro__[:-1]:
        if not part.__module__.startswith("gigsim.learners."):
            raise Unknown(f"the learner {kind.__qualname__} has code outside of gigsim.learners")
    assert dataclasses.is_dataclass(learner), "learners of this package are dataclasses"
    fields = {f.name: getattr(learner, f.name) for f in dataclasses.fields(learner)}
    return {
        "class": f"{kind.__module__}.{kind.__qualname__}",
        **{
            name: value.model_dump(mode="json") if isinstance(value, BaseModel) else value
            for name, value in fields.items()
        },
    }


def sources_digest() -> str:
    """Of the sources of ``gigsim.learners``, as this process runs them; read once a process.

    Raises:
        Unknown: a file was written since this process imported the package, so that what runs here
            may not be what lies there.
    """
    files = sorted(_PACKAGE.rglob("*.py"))
    if not files:
        raise Unknown("the sources of gigsim.learners are not at hand")
    for path in files:
        if path.stat().st_mtime_ns > IMPORTED:
            raise Unknown(f"{path} has changed since this process was started")
    return _own_sources()


@functools.cache
def _own_sources() -> str:
    return digest_of_files(_PACKAGE.rglob("*.py"))


def digest_of_files(files: Iterable[Path]) -> str:
    """Of names and contents, whatever the order."""
    digest = Digest()
    for path in sorted(files):
        digest.add(path.name, path.read_bytes())
    return digest.hexdigest()


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """The version of each module as it is loaded here."""
    return {name: str(importlib.import_module(name).__version__) for name in libraries}


def machine(learner: Learner) -> dict[str, Any]:
    """What of this machine, and of the settings of this process, may change a bit of a training."""
    found: dict[str, Any] = dict(_processor())
    found["environment"] = {name: os.environ.get(name) for name in _ENVIRONMENT}
    if "torch" in learner.libraries:
        found["torch"] = _torch(getattr(learner, "device", "cpu"))
    else:
        # Torch has its own; which others are loaded is then a matter of what else the process did.
        found["blas"] = _blas()
    return found


@functools.cache
def _processor() -> dict[str, Any]:
    extensions: Any = np.show_config(mode="dicts")["SIMD Extensions"]
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _model_name(),
        "vectors": {name: sorted(extensions.get(name, [])) for name in ("baseline", "found")},
        "libc": "-".join(platform.libc_ver()),
    }


@functools.cache
def _blas() -> list[str]:
    """Of this process; whose libraries are asked for has them loaded."""
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return sorted({f"{b['internal_api']} {b['version']} {b.get('architecture')}" for b in found})


def _model_name() -> str:
    """Of the processor, as the system calls it; where it does not say, its family."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _torch(device: str) -> dict[str, Any]:
    import torch

    found: dict[str, Any] = {
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "build": torch.__config__.show(),
        "default dtype": str(torch.get_default_dtype()),
        "mkldnn": bool(torch.backends.mkldnn.enabled),
    }
    if device == "cuda":
        found["cuda"] = {
            "name": torch.cuda.get_device_name(),
            "capability": list(torch.cuda.get_device_capability()),
            "version": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
    elif device == "mps":
        found["mps"] = list(platform.mac_ver()[:1])
    return found
