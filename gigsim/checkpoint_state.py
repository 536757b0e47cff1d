"""What of a run is state, and what follows from its config: taken out of a model and put back.

Resumes, encodings, network and agents are functions of config and seed and are made again;
newcomers are, too, since their draws are indexed by period (``gigsim.streams``), so that a
checkpoint holds no resume in any form. Everything else that a model has, attribute by attribute,
is in :data:`SAVED`; an attribute that is in neither list is a bug, and is said to be one before
anything is written.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from gigsim.agents import Submission
from gigsim.collective.text_target import Distance, TextTarget
from gigsim.config.sections import Config
from gigsim.coverage import HeldOut, dialled
from gigsim.inputs import digests, files_in
from gigsim.lines import TheoryLines
from gigsim.measures.certificate import Epsilon
from gigsim.measures.evaluation import Evaluation
from gigsim.measures.selection import MatchedRate, Selection
from gigsim.newcomers import take_in
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.scene import Scene, leavers
from gigsim.shares import Shares
from gigsim.society.beliefs import Expectation
from gigsim.society.networks import CompleteNetwork
from gigsim.stage import Stage
from gigsim.theory.certificates import (
    ErasingCertificate,
    FeatureLabelCertificate,
    FeatureOnlyCertificate,
    FeatureOnlyProfileCertificate,
    UnplantingCertificate,
)
from gigsim.theory.epsilon import SlackCertificate
from gigsim.theory.estimates import SignalEstimate

if TYPE_CHECKING:
    from gigsim.model import GigEconomy

#: Keys of files of which the digest of what was made of them says enough: the same corpus written
#: anew goes on. Those of any other key have to have the same bytes.
_MADE = frozenset({"corpus.path", "corpus.language", "network.path", "platform.learner.curve"})

#: Mesa's own attributes, made again with the model; of an agent those are all but ours.
_MESA_MODEL = "_rng _seed _user_step step _agents _agents_by_type _all_agents"
_MESA_AGENT = "model unique_id pos"


@dataclass(frozen=True)
class Part:
    """The attributes of one object of a model.

    Attributes:
        saved: are state, and written.
        rebuilt: follow from config and seed, or are state of another part.
    """

    saved: tuple[str, ...]
    rebuilt: tuple[str, ...]

    @classmethod
    def of(cls, saved: str, rebuilt: str) -> Part:
        """From names with spaces between."""
        return cls(tuple(saved.split()), tuple(rebuilt.split()))


#: By name in the model; "" is the model itself.
SAVED: dict[str, Part] = {
    "": Part.of(
        "period retrainings_done retrained running steps replaced joined left edited benefits costs"
        " expectation selection target_rates resumed _paid _chose _still fund offer dues"
        " subsidies",
        "config now _changes streams observe stage population collective platform laboratory ledger"
        f" cache datacollector rng random {_MESA_MODEL}",
    ),
    "population": Part.of(
        "labels base_labels luck label_set cost threshold activation first_mover abstains wrong"
        " member holds_signal utility wealth propensity aspiration _asked_for",
        "target seeding",
    ),
    "collective": Part.of(
        "token shown published_size in_force opinions aim", f"target {_MESA_AGENT}"
    ),
    "platform": Part.of("warm deployed _submissions", f"learner texts {_MESA_AGENT}"),
    "laboratory": Part.of(
        "evaluation trained clean epsilon distance _reference _shares _reference_state _adviser"
        " _pasts",
        "lines _model _pool _exact _stand_in _probe",
    ),
    "ledger": Part.of("_periods _retrainings _timings _spot_checks", ""),
    "datacollector": Part.of(
        "model_vars",
        "model_reporters agent_reporters agenttype_reporters _agent_records _agenttype_records"
        " tables _validated",
    ),
}

#: Fields of the lines of theory; the others are the config's and the law's.
_LINES = Part.of(
    "signals quoted known base_rate pairs xi_measured xi_token p",
    "population collective target kind world epsilon closeness",
)

#: What a checkpoint's values may be made of, beside numbers, text, arrays and lists of them.
CLASSES = (
    Distance,
    Epsilon,
    ErasingCertificate,
    Evaluation,
    Expectation,
    FeatureLabelCertificate,
    FeatureOnlyCertificate,
    FeatureOnlyProfileCertificate,
    HeldOut,
    MatchedRate,
    Selection,
    Shares,
    SignalEstimate,
    SlackCertificate,
    Submission,
    TextTarget,
    UnplantingCertificate,
)


def unknown_attributes(model: GigEconomy) -> list[str]:
    """Attributes that are neither saved nor known to be rebuilt, dotted; none in our own models."""
    found = []
    for name, part in SAVED.items():
        known = {*part.saved, *part.rebuilt}
        whole = _part(model, name)
        found += [f"{name}.{key}".lstrip(".") for key in vars(whole) if key not in known]
    known = {*_LINES.saved, *_LINES.rebuilt}
    return found + [f"laboratory.lines.{key}" for key in vars(model.lines) if key not in known]


def take_state(model: GigEconomy) -> dict[str, Any]:
    """The state of a model between two periods: values, arrays and :data:`CLASSES`.

    Raises:
        TypeError: the model has attributes of which nothing is known, as one of a subclass may.
    """
    if unknown := unknown_attributes(model):
        raise TypeError(f"a checkpoint would lose {', '.join(unknown)}")
    state: dict[str, Any] = {
        name: {key: vars(_part(model, name))[key] for key in part.saved}
        for name, part in SAVED.items()
    }
    lines = model.lines
    state["lines"] = {key: getattr(lines, key) for key in _LINES.saved}
    state["lines"]["counted"] = lines.world is not None
    # A script may draw from Mesa's generators; we do not.
    state["generators"] = [model.random.getstate(), model.rng.bit_generator.state]
    newcomers = any(row["replaced"] for row in vars(model.ledger)["_periods"])
    stage = model.stage
    state["serials"] = stage.serials if newcomers and isinstance(stage, Stage) else None
    return state


def put_state(model: GigEconomy, state: dict[str, Any]) -> None:
    """Make of a model that has not measured its period 0 the one whose state this is.

    Raises:
        KeyError: it is not the state of a model of ours.
        InputError: newcomers cannot be drawn again.
    """
    for name, part in SAVED.items():
        whole = _part(model, name)
        for key in part.saved:
            before = vars(whole).get(key)
            value = state[name][key]
            # How far a window reaches is the config's.
            ranged = isinstance(before, deque)
            setattr(whole, key, deque(value, maxlen=before.maxlen) if ranged else value)
    model.now = config_in(model, model.period)
    stdlib, numpy_state = state["generators"]
    model.random.setstate(stdlib)
    model.rng.bit_generator.state = numpy_state
    model.stage = _with_newcomers(model, state["serials"])
    if isinstance(model.stage, Stage):
        model.platform.texts = model.stage.texts
    model.laboratory.lines = _lines(model, dict(state["lines"]))


def fingerprints(model: GigEconomy) -> dict[str, str]:
    """A digest of each thing that is made again: equal digests, equal things.

    Returns:
        ``resumes`` (label sets, encoded texts, held-out resumes, their law), ``network``, ``curve``
        where a measured one stands for the platform, and ``file NAME`` for each table of costs,
        thresholds or activation and each local encoder: newcomers, changes in time and trainings
        go by what is in them. One that has gone is left out.

    Raises:
        InputError: a file may not be read.
    """
    stage = model.stage
    resumes: list[Any] = [*stage.label_names, stage.target, stage.labels]
    if model.config.corpus.label_noise:
        resumes.append(stage.base_labels)
    if isinstance(stage, Stage):
        resumes += [*stage.texts.arrays().values(), stage.rows, stage.carriers]
        resumes += [a for test in stage.tests for a in test.arrays().values()]
        resumes += [stage.test_labels, stage.test_clusters, stage.signal_sets, stage.contains]
        resumes += [stage.supply.marginals] if stage.supply.marginals is not None else []
    network = stage.network
    ties: list[Any] = [network.kind, network.size]
    if not isinstance(network, CompleteNetwork):
        matrix = network.matrix()
        ties += [matrix.indices, matrix.indptr]
    found = {"resumes": _digest(resumes), "network": _digest(ties)}
    if stand_in := getattr(model.laboratory, "_stand_in", None):
        found["curve"] = _digest(stand_in.parts())
    configs = (model.config, *vars(model)["_changes"].values())
    # A spot check reads resumes that nothing here is made of.
    made = _MADE - {"corpus.path", "corpus.language"} if model.config.measure.spot_checks else _MADE
    files = (name for name, key in files_in(configs).items() if key not in made)
    found |= {f"file {name}": digest for name, digest in digests(files).items() if digest}
    return found


def config_in(model: GigEconomy, period: int) -> Config:
    """The config in force in a period."""
    changes: dict[int, Config] = vars(model)["_changes"]
    since = max((start for start in changes if start <= period), default=0)
    return changes.get(since, model.config)


def _part(model: GigEconomy, name: str) -> Any:
    return getattr(model, name) if name else model


def _with_newcomers(model: GigEconomy, serials: NDArray[np.int64] | None) -> Scene | Stage:
    """The stage with everybody who came since, and a store of exactly the rows ``serials``."""
    stage = model.stage
    if not isinstance(stage, Stage):
        # Without resumes people are their label sets.
        people = model.population
        return replace(stage, labels=people.labels, base_labels=people.base_labels)
    if serials is None:
        return stage
    for period in range(1, model.period + 1):
        config = config_in(model, period)
        gone = leavers(config, model.streams, period)
        if gone.any():
            stage = take_in(stage, gone, config, model.streams, period)
            needed = np.isin(stage.serials, serials)
            needed[stage.rows] = True
            if len(needed) > 2 * needed.sum():
                stage = stage.keep(np.flatnonzero(needed))
    used = np.flatnonzero(np.isin(stage.serials, serials))
    return stage.keep(used) if len(used) < len(stage.serials) else stage


def _lines(model: GigEconomy, values: dict[str, Any]) -> TheoryLines:
    law = model.stage.supply.law if isinstance(model.stage, Stage) else None
    counted = values.pop("counted")
    epsilon, closeness = dialled(model.config)
    return TheoryLines(
        population=model.config.population.size,
        collective=model.config.collective,
        target=model.stage.target,
        kind=model.config.platform.learner.kind,
        world=cast("FiniteWorld", law) if counted else None,
        epsilon=epsilon,
        closeness=closeness,
        **values,
    )


def _digest(parts: Iterable[Any]) -> str:
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, np.ndarray):
            # Sparse matrices count in 32 or 64 bits as they please.
            wide = part.astype(np.int64) if part.dtype.kind == "i" else part
            found.update(f"{wide.dtype.str}{wide.shape}".encode())
            found.update(np.ascontiguousarray(wide).tobytes())
        else:
            found.update(f"{part!r};".encode())
    return found.hexdigest()
