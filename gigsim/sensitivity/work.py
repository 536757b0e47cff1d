"""A sensitivity study on its way into its folder: begun, left at any moment, gone on with.

The folder is a study's (``gigsim.experiments.sweep``); when no run is missing, the indices are put
beside its tables.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gigsim.errors import InputError
from gigsim.experiments import origin, sweep
from gigsim.experiments.stored import CIRCUMSTANTIAL, processes_of
from gigsim.experiments.study import Study
from gigsim.experiments.sweep import Sweep
from gigsim.learners.cache import TrainingCache
from gigsim.sensitivity.analysis import Analysis
from gigsim.sensitivity.library import salib_version
from gigsim.sensitivity.plan import Plan, load_plan, open_plan
from gigsim.sensitivity.report import write_report


class SensitivityWork(Sweep):
    """Works on the folder of a sensitivity study, made by :func:`begin`; a job is a run.

    Attributes:
        plan: what is run; the one that the folder was begun with, or it is refused.
        analysis: of the runs, once none is missing.
    """

    plan: Plan
    analysis: Analysis | None = None

    def _open(self) -> tuple[Study, int]:
        self.plan = open_plan(self.folder)
        origin.check_plan(self.plan.digest(), self.folder)
        # What is at the end is asked for before the runs are.
        salib_version()
        self.study = self.plan.study
        return self.study, self.study.runs

    def _complete(self) -> None:
        """The indices, unless a run failed: they need every one."""
        if not self.tally.failures:
            self.analysis = write_report(self.folder, self.plan)


def begin(plan: Plan, out: Path | str, command: Sequence[str] = ()) -> Path:
    """Lay out the folder of a sensitivity study, as :func:`gigsim.experiments.sweep.begin`."""
    return sweep.begin(plan.study, out, command, plan=plan)


def open_or_begin(
    study: Path | str | Mapping[str, Any] | None,
    out: Path | str,
    resume: Path | str | None,
    command: Sequence[str],
    cache: TrainingCache | None = None,
    *,
    trust: bool = False,
) -> Path:
    """The folder to work on: one to go on with, or a new one.

    Raises:
        InputError: neither a study nor a folder is given, or the two do not belong together;
            ``out`` or the cache's folder cannot be written to; a case names code that is not
            trusted. Nothing is written then.
    """
    if resume is None:
        new = load_plan(sweep.named(study, "gigsim sensitivity"))
        configs = (config for _, config in new.telling())
        sweep.check_new(configs, out, cache, trust=trust)
        return begin(new, out, command)
    folder = Path(resume)
    there = open_plan(folder)
    if study is not None and not load_plan(study).same_as(there):
        raise sweep.another_study(folder, study)
    return folder


def run_sensitivity(
    study: Path | str | Mapping[str, Any] | None = None,
    *,
    out: Path | str = "runs",
    resume: Path | str | None = None,
    workers: int | None = None,
    cache: TrainingCache | None = None,
    trust: bool = False,
) -> Path:
    """Run a sensitivity study, and return its folder.

    Args:
        study: a STUDY.toml with a table ``[sensitivity]``, or its content as a mapping
            (docs/sensitivity.md).
        out: the folder that holds runs and studies.
        resume: the folder of a study to go on with; ``study`` is then not needed.
        workers: processes; None is one a core. More than 0 needs Python's usual
            ``if __name__ == "__main__":`` guard in the script that calls.
        cache: where trainings are shared with other runs and studies; None trains each.
        trust: import code of the user's own that cases name (``platform.learner.path``)?

    Warns:
        OtherMachine: a study is gone on with on another CPU or with other libraries.

    Raises:
        InputError: the study is refused, ``out`` cannot be written to, the disk is full; a run
            failed, so that there are no indices.
    """
    processes = processes_of(workers)
    command = ["gigsim.sensitivity", *sys.argv[:1]]
    folder = open_or_begin(study, out, resume, command, cache, trust=trust)
    work = SensitivityWork(folder, processes, cache, trust=trust)
    work.warn(stacklevel=2)
    work.run(retry=CIRCUMSTANTIAL if resume is not None else ())
    if work.analysis is None:
        failed = f"{work.tally.failures:,} of {work.tally.jobs:,} runs failed"
        allowed = f"indices need every one: see {folder}/failures.parquet"
        raise InputError(str(folder), failed, allowed)
    return folder
