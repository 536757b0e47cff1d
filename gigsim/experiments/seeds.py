"""The seeds of a study's runs: functions of what a run is, not of its place in the study.

So a case keeps its seeds, and with them its results, when others are added or taken away, and two
studies with the same seed that share a case share its runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical(value: Any) -> str:
    """A plain value, such as a case's by dotted key, as JSON in one spelling.

    The order of keys does not matter. 1 and 1.0 differ.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def run_seed(study_seed: int, values: Mapping[str, Any] | None, replicate: int) -> int:
    """The seed of one run.

    Hashed with BLAKE2b: any change of the three gives another one, which is as good as drawn anew.
    Two of R runs agree by chance with probability about R**2 / 2**64; 3e-8 for a million.

    Args:
        study_seed: of the study, at least 0.
        values: of the case; None for common random numbers, where they do not matter.
        replicate: from 0.

    Returns:
        A seed in [0, 2**63).
    """
    what = "" if values is None else canonical(values)
    text = f"{study_seed}/{replicate}/{what}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") >> 1
