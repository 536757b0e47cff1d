"""What a STUDY.toml may hold, key by key: the schema that its messages and checks come from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Most cases of a study: so many are checked in under a minute.
MOST_CASES = 100_000
#: Most runs of a study, over all cases.
MOST_RUNS = 1_000_000

#: Tables that a study may record beside ``runs`` and ``timings``, which are always there.
RECORDABLE = ("periods", "retrainings", "collectives", "theory", "freelancers")

_FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class GridDesign(BaseModel):
    """All combinations."""

    model_config = _FROZEN
    kind: Literal["grid"] = "grid"
    values: dict[str, Any] = Field(
        description="a list of values for each dotted key of the config; every combination is a"
        " case, the last key fastest"
    )


class ZipDesign(BaseModel):
    """Lists side by side."""

    model_config = _FROZEN
    kind: Literal["zip"] = "zip"
    values: dict[str, Any] = Field(
        description="a list of values for each dotted key of the config, all of one length; case i"
        " takes the i-th of each"
    )


class ListDesign(BaseModel):
    """Cases one by one."""

    model_config = _FROZEN
    kind: Literal["list"] = "list"
    cases: tuple[dict[str, Any], ...] = Field(
        description="a table of dotted keys and their values for each case; an empty one is the"
        " base"
    )


class LatinHypercubeDesign(BaseModel):
    """A random design that covers each range evenly."""

    model_config = _FROZEN
    kind: Literal["latin_hypercube"] = "latin_hypercube"
    samples: int = Field(ge=1, le=MOST_CASES, description="number of cases")
    ranges: dict[str, Any] = Field(
        description="for each dotted key of the config a table with low and high, and perhaps"
        ' scale = "log", or one with choices'
    )


class SobolDesign(BaseModel):
    """A scrambled Sobol sequence: low discrepancy, and more samples keep the first ones."""

    model_config = _FROZEN
    kind: Literal["sobol"] = "sobol"
    samples: int = Field(ge=1, le=MOST_CASES, description="number of cases, a power of two")
    ranges: dict[str, Any] = Field(
        description="for each dotted key of the config a table with low and high, and perhaps"
        ' scale = "log", or one with choices'
    )


class CsvDesign(BaseModel):
    """Cases from a file."""

    model_config = _FROZEN
    kind: Literal["csv"] = "csv"
    path: str = Field(
        min_length=1,
        description="a CSV file, relative to the study's: a header of dotted keys, a row a case, an"
        " empty cell for the base's value; or the cases.parquet of a study",
    )


Design = Annotated[
    GridDesign | ZipDesign | ListDesign | LatinHypercubeDesign | SobolDesign | CsvDesign,
    Field(discriminator="kind"),
]


class Interval(BaseModel):
    """Numbers to draw from."""

    model_config = _FROZEN
    low: float = Field(description="smallest value")
    high: float = Field(description="largest value, above low")
    scale: Literal["linear", "log"] = Field(
        "linear", description="drawn evenly, or evenly in the logarithm, which needs low > 0"
    )


class StudyLimits(BaseModel):
    """What a run may take before it is ended and written down as failed."""

    model_config = _FROZEN
    seconds: Annotated[float, Field(gt=0, le=1e8)] | None = Field(
        None, description="wall-clock seconds of one run; left out: any"
    )
    memory_gb: Annotated[float, Field(gt=0, le=1e5)] | None = Field(
        None,
        description="resident memory of the process that computes a run, in GB (1e9 bytes); left"
        " out: any",
    )
    repetitions: int = Field(
        2,
        ge=0,
        le=1000,
        description="how often a run is begun anew when its process dies: twice, since the second"
        " victim of a full memory is often innocent",
    )


class StudyTable(BaseModel):
    """A STUDY.toml."""

    model_config = _FROZEN
    name: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
        description="name of the study, in folder names: letters, digits, - and _",
    )
    base: str = Field(
        "default",
        min_length=1,
        description="what every case starts from: a scenario that ships, or a config's TOML file,"
        " relative to the study's",
    )
    config: dict[str, Any] | None = Field(
        None, description="the base itself, as a table, in place of base"
    )
    replicates: int = Field(
        1, ge=1, le=MOST_RUNS, description="runs of each case, each with a seed of its own"
    )
    seed: int = Field(
        1,
        ge=0,
        le=2**63 - 1,
        description="what the seeds of all runs, and random designs, are derived from",
    )
    common_random_numbers: bool = Field(
        False,
        description="does replicate r have the same seed in every case? Differences between cases"
        " are then free of luck that they share; a case's own numbers are as before",
    )
    record: tuple[str, ...] = Field(
        ("periods", "retrainings"),
        max_length=len(RECORDABLE),
        description="tables to keep of every run beside runs and timings, any of "
        + ", ".join(RECORDABLE),
    )
    set: dict[str, Any] | None = Field(
        None, description="changes to the base that hold in every case, by dotted key"
    )
    design: Design | None = Field(
        None, description="what differs between cases; left out: one case"
    )
    limits: StudyLimits = Field(StudyLimits(), description="what a run may take")
