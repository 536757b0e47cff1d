"""The machine and the libraries: what decides, beside config and seed, the last bits of a result.

Sums of floating-point numbers depend on the order in which a processor's kernels add them. Which
kernels those are follows from the versions of the libraries, the kind of machine, and what its CPU
can do as NumPy, the BLAS libraries and torch see it; the name on the CPU is for people.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

_PACKAGES = [
    "gigsim",
    "mesa",
    "numpy",
    "scipy",
    "torch",
    "transformers",
    "tokenizers",
    "scikit-learn",
    "networkx",
    "pandas",
    "pyarrow",
]


def environment() -> dict[str, Any]:
    """What :func:`gigsim.runs.provenance` says of the machine and the libraries.

    Returns:
        ``python``, ``machine``, ``system``, ``versions`` and ``cpu``: its ``model``; ``simd``, the
        instruction sets that NumPy found; ``blas``, the kernels that its BLAS libraries chose;
        ``torch``, the capability that torch's kernels go by, None where torch is not loaded and so
        had no part in the result.
    """
    torch = sys.modules.get("torch")
    simd: Any = np.show_config(mode="dicts")
    blas = {one.get("architecture") for one in threadpool_info() if one["user_api"] == "blas"}
    return {
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "system": platform.system(),
        "cpu": {
            "model": _cpu_model(),
            "simd": sorted(simd["SIMD Extensions"].get("found", [])),
            "blas": sorted(name for name in blas if name),
            "torch": None if torch is None else torch.backends.cpu.get_cpu_capability(),
        },
        "versions": {name: version(name) for name in _PACKAGES},
    }


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In what two environments differ that can change the bits of a result.

    Args:
        then: a run's ``provenance.json``. One from before it named a CPU differs from any.
        now: :func:`environment` of this process.

    Returns:
        One phrase a difference, such as ``numpy 2.3.0, now 2.4.6``; empty where equal bytes are to
        be expected.
    """
    found = [
        f"{name} {then.get(name)}, now {now[name]}"
        for name in ("python", "machine", "system")
        if then.get(name) != now[name]
    ]
    packages, installed = then.get("versions", {}), now["versions"]
    found += [
        f"{name} {packages.get(name, 'none')}, now {installed.get(name, 'none')}"
        for name in sorted({*packages, *installed})
        if packages.get(name) != installed.get(name)
    ]
    cpu = then.get("cpu")
    if cpu is None:
        return [*found, "no CPU named"]
    for name in ("simd", "blas", "torch"):
        was, is_ = cpu.get(name), now["cpu"][name]
        # A library that was not loaded computed nothing; BLAS counts as far as both have loaded it.
        if name == "blas" and set(was or ()) & set(is_):
            continue
        # Without any instruction set NumPy computes, too.
        unknown: tuple[Any, ...] = (None,) if name == "simd" else (None, [])
        if was not in unknown and is_ not in unknown and was != is_:
            found.append(f"CPU as {name} sees it {_words(was)}, now {_words(is_)}")
    return found


def _words(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value) or "nothing"


def _cpu_model() -> str:
    """The name on the CPU; Linux keeps it in a file, elsewhere Python asks the system."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
