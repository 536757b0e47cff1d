"""From club good to public good: what is left of a collective as outsiders get the same gain.

Two ways to the same end. *By γ*: the share of the gain that an outsider has (spillover, with no
leak) goes from 0, a club, to 1, where nobody who weighs his own gain alone has a reason to join:
the map α ↦ F((1−γ)·b·G(α)). *By N*: at γ = 1 one joins for the difference that one makes (rule
``pivotal``), which falls as 1/N: on the bound of Theorem 1 with identical costs contributors stop
at √(bκ/(cN)), and κN, Olson's parameter, says whether that is above the foot of the bound: it is as
long as κN < b/c, near enough (Olson 1965).

Simulated is the loop itself. People are put in, everybody or a random number, committed until the
platform has learned from them and free from then on (``gigsim.dynamics.put_in``); where they end is
the equilibrium, and the least number that does not fall back is the critical mass. So there has to
be a way back, and nothing that the maps do not know: :func:`club` refuses the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gigsim.config import Config, build
from gigsim.dynamics.benefit import Benefit, benefit
from gigsim.dynamics.carried import light
from gigsim.dynamics.intervals import means_of
from gigsim.dynamics.options import blaming
from gigsim.dynamics.prediction import differences, law_of, predict
from gigsim.dynamics.put_in import least_that_holds, rests_at
from gigsim.dynamics.workers import worked
from gigsim.errors import InputError
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.society.distributions import Constant
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.public_goods import olson_parameter

#: The γ of the path, and the populations of the public good.
GAMMAS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
SIZES = (1_000, 4_000, 16_000, 64_000)
# Under a predicted high equilibrium of this many people there is none to climb to.
_NOBODY = 1e-12
_PATH = ["gamma", "critical", "high"]
_GOODS = ["size", "olson", "formula", "high", "start"]


@dataclass(frozen=True, eq=False)
class Exclusion:
    """What was found.

    Attributes:
        path: a row a γ: ``gamma``; predicted ``critical`` (α_c, inf where nothing sustains itself)
            and ``high`` (the high equilibrium, share); simulated ``critical_simulated`` and
            ``high_simulated`` with ``_low`` and ``_high``, NaN where not simulated; ``seeds``;
            ``held``, worlds in which everybody put in leaves half of ``high`` or more: the mean of
            ``critical_simulated`` is over these, that of ``high_simulated`` over all. Near the fold
            some worlds of N people have no high equilibrium where N → ∞ has one.
        line: predicted ``gamma, critical, high`` finely, for the figure.
        goods: a row an N: ``size``; ``olson`` (κN); ``formula`` √(bκ/(cN)), c with the dues, 0
            under the foot; ``high``, the fixed point of the map at this N; ``simulated`` with its
            ends; ``seeds``. κN and the formula are NaN where the curve is no bound of Theorem 1 or
            costs differ.
        source: what G(α) is.
    """

    path: pd.DataFrame
    line: pd.DataFrame
    goods: pd.DataFrame
    source: str


def check(config: Config) -> None:
    """Refuse a society in which simulated and predicted would be of different models.

    Raises:
        InputError: changes in time, members who never fall back to an equilibrium, newcomers,
            subsidies, a contract, or beliefs that are a matter of who knows whom.
    """
    society, section = config.society, config.collective
    back = "and nobody who was put in falls back to an equilibrium"
    everybody = config.network.kind == "complete"
    refused = (
        ("at", bool(config.at), "a society that changes in time has no equilibria", "no changes"),
        (
            "society.cost_timing",
            society.cost_timing == "once",
            f'"once" makes members stay for good whatever it brings, {back}',
            '"per_period"',
        ),
        (
            "society.leaving",
            society.leaving == "never",
            f'"never" makes members stay, {back}',
            '"allowed"',
        ),
        (
            "society.belief",
            society.belief == "neighbours" and not everybody,
            '"neighbours" is a matter of who knows whom: no map of participation knows it',
            'published, adaptive or theory; or network.kind = "complete"',
        ),
        (
            "population.turnover",
            config.population.turnover > 0,
            f"{config.population.turnover:g}: newcomers are no members yet, and fewer are in than"
            " in an equilibrium of those who stay",
            "0",
        ),
        (
            "collective.subsidy",
            section.subsidy > 0,
            f"{section.subsidy:g}: it lasts as long as the fund does, and no equilibrium knows it",
            "0; dues are known",
        ),
        (
            "collective.provision_point",
            section.provision_point > 0,
            f"{section.provision_point:g}: a contract is neither a club nor a pure public good",
            "0",
        ),
    )
    for where, clash, problem, allowed in refused:
        if clash:
            raise InputError(where, problem, allowed)


def club(config: Config, gamma: float) -> Config:
    """The config with an outsider's share fixed at γ: no leak, no retention, nobody committed.

    Raises:
        InputError: what the maps do not know (:func:`check`), or γ is no share.
    """
    check(config)
    return build(
        config.model_dump(mode="json"),
        {
            "collective.leak": 0.0,
            "collective.retention": 0.0,
            "collective.first_movers": 0,
            "society.spillover": gamma,
        },
    )


def public_good(config: Config, size: int) -> Config:
    """The config with N people, everybody having all of the gain and weighing his own difference.

    One after the other is asked: of people who are alike, all who are asked at once would join.

    Raises:
        InputError: as of :func:`club`, or the config cannot be with this rule.
    """
    with blaming({"population.size": "--sizes"}):
        return build(
            club(config, 1.0).model_dump(mode="json"),
            {
                "population.size": size,
                "society.rule": "pivotal",
                "society.order": "sequential",
            },
        )


def contributors(config: Config, known: Benefit | None = None) -> JoiningMap:
    """The map of a pure public good among N people: c_i + dues ≤ b·[G(α + 1/N) − G(α)].

    Args:
        config: of :func:`public_good`.
        known: its benefit.
    """
    gives = known or benefit(config)
    return JoiningMap(
        differences(gives.curve, config.population.size),
        law_of(config.population.cost),
        benefit=config.society.benefit_scale,
        side_payment=-config.collective.dues,
    )


def exclusion(
    config: Config,
    gammas: Sequence[float] = GAMMAS,
    sizes: Sequence[int] = SIZES,
    seeds: Sequence[int] = (1, 2, 3),
    *,
    workers: int = 0,
    tell: Callable[[int, int], None] | None = None,
) -> Exclusion:
    """Predicted and simulated equilibria on both ways.

    Args:
        config: the society; its N is that of the path by γ, its rule too (``best_response`` or
            ``logit``).
        gammas: in [0, 1].
        sizes: populations of the public good.
        seeds: a world each.
        workers: processes; changes no result.
        tell: hears how many pieces are done, of how many.

    Raises:
        InputError: a rule without γ, a config with changes, or one that cannot be run.
    """
    if config.society.rule not in ("best_response", "logit"):
        raise InputError(
            "society.rule",
            f'"{config.society.rule}" does not weigh what is kept outside',
            "best_response or logit",
        )
    known = benefit(club(config, 0.0))
    path = pd.DataFrame([_on_the_map(config, gamma, known) for gamma in gammas], columns=_PATH)
    goods = pd.DataFrame([_of_size(config, size, known) for size in sizes], columns=_GOODS)
    jobs: list[tuple[Any, ...]] = [
        ("path", light(club(config, row.gamma)).model_dump(mode="json"), seed, row.high, at)
        for at, row in enumerate(path.itertuples())
        for seed in seeds
    ]
    jobs += [
        ("good", light(public_good(config, size)).model_dump(mode="json"), seed, top, at)
        for at, (size, top) in enumerate(zip(goods["size"], goods["start"], strict=True))
        for seed in seeds
    ]
    done = 0

    def heard(_: int, __: Any) -> None:
        nonlocal done
        done += 1
        if tell is not None:
            tell(done, len(jobs))

    found = pd.DataFrame(worked(_job, jobs, workers, heard))
    of_path, of_goods = (found[found["kind"] == kind] for kind in ("path", "good"))
    if len(of_path):
        names = ["critical_simulated", "high_simulated"]
        held = of_path.groupby("place")["critical_simulated"].count().rename("held")
        path = path.join(means_of(of_path, ["place"], names).set_index("place")).join(held)
    if len(of_goods):
        renamed = of_goods.rename(columns={"high_simulated": "simulated"})
        goods = goods.join(means_of(renamed, ["place"], ["simulated"]).set_index("place"))
    fine = np.unique(np.concatenate([np.linspace(0.0, 1.0, 101), np.asarray(gammas)]))
    line = pd.DataFrame([_on_the_map(config, float(gamma), known) for gamma in fine])
    return Exclusion(path, line, goods.drop(columns="start"), known.source)


def _job(job: tuple[str, dict[str, Any], int, float, int], _: object) -> dict[str, Any]:
    kind, plain, seed, top, place = job
    config = build(plain)
    size = config.population.size
    row = {"kind": kind, "place": place, "seed": seed, "critical_simulated": math.nan}
    if kind == "good":
        return row | {"high_simulated": rests_at(config, round(top * size), seed)}
    high = rests_at(config, size, seed)
    if top > _NOBODY and high >= top / 2:
        row["critical_simulated"] = least_that_holds(config, high, seed) / size
    return row | {"high_simulated": high}


def _on_the_map(config: Config, gamma: float, known: Benefit) -> dict[str, float]:
    found = predict(club(config, gamma), known=known).outsiders.fixed_points()
    high = found.high
    critical = found.critical_mass() if high > _NOBODY else math.inf
    return {"gamma": gamma, "critical": critical, "high": high}


def _of_size(config: Config, size: int, known: Benefit) -> dict[str, float]:
    one = public_good(config, size)
    society = contributors(one, known)
    high = society.fixed_points().high
    kappa, cost = _kappa(config), config.population.cost
    worth, dues = config.society.benefit_scale, config.collective.dues
    olson = math.nan if kappa is None else float(olson_parameter(kappa, size))
    formula = math.nan
    if kappa is not None and isinstance(cost, Constant) and cost.value + dues > 0:
        root = min(1.0, math.sqrt(worth * kappa / ((cost.value + dues) * size)))
        formula = root if root > kappa / (1 + kappa) else 0.0
    gains = np.asarray(society.gain(_shares(size)))
    best = float(_shares(size)[int(gains.argmax())])
    # From above: thrice the equilibrium, or where there is none from thrice the best place for it.
    start = min(1.0, 3 * max(high, best))
    return {"size": size, "olson": olson, "formula": formula, "high": high, "start": start}


def _shares(size: int) -> Floats:
    return np.arange(size) / size


def _kappa(config: Config) -> float | None:
    """κ = Δ·ξ of a surrogate that is the bound of Theorem 1 as it is; None of others."""
    learner, section = config.platform.learner, config.collective
    if not isinstance(learner, SurrogateRecipe) or learner.source != "bound":
        return None
    if section.strategy != "feature_label" or section.abstain or learner.bound_epsilon:
        return None
    return learner.bound_xi * learner.bound_gap


__all__ = ["Exclusion", "check", "club", "contributors", "exclusion", "public_good"]
