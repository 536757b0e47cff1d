"""``gigsim runs show --figure``: a source of results, or one of its runs, drawn from its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gigsim.errors import InputError
from gigsim.results.source import Source
from gigsim.results.sources import ReplicatesSource, StudySource

#: Tables that figures are drawn from.
_DRAWN = ("periods", "retrainings", "theory")


def draw(source: Source, number: tuple[int, int] | None, path: Path) -> None:
    """Draw a source, or one of its runs, from its tables.

    Raises:
        InputError: a table that the figure needs was not recorded; there is no such run; the
            file's name ends with no form of picture; it cannot be written.
    """
    figure = _figure(source, number)
    try:
        figure.savefig(path, dpi=150)
    except ValueError as error:
        raise InputError(
            str(path), str(error).split(" (")[0], "end it with .png or .pdf"
        ) from error
    except OSError as error:
        raise InputError(
            str(path), f"cannot be written ({error.strerror})", "name another place"
        ) from error


def _figure(source: Source, number: tuple[int, int] | None) -> Any:
    from gigsim.plots import overview, replicates_overview
    from gigsim.plots.study import study_overview
    from gigsim.runs import SPOT_CHECKS

    if isinstance(source, StudySource) and number is None:
        runs, metric = source.runs(), source.config(0, 0).measure.success
        if not source.varied:
            raise InputError(
                "--figure", f"{source.path} has one case: nothing is varied", "say --run 0.0"
            )
        if not len(runs):
            raise InputError("--figure", f"{source.path} has no finished run yet", "wait for one")
        return study_overview(source.name, runs, source.varied, metric)
    if isinstance(source, ReplicatesSource) and number is None:
        periods, retrainings, theory = (source.table(n).drop(columns="case") for n in _DRAWN)
        runs = source.runs().drop(columns="case")
        return replicates_overview(
            source.config(0, 0), source.summary, periods, retrainings, theory, runs
        )
    if source.kind == "curve":
        from gigsim.curves.figure import curve_figure
        from gigsim.curves.tables import load_curve

        found = load_curve(source.path)
        if not len(found.rows):
            raise InputError("--figure", f"{source.path} has no point yet", "wait for one")
        return curve_figure(found.plan.arms, found.rows, found.summary, found.theory)
    case, replicate = number or (0, 0)
    config = source.config(case, replicate)
    if missing := [name for name in _DRAWN if name not in source.tables]:
        raise InputError(
            "--figure",
            f"the figure of a run needs {', '.join(missing)}, which the study has not recorded",
            "put them into record in the STUDY.toml, or run it alone: --config",
        )
    periods, retrainings, theory = (source.table(n, [(case, replicate)]) for n in _DRAWN)
    if not len(periods):
        raise InputError("--figure", f"run {case}.{replicate} has no result", "name another run")
    checks = None
    if SPOT_CHECKS in source.tables:
        checks = source.table(SPOT_CHECKS, [(case, replicate)])
    return overview(config, periods, retrainings, theory, checks)
