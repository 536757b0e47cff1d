"""One row a run: the numbers of its summary that tables of many runs hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

#: Whole numbers that may be missing; so as not to become floats, or objects where all are.
_MAYBE_WHOLE = {"tipping_period": "Int64", "settled": "Int64"}
_PEOPLE = ("members", "free_riders", "outsiders")
_AS_THEY_ARE = ("periods", "tipped", "grown", "limit_reached", *_PEOPLE)


def runs_table(
    keys: Sequence[Mapping[str, Any]], summaries: Sequence[Mapping[str, Any]]
) -> pd.DataFrame:
    """The table of many runs.

    Args:
        keys: for each run the columns in front, such as ``replicate`` and ``seed``.
        summaries: for each run what ``summarise_run`` gives.

    Returns:
        A DataFrame, one row a run: its last numbers, and whether and when it tipped and settled
        (docs/tables.md).
    """
    rows = [
        {
            **key,
            "periods": found["periods"],
            "tipped": found["tipped"],
            "tipping_period": found["tipping_period"],
            "grown": found["grown"],
            "settled": found["settled"],
            "limit_reached": found["limit_reached"],
            **found["final"],
            "clean_rate": found["clean_rate"],
            "clean_accuracy": found["clean_accuracy"],
            "alpha_platform": found["alpha_platform"]["observed"],
            "theory_gap": found["theory_gap"],
        }
        for key, found in zip(keys, summaries, strict=True)
    ]
    table = pd.DataFrame(rows)
    in_front = {name for key in keys for name in key}
    kept = {*in_front, *_MAYBE_WHOLE, *_AS_THEY_ARE}
    shares = {name: "float64" for name in table if name not in kept}
    return table.astype(_MAYBE_WHOLE | shares)
