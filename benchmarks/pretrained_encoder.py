"""Does pretraining help? The encoder that ships against the same network with fresh weights.

    python benchmarks/pretrained_encoder.py corpus.npz [--encoder gigsim-tiny] [--size 2000]

Both have the same tokenizer, architecture, resumes, epochs, batches and grid of learning rates; the
fresh weights are drawn as pretraining drew its own. Every cell is trained with several seeds on the
same ``--size`` resumes of the training side. The rate of each is chosen on other resumes of the
training side (micro-F1, mean over seeds); what is compared is measured on the test side, which
pretraining has not seen. Prints every cell, and the difference at the chosen rates.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gigsim.learners.hub import located, quietly
from gigsim.learners.ragged import Ragged, offsets_of
from gigsim.learners.recipes import TransformerRecipe
from gigsim.learners.transformer import TransformerLearner
from gigsim.learners.wordpiece import WordPiece
from gigsim.pretraining.network import draw_weights
from gigsim.resumes.corpus import Corpus, load_corpus
from gigsim.streams import Streams


def fresh_copy(source: Path, dest: Path, seed: int) -> None:
    """The same tokenizer and network with weights drawn anew."""
    from transformers import AutoConfig, BertForMaskedLM

    shutil.copytree(source, dest)
    config = AutoConfig.from_pretrained(source)
    with quietly(), torch.random.fork_rng([]):
        network = BertForMaskedLM(config)
        draw_weights(network, config.initializer_range, torch.Generator().manual_seed(seed))
        network.save_pretrained(dest)


def read(corpus: Corpus, rows: NDArray[np.int64], vocabulary: WordPiece, words: int) -> Ragged:
    """The pieces of the first words of each resume."""
    resumes = corpus.select(rows)
    kept = np.minimum(resumes.lengths, words)
    bounds = offsets_of(kept)
    index = np.arange(bounds[-1]) + np.repeat(resumes.offsets[:-1] - bounds[:-1], kept)
    distinct, numbers = np.unique(resumes.tokens[index], return_inverse=True)
    pieces = vocabulary.pieces([corpus.words[token] for token in distinct.tolist()])
    texts = pieces.take(numbers)
    return Ragged(texts.values, texts.offsets[bounds])


def scores(probabilities: NDArray[np.float32], labels: NDArray[np.bool_]) -> tuple[float, float]:
    """(top label true, among the labelled; micro-F1 of the sets of labels above one half)."""
    top = labels[np.arange(len(labels)), probabilities.argmax(axis=1)]
    said = probabilities > 0.5
    both = float((said & labels).sum())
    return float(top[labels.any(axis=1)].mean()), 2 * both / float(said.sum() + labels.sum())


def main() -> None:
    """Train the grid and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--encoder", default="gigsim-tiny")
    parser.add_argument("--size", type=int, default=2_000)
    parser.add_argument("--held-out", type=int, default=2_000)
    parser.add_argument("--validation", type=int, default=1_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pooling", choices=["first", "mean"], default="first")
    parser.add_argument("--rates", type=float, nargs="+", default=[3e-4, 1e-3, 3e-3])
    options = parser.parse_args()
    corpus = load_corpus(options.corpus)
    draws = Streams(0)
    training, unseen = (np.flatnonzero(corpus.test_side == side) for side in (False, True))
    training = draws.generator("benchmark/training").permutation(training)
    groups = {
        "fit": training[: options.size],
        "choice": training[options.size : options.size + options.validation],
        "report": draws.generator("benchmark/test").permutation(unseen)[: options.held_out],
    }
    shipped = Path(located(options.encoder))
    print(
        f"{options.size} resumes, {options.epochs} epochs, pooling {options.pooling};"
        f" rates chosen on {len(groups['choice'])} others of the training side,"
        f" measured on {len(groups['report'])} of the test side"
    )
    print("weights     rate   seed  choice f1  accuracy     f1  CPU s")
    with tempfile.TemporaryDirectory() as place:
        found: dict[str, dict[float, NDArray[np.float64]]] = {}
        for weights in ("pretrained", "fresh"):
            for rate in options.rates:
                cell = []
                for seed in range(options.seeds):
                    folder = shipped
                    if weights == "fresh":
                        folder = Path(place) / f"fresh-{seed}"
                        if not folder.exists():
                            fresh_copy(shipped, folder, seed)
                    began = time.process_time()
                    cell.append(_trained(corpus, groups, folder, rate, seed, options))
                    choice, accuracy, f1 = cell[-1]
                    print(
                        f"{weights:10s}  {rate:.0e}  {seed:4d}  {choice:9.4f}  {accuracy:8.4f}"
                        f"  {f1:.4f}  {time.process_time() - began:5.0f}",
                        flush=True,
                    )
                found.setdefault(weights, {})[rate] = np.array(cell)
    _compare(found)


def _trained(
    corpus: Corpus,
    groups: dict[str, NDArray[np.int64]],
    folder: Path,
    rate: float,
    seed: int,
    options: argparse.Namespace,
) -> tuple[float, float, float]:
    """(micro-F1 on the validation resumes; accuracy and micro-F1 on the test side)."""
    recipe = TransformerRecipe(
        encoder=str(folder), epochs=options.epochs, learning_rate=rate, pooling=options.pooling
    )
    learner = TransformerLearner(recipe, labels=corpus.labels.shape[1])
    vocabulary = WordPiece.from_folder(str(folder), corpus.select(groups["fit"][:64]))
    rows = {
        name: learner.represent(read(corpus, group, vocabulary, recipe.max_tokens), vocabulary.size)
        for name, group in groups.items()
    }
    classifier = learner.fit(rows["fit"], corpus.labels[groups["fit"]], seed)
    _, choice = scores(classifier.probabilities(rows["choice"]), corpus.labels[groups["choice"]])
    reported = classifier.probabilities(rows["report"])
    return choice, *scores(reported, corpus.labels[groups["report"]])


def _compare(found: dict[str, dict[float, NDArray[np.float64]]]) -> None:
    chosen: dict[str, Sequence[NDArray[np.float64]]] = {}
    for weights, cells in found.items():
        rate = max(cells, key=lambda rate: cells[rate][:, 0].mean())
        mean, sd = cells[rate].mean(axis=0), cells[rate].std(axis=0, ddof=1)
        chosen[weights] = mean, sd
        print(
            f"{weights}: rate {rate:g}, accuracy {mean[1]:.4f} (sd {sd[1]:.4f}),"
            f" micro-F1 {mean[2]:.4f} (sd {sd[2]:.4f})"
        )
    difference = chosen["pretrained"][0] - chosen["fresh"][0]
    n = len(next(iter(found["fresh"].values())))
    error = np.sqrt((chosen["pretrained"][1] ** 2 + chosen["fresh"][1] ** 2) / n)
    print(
        f"pretrained - fresh: accuracy {difference[1]:+.4f} (se over seeds {error[1]:.4f}),"
        f" micro-F1 {difference[2]:+.4f} (se {error[2]:.4f})"
    )


if __name__ == "__main__":
    main()
