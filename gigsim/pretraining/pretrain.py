"""``pretrain``: from a corpus to an encoder's folder, through a checkpoint beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gigsim.errors import InputError
from gigsim.pretraining.card import PretrainReport, model_card
from gigsim.pretraining.folder import write_encoder
from gigsim.pretraining.loop import train
from gigsim.pretraining.material import Material, prepare
from gigsim.pretraining.quality import Guesses, guesses
from gigsim.pretraining.recipe import PretrainRecipe
from gigsim.pretraining.windows import cut_windows
from gigsim.pretraining.words import Parts
from gigsim.resumes.corpus import Corpus
from gigsim.streams import Streams

#: The file, in ``DEST.part``, from which a pretraining goes on.
CHECKPOINT = "checkpoint.safetensors"


def recipe_of(**fields: Any) -> PretrainRecipe:
    """A recipe.

    Raises:
        InputError: a field is out of range.
    """
    try:
        return PretrainRecipe(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "heads"
        said = f"{first['input']!r}" if first["loc"] else ""
        raise InputError(f"pretrain.{where}", said, first["msg"]) from error


def part_of(dest: Path) -> Path:
    """The folder beside ``dest`` in which an unfinished pretraining is kept."""
    return dest.with_name(f"{dest.name}.part")


def pretrain(
    corpus: Corpus,
    dest: Path,
    recipe: PretrainRecipe,
    *,
    tell: Callable[[str], None] = lambda _: None,
    threads: int = 1,
    every: float = 60.0,
) -> PretrainReport:
    """Pretrain an encoder on the training side of a corpus.

    Killed at any time, it goes on from where it was ``every`` seconds ago when it is called again;
    the weights are the same to the last bit.

    Args:
        corpus: resumes; the test side is read only to say how well pieces are guessed there.
        dest: the folder to write, which must not be there.
        recipe: vocabulary, network and training.
        tell: gets a line on progress now and then.
        threads: of one operation.
        every: seconds between two checkpoints.

    Raises:
        InputError: ``dest`` is there, the corpus is too small, an unfinished pretraining is of
            something else, or the training diverges.
    """
    from gigsim import __version__

    if dest.exists():
        raise InputError(str(dest), "is there already", "name another folder or remove it")
    material = prepare(corpus, recipe, tell)
    part = part_of(dest)
    part.mkdir(parents=True, exist_ok=True)
    network, progress = train(
        material.windows.ids,
        len(material.pieces.entries),
        recipe,
        part / CHECKPOINT,
        digest=material.digest,
        tell=tell,
        threads=threads,
        every=every,
    )
    tell("guessing pieces of the test side")
    seen, unseen = _both_sides(network, corpus, material, recipe, threads)
    report = PretrainReport.of(corpus.origin, material, recipe, progress, network, seen, unseen)
    card = model_card(dest.name, report, recipe, __version__)
    write_encoder(dest, network, material.pieces, card)
    shutil.rmtree(part)
    return report


def _both_sides(
    network: Any, corpus: Corpus, material: Material, recipe: PretrainRecipe, threads: int
) -> tuple[Guesses, Guesses | None]:
    """Guesses on the training side, and on the test side if it fills a window."""
    streams, size = Streams(recipe.seed), len(material.pieces.entries)

    def guessed(windows: Any) -> Guesses:
        share = recipe.masked
        return guesses(network, windows, share=share, size=size, streams=streams, threads=threads)

    seen = guessed(material.windows.ids)
    if not corpus.test_side.any():
        return seen, None
    side = corpus.select(corpus.test_side.nonzero()[0])
    windows = cut_windows(
        side,
        Parts.of(side),
        material.pieces,
        length=recipe.length,
        split=recipe.split,
        streams=streams,
    )
    return seen, guessed(windows.ids) if len(windows.ids) else None
