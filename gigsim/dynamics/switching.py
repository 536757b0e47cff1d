"""How long a society of N people stays in one of two states by chance: the exact chain of logit.

Under the logit rule on a well-mixed population the number of members is a Markov chain. With n
members a share ``activation`` of all is asked, and each of those is a member afterwards with the
probability p(n/N) = Λ(λ(b·G(n/N) − c)), whoever he was. So

    n' = n − Bin(n, a(1 − p)) + Bin(N − n, a·p),

and the mean time until n has first crossed a boundary solves a linear system. It grows
exponentially in N (Freidlin and Wentzell; log-linear learning, Blume 1993): what is a state of
large societies is a passing mood of small ones. Exact for identical costs, no leak, no retention,
a spillover that is given, ``retrain_every = 1`` and beliefs as published.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit
from scipy.stats import binom

from gigsim.config import Config, build
from gigsim.dynamics.benefit import benefit
from gigsim.dynamics.carried import light
from gigsim.dynamics.workers import worked
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.theory.gaps import Floats


@dataclass(frozen=True)
class Switch:
    """One run.

    Attributes:
        seed: of the run.
        period: in which the boundary was crossed first, None where it was not by the end.
    """

    seed: int
    period: int | None


def transition(joins: Floats, activation: float) -> Floats:
    """The chain's matrix: from each number of members to each, shape (N + 1, N + 1).

    Args:
        joins: p(n/N) for n = 0..N, in [0, 1].
        activation: a in (0, 1].
    """
    size = len(joins) - 1
    counts = np.arange(size + 1)
    rows = np.empty((size + 1, size + 1))
    for members in range(size + 1):
        stay = 1 - activation * (1 - joins[members])
        kept = binom.pmf(counts[: members + 1], members, stay)
        new = binom.pmf(counts[: size - members + 1], size - members, activation * joins[members])
        rows[members] = np.convolve(kept, new)
    return rows


def mean_switching_time(joins: Floats, activation: float, boundary: int, start: int) -> float:
    """Periods until the number of members is first on the other side of ``boundary``.

    Args:
        joins: as of :func:`transition`.
        activation: likewise.
        boundary: the least number above it; 1 to N.
        start: members at first, 0 to N; from under the boundary upwards, else downwards.

    Returns:
        The mean, in periods; exact to rounding.

    Example:
        >>> coin = np.full(2, 0.5)
        >>> round(mean_switching_time(coin, 1.0, boundary=1, start=0), 9)
        2.0
    """
    size = len(joins) - 1
    if not 1 <= boundary <= size:
        raise ValueError(f"boundary must be in 1..{size}, got {boundary}")
    if not 0 <= start <= size:
        raise ValueError(f"start must be in 0..{size}, got {start}")
    inside = slice(0, boundary) if start < boundary else slice(boundary, size + 1)
    moves = transition(joins, activation)[inside, inside]
    times = np.linalg.solve(np.eye(len(moves)) - moves, np.ones(len(moves)))
    return float(times[start if start < boundary else start - boundary])


def joining_probabilities(config: Config) -> Floats:
    """p(n/N) of a config for n = 0..N.

    Raises:
        InputError: the chain is not exact for the config.
    """
    society, section = config.society, config.collective
    _need(society.rule == "logit", "society.rule", f'"{society.rule}"', '"logit"')
    cost = config.population.cost
    _need(cost.kind == "constant", "population.cost", f"{cost.kind}", "a number, for everybody")
    _need(society.spillover != "measured", "society.spillover", '"measured"', "a number")
    _need(society.cost_timing == "per_period", "society.cost_timing", '"once"', '"per_period"')
    _need(society.belief == "published", "society.belief", f'"{society.belief}"', '"published"')
    _need(config.platform.retrain_every == 1, "platform.retrain_every", "a lag", "1")
    for name in ("leak", "retention", "first_movers", "abstain"):
        value = getattr(section, name)
        _need(value == 0, f"collective.{name}", f"{value:g}", "0")
    _need(config.population.turnover == 0, "population.turnover", "people go", "0")
    assert cost.kind == "constant"
    assert society.spillover != "measured"
    size = config.population.size
    gain = benefit(config).curve.value(np.arange(size + 1) / size)
    worth = society.benefit_scale * (1 - float(society.spillover)) * gain
    return np.asarray(expit(society.choice_precision * (worth - cost.value)))


def switching_times(
    config: Config,
    boundary: int,
    seeds: Sequence[int],
    *,
    periods: int,
    workers: int = 0,
    tell: Callable[[Switch], None] | None = None,
) -> tuple[Switch, ...]:
    """The period in which each of many runs first has ``boundary`` members or more.

    Args:
        config: what to run; begins with nobody but its first movers.
        boundary: members.
        seeds: one run each.
        periods: at most.
        workers: processes; changes no result.
        tell: hears of each run.
    """
    plain = light(config).model_dump(mode="json")
    jobs = [(plain, seed, boundary, periods) for seed in seeds]
    heard = None if tell is None else lambda _, one: tell(one)
    return tuple(worked(_run, jobs, workers, heard))


def _run(job: tuple[dict[str, Any], int, int, int], _: object) -> Switch:
    plain, seed, boundary, periods = job
    model = GigEconomy(build(plain, {"run.seed": seed}))
    period = None
    for _period in range(periods):
        model.step()
        if int(model.population.member.sum()) >= boundary:
            period = model.period
            break
    model.close()
    return Switch(seed, period)


def _need(holds: bool, where: str, problem: str, allowed: str) -> None:
    if not holds:
        raise InputError(where, f"{problem}: the exact chain does not know it", allowed)
