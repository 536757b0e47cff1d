"""What a corpus gives to a pretraining: vocabulary and windows, of the training side alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gigsim.errors import InputError
from gigsim.pretraining.recipe import PretrainRecipe
from gigsim.pretraining.vocabulary import Pieces
from gigsim.pretraining.windows import Windows, cut_windows
from gigsim.pretraining.words import Parts, Words, choose
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language_words import DEBRIS, read_names
from gigsim.streams import Streams


@dataclass(frozen=True, eq=False)
class Material:
    """Vocabulary and text of a pretraining.

    Attributes:
        resumes: of the training side.
        words: the list of words, and how they were chosen.
        pieces: the vocabulary made from them.
        windows: the text.
        digest: of all of it.
    """

    resumes: int
    words: Words
    pieces: Pieces
    windows: Windows
    digest: str


def forbidden_words() -> frozenset[str]:
    """Personal names, and what is left of links: never part of the vocabulary."""
    return DEBRIS | read_names()


def prepare(
    corpus: Corpus, recipe: PretrainRecipe, tell: Callable[[str], None] = lambda _: None
) -> Material:
    """Choose words, build the vocabulary, cut windows.

    Args:
        corpus: resumes; the test side is not read.
        recipe: its fields on words and windows.
        tell: gets a line on progress now and then.

    Raises:
        InputError: there is too little text.
    """
    side = corpus.training_side()
    tell("taking the words apart")
    parts = Parts.of(side)
    forbidden = forbidden_words()
    tell("counting the resumes of each word")
    words = choose(
        side, parts, words=recipe.words, min_resumes=recipe.min_resumes, forbidden=forbidden
    )
    if len(words.words) < 2:
        raise InputError(
            corpus.origin or "corpus",
            f"{len(words.words)} words are in {recipe.min_resumes} resumes of the training side",
            "a larger corpus, or a smaller min_resumes, is needed",
        )
    pieces = Pieces.of(words, min_words=recipe.min_ending, forbidden=forbidden)
    tell("cutting windows")
    windows = cut_windows(
        side,
        parts,
        pieces,
        length=recipe.length,
        split=recipe.split,
        streams=Streams(recipe.seed),
    )
    if len(windows.ids) < recipe.batch_size:
        raise InputError(
            corpus.origin or "corpus",
            f"{len(windows.ids)} windows of {recipe.length} pieces are fewer than a batch",
            f"more or longer resumes, or a batch_size below {recipe.batch_size}, is needed",
        )
    digest = hashlib.blake2b("\n".join(pieces.entries).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(windows.ids).data)
    digest.update(recipe.digest().encode())
    return Material(len(side), words, pieces, windows, digest.hexdigest())
