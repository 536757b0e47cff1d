"""The columns of a cell: each named once, and described where users read of them."""

from __future__ import annotations

import re
from pathlib import Path

from gigsim.curves.columns import COLUMNS, FRONT, KEYS, MEANS, ORDER


def test_every_list_is_a_part_of_all_columns() -> None:
    for names in (COLUMNS, FRONT, KEYS, MEANS, ORDER):
        assert len(set(names)) == len(names)
        assert set(names) <= set(COLUMNS)
    assert COLUMNS[: len(KEYS)] == KEYS


def test_the_documentation_has_them_in_the_order_of_the_file() -> None:
    text = (Path(__file__).parents[2] / "docs" / "curves.md").read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith("| `curve.parquet` |"))
    # Words in brackets explain, and may quote values.
    named = re.findall(r"`(\w+)`", re.sub(r"\([^()]*\)", "", row.split("|")[2]))
    assert tuple(named) == (*FRONT, *(name for name in COLUMNS if name not in FRONT))
