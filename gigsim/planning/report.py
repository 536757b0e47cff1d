"""The answers as text: sentences under their questions, and a table of the main numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gigsim.planning.sentences import QUESTIONS
from gigsim.planning.words import look_up, written

HEADER = ("", "people", "share", "95 % (people)")

#: Rows of the table: what, and the key of an estimate.
_ROWS = (
    ("works from", "works"),
    ("promised by a theorem from", "works.guarantee"),
    ("sustains itself from", "sustains"),
    ("grows to", "sustains.grows_to"),
    ("first movers that suffice", "start.first_movers"),
    ("provision point", "start.provision_point"),
)
_MONEY = (
    ("subsidy, money a person and period", "start.subsidy.per_person"),
    ("subsidy, money in all", "start.subsidy.total"),
    ("money to have at hand", "start.subsidy.fund"),
    ("largest leak", "secrecy.leak_most"),
    ("most that outsiders may have", "secrecy.gamma_works"),
)
_HINGES = {
    "benefit": "a label's worth",
    "costs": "costs",
    "platform": "members the platform takes",
    "leak": "leak",
}
_UNITS = {"secrecy.leak_most": "leak", "secrecy.gamma_works": "percent"}


def report_lines(plan: Mapping[str, Any]) -> list[str]:
    """The sentences, a heading a question."""
    lines = [f"{plan['name']}: {plan['people']:,} people"]
    for number, question in QUESTIONS.items():
        lines += ["", f"{number}. {question}"]
        lines += [f"   {one['text']}" for one in plan["sentences"] if one["question"] == number]
    return lines


def table_of(plan: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Rows of :data:`HEADER`: the main numbers, the ones of money and secrecy, what it hangs on."""
    rows: list[tuple[str, ...]] = []
    for words, key in _ROWS:
        here = look_up(plan, key)
        if here is None:
            continue
        between = ""
        if here.get("interval"):
            ends = [here[f"people_{end}"] for end in ("low", "high")]
            shown = ("never" if end is None else written(end, "people") for end in ends)
            between = " to ".join(shown)
        never = here["share"] is None
        people = "never" if never else written(here["people"], "people")
        rows.append((words, people, "-" if never else written(here["share"], "percent"), between))
    for words, key in _MONEY:
        value = look_up(plan, key)
        unit = _UNITS.get(key, "money")
        rows.append((words, "-" if value is None else written(value, unit), "", ""))
    for one in plan["sure"]["hangs_on"]:
        if one["name"] == "secrecy":
            continue  # Counts as b does, to the digit.
        more = one["worse"] is None
        change = f"rises to {written(one['to'], 'number')}" if more else f"{one['worse']:+.0f} %"
        moved = "then never" if not one["still"] else f"{one['of']} {one['effect']:+.1f} %"
        rows.append((f"if {_HINGES[one['name']]} {change}", moved, "", ""))
    return rows


def markdown(plan: Mapping[str, Any]) -> str:
    """The plan as a page."""
    lines = [f"# A plan for {plan['name']}", ""]
    for number, question in QUESTIONS.items():
        lines += [f"## {number}. {question}", ""]
        lines += [f"- {one['text']}" for one in plan["sentences"] if one["question"] == number]
        lines += [""]
    lines += ["## In numbers", "", f"| {' | '.join(HEADER)} |", "|---|---:|---:|---:|"]
    lines += [f"| {' | '.join(row)} |" for row in table_of(plan)]
    return "\n".join([*lines, ""])
