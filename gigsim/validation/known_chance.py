"""Known answers on how long a small society stays where it is, and on learning by trial (P19, P20).

Played out by the simulation's own rules, in many small societies side by side or by many people who
learn alone.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from gigsim.dynamics.switching import mean_switching_time
from gigsim.society.joining import logit_rule
from gigsim.society.reinforcement import Payoffs, reinforced, stimulus, takes_part
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.reinforcement import expected_motion, repeated_act, undecided
from gigsim.validation.known import Known, Obtained, also, compared
from gigsim.validation.society_runs import ERRORS, away

_PRECISION, _COST, _ASKED = 5.0, 0.5, 0.5
_SOCIETIES = 400
_MOST = 50_000


def _joins(share: Floats) -> Floats:
    """Λ(λ(α − c)): logit where G = α and b = 1."""
    return np.asarray(expit(_PRECISION * (share - _COST)))


def _crossings(people: int, seed: int) -> Floats:
    """Period in which half of the people are first members, of many societies; from nobody."""
    rng = np.random.default_rng(seed)
    member = np.zeros((_SOCIETIES, people), dtype=np.bool_)
    crossed = np.zeros(_SOCIETIES)
    going = np.arange(_SOCIETIES)
    for period in range(1, _MOST):
        gains = member.mean(axis=1, keepdims=True) - _COST
        difference = np.broadcast_to(gains, member.shape)
        answers = logit_rule(difference, _PRECISION, rng.random(member.shape))
        member = np.where(rng.random(member.shape) < _ASKED, answers, member)
        over = 2 * member.sum(axis=1) >= people
        crossed[going[over]] = period
        going, member = going[~over], member[~over]
        if not len(going):
            return crossed
    raise RuntimeError(f"{len(going)} of {_SOCIETIES} are where they were after {_MOST} periods")


def _told(people: int) -> float:
    return mean_switching_time(_joins(np.arange(people + 1) / people), _ASKED, people // 2, 0)


def _switching() -> Obtained:
    printed = {20: "81.51", 40: "239.47", 60: "630.51", 80: "1624.69", 100: "4177.27"}
    told = {people: _told(people) for people in printed}
    worst, found = 0.0, []
    for people in (20, 40, 60):
        times = _crossings(people, people)
        found.append(float(times.mean()))
        worst = max(worst, away(times, told[people]))
    last, before = told[100] / told[80], told[80] / told[60]
    numbers = compared(
        {f"N = {people}": (told[people], number) for people, number in printed.items()},
        f"the last 20 multiply it by {last:.3f}, the 20 before by {before:.3f}",
    )
    played = (
        f"{_SOCIETIES} societies each of 20, 40 and 60 people are half in after"
        f" {', '.join(f'{x:.1f}' for x in found)} periods, at most {worst:.1f} s.e. away"
    )
    return also(numbers, played, worst <= ERRORS and abs(last / before - 1) < 0.01)


_LEARNERS, _RATE = 20_000, 0.5


def _learned(start: float, inside: float, outside: float, trials: int, seed: int) -> Floats:
    """Propensities after so many trials, shape (people,), of people who are paid π in [−1, 1].

    Aspirations are 0 and stay there, so that what one is paid is the stimulus.
    """
    rng = np.random.default_rng(seed)
    p, zero = np.full(_LEARNERS, start), np.zeros(_LEARNERS)
    can_be = Payoffs(zero - 1, zero + 1)
    for _ in range(trials):
        member = takes_part(p, rng.random(_LEARNERS))
        satisfied = stimulus(np.where(member, inside, outside), zero, can_be)
        p = reinforced(p, member, satisfied, _RATE)
    return p


def _learning() -> Obtained:
    start, paid = 0.3, 0.5
    still = float(undecided(start, _RATE * paid, 10))
    motion = float(expected_motion(start, 0.6, -0.2, rate=_RATE))
    sure = [float(repeated_act(start, s, 8, rate=_RATE)) for s in (paid, -paid)]

    # Both acts satisfy alike: the mean stays, and all lock in to one or the other.
    p = _learned(start, paid, paid, 10, 1)
    worst = max(away(p * (1 - p), still), away(p, start))
    late = _learned(start, paid, paid, 1000, 2)
    locked = float((np.minimum(late, 1 - late) < 1e-6).mean())
    worst = max(worst, away(late, start))
    moved = _learned(start, 0.6, -0.2, 1, 3) - start
    worst = max(worst, away(moved, motion))

    # One who always does the same.
    always, acts = np.full(1, start), []
    for s in (paid, -paid):
        p = always
        for _ in range(8):
            p = reinforced(p, np.ones(1, dtype=np.bool_), np.full(1, s), _RATE)
        acts.append(float(p[0]))
    same = bool(np.allclose(acts, sure, rtol=0, atol=1e-12))
    numbers = compared(
        {
            "E[p(1−p)] after 10 trials": (still, "0.110137"),
            "expected motion": (motion, "0.112000"),
            "one act 8 times": (sure[0], "0.929921"),
            "that never satisfies": (sure[1], "0.030034"),
        }
    )
    played = (
        f"{_LEARNERS:,} people learn, at most {worst:.1f} s.e. away; after 1,000 trials of what"
        f" satisfies {100 * locked:g} % are certain, {100 * late.mean():.1f} % to be members; one"
        " act repeated as told"
    )
    return also(numbers, played, worst <= ERRORS and same and locked == 1.0)


KNOWN = (
    Known(
        "P19",
        "log-linear learning in small societies: logit, G = α, λ = 5, c = 0.5, half reconsider;"
        " mean periods from nobody until half are members",
        "the exact chain: exponential in N, by a constant factor for each 20 people more",
        "Blume 1993; derived",
        _switching,
        slow=True,
    ),
    Known(
        "P20",
        "Bush and Mosteller: learning by trial from p = 0.3 at rate l = 0.5",
        "both acts satisfy by s = 0.5: p(1−p)(1 − (ls)²)^t stay undecided, in the end nobody, 30 %"
        " members; s = 0.6 inside and −0.2 outside: E[p′ − p]; one act t times: 1 − (1−p)(1 − ls)^t"
        " or p(1 − l|s|)^t",
        "Bush and Mosteller 1955; Macy and Flache 2002; derived",
        _learning,
        slow=True,
    ),
)
