"""The answers to the organiser's questions 3 and 4 in words: what gets it going, how secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gigsim.planning.words import between

Plan = Mapping[str, Any]
#: Kinds of trials that are of the plan, not of less.
PLANNED = ("first_movers", "subsidy", "provision_point")
# A plan that carries fewer of its runs is said to be unsafe.
_MOSTLY = 0.8
_LASTS = "lasts", "growing"


def start_sentences(plan: Plan) -> Iterator[str]:
    """Templates of question 3."""
    start, here = plan["start"], plan["sustains"]
    if not here["possible"]:
        yield "Nothing does: first movers would stay alone, and a subsidy would never end."
        if plan["works"]["people"]:
            yield (
                "It works only for as long as {works.people:n member} stay whatever it brings them"
                + (", by the promise." if not plan["source"]["measured"] else ".")
            )
        return
    if here["by_itself"]:
        yield "Nothing is needed: no first movers, no subsidy, no provision point."
        yield from _tried(start.get("trials"))
        return
    movers = start["first_movers"]
    yield (
        "Either people who commit themselves: {start.first_movers.people:n first mover}"
        " ({start.first_movers.share:percent}"
        + between("start.first_movers", movers)
        + ") staying whatever it brings just suffice, as those to whom it is cheap come along;"
        " plan {start.first_movers.plan:people}."
    )
    if movers["with_leak"] is None:
        yield (
            "With a leak of {secrecy.leak:number} no number of first movers carries it: people get"
            " hold of the signal before they have a reason to join."
        )
    elif movers["people_with_leak"] > movers["people"]:
        yield (
            "That is with the leak of {secrecy.leak:number} in the plan's number: it raises what"
            " just suffices to {start.first_movers.people_with_leak:people}."
        )
    if movers["configured"]:
        measured = plan["source"]["measured"]
        line = "This scenario has {start.first_movers.configured:n first mover}, "
        if movers["configured_suffice"]:
            line += "which is enough" if measured else "which is enough, if the promise holds"
        else:
            line += "too few: it ends with {start.first_movers.left_with_configured:n member}"
            line += "" if measured else ", unless more is achieved than is promised"
        yield line + "."
    yield from _money(start)
    point = start["provision_point"]
    if point["works"]:
        yield (
            "Or a contract with a provision point and refund, which costs nothing: pledges bind"
            " only once there are as many as {start.provision_point.people:people}"
            " ({start.provision_point.share:percent}; any number from"
            " {start.provision_point.least_people:people} to"
            " {start.provision_point.most_people:people} works). Nobody risks to be alone, and"
            " {start.provision_point.pledges:percent} of the people would pledge, if they trust"
            " what they are told of that size: neither first movers nor a subsidy are needed then."
        )
    else:
        yield "A provision point does not help: at no point would enough people pledge."
    yield from _tried(start.get("trials"))


def _money(start: Plan) -> Iterator[str]:
    subsidy = start["subsidy"]
    if not subsidy["arrives"]:
        yield (
            "A subsidy of {start.subsidy.per_person:money} a period to every member carries it up,"
            " but not to a size at which it stays when the subsidy ends."
        )
    elif subsidy["per_person"]:
        yield (
            "Or money, in which a sure target label is worth {benefit:money} a period, with nobody"
            " committed: {start.subsidy.per_person:money} a period to each member (just more than"
            " {start.subsidy.least:money} would do"
            + (
                "; 95 %: {start.subsidy.least_low:money} to {start.subsidy.least_high:money}"
                if subsidy["interval"] and subsidy["least_high"] is not None
                else ""
            )
            + "), until {start.subsidy.until_people:people} have joined. That takes"
            " {start.subsidy.periods:n period} and {start.subsidy.total:money} in all, at most"
            " {start.subsidy.most_per_period:money} in a period; have {start.subsidy.fund:money} at"
            " hand."
        )
        yield (
            "Were each paid only what she or he lacks at the time, it would take at most"
            " {start.subsidy.least_budget:money} in a period, when one joins after the other."
        )
    beside = start["subsidy_with_configured"]
    if beside and beside["arrives"] and beside["per_person"]:
        yield (
            "Beside the first movers of this scenario"
            " {start.subsidy_with_configured.per_person:money} a period to each other member does,"
            " {start.subsidy_with_configured.total:money} in all."
        )


def _tried(trials: Plan | None) -> Iterator[str]:
    if not trials:
        yield (
            "None of this was tried in runs: the numbers are of a crowd so large that luck does"
            " nothing."
        )
        return
    names = {
        "first_movers": "{key.changes.first_movers:n first mover}",
        "fewer_first_movers": "{key.changes.first_movers:n first mover}",
        "subsidy": "the planned subsidy",
        "smaller_subsidy": "a subsidy of {key.changes.subsidy:money}",
        "provision_point": "the provision point",
        "nothing": "none of all this",
    }
    parts = []
    for name in trials["kinds"]:
        key = f"start.trials.kinds.{name}"
        parts.append(
            f"with {names[name].replace('key', key)} {{{key}.carried:people}} of"
            f" {{{key}.of:people}} grew (95 %: {{{key}.low:percent}} to {{{key}.high:percent}} of"
            " such runs)"
        )
    stands = "" if trials["stands_in"] == "curve" else ", the promise standing in for the platform"
    yield (
        "Tried out in runs of {start.trials.people:people} people"
        + stands
        + ": "
        + "; ".join(parts)
        + "."
    )
    if set(trials["kinds"]) == {"nothing"} and trials["kinds"]["nothing"]["share"] < _MOSTLY:
        yield "So do not rely on it: commit a few first movers all the same."
    for name in PLANNED:
        tried = trials["kinds"].get(name)
        if tried and tried["share"] < _MOSTLY:
            yield (
                f"So {names[name].replace('key', f'start.trials.kinds.{name}')} are no safe plan"
                if name == "first_movers"
                else f"So {names[name]} is no safe plan"
            ) + (
                ": the calculation is of a crowd so large that luck and leaks do nothing. Plan with"
                " more, or by a means that did better."
            )


def secrecy_sentences(plan: Plan) -> Iterator[str]:
    """Templates of question 4."""
    here = plan["secrecy"]
    if not plan["sustains"]["possible"]:
        if here["gamma_sustains"] is None:
            yield "No secrecy would help: it would not last if only members had any of it."
            return
        yield (
            "More than there is: if outsiders had at most {secrecy.gamma_sustains:percent} of what"
            " members have (now {secrecy.gamma:percent}), it would sustain itself"
            + (
                "."
                if here["gamma_works"] == 0
                else ", and work with at most {secrecy.gamma_works:percent}."
            )
        )
        return
    more = here["gamma_sustains"] > here["gamma_works"] + 1e-6
    # Where it grows and yet does not work, secrecy is asked of its growing.
    verb, doing = ("works", "working") if plan["sustains"]["grows_to"]["works"] else _LASTS
    yield (
        f"It {verb} as long as outsiders have at most {{secrecy.gamma_works:percent}} of what"
        " members have (now {secrecy.gamma:percent})"
        + ("; up to {secrecy.gamma_sustains:percent} a few stay at least." if more else ".")
    )
    if here["retention_most"] is not None:
        yield (
            "So leavers may keep the signal with a probability of at most"
            " {secrecy.retention_most:percent}"
            + (
                ", or others get that much without it: {secrecy.spillover_most:percent}."
                if here["spillover_most"] is not None
                else "."
            )
        )
    if here["why_no_leak"]:
        yield "How much may leak is not known: {secrecy.why_no_leak}."
        return
    if here["leak_limit"]:
        yield "Leaks do not keep it down, however likely they are."
    elif here["leak_most"] == 0:
        yield "Every leak keeps the planned first movers from carrying it."
    else:
        yield (
            "With the planned first movers a leak of at most {secrecy.leak_most:number}"
            " (probability per acquaintance and period that an outsider gets hold of the signal)"
            f" leaves it {doing}; now it is {{secrecy.leak:number}}. That is calculated for people"
            " whose acquaintances do not know one another; where they do, more may leak."
        )
    if here["leak"] and here["people_with_leak"] is not None:
        yield (
            "With the leak as it is it ends with {secrecy.people_with_leak:n member} and"
            " {secrecy.free_riders_with_leak:people} who have the signal and pay nothing."
        )
    turns = here["rotations"]
    if turns and not here["leak_limit"]:
        yield (
            "A collective that changes its signal makes leaked copies worthless: with a change "
            + "; with one ".join(paces(turns, doing))
            + "."
        )


def paces(turns: list[dict[str, Any]], doing: str = "working") -> Iterator[str]:
    """Templates of how much may leak at which pace, the most frequent change first.

    Args:
        turns: the plan's ``secrecy.rotations``.
        doing: what it goes on with, working or only growing.
    """
    harmless = [i for i, turn in enumerate(turns) if turn["leak_most"] >= 1]
    if harmless:
        seldom = max(harmless, key=lambda i: turns[i]["every"])
        least = "" if len(harmless) == 1 else "at least "
        yield f"{least}{_pace(seldom, turns)} any leak leaves it {doing}"
    for i in range(len(turns)):
        if i not in harmless:
            most = f"{{secrecy.rotations.{i}.leak_most:number}}"
            yield f"{_pace(i, turns)} a leak of at most {most} does"


def _pace(i: int, turns: list[dict[str, Any]]) -> str:
    one = turns[i]["every"] == 1
    return "at every retraining" if one else f"every {{secrecy.rotations.{i}.every:n retraining}}"
