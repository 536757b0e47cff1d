"""The model card: what an encoder was made from and how; every number from the pretraining."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gigsim.pretraining.checkpoint import Progress
from gigsim.pretraining.material import Material
from gigsim.pretraining.quality import Guesses
from gigsim.pretraining.recipe import PretrainRecipe


@dataclass(frozen=True)
class PretrainReport:
    """What a pretraining saw and reached.

    Attributes:
        origin: of the corpus.
        training_resumes: of the corpus's training side.
        resumes: of them, one of each cluster of near-duplicates: those that were read.
        too_short: of those, shorter than a window and left out.
        windows: of text.
        pieces: of text, in all windows' resumes.
        unknown: share of them that is ``[UNK]``.
        words: whole words of the vocabulary.
        least_resumes: in how many resumes the least widespread of them is.
        left_out: parts in enough resumes that were refused (names, debris, long numbers).
        marks: punctuation.
        endings: pieces that continue a word.
        coverage: share of the parts of all training resumes that are words or marks of the list.
        parameters: of the network with its head over the vocabulary.
        steps: of the optimiser.
        epochs: passes over the windows.
        cpu_hours: of the training loop.
        last_loss: mean of the last steps reported, nats a masked piece.
        trained_on: guesses on windows of the training side.
        never_seen: guesses on windows of the test side; None if there is none.
    """

    origin: str
    training_resumes: int
    resumes: int
    too_short: int
    windows: int
    pieces: int
    unknown: float
    words: int
    least_resumes: int
    left_out: int
    marks: int
    endings: int
    coverage: float
    parameters: int
    steps: int
    epochs: float
    cpu_hours: float
    last_loss: float
    trained_on: Guesses
    never_seen: Guesses | None

    @classmethod
    def of(
        cls,
        origin: str,
        material: Material,
        recipe: PretrainRecipe,
        progress: Progress,
        network: Any,
        trained_on: Guesses,
        never_seen: Guesses | None,
    ) -> PretrainReport:
        """Gather it."""
        words, windows = material.words, material.windows
        return cls(
            origin=origin,
            training_resumes=material.resumes,
            resumes=windows.resumes,
            too_short=windows.too_short,
            windows=len(windows.ids),
            pieces=windows.pieces,
            unknown=windows.unknown,
            words=len(words.words),
            least_resumes=int(words.resumes[-1]),
            left_out=len(words.left_out),
            marks=len(words.marks),
            endings=sum(entry.startswith("##") for entry in material.pieces.entries),
            coverage=words.coverage,
            parameters=sum(p.numel() for p in network.parameters()),
            steps=progress.step,
            epochs=progress.step / (len(windows.ids) // recipe.batch_size),
            cpu_hours=progress.cpu_seconds / 3600,
            last_loss=progress.losses[-1][1],
            trained_on=trained_on,
            never_seen=never_seen,
        )

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """All of it, for people."""
        found = [
            f"resumes     {self.resumes} of {self.training_resumes} on the training side, one of"
            " each near-duplicate cluster",
            f"  too short {self.too_short}",
            f"words       {self.words}, each in at least {self.least_resumes} resumes;"
            f" {self.coverage:.1%} of the text with {self.marks} marks",
            f"endings     {self.endings}",
            f"text        {self.windows} windows, {self.pieces / 1e6:.1f} million pieces,"
            f" {self.unknown:.1%} unknown",
            f"parameters  {self.parameters:,}",
            f"steps       {self.steps}, {self.epochs:.2f} epochs, {self.cpu_hours:.2f} CPU hours",
            f"trained on  loss {self.trained_on.loss:.3f} nats, {self.trained_on.right:.1%} right",
        ]
        if self.never_seen is not None:
            found.append(
                f"never seen  loss {self.never_seen.loss:.3f} nats,"
                f" {self.never_seen.right:.1%} right"
            )
        return found


def model_card(name: str, report: PretrainReport, recipe: PretrainRecipe, version: str) -> str:
    """``README.md`` of the encoder's folder."""
    never_seen = report.never_seen
    unseen = (
        f"| test side, never seen | {never_seen.windows} | {never_seen.pieces} |"
        f" {never_seen.loss:.3f} | {never_seen.right:.3f} |\n"
        if never_seen is not None
        else ""
    )
    return f"""---
library_name: transformers
pipeline_tag: fill-mask
---
# {name}

A small BERT for resumes: {recipe.layers} layers, {recipe.width} wide, {recipe.heads} heads,
{recipe.feedforward} hidden units, {recipe.length} positions, {report.parameters:,} parameters
(float32, with its head over the vocabulary). It is a starting point for classifiers of resumes in
gigsim, by `platform.learner.encoder`, and loads with `AutoModel` and `AutoTokenizer`.

## Data

{report.origin}

Only the training side was read: {report.training_resumes:,} resumes, of which one of each
cluster of near-duplicates was trained on ({report.resumes:,}; {report.too_short:,} are shorter than
a window and were left out). E-mail addresses, links, telephone numbers and street addresses are
removed at import unless that was switched off. No label was used.

## Vocabulary

Text is lower-cased, accents are dropped, punctuation stands apart. A word is in the vocabulary only
if it is in at least {recipe.min_resumes} resumes of the training side (near-duplicates counted
once), is not on gigsim's list of personal names, is no remainder of a link, and, if it is a number,
has at most four digits. {report.left_out} parts were refused for the last three reasons; of the
others the {report.words:,} most widespread were taken (the rarest is in {report.least_resumes}
resumes). Entries: {report.words:,} whole words, {report.marks} marks,
{report.endings} endings (`##ing`: what is left of at least {recipe.min_ending} words of the list
behind another word of the list) and five special ones. Words and marks are {report.coverage:.1%} of
the text.

**Every other word was `[UNK]` in pretraining** ({report.unknown:.1%} of the pieces), and `[UNK]`
was never to be guessed: of rare words and listed names nothing was trained on. {recipe.split:.0%}
of the words that can be were read as a shorter word and an ending, so that endings are trained.
When the encoder is used, a word outside of the list is read as a word of the list and endings, or
as `[UNK]`.

## Training

Masked language model: {recipe.masked:.0%} of the pieces, 80 % of them hidden, 10 % replaced at
random, 10 % left. {report.windows:,} windows of {recipe.length} pieces over whole resumes
({report.pieces / 1e6:.1f} million pieces), {report.steps:,} steps of {recipe.batch_size} windows
({report.epochs:.2f} epochs), AdamW, peak rate {recipe.learning_rate:g} after {recipe.warmup} steps,
falling to 0 over the last {recipe.cooldown:.0%}, decay {recipe.weight_decay:g}, no dropout,
float32. {report.cpu_hours:.2f} CPU hours. Seed {recipe.seed}. gigsim {version}.

| windows of the | windows | masked pieces | loss, nats | right |
|---|---|---|---|---|
| training side | {report.trained_on.windows} | {report.trained_on.pieces} | \
{report.trained_on.loss:.3f} | {report.trained_on.right:.3f} |
{unseen}
## Limits

English resumes of computing occupations from one job site. Two layers know word contexts, little
syntax and no facts. Texts longer than {recipe.length} pieces cannot be read. The list of names is
incomplete: names that are also words, and names that at least {recipe.min_resumes} resumes share
and the list lacks, are in the vocabulary. Biases of the resumes are in it as well; it is not for
decisions about people.

## Licence

The code that made it is MIT. The corpus was published for research without a licence file; whether
that restricts weights trained on it is not settled here. The folder holds no text of a resume.

## How to make it again

    gigsim corpus import resumes_corpus.zip corpus.npz
    gigsim pretrain corpus.npz {name} --steps {report.steps} --seed {recipe.seed}

Other processors or versions of torch round differently and give other weights of the same kind.
"""
