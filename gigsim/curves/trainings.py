"""Which trainings the cells of a plan need: each is done once, whoever looks at it.

A *cell* is one row of a curve: (arm, α, seed) and, for a platform that goes on from its own
weights, the retraining. A *training* is what is fitted for it. Cells of several arms may share one:
with nobody in the collective neither the target nor the strategy changes what is submitted, and
where nothing is drawn at random one clean training serves all seeds.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gigsim.collective.catalogue import STRATEGIES
from gigsim.curves.arm import Arm
from gigsim.curves.bench import bench_key
from gigsim.learners.recipes import BayesRecipe

#: Learners of which many trainings fit in one job: each takes seconds or less.
QUICK = frozenset({"linear", "frozen", "table", "bayes"})

#: Of a quick learner, so many trainings a job: the more, the wider are the batches in which they
#: are solved; the fewer, the less is lost when a process is killed.
_LEAST, _MOST = 64, 1_024


@dataclass(frozen=True)
class Cell:
    """One row of a curve.

    Attributes:
        arm: number of its arm in the plan, from 0.
        alpha: as the arm has it.
        seed: of the collective and the training.
        retraining: from 1.
    """

    arm: int
    alpha: float
    seed: int
    retraining: int = 1


@dataclass(frozen=True)
class Training:
    """What is fitted: once, or for a warm platform several times in a row.

    Attributes:
        key: 32 hexadecimal digits; equal keys, equal bits.
        group: trainings of one group (a bench, a recipe) can be done in one batch.
        kind: of the learner.
        arm: number of the arm that says how: of those that share it, the first.
        seed: that it is drawn with: of the cells that share it, the first's.
        members: in the collective.
        retrainings: in a row after a clean one; 0 for a single training from scratch.
        cells: measured on it, by arm, α, seed, retraining.
    """

    key: str
    group: str
    kind: str
    arm: int
    seed: int
    members: int
    retrainings: int
    cells: tuple[Cell, ...]

    def row_key(self, retraining: int) -> str:
        """The key of one of its rows: of a warm platform's each retraining has its own."""
        if not self.retrainings:
            return self.key
        return digest({"chain": self.key, "retraining": retraining})


def cells_of(arm: Arm, number: int) -> Iterator[Cell]:
    """The rows of an arm's curve, by α, seed and retraining."""
    for alpha, seed in itertools.product(arm.alphas, arm.seeds):
        for retraining in range(1, arm.retrainings + 1):
            yield Cell(number, alpha, seed, retraining)


def trainings_of(arms: Sequence[Arm]) -> list[Training]:
    """The trainings of a plan, each with its cells, in the order of their first cell."""
    found: dict[str, list[Cell]] = {}
    for number, arm in enumerate(arms):
        keys = {
            (m, seed): training_key(arm, seed, m)
            for m in dict.fromkeys(arm.members(alpha) for alpha in arm.alphas)
            for seed in arm.seeds
        }
        for cell in cells_of(arm, number):
            key = keys[arm.members(cell.alpha), cell.seed]
            found.setdefault(key, []).append(cell)
    groups = [group_of(arm) for arm in arms]
    return [
        Training(
            key=key,
            group=groups[first.arm],
            kind=arms[first.arm].config.platform.learner.kind,
            arm=first.arm,
            seed=first.seed,
            members=arms[first.arm].members(first.alpha),
            retrainings=max(c.retraining for c in cells) if arms[first.arm].warm else 0,
            cells=tuple(cells),
        )
        for key, cells in found.items()
        for first in cells[:1]
    ]


def jobs_of(arms: Sequence[Arm]) -> list[tuple[Training, ...]]:
    """The trainings of a plan in portions of work, in a fixed order.

    Of quick learners a job holds trainings of one group, those of a seed and a size side by side:
    over several targets they share most of their columns. Of networks it holds as many of a group
    as are trained at once (:func:`at_once`), those of a seed side by side, which see the resumes in
    nearly the same order. Of others it holds one training, or one row of retrainings; the clean
    ones, always alone, come before them, since others ask for what they say.
    """
    quick: dict[str, list[Training]] = {}
    beside: dict[str, list[Training]] = {}
    slow: list[tuple[Training, ...]] = []
    for training in trainings_of(arms):
        if training.kind in QUICK and not training.retrainings:
            quick.setdefault(training.group, []).append(training)
        elif training.members and at_once(arms[training.arm]) > 1:
            beside.setdefault(training.group, []).append(training)
        else:
            slow.append((training,))
    jobs: list[tuple[Training, ...]] = []
    for group in quick.values():
        # Two for two workers, where there is enough for both.
        parts = max(1, min(2, len(group) // _LEAST), -(-len(group) // _MOST))
        jobs += _portions(arms, group, parts)
    for group in beside.values():
        parts = -(-len(group) // at_once(arms[group[0].arm]))
        slow += map(_side_by_side, _portions(arms, group, parts))
    slow.sort(key=lambda job: (job[0].members > 0, job[0].retrainings > 0))
    return jobs + slow


def at_once(arm: Arm) -> int:
    """How many trainings with somebody in the collective are done at once, networks side by side.

    1 is one by one: so are other learners, for which it has no meaning, and chains, each of whose
    trainings begins where the last ended. A recipe that is in the way is refused by the config.
    """
    config = arm.config
    able = config.platform.learner.kind == "transformer" and not arm.warm
    return config.run.side_by_side if able else 1


def _portions(arms: Sequence[Arm], group: list[Training], parts: int) -> list[tuple[Training, ...]]:
    """A group in so many portions, of a size but for one, those of a seed and a size together."""
    group = sorted(group, key=lambda t: (t.seed, arms[t.arm].recruitment, t.members, t.arm))
    size = -(-len(group) // parts)
    return [tuple(group[k : k + size]) for k in range(0, len(group), size)]


def _side_by_side(job: tuple[Training, ...]) -> tuple[Training, ...]:
    """Trainings under keys that say beside which: their last bits depend on it.

    One that is left alone has the key that it has.
    """
    if len(job) == 1:
        return job
    keys = [training.key for training in job]
    return tuple(replace(t, key=digest({"training": t.key, "beside": keys})) for t in job)


def training_key(arm: Arm, seed: int, members: int) -> str:
    """The key of a training: a digest of all that its outcome depends on, and of nothing else.

    Args:
        arm: whose.
        seed: of the collective and the training.
        members: in the collective, in [0, N].
    """
    config, recipe = arm.config, arm.config.platform.learner
    section, corpus = config.collective, config.corpus
    exact = isinstance(recipe, BayesRecipe)
    noise = [corpus.label_noise, corpus.label_noise_kind] if corpus.label_noise else None
    parts: dict[str, Any] = {
        "group": group_of(arm),
        "xi": corpus.xi,
        "noise": noise,
        "warm": arm.warm,
    }
    if arm.clean_learner not in (None, recipe):
        # What a chain goes on from; of no clean start of its own it is the recipe in the group.
        parts["clean"] = arm.clean_learner.model_dump(mode="json")
    # The worst of several classifiers is the worst for a goal, with a collective or without.
    worst = exact and getattr(recipe, "epsilon", 0.0) > 0
    if worst:
        parts["goal"] = config.measure.success
    if members or worst:
        options = STRATEGIES[section.strategy].options
        parts |= {
            "members": members,
            "target": section.target,
            "strategy": section.strategy,
            "options": {name: getattr(section, name) for name in sorted(options)},
            "abstain": section.abstain,
        }
        # An exact classifier is given shares, and everybody is the same set however he was found.
        if members < arm.size and not (exact and not section.abstain):
            parts["recruitment"] = arm.recruitment
    luck = corpus.xi > 0 or noise is not None or recipe.kind not in QUICK
    # An exact classifier is given shares: a seed matters only where it moves α_effective.
    if (members > 0 and section.abstain > 0) if exact else (luck or members > 0):
        parts["seed"] = seed
    return digest(parts)


def digest(value: Any) -> str:
    """32 hexadecimal digits of plain data: numbers, texts, lists and dictionaries of them."""
    content = json.dumps(value, sort_keys=True).encode()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def group_of(arm: Arm) -> str:
    """Digest of what trainings have in common that can be done in one batch: bench and recipe."""
    config = arm.config
    run: dict[str, Any] = {
        name: getattr(config.run, name) for name in ("threads", "precision", "device")
    }
    if at_once(arm) > 1:
        run["side_by_side"] = at_once(arm)
    learner = config.platform.learner.model_dump(mode="json")
    return digest({"bench": bench_key(config), "learner": learner, "run": run})
