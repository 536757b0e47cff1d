"""Random designs: points in the unit cube, and what the ranges of the keys make of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.config.check import Path, Places, checked_table
from gigsim.config.load import resolve
from gigsim.config.schema import Form, figure, kind_of, leaves, shown
from gigsim.config.sections import Config
from gigsim.errors import InputError
from gigsim.experiments.dotted import at, flat, kinded, quoted
from gigsim.experiments.study_file import MOST_CASES, Interval, LatinHypercubeDesign, SobolDesign
from gigsim.streams import Streams

_RANGES: Path = ("design", "ranges")


@dataclass(frozen=True)
class Numbers:
    """Numbers from low to high; whole ones with both ends."""

    low: float
    high: float
    log: bool
    whole: bool

    def at(self, u: NDArray[np.float64]) -> list[Any]:
        """The values at uniforms on [0, 1), shape (n,): the quantiles of the law."""
        # A whole number k has the share of the line from k to k + 1.
        low, high = self.low, self.high + self.whole
        x = low * (high / low) ** u if self.log else low + (high - low) * u
        # What is rounded up must not leave the range.
        return np.clip(np.floor(x) if self.whole else x, self.low, self.high).tolist()


@dataclass(frozen=True)
class Choices:
    """Any of some values, evenly."""

    values: tuple[Any, ...]

    def at(self, u: NDArray[np.float64]) -> list[Any]:
        """The values at uniforms on [0, 1), shape (n,)."""
        places = np.minimum((u * len(self.values)).astype(int), len(self.values) - 1)
        return [self.values[place] for place in places]


def samples_of(
    design: LatinHypercubeDesign | SobolDesign,
    base: Mapping[str, Any],
    seed: int,
    places: Places,
) -> list[dict[str, Any]]:
    """The values of each sample by dotted key.

    Latin hypercube: McKay, Beckman and Conover (1979), in each of n equal parts of every range lies
    one sample. Sobol: Owen's (1998) scrambling, the first n of more samples are the same.

    Args:
        design: the design.
        base: plain table of the config, for the kinds of its tables.
        seed: of the study.
        places: whom to blame.

    Raises:
        InputError: a key that is unknown or takes no numbers, a range outside of what it takes,
            a number of Sobol samples that is no power of two.
    """
    # Takes a second to import, which reading a study's folder should not.
    from scipy.stats import qmc

    laws = laws_of(design.ranges, base, places)
    # SciPy spawns from the seed sequence, which a keyed generator does not have.
    rng = np.random.default_rng(Streams(seed).seed_for("design"))
    if isinstance(design, SobolDesign):
        _refuse_no_power(design.samples, places)
        points = qmc.Sobol(len(laws), scramble=True, seed=rng).random(design.samples)
    else:
        points = qmc.LatinHypercube(len(laws), seed=rng).random(design.samples)
    return values_at(laws, points)


def laws_of(
    ranges: Mapping[str, Any], base: Mapping[str, Any], places: Places, path: Path = _RANGES
) -> dict[str, Numbers | Choices]:
    """The laws of dotted keys from a table of ranges.

    Args:
        ranges: for each key ``{ low, high, scale }`` or ``{ choices }``; perhaps nested.
        base: plain table of the config, for the kinds of its tables.
        places: whom to blame.
        path: where the table stands.

    Raises:
        InputError: a key that is unknown or takes no numbers, a range outside of what it takes.
    """
    found = flat(ranges, _is_range, path, places)
    return {key: _law(key, entry, found, base, places, path) for key, entry in found.items()}


def values_at(
    laws: Mapping[str, Numbers | Choices], points: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """The values of each sample by dotted key.

    Args:
        laws: of the keys.
        points: in the unit cube, shape (n, len(laws)): the quantiles to take.
    """
    columns = [law.at(points[:, column]) for column, law in enumerate(laws.values())]
    whole = [isinstance(law, Numbers) and law.whole for law in laws.values()]
    columns = [
        [int(v) for v in column] if is_whole else column
        for column, is_whole in zip(columns, whole, strict=True)
    ]
    return [dict(zip(laws, row, strict=True)) for row in zip(*columns, strict=True)]


def _is_range(_: str, table: Mapping[str, Any]) -> bool:
    return not all(isinstance(inner, Mapping) for inner in table.values())


def _refuse_no_power(samples: int, places: Places) -> None:
    if samples & (samples - 1):
        below = 1 << (samples.bit_length() - 1)
        near = [str(n) for n in (below, 2 * below) if n <= MOST_CASES]
        raise places.error(
            ("design", "samples"),
            f"{samples}: a Sobol sequence is balanced only at powers of two",
            " or ".join(near),
        )


def _law(
    key: str,
    entry: Any,
    ranges: Mapping[str, Any],
    base: Mapping[str, Any],
    places: Places,
    table: Path,
) -> Numbers | Choices:
    path = (*table, quoted(key))
    if not isinstance(entry, Mapping):
        said = ": ".join(part for part in (shown(entry), kind_of(entry)) if part)
        raise places.error(path, said, "{ low = ..., high = ... } or { choices = [...] }")
    if "choices" in entry:
        return _choices(entry, path, places)
    interval = Interval.model_validate(checked_table(entry, Interval, path, places))
    forms = _forms(key, ranges, base, f"{places.where}: {'.'.join(table)}")
    numbers = [form.number for form in forms if form.number is not None]
    if not numbers:
        allowed = f"choices = [...] of what is allowed there: {forms[0]}"
        raise places.error(path, "takes no numbers", allowed)
    for end in ("low", "high"):
        value = getattr(interval, end)
        for number in numbers:
            if complaint := number.complaint(value):
                raise places.error(
                    (*path, end),
                    f"{figure(value)}: {complaint}",
                    f"allowed: {number}: {forms[0].description}",
                )
    if not interval.low < interval.high:
        raise places.error(
            (*path, "high"),
            f"high = {figure(interval.high)} with low = {figure(interval.low)}",
            "high is above low",
        )
    if interval.scale == "log" and interval.low <= 0:
        raise places.error((*path, "scale"), f'"log" with low = {figure(interval.low)}', "low > 0")
    whole = any(number.whole for number in numbers)
    return Numbers(interval.low, interval.high, interval.scale == "log", whole)


def _choices(entry: Mapping[str, Any], path: Path, places: Places) -> Choices:
    values = entry["choices"]
    for other in entry:
        if other != "choices":
            raise places.error((*path, other), "given beside choices", "one of the two")
    if not isinstance(values, list) or not values:
        said = ": ".join(part for part in (shown(values), kind_of(values)) if part)
        raise places.error((*path, "choices"), said, "a list of values")
    return Choices(tuple(values))


def _forms(key: str, ranges: Mapping[str, Any], base: Mapping[str, Any], where: str) -> list[Form]:
    """What may stand at the key, under every kind that its table may have in this design."""
    known = [(kind, form) for path, kind, form in leaves(Config) if path == key]
    table, _, last = key.rpartition(".")
    if table in kinded() and last == "kind":
        form = next(form for path, _, form in leaves(Config) if path == table)
        return [Form(form.description, None, True, words=tuple(form.kinds))]
    if not known:
        # Says what is wrong with the key, as for a config.
        resolve(base, {key: math.nan}, where)
        raise AssertionError(f"the config knows {key}")
    if table in kinded():
        drawn = ranges.get(f"{table}.kind")
        kinds = (
            drawn.get("choices", []) if isinstance(drawn, Mapping) else [at(base, f"{table}.kind")]
        )
        having = " or ".join(kind for kind, _ in known)
        known = [(kind, form) for kind, form in known if kind in kinds]
        if not known:
            raise InputError(
                f"{where}: {key}", "unknown key here", f"only {table}.kind = {having} has it"
            )
    return [form for _, form in known]
