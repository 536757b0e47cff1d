"""Known answers: cases whose outcome is known beforehand, computed anew by the code that ships.

The numbers V1, V2, ... are those of the reference on the theory; they have gaps on purpose. P1, P2,
... are further results on who takes part, and on how that spreads, that have no number there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

#: How an experiment with trained learners can end that does not come out as a paper reports.
Finding = Literal["not shown", "contrary"]

Verdict = Literal["passes", "FAILS", "not shown", "contrary", "not applicable"]


@dataclass(frozen=True)
class Obtained:
    """What came out.

    Attributes:
        text: the numbers, for a table.
        passed: does it agree with what was expected? None: not applicable, ``text`` says why.
        finding: of an experiment with trained learners that did not come out as a paper reports:
            ``contrary``, there is significant evidence against it; ``not shown``, there is too
            little for it. That is a finding about learners, not a fault of a formula: it counts as
            not passed, and does not make the command fail.
    """

    text: str
    passed: bool | None
    finding: Finding | None = None

    def __post_init__(self) -> None:
        if self.finding is not None and self.passed is not False:
            raise ValueError("what has a finding did not pass")

    @property
    def verdict(self) -> Verdict:
        """In a word."""
        if self.passed is None:
            return "not applicable"
        if self.passed:
            return "passes"
        return self.finding or "FAILS"

    @property
    def fails(self) -> bool:
        """Is something wrong with the code?"""
        return self.verdict == "FAILS"


@dataclass(frozen=True)
class Known:
    """One known answer.

    Attributes:
        name: such as ``V1``; ``P1`` and so on are results on who takes part that have no number in
            the reference.
        case: what is computed.
        expected: what is to come out.
        source: a theorem, a paper, or ``derived``.
        check: computes it, and draws nothing but from seeds of its own.
        slow: it takes seconds, as simulations of thousands of people do; else well under one.
    """

    name: str
    case: str
    expected: str
    source: str
    check: Callable[[], Obtained]
    slow: bool = False

    @property
    def place(self) -> tuple[bool, int, str]:
        """To sort by (:func:`place`)."""
        return place(self.name)


def place(name: str) -> tuple[bool, int, str]:
    """Where a known answer stands: V4 before V16, V4a before V4b, all of them before P1."""
    digits = "".join(c for c in name if c.isdigit())
    return not name.startswith("V"), int(digits), name


def compared(found: Mapping[str, tuple[float, str]], note: str = "") -> Obtained:
    """Numbers against what a table prints of them.

    Args:
        found: by name, what was computed and what is printed: it agrees to half a unit of the last
            printed digit.
        note: added to the text.
    """
    passed, parts = True, []
    for name, (value, printed) in found.items():
        digits = len(printed.partition(".")[2])
        passed &= bool(abs(value - float(printed)) <= 0.5 * 10.0**-digits * (1 + 1e-6))
        parts.append(f"{name} = {value:.{digits}f}" if name else f"{value:.{digits}f}")
    return Obtained("; ".join(parts) + (f"; {note}" if note else ""), passed)


def listed(found: Mapping[str, Sequence[tuple[float, str]]], note: str = "") -> Obtained:
    """Several numbers under each name; the rest as in :func:`compared`."""
    rows = {name: [compared({"": pair}) for pair in pairs] for name, pairs in found.items()}
    text = "; ".join(f"{name}: {', '.join(o.text for o in row)}" for name, row in rows.items())
    passed = all(o.passed for row in rows.values() for o in row)
    return Obtained(text + (f"; {note}" if note else ""), passed)


def also(numbers: Obtained, played: str, agrees: bool) -> Obtained:
    """What was computed and, beside it, what was played out; it passes if both are as expected."""
    told = played if agrees else f"NOT AS EXPECTED, {played}"
    return Obtained(f"{numbers.text}. Simulated: {told}", bool(numbers.passed) and agrees)


def counted(violations: int, cases: int, what: str, note: str = "") -> Obtained:
    """Something that must never happen, and how often it did."""
    text = f"{violations:,} of {cases:,} {what}"
    return Obtained(text + (f"; {note}" if note else ""), violations == 0 and cases > 0)


def all_known() -> tuple[Known, ...]:
    """Every known answer but the experiments with trained learners, in the order of their numbers.

    Raises:
        ValueError: two have the same name.
    """
    from gigsim.validation import (
        known_cascades,
        known_chance,
        known_contagion,
        known_convex,
        known_dynamics,
        known_games,
        known_goods,
        known_groups,
        known_participation,
        known_planting,
        known_startup,
        known_sweeps,
        known_thresholds,
        known_worlds,
    )

    modules = (
        known_planting,
        known_worlds,
        known_convex,
        known_participation,
        known_dynamics,
        known_goods,
        known_games,
        known_thresholds,
        known_cascades,
        known_contagion,
        known_startup,
        known_sweeps,
        known_chance,
        known_groups,
    )
    found = [known for module in modules for known in module.KNOWN]
    names = [known.name for known in found]
    if len(set(names)) < len(names):
        raise ValueError(f"known answers share a name: {sorted(names)}")
    return tuple(sorted(found, key=lambda known: known.place))
