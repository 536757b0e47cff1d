"""Named distributions of what differs between people (costs, thresholds), by their quantiles.

A draw is ``quantile(u)`` of an indexed uniform, so that freelancer ``i`` keeps his luck when the
distribution changes; the ``cdf`` is what the theory of participation needs (theory of fixed
points: the share of people whose cost is at most x).
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.special import ndtr, ndtri

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


Distribution = Annotated[Constant | Uniform | Normal | LogNormal, Field(discriminator="kind")]
