"""Known answers of exact worlds and of real frequency tables (V4, V5, V12, V15, V16, V56)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import StrategyName
from gigsim.collective.strategies import PLANTED, instruct
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import TableRecipe
from gigsim.learners.table import TableLearner
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.theory.feature_only import feature_only_bound
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal, feature_label_bound, staircase
from gigsim.theory.worlds import Worlds, random_worlds
from gigsim.validation.known import Known, Obtained, counted

_ROUNDING, _EXACT = 1e-9, 1e-12
_WORLDS = 4000


def feature_only_success(worlds: Worlds, alpha: Floats | float, goal: Goal) -> Floats:
    """Exact S(α) where members with y* in their set plant and nobody misreports, shape (B,).

    Args:
        worlds: B worlds.
        alpha: a share, or one for each world.
        goal: the reading of success; a tie is a failure.
    """
    acts = worlds.sets.T[worlds.target]
    image = (worlds.signal[:, :, None] == np.arange(worlds.signal.shape[1])).astype(np.float64)
    moved = np.einsum("bxs,bxz->bzs", worlds.base * acts[:, None, :], image)
    share = np.broadcast_to(np.asarray(alpha, dtype=np.float64), len(worlds))[:, None, None]
    law = share * (moved + worlds.base * ~acts[:, None, :]) + (1 - share) * worlds.base
    return ((worlds.deficits(goal, law) < 0) * worlds.weights).sum(axis=-1)


def least_target(worlds: Worlds) -> Floats:
    """The floor p = min_x P0(y* in Y | x) over the x that occur, shape (B,)."""
    mass = worlds.base.sum(axis=2)
    own = (mass - worlds.deficits("any")) / 2
    return np.where(mass > 0, own / np.where(mass > 0, mass, 1.0), 1.0).min(axis=1)


def _informative_shares(generator: np.random.Generator, foot: Floats) -> NDArray[np.float64]:
    """Shares between the foot of a bound and 1, one a world."""
    low = np.minimum(foot, 1.0)
    return low + (1 - low) * generator.random(len(foot))


def _bounds_hold() -> Obtained:
    generator = np.random.default_rng(4)
    violations = informative = 0
    for multi_label, goal in ((False, "top1"), (True, "any")):
        worlds = random_worlds(
            generator, _WORLDS, labels=3, multi_label=multi_label, concentration=1.0
        )
        floor, xi, gap = least_target(worlds), worlds.xi, worlds.gap(goal)  # type: ignore[arg-type]
        alpha = _informative_shares(generator, xi * gap / (1 + xi * gap))
        promised = [feature_label_bound(alpha, xi=xi, gap=gap)]
        happens = [worlds.success(alpha, goal)]  # type: ignore[arg-type]
        alpha = _informative_shares(generator, (1 - floor) * xi / np.maximum(floor, 1e-9))
        for form in ("printed", "sharp"):
            promised.append(feature_only_bound(alpha, p=floor, xi=xi, form=form))
            happens.append(feature_only_success(worlds, alpha, "any"))
        says = np.stack(promised) > 0
        violations += int(((np.stack(happens) < np.stack(promised) - _ROUNDING) & says).sum())
        informative += int(says.sum())
    return counted(violations, informative, "informative bounds above what happens")


def _staircases() -> Obtained:
    generator = np.random.default_rng(5)
    shares = np.concatenate([[0.0], np.geomspace(1e-4, 1, 30)])
    cases, worst = 0, 0.0
    for multi_label, goal in ((False, "top1"), (True, "any"), (True, "top1")):
        worlds = random_worlds(generator, 300, labels=3, multi_label=multi_label)
        exact = worlds.success(shares[:, None], goal)  # type: ignore[arg-type]
        held = worlds.deficits(goal) < 0  # type: ignore[arg-type]
        resistance = worlds.resistance(goal)  # type: ignore[arg-type]
        for world in range(len(worlds)):
            climb = staircase(shares, worlds.weights[world], resistance[world], held=held[world])
            worst = max(worst, float(np.abs(climb - exact[:, world]).max()))
            cases += 1
    same = worst < _EXACT
    said = "under" if same else "OVER"
    return Obtained(f"{cases} worlds × {len(shares)} shares: differences {said} 10⁻¹²", same)


def table_successes(
    world: FiniteWorld,
    members: NDArray[np.int64],
    *,
    size: int,
    xi: float,
    seed: int,
    strategy: StrategyName = "feature_label",
    one_point: bool = False,
    target: int = 3,
) -> Floats:
    """S of real frequency tables of one population, as ever more of it join, shape of ``members``.

    Args:
        world: whose texts and labels the people have.
        members: numbers of members, each a shape-(k,) count of the first ones in a random order.
        size: N, people.
        xi: share of them that carry the signal by themselves.
        seed: of the population.
        strategy: what members do.
        one_point: the signal replaces the text, so that X* is a single point.
        target: column of y*.
    """
    generator = np.random.default_rng(seed)
    resumes = world.sample(size, generator)
    cell, carries = world.cells_of(resumes), generator.random(size) < xi
    rank = generator.permutation(size)
    cells = len(world.weights)
    signed = [[cells]] * cells if one_point else [[k, cells] for k in range(cells)]
    learner = TableLearner(TableRecipe(), len(world.label_names))
    texts = learner.represent(Ragged.from_rows([[k] for k in range(cells)] + signed), cells + 1)
    won = []
    for count in members:
        edits = instruct(resumes.labels, rank < count, target, strategy=strategy)
        shown = cell + cells * ((edits.version == PLANTED) | carries)
        said = learner.fit(texts.take(shown), edits.labels, seed=0).probabilities(texts)[cells:]
        won.append(float(world.weights @ (said.argmax(axis=1) == target)))
    return np.array(won)


def _one_participant() -> Obtained:
    world = FiniteWorld.draw(8, np.random.default_rng(12))
    sizes = (10, 100, 1_000, 10_000)
    found = [
        float(
            table_successes(world, np.array([1]), size=size, xi=0.0, seed=size, one_point=True)[0]
        )
        for size in sizes
    ]
    text = ", ".join(f"S(1/{n:,}) = {s:g}" for n, s in zip(sizes, found, strict=True))
    return Obtained(text, all(s == 1.0 for s in found))


def _never_falls() -> Obtained:
    generator = np.random.default_rng(15)
    falls = steps = 0
    shares = np.linspace(0, 1, 41)
    for multi_label, goals in ((False, ("top1",)), (True, ("any", "top1"))):
        worlds = random_worlds(generator, 500, labels=3, multi_label=multi_label)
        for goal in goals:
            climbs = [worlds.success(shares[:, None], goal)]  # type: ignore[arg-type]
            if goal == "any" or not multi_label:
                only = [feature_only_success(worlds, s, goal) for s in shares]  # type: ignore[arg-type]
                climbs.append(np.stack(only))
            for climb in climbs:
                falls += int((np.diff(climb, axis=0) < -_ROUNDING).sum())
                steps += climb[1:].size
    members = np.arange(0, 201, 5)
    world = FiniteWorld.draw(12, generator)
    for strategy in ("feature_label", "feature_only"):
        for seed in range(5):
            climb = table_successes(
                world,
                members,
                size=400,
                xi=0.03,
                seed=seed,
                strategy=strategy,
            )
            falls += int((np.diff(climb) < -_ROUNDING).sum())
            steps += len(climb) - 1
    return counted(falls, steps, "steps down", "1,000 exact worlds and 10 populations with tables")


def _less_without_labels() -> Obtained:
    generator = np.random.default_rng(16)
    above = cases = 0
    for multi_label, goals in ((False, ("top1",)), (True, ("any", "top1"))):
        worlds = random_worlds(generator, _WORLDS, labels=3, multi_label=multi_label)
        alpha = generator.random(len(worlds))
        for goal in goals:
            only = feature_only_success(worlds, alpha, goal)  # type: ignore[arg-type]
            both = worlds.success(alpha, goal)  # type: ignore[arg-type]
            above += int((only > both + _ROUNDING).sum())
            cases += len(worlds)
    members = np.arange(0, 201, 10)
    world = FiniteWorld.draw(12, generator)
    for seed in range(5):
        numbers = {"size": 400, "xi": 0.03, "seed": seed}
        only, both = (
            table_successes(world, members, strategy=strategy, **numbers)  # type: ignore[arg-type]
            for strategy in ("feature_only", "feature_label")
        )
        above += int((only > both + _ROUNDING).sum())
        cases += len(members)
    return counted(above, cases, "with S feature-only above S feature-label", "exact and tables")


def erasing_successes(worlds: Worlds, alpha: Floats | float) -> Floats:
    """Exact S = Pr{f(x) = f(g(x))} where members report the likeliest label at g(x), shape (B,).

    One label a resume; of tied labels the first is predicted. By enumeration of P.
    """
    rows = np.arange(len(worlds))[:, None]
    mass = worlds.base.sum(axis=2)
    reported = worlds.base.argmax(axis=2)[rows, worlds.signal]
    claims = reported[:, :, None] == np.arange(worlds.base.shape[2])
    share = np.broadcast_to(np.asarray(alpha, dtype=np.float64), len(worlds))[:, None, None]
    law = (1 - share) * worlds.base + share * mass[:, :, None] * claims
    given = law.argmax(axis=2)
    return (mass * (given == given[rows, worlds.signal])).sum(axis=1)


def _everybody() -> Obtained:
    generator = np.random.default_rng(56)
    single = random_worlds(generator, _WORLDS)
    multi = random_worlds(generator, _WORLDS, labels=3, multi_label=True)
    found = {
        "planting": single.success(1.0),
        "planting, top-1, replaced sets": multi.success(1.0, "top1"),
        "planting, any, replaced sets": multi.success(1.0, "any"),
        "planting, any, extended sets": multi.success(1.0, "any", "extend"),
        "erasing": erasing_successes(single, 1.0),
    }
    below = {name: int((values < 1 - _ROUNDING).sum()) for name, values in found.items()}
    text = "; ".join(f"{name}: S < 1 in {n} of {_WORLDS:,}" for name, n in below.items())
    return Obtained(text, not any(below.values()))


def _nothing_to_erase() -> Obtained:
    generator = np.random.default_rng(55)
    texts, labels, masks, count = 4, 3, 3, 2000
    weights = generator.dirichlet(np.ones(texts), size=count)
    own = generator.dirichlet(np.full(labels, 0.5), size=(count, texts))
    mask = generator.dirichlet(np.ones(masks), size=count)
    # Feature (text, mask value): the mask is independent of text and label, and g sets it to 0.
    base = weights[:, :, None, None] * mask[:, None, :, None] * own[:, :, None, :]
    base = base.reshape(count, texts * masks, labels)
    signal = np.tile(np.repeat(masks * np.arange(texts), masks), (count, 1))
    worlds = Worlds(base, np.eye(labels, dtype=np.bool_), signal, np.zeros(count, dtype=np.int64))
    shares = (1e-6, 0.01, 0.3, 1.0)
    below = sum(int((erasing_successes(worlds, s) < 1 - _ROUNDING).sum()) for s in shares)
    return counted(below, count * len(shares), "worlds with S < 1", "α from 10⁻⁶ to 1")


KNOWN = (
    Known(
        "V4a",
        "random finite worlds, ε = 0: exact S against Theorem 1 and both forms of Theorem 3",
        "S ≥ bound, always",
        "Hardt et al. 2023, Theorems 1 and 3; derived",
        _bounds_hold,
    ),
    Known(
        "V5",
        "the staircase against the brute-force argmax of P",
        "identical",
        "derived",
        _staircases,
    ),
    Known(
        "V12",
        "a signal that nobody carries, a single signal point, the table learner",
        "one participant suffices: S(1/n) = 1",
        "derived",
        _one_participant,
    ),
    Known(
        "V15",
        "S as members join one by one: exact worlds, and real frequency tables",
        "never falls, feature-label and feature-only",
        "derived",
        _never_falls,
    ),
    Known(
        "V16",
        "feature-only against feature-label, same g, y* and α",
        "S of feature-only is never above",
        "Hardt et al. 2023, slides; derived",
        _less_without_labels,
    ),
    Known(
        "V55",
        "erasing an independent feature that the label does not depend on (τ = 0)",
        "S = 1 for every α > 0",
        "derived",
        _nothing_to_erase,
    ),
    Known(
        "V56",
        "everybody takes part, α = 1",
        "S = 1: planting, and erasing with g(g(x)) = g(x)",
        "derived",
        _everybody,
    ),
)
