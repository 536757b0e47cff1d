"""The built-in resume language: a known law P0 that writes labelled resumes of up to 120 words.

It is a labelled topic model with bursty words (Dirichlet-multinomial), fitted to the training side
of a real corpus (``resumes.language_fit``) and small enough to ship. A resume is written like this:

1. a label set Y ~ π;
2. a latent z = (topic share t, dominant label d) given Y, which fixes the word law
   p = (1 − t)·background + t·Σ_{l in Y} w_l·topic_l;
3. a length n, **independent of Y**;
4. θ ~ Dirichlet(A·p), then n words independently from θ. They are exchangeable, so a prefix or a
   shuffle of a resume has the same form of law;
5. the label channel: with probability ρ the reported label set is drawn afresh from π.

The latent share and the burstiness make the language about as hard to classify as real resumes;
the channel gives every label a positive floor P0(y in Y | x) ≥ ρ·π(y), whatever the words say.
Because everything is conjugate and finite the posterior is exact (``resumes.posterior``). All
probabilities come from the *stored* 8-bit parameters, so what is sampled and what the posterior
describes are one and the same law.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.resumes.corpus import (
    Corpus,
    pack_strings,
    written_whole,
)

SCHEMA_VERSION = 1

#: Label sets of this size and more share one dominance weight.
LARGEST_DOMINANCE = 4

#: Resumes written at once; bounds memory to about 20 MB and does not change what is written.
_CHUNK = 4096


def latent_rows(
    label_sets: NDArray[np.bool_], levels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """All states (Y, z) of the latent, ordered by label set.

    A set of two or more labels has ``levels`` × (1 + its size) states (no dominant label, or each
    one in turn), a single label has ``levels``, and the empty set, which knows only the
    background, has one.

    Args:
        label_sets: bool, shape (K, L).
        levels: how many topic shares there are.

    Returns:
        (index of the label set, level of the topic share, dominant label or −1), int64, shape (R,).
    """
    rows: list[tuple[int, int, int]] = []
    for number, labels in enumerate(label_sets):
        members = np.flatnonzero(labels).tolist()
        patterns = [-1, *members] if len(members) > 1 else [-1]
        for level in range(levels if members else 1):
            rows.extend((number, level, dominant) for dominant in patterns)
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return columns[:, 0], columns[:, 1], columns[:, 2]


@dataclass(frozen=True, eq=False)
class Language:
    """A law of labelled resumes, as stored.

    Attributes:
        words: the V distinct words; token ``w`` of a sampled corpus is ``words[w]``.
        label_names: the L labels.
        codes: uint8, shape (1 + L, V): quantised log-probabilities of the background (row 0) and
            of each label's topic; log p = ``low`` + ``step`` × code, then normalised.
        low: float64, shape (1 + L,), nats.
        step: float64, shape (1 + L,), nats.
        label_sets: bool, shape (K, L): the label sets that occur; the empty one may be among them.
        set_counts: int64, shape (K,): π up to its sum (resumes of each set in the fit).
        shares: float64, shape (T,), in [0, 1]: the levels of the topic share t.
        dominance: float64, shape (3,): weight of the dominant label among 2, 3 and 4 or more.
        row_weights: float32, shape (R,): law of z given Y up to its sum within each set, in the
            order of :func:`latent_rows`.
        concentration: A > 0; smaller is burstier.
        rho: ρ in [0, 1], the probability that the label channel redraws the label set.
        length_counts: int64, shape (longest + 1,): law of the length n up to its sum; index n.
    """

    words: tuple[str, ...]
    label_names: tuple[str, ...]
    codes: NDArray[np.uint8]
    low: NDArray[np.float64]
    step: NDArray[np.float64]
    label_sets: NDArray[np.bool_]
    set_counts: NDArray[np.int64]
    shares: NDArray[np.float64]
    dominance: NDArray[np.float64]
    row_weights: NDArray[np.float32]
    concentration: float
    rho: float
    length_counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        for fault in _faults(self):
            raise ValueError(fault)

    @cached_property
    def topics(self) -> NDArray[np.float64]:
        """Word probabilities of the background and the topics, shape (1 + L, V); rows sum to 1."""
        probabilities = np.exp(self.low[:, None] + self.step[:, None] * self.codes)
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    @cached_property
    def set_prior(self) -> NDArray[np.float64]:
        """π, the law of the label set before and after the channel, shape (K,)."""
        return self.set_counts / self.set_counts.sum()

    @cached_property
    def base_rates(self) -> NDArray[np.float64]:
        """P0(y in Y) of each label, shape (L,)."""
        return self.set_prior @ self.label_sets

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits of the stored parameters: which language this is."""
        content = hashlib.blake2b(digest_size=6)
        for field in fields(self):
            value = getattr(self, field.name)
            content.update(repr(value).encode() if isinstance(value, tuple | float) else value)
        return content.hexdigest()

    def floor(self, label: int) -> float:
        """ρ·π(y): no resume has a smaller P0(y in Y | x), whatever its words are."""
        return float(self.rho * self.base_rates[label])

    @cached_property
    def row_sets(self) -> NDArray[np.int64]:
        """The label set of each latent state, int64, shape (R,), ascending."""
        return latent_rows(self.label_sets, len(self.shares))[0]

    @cached_property
    def row_prior(self) -> NDArray[np.float64]:
        """P(Y, z) before the channel, shape (R,)."""
        weights = self.row_weights.astype(np.float64)
        totals = np.bincount(self.row_sets, weights=weights)
        return self.set_prior[self.row_sets] * weights / totals[self.row_sets]

    @cached_property
    def row_mixtures(self) -> NDArray[np.float64]:
        """Weights of background and topics in each latent state, shape (R, 1 + L)."""
        sets, levels, dominant = latent_rows(self.label_sets, len(self.shares))
        members = self.label_sets[sets].astype(np.float64)
        size = members.sum(axis=1)
        share = np.where(size > 0, self.shares[levels], 0.0)
        weights = members / np.maximum(size, 1)[:, None]
        led = np.flatnonzero(dominant >= 0)
        lead = self.dominance[np.minimum(size[led], LARGEST_DOMINANCE).astype(int) - 2]
        weights[led] = members[led] * ((1 - lead) / (size[led] - 1))[:, None]
        weights[led, dominant[led]] = lead
        return np.concatenate([(1 - share)[:, None], share[:, None] * weights], axis=1)

    @cached_property
    def row_words(self) -> NDArray[np.float64]:
        """Word probabilities p of each latent state, shape (R, V)."""
        return self.row_mixtures @ self.topics

    def sample(self, n: int, rng: np.random.Generator, *, test_side: bool = False) -> Corpus:
        """Write ``n`` resumes, independent draws of the law.

        The uniforms of a resume are consecutive, so with generators in the same state the first
        resumes of a larger sample are those of a smaller one.

        Args:
            n: number of resumes, 0 or more.
            rng: its state moves on by ``n`` × (5 + 3 × longest) uniforms.
            test_side: the side all of them are on.

        Returns:
            A corpus over ``words``; labels are those *after* the channel and every resume is a
            cluster of its own. Word order carries no information (exchangeable).
        """
        longest = len(self.length_counts) - 1
        tokens: list[NDArray[np.uint32]] = [np.empty(0, dtype=np.uint32)]
        lengths: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        reported: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        for start in range(0, n, _CHUNK):
            draws = rng.random((min(_CHUNK, n - start), 5 + 3 * longest))
            rows = _quantile(self.row_prior, draws[:, 0])
            length = _quantile(self.length_counts, draws[:, 1])
            redrawn = _quantile(self.set_prior, draws[:, 2])
            reported.append(np.where(draws[:, 3] < self.rho, redrawn, self.row_sets[rows]))
            lengths.append(length)
            written = self._write(rows, draws[:, 5:].reshape(len(draws), 3, longest))
            tokens.append(written[np.arange(longest) < length[:, None]])
        offsets = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.concatenate(lengths), out=offsets[1:])
        return Corpus(
            words=self.words,
            tokens=np.concatenate(tokens),
            offsets=offsets,
            labels=self.label_sets[np.concatenate(reported)],
            label_names=self.label_names,
            clusters=np.arange(n, dtype=np.int64),
            test_side=np.full(n, test_side),
            origin=f"written by the resume language {self.digest}",
        )

    def _write(self, rows: NDArray[np.int64], draws: NDArray[np.float64]) -> NDArray[np.uint32]:
        """Words of resumes in the given latent states, shape (m, longest).

        Drawing θ ~ Dirichlet(A·p) and then words from θ is the Blackwell–MacQueen (1973) urn: word
        i + 1 is fresh from p with probability A/(A + i), else a copy of one of the i before it.

        Args:
            rows: latent states, shape (m,).
            draws: uniforms, shape (m, 3, longest): urn, topic, word.
        """
        urn, topic, word = draws[:, 0], draws[:, 1], draws[:, 2]
        mixtures = self.row_mixtures
        bounds = np.cumsum(mixtures, axis=1)
        # Rounding must not leave a sliver of [0, 1) to a topic of weight zero.
        bounds[:, :-1][np.cumsum(mixtures[:, :0:-1], axis=1)[:, ::-1] == 0] = 1.0
        source = np.zeros(topic.shape, dtype=np.int8)
        for column in range(bounds.shape[1] - 1):
            source += topic >= bounds[rows, column][:, None]
        written: NDArray[np.uint32] = np.empty(word.shape, dtype=np.uint32)
        for number, probabilities in enumerate(self.topics):
            here = source == number
            written[here] = _quantile(probabilities, word[here])
        documents = np.arange(len(rows))
        for i in range(1, written.shape[1]):
            spun = urn[:, i] * (self.concentration + i) - self.concentration
            earlier = np.clip(spun, 0, i - 1).astype(np.int64)
            written[:, i] = np.where(spun < 0, written[:, i], written[documents, earlier])
        return written

    def save(self, path: Path | str) -> None:
        """Write to one compressed ``.npz`` file, whole or not at all; no pickle, no clock."""
        arrays: dict[str, Any] = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        arrays |= {"words": pack_strings(self.words), "label_names": pack_strings(self.label_names)}
        with written_whole(Path(path)) as stream:
            np.savez_compressed(stream, schema_version=np.int64(SCHEMA_VERSION), **arrays)


def _faults(language: Language) -> Iterator[str]:
    """What the stored arrays break, most basic first: later checks rely on the earlier ones."""
    topics, words = 1 + len(language.label_names), len(language.words)
    sets = len(language.label_sets)
    forms: dict[str, tuple[type, tuple[int, ...]]] = {
        "codes": (np.uint8, (topics, words)),
        "low": (np.float64, (topics,)),
        "step": (np.float64, (topics,)),
        "label_sets": (np.bool_, (sets, topics - 1)),
        "set_counts": (np.int64, (sets,)),
        "shares": (np.float64, (len(language.shares),)),
        "dominance": (np.float64, (LARGEST_DOMINANCE - 1,)),
        "length_counts": (np.int64, (len(language.length_counts),)),
    }
    for name, (dtype, shape) in forms.items():
        array = getattr(language, name)
        if array.dtype != dtype or array.shape != shape or array.size == 0:
            yield f"{name} must be {dtype.__name__} of shape {shape}, not empty"
    if len(set(language.words)) < words:
        yield "its words must be distinct"
    with np.errstate(over="ignore", invalid="ignore"):
        if not (np.isfinite(language.topics) & (language.topics > 0)).all():
            yield "codes, low and step must stand for positive probabilities"
    if len(np.unique(language.label_sets, axis=0)) < sets:
        yield "label_sets must be distinct"
    weights = language.row_weights
    if weights.dtype != np.float32 or weights.shape != language.row_sets.shape:
        yield f"row_weights must be float32 of shape {language.row_sets.shape}"
    for name in ("set_counts", "row_weights", "concentration"):
        value = np.asarray(getattr(language, name))
        if not ((value > 0) & (value < np.inf)).all():
            yield f"{name} must be positive"
    for name in ("shares", "dominance", "rho"):
        value = np.asarray(getattr(language, name))
        if not ((value >= 0) & (value <= 1)).all():
            yield f"{name} must be in [0, 1]"
    counts = language.length_counts
    if counts[0] != 0 or (counts < 0).any() or counts.sum() == 0:
        yield "length_counts must be counts of the lengths 0, 1, ... with none at 0"


def _quantile(weights: NDArray[np.number], uniforms: NDArray[np.float64]) -> NDArray[np.int64]:
    """Draws from the law proportional to ``weights``, by inversion; weight zero is never drawn."""
    cumulative = np.cumsum(weights, dtype=np.float64)
    return np.searchsorted(cumulative / cumulative[-1], uniforms, side="right")
