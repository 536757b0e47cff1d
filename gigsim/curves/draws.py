"""What each seed of a curve draws, and what everybody hands in with a collective of some size.

All of it comes from named streams of (world, seed): two arms that differ in target, strategy or
learner share the members, the base carriers and the noise of each seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import STRATEGIES
from gigsim.collective.reports import erasure_reports, most_frequent_other, unplanting_reports
from gigsim.collective.strategies import CLEAN, FOUND, PLANTED, instruct, nothing, wrong_labels
from gigsim.config.sections import CollectiveSection, CorpusSection
from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench
from gigsim.curves.recruitment import order
from gigsim.resumes.label_noise import noisy_labels
from gigsim.society.recruitment import Recruitment
from gigsim.streams import Streams

Opinions = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Draw:
    """The people of one seed.

    Attributes:
        bench: whose resumes they have.
        seed: of the arm.
        streams: of this seed.
        labels: bool, shape (N, L): their label sets, noise included.
        carriers: bool, shape (N,): whose resume was given the signal, with labels of his own.
        bearing: bool, shape (n,): held-out resumes that were.
    """

    bench: Bench
    seed: int
    streams: Streams
    labels: NDArray[np.bool_]
    carriers: NDArray[np.bool_]
    bearing: NDArray[np.bool_]

    @property
    def xi(self) -> float:
        """Share of people whose resume was given the signal."""
        return float(self.carriers.mean())

    def training_seed(self, retraining: int = 0) -> int:
        """The seed of a training: the same for all arms, so that they differ in what they test."""
        return self.streams.seed_for("training/0", retraining)


@dataclass(frozen=True, eq=False)
class Submitted:
    """What everybody hands in.

    Attributes:
        version: int8, shape (N,): FOUND, PLANTED or CLEAN, base carriers' as it reads.
        labels: bool, shape (N, L).
        members: in the collective.
        followers: those who do not abstain, a share of the people: α_effective.
        edited: rows that differ from what the person would hand in without the collective.
    """

    version: NDArray[np.int8]
    labels: NDArray[np.bool_]
    members: int
    followers: float
    edited: int


def streams_of(bench: Bench, seed: int) -> Streams:
    """The random streams of one seed."""
    return Streams(bench.world.seed_for(f"curve/{seed}"))


def draw(bench: Bench, corpus: CorpusSection, seed: int) -> Draw:
    """The people of a seed.

    Args:
        bench: whose resumes they have.
        corpus: the config's; its ``xi`` and label noise are drawn here.
        seed: of the arm.
    """
    streams, xi = streams_of(bench, seed), corpus.xi

    def bearing(name: str, size: int) -> NDArray[np.bool_]:
        return streams.uniform(name, size=size) < xi if xi else np.zeros(size, dtype=bool)

    return Draw(
        bench=bench,
        seed=seed,
        streams=streams,
        labels=noisy_labels(
            bench.stage.labels,
            corpus.label_noise,
            corpus.label_noise_kind,
            streams.generator("label_noise"),
        )
        if corpus.label_noise
        else bench.stage.labels,
        carriers=bearing("carriers", bench.size),
        bearing=bearing("carriers/held_out", len(bench.stage.test_labels)),
    )


def joining(drawn: Draw, recruitment: Recruitment) -> NDArray[np.int64]:
    """Everybody in the order of joining, int64, shape (N,); kept with the bench."""
    bench, name = drawn.bench, ("joining", recruitment, str(drawn.seed))
    if name not in bench.memory:
        stage = bench.stage
        bench.memory[name] = order(recruitment, stage.network, stage.labels, drawn.streams)
    found: NDArray[np.int64] = bench.memory[name]
    return found


def appoint(drawn: Draw, people: NDArray[np.int64]) -> None:
    """Have people join in this order in place of a random one; kept with the bench, for its seed.

    Args:
        drawn: of the bench's seed that this is for.
        people: everybody, int64, shape (N,).
    """
    drawn.bench.memory["joining", "random", str(drawn.seed)] = people


def submitted(
    drawn: Draw, arm: Arm, members: int, opinions: Callable[[], Opinions] | None = None
) -> Submitted:
    """What everybody hands in with a collective of so many members.

    Args:
        drawn: the people.
        arm: how members are found, and what they do.
        members: how many, in [0, N].
        opinions: asked for what the platform made of everybody's resume without the signal before
            there was a collective, P(l in Y), shape (N, L): where members report opinions.
    """
    bench, section = drawn.bench, arm.config.collective
    n, target = bench.size, bench.target(section)
    follows = np.zeros(n, dtype=bool)
    follows[joining(drawn, arm.recruitment)[:members]] = True
    if section.abstain:
        follows &= drawn.streams.uniform("abstain", size=n) >= section.abstain
    if follows.any():
        heard = opinions() if opinions is not None and asks(section) else None
        edits = instruct(
            drawn.labels,
            follows,
            target,
            strategy=section.strategy,
            label_sets=section.label_sets,
            evasive=section.evasive,
            wrong=_wrong(drawn, section, target),
            reports=reports(section, bench, drawn.labels, target, heard),
        )
    else:
        edits = nothing(drawn.labels)
    version = np.where((edits.version == FOUND) & drawn.carriers, np.int8(PLANTED), edits.version)
    return Submitted(
        version=version,
        labels=edits.labels,
        members=members,
        followers=float(follows.mean()),
        edited=int(_edited(drawn, edits.version, edits.labels).sum()),
    )


def asks(section: CollectiveSection) -> bool:
    """Do members go by what the platform made of resumes before there was a collective?"""
    return section.adaptive or "opinions" in STRATEGIES[section.strategy].needs


def reports(
    section: CollectiveSection,
    bench: Bench,
    labels: NDArray[np.bool_],
    target: int,
    opinions: Opinions | None,
) -> NDArray[np.bool_] | None:
    """What people would report as members of an unplanting or erasing collective.

    Args:
        section: the collective.
        bench: the people, whose most frequent other label a naive collective reports.
        labels: bool, shape (n, L): true label sets of those who are asked.
        target: column of y*.
        opinions: of their resumes without the signal, shape (n, L), where it takes any.

    Returns:
        bool, shape (n, L); None for other strategies.
    """
    if section.strategy == "erasure":
        if opinions is None:
            raise TypeError("an erasing collective needs opinions")
        return erasure_reports(labels, target, section.label_sets, opinions)
    if section.strategy == "unplanting":
        heard = opinions if section.adaptive else None
        other = most_frequent_other(bench.stage.labels.mean(axis=0), target)
        return unplanting_reports(labels, target, section.label_sets, other, heard)
    return None


def _wrong(drawn: Draw, section: CollectiveSection, target: int) -> NDArray[np.int64] | None:
    """The wrong label that each person reports as a member, -1 for none; None where nobody errs."""
    if not section.wrong_label:
        return None
    n, labels = drawn.labels.shape
    luck = drawn.streams.uniform("wrong_label", size=n)
    return wrong_labels(luck, section.wrong_label, target, labels)


def _edited(drawn: Draw, version: NDArray[np.int8], labels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whose row reads otherwise than what he would hand in without the collective, shape (N,)."""
    stage = drawn.bench.stage
    whole, shown = stage.signal_sets[0], stage.contains[0]
    # Where even planting shows the learner nothing, a base carrier shows nothing either.
    unseen = whole & ~shown
    whole, shown = whole | drawn.carriers, shown | (drawn.carriers & ~unseen)
    text = ((version == PLANTED) & ~whole) | ((version == CLEAN) & shown)
    return text | (labels != drawn.labels).any(axis=1)
