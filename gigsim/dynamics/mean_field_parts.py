"""What the recursion is for, and its classes of people by ties."""

from __future__ import annotations

import numpy as np

from gigsim.config import Config, build
from gigsim.config.changes import timeline
from gigsim.errors import InputError
from gigsim.streams import Streams
from gigsim.theory.gaps import Floats

#: Rules that there are densities for.
RULES = ("best_response", "logit", "threshold")
# At most so many classes of people by ties.
_DEGREES = 12


def check(config: Config) -> None:
    """Refuse what is no matter of densities.

    Raises:
        InputError: a rule, belief, activation or contract that is none of a well-mixed population.
    """
    society = config.society
    rule: str = society.rule
    if rule not in RULES or (rule == "threshold" and society.reference_group != "population"):
        raise InputError(
            "society.rule",
            f'"{rule}" among neighbours has no density of a well-mixed population'
            if rule == "threshold"
            else f'"{rule}" has no density of a well-mixed population',
            'best_response, logit, or threshold with society.reference_group = "population"',
        )
    if society.belief == "neighbours":
        raise InputError(
            "society.belief",
            '"neighbours" is a matter of who knows whom',
            "published, adaptive or theory",
        )
    if not isinstance(society.activation, int | float):
        raise InputError(
            "society.activation", "differs between people", "a number, the same for everybody"
        )
    if rule == "threshold" and society.order == "sequential":
        raise InputError(
            "society.order",
            '"sequential" with society.rule = "threshold": those who decide see each other',
            "synchronous",
        )

    section = config.collective
    refused = (
        ("subsidy", section.subsidy > 0, "lasts as long as the fund does", "0"),
        ("provision_point", section.provision_point > 0, "is a contract", "0"),
        ("dues", section.dues > 0 and society.cost_timing == "once", "are per period", "0"),
        (
            "seeding",
            section.seeding != "random" and section.leak > 0 and config.network.kind != "complete",
            f'"{section.seeding}" is a matter of who knows whom',
            '"random"',
        ),
    )
    for name, clash, problem, allowed in refused:
        if clash:
            raise InputError(f"collective.{name}", f"{problem}: no density knows it", allowed)


def degrees(config: Config) -> tuple[Floats, Floats]:
    """Classes of people by ties: how many they have, and their shares of the population."""
    changes = (config, *timeline(config, build).values())
    if config.network.kind == "complete" or all(one.collective.leak == 0 for one in changes):
        return np.ones(1), np.ones(1)
    size = config.population.size
    groups = np.zeros(size, dtype=np.int64)
    network = config.network.draw(size, groups, Streams(config.run.seed).seed_for("network"))
    ties = np.sort(network.degrees())
    cuts = np.unique(np.searchsorted(ties, np.quantile(ties, np.linspace(0, 1, _DEGREES + 1))))
    cuts = np.unique(np.concatenate([[0], cuts, [size]]))
    means = np.add.reduceat(ties, cuts[:-1]) / np.diff(cuts)
    return means, np.diff(cuts) / size
