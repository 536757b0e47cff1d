"""Known answers on grids, lattices and conventions (V37-V39, P8).

Expected by ``theory.contagion``; played out by the rules of ``society`` on networks of ten thousand
people and more.
"""

from __future__ import annotations

import numpy as np

from gigsim.society import network_models
from gigsim.society.conventions import committed_minority
from gigsim.society.sequential import Rule
from gigsim.theory.contagion.complex_contagion import rounds_to_everybody
from gigsim.theory.contagion.conventions import convention_equilibria, tipping_minority
from gigsim.theory.contagion.degree_laws import regular_degrees
from gigsim.theory.contagion.final_size import (
    cascade_size,
)
from gigsim.theory.contagion.morris import (
    contagion_threshold,
    moore_threshold,
    tree_threshold,
    von_neumann_threshold,
)
from gigsim.theory.contagion.responses import count_response
from gigsim.validation.contagion_runs import (
    block,
    first_people,
    neighbourhood,
    share_rule,
    spread,
    swapped,
)
from gigsim.validation.known import Known, Obtained, also, compared, listed
from gigsim.validation.society_runs import ERRORS, away

_PEOPLE = 10_000


def _torus() -> Obtained:
    found, agrees, ends = {}, True, []
    for diagonal, spreads, stays in ((False, 0.25, 0.26), (True, 0.375, 0.376)):
        network = network_models.torus(100, 100, diagonal=diagonal)
        seed = block(100, 100, 6)
        theory = moore_threshold(2) if diagonal else von_neumann_threshold(2)
        name = "Moore" if diagonal else "von Neumann"
        found[name] = (theory, f"{spreads}")
        agrees &= contagion_threshold(network.matrix(), seed) == theory
        for rng in (None, np.random.default_rng(1)):
            all_of_them = spread(network, share_rule(network, spreads), seed, rng).member
            nobody_else = spread(network, share_rule(network, stays), seed, rng).member
            agrees &= bool(all_of_them.all()) and np.array_equal(nobody_else, seed)
        ends.append(f"{all_of_them.sum():,} at {spreads:g}, {nobody_else.sum()} at {stays:g}")
    played = (
        f"a block of 36 among {_PEOPLE:,} people reaches, all at once and in turn, {ends[0]} (von"
        f" Neumann); {ends[1]} (Moore)"
    )
    return also(compared(found), played, agrees)


def _line_and_tree() -> Obtained:
    found, agrees = {}, True
    for degree in (2, 10):
        network = network_models.ring(_PEOPLE, degree)
        seed = first_people(_PEOPLE, degree // 2)
        theory = moore_threshold(1, degree // 2)
        found[f"line, degree {degree}"] = [(theory, "0.5")]
        agrees &= contagion_threshold(network.matrix(), seed) == theory
        above = share_rule(network, float(np.nextafter(theory, 1)))
        agrees &= bool(spread(network, share_rule(network, theory), seed).member.all())
        agrees &= np.array_equal(spread(network, above, seed).member, seed)
    most = 0
    for degree in (4, 10):
        network = swapped(network_models.ring(_PEOPLE, degree), 8, np.random.default_rng(degree))
        theory = tree_threshold(degree)
        found[f"tree, degree {degree}"] = [(theory, f"{1 / degree:g}")]
        seed = np.arange(_PEOPLE) == 5
        agrees &= bool(spread(network, share_rule(network, theory), seed).member.all())
        above = share_rule(network, float(np.nextafter(theory, 1)))
        most = max(most, int(spread(network, above, seed).member.sum()))
    played = (
        f"{_PEOPLE:,} people on rings are all reached by half a neighbourhood at ½ and nobody else"
        f" above it; on random regular networks by one person at 1/degree, above it at most {most}"
    )
    return also(listed(found), played, agrees and most < 20)


def _rewired() -> Obtained:
    parts, agrees = [], True
    for people in (2000, _PEOPLE):
        lattice = network_models.ring(people, 4)
        seed = neighbourhood(lattice, 7)
        two, one = (spread(lattice, Rule.of_number(a), seed) for a in (2, 1))
        rounds = [rounds_to_everybody(people, 4, a, int(seed.sum())) for a in (2, 1)]
        agrees &= bool(two.member.all() and one.member.all())
        agrees &= [two.rounds, one.rounds] == rounds
        predicted = cascade_size(regular_degrees(4), count_response(2), 5 / people).share
        reached, fast = [], []
        for number in range(8):
            mixed = swapped(lattice, 8, np.random.default_rng(number))
            seed = neighbourhood(mixed, 7)
            reached.append(spread(mixed, Rule.of_number(2), seed).share)
            simple = spread(mixed, Rule.of_number(1), seed)
            agrees &= bool(simple.member.all())
            fast.append(simple.rounds)
        # Nearly nobody beyond the seed of five.
        agrees &= max(reached) <= 8 / people and predicted < 1.1 * 5 / people
        parts.append(
            f"{people:,} people: a = 2 all in {two.rounds} rounds, rewired"
            f" {100 * float(np.mean(reached)):.2f} %; a = 1 all in {one.rounds} rounds, rewired all"
            f" in {max(fast)} at most"
        )
    return Obtained(f"Simulated: {'; '.join(parts)}", agrees)


def _committed() -> Obtained:
    tipping = tipping_minority(12)
    numbers = listed(
        {
            "mean field, M = 12": [(tipping.share, "0.2419")],
            "M = 5": [(tipping_minority(5).share, "0.1651")],
        }
    )
    rng = np.random.default_rng(39)
    ends = {}
    for size, committed, memory in (
        (1000, 200, 12),
        (1000, 250, 12),
        (1000, 150, 5),
        (1000, 200, 5),
    ):
        shares = committed_minority(size, committed, memory, rounds=300, rng=rng, runs=8)
        ends[committed / size, memory] = float((shares[:, -1] > 0.5).mean())
    agrees = list(ends.values()) == [0.0, 1.0, 0.0, 1.0]
    # Ten thousand people, a little under and over the share of the mean field.
    sides = []
    for step in (-0.012, 0.012):
        committed = round((tipping.share + step) * _PEOPLE)
        shares = committed_minority(_PEOPLE, committed, 12, rounds=250, rng=rng, runs=8)
        sides.append(shares[:, -1])
    low = convention_equilibria(round((tipping.share - 0.012) * _PEOPLE) / _PEOPLE, 12)[0].value
    misses = away(sides[0], low)
    agrees &= misses <= ERRORS and bool(np.all(sides[1] == 1.0))
    played = (
        "of eight runs of 1,000 people the majority turned, M = 12, in"
        f" {8 * ends[0.2, 12]:g} with 20 % committed and {8 * ends[0.25, 12]:g} with 25 %; M = 5:"
        f" {8 * ends[0.15, 5]:g} with 15 %, {8 * ends[0.2, 5]:g} with 20 %; of {_PEOPLE:,} others"
        f" {sides[0].mean():.4f} with 1.2 points less than the mean field's share, {misses:.1f}"
        f" s.e. from its {low:.4f}, and {sides[1].mean():g} with 1.2 more"
    )
    return also(numbers, played, agrees)


KNOWN = (
    Known(
        "V37",
        "Morris: a solid block on the torus, those at the threshold join",
        "von Neumann: spreads at 0.25, not at 0.26; Moore: at 0.375, not at 0.376",
        "Morris 2000",
        _torus,
    ),
    Known(
        "V38",
        "Centola and Macy: ring lattice, z = 4, from a person and his neighbours; then rewired",
        "a = 2: all on the lattice, hardly more than the seed once rewired; a = 1: all on both",
        "Centola and Macy 2007",
        _rewired,
        slow=True,
    ),
    Known(
        "V39",
        "committed minority, people who remember M partners",
        "M = 12, N = 1,000: 20 % fail, 25 % turn everybody; M = 5: between 15 and 20 %",
        "Centola et al. 2018; derived",
        _committed,
        slow=True,
    ),
    Known(
        "P8",
        "Morris: contagion thresholds of the line and of the regular tree",
        "1/2 on the line however far one sees; 1/degree on the tree",
        "Morris 2000",
        _line_and_tree,
        slow=True,
    ),
)
