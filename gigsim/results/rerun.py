"""A run done again, and held against what is stored of it.

On the machine that a run was made on, or one like it (:mod:`gigsim.environment`), every number
comes out the same, bit for bit. Elsewhere sums of floating-point numbers differ in their last
bits. Period 0 then still is the same up to training: nobody has decided anything yet. After it the
smallest difference in S may flip somebody's decision, and from there on the two are different runs
of the same law; no tolerance tells that from an error. So elsewhere period 0 is what is verified:

* whole numbers, truth values and texts are equal: they come from the run's random streams;
* real numbers agree within 1e-3, absolutely or relatively: the learners that are exact, or minimise
  a convex loss at a stated tolerance, lose no more;
* with the transformer, where the last bits of a step grow over thousands of steps as another seed's
  would, shares on held-out resumes agree within four standard errors of two independent
  measurements, and the loss, the mean size of predicted sets and what is derived from them are not
  compared.

The rest is reported: equal up to which period, and by how much it differs.

A run that an earlier gigsim wrote is compared in the columns that it has
(:mod:`gigsim.results.earlier`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from gigsim.config import Config
from gigsim.model import GigEconomy
from gigsim.results.compare import compare
from gigsim.results.earlier import Leniency
from gigsim.results.source import KEYS
from gigsim.run_rows import runs_table
from gigsim.runs import SPOT_CHECKS, tables_of, write_table
from gigsim.summary import summarise_run

#: Absolute and relative, for real numbers of period 0 on another machine.
TOLERANCE = 1e-3
#: Standard errors, for shares that a transformer makes there.
STANDARD_ERRORS = 4.0

#: Quantities on held-out resumes, by the beginning of their columns' names.
_MEASURED = ("success_", "base_", "flipped_", "accuracy", "f1_micro", "clean_", "reference_")
#: Columns that follow from the period-0 classifier and have no standard error of their own.
_DERIVED = (
    *("loss", "tags_mean", "gain", "spillover", "target_rate_"),
    *("epsilon_", "bound_epsilon_", "target_distance"),
)
#: Those that do, too, unless P0(y given x) is the law's: theory at what that classifier believes.
_DERIVED_UNLESS_KNOWN = ("bound_", "kappa", "tau", "opinion_error", "finite_", "exact_")

#: Columns of spot checks that trainings are in.
_OF_SPOT_CHECKS = ("spot_", "difference_")

Level = Literal["bytes", "values", "tolerances", "differs", "failed"]


@dataclass(frozen=True)
class Job:
    """A run to do again.

    Attributes:
        config: resolved, with its seed.
        periods: to stop after, for a run that was interrupted; None runs it to its end.
    """

    config: Config
    periods: int | None = None


@dataclass(frozen=True)
class Again:
    """A run that was done again.

    Attributes:
        files: the tables as Parquet files, as a run's folder has them.
        summary: its summary.
    """

    files: dict[str, bytes]
    summary: dict[str, Any]

    def table(self, name: str) -> pd.DataFrame:
        """A table, as it is read back."""
        return pd.read_parquet(io.BytesIO(self.files[name]))

    def row(self) -> pd.DataFrame:
        """Its row in a table of many runs."""
        return runs_table([{}], [self.summary])


def run_again(job: Job, tell: Callable[[Any], None]) -> Again:
    """Do it, training everything.

    Raises:
        InputError: what the config names is not there any more.
    """
    model = GigEconomy(job.config)
    try:
        tell(0)
        while not model.finished and (job.periods is None or model.period < job.periods):
            model.step()
            tell(model.period)
        files = {}
        for name, table in tables_of(model).items():
            buffer = io.BytesIO()
            write_table(table, buffer)
            files[name] = buffer.getvalue()
        return Again(files, summarise_run(model))
    finally:
        model.close()


def held_against(
    stored: Mapping[str, pd.DataFrame],
    again: Again,
    config: Config,
    *,
    elsewhere: bool,
    varied: Sequence[str] = (),
    leniency: Leniency | None = None,
) -> tuple[Level, tuple[str, ...]]:
    """Compare a run's tables with those of its repetition.

    Args:
        stored: by name, ``runs`` among them; columns of :data:`KEYS` are left out.
        again: the repetition.
        config: of the run.
        elsewhere: was it made on another machine or with other versions?
        varied: keys of the config that stand in front of the numbers in ``runs``; left out.
        leniency: what is not asked of runs that were written earlier, which takes note of it; None
            asks for everything.

    Returns:
        ``values``: all equal, bit for bit; ``tolerances``: equal as far as can be asked elsewhere;
        ``differs``. And what is different, a line each.
    """
    pairs = {name: _pair(name, table, again, varied) for name, table in stored.items()}
    if leniency is not None:
        pairs = leniency.common(pairs, config.platform.learner.kind)
    found = {name: compare(*pair) for name, pair in pairs.items()}
    lines = tuple(f"{name}: {one.words()}" for name, one in found.items() if not one.equal)
    if not lines:
        return "values", ()
    if not elsewhere:
        return "differs", lines
    wrong = _beyond(pairs, config, again.summary["held_out"] or 0)
    if wrong:
        return "differs", tuple(wrong)
    return "tolerances", (_apart(pairs), *lines)


def _pair(
    name: str, stored: pd.DataFrame, again: Again, varied: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    fresh = _repeated(again, name)
    front = [*KEYS, *(varied if name == "runs" else ())]
    # What only other runs have is missing here, in a table that holds them all.
    others = [c for c in stored if c not in fresh and stored[c].isna().all()]
    return stored.drop(columns=[*front, *others], errors="ignore"), fresh


def _repeated(again: Again, name: str) -> pd.DataFrame:
    return again.row() if name == "runs" else again.table(name)


def _beyond(
    pairs: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], config: Config, held_out: int
) -> list[str]:
    """What is beyond the tolerances in the tables' rows of period 0, a line each."""
    wrong = []
    derived = derived_columns(pairs["retrainings"][0] if "retrainings" in pairs else None)
    for name, (stored, fresh) in pairs.items():
        if "period" not in stored or name == "timings":
            continue
        rows = stored[stored["period"] == 0], fresh[fresh["period"] == 0]
        # In any order: what was added since may stand between columns of then.
        if len(rows[0]) != len(rows[1]) or {*stored.columns} != {*fresh.columns}:
            wrong.append(f"{name}: other rows or columns in period 0")
            continue
        checks = name == SPOT_CHECKS
        learner = config.measure.spot_learner if checks else config.platform.learner
        noisy = learner.kind == "transformer"
        left_out = _OF_SPOT_CHECKS if checks else derived
        for column in stored.columns:
            a, b = (table[column].reset_index(drop=True) for table in rows)
            if not _near(a, b, column, noisy, held_out, left_out):
                wrong.append(f"{name}, period 0, {column}: {[*a]} | {[*b]}")
    return wrong


def derived_columns(retrainings: pd.DataFrame | None) -> tuple[str, ...]:
    """How the names begin of columns that follow from the period-0 classifier of a run.

    Args:
        retrainings: of the run; where it was not kept, nobody knows where P0(y given x) is from.
    """
    known = retrainings is not None and (
        "deficit_source" in retrainings
        and bool((retrainings["deficit_source"] == "posterior").all())
    )
    return _DERIVED if known else (*_DERIVED, *_DERIVED_UNLESS_KNOWN)


def _near(
    a: pd.Series, b: pd.Series, column: str, noisy: bool, held_out: int, derived: tuple[str, ...]
) -> bool:
    real = all(pd.api.types.is_float_dtype(values) for values in (a, b))
    if not real or (a.isna() != b.isna()).any():
        return bool(a.equals(b) or (a.isna() & b.isna() | (a == b)).all())
    if noisy and column.startswith(derived):
        return True
    x, y = a.to_numpy(dtype=float), b.to_numpy(dtype=float)
    slack = np.full(len(x), TOLERANCE)
    if noisy and column.startswith(_MEASURED) and held_out > 0:
        # Two measurements of one share, as in gigsim.settled: two successes and failures added.
        mean = ((x + y) / 2 * held_out + 2) / (held_out + 4)
        error = np.sqrt(2 * np.maximum(mean * (1 - mean), 0) / (held_out + 4))
        # A share that there is not has no error.
        slack = np.fmax(slack, STANDARD_ERRORS * error)
    # Equal infinities are near; isclose says so too.
    return bool((np.isclose(x, y, rtol=TOLERANCE, atol=slack, equal_nan=True)).all())


def _apart(pairs: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> str:
    """Up to which period the two go together, within the tolerance."""
    if "periods" not in pairs:
        return "period 0 is within the tolerances; later periods are not stored"
    stored, fresh = pairs["periods"]
    found = compare(stored, fresh, within=TOLERANCE)
    if found.equal:
        return f"all periods are within {TOLERANCE:g}"
    first = len(stored) if found.first is None else found.first.place["period"]
    return (
        f"period 0 is within the tolerances; more than {TOLERANCE:g} apart from period {first} on"
    )
