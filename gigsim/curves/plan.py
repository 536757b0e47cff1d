"""Plans: the arms of a figure, made from a scenario and lists, and kept in their folder."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gigsim.config import Config, build
from gigsim.config.overrides import parse_value
from gigsim.curves import PLAN_FILE
from gigsim.curves.arm import Arm
from gigsim.curves.trainings import Training, jobs_of
from gigsim.errors import InputError
from gigsim.experiments.seeds import canonical
from gigsim.resumes.supply import labels_only
from gigsim.society.recruitment import Recruitment
from gigsim.store.shards import write_durably
from gigsim.streams import Streams

_FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")

#: Shares from one in two thousand to one in twenty: where the paper's thresholds are.
ALPHAS = (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)

#: What may stand behind a strategy's name after a slash, and what it sets.
_VARIANTS: Mapping[str, tuple[str, Any]] = {
    "replace": ("collective.label_sets", "replace"),
    "extend": ("collective.label_sets", "extend"),
    "evasive": ("collective.evasive", True),
    "adaptive": ("collective.adaptive", True),
}
#: Between two settings, and not within the value of one.
_COMMA = re.compile(r",(?=\s*[A-Za-z_][\w.]*\s*=)")
_RECRUITMENTS: tuple[Recruitment, ...] = ("random", "cluster", "skill", "hub")


@dataclass(frozen=True)
class Plan:
    """Curves that are measured together, and drawn in one figure.

    Attributes:
        name: in folder names.
        arms: with distinct names.

    Raises:
        InputError: no arm, two of one name, a name that is none for a folder.
    """

    name: str
    arms: tuple[Arm, ...]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InputError(
                "name", f"{self.name!r} is no name for a folder", "letters, digits, - and _"
            )
        if not self.arms:
            raise InputError(self.name, "no curve", "at least one is needed")
        name, times = Counter(arm.name for arm in self.arms).most_common(1)[0]
        if times > 1:
            raise InputError(self.name, f"{times} curves are called {name!r}", "names of their own")

    @cached_property
    def jobs(self) -> list[tuple[Training, ...]]:
        """The trainings, in the portions in which they are done and stored."""
        return jobs_of(self.arms)

    def telling(self) -> list[tuple[str, Config]]:
        """Configs that name all files that any arm's does (``experiments.origin.Begun``)."""
        first: dict[str, tuple[str, Config]] = {}
        for arm in self.arms:
            parts = (arm.config.corpus, arm.config.platform.learner, arm.config.network)
            first.setdefault(
                canonical([part.model_dump(mode="json") for part in parts]),
                (f" of {arm.name}", arm.config),
            )
        return list(first.values())

    def digest(self) -> str:
        """Twelve hexadecimal digits that name what is computed."""
        return hashlib.blake2b(canonical(self._plain()).encode(), digest_size=6).hexdigest()

    def write(self, folder: Path) -> None:
        """Write ``curve.json``, durably, into a folder that is being made."""
        text = json.dumps(self._plain(), indent=1, ensure_ascii=False, sort_keys=True)
        write_durably(folder / PLAN_FILE, f"{text}\n".encode())

    def _plain(self) -> dict[str, Any]:
        arms = [arm.model_dump(mode="json") for arm in self.arms]
        return {"format": _FORMAT, "name": self.name, "arms": arms}


def open_plan(folder: Path | str) -> Plan:
    """The plan of a folder.

    Raises:
        InputError: no such folder, no plan in it, a damaged one, or one of another version.
    """
    path = Path(folder) / PLAN_FILE
    allowed = "a folder that gigsim curve or gigsim reproduce made is needed"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != _FORMAT:
            raise InputError(str(path), f"is of version {found['format']!r}", f"{_FORMAT}")
        return Plan(found["name"], tuple(Arm(**_read(arm)) for arm in found["arms"]))
    except OSError as error:
        problem = "no curves in this folder" if Path(folder).is_dir() else "no such folder"
        raise InputError(str(folder), problem, allowed) from error
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise InputError(str(path), "is damaged", allowed) from error


def _read(arm: Mapping[str, Any]) -> dict[str, Any]:
    """An arm's fields, its config built as any other is."""
    config = build(arm["config"], (), f"{PLAN_FILE}: {arm['name']}")
    return {**arm, "config": config}


def plan_of(
    base: Config,
    *,
    name: str | None = None,
    alphas: Sequence[float] = ALPHAS,
    seeds: int | Sequence[int] = 10,
    targets: Sequence[str] = (),
    strategies: Sequence[str] = (),
    learners: Sequence[str] = (),
    recipes: Sequence[str] = (),
    recruitment: Sequence[str] = ("random",),
    retrainings: int = 1,
) -> Plan:
    """Every combination of what is listed, laid over a scenario.

    Args:
        base: the scenario.
        name: of the plan; None for the scenario's.
        alphas: shares of the population, in [0, 1]; 0, the base rate, is measured in any case.
        seeds: so many, from 1 on, or which.
        targets: labels; none given is the scenario's own.
        strategies: names, with variants behind slashes: ``feature_label/extend``,
            ``feature_only/evasive``, ``unplanting/adaptive``; none given is the scenario's own.
        learners: kinds; of the scenario's own kind its recipe is kept, others have their defaults.
        recipes: what else differs, ``key=value`` with commas between: ``epochs=1``,
            ``epochs=4,learning_rate=5e-4``; a key without a dot is the learner's. Each is a curve
            of its own, called what it says.
        recruitment: ``random``, ``cluster``, ``skill``, ``hub``.
        retrainings: in a row, with ``platform.retrain = "warm"``.

    Raises:
        InputError: a share that is no number of people of its own; unknown names; what a config
            or an arm refuses.
    """
    for name_of, words in (
        ("targets", targets),
        ("strategies", strategies),
        ("learners", learners),
        ("recipes", recipes),
        ("recruitment", recruitment),
    ):
        if isinstance(words, str):
            raise InputError(name_of, repr(words), f"a list of texts: [{words!r}]")
    shares = _shares(alphas)
    try:
        numbers = tuple(range(1, seeds + 1)) if isinstance(seeds, int) else tuple(seeds)
    except TypeError as error:
        raise InputError("seeds", repr(seeds), "a whole number, or a list of them") from error
    arms = []
    for one in itertools.product(
        [*learners] or [base.platform.learner.kind],
        [*recipes] or [""],
        [*strategies] or [""],
        [*targets] or [base.collective.target],
        recruitment,
    ):
        learner, recipe, strategy, target, found = one
        values = {"collective.target": target} | _strategy(strategy) | _recipe(recipe)
        if learner != base.platform.learner.kind:
            values = _other_learner(learner) | values
        if found not in _RECRUITMENTS:
            raise InputError("recruitment", f"no {found!r}", f"one of {', '.join(_RECRUITMENTS)}")
        words = (learner, recipe, strategy, target, found if len(recruitment) > 1 else "")
        arms.append(
            Arm(
                name=" ".join(word for word in words if word),
                recipe=recipe or "default",
                config=build(base.model_dump(mode="json"), values, "gigsim curve"),
                alphas=shares,
                seeds=numbers,
                recruitment=found,
                retrainings=retrainings,
            )
        )
    check_targets(arms)
    return Plan(name or base.name, _checked(arms))


def check_targets(arms: Iterable[Arm]) -> None:
    """Refuse a label that there is not before anything is trained.

    Raises:
        InputError: no such label in the resumes of an arm, or its resumes cannot be read.
    """
    names: dict[str, tuple[str, ...]] = {}
    for arm in arms:
        corpus, target = arm.config.corpus, arm.config.collective.target
        key = canonical(corpus.model_dump(mode="json"))
        if key not in names:
            _, names[key], _ = labels_only(corpus, 1, Streams(arm.config.run.seed))
        if target not in names[key]:
            raise InputError(
                "collective.target", f"no label {target!r}", f"one of: {', '.join(names[key])}"
            )


def _checked(arms: Iterable[Arm]) -> tuple[Arm, ...]:
    """Arms of which no two α are the same number of people."""
    found = tuple(arms)
    for arm in found:
        for low, high in itertools.pairwise(arm.alphas):
            if arm.members(low) == arm.members(high):
                raise InputError(
                    "alphas",
                    f"{low:g} and {high:g} of {arm.size:,} people are both"
                    f" {arm.members(low):,} members",
                    "shares that differ by at least one person",
                )
    return found


def _shares(alphas: Sequence[float]) -> tuple[float, ...]:
    """Ascending, with 0 in front."""
    try:
        found = tuple(sorted({0.0, *map(float, alphas)}))
    except (TypeError, ValueError) as error:
        allowed = "a list of shares of the population, 0 to 1"
        raise InputError("alphas", repr(alphas), allowed) from error
    if len(found) == 1:
        raise InputError("alphas", "no share above 0", "at least one collective of some size")
    return found


def _strategy(text: str) -> dict[str, Any]:
    """``feature_label/extend`` as dotted keys; of ``""`` none."""
    if not text:
        return {}
    name, *variants = text.split("/")
    values: dict[str, Any] = {"collective.strategy": name.replace("-", "_")}
    for variant in variants:
        if variant not in _VARIANTS:
            raise InputError(
                f"strategies: {text}", f"no variant {variant!r}", f"one of {', '.join(_VARIANTS)}"
            )
        key, value = _VARIANTS[variant]
        values[key] = value
    return values


def _recipe(text: str) -> dict[str, Any]:
    """``epochs=4,collective.signal.every=5`` as dotted keys; of ``""`` none."""
    values = {}
    for part in filter(None, _COMMA.split(text)):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise InputError(f"recipes: {text}", f"{part!r} sets nothing", "key=value is needed")
        dotted = key.strip() if "." in key else f"platform.learner.{key.strip()}"
        if dotted in values:
            raise InputError(f"recipes: {text}", f"{dotted} is set twice", "each key once")
        values[dotted] = parse_value(value.strip())
    return values


def _other_learner(kind: str) -> dict[str, Any]:
    """Another learner with its defaults, on the machine as it needs it."""
    values: dict[str, Any] = {"platform.learner": {"kind": kind}}
    if kind != "transformer":
        values |= {"run.precision": "float32", "run.device": "cpu"}
    return values
