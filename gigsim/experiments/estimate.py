"""What a study will cost, before it is run: the beginnings of a few runs, timed, and arithmetic."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gigsim.config.sections import Config
from gigsim.errors import InputError
from gigsim.experiments.footprint import bytes_of, rows_of
from gigsim.experiments.probe import Probe, probe
from gigsim.experiments.study import Study
from gigsim.experiments.workload import Kind, Workload, kind_of, submissions, workload
from gigsim.trust import require

#: Most cases whose beginning is run.
PROBES = 4
_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass(frozen=True)
class Measured:
    """One case whose beginning was run.

    Attributes:
        case: its number.
        values: what it sets, in words.
        stands_for: cases whose cost is taken from it, itself included.
        setup_seconds: of CPU, up to the end of period 0.
        period_seconds: of CPU, a period without a retraining.
        retraining_seconds: of CPU, what a retraining adds, with one training.
    """

    case: int
    values: str
    stands_for: int
    setup_seconds: float
    period_seconds: float
    retraining_seconds: float


@dataclass(frozen=True)
class Estimate:
    """What a study will cost.

    Attributes:
        name: of the study.
        cases: how many.
        replicates: of each case.
        runs: in all.
        keys: varied keys.
        measured: the cases whose beginning was run.
        run_seconds: CPU seconds of a run: least, mean and most over the cases.
        cpu_seconds: of all runs together.
        wall_seconds: with ``workers`` processes.
        workers: processes; as many as work at the same time here.
        table_bytes: on disk, by table, when the study is complete; without the index.
        trainings: classifiers trained, in all.
        at_most: is it an upper limit, since runs end when they have settled?
        spent: CPU seconds that the estimate itself took.
    """

    name: str
    cases: int
    replicates: int
    runs: int
    keys: tuple[str, ...]
    measured: tuple[Measured, ...]
    run_seconds: tuple[float, float, float]
    cpu_seconds: float
    wall_seconds: float
    workers: int
    table_bytes: dict[str, int]
    trainings: int
    at_most: bool
    spent: float

    @property
    def bytes(self) -> int:
        """Of all tables, on disk, when the study is complete."""
        return sum(self.table_bytes.values())

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self) | {"bytes": self.bytes}

    def lines(self) -> list[str]:
        """For people."""
        most = "at most " if self.at_most else "about "
        low, mean, high = self.run_seconds
        each = _seconds(mean)
        if high > 1.1 * low:
            each += f" on average, from {_seconds(low)} to {_seconds(high)}"
        tables = ", ".join(f"{name} {_bytes(size)}" for name, size in self.table_bytes.items())
        found = [
            f"{self.name}: {_count(self.cases, 'case')} x {_count(self.replicates, 'replicate')}"
            f" = {_count(self.runs, 'run')}",
            f"  varied     {', '.join(self.keys) or 'nothing'}",
            f"  a run      {most}{each} of CPU",
            f"  all runs   {most}{_seconds(self.cpu_seconds)} of CPU, {self.trainings:,} trainings;"
            f" {_seconds(self.wall_seconds)} with {self.workers} at a time, this machine as busy"
            " as now",
            f"  disk       about {_bytes(self.bytes)} of tables ({tables}), beside the index; up to"
            " twice that while they are put together at the end",
            f"  measured here in {_seconds(self.spent)} of CPU: period 0, one quiet period and one"
            " retraining of",
        ]
        for one in self.measured:
            values = f" ({one.values})" if one.values else ""
            found.append(
                f"    case {one.case}{values}, for {_count(one.stands_for, 'case')}: period 0"
                f" {_seconds(one.setup_seconds)}, a period {_seconds(one.period_seconds)}, a"
                f" retraining {_seconds(one.retraining_seconds)}"
            )
        if self.at_most:
            found.append(
                "  runs that settle before run.limit cost less: this counts all its periods"
            )
        found.append("  trainings that runs share are counted once a run; the cache does them once")
        return found


def estimate(
    study: Study,
    *,
    workers: int | None = None,
    tell: Callable[[str], None] | None = None,
    trust: bool = False,
) -> Estimate:
    """Run the beginnings of a few cases in this process, and extrapolate.

    Cases that differ in learner, number of people or resumes take different times: of each such
    kind one is run, of more than :data:`PROBES` kinds those that span them best. The others'
    times are those of the nearest, in proportion to their people and their trainings' work.

    Args:
        study: what would be run.
        workers: processes; None is one a core.
        tell: is told in a few words what happens.
        trust: as of :class:`~gigsim.model.GigEconomy`.

    Raises:
        InputError: one of those cases cannot be run.
    """
    require((config for _, config in study.telling()), trust)
    kinds = [kind_of(study.case_config(case.number)) for case in study.cases]
    chosen = representatives(kinds)
    probes: dict[int, Probe] = {}
    for case in chosen:
        if tell is not None:
            tell(f"timing the beginning of case {case}")
        try:
            probes[case] = probe(study.config(case * study.replicates), trust=trust)
        except InputError as error:
            where = f"case {case}: {error.where}"
            raise InputError(where, error.problem, error.allowed) from error
    nearest = _nearest(kinds, chosen)
    costs = [
        _cost(study.case_config(case), study.case_config(near), probes[near])
        for case, near in enumerate(nearest)
    ]
    seconds = [cost.seconds for cost in costs]
    wall = [cost.seconds * probes[near].pace for cost, near in zip(costs, nearest, strict=True)]
    at_a_time = _at_a_time(workers, study.runs)
    return Estimate(
        name=study.name,
        cases=len(study.cases),
        replicates=study.replicates,
        runs=study.runs,
        keys=study.keys,
        measured=tuple(
            _measured(study, case, probes[case], nearest.count(case)) for case in chosen
        ),
        run_seconds=(min(seconds), math.fsum(seconds) / len(seconds), max(seconds)),
        cpu_seconds=math.fsum(seconds) * study.replicates,
        wall_seconds=max(math.fsum(wall) * study.replicates / at_a_time, max(wall)),
        workers=at_a_time,
        table_bytes=_table_bytes(study, costs, nearest, probes),
        trainings=sum(cost.trainings for cost in costs) * study.replicates,
        at_most=any(cost.load.at_most for cost in costs),
        spent=math.fsum(one.spent for one in probes.values()),
    )


def representatives(kinds: Sequence[Kind]) -> list[int]:
    """Cases that span all kinds, at most :data:`PROBES`, in order.

    The one with most work first, then always the one that is furthest from all chosen.

    Args:
        kinds: of every case.
    """
    first: dict[bytes, int] = {}
    for case, kind in enumerate(kinds):
        first.setdefault(kind.label, case)
    left = list(first.values())
    chosen: list[int] = []
    while left and len(chosen) < PROBES:
        near = {
            case: min((kinds[case].distance(kinds[c]) for c in chosen), default=0.0)
            for case in left
        }
        # Of those equally far, the one with most work.
        chosen.append(max(left, key=lambda case: (near[case], kinds[case].weight)))
        left.remove(chosen[-1])
    return sorted(chosen)


@dataclass(frozen=True)
class _Cost:
    """Of one run of a case."""

    seconds: float
    trainings: int
    people: int
    load: Workload


def _nearest(kinds: Sequence[Kind], chosen: Sequence[int]) -> list[int]:
    """For each case the chosen one whose times are most like its own."""
    near = {kinds[case].label: case for case in chosen}
    for kind in kinds:
        if kind.label not in near:
            near[kind.label] = min(chosen, key=lambda case: kind.distance(kinds[case]))
    return [near[kind.label] for kind in kinds]


def _cost(config: Config, measured: Config, found: Probe) -> _Cost:
    load = workload(config, stochastic=found.stochastic)
    people = config.population.size / measured.population.size
    work = kind_of(config).weight / kind_of(measured).weight
    baseline = config.measure.baseline_repeats if found.stochastic else found.baseline
    # The probe retrains in period 2; a window of submissions may fill up later.
    rows = submissions(config, load.periods) / submissions(measured, 2)
    trainings = baseline * found.first + load.trainings * found.training * rows
    rest = found.setup + found.ending + load.periods * found.quiet
    rest += load.retrainings * found.retraining
    return _Cost(
        trainings * work + rest * people,
        baseline + load.trainings,
        config.population.size,
        load,
    )


def _table_bytes(
    study: Study, costs: Sequence[_Cost], nearest: Sequence[int], probes: dict[int, Probe]
) -> dict[str, int]:
    names = ("runs", *study.record, "timings")
    sums = dict.fromkeys(names, 0.0)
    each = {
        (name, near): bytes_of(name, found, costs[near].load, study.runs, study.keys)
        for near, found in probes.items()
        for name in names
    }
    for cost, near in zip(costs, nearest, strict=True):
        theory = len(probes[near].tables["theory"])
        for name in names:
            rows = rows_of(name, cost.load, cost.people, theory)
            its = rows_of(name, costs[near].load, costs[near].people, theory)
            sums[name] += each[name, near] * rows / its * study.replicates
    return {name: round(size) for name, size in sums.items()}


def _measured(study: Study, case: int, found: Probe, stands_for: int) -> Measured:
    return Measured(
        case=case,
        values=str(study.cases[case]),
        stands_for=stands_for,
        setup_seconds=found.setup + found.first * found.baseline,
        period_seconds=found.quiet,
        retraining_seconds=found.retraining + found.training,
    )


def _at_a_time(workers: int | None, runs: int) -> int:
    cores = os.cpu_count() or 1
    return max(1, min(cores if workers is None else workers, cores, runs))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _seconds(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * 86400 else f"{seconds / 86400:.1f} days"


def _bytes(size: float) -> str:
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:.0f} bytes"
