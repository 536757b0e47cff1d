"""Rows as ``curve.parquet`` has them, from curves that are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.reproduction.names import parts_of

#: Of every curve: how often the target is given without a signal; the standard error of S from the
#: held-out resumes.
BASE, SE = 0.1, 0.004


def logistic(alpha: float, half: float, slope: float = 2.0, base: float = BASE) -> float:
    """S that is half-way from U(0) to 1 at ``half``, and a logistic curve in log α."""
    if alpha == 0:
        return base
    return base + (1 - base) / (1 + (half / alpha) ** slope)


def rows_of(
    arms: Sequence[Arm],
    half: Callable[[Arm, int], float],
    *,
    slope: Callable[[Arm], float] = lambda arm: 2.0,
    accuracy: Callable[[Arm], float] = lambda arm: 0.9,
    luck: float = 0.02,
) -> pd.DataFrame:
    """One row a cell.

    Args:
        arms: whose.
        half: the α half-way of an arm after so many retrainings.
        slope: of its curve.
        accuracy: its clean accuracy.
        luck: standard deviation over seeds of the logarithm of the α half-way.
    """
    table = []
    for number, arm in enumerate(arms):
        config, people = arm.config, arm.config.population.size
        target = config.collective.target
        acts = 0.15 if config.collective.strategy == "feature_only" else 1.0
        for alpha in arm.alphas:
            members = round(alpha * people)
            for seed in arm.seeds:
                own = np.exp(luck * np.random.default_rng([seed, number]).standard_normal())
                for retraining in range(1, arm.retrainings + 1):
                    success = logistic(alpha, half(arm, retraining) * own, slope(arm))
                    table.append(
                        {
                            "arm": number,
                            "name": arm.name,
                            "goal": config.measure.success,
                            "strategy": config.collective.strategy,
                            "label_sets": config.collective.label_sets,
                            "target": target,
                            "learner": config.platform.learner.kind,
                            "recipe": arm.recipe,
                            "recruitment": arm.recruitment,
                            "retraining": retraining,
                            "alpha": members / people,
                            "members": members,
                            "edited": round(members * acts),
                            "alpha_effective": members / people,
                            "xi": config.corpus.xi,
                            "seed": seed,
                            "success": success,
                            **dict.fromkeys(("success_any", "success_top1"), success),
                            **dict.fromkeys(("flipped_any", "flipped_top1"), success),
                            **dict.fromkeys(("base_any", "base_top1"), BASE),
                            "accuracy": accuracy(arm),
                            "f1_micro": 0.8,
                            "tags_mean": 1.5,
                            "loss": 0.1,
                            "success_se": SE,
                            **dict.fromkeys(("bound_any", "bound_top1"), np.nan),
                            **dict.fromkeys(("finite_any", "finite_top1"), np.nan),
                            "training": f"{number}-{members}-{seed}-{retraining}",
                        }
                    )
    return pd.DataFrame(table)


def variant_of(arm: Arm) -> str:
    """Which curve of its experiment an arm is."""
    return parts_of(arm.name).variant
