"""Named distributions of what differs between people (costs, thresholds), by their quantiles.

A draw is ``quantile(u)`` of an indexed uniform, so that freelancer ``i`` keeps his luck when the
distribution changes (or his row of the user's table); the ``cdf`` is what the theory of
participation needs (theory of fixed points: the share of people whose cost is at most x).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from scipy.special import ndtr, ndtri

from gigsim.errors import InputError
from gigsim.society.tables import read_column

_FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
# Uniforms can be exactly 0, where the normal quantile is -inf.
_TINY = np.finfo(float).tiny


class Constant(BaseModel):
    """Everybody has the same value."""

    model_config = _FROZEN
    kind: Literal["constant"] = "constant"
    value: float = Field(description="the value, in the unit of what is drawn")

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value at each u in [0, 1), same shape."""
        return np.full_like(u, self.value, dtype=float)

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of people at or below x, same shape, in [0, 1]."""
        return (np.asarray(x, dtype=float) >= self.value).astype(float)


class Uniform(BaseModel):
    """Uniform between low and high."""

    model_config = _FROZEN
    kind: Literal["uniform"] = "uniform"
    low: float = Field(description="smallest value")
    high: float = Field(description="largest value, above low")

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if not self.high > self.low:
            raise ValueError(f"high must be above low, got low={self.low}, high={self.high}")
        return self

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value at each u in [0, 1), same shape."""
        return self.low + (self.high - self.low) * u

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of people at or below x, same shape, in [0, 1]."""
        return np.clip((np.asarray(x, dtype=float) - self.low) / (self.high - self.low), 0.0, 1.0)


class Normal(BaseModel):
    """Normal with the given mean and standard deviation."""

    model_config = _FROZEN
    kind: Literal["normal"] = "normal"
    mean: float = Field(description="mean")
    sd: float = Field(gt=0, description="standard deviation, positive")

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value at each u in [0, 1), same shape."""
        return self.mean + self.sd * ndtri(np.maximum(u, _TINY))

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of people at or below x, same shape, in [0, 1]."""
        return ndtr((np.asarray(x, dtype=float) - self.mean) / self.sd)


class LogNormal(BaseModel):
    """Log-normal: the logarithm is normal with mean ln(median) and sd sigma."""

    model_config = _FROZEN
    kind: Literal["lognormal"] = "lognormal"
    median: float = Field(gt=0, description="median, positive")
    sigma: float = Field(gt=0, description="sd of the logarithm, positive")

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value at each u in [0, 1), same shape."""
        return self.median * np.exp(self.sigma * ndtri(np.maximum(u, _TINY)))

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of people at or below x, same shape, in [0, 1]."""
        positive = np.maximum(np.asarray(x, dtype=float), _TINY)
        return np.where(np.asarray(x) > 0, ndtr(np.log(positive / self.median) / self.sigma), 0.0)


class Table(BaseModel):
    """A column of the user's own file: everybody's own value, or the law to draw from.

    The file is read whenever the distribution is asked, not when the config is checked.
    """

    model_config = _FROZEN
    kind: Literal["table"] = "table"
    path: str = Field(min_length=1, description="a .csv or .parquet file")
    column: str = Field(min_length=1, description="name of the column, numbers")
    match: Literal["row", "resample"] = Field(
        "row",
        description="row i is freelancer i's and his successor's (as many rows as"
        " people), or people are drawn from the column's values as a law",
    )

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value at each u in [0, 1), shape (N,); the rows themselves with ``match = row``.

        Raises:
            InputError: the file cannot be used (:func:`gigsim.society.tables.read_column`), or has
                not one row a person.
        """
        values = read_column(self.path, self.column)
        rows = len(values)
        if self.match == "row":
            if rows != len(u):
                raise InputError(
                    self.path,
                    f"column {self.column!r} has {rows} rows for population.size = {len(u)}",
                    f'set population.size = {rows}, or match = "resample"',
                )
            return values
        # A product just under an integer may be rounded up to it.
        return np.sort(values)[np.minimum((u * rows).astype(np.int64), rows - 1)]

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of rows at or below x, same shape, in [0, 1]; the file is read once a call."""
        values = np.sort(read_column(self.path, self.column))
        return np.searchsorted(values, np.asarray(x, dtype=float), side="right") / len(values)


def _as_table(value: Any) -> Any:
    """A plain number means that everybody has it."""
    if isinstance(value, Mapping | BaseModel):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"kind": "constant", "value": value}
    raise ValueError(f"{value!r} is neither a number nor a table with a kind")


#: A law as a config table, told by its ``kind``.
Law = Annotated[Constant | Uniform | Normal | LogNormal | Table, Field(discriminator="kind")]
#: The same, or a plain number: a :class:`Constant`.
Distribution = Annotated[Law, BeforeValidator(_as_table)]


def probabilities(
    value: float | Law, uniforms: NDArray[np.float64], where: str
) -> NDArray[np.float64]:
    """Everybody's own probability: the number given, or a draw from the law given.

    Args:
        value: a share in [0, 1], or the law of people's shares.
        uniforms: one indexed uniform a person, in [0, 1), shape (N,).
        where: the config's key, for the message.

    Returns:
        float64, shape (N,), in [0, 1].

    Raises:
        InputError: a value drawn is outside [0, 1]; a table that cannot be used.
    """
    if isinstance(value, int | float):
        drawn = np.full(len(uniforms), float(value))
    else:
        drawn = value.quantile(uniforms)
    outside = np.flatnonzero(~((drawn >= 0.0) & (drawn <= 1.0)))
    if len(outside):
        person = int(outside[0])
        raise InputError(
            where,
            f"{drawn[person]:g} for freelancer {person} ({len(outside)} of {len(drawn)} people are"
            " outside [0, 1])",
            "give a law of shares between 0 and 1, e.g. uniform",
        )
    return drawn
