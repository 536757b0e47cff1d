"""Options by which a corpus gives the numbers, and what is read off it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigsim.cli.bounds.options import Reading
from gigsim.cli.output import interrupts_of, stderr
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.measures.corpus_facts import CorpusFacts
    from gigsim.resumes.corpus import Corpus

CorpusOption = Annotated[
    Path | None,
    typer.Option(help="A corpus file (gigsim corpus import): take the numbers from it."),
]
TargetOption = Annotated[str | None, typer.Option(help="With --corpus: y*, one of its labels.")]
TokenOption = Annotated[str, typer.Option(help="With --corpus: the word that is the signal.")]
EveryOption = Annotated[
    int, typer.Option(min=1, help="With --corpus: words between two plantings.")
]
ReserveOption = Annotated[
    bool,
    typer.Option(
        "--reserve/--no-reserve",
        help="With --corpus: has the token an id of its own to the platform, or is it read like any"
        " other word?",
    ),
]
SeedOption = Annotated[
    int, typer.Option(min=0, help="With --corpus: seed of the folds for out-of-fold probabilities.")
]
FoldsOption = Annotated[int, typer.Option(min=2, help="With --corpus: folds.")]

TOKEN = "※"
EVERY = 20

#: By parameter, the options that mean something with a corpus only.
_OF_A_CORPUS = {
    "target": "--target",
    "token": "--token",
    "every": "--every",
    "reserve": "--reserve/--no-reserve",
    "folds": "--folds",
    "seed": "--seed",
    "adaptive": "--adaptive/--naive",
}


@dataclass(frozen=True)
class Source:
    """A corpus and what is asked of it.

    Attributes:
        path: the corpus file.
        target: y*.
        token: the signal's word.
        every: words between two plantings.
        reserve: has the token an id of its own?
        seed: of the folds.
        folds: how many.
    """

    path: Path
    target: str
    token: str
    every: int
    reserve: bool
    seed: int
    folds: int


def source_of(
    path: Path,
    target: str | None,
    given: dict[str, bool],
    *,
    token: str,
    every: int,
    reserve: bool,
    seed: int,
    folds: int,
) -> Source:
    """The corpus that a command was given.

    Args:
        path: of ``--corpus``.
        target: of ``--target``.
        given: by option, whether a number was given that the corpus gives.
        token: and so on: see :class:`Source`.
        every: likewise.
        reserve: likewise.
        seed: likewise.
        folds: likewise.

    Raises:
        InputError: no target, or a number beside the corpus that gives it.
    """
    for option, is_given in given.items():
        if is_given:
            raise InputError(option, "does not go with --corpus", "leave one of them out")
    if target is None:
        raise InputError("--target", "is needed with --corpus", "a label of the corpus")
    return Source(path, target, token, every, reserve, seed, folds)


def no_corpus(context: typer.Context) -> None:
    """Refuse what is asked of a corpus where there is none.

    Raises:
        InputError: an option that goes with ``--corpus`` was used.
    """
    for name, option in _OF_A_CORPUS.items():
        source: Any = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise InputError(option, "goes with --corpus", "give --corpus too, or leave it out")


def _read(path: Path) -> Corpus:
    """The corpus.

    Raises:
        InputError: there is none.
    """
    from gigsim.resumes.corpus import load_corpus

    if path.is_dir():
        raise InputError("--corpus", f"{path} is a folder", "a file of gigsim corpus import")
    try:
        return load_corpus(path)
    except InputError as error:
        if isinstance(error.__cause__, KeyError):
            # What NumPy says of a missing array is of no use to who has another file.
            raise InputError(error.where, "not a gigsim corpus", error.allowed) from error
        raise


def facts_of(
    context: typer.Context, source: Source, goal: Reading, quiet: bool
) -> tuple[CorpusFacts, dict[str, Any]]:
    """Read the corpus, train out of fold, and put the numbers together.

    Returns:
        The facts, and those that all strategies print, for JSON.

    Raises:
        InputError: no such corpus, label or signal, or one that the linear learner cannot read.
    """
    import numpy as np

    from gigsim.collective.signals import Signal
    from gigsim.measures.corpus_facts import corpus_facts

    interrupts = interrupts_of(context)
    interrupts.running()
    signal = Signal(source.token, source.every, source.reserve)
    with stderr.status("reading the corpus") if not quiet else nullcontext() as status:
        corpus = _read(source.path)
        if status is not None:
            status.update(f"training {source.folds} classifiers out of fold")
        facts = corpus_facts(
            corpus, source.target, signal, folds=source.folds, seed=source.seed, goal=goal
        )
    interrupts.leaving()
    return facts, {
        "target": source.target,
        "token": source.token,
        "every": source.every,
        "reserve": source.reserve,
        "seed": source.seed,
        "folds": source.folds,
        "reading": goal,
        "level": facts.level,
        "resumes": len(corpus),
        "clusters": len(np.unique(facts.clusters)),
        "clusters_in_signal_set": len(np.unique(facts.clusters[facts.carrier])),
        "resumes_with_signal": int(facts.contains.sum()),
        "base_rate": facts.base_rate,
        "miscalibration": facts.miscalibration,
    }
