"""What a report is about: the scale, the resumes, how many, and which plan each step was.

Beside the rows of each step lies what it was made of. Steps of one report have the scale and the
resumes in common; a step of others is refused, so that no table mixes them. Precision, threads and
recipes may differ from learner to learner, and stand with their step.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gigsim.errors import InputError
from gigsim.inputs import digest_of
from gigsim.reproduction.setting import Setting
from gigsim.resumes.corpus import load_corpus
from gigsim.store.index import explained

#: The folder of them in a report's folder.
SETTINGS = "settings"
LANGUAGE = "written by the built-in language"
# Of a folder's provenance what is no affair of one machine's paths and commands.
_TRAINED_BY = ("commit", "versions", "python", "cpu", "device", "precision", "threads")


@dataclass(frozen=True)
class About:
    """What all steps of a report have in common.

    Attributes:
        scale: ``quick`` or ``reference``.
        origin: one line that says where the resumes come from.
        digest: of the corpus's file, BLAKE2b, 32 hexadecimal digits; "" for the language.
        people: N, resumes of a training.
        held_out: resumes on which S is measured.
    """

    scale: str
    origin: str
    digest: str
    people: int
    held_out: int

    @classmethod
    def of(cls, setting: Setting) -> About:
        """Of a setting; its corpus is read.

        Raises:
            InputError: there is no such corpus.
        """
        people, held_out = setting.sizes
        if not setting.corpus:
            return cls(setting.scale, LANGUAGE, "", people, held_out)
        corpus = load_corpus(setting.corpus)
        there = int(np.count_nonzero(corpus.test_side))
        return cls(
            scale=setting.scale,
            origin=corpus.origin or "a corpus that does not say where it comes from",
            digest=digest_of(setting.corpus) or "",
            people=people,
            held_out=min(held_out, there) if held_out else there,
        )

    def text(self) -> str:
        """A clause for people."""
        whose = f"of: {self.origin} (digest {self.digest[:12]})" if self.digest else self.origin
        return (
            f"{self.scale} scale, N = {self.people:,} resumes {whose}; S measured on"
            f" {self.held_out:,} held out"
        )


@dataclass(frozen=True)
class Made:
    """What a step was made of.

    Attributes:
        about: in common with the other steps of its report.
        plans: digests of its plans, the second stage's last.
        changed: dotted keys of configs and of the learner's recipe that are not the experiments'
            own, with their values.
        trained_by: the commit of gigsim, the versions of the libraries, the processor and device
            that the first plan was begun with; empty where that is not known.
    """

    about: About
    plans: tuple[str, ...] = ()
    changed: Mapping[str, Any] = field(default_factory=dict)
    trained_by: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        about: About,
        setting: Setting,
        learner: str,
        plans: Sequence[str],
        provenance: Mapping[str, Any] | None = None,
    ) -> Made:
        """A step of a setting, and of ``provenance.json`` what says by what it was trained."""
        recipe = setting.recipes.get(learner, {})
        changed = dict(setting.overrides)
        changed |= {f"platform.learner.{key}": value for key, value in recipe.items()}
        known = provenance or {}
        return cls(about, tuple(plans), changed, {k: known[k] for k in _TRAINED_BY if k in known})

    def write(self, into: Path, step: str) -> None:
        """Put it into a report's folder, whole or not at all.

        Raises:
            InputError: the folder cannot be written to.
        """
        folder = into / SETTINGS
        path = folder / f"{step}.json"
        partial = folder / f".{step}.partial-{os.getpid()}"
        text = json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False, sort_keys=True)
        with explained(into):
            folder.mkdir(parents=True, exist_ok=True)
            partial.write_text(f"{text}\n", encoding="utf-8")
            partial.replace(path)


def made_in(into: Path) -> dict[str, Made]:
    """What the steps of a report's folder were made of, by their names, sorted.

    Raises:
        InputError: rows without it, a damaged file, or steps of different settings.
    """
    found: dict[str, Made] = {}
    for rows in sorted(into.glob("[a-z]*.parquet")):
        path = into / SETTINGS / f"{rows.stem}.json"
        if not path.is_file():
            raise InputError(
                str(rows), "rows that do not say what they are of", "another --into for the report"
            )
        found[rows.stem] = _read(path)
    for made in found.values():
        _check(into, next(iter(found.values())).about, made.about)
    return found


def check_same(into: Path, about: About) -> None:
    """Refuse to add to a report that is about something else, before anything is trained.

    Raises:
        InputError: as :func:`made_in`; the report is of another scale or of other resumes.
    """
    for made in made_in(into).values():
        _check(into, made.about, about)


def _check(into: Path, there: About, wanted: About) -> None:
    if there != wanted:
        raise InputError(
            str(into),
            f"a report on {there.text()}; asked for is {wanted.text()}",
            "another folder for the report: --into DIR",
        )


def _read(path: Path) -> Made:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        about = About(**plain["about"])
        trained_by = dict(plain.get("trained_by", {}))
        return Made(about, tuple(plain["plans"]), dict(plain["changed"]), trained_by)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(str(path), f"cannot be read ({error})", "as it was written") from error
