"""Sub-word vocabularies: one trained here on the training side, or that of a published encoder."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from gigsim.errors import InputError
from gigsim.learners.hub import first_line, load_published, located
from gigsim.learners.ragged import Ragged, offsets_of
from gigsim.resumes.corpus import Corpus

_UNKNOWN = "[UNK]"

#: Words encoded at a time: an encoding holds about 1 kB of offsets that we drop at once.
_BLOCK = 20_000

#: Characters seen fewer times than this on the training side are unknown: each would cost up to
#: two ids of a vocabulary of thousands.
_RARE_CHARACTER = 100

#: Resumes on which reading word by word is compared with reading the whole text.
_SAMPLE = 64

#: What the libraries raise for folders that are incomplete or damaged.
_UNLOADABLE = (OSError, ValueError, KeyError, TypeError)

_LOCAL_FOLDER = "a local Hugging Face folder with a fast tokenizer works offline"


class WordPiece:
    """Reads words through a tokenizer of the ``tokenizers`` library.

    Attributes:
        first, last: ids that the encoder expects before and after a text; None if it has none.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        unknown: int | None,
        first: int | None = None,
        last: int | None = None,
    ) -> None:
        self._tokenizer = tokenizer
        self.unknown = unknown
        self.first = first
        self.last = last

    @property
    def size(self) -> int:
        """Number of ids, special ones included."""
        return int(self._tokenizer.get_vocab_size(with_added_tokens=True))

    def pieces(self, words: Sequence[str]) -> Ragged:
        """The ids of the pieces of each word."""
        values: list[np.ndarray] = []
        lengths: list[np.ndarray] = []
        for start in range(0, len(words), _BLOCK):
            block = list(words[start : start + _BLOCK])
            encoded = self._tokenizer.encode_batch_fast(block, add_special_tokens=False)
            ids = [encoding.ids for encoding in encoded]
            lengths.append(np.fromiter(map(len, ids), dtype=np.int64, count=len(ids)))
            values.append(np.array([i for row in ids for i in row], dtype=np.int32))
        if not values:
            return Ragged.from_rows([])
        return Ragged(np.concatenate(values), offsets_of(np.concatenate(lengths)))

    def state(self) -> str:
        """The whole tokenizer as JSON, equal for equal vocabularies."""
        return str(self._tokenizer.to_str())

    @classmethod
    def train(cls, training_side: Corpus, size: int = 8_000) -> WordPiece:
        """A BERT-like WordPiece vocabulary (lower case, no accents, punctuation apart).

        The same corpus gives the same ids in every process. The library's trainer alone does not:
        it numbers continuing characters ("##a") in the order of a randomly seeded hash map, and
        equal counts are then decided by those numbers. So they are numbered beforehand.

        Args:
            training_side: the resumes that the platform may have seen before the run.
            size: the most ids to have.
        """
        normalizer = normalizers.BertNormalizer()
        splitter = pre_tokenizers.BertPreTokenizer()
        # Each distinct word is normalised and split once: three times as fast as leaving whole
        # texts to the library, and the same vocabulary.
        split = [
            " ".join(part for part, _ in splitter.pre_tokenize_str(normalizer.normalize_str(word)))
            for word in training_side.words
        ]
        characters = _characters(training_side, split)
        continuing = sorted(f"##{c}" for c in characters if c.isalnum())
        trainer = trainers.WordPieceTrainer(
            vocab_size=size,
            special_tokens=[_UNKNOWN, *continuing],
            initial_alphabet=characters,
            limit_alphabet=len(characters),
            show_progress=False,
        )
        trained = Tokenizer(models.WordPiece(unk_token=_UNKNOWN))
        trained.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        trained.train_from_iterator(_texts(training_side, split), trainer)
        # A fresh tokenizer: in the trained one the numbered characters count as special tokens.
        ids = trained.get_vocab(with_added_tokens=True)
        tokenizer = Tokenizer(models.WordPiece(ids, unk_token=_UNKNOWN))
        tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = splitter
        return cls(tokenizer, unknown=ids[_UNKNOWN])

    @classmethod
    def from_folder(cls, source: str, sample: Corpus) -> WordPiece:
        """The fast tokenizer of a published encoder.

        Args:
            source: a named encoder (``hub.NAMED``), a local Hugging Face folder, or an id on its
                hub.
            sample: resumes of which up to 64, evenly spaced, are read both ways.

        Raises:
            InputError: there is no such tokenizer, or it joins pieces across white space.
        """
        vocabulary = load_tokenizer(source)
        vocabulary._check_reads_word_by_word(sample, source)
        return vocabulary

    def enclose(self, texts: Ragged) -> Ragged:
        """Each text between the first and the last id that the encoder expects."""
        around = Ragged.from_rows([[i] if i is not None else [] for i in (self.first, self.last)])
        n = len(texts)
        parts = Ragged.concatenate([around, texts])
        # Text, first and last as rows of one ragged array, gathered in threes.
        order = np.stack([np.zeros(n), np.arange(2, n + 2), np.ones(n)], axis=1).astype(np.int64)
        joined = parts.take(order.ravel())
        return Ragged(joined.values, joined.offsets[::3].copy())

    def _check_reads_word_by_word(self, sample: Corpus, source: str) -> None:
        rows = np.unique(np.linspace(0, len(sample) - 1, _SAMPLE).astype(np.int64))
        for row in rows if len(sample) else ():
            text = sample.text(row)
            words = text.split(" ") if text else []
            whole = self._tokenizer.encode(text, add_special_tokens=False).ids
            if not np.array_equal(self.pieces(words).values, whole):
                raise InputError(
                    "platform.learner.encoder",
                    f"the tokenizer of {source!r} reads a text differently from its words",
                    "a tokenizer that splits at white space first is needed (BERT's WordPiece)",
                )


@functools.lru_cache(maxsize=4)
def load_tokenizer(source: str) -> WordPiece:
    """The fast tokenizer of an encoder, whatever the hub knows it by, untruncated and unpadded.

    Raises:
        InputError: there is none.
    """
    from transformers import AutoTokenizer

    where = "platform.learner.encoder"
    folder = located(source)
    try:
        loaded = load_published(
            folder,
            lambda local: AutoTokenizer.from_pretrained(
                folder, use_fast=True, trust_remote_code=False, local_files_only=local
            ),
        )
    except Exception as error:
        # The tokenizers library raises plain Exceptions: it has no class of its own.
        if type(error) is not Exception and not isinstance(error, _UNLOADABLE):
            raise
        kind = "folder" if Path(folder).is_dir() else "hub id"
        raise InputError(
            where, f"no tokenizer in the {kind} {source!r} ({first_line(error)})", _LOCAL_FOLDER
        ) from error
    if not loaded.is_fast:
        raise InputError(where, f"the tokenizer of {source!r} is not a fast one", _LOCAL_FOLDER)
    tokenizer = Tokenizer.from_str(loaded.backend_tokenizer.to_str())
    # Folders often ask for truncation and padding: here the learner's window decides.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return WordPiece(
        tokenizer,
        unknown=loaded.unk_token_id,
        first=loaded.cls_token_id,
        last=loaded.sep_token_id,
    )


def _texts(corpus: Corpus, words: Sequence[str]) -> Iterator[str]:
    """Each resume with the given spelling of each word."""
    for start, stop in itertools.pairwise(corpus.offsets):
        yield " ".join([words[token] for token in corpus.tokens[start:stop].tolist()])


def _characters(corpus: Corpus, words: Sequence[str]) -> list[str]:
    """The characters that are not rare in the resumes, in code-point order."""
    counts = np.bincount(corpus.tokens, minlength=len(corpus.words))
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    weights = np.repeat(counts, np.fromiter(map(len, words), dtype=np.int64, count=len(words)))
    total = np.bincount(codes, weights=weights)
    # A small corpus keeps all of its characters: rarity there says nothing.
    threshold = min(_RARE_CHARACTER, max(1, len(corpus) // 100))
    return [chr(code) for code in np.flatnonzero(total >= threshold) if not chr(code).isspace()]
