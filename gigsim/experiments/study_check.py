"""A study's table against the schema, its base, and its cases against the config."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gigsim.config.check import Places, checked
from gigsim.config.load import resolve, vary
from gigsim.config.schema import shown
from gigsim.config.sections import Config
from gigsim.config.toml_files import read_scenario
from gigsim.errors import InputError
from gigsim.experiments.cases import Case
from gigsim.experiments.design import Raw
from gigsim.experiments.dotted import at, flat, is_value
from gigsim.experiments.study_file import RECORDABLE, StudyTable

_SEED = "run.seed"
# Characters of a case that a message quotes.
_TOLD = 200


def parts_of(
    content: Mapping[str, Any], where: str, folder: Path
) -> tuple[StudyTable, dict[str, Any], Places]:
    """The checked table, the resolved base, and whom to blame for the rest.

    Args:
        content: of a STUDY.toml.
        where: names it in messages.
        folder: that its paths are relative to.

    Raises:
        InputError: a key that is unknown or missing, a value that is not allowed, no such base.
    """
    # A header whose keys are all commented out says nothing, and nothing wrong.
    empty = [key for key in ("set", "config") if content.get(key) == {}]
    given = {key: value for key, value in content.items() if key not in empty}
    places = Places(where, where, frozenset(), given, StudyTable)
    table = StudyTable.model_validate(checked(given, places))
    _check_record(table.record, places)
    if table.config is not None and "base" in given:
        raise places.error(("base",), "given beside config", "one of the two")
    if table.config is not None:
        base = resolve(table.config, {}, f"{where}: config")
    else:
        found, scenario = _scenario(table.base, folder)
        base = resolve(scenario, {}, found)
    changes = flat(table.set or {}, is_value, ("set",), places)
    if _SEED in changes:
        raise _no_seed(f"{where}: set")
    base = resolve(base, changes, f"{where}: set")
    base["run"]["seed"] = Config().run.seed
    return table, base, places


def _scenario(base: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """A file beside the study's, or a scenario that ships."""
    beside = folder / base
    if base.endswith(".toml") or ("\0" not in base and beside.is_file()):
        return read_scenario(beside)
    return read_scenario(base)


def _check_record(record: Sequence[str], places: Places) -> None:
    for number, name in enumerate(record, start=1):
        path = (f"record[{number}]",)
        if name not in RECORDABLE:
            near = difflib.get_close_matches(name.lower(), RECORDABLE, n=1)
            hint = f'did you mean "{near[0]}"? ' if near else ""
            if name in ("runs", "timings"):
                hint = f'"{name}" is always kept; '
            words = ", ".join(f'"{word}"' for word in RECORDABLE)
            raise places.error(path, f"{shown(name)} is not known", f"{hint}allowed: {words}")
        if name in record[: number - 1]:
            raise places.error(path, f"{shown(name)}: given twice", "each table once")


def cases_in(raw: Raw, base: Mapping[str, Any]) -> tuple[Case, ...]:
    """The cases, each one a config and no two the same.

    Args:
        raw: as the design has them.
        base: resolved.

    Raises:
        InputError: a case that the config refuses, that sets ``run.seed``, asks for spot checks,
            or equals another.
    """
    seen: dict[bytes, int] = {}
    cases = []
    for number, nested in enumerate(raw.values):
        where = raw.place(number)
        values = flat(nested, is_value, (), Places(where, where, frozenset(), nested))
        if _SEED in values:
            raise _no_seed(where)
        config = vary(base, values, where)
        if config.measure.spot_checks:
            raise InputError(
                f"{where}: measure.spot_checks",
                f"{[*config.measure.spot_checks]}: a study keeps no table of spot checks",
                "leave it empty; `gigsim run`, with --replicates too, keeps one",
            )
        values = {key: _exact(value, at(config, key)) for key, value in values.items()}
        found = hashlib.blake2b(config.model_dump_json().encode(), digest_size=16).digest()
        if (other := seen.setdefault(found, number)) != number:
            twin = raw.place(other).rpartition(": ")[2]
            told = str(Case(number, values)) or "the base"
            told = told if len(told) <= _TOLD else f"{told[: _TOLD - 3]}..."
            raise InputError(
                where,
                f"the same as {twin} ({told})",
                "every case once: fewer samples, or wider ranges"
                if raw.random
                else "every case once: replicates repeats them",
            )
        cases.append(Case(number, values))
    return tuple(cases)


def _exact(value: Any, resolved: Any) -> Any:
    """A value with its number as the config has it: 2.0 people are 2, a share of 1 is 1.0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    # A number in the place of a law is everybody's value.
    return resolved if isinstance(resolved, int | float) else float(value)


def _no_seed(where: str) -> InputError:
    return InputError(
        f"{where}: {_SEED}",
        "a study's runs have seeds of their own",
        "leave it out; seed and common_random_numbers of the study say how they are made",
    )
