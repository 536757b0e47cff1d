"""``gigsim.curve``: success curves from Python."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from gigsim.config import Config, load
from gigsim.curves.plan import ALPHAS, Plan, plan_of
from gigsim.curves.tables import CurveFolder, load_curve
from gigsim.curves.work import CurveWork, begin_curves
from gigsim.experiments.stored import CIRCUMSTANTIAL, processes_of
from gigsim.learners.cache import TrainingCache
from gigsim.runs import check_out
from gigsim.trust import require

#: Of a cache that is named by its folder: 5 GB.
CACHE_BYTES = 5 * 10**9


def curve(
    scenario: Config | Path | str = "default",
    *,
    alphas: Sequence[float] = ALPHAS,
    seeds: int | Sequence[int] = 10,
    targets: Sequence[str] = (),
    strategies: Sequence[str] = (),
    learners: Sequence[str] = (),
    recipes: Sequence[str] = (),
    recruitment: Sequence[str] = ("random",),
    retrainings: int = 1,
    name: str | None = None,
    out: Path | str = "runs",
    resume: Path | str | None = None,
    workers: int | None = None,
    cache: TrainingCache | Path | str | None = None,
    trust: bool = False,
) -> CurveFolder:
    """Measure S(α) by independent trainings, and return its folder, read.

    Args:
        scenario: a config, a TOML file, or the name of a scenario that ships.
        alphas: shares of the population, in [0, 1]; 0, the base rate, is measured in any case.
        seeds: so many, from 1 on, or which: each draws a collective and fresh weights.
        targets: labels; none given is the scenario's own.
        strategies: names with variants, such as ``feature_label/extend``.
        learners: kinds; none given is the scenario's own.
        recipes: what else differs, such as ``epochs=4``; a curve each.
        recruitment: how members are found: ``random``, ``cluster``, ``skill``, ``hub``.
        retrainings: in a row, with ``platform.retrain = "warm"``.
        name: of the folder; None for the scenario's.
        out: the folder that holds runs.
        resume: a folder of curves to go on with; what is above is then not looked at.
        workers: processes; None is one a core. More than 0 needs Python's usual
            ``if __name__ == "__main__":`` guard in the script that calls.
        cache: where trainings are shared with other runs, or a folder for them; None trains each.
        trust: import code of the user's own that a config names (``platform.learner.path``)?

    Returns:
        The folder: rows a training, a summary a point, lines of theory (docs/curves.md).

    Warns:
        OtherMachine: curves are gone on with on another CPU or with other libraries.

    Raises:
        InputError: a plan that is refused, ``out`` cannot be written to, the disk is full.
    """
    processes = processes_of(workers)
    if cache is not None and not isinstance(cache, TrainingCache):
        cache = TrainingCache(Path(cache), CACHE_BYTES)
    if resume is None:
        base = scenario if isinstance(scenario, Config) else load(scenario)
        plan = plan_of(
            base,
            name=name,
            alphas=alphas,
            seeds=seeds,
            targets=targets,
            strategies=strategies,
            learners=learners,
            recipes=recipes,
            recruitment=recruitment,
            retrainings=retrainings,
        )
        return measure(plan, out=out, workers=processes, cache=cache, trust=trust)
    return _work(Path(resume), processes, cache, CIRCUMSTANTIAL, trust)


def measure(
    plan: Plan,
    *,
    out: Path | str = "runs",
    workers: int = 0,
    cache: TrainingCache | None = None,
    trust: bool = False,
) -> CurveFolder:
    """Measure a plan whose arms were put together by hand.

    Arguments and errors as of :func:`curve`.
    """
    require((arm.config for arm in plan.arms), trust)
    if cache is not None:
        cache.check()
    check_out(out)
    folder = begin_curves(plan, out, ["gigsim.curve", *sys.argv[:1]])
    return _work(folder, workers, cache, (), trust)


def _work(
    folder: Path, workers: int, cache: TrainingCache | None, retry: Sequence[str], trust: bool
) -> CurveFolder:
    work = CurveWork(folder, workers, cache, trust=trust)
    work.warn(stacklevel=3)
    work.run(retry=retry)
    return load_curve(folder)
