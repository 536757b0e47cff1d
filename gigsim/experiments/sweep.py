"""A study on its way into its folder, which can be left at any moment and gone on with.

See ``gigsim.experiments.runner`` for how runs are worked off, ``store`` for what keeps them safe.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from gigsim.checkpoint import OtherMachine
from gigsim.errors import InputError
from gigsim.experiments import origin
from gigsim.experiments.case import Job, Result, run_case
from gigsim.experiments.runner import work_off
from gigsim.experiments.study import Study, load_study, open_study
from gigsim.learners.cache import TrainingCache
from gigsim.learners.own_source import sources
from gigsim.processes import Limits, Outcome, StillbornError, check_main
from gigsim.runs import check_out, provenance, stamped, write_json, write_whole
from gigsim.store.index import explained
from gigsim.store.store import Failure, Store, StoreFull, read_counts
from gigsim.trust import import_paths, require

#: Failures that say something of the machine rather than of the run: tried again on resuming.
CIRCUMSTANTIAL = ("died",)


@dataclass
class Tally:
    """What has become of a study's runs.

    Attributes:
        runs: of the study.
        finished_before: had a result before this process began.
        failed_before: had failed before, and are not tried again.
        done: ended with a result in this process.
        failed: ended without one in this process, by kind.
        trainings: classifiers trained by this process's runs.
        cached: classifiers that they fetched from the cache instead.
    """

    runs: int
    finished_before: int = 0
    failed_before: int = 0
    done: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    trainings: int = 0
    cached: int = 0

    @property
    def finished(self) -> int:
        """Runs with a result."""
        return self.finished_before + self.done

    @property
    def failures(self) -> int:
        """Runs without one that are not tried again."""
        return self.failed_before + self.failed.total()


class Sweep:
    """Works on the folder of a study; other processes may do so at the same time.

    Args:
        folder: of the study, made by :func:`begin`.
        workers: processes, each running one run at a time with its trainings in it; 0 runs in this
            process, where limits do not apply. Changes no bit of the tables.
        cache: where trainings are shared; None trains each.
        trust: as of :class:`~gigsim.model.GigEconomy`.

    Attributes:
        study: what is run.
        tally: what has become of it so far, as far as this process knows.
        differs: in what libraries and CPU are not those that the study was begun with, so that
            bits may differ; a phrase each.

    Raises:
        InputError: no study in the folder, or one begun with other files than are there now or by
            another version of gigsim; a cache that cannot be written to.
    """

    def __init__(
        self,
        folder: Path,
        workers: int,
        cache: TrainingCache | None = None,
        *,
        trust: bool = False,
    ) -> None:
        self.folder, self._workers, self._cache, self._trust = folder, workers, cache, trust
        self.study = open_study(folder)
        require((config for _, config in self.study.telling()), trust)
        origin.check_inputs(self.study, folder)
        self.differs = origin.check_environment(self.study, folder)
        self.tally = Tally(self.study.runs)
        if cache is not None:
            cache.check()

    def run(
        self,
        *,
        fail_fast: bool = False,
        retry: Sequence[str] | None = (),
        tell: Callable[[int, int], None] | None = None,
        ended: Callable[[int, Outcome], None] | None = None,
    ) -> bool:
        """Run what is open, and put the tables together when nothing is.

        Args:
            fail_fast: stop at the first run that fails.
            retry: kinds of failures to try again, None for all.
            tell: gets the number of a run and the period that it finished.
            ended: gets the number of a run and its outcome, once it is safe on the disk.

        Returns:
            Are the tables put together? False after a failure with ``fail_fast``.

        Raises:
            InputError: the folder cannot be written to, or the disk is full; what was committed
                is safe.
        """
        limits = self.study.limits
        memory = None if limits.memory_gb is None else int(limits.memory_gb * 1e9)

        def take(number: int, outcome: Outcome) -> None:
            self._count(outcome)
            if ended is not None:
                ended(number, outcome)

        with Store.open(self.folder) as store:
            if retry is None or retry:
                store.retry_failed(retry)
            counts = store.counts()
            self.tally.finished_before = counts.finished
            self.tally.failed_before = counts.failed
            if counts.open and (self.differs or counts.finished or counts.failed):
                origin.remember(self.folder, self.differs, counts.finished)
            done = work_off(
                store,
                run_case,
                self._job,
                self._workers,
                tables=_tables,
                limits=Limits(limits.seconds, memory, limits.repetitions),
                tell=tell,
                ended=take,
                fail_fast=fail_fast,
            )
            if done:
                store.finish(partial(failures_table, study=self.study))
            counts = store.counts()
        # Another process may have done a part of it.
        self.tally.done = counts.finished - self.tally.finished_before
        return done

    def _job(self, number: int) -> Job:
        study = self.study
        case, replicate = divmod(number, study.replicates)
        config, values = study.config(number), study.columns(case)
        record = tuple(study.record)
        return Job(case, replicate, config, values, record, self._cache, self._trust)

    def _count(self, outcome: Outcome) -> None:
        if outcome.failed:
            self.tally.failed[outcome.kind] += 1
        else:
            self.tally.done += 1
            self.tally.trainings += outcome.value.trainings
            self.tally.cached += outcome.value.cached


def _tables(result: Result) -> dict[str, bytes]:
    return result.tables


def failures_table(failures: Sequence[Failure], study: Study) -> pa.Table:
    """``failures.parquet``: how often a run was tried is no result, and stays in the index."""
    runs = [divmod(failure.number, study.replicates) for failure in failures]
    columns = {
        "case": pa.array([case for case, _ in runs], pa.int64()),
        "replicate": pa.array([replicate for _, replicate in runs], pa.int64()),
        "seed": pa.array([study.seed_of(*run) for run in runs], pa.int64()),
        "kind": pa.array([failure.kind for failure in failures], pa.string()),
        "why": pa.array([failure.why for failure in failures], pa.string()),
        "traceback": pa.array([failure.traceback for failure in failures], pa.string()),
    }
    return pa.table(columns)


def begin(study: Study, out: Path | str, command: Sequence[str] = ()) -> Path:
    """Lay out the folder of a study, with nothing run yet.

    Returns:
        ``out/<UTC time>-<name>-<hash of the study>``; it appears complete, or not at all.

    Raises:
        InputError: ``out`` cannot be written to, or the disk is full; a file that a case's config
            names is not there.
    """
    inputs = origin.inputs_now(study)
    origin.load_libraries(study)

    def write(folder: Path) -> None:
        with explained(folder):
            fill(folder)

    def fill(folder: Path) -> None:
        study.write(folder)
        origin.write_inputs(inputs, folder)
        made = provenance(study.config(0), "as its config says", command)
        made |= {"config_hash": study.digest(), "resumed": []}
        named = (import_paths(config).values() for _, config in study.telling())
        own = sources(path for paths in named for path in paths)
        made |= {"imported": own} if own else {}
        write_json(made, folder / origin.PROVENANCE_FILE)
        Store.create(folder, study.runs, study.replicates, ("runs", *study.record, "timings"))

    try:
        return write_whole(Path(out), stamped(f"{study.name}-{study.digest()}"), write)
    except StoreFull as error:
        # What it names is gone.
        raise InputError(
            str(out), "the disk is full; nothing written", "free some space, or another --out"
        ) from error


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
        if study is None:
            raise InputError("gigsim sweep", "no study given", "name a STUDY.toml, or --resume DIR")
        new = load_study(study)
        require((config for _, config in new.telling()), trust)
        check_out(out)
        if cache is not None:
            cache.check()
        return begin(new, out, command)
    folder = Path(resume)
    there = open_study(folder)
    if study is not None and load_study(study).digest() != there.digest():
        raise InputError(
            str(folder), f"holds another study than {study}", "start a new one without --resume"
        )
    return folder


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
    processes = (os.cpu_count() or 1) if workers is None else workers
    if processes < 0:
        raise InputError("workers", f"{processes}", "a number of processes is needed, 0 or more")
    if processes:
        check_main()
    out_was_there = Path(out).exists()
    command = ["gigsim.sweep", *sys.argv[:1]]
    folder = open_or_begin(study, out, resume, command, cache, trust=trust)
    retry = CIRCUMSTANTIAL if resume is not None else ()
    work = Sweep(folder, processes, cache, trust=trust)
    for what in work.differs:
        note = f"{folder}: not as it was, so that bits may differ: {what}"
        warnings.warn(note, OtherMachine, stacklevel=2)
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
