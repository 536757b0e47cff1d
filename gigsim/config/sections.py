"""What a run is: typed, frozen, validated. Every default states its unit and its reason.

``Config()`` is the default scenario. The dotted path of a field (``platform.retrain_every``) is its
name in TOML files, after ``--set``, in ``GigEconomy(**{...})`` and in messages.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from gigsim.config.clashes import clashes
from gigsim.config.collective_sections import CollectiveSection, SignalSection
from gigsim.config.keys import FROZEN, key
from gigsim.config.people_sections import Population, Society
from gigsim.config.platform_sections import CorpusSection, Measure, PlatformSection
from gigsim.society.network_laws import NetworkLaw, SmallWorld

__all__ = [
    "Change",
    "CollectiveSection",
    "Config",
    "CorpusSection",
    "Measure",
    "PlatformSection",
    "Population",
    "Run",
    "SignalSection",
    "Society",
]


class Run(BaseModel):
    """How long, and on what machine."""

    model_config = FROZEN
    periods: int = key(24, "periods to run (until = periods)", ge=0, le=1_000_000)
    until: Literal["periods", "settled"] = key(
        "periods", "run so many periods, or until nothing moves any more"
    )
    settled_tolerance: float = key(
        0.01,
        "range of α, and of the share of free riders, over which it counts as settled",
        gt=0,
        lt=1,
    )
    limit: int = key(400, "most periods (until = settled)", ge=1, le=1_000_000)
    seed: int = key(
        1, "the one seed; every draw comes from a named stream of it", ge=0, le=2**63 - 1
    )
    threads: int = key(1, "threads of a training; more than one may change bits", ge=1, le=1024)
    precision: Literal["float32", "medium", "bfloat16"] = key(
        "float32",
        "matrix products of the transformer; medium: in float32, by whichever library torch thinks"
        " faster, in parts of bfloat16 if it likes; bfloat16 by autocast: which is the fastest"
        " depends on the CPU (benchmarks/transformer_speed.py says), on a GPU bfloat16",
    )
    device: Literal["cpu", "cuda", "mps"] = key("cpu", "where the transformer is trained")
    side_by_side: int = key(
        1,
        "networks of one recipe that a curve trains at once on the device: lean ones without"
        " dropout, from fresh weights, with somebody in the collective; clean trainings, chains of"
        " retrainings and other learners go on as with 1, and so do runs of the loop. It fills a"
        " GPU, of which one small network leaves most idle, and slows a CPU down. Other networks"
        " beside it change the last bits of a training",
        ge=1,
        le=64,
    )


class Change(BaseModel):
    """What is different from a period on (``[[at]]`` in TOML)."""

    model_config = FROZEN
    period: int = Field(ge=1, le=1_000_000, description="the first period in which it holds")
    set: dict[str, Any] = Field(
        min_length=1,
        description="dotted keys and their new values; not every key may change",
    )


class Config(BaseModel):
    """A run, complete: equal config and seed give the same bits.

    Made by :func:`gigsim.load` from a scenario and overrides; frozen. Its sections and their keys,
    with units, ranges and reasons, are in docs/config.md.

    Raises:
        pydantic.ValidationError: made by hand of an unknown key, a value out of its range or values
            that do not go together; ``load`` says the same in one line, as ``InputError``.
    """

    model_config = FROZEN
    name: str = key(
        "default",
        "name of the scenario, in folder names: letters, digits, - and _",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
        min_length=1,
        max_length=100,
    )
    population: Population = key(Population(), "the freelancers")
    network: NetworkLaw = key(SmallWorld(), "who knows whom")
    society: Society = key(Society(), "how people decide")
    collective: CollectiveSection = key(CollectiveSection(), "what the collective wants")
    platform: PlatformSection = key(PlatformSection(), "the platform and its learner")
    corpus: CorpusSection = key(CorpusSection(), "where resumes come from")
    measure: Measure = key(Measure(), "what is measured")
    run: Run = key(Run(), "how long, and on what machine")
    at: tuple[Change, ...] = key((), "changes in time")

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        for clash in clashes(self):
            raise clash
        return self
