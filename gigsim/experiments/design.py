"""Designs: what the cases of a study set, before anybody has checked whether a config takes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from gigsim.config.check import Places
from gigsim.config.schema import kind_of, shown
from gigsim.errors import InputError
from gigsim.experiments.case_file import read_csv
from gigsim.experiments.cases import read_cases
from gigsim.experiments.dotted import flat, quoted
from gigsim.experiments.sampling import samples_of
from gigsim.experiments.study_file import (
    MOST_CASES,
    CsvDesign,
    GridDesign,
    LatinHypercubeDesign,
    ListDesign,
    SobolDesign,
    ZipDesign,
)

AnyDesign = (
    GridDesign | ZipDesign | ListDesign | LatinHypercubeDesign | SobolDesign | CsvDesign | None
)


@dataclass(frozen=True)
class Raw:
    """Cases as a design has them.

    Attributes:
        values: for each case what it sets, by key; perhaps nested, perhaps not allowed.
        place: for the number of a case where it stands, for messages.
        random: are they drawn?
    """

    values: list[dict[str, Any]]
    place: Callable[[int], str]
    random: bool = False


def cases_of(
    design: AnyDesign, base: Mapping[str, Any], seed: int, places: Places, folder: Path
) -> Raw:
    """What the cases of a design set.

    Args:
        design: as :mod:`gigsim.experiments.study_file` has checked it; None is one case.
        base: plain table of the config that they change.
        seed: of the study; a random design is a function of it and of the ranges.
        places: whom to blame.
        folder: that a CSV's path is relative to.

    Raises:
        InputError: values that are no lists or of different lengths, ranges that the key does not
            have, too many cases, no case, a file that cannot be read.
    """

    def place(number: int) -> str:
        return f"{places.where}: case {number}"

    if design is None:
        return Raw([{}], place)
    if isinstance(design, CsvDesign):
        return _filed(folder / design.path)
    if isinstance(design, LatinHypercubeDesign | SobolDesign):
        return Raw(samples_of(design, base, seed, places), place, random=True)
    if isinstance(design, ListDesign):
        found = [dict(case) for case in design.cases]
        _refuse_count(len(found), "design.cases", places)
        return Raw(found, place)
    lists = _lists(design.values, places)
    lengths = [len(values) for values in lists.values()]
    if isinstance(design, GridDesign):
        _refuse_count(math.prod(lengths), "design.values", places)
        rows = product(*lists.values())
    else:
        if len(set(lengths)) > 1:
            told = ", ".join(f"{key}: {len(values):,}" for key, values in lists.items())
            raise places.error(
                ("design", "values"),
                f"lists of different lengths ({told})",
                'a zip takes the i-th of each; kind = "grid" combines them',
            )
        _refuse_count(lengths[0], "design.values", places)
        rows = zip(*lists.values(), strict=True)  # type: ignore[assignment]
    return Raw([dict(zip(lists, row, strict=True)) for row in rows], place)


def _lists(table: Mapping[str, Any], places: Places) -> dict[str, list[Any]]:
    path = ("design", "values")
    lists = flat(table, lambda _, __: False, path, places)
    for key, values in lists.items():
        if not isinstance(values, list) or not values:
            said = ": ".join(part for part in (shown(values), kind_of(values)) if part)
            raise places.error(
                (*path, quoted(key)), said, f"a list of values, e.g. [{shown(values) or '1, 2'}]"
            )
    return lists


def _refuse_count(count: int, key: str, places: Places) -> None:
    if not 1 <= count <= MOST_CASES:
        path = tuple(key.split("."))
        raise places.error(path, f"{count:,} cases", f"at least 1 and at most {MOST_CASES:,}")


def _filed(path: Path) -> Raw:
    if path.suffix == ".parquet":
        cases = read_cases(path)
        raw = Raw([dict(case.values) for case in cases], lambda n: f"{path}: case {n}")
    else:
        rows, lines = read_csv(path)
        raw = Raw(rows, lambda number: f"{path}: line {lines[number]}")
    if not 1 <= len(raw.values) <= MOST_CASES:
        allowed = f"at least 1 and at most {MOST_CASES:,}"
        raise InputError(str(path), f"{len(raw.values):,} cases", allowed)
    return raw
