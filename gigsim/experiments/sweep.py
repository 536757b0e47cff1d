"""A study on its way into its folder, which can be left at any moment and gone on with.

What studies share with curves is in ``stored``; what a run is, ``case`` says.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from gigsim.config import Config
from gigsim.errors import InputError
from gigsim.experiments.case import Job, run_case
from gigsim.experiments.laying import Planned, lay_out
from gigsim.experiments.stored import CIRCUMSTANTIAL, StoredWork, processes_of, with_reasons
from gigsim.experiments.study import Study, load_study, open_study
from gigsim.learners.cache import TrainingCache
from gigsim.processes import Limits, StillbornError, Task
from gigsim.runs import check_out
from gigsim.store.store import Failure, read_counts
from gigsim.trust import require


class Sweep(StoredWork):
    """Works on the folder of a study, made by :func:`begin`; a job is a run.

    Attributes:
        study: what is run.
    """

    study: Study

    def _open(self) -> tuple[Study, int]:
        self.study = open_study(self.folder)
        return self.study, self.study.runs

    def _task(self) -> Task:
        return run_case

    def _job(self, number: int) -> Job:
        study = self.study
        case, replicate = divmod(number, study.replicates)
        config, values = study.config(number), study.columns(case)
        record = tuple(study.record)
        return Job(case, replicate, config, values, record, self._cache, self._trust)

    def _limits(self) -> Limits:
        limits = self.study.limits
        memory = None if limits.memory_gb is None else int(limits.memory_gb * 1e9)
        return Limits(limits.seconds, memory, limits.repetitions)

    def _failures(self, failures: Sequence[Failure]) -> pa.Table:
        return failures_table(failures, self.study)

    def _complete(self) -> None:
        """Nothing: a study is the tables of its store."""


def failures_table(failures: Sequence[Failure], study: Study) -> pa.Table:
    """``failures.parquet``: a row a run that failed."""
    runs = [divmod(failure.number, study.replicates) for failure in failures]
    columns = {
        "case": pa.array([case for case, _ in runs], pa.int64()),
        "replicate": pa.array([replicate for _, replicate in runs], pa.int64()),
        "seed": pa.array([study.seed_of(*run) for run in runs], pa.int64()),
    }
    return with_reasons(columns, failures)


def begin(
    study: Study, out: Path | str, command: Sequence[str] = (), *, plan: Planned | None = None
) -> Path:
    """Lay out the folder of a study, with nothing run yet.

    Args:
        study: what is run.
        out: the folder that holds runs and studies.
        command: what began it, as typed.
        plan: what the study is for, kept in the study's place; it knows its own study.

    Returns:
        ``out/<UTC time>-<name>-<hash of the study>``; it appears complete, or not at all.

    Raises:
        InputError: ``out`` cannot be written to, or the disk is full; a file that a case's config
            names is not there.
    """
    return lay_out(
        study if plan is None else plan,
        out,
        command,
        config=study.config(0),
        resumes="as its config says",
        jobs=study.runs,
        replicates=study.replicates,
        tables=("runs", *study.record, "timings"),
    )


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
        new = load_study(named(study, "gigsim sweep"))
        check_new((config for _, config in new.telling()), out, cache, trust=trust)
        return begin(new, out, command)
    folder = Path(resume)
    there = open_study(folder)
    if study is not None and load_study(study).digest() != there.digest():
        raise another_study(folder, study)
    return folder


def named(
    study: Path | str | Mapping[str, Any] | None, command: str
) -> Path | str | Mapping[str, Any]:
    """The study that a command was given.

    Raises:
        InputError: it was given no study.
    """
    if study is None:
        raise InputError(command, "no study given", "name a STUDY.toml, or --resume DIR")
    return study


def check_new(
    configs: Iterable[Config], out: Path | str, cache: TrainingCache | None, *, trust: bool
) -> None:
    """Refuse to begin what could not be run or kept, before anything is written.

    Raises:
        InputError: ``out`` or the cache's folder cannot be written to; a case names code that is
            not trusted.
    """
    require(configs, trust)
    check_out(out)
    if cache is not None:
        cache.check()


def another_study(folder: Path, study: object) -> InputError:
    """What is said of a folder that is not this study's."""
    return InputError(
        str(folder), f"holds another study than {study}", "start a new one without --resume"
    )


def sweep(
    study: Path | str | Mapping[str, Any] | None = None,
    *,
    out: Path | str = "runs",
    resume: Path | str | None = None,
    workers: int | None = None,
    fail_fast: bool = False,
    cache: TrainingCache | None = None,
    trust: bool = False,
) -> Path:
    """Run a study, and return its folder, for :func:`gigsim.load_runs`.

    Args:
        study: a STUDY.toml, or its content as a mapping (docs/studies.md).
        out: the folder that holds runs and studies.
        resume: the folder of a study to go on with; ``study`` is then not needed.
        workers: processes; None is one a core. More than 0 needs Python's usual
            ``if __name__ == "__main__":`` guard in the script that calls, and a script that is a
            file; notebooks and interactive sessions need neither.
        fail_fast: stop at the first run that fails.
        cache: where trainings are shared with other runs and studies; None trains each.
        trust: import code of the user's own that cases name (``platform.learner.path``)?

    Warns:
        OtherMachine: a study is gone on with on another CPU or with other libraries.

    Raises:
        InputError: the study is refused, workers could not start, ``out`` cannot be written to,
            the disk is full.
    """
    processes = processes_of(workers)
    out_was_there = Path(out).exists()
    command = ["gigsim.sweep", *sys.argv[:1]]
    folder = open_or_begin(study, out, resume, command, cache, trust=trust)
    retry = CIRCUMSTANTIAL if resume is not None else ()
    work = Sweep(folder, processes, cache, trust=trust)
    work.warn(stacklevel=2)
    try:
        work.run(fail_fast=fail_fast, retry=retry)
    except StillbornError:
        if resume is None:
            _remove_unused(folder, and_parent=not out_was_there)
        raise
    return folder


def _remove_unused(folder: Path, and_parent: bool) -> None:
    """Remove the folder of a study in which nothing has run, and perhaps the one it is in."""
    counts = read_counts(folder)
    if counts.finished or counts.failed or counts.claimed_by_others:
        return
    shutil.rmtree(folder)
    if and_parent:
        with suppress(OSError):  # somebody else uses it
            folder.parent.rmdir()
