"""The folder of a plan as it is before anything is done: what it was begun with, an empty store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gigsim.config.sections import Config
from gigsim.errors import InputError
from gigsim.experiments import origin
from gigsim.learners.own_source import sources
from gigsim.runs import provenance, stamped, write_json, write_whole
from gigsim.store.index import explained
from gigsim.store.store import Store, StoreFull
from gigsim.trust import import_paths


class Planned(origin.Begun, Protocol):
    """What a folder is made for."""

    @property
    def name(self) -> str:
        """In folder names."""
        ...

    def digest(self) -> str:
        """Twelve hexadecimal digits that name what is computed."""
        ...

    def write(self, folder: Path) -> None:
        """Put it into a folder that is being made, durably."""
        ...


def lay_out(
    plan: Planned,
    out: Path | str,
    command: Sequence[str],
    *,
    config: Config,
    resumes: str,
    jobs: int,
    replicates: int,
    tables: Sequence[str],
) -> Path:
    """Make the folder of a plan, with nothing done yet.

    Args:
        plan: what is to be done.
        out: the folder that holds runs.
        command: the command line, for the provenance.
        config: for the provenance: of the first job.
        resumes: for the provenance: where resumes come from.
        jobs: how many there are.
        replicates: of a case; divides ``jobs``.
        tables: names of those that jobs bring.

    Returns:
        ``out/<UTC time>-<name>-<hash of the plan>``; it appears complete, or not at all.

    Raises:
        InputError: ``out`` cannot be written to, or the disk is full; a file that a config names
            is not there.
    """
    inputs = origin.inputs_now(plan)
    origin.load_libraries(plan)

    def write(folder: Path) -> None:
        with explained(folder):
            plan.write(folder)
            origin.write_inputs(inputs, folder)
            made = provenance(config, resumes, command)
            made |= {"config_hash": plan.digest(), "resumed": []}
            named = (import_paths(config).values() for _, config in plan.telling())
            if own := sources(path for paths in named for path in paths):
                made["imported"] = own
            write_json(made, folder / origin.PROVENANCE_FILE)
            Store.create(folder, jobs, replicates, tables)

    try:
        return write_whole(Path(out), stamped(f"{plan.name}-{plan.digest()}"), write)
    except StoreFull as error:
        # What it names is gone.
        raise InputError(
            str(out), "the disk is full; nothing written", "free some space, or another --out"
        ) from error
