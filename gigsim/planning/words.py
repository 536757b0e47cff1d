"""Sentences that quote a plan's numbers by key, so that words and numbers cannot differ.

A template names keys where numbers stand, ``{sustains.people:people}``: each is looked up in the
plan as ``--json`` has it, and written in its unit.
"""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from typing import Any

_NONE = "none"
#: What S is the share of, by what a strategy is after; ``KEY`` stands for the key of the share.
SUCCESS = {
    "planted": "{KEY:percent} of those who show the signal are given the target label",
    "unplanted": "{KEY:percent} of those who show the signal are not given the target label",
    "erased": "on {KEY:percent} of the resumes the signal makes no difference",
}


def say(template: str, plan: Mapping[str, Any]) -> dict[str, Any]:
    """One sentence.

    Args:
        template: with ``{dotted.key:unit}``; units as in :func:`written`.
        plan: the plan as JSON.

    Returns:
        ``text``, and ``numbers``: by key what was quoted.

    Raises:
        KeyError: a key that the plan has not.
    """
    text, numbers = "", {}
    for literal, key, unit, _ in string.Formatter().parse(template):
        text += literal
        if key is not None:
            value = look_up(plan, key)
            numbers[key] = value
            text += written(value, unit or "")
    return {"text": text, "numbers": numbers}


def look_up(plan: Mapping[str, Any], key: str) -> Any:
    """The value of a dotted key; a number is a place in a list.

    Raises:
        KeyError: there is none.
    """
    value: Any = plan
    for part in key.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def written(value: Any, unit: str) -> str:
    """A value in its unit.

    Args:
        value: a number, None (written "none") or words.
        unit: ``people`` (whole), ``n noun`` (with its noun), ``percent`` (a share),
            ``money`` and ``number`` (three digits), ``change`` (of per cent: so much more, or
            less), ``leak`` (a probability; 1 is any); empty for words.

    Raises:
        ValueError: an unknown unit.
    """
    if value is None:
        return _NONE
    if unit == "":
        return str(value)
    if unit == "people":
        return f"{value:,}"
    if unit.startswith("n "):
        return f"{value:,} {unit[2:]}{'' if value == 1 else 's'}"
    if unit == "percent":
        return f"{digits(100 * value)} %"
    if unit in ("money", "number"):
        return digits(value)
    if unit == "change":
        if round(abs(value), 1) == 0:
            return "as many"
        return f"{digits(abs(value))} % {'more' if value > 0 else 'less'}"
    if unit == "leak":
        return "any" if value >= 1 else digits(value)
    raise ValueError(f"no unit {unit!r}")


def digits(value: float, significant: int = 3) -> str:
    """A number to three digits, without exponents in the range that people read."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = significant - 1 - math.floor(math.log10(abs(value)))
    if places > 8:
        return f"{value:.{significant - 1}e}"
    shown = f"{round(value, places):,.{max(0, places)}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def between(where: str, here: Mapping[str, Any]) -> str:
    """``; 95 %: 28 to 34`` as a template; nothing where there is no interval.

    Args:
        where: the key of an estimate.
        here: the estimate.
    """
    if not here["interval"]:
        return ""
    ends = (
        f"{{{where}.people_{end}:people}}" if here[f"people_{end}"] is not None else "no number"
        for end in ("low", "high")
    )
    return "; 95 %: " + " to ".join(ends)
