"""Known answers on thresholds of the population's share: Granovetter and Kuran (V31-V33, P21).

The rule ``threshold`` of ``GigEconomy``, against ``theory.contagion.granovetter``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from gigsim.theory.contagion.granovetter import (
    continuum_limit,
    critical_spread,
    heads_needed,
    sample_path,
)
from gigsim.theory.contagion.threshold_laws import normal_thresholds
from gigsim.theory.gaps import Floats
from gigsim.validation.known import Known, Obtained, also, compared, listed
from gigsim.validation.society_runs import (
    ERRORS,
    beyond_a_person,
    evenly,
    fixed_point_error,
    play,
    settled,
    share_itself,
)

_RULE: dict[str, Any] = {"society.rule": "threshold", "society.reference_group": "population"}
_MEAN = 0.25


def _heads(thresholds: Floats) -> tuple[int, bool]:
    """Members in the end, and whether every period is as the counted path says."""
    size = len(thresholds)
    run = play(size, share_itself, traits={"threshold": thresholds}, keys=_RULE)
    members = run["members"].to_numpy()
    path = sample_path(heads_needed(thresholds))
    same = np.array_equal(members[: len(path)], path) and set(members[len(path) :]) <= {path[-1]}
    return int(members[-1]), bool(same)


def _pair(one: Floats, other: Floats, expected: tuple[int, int]) -> Obtained:
    told = [int(sample_path(heads_needed(t))[-1]) for t in (one, other)]
    (first, same_first), (second, same_second) = _heads(one), _heads(other)
    numbers = compared(
        {"first": (told[0], f"{expected[0]}"), "second": (told[1], f"{expected[1]}")}
    )
    played = f"{first} and {second}, period by period as counted"
    agrees = same_first and same_second and (first, second) == expected
    return also(numbers, played, agrees)


def _domino() -> Obtained:
    heads = np.arange(100)
    perturbed = np.where(heads == 1, 2, heads)
    return _pair(heads / 100, perturbed / 100, (100, 1))


def _kuran() -> Obtained:
    hidden = np.array([0, 20, 20, 30, 40, 50, 60, 70, 80, 100])
    changed = np.where(np.arange(10) == 1, 10, hidden)
    return _pair(hidden / 100, changed / 100, (1, 9))


def _normal() -> Obtained:
    printed = {
        0.10: "0.0077",
        0.12: "0.0402",
        0.122: "0.0548",
        0.1225: "1.0000",
        0.15: "1.0000",
        0.20: "0.9999",
        0.25: "0.9986",
    }
    found = {
        f"sd {sd:g}": [(continuum_limit(normal_thresholds(_MEAN, sd)).value, number)]
        for sd, number in printed.items()
    }
    critical, share = critical_spread(_MEAN)
    found["critical sd"] = [(critical, "0.12222")]

    # Next to the fold luck decides, so that people are drawn further off.
    people, worst = 20_000, 0.0
    for sd in (0.10, 0.12, 0.15, 0.20, 0.25):
        law = {"kind": "normal", "mean": _MEAN, "sd": sd}
        end = settled(people, share_itself, keys=_RULE | {"population.threshold": law})
        told = continuum_limit(normal_thresholds(_MEAN, sd)).value
        slope = float(np.exp(-(((told - _MEAN) / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi)))
        # Where all but a millionth join nobody of 20,000 is missing.
        error = fixed_point_error(told, slope, people)
        worst = max(worst, beyond_a_person(end, told, error, people))

    # And beside it they are the law, but for half a person: an sd of 1.6e-5.
    many, step = 20_000, 3e-5
    ends, counted = [], []
    for sd in (critical - step, critical + step):
        thresholds = _MEAN + sd * evenly(ndtri, many)
        counted.append(int(sample_path(heads_needed(thresholds))[-1]) / many)
        ends.append(settled(many, share_itself, traits={"threshold": thresholds}, keys=_RULE))
    jumps = abs(ends[0] - share) < 0.005 and ends[1] > 0.999
    jumps &= ends == counted
    played = (
        f"{people:,} people drawn at random, sd 0.1, 0.12, 0.15, 0.2, 0.25: at most {worst:.1f}"
        f" s.e. and a person away; {many:,} evenly spaced ones end at {ends[0]:.4f} with an sd"
        f" {step:g} under the critical one, at {ends[1]:.4f} with {step:g} over it, as counted"
    )
    return also(listed(found), played, jumps and worst <= ERRORS)


def _hundred() -> Obtained:
    """Thresholds at the quantiles (i + ½)/100, each rounded up to a number of heads."""
    found, ends, same = {}, [], True
    for sd, number in ((0.1225, "4"), (0.125, "5"), (0.13, "100")):
        thresholds = _MEAN + sd * evenly(ndtri, 100)
        found[f"sd {sd:g}"] = (float(sample_path(heads_needed(thresholds))[-1]), number)
        end, as_counted = _heads(thresholds)
        ends.append(end)
        same &= as_counted
    played = f"{', '.join(str(end) for end in ends)}, period by period as counted"
    return also(compared(found), played, same and ends == [4, 5, 100])


KNOWN = (
    Known(
        "V31",
        "Granovetter: thresholds of 0, 1, 2, ..., 99 others; the second one moved from 1 to 2",
        "100 and 1",
        "Granovetter 1978",
        _domino,
    ),
    Known(
        "V32",
        "Granovetter: normal thresholds of mean 0.25, a continuum of people",
        "sd 0.1: 0.0077; 0.12: 0.0402; 0.122: 0.0548; 0.1225, 0.15: 1; 0.2: 0.9999; 0.25: 0.9986;"
        " critical sd 0.12222",
        "Granovetter 1978; derived",
        _normal,
        slow=True,
    ),
    Known(
        "V33",
        "Kuran: ten people's thresholds of public opposition; one private change of mind",
        "1 of 10 oppose, and 9 of 10",
        "Kuran 1989; derived",
        _kuran,
    ),
    Known(
        "P21",
        "V32 with a hundred people, evenly spaced",
        "a jump later than the continuum's 0.12222: between an sd of 0.125 and 0.13",
        "Granovetter 1978; derived",
        _hundred,
    ),
)
