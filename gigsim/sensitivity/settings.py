"""What the ``[sensitivity]`` table of a study may hold, key by key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gigsim.config.check import Places, checked_table
from gigsim.config.schema import kind_of, shown
from gigsim.experiments.study_file import MOST_CASES
from gigsim.sensitivity.outcomes import Outcome, outcome

TABLE = "sensitivity"

_FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
#: Most parameters: so many are read in one table.
MOST_PARAMETERS = 1_000


class Method(BaseModel):
    """What both methods have."""

    model_config = _FROZEN
    outcomes: tuple[str, ...] = Field(
        description="columns of the table runs, such as alpha, tipped, tipping_period or"
        " total_wealth; and last(...), mean(...), max(...), min(...), sum(...) of a column of the"
        " table periods"
    )
    ranges: dict[str, Any] = Field(
        description="for each dotted key of the config a table with low and high, and perhaps"
        ' scale = "log", or (sobol) one with choices'
    )
    resamples: int = Field(
        1000, ge=100, le=100_000, description="of the bootstrap that gives the intervals"
    )

    @property
    def read(self) -> tuple[Outcome, ...]:
        """The outcomes."""
        return tuple(outcome(text) for text in self.outcomes)


class SobolMethod(Method):
    """Shares of variance, alone and in all."""

    method: Literal["sobol"] = "sobol"
    samples: int = Field(
        256,
        ge=2,
        le=MOST_CASES,
        description="n, a power of two; of D parameters there are n·(D + 2) points, with"
        " second_order n·(2D + 2)",
    )
    second_order: bool = Field(False, description="indices of pairs too")


class MorrisMethod(Method):
    """Effects of steps along trajectories: a screening."""

    method: Literal["morris"] = "morris"
    trajectories: int = Field(
        20, ge=2, le=MOST_CASES, description="of D + 1 points each, for D parameters"
    )
    levels: int = Field(4, ge=2, le=1_000, description="of each parameter's range, an even number")


Settings = SobolMethod | MorrisMethod
_METHODS: Mapping[str, type[SobolMethod | MorrisMethod]] = {
    "sobol": SobolMethod,
    "morris": MorrisMethod,
}


def settings_of(table: Any, places: Places) -> Settings:
    """The checked table; ranges are looked at elsewhere.

    Args:
        table: the user's.
        places: whom to blame.

    Raises:
        InputError: no table, no such method, a key that is unknown or missing, a value that is not
            allowed, an outcome that is none.
    """
    if not isinstance(table, Mapping):
        said = ": ".join(part for part in (shown(table), kind_of(table)) if part)
        raise places.error((TABLE,), said, "a table with a method: see docs/sensitivity.md")
    allowed = 'method = "sobol" (shares of variance) or method = "morris" (a screening)'
    method = table.get("method")
    if not isinstance(method, str) or method not in _METHODS:
        said = (shown(method) or kind_of(method)) if "method" in table else "required"
        raise places.error((TABLE, "method"), said, allowed, (TABLE,))
    model = _METHODS[method]
    settings = model.model_validate(checked_table(table, model, (TABLE,), places))
    if isinstance(settings, SobolMethod) and settings.samples & (settings.samples - 1):
        below = 1 << (settings.samples.bit_length() - 1)
        said = f"{settings.samples}: a Sobol sequence is balanced only at powers of two"
        raise places.error((TABLE, "samples"), said, f"{below} or {2 * below}")
    if isinstance(settings, MorrisMethod) and settings.levels % 2:
        said = f"{settings.levels}: steps of half the range need an even number"
        near = f"{settings.levels - 1} or {settings.levels + 1}"
        raise places.error((TABLE, "levels"), said, near)
    _check_outcomes(settings.outcomes, places)
    return settings


def _check_outcomes(outcomes: tuple[str, ...], places: Places) -> None:
    if not outcomes:
        raise places.error((TABLE, "outcomes"), "an empty list", 'at least one, e.g. ["alpha"]')
    seen: set[Outcome] = set()
    for number, text in enumerate(outcomes, start=1):
        refusal = partial(places.error, (TABLE, f"outcomes[{number}]"))
        found = outcome(text, refusal)
        if found in seen:
            raise refusal(f"{shown(text)}: given twice", "each outcome once")
        seen.add(found)
