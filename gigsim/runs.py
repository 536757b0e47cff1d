"""The folder of a run: written whole or not at all, tables readable with pandas alone."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CalledProcessError, run
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.config import Config, digest, dumps, load
from gigsim.environment import environment
from gigsim.errors import InputError
from gigsim.learners.own_source import sources
from gigsim.plots import overview
from gigsim.record import freelancers
from gigsim.spot_checks import no_spot_checks
from gigsim.store.shards import sync_all, sync_folder
from gigsim.summary import summarise_run
from gigsim.trust import import_paths

if TYPE_CHECKING:
    from gigsim.model import GigEconomy

#: Version of the tables' columns, in the metadata of every Parquet file.
SCHEMA_VERSION = 1

_TABLES = ("periods", "retrainings", "collectives", "freelancers", "theory", "timings")

#: The table of runs whose config asks for it (``measure.spot_checks``).
SPOT_CHECKS = "spot_checks"


@dataclass(frozen=True)
class RunFolder:
    """A run read back; docs/tables.md has the columns of its tables, with units.

    Attributes:
        path: the folder.
        config: of the run.
        summary: its ``summary.json``.
        periods: a row a period, from 0 on.
        retrainings: a row a classifier that was deployed, that of period 0 included.
        collectives: a row a period and collective: its size and success.
        freelancers: a row a person, at the end.
        theory: a row a size of the collective: the lines that S is laid beside.
        timings: seconds, the one table that two runs of a seed may differ in.
        spot_checks: a row a period in which the surrogate was held against real trainings.
    """

    path: Path
    config: Config
    summary: dict[str, Any]
    periods: pd.DataFrame
    retrainings: pd.DataFrame
    collectives: pd.DataFrame
    freelancers: pd.DataFrame
    theory: pd.DataFrame
    timings: pd.DataFrame
    spot_checks: pd.DataFrame = field(default_factory=no_spot_checks)


def save_run(model: GigEconomy, out: Path | str, command: Sequence[str] = ()) -> Path:
    """Write a run's folder under ``out``.

    Args:
        model: a run, finished or not.
        out: the folder that holds runs; made if it is not there.
        command: the command line, for the provenance.

    Returns:
        ``out/<UTC time>-<name>-<hash of the config>``. It appears complete, or not at all.

    Raises:
        InputError: ``out`` cannot be written to.
    """
    return write_whole(Path(out), run_name(model.config), lambda at: _write(model, at, command))


def run_name(config: Config) -> str:
    """``<UTC time>-<name>-<hash of the config>``, of now."""
    return stamped(f"{config.name}-{digest(config)}")


def stamped(name: str) -> str:
    """``<UTC time>-<name>``, of now."""
    return f"{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}-{name}"


def write_whole(out: Path, name: str, write: Callable[[Path], None]) -> Path:
    """Make a folder that appears complete or not at all, also after a loss of power.

    Args:
        out: the folder that it goes to; made if it is not there.
        name: its name; a number is added where it is taken.
        write: fills the empty folder that it is given.

    Raises:
        InputError: ``out`` cannot be written to.
    """
    try:
        _make(out)
        partial = out / f".{name}.partial-{os.getpid()}"
        partial.mkdir()
    except OSError as error:
        raise _not_writable(out, error.strerror) from error
    try:
        write(partial)
        # Else the name could be on the disk before what it names.
        sync_all(partial)
        final = _free_name(out / name)
        partial.rename(final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    sync_folder(out)
    return final


def _make(out: Path) -> None:
    """The folder and those above it, with their names on the disk where they are new."""
    new = [path for path in (out, *out.parents) if not path.exists()]
    out.mkdir(parents=True, exist_ok=True)
    for path in new:
        sync_folder(path.parent)


def check_out(out: Path | str) -> None:
    """Refuse before a long run what :func:`save_run` would refuse after it; writes nothing.

    Raises:
        InputError: ``out``, or the folder that it would be made in, cannot be written to.
    """
    absolute = Path(out).absolute()
    nearest = next(p for p in (absolute, *absolute.parents) if os.access(p, os.F_OK))
    if not nearest.is_dir():
        raise _not_writable(Path(out), f"{nearest} is no folder")
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        raise _not_writable(Path(out), os.strerror(errno.EACCES))


def load_run(path: Path | str) -> RunFolder:
    """Read a run's folder.

    Args:
        path: a folder that ``gigsim run`` or :func:`save_run` wrote.

    Returns:
        The run: config, summary and tables.

    Raises:
        InputError: no such folder, a file missing or damaged, another schema.
    """
    path = Path(path)
    allowed = "a folder written by `gigsim run` is needed"
    if not path.is_dir():
        raise InputError(str(path), "no such run folder", allowed)
    if (path / "runs.parquet").is_file():
        raise InputError(str(path), "holds replicates, not one run", "gigsim.load_replicates does")
    return RunFolder(**read_folder(path, _TABLES, allowed))


def read_folder(path: Path, tables: Sequence[str], allowed: str) -> dict[str, Any]:
    """``path``, ``config``, ``summary`` and the named tables of a folder.

    Raises:
        InputError: a file missing or damaged, another schema; it says what is ``allowed``.
    """
    try:
        found: dict[str, Any] = {name: read_table(path / f"{name}.parquet") for name in tables}
        summary = json.loads((path / "summary.json").read_text(encoding="utf-8"))
        config = load(path / "config.toml")
        if config.measure.spot_checks:
            found[SPOT_CHECKS] = read_table(path / f"{SPOT_CHECKS}.parquet")
    except (OSError, ValueError) as error:
        raise InputError(str(path), f"not a complete run ({error})", allowed) from error
    return {"path": path, "config": config, "summary": summary, **found}


def tables_of(model: GigEconomy) -> dict[str, pd.DataFrame]:
    """The tables of a run by file name, without the clock's."""
    # Whole numbers of planted resumes, where the finite-sample line has its steps: from one to a
    # little past the largest collective, evenly on a log scale.
    size = len(model.population)
    last = max(2.0, min(size, 1.15 * size * model.retrainings["alpha_effective"].max()))
    grid = np.unique(np.rint(np.append(0.0, np.geomspace(1, last, 400)))) / size
    tables = {
        "periods": model.periods,
        "retrainings": model.retrainings,
        "collectives": model.ledger.collectives(model.config.collective.target),
        "freelancers": freelancers(model),
        "theory": model.lines.table(grid),
    }
    if model.config.measure.spot_checks:
        tables[SPOT_CHECKS] = model.ledger.spot_checks()
    return tables


def _write(model: GigEconomy, folder: Path, command: Sequence[str]) -> None:
    tables = tables_of(model)
    for name, table in tables.items():
        write_table(table, folder / f"{name}.parquet")
    write_table(model.ledger.timings(), folder / "timings.parquet")
    (folder / "config.toml").write_text(dumps(model.config), encoding="utf-8")
    write_json(summarise_run(model), folder / "summary.json")
    origin = provenance(model.config, model.stage.origin, command)
    write_json(origin | {"resumed": model.resumed}, folder / "provenance.json")
    figure = overview(
        model.config,
        tables["periods"],
        tables["retrainings"],
        tables["theory"],
        tables.get(SPOT_CHECKS),
    )
    figure.savefig(folder / "overview.png", dpi=150)


def write_table(table: pd.DataFrame, path: Path | BinaryIO) -> None:
    """Parquet with the schema's version in its metadata, to a file or a buffer."""
    columns = pa.Table.from_pandas(table, preserve_index=False)
    metadata = (columns.schema.metadata or {}) | {b"schema_version": str(SCHEMA_VERSION).encode()}
    pq.write_table(columns.replace_schema_metadata(metadata), path)


def read_table(path: Path) -> pd.DataFrame:
    """A table that :func:`write_table` wrote.

    Raises:
        OSError: there is no such file.
        ValueError: it is damaged, or of another schema.
    """
    try:
        columns = pq.read_table(path)
    except pa.ArrowException as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error
    check_schema(columns.schema, path.name)
    try:
        return columns.to_pandas()
    except (KeyError, TypeError, AttributeError) as error:
        # What pandas notes about the columns has no checksum of its own.
        raise ValueError(f"{path.name} is damaged: what pandas noted, {error!r}") from error


def check_schema(schema: pa.Schema, name: str) -> None:
    """Refuse a table of another schema version than this one reads.

    Raises:
        ValueError: it is of another version, or says none.
    """
    found = (schema.metadata or {}).get(b"schema_version", b"none").decode()
    if found != str(SCHEMA_VERSION):
        newer = found.isdecimal() and int(found) > SCHEMA_VERSION
        hint = ": a newer gigsim wrote it, update" if newer else ""
        raise ValueError(f"{name} has schema {found}, this version reads {SCHEMA_VERSION}{hint}")


def write_json(content: dict[str, Any], path: Path) -> None:
    """JSON for people too."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def provenance(config: Config, resumes: str, command: Sequence[str]) -> dict[str, Any]:
    """Where results come from.

    Of code of the user's own that the config names, ``imported`` has path, file and SHA-256.

    Args:
        config: what was run.
        resumes: the origin of the population's resumes.
        command: the command line.
    """
    own = sources(import_paths(config).values())
    return {
        "command": list(command),
        "commit": _commit(),
        "config_hash": digest(config),
        "seed": config.run.seed,
        "device": config.run.device,
        "precision": config.run.precision,
        "threads": config.run.threads,
        "resumes": resumes,
        **({"imported": own} if own else {}),
        **environment(),
    }


def _commit() -> str | None:
    """The commit of the source tree, None for an installed package."""
    folder = Path(__file__).parent
    if not (folder.parent / ".git").exists():
        return None
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, CalledProcessError):
        return None


def _not_writable(out: Path, reason: str | None) -> InputError:
    allowed = "give a writable folder: --out DIR"
    return InputError(str(out), f"cannot be written to ({reason})", allowed)


def _free_name(path: Path) -> Path:
    """The path, or it with a number where two runs end in the same second."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate
