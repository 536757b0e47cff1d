"""Many runs of one scenario: side by side, from neighbouring seeds, as one folder.

Replicate r is exactly the run of seed ``run.seed + r``: replicate 0 is the run itself. Each is
written as it finishes, next to where the folder will be, so that nothing that ends the others loses
it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from gigsim.config import Config, build, dumps
from gigsim.errors import InputError
from gigsim.learners.own_source import sources
from gigsim.model import GigEconomy
from gigsim.plots import replicates_overview
from gigsim.processes import Outcome, side_by_side
from gigsim.refusals import check_newcomers
from gigsim.run_rows import runs_table
from gigsim.runs import (
    SPOT_CHECKS,
    provenance,
    read_folder,
    run_name,
    tables_of,
    write_json,
    write_table,
    write_whole,
)
from gigsim.spot_checks import no_spot_checks
from gigsim.summary import summarise_run
from gigsim.summary_replicates import summarise_replicates
from gigsim.trust import import_paths, require

_TABLES = ("periods", "retrainings", "collectives", "theory", "timings")


@dataclass(frozen=True)
class ReplicatesFolder:
    """Replicates read back: tables as of :class:`~gigsim.runs.RunFolder`, of all of them together.

    ``replicate`` and ``seed`` are in front; docs/tables.md has the other columns.

    Attributes:
        path: the folder.
        config: of the scenario.
        summary: the ``summary.json`` of all of them.
        runs: a row a replicate.
        periods: a row a period of each.
        retrainings: a row a classifier of each.
        collectives: a row a period and collective of each.
        theory: a row a size of each.
        timings: seconds.
        spot_checks: a row a check of each.
    """

    path: Path
    config: Config
    summary: dict[str, Any]
    runs: pd.DataFrame
    periods: pd.DataFrame
    retrainings: pd.DataFrame
    collectives: pd.DataFrame
    theory: pd.DataFrame
    timings: pd.DataFrame
    spot_checks: pd.DataFrame = field(default_factory=no_spot_checks)


class Replicates:
    """Replicates of a scenario on their way into a folder.

    Args:
        config: the scenario; replicate r runs with seed ``config.run.seed + r``.
        count: R, replicates, at least 1.
        out: the folder that holds runs.
        trust: as of :class:`~gigsim.model.GigEconomy`.

    Attributes:
        configs: of each replicate.
        outcomes: what became of those that ended, by replicate.
    """

    def __init__(self, config: Config, count: int, out: Path | str, *, trust: bool = False) -> None:
        require([config], trust)
        if count < 1:
            raise ValueError(f"at least 1 replicate, got {count}")
        seeds = range(config.run.seed, config.run.seed + count)
        self.config, self._out, self._trust = config, Path(out), trust
        # As it is now: workers import it before it is written down.
        self._imported = sources(import_paths(config).values())
        plain = config.model_dump(mode="json")
        self.configs = [build(plain, {"run.seed": seed}) for seed in seeds]
        self.outcomes: dict[int, Outcome] = {}
        self._name = f"{run_name(config)}-x{count}"
        #: Where finished replicates wait; made by the first.
        self.waiting = self._out / f"{self._name}.partial-{os.getpid()}"

    def run(
        self, workers: int, tell: Callable[[int, int], None] | None = None
    ) -> Generator[tuple[int, Outcome]]:
        """Run all of them. Close the iterator to end the workers (``contextlib.closing``).

        Args:
            workers: processes, each running one replicate at a time with its trainings in it; 0
                runs in this process. Changes no bit of the results.
            tell: gets a replicate and the period that it finished.

        Yields:
            A replicate and its outcome, as they end.

        Raises:
            InputError: the config is refused before any replicate has measured its period 0: it
                would be refused by all.
        """
        jobs = [
            (config, self._place(number), self._trust) for number, config in enumerate(self.configs)
        ]
        begun = False

        def heard(number: int, period: int) -> None:
            nonlocal begun
            begun = True
            if tell is not None:
                tell(number, period)

        with closing(side_by_side(_run_one, enumerate(jobs), workers, heard)) as ended_ones:
            for ended in ended_ones:
                if ended is None:
                    continue
                number, outcome = ended
                if outcome.refused is not None and not begun:
                    raise outcome.refused
                self.outcomes[number] = outcome
                yield number, outcome

    @property
    def done(self) -> list[int]:
        """Replicates that are written, in order: those that the folder will hold."""
        return [r for r in range(len(self.configs)) if self._place(r).is_dir()]

    def save(self, command: Sequence[str] = ()) -> Path | None:
        """Write the folder of those that are done; None, and nothing written, where none is.

        Raises:
            InputError: ``out`` cannot be written to.
        """
        done = self.done
        if not done:
            shutil.rmtree(self.waiting, ignore_errors=True)
            return None
        folder = write_whole(self._out, self._name, partial(self._write, done, command))
        shutil.rmtree(self.waiting)
        return folder

    def _place(self, number: int) -> Path:
        return self.waiting / f"replicate-{number:03d}"

    def _write(self, done: list[int], command: Sequence[str], folder: Path) -> None:
        tables = {name: self._joined(name, done) for name in _tables(self.config)}
        summaries = {r: json.loads((self._place(r) / "summary.json").read_text()) for r in done}
        keys = [{"replicate": r, "seed": summaries[r]["seed"]} for r in summaries]
        tables["runs"] = runs_table(keys, list(summaries.values()))
        for name, table in tables.items():
            write_table(table, folder / f"{name}.parquet")
        (folder / "config.toml").write_text(dumps(self.config), encoding="utf-8")
        failed = [
            {"replicate": r, "seed": self.configs[r].run.seed, "why": outcome.reason}
            for r, outcome in sorted(self.outcomes.items())
            if outcome.failed
        ]
        summary = summarise_replicates(self.config, len(self.configs), tables["runs"], failed)
        write_json(summary, folder / "summary.json")
        origin = (self._place(done[0]) / "origin.txt").read_text(encoding="utf-8")
        seeds = [config.run.seed for config in self.configs]
        made = provenance(self.config, origin, command) | {"seeds": seeds}
        made |= {"imported": self._imported} if self._imported else {}
        write_json(made, folder / "provenance.json")
        figure = replicates_overview(
            self.config,
            summary,
            tables["periods"],
            tables["retrainings"],
            tables["theory"],
            tables["runs"],
        )
        figure.savefig(folder / "overview.png", dpi=150)

    def _joined(self, name: str, done: list[int]) -> pd.DataFrame:
        parts = []
        for number in done:
            part = pq.read_table(self._place(number) / f"{name}.parquet").to_pandas()
            part.insert(0, "replicate", number)
            part.insert(1, "seed", self.configs[number].run.seed)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)


def load_replicates(path: Path | str) -> ReplicatesFolder:
    """Read a folder of replicates.

    Args:
        path: a folder that ``gigsim run --replicates`` wrote.

    Returns:
        The replicates: config, summary and tables.

    Raises:
        InputError: no such folder, a file missing or damaged, another schema.
    """
    allowed = "a folder written by `gigsim run --replicates` is needed"
    if not Path(path).is_dir():
        raise InputError(str(path), "no such folder", allowed)
    return ReplicatesFolder(**read_folder(Path(path), (*_TABLES, "runs"), allowed))


def _run_one(job: tuple[Config, Path, bool], tell: Callable[[int], None]) -> dict[str, Any]:
    """One replicate, from its config to its place; its summary."""
    config, place, trust = job
    model = GigEconomy(config, trust=trust)
    tell(0)
    if config.run.until == "periods":
        check_newcomers(model, config.run.periods)
    while not model.finished:
        model.step()
        tell(model.period)
    write_whole(place.parent, place.name, partial(_write_one, model))
    return summarise_run(model)


def _tables(config: Config) -> tuple[str, ...]:
    return (*_TABLES, SPOT_CHECKS) if config.measure.spot_checks else _TABLES


def _write_one(model: GigEconomy, folder: Path) -> None:
    tables = tables_of(model)
    tables["timings"] = model.ledger.timings()
    for name in _tables(model.config):
        write_table(tables[name], folder / f"{name}.parquet")
    write_json(summarise_run(model), folder / "summary.json")
    (folder / "origin.txt").write_text(model.stage.origin, encoding="utf-8")
