"""A learner that stops short of its optimum: epochs of a network; a dialled ε of the exact one."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.curves.statistics import Climb, Mass, difference
from gigsim.reproduction.found import Found
from gigsim.reproduction.setting import TARGET, Setting, chosen, percent
from gigsim.reproduction.verdict import Expected, Outcome, Reported, Verdict

NAME = "epochs"
TITLE = "Sub-optimality: epochs, and a dialled ε"
# The others' solvers go to the optimum, whatever happens.
ABLE = ("transformer", "bayes")

PAPER = Reported(
    "more epochs, that is a learner closer to its optimum, make the success curve higher and"
    " steeper",
    "Hardt et al. 2023: the authors' slides, and a third party's summary of arXiv:2302.04262"
    " (a figure; its numbers could not be read)",
)
EXPECTED = Expected(
    direction="S(α) is higher, and climbs over a narrower range of α, after 8 epochs than after 1"
    " (bayes: at ε = 0 than at the largest ε)",
    statistic="mean S over the sizes above 0, best trained minus least trained (seeds paired)",
    confirmed="its interval lies above 0; and the climb, from α one quarter of the way to α three"
    " quarters of the way, a ratio, is more than 1.25 times as wide for the least trained as for"
    " the best trained (interval above 1.25: the sizes that are tried resolve no less)",
    contrary="the first interval lies below 0, or the second below 1/1.25",
)

EPOCHS = (1, 2, 4, 8)
#: So many times as wide counts as less steep.
STEEPER = 1.25
#: Total-variation distance, at each resume, between the label law that the platform sees there and
#: the one that its classifier is optimal for; ½ undoes any collective. The worst of those stands
#: in a world with base carriers, since a signal that nobody else carries is immune.
EPSILONS = (0.0, 0.1, 0.25, 0.4)
_CLOSENESS, _EXACT_XI = "conditional_tv", 0.01
_GRIDS = {
    "quick": percent(0, 0.5, 1, 2, 5, 10),
    "reference": percent(0, 0.05, 0.1, 0.2, 0.5, 1),
}
_EXACT_GRID = percent(0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20)


def epochs_variant(count: int) -> str:
    """The name of a network's curve."""
    return f"epochs={count}"


def epsilon_variant(epsilon: float) -> str:
    """The name of an exact classifier's curve."""
    return f"epsilon={epsilon:g}"


def arms(
    setting: Setting, learners: Sequence[str], targets: Sequence[str] = (TARGET,)
) -> list[Arm]:
    """A curve for each number of epochs, or each ε."""
    found = []
    for learner in chosen(learners, ABLE):
        for target in targets:
            if learner == "bayes":
                for epsilon in EPSILONS:
                    close = {"closeness": _CLOSENESS} if epsilon else {}
                    recipe = {"kind": "bayes", "epsilon": epsilon, **close}
                    name = epsilon_variant(epsilon)
                    values = {"platform.learner": recipe, "corpus.xi": _EXACT_XI}
                    found.append(_arm(setting, name, learner, target, _EXACT_GRID, values))
            else:
                for count in EPOCHS:
                    name = epochs_variant(count)
                    values = {"platform.learner.epochs": count}
                    sizes = _GRIDS[setting.scale]
                    found.append(_arm(setting, name, learner, target, sizes, values))
    return found


def verdict(rows: pd.DataFrame) -> Verdict:
    """Of one learner and target."""
    found = Found.of(rows, NAME)
    if found.learner == "bayes":
        names = [epsilon_variant(epsilon) for epsilon in reversed(EPSILONS)]
    else:
        names = [epochs_variant(count) for count in EPOCHS]
    climbs = {name: found.climb(name) for name in names}
    least, best = climbs[names[0]], climbs[names[-1]]
    higher = difference(best.level(), least.level())
    wide, narrow = _width(least), _width(best)
    steeper = (wide / narrow).estimate()
    settled = _settled(climbs) if found.learner != "bayes" else None
    outcome: Outcome = "not shown"
    if higher.known and steeper.known:
        if higher.high < 0 or steeper.high < 1 / STEEPER:
            outcome = "contrary"
        elif higher.low > 0 and steeper.low > STEEPER:
            outcome = "confirmed"
    halves = {name: c.mass(c.part_way(0.5)).estimate() for name, c in climbs.items()}
    curves = ", ".join(f"{half.text(100, unit=' %')} ({name})" for name, half in halves.items())
    text = (
        "The paper reports a higher and steeper curve the longer the training; with"
        f" {found.learner} mean S is {higher.share_text()} higher for {names[-1]} than for"
        f" {names[0]}, its climb from a quarter to three quarters takes a range of α, a"
        f" ratio, {steeper.text(unit=' times')} narrower, and half-way is at α = {curves}."
    )
    if settled is not None:
        text += f" {settled}"
    return Verdict.of(
        outcome,
        higher,
        experiment=NAME,
        learner=found.learner,
        target=found.target,
        statistic=f"mean S, {names[-1]} minus {names[0]}",
        text=text,
        others={
            "width of the climb, least over best trained": steeper,
            "width, least trained": wide.estimate(),
            "width, best trained": narrow.estimate(),
        }
        | {f"α half-way, {name}": half for name, half in halves.items()},
    )


def _arm(
    setting: Setting,
    name: str,
    learner: str,
    target: str,
    sizes: Sequence[float],
    values: dict[str, object],
) -> Arm:
    return setting.arm(NAME, name, learner, target, sizes, values=values, recipe=name)


def _width(climb: Climb) -> Mass:
    """α three quarters of the way over α one quarter of the way."""
    return climb.mass(climb.part_way(0.75)) / climb.mass(climb.part_way(0.25))


#: S has settled where no longer training that was tried moves its mean by as much.
SETTLED = 0.05


def _settled(climbs: dict[str, Climb]) -> str:
    """After how many epochs S has settled, in a sentence."""
    names = list(climbs)
    for number, name in enumerate(names[:-1]):
        moved = [
            difference(climbs[more].level(), climbs[name].level()) for more in names[number + 1 :]
        ]
        if all(m.known and m.high < SETTLED and m.low > -SETTLED for m in moved):
            return (
                f"S has settled at {name}: {names[-1]} moves its mean by {moved[-1].share_text()},"
                f" and nothing between by more than {SETTLED:g}, surely."
            )
    return f"That S has settled is not shown for any number under {names[-1]}."
