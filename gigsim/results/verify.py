"""Is what a folder holds what gigsim computes? Runs are done again and compared.

Every run is trained anew, without any cache. Code of the user's own that a config names is never
imported, so that runs with such a learner cannot be verified. See :mod:`gigsim.results.rerun` for
what is asked of a run that was made on another machine or with other versions.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from gigsim.environment import differences, environment
from gigsim.errors import InputError
from gigsim.processes import Outcome, side_by_side
from gigsim.results.accounts import runs_of, wrong_rows, wrong_values
from gigsim.results.curves import verify_curve
from gigsim.results.earlier import Leniency, additions_since
from gigsim.results.integrity import altered_config, altered_design, altered_tables
from gigsim.results.kinds import kind_of
from gigsim.results.layout import listing, what_is_left, wrong_files
from gigsim.results.money import wrong_money
from gigsim.results.rerun import Again, Job, held_against, run_again
from gigsim.results.source import Source
from gigsim.results.sources import RunSource, StudySource, open_source
from gigsim.results.verdicts import Verdict, Verification
from gigsim.runs import write_table
from gigsim.store.ledger import read_ledger
from gigsim.streams import Streams
from gigsim.summary_replicates import summarise_replicates
from gigsim.trust import import_paths, never

_WHO = "gigsim runs verify"
#: Runs whose stored tables are held in memory at a time.
_AT_ONCE = 500


def verify(
    path: Path | str,
    *,
    sample: int | None = None,
    seed: int = 1,
    workers: int = 0,
    tell: Callable[[Verdict], None] | None = None,
) -> Verification:
    """Do runs of a folder again and compare.

    Args:
        path: a folder of a run, of replicates or of a study; of one that is not complete what is
            finished is verified. Failed runs are not done again.
        sample: how many runs, drawn at random; None does all.
        seed: of the drawing.
        workers: processes, one run in each; 0 works in this one.
        tell: gets each verdict as it is reached.

    Raises:
        InputError: there is no such folder, or it was never one of ours; or each of the runs was
            made with code of the user's own.
    """
    path = Path(path)
    if path.is_dir() and kind_of(path) == "curve":
        return verify_curve(path, sample=sample, seed=seed, workers=workers, tell=tell)
    try:
        source = open_source(path)
        ledger = read_ledger(path) if isinstance(source, StudySource) else None
        files = listing(path)
        numbers = runs_of(source, ledger)
        leniency = Leniency(additions_since(source))
        problems = altered_config(source)
        if isinstance(source, StudySource):
            problems += altered_design(source) + wrong_files(source, files, ledger)
        problems += wrong_rows(source, numbers) + wrong_values(source)
        problems += wrong_money(source, numbers)
    except InputError as error:
        kind = kind_of(path) if path.is_dir() else None
        if kind is None:
            raise
        runs, lines = what_is_left(path) if kind == "study" else (0, [])
        return Verification(runs, (), (str(error), *lines), ())
    provenance, now = source.provenance(), environment()
    elsewhere = differences(provenance, now) if provenance else ["no provenance.json"]
    if provenance.get("versions", {}).get("pyarrow") == now["versions"]["pyarrow"]:
        problems += altered_tables(source)
    drawn = numbers if sample is None else _draw(numbers, sample, seed)
    whole = len(drawn) == len(numbers)
    _refuse_code(source, drawn)
    check = _Check(source, leniency, elsewhere=bool(elsewhere), whole=whole)
    verdicts = []
    for some in (drawn[at : at + _AT_ONCE] for at in range(0, len(drawn), _AT_ONCE)):
        for verdict in check.verdicts(some, workers):
            verdicts.append(verdict)
            if tell is not None:
                tell(verdict)
    problems += check.of_the_whole()
    return Verification(
        runs=len(numbers),
        elsewhere=tuple(elsewhere),
        problems=tuple(problems),
        verdicts=tuple(sorted(verdicts, key=lambda one: (one.case, one.replicate))),
        notes=leniency.notes,
    )


def check_folders(paths: Sequence[Path]) -> None:
    """Refuse what :func:`verify` would refuse at once, of all folders before the first is done.

    Raises:
        InputError: there is no such folder, or it was never one of ours.
    """
    for path in paths:
        if not path.is_dir() or kind_of(path) is None:
            open_source(path)


class _Check:
    """Holds runs against their repetitions.

    Args:
        source: where they are stored.
        leniency: what is not asked of them.
        elsewhere: on another machine?
        whole: are all of its runs done again?
    """

    def __init__(self, source: Source, leniency: Leniency, *, elsewhere: bool, whole: bool) -> None:
        self._source, self._leniency, self._elsewhere = source, leniency, elsewhere
        self._names = [name for name in source.tables if name != "timings"]
        # Files of replicates can be put together again from all of them.
        self._kept: dict[int, Again] | None = None
        if source.kind == "replicates" and whole and not elsewhere:
            self._kept = {}

    def verdicts(self, numbers: Sequence[tuple[int, int]], workers: int) -> Iterator[Verdict]:
        try:
            stored = self._stored(numbers)
        except (InputError, KeyError) as error:
            for case, replicate in numbers:
                yield Verdict(case, replicate, "differs", (str(error),))
            return
        jobs: dict[int, Job] = {}
        for index, (case, replicate) in enumerate(numbers):
            try:
                jobs[index] = self._job(case, replicate)
            except InputError as error:
                yield Verdict(case, replicate, "failed", (str(error),))
        pieces = iter(jobs.items())
        work = side_by_side(run_again, pieces, min(workers, len(numbers)))
        with closing(work) as outcomes:
            for found in outcomes:
                if found is not None:
                    index, outcome = found
                    yield self._verdict(numbers[index], outcome, stored[numbers[index]])

    def of_the_whole(self) -> list[str]:
        """What is wrong with files in which all runs have a part."""
        source, kept = self._source, self._kept
        if kept is None or not kept:
            return []
        wrong = []
        order = sorted(kept)
        # A table that lacks columns of today's has other bytes; its values were compared.
        for name in (n for n in (*self._names, "runs") if n not in self._leniency.cut):
            parts = []
            for replicate in order:
                part = kept[replicate].row() if name == "runs" else kept[replicate].table(name)
                part.insert(0, "replicate", replicate)
                part.insert(1, "seed", source.config(0, replicate).run.seed)
                parts.append(part)
            buffer = io.BytesIO()
            write_table(pd.concat(parts, ignore_index=True), buffer)
            if buffer.getvalue() != (source.path / f"{name}.parquet").read_bytes():
                wrong.append(f"{name}.parquet holds other bytes than these runs give")
        return wrong + self._summary()

    def _summary(self) -> list[str]:
        source = self._source
        stored = json.loads((source.path / "summary.json").read_text(encoding="utf-8"))
        runs = source.runs().drop(columns="case")
        fresh = summarise_replicates(
            source.config(0, 0), stored["replicates"], runs, stored["failed"]
        )
        same = json.dumps(fresh) == json.dumps(stored)
        return [] if same else ["summary.json is not that of these runs"]

    def _job(self, case: int, replicate: int) -> Job:
        source = self._source
        config = source.config(case, replicate)
        never([config], _WHO)
        if isinstance(source, RunSource) and not source.complete:
            return Job(config, source.summary["periods"])
        return Job(config)

    def _stored(
        self, numbers: Sequence[tuple[int, int]]
    ) -> dict[tuple[int, int], dict[str, pd.DataFrame]]:
        source = self._source
        runs = source.runs()
        tables = {"runs": runs, **{n: source.table(n, list(numbers)) for n in self._names}}
        found: dict[tuple[int, int], dict[str, pd.DataFrame]] = {run: {} for run in numbers}
        for name, table in tables.items():
            rows = table.groupby(["case", "replicate"]).indices
            for run in numbers:
                found[run][name] = table.iloc[rows.get(run, [])].reset_index(drop=True)
        return found

    def _verdict(
        self, number: tuple[int, int], outcome: Outcome, stored: dict[str, pd.DataFrame]
    ) -> Verdict:
        if outcome.failed:
            return Verdict(*number, "failed", (outcome.reason,))
        again: Again = outcome.value
        if self._kept is not None:
            self._kept[number[1]] = again
        source = self._source
        lenient = self._leniency if self._leniency.concerns(stored) else None
        if isinstance(source, RunSource) and not self._other_files(source, again, None):
            return Verdict(*number, "bytes")
        level, lines = held_against(
            stored,
            again,
            source.config(*number),
            elsewhere=self._elsewhere,
            varied=source.varied,
            leniency=lenient,
        )
        if level == "values" and isinstance(source, RunSource) and not self._elsewhere:
            other = self._other_files(source, again, lenient)
            return Verdict(*number, "differs" if other else level, other)
        return Verdict(*number, level, lines)

    def _other_files(
        self, source: RunSource, again: Again, lenient: Leniency | None
    ) -> tuple[str, ...]:
        """Files of a run whose bytes are others than its repetition gives.

        Of a run from before an addition: those whose bytes that does not explain.
        """
        cut = frozenset() if lenient is None else lenient.cut
        other = [
            f"{name}.parquet: other bytes"
            for name in self._names
            if name not in cut
            and (source.path / f"{name}.parquet").read_bytes() != again.files[name]
        ]
        stored, fresh = source.summary, again.summary
        if lenient is None:
            same = json.dumps(stored) == json.dumps(fresh)
        else:
            same = lenient.same_summary(stored, fresh, source.learner)
        if not same:
            other.append("summary.json: other numbers")
        return tuple(other)


def _refuse_code(source: Source, numbers: Sequence[tuple[int, int]]) -> None:
    """Refuse where no run could be done again: all of them name code of the user's own."""
    for run in numbers:
        try:
            config = source.config(*run)
        except InputError:
            # That is for its verdict to say.
            return
        if not import_paths(config):
            return
    if numbers:
        never([source.config(*numbers[0])], _WHO)


def _draw(numbers: Sequence[tuple[int, int]], sample: int, seed: int) -> list[tuple[int, int]]:
    """So many of them, each equally likely, in order."""
    generator: np.random.Generator = Streams(seed).generator("verify")
    chosen = generator.permutation(len(numbers))[:sample]
    return [numbers[index] for index in sorted(chosen)]
