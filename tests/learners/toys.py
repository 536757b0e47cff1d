"""Small corpora, and a tiny encoder in the Hugging Face format with random weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.ragged import Ragged
from gigsim.learners.wordpiece import WordPiece
from gigsim.resumes.corpus import Corpus

TINY_WORDS = ["manage", "server", "python", "java", "web", "##s", "##er", "a", "b", "c", "※", "."]


def corpus_of(texts: Sequence[str], labels: NDArray[np.bool_] | None = None) -> Corpus:
    """Texts split at white space; without labels, one label that nobody carries."""
    split = [text.split() for text in texts]
    words = sorted({word for row in split for word in row}) or ["unused"]
    number = {word: i for i, word in enumerate(words)}
    offsets = np.cumsum([0, *map(len, split)]).astype(np.int64)
    labels = np.zeros((len(texts), 1), dtype=bool) if labels is None else labels
    return Corpus(
        words=tuple(words),
        tokens=np.array([number[w] for row in split for w in row], dtype=np.uint32),
        offsets=offsets,
        labels=labels,
        label_names=tuple(f"label{i}" for i in range(labels.shape[1])),
        clusters=np.arange(len(texts)),
        test_side=np.zeros(len(texts), dtype=bool),
    )


def invented(n: int = 300) -> Corpus:
    """Zipf-distributed invented words: many equal counts, which is where orders could differ."""
    generator = np.random.default_rng(5)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyzé"))
    words = ["".join(generator.choice(letters, generator.integers(2, 9))) for _ in range(2_000)]
    law = 1 / np.arange(1, len(words) + 1)
    texts = [generator.choice(words, 60, p=law / law.sum()) for _ in range(n)]
    return corpus_of([" ".join(text) for text in texts])


def invented_digest() -> str:
    """Of the vocabulary trained on invented words."""
    return hashlib.sha256(WordPiece.train(invented(), 400).state().encode()).hexdigest()


def separable(
    n: int, seed: int, *, lengths: tuple[int, int] = (8, 24)
) -> tuple[Ragged, NDArray[np.bool_]]:
    """Texts over 40 ids; label l of three is carried exactly by texts that hold id l."""
    generator = np.random.default_rng(seed)
    labels = generator.random((n, 3)) < 0.4
    rows = []
    for carried in labels:
        filler = generator.integers(3, 40, generator.integers(*lengths))
        row = np.concatenate([filler, np.repeat(np.flatnonzero(carried), 2)])
        rows.append(generator.permutation(row).tolist())
    return Ragged.from_rows(rows), labels


def tiny_bert(folder: Path) -> Path:
    """A two-layer BERT of width 16 with random weights, its tokenizer asking for padding."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: i for i, word in enumerate([*special, *TINY_WORDS])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=4)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        initializer_range=0.25,
    )
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    return folder
