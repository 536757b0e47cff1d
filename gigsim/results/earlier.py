"""Runs that were written before gigsim wrote what it writes now.

Within one schema version columns and keys are only added, so that what is stored keeps being read.
A run from before an addition is verified as far as it goes: its config is hashed as it was then,
without the keys that there were not; its tables are compared in the columns that it has. When it
was written its config tells, which lists every key that there was, and whose hash
``provenance.json`` has. From a later run that lost columns it is so told apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gigsim.config.toml_files import read_table
from gigsim.experiments.study import LARGEST, STUDY_FILE
from gigsim.results.diff import flattened
from gigsim.results.source import Source

Pairs = Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]


@dataclass(frozen=True)
class Addition:
    """What came to be written at one time.

    Attributes:
        keys: of the config, dotted; whoever has any of them was written later.
        columns: by table, how the names of the new columns begin.
        summary: new keys of ``summary.json``, dotted, or tables in it.
        revised: by table, how the names begin of columns that since then are computed otherwise,
            or not at all, for the learners in ``learners``.
        revised_summary: likewise, keys of ``summary.json``.
        learners: kinds of learner that this concerns.
    """

    keys: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    summary: tuple[str, ...]
    revised: Mapping[str, tuple[str, ...]]
    revised_summary: tuple[str, ...]
    learners: frozenset[str]


_OF_THEORY = (
    *("theorem_", "kappa", "tau", "opinion_error", "finite_", "exact_", "epsilon_"),
    *("bound_epsilon_", "target_distance"),
)

#: All since schema version 1 was first written, the oldest first.
ADDITIONS = (
    # The theory of every strategy. The finite-sample lines were then drawn for the exact platform,
    # too, which has no sample, and for tables of counts as if only base carriers were counted.
    Addition(
        keys=("collective.adaptive", "measure.certificate"),
        columns={"retrainings": _OF_THEORY, "theory": ("exact_",)},
        summary=("target_model", "alpha_platform.predicted_exact", "alpha_platform.theorem"),
        revised={"theory": ("finite_",)},
        revised_summary=("alpha_platform.predicted_finite_sample", "alpha_society.predicted"),
        learners=frozenset({"bayes", "table"}),
    ),
    # Label noise, a signal of several words or in one place, an exact platform away from Bayes.
    Addition(
        keys=(
            "corpus.label_noise",
            "corpus.label_noise_kind",
            "collective.signal.companions",
            "collective.signal.position",
            "platform.learner.epsilon",
            "platform.learner.closeness",
        ),
        columns={},
        summary=(),
        revised={},
        revised_summary=(),
        learners=frozenset(),
    ),
    # Networks of a curve that are trained at once; a run of the loop is what it was.
    Addition(
        keys=("run.side_by_side",),
        columns={},
        summary=(),
        revised={},
        revised_summary=(),
        learners=frozenset(),
    ),
    # The rules pivotal and reinforcement; what people have learned stands in the table of them.
    Addition(
        keys=(
            "society.learning_rate",
            "society.initial_propensity",
            "society.aspiration",
            "society.habituation",
        ),
        columns={"freelancers": ("propensity", "aspiration")},
        summary=(),
        revised={},
        revised_summary=(),
        learners=frozenset(),
    ),
    # A surrogate's other sources and its luck, and real trainings beside it.
    Addition(
        keys=(
            "platform.learner.arm",
            "platform.learner.draw",
            "platform.learner.bound_xi",
            "platform.learner.bound_gap",
            "platform.learner.bound_p",
            "platform.learner.bound_epsilon",
            "platform.learner.bound_closeness",
            "platform.learner.bound_base_rate",
            "measure.spot_checks",
            "measure.spot_size",
            "measure.spot_repeats",
            "measure.spot_composition",
            "measure.spot_learner",
        ),
        columns={},
        summary=("surrogate", "spot_checks"),
        revised={},
        revised_summary=(),
        learners=frozenset(),
    ),
    # The organiser's levers: whom first movers are taken from, money, a provision point. What a run
    # says since of the sizes at which S was not there yet came without a key of its own.
    Addition(
        keys=(
            "collective.seeding",
            "collective.dues",
            "collective.fund",
            "collective.subsidy",
            "collective.subsidy_until",
            "collective.provision_point",
            "collective.refund",
        ),
        columns={"periods": ("dues", "subsidies", "fund", "pledged", "in_force")},
        summary=("alpha_platform.observed_above",),
        revised={},
        revised_summary=(),
        learners=frozenset(),
    ),
)


def additions_since(source: Source) -> tuple[Addition, ...]:
    """What came after a folder was written, by the keys that its own config has.

    Raises:
        InputError: its config cannot be read.
    """
    study = source.kind == "study"
    path = source.path / (STUDY_FILE if study else "config.toml")
    table = read_table(path, "", LARGEST)
    stored = table.get("config", {}) if study else table
    # A study.toml without a config is none that gigsim wrote: nothing is excused.
    if not isinstance(stored, Mapping) or not stored:
        return ()
    keys = flattened(stored)
    return tuple(one for one in ADDITIONS if not any(key in keys for key in one.keys))


def as_of_then(config: Mapping[str, Any], since: Iterable[Addition]) -> dict[str, Any]:
    """A resolved config's plain table without the keys that came since."""
    gone = {key for one in since for key in one.keys}
    return _without(config, gone, "")


def digest_of(config: Mapping[str, Any]) -> str:
    """:func:`gigsim.config.digest` of a config's plain table, whatever keys it has."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


class Leniency:
    """What is not asked of the runs of a folder, and a record of what was not.

    Args:
        since: what came after the folder was written.
    """

    def __init__(self, since: Sequence[Addition]) -> None:
        self._since = tuple(since)
        self._new: dict[str, dict[str, None]] = {}
        self._revised: dict[str, dict[str, None]] = {}

    def concerns(self, stored: Mapping[str, pd.DataFrame]) -> bool:
        """Was this run written before an addition?

        One run of a study may be younger than its config, where a later gigsim went on with it: it
        has what the others lack, and all of it is then asked for.
        """
        return any(not _has_any(stored, one.columns) for one in self._since)

    def common(self, pairs: Pairs, learner: str) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """The tables of a run and of its repetition, without the columns that cannot be compared.

        Args:
            pairs: by name, the stored table and the repeated one.
            learner: kind of the run's learner.
        """
        found = dict(pairs)
        stored = {name: pair[0] for name, pair in pairs.items()}
        for one in self._since:
            if _has_any(stored, one.columns):
                continue
            revised = one.revised if learner in one.learners else {}
            for name in {*one.columns, *revised} & {*found}:
                both = list(dict.fromkeys(c for table in found[name] for c in table))
                new = _beginning(both, one.columns.get(name, ()))
                other = _beginning(both, revised.get(name, ()))
                self._new.setdefault(name, {}).update(dict.fromkeys(new))
                self._revised.setdefault(name, {}).update(dict.fromkeys(other))
                a, b = found[name]
                found[name] = tuple(t.drop(columns=new + other, errors="ignore") for t in (a, b))
        return found

    @property
    def cut(self) -> frozenset[str]:
        """Tables of which a column was left out so far: their files have other bytes."""
        left = (*self._new.items(), *self._revised.items())
        return frozenset(name for name, columns in left if columns)

    def same_summary(
        self, stored: Mapping[str, Any], fresh: Mapping[str, Any], learner: str
    ) -> bool:
        """Are two summaries equal in what both can have?"""
        left: list[str] = []
        for one in self._since:
            left += one.summary
            left += one.revised_summary if learner in one.learners else ()
        texts = []
        for summary in (stored, fresh):
            flat = flattened(summary)
            kept = {k: v for k, v in flat.items() if not any(_within(k, key) for key in left)}
            texts.append(json.dumps(kept))
        return texts[0] == texts[1]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out so far, a line each."""
        keys = [key for one in self._since for key in one.keys]
        said = [f"config: written before these keys existed: {', '.join(keys)}"] if keys else []
        for left, why in (
            (self._new, "written before these columns existed"),
            (self._revised, "not compared, computed otherwise since"),
        ):
            said += [f"{n}: {why}: {', '.join(left[n])}" for n in sorted(left) if left[n]]
        return tuple(said)


def _has_any(stored: Mapping[str, pd.DataFrame], columns: Mapping[str, tuple[str, ...]]) -> bool:
    """Has a run any value in the columns that are named so?"""
    return any(
        bool(stored[name][_beginning(stored[name], beginnings)].notna().to_numpy().any())
        for name, beginnings in columns.items()
        if name in stored
    )


def _beginning(columns: Iterable[str], beginnings: tuple[str, ...]) -> list[str]:
    return [name for name in columns if name.startswith(beginnings)]


def _within(key: str, table: str) -> bool:
    return key == table or key.startswith(f"{table}.")


def _without(table: Mapping[str, Any], gone: set[str], prefix: str) -> dict[str, Any]:
    return {
        key: _without(value, gone, f"{prefix}{key}.") if isinstance(value, Mapping) else value
        for key, value in table.items()
        if f"{prefix}{key}" not in gone
    }
