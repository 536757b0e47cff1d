"""The answers in plain words: what to say, by what the plan has found.

Written for somebody who has never read the paper. Numbers are quoted by key (``words.say``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gigsim.planning.sentences_means import secrecy_sentences, start_sentences
from gigsim.planning.words import SUCCESS, between, say

Plan = Mapping[str, Any]
#: The five questions, as headings.
QUESTIONS = {
    1: "How many members until it works?",
    2: "How many until it sustains itself, and what does it grow to?",
    3: "What gets it going?",
    4: "How much secrecy does it take?",
    5: "How sure is that, and what does it hang on?",
}
_HINGES = 3
#: A benefit that would have to be larger by no more than this part is at the edge.
EDGE = 1e-6


def sentences(plan: Plan) -> list[dict[str, Any]]:
    """All sentences: ``question``, ``text`` and the ``numbers`` that it quotes by key."""
    said = (
        (1, _works(plan)),
        (2, _sustains(plan)),
        (3, start_sentences(plan)),
        (4, secrecy_sentences(plan)),
        (5, _sure(plan)),
    )
    return [
        {"question": question} | say(template, plan)
        for question, templates in said
        for template in templates
    ]


def _success(plan: Plan, key: str) -> str:
    """What S is, as a clause that quotes the share by its key."""
    return SUCCESS[plan["works"]["aim"]].replace("KEY", key)


def _capital(line: str) -> str:
    return line[0].upper() + line[1:]


def _works(plan: Plan) -> Iterator[str]:
    works, promise = plan["works"], plan["works"]["guarantee"]
    goal = _success(plan, "works.target")
    measured = plan["source"]["measured"]
    if works["share"] == 0:
        yield f"It takes nobody: that {goal} holds without a collective."
        return
    if not measured:
        if works["share"] is None:
            yield (
                f"No theorem promises that {goal}, at any size: with everybody a member the promise"
                " is {works.largest_success:percent}."
            )
        else:
            yield (
                "It is promised to work, which here means that "
                f"{goal}, from {{works.people:n member}} of {{people:people}} on"
                " ({works.share:percent}); without a collective it is"
                " {works.without:percent}."
            )
        yield (
            "That is a promise ({source.what}) and no measurement: it holds for members drawn at"
            " random, and says nothing of how much sooner it may work."
        )
        if not plan["source"]["exact"]:
            yield (
                "It is of a platform that makes no mistakes. The one of this scenario"
                " ({source.learner}) learns from the resumes that it has: it may take far more"
                " members than that, or fewer. So measure before you rely on any number below:"
                " `gigsim curve` measures, and `--curve FILE` plans with what it measured."
            )
        return
    if works["share"] is None and works["largest_measured"] < 1:
        yield (
            f"It was not seen to work: that {goal} is reached by none of the collectives that were"
            " measured, the largest of which was {works.largest_measured:percent} of the people"
            " and reached {works.largest_success:percent}."
        )
    elif works["share"] is None:
        yield (
            f"It never works: that {goal} is not reached even with everybody a member; then it is"
            " {works.largest_success:percent}."
        )
    else:
        sure = between("works", works)
        yield (
            f"It works, which here means that {goal}, from {{works.people:n member}} of"
            " {people:people} on ({works.share:percent} of the people"
            + sure
            + "): measured. Without a collective it is {works.without:percent}."
        )
        if works["lowest_beyond"] < works["target"]:
            yield (
                "Not at every larger size, though: what was measured falls to"
                " {works.lowest_beyond:percent} again at one of them."
            )
    if promise is None:
        yield "No theorem promises anything here: the measurement is all that there is."
    elif promise["share"] is None:
        yield "The theorem ({works.guarantee.source}) promises it at no size."
    else:
        line = (
            "Told apart from that, a theorem ({works.guarantee.source}) promises it from"
            " {works.guarantee.people:n member} on ({works.guarantee.share:percent}), if "
            + "; ".join(promise["assumptions"])
        )
        short = promise["measured_there"]
        if short is not None and short < works["target"]:
            line += (
                ". The platform that was measured is at {works.guarantee.measured_there:percent}"
                " there: it does make errors, so go by the measurement"
            )
        yield line + "."


def _sustains(plan: Plan) -> Iterator[str]:
    here = plan["sustains"]
    needed = here["needs"]["benefit"]
    if not here["possible"] and needed is not None and needed <= plan["benefit"] * (1 + EDGE):
        yield (
            "Never, if only just: at one size membership is worth just what it costs the last who"
            " has to stay, and with one fewer it withers. With anything more than b ="
            " {benefit:money}, or lower costs, it sustains itself."
        )
        return
    if not here["possible"]:
        yield (
            "Never: no number of members sustains itself. Even with everybody a member, membership"
            " would bring {sustains.with_everybody.gain:money} a period (b ="
            " {benefit:money} is what a sure target label is worth), only"
            " {sustains.with_everybody.would_stay:percent} of the people find that worth what it"
            " costs them, and once the others have left it brings less."
        )
        if needed is not None:
            yield f"It would take {_needed('sustains.needs')}."
            working = here["needs_to_work"]
            if working["benefit"] is not None and working["benefit"] > needed * (1 + EDGE):
                yield (
                    "That is to last at any size. To last at one at which it works it would take"
                    f" {_needed('sustains.needs_to_work')}."
                )
        else:
            yield (
                "No benefit would change that: who leaves has as much of it as members do, or the"
                " platform is not moved at all. It would take {sustains.needs.subsidy:money}"
                " a period to every member, for ever."
            )
        return
    promised = "" if plan["source"]["measured"] else "By the promise "
    grows = (
        "{sustains.grows_to.people:n member} ({sustains.grows_to.share:percent}"
        + between("sustains.grows_to", here["grows_to"])
        + ")"
    )
    if here["by_itself"]:
        yield _capital(
            f"{promised}it needs no critical mass: from nobody on it grows by itself, to {grows},"
            " because some people join from the start, whatever it brings."
        )
    else:
        sure = between("sustains", here)
        fewer = "withers" if here["withers"] else "stands still"
        without = f"with fewer it {fewer}, with more" if here["people"] > 1 else "from there on"
        yield _capital(
            f"{promised}it sustains itself from {{sustains.people:n member}} on"
            " ({sustains.share:percent} of the people"
            + sure
            + f"), its critical mass: {without} it grows to {grows}."
        )
    works = here["grows_to"]["works"]
    yield (
        f"Then {_success(plan, 'sustains.grows_to.success')}, "
        + (
            "so that it works."
            if works
            else "less than the {works.target:percent} that were wanted: it lasts, but does not"
            " work."
        )
    )
    yield from _beside(plan)
    yield from _unmeasured(here)


def _needed(where: str) -> str:
    """What it would take, a template of the numbers under a key."""
    return (
        f"a sure label to be worth {{{where}.benefit:money}} a period instead of {{benefit:money}},"
        f" or costs of at most {{{where}.cost_scale:number}} times what they are, or"
        f" {{{where}.subsidy:money}} a period to every member for ever"
    )


def _beside(plan: Plan) -> Iterator[str]:
    """Where the loop's recursion ends elsewhere than the map, which knows no leaks."""
    here, kept = plan["sustains"]["grows_to"], plan["secrecy"]
    ends = kept["people_with_leak"]
    if ends is None or not kept["left_out"]:
        return
    # A hundredth is what the map leaves open anyhow.
    if abs(ends - here["people"]) > 0.01 * here["people"]:
        line = (
            "That leaves aside {secrecy.left_out}; counting that, it ends with"
            " {secrecy.people_with_leak:n member}"
        )
        yield line + ("." if kept["carried_with_leak"] else ", too few for it to work.")


def _unmeasured(here: Plan) -> Iterator[str]:
    """What was asked of a measured curve where nobody has measured."""
    if here["interpolated"]:
        yield (
            "The critical mass is less than the smallest collective that was measured"
            " ({works.smallest_measured:percent}): below it the curve is taken to be straight, and"
            " no interval knows how true that is."
        )
    if here["grows_to"]["extrapolated"]:
        yield (
            "No collective over {works.largest_measured:percent} was measured: from there on"
            " success is taken to stay as it is, and no interval knows how true that is."
        )


def _sure(plan: Plan) -> Iterator[str]:
    source = plan["source"]
    if source["measured"] and plan["sustains"]["possible_share"] is not None:
        yield (
            "The intervals are of the curve ({source.what}), and of what a limited number of"
            " trainings leaves open: in {sustains.possible_share:percent} of"
            " {source.draws:people} curves that fit the measurement as well, some number of members"
            " sustains itself."
        )
    elif source["measured"]:
        yield (
            "There are no intervals: the curve ({source.what}) has one training a size, and how"
            " much trainings differ is not known."
        )
    else:
        if not source["exact"]:
            yield (
                "What this platform's learner ({source.learner}) does was not measured, and nothing"
                " here says how far off the promise is."
            )
        yield "There are no intervals: a promise is at the upper limits of its numbers as it is."
    # What only members have counts as b does, to the digit: said once.
    yield from _hinges(plan)
    yield ("All of it takes for granted: " + "; ".join(plan["sure"]["assumptions"]) + ".")


def _hinges(plan: Plan) -> Iterator[str]:
    """What it hangs on: the strongest of what gets 10 % worse, and a leak that there is not yet."""
    # What only members have counts as b does, to the digit: said once.
    told = [(i, one) for i, one in enumerate(plan["sure"]["hangs_on"]) if one["name"] != "secrecy"]
    ranked = [(i, one) for i, one in told if one["worse"] is not None and moves(one)]
    for place, (i, one) in enumerate(ranked[:_HINGES]):
        first = "Then on " if place else "Most hangs on "
        yield (
            f"{first}{one['words']}: if that is {{sure.hangs_on.{i}.worse:change}},"
            f" {_moved(i, one)}."
        )
    if told and not ranked:
        yield "Were any of its numbers 10 % worse, it would take as many members."
    for i, one in told:
        if one["worse"] is None and moves(one):
            yield f"There is no leak; one of {{sure.hangs_on.{i}.to:number}}, and {_moved(i, one)}."


def moves(hinge: Mapping[str, Any]) -> bool:
    """Does it change by as much as is told?"""
    return not hinge["still"] or round(abs(hinge["effect"]), 1) > 0


def _moved(i: int, one: Mapping[str, Any]) -> str:
    if not one["still"]:
        return "it never sustains itself any more"
    takes = "members" if one["of"] == "critical mass" else "first movers"
    return f"it takes {{sure.hangs_on.{i}.effect:change}} {takes}"
