"""How fast the transformer is trained here, and against Hugging Face's Trainer on the same resumes.

    python benchmarks/transformer_speed.py CORPUS [--threads 1] [--skip trainer]

One process, one thread, CPU seconds; two such processes on two cores do twice the trainings an
hour. Prints

1. FLOP/s of one large matrix product in each precision, and of training steps in it: which
   ``run.precision`` is the fastest here;
2. a one-epoch training on ``--size`` resumes and its evaluation on all held-out ones, planted and
   clean, in the fastest precision: seconds, trainings an hour of two processes, share of the large
   product's FLOP/s;
3. samples a second of ``Trainer`` and of ours: the same network, precision, dropout, lengths and
   batches of the same size, ``--steps`` steps each;
4. BERT-tiny from scratch by ``Trainer`` with the library's defaults but a grid of learning rates
   (``--rates``), ``--epochs`` epochs on ``--compare`` resumes, a share ``--alpha`` of them planted
   with the target's label; ours with 1, 2, 3, ... epochs until it is as accurate as the best of
   the grid: CPU seconds, top-1 accuracy and S of each.

Steps 3 and 4 need accelerate, which ``Trainer`` is built on: ``pip install -e ".[benchmarks]"``.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gigsim import load
from gigsim.collective.strategies import feature_label
from gigsim.learners.encoder import LeanEncoder
from gigsim.learners.protocol import Precision
from gigsim.learners.recipes import TransformerRecipe
from gigsim.learners.threads import torch_settings
from gigsim.learners.token_rows import TokenRows
from gigsim.learners.transformer import TransformerLearner
from gigsim.measures.success import per_resume
from gigsim.scene import random_rank
from gigsim.stage import set_stage
from gigsim.streams import Streams

PRECISIONS: tuple[Precision, ...] = ("float32", "medium", "bfloat16")


@dataclass(frozen=True)
class World:
    """Resumes of both sides; ``tests`` are planted and clean."""

    texts: TokenRows
    found: NDArray[np.int64]
    planted: NDArray[np.int64]
    labels: NDArray[np.bool_]
    tests: tuple[TokenRows, TokenRows]
    test_labels: NDArray[np.bool_]
    target: int
    order: NDArray[np.int64]

    def submitted(self, n: int, alpha: float) -> tuple[TokenRows, NDArray[np.bool_]]:
        """What the first ``n`` people hand in when a random α of them is the collective."""
        rank = np.argsort(np.argsort(self.order[:n]))
        member = rank < round(alpha * n)
        rows = self.texts.take(np.where(member, self.planted[:n], self.found[:n]))
        return rows, feature_label(self.labels[:n], member, self.target, "replace")

    def outcome(
        self, planted: NDArray[np.float32], clean: NDArray[np.float32]
    ) -> tuple[float, float]:
        """Top-1 accuracy, and S (top-1) among resumes without the target's label."""
        got = per_resume(planted, clean, self.test_labels, self.target)
        without = ~self.test_labels[:, self.target]
        labelled = self.test_labels.any(axis=1)
        return float(got["accuracy"][labelled].mean()), float(got["success_top1"][without].mean())


def world(corpus: str, size: int, target: str) -> World:
    """The whole test side and ``size`` people of the training side."""
    config = load(
        "default",
        {
            "corpus.path": corpus,
            "corpus.test_size": 0,
            "corpus.xi": 0.0,
            "population.size": size,
            "collective.target": target,
        },
    )
    streams = Streams(1)
    stage = set_stage(config, streams, lambda _: None)
    planted, clean = (cast(TokenRows, rows) for rows in stage.tests)
    return World(
        texts=cast(TokenRows, stage.texts),
        found=np.asarray(stage.found_at),
        planted=np.asarray(stage.planted_at[0]),
        labels=stage.supply.population.labels,
        tests=(planted, clean),
        test_labels=stage.test_labels,
        target=stage.target,
        order=random_rank(streams, "reference", size),
    )


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of this process, and what the work gave."""
    began = time.process_time()
    done = work()
    return time.process_time() - began, done


def product_rate(precision: Precision, threads: int) -> float:
    """FLOP/s of a product of two 2048 x 2048 matrices, the median of seven."""
    generator = torch.Generator().manual_seed(0)
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    left, right = (torch.randn(2048, 2048, generator=generator).to(kind) for _ in range(2))
    with torch_settings(threads, "cpu", precision):
        times = [cpu_seconds(lambda: left @ right)[0] for _ in range(9)][2:]
    return 2 * 2048**3 / float(np.median(times)) * threads


def flops(recipe: TransformerRecipe, lengths: NDArray[np.int64], *, training: bool) -> float:
    """Of the matrix products for these resumes, with the last block's first position alone."""
    width, length = recipe.width, lengths + float(recipe.pooling == "first")
    whole = recipe.layers - int(recipe.pooling == "first")
    dense = 2 * (4 * width**2 + 2 * width * recipe.feedforward)
    forward = whole * (dense * length + 4 * width * length**2)
    if recipe.pooling == "first":
        # One query: probe and mean over positions for each head, and the rest for one position.
        forward = forward + 4 * recipe.heads * width * length + dense
    return float(forward.sum()) * (3 if training else 1)


def choose(data: World, recipe: TransformerRecipe, threads: int, steps: int) -> Precision:
    """Print what each precision reaches; the fastest."""
    rows, labels = data.submitted(steps * recipe.batch_size, 0.0)
    best: tuple[float, Precision] = (0.0, "float32")
    print("precision   large product      training step  samples/s")
    for precision in PRECISIONS:
        learner = TransformerLearner(recipe, labels.shape[1], precision, threads)
        few = np.arange(10 * recipe.batch_size)
        learner.fit(rows.take(few), labels[few], 1)
        seconds, _ = cpu_seconds(partial(learner.fit, rows, labels, 1))
        rate = len(rows) / seconds
        work = flops(recipe, rows.texts.lengths, training=True) / seconds
        print(
            f"{precision:10s}{product_rate(precision, threads) / 1e9:8.0f} GFLOP/s"
            f"{work / 1e9:10.0f} GFLOP/s{rate:11.0f}",
            flush=True,
        )
        best = max(best, (rate, precision))
    return best[1]


def whole(data: World, learner: TransformerLearner, size: int, alpha: float) -> None:
    """One training and its evaluation, as a curve has them."""
    rows, labels = data.submitted(size, alpha)
    fitting, classifier = cpu_seconds(lambda: learner.fit(rows, labels, 1))
    testing, (planted, clean) = cpu_seconds(
        lambda: [classifier.probabilities(rows) for rows in data.tests]
    )
    accuracy, success = data.outcome(planted, clean)
    lengths = [test.texts.lengths for test in data.tests]
    work = flops(learner.recipe, rows.texts.lengths, training=True) + sum(
        flops(learner.recipe, some, training=False) for some in lengths
    )
    rate = work / (fitting + testing)
    share = rate / product_rate(learner.precision, learner.threads)
    print(
        f"{learner.precision}, {learner.recipe.epochs} epoch(s) of {size:,} resumes:"
        f" {fitting:.1f} s + {sum(map(len, lengths)):,} evaluated in {testing:.1f} s CPU;"
        f" {2 * 3600 / (fitting + testing):.0f} trainings an hour of two processes;"
        f" {rate / 1e9:.0f} GFLOP/s, {share:.0%} of the large product;"
        f" α {alpha:.2%}: top-1 {accuracy:.3f}, S {success:.3f}",
        flush=True,
    )


class Wrapped(nn.Module):
    """Our network as ``Trainer`` wants one."""

    def __init__(self, network: LeanEncoder) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        """Loss and log-odds."""
        logits = self.network(input_ids, attention_mask, None)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, labels)
        return {"loss": loss, "logits": logits}


class Resumes(torch.utils.data.Dataset[dict[str, Any]]):
    """Rows and labels as ``Trainer`` wants them."""

    def __init__(self, rows: TokenRows, labels: NDArray[np.bool_], prefix: tuple[int, ...]) -> None:
        self._ids = [[*prefix, *rows.texts[i].tolist()] for i in range(len(rows))]
        self._labels = labels.astype(np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, row: int) -> dict[str, Any]:
        return {"ids": self._ids[row], "labels": self._labels[row], "length": len(self._ids[row])}


def collate(items: list[dict[str, Any]]) -> dict[str, Tensor]:
    """A batch, padded to its longest."""
    longest = max(len(item["ids"]) for item in items)
    ids = torch.zeros(len(items), longest, dtype=torch.long)
    present = torch.zeros(len(items), longest, dtype=torch.bool)
    for i, item in enumerate(items):
        ids[i, : len(item["ids"])] = torch.tensor(item["ids"])
        present[i, : len(item["ids"])] = True
    labels = torch.from_numpy(np.stack([item["labels"] for item in items]))
    return {"input_ids": ids, "attention_mask": present, "labels": labels}


def trainer(
    network: nn.Module,
    data: Resumes,
    recipe: TransformerRecipe,
    precision: Precision,
    **options: Any,
) -> Any:
    """Hugging Face's own loop, on the CPU, saving and reporting nothing."""
    from transformers import Trainer, TrainingArguments

    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        use_cpu=True,
        bf16=precision == "bfloat16",
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        remove_unused_columns=False,
        seed=1,
        **options,
    )
    return Trainer(model=network, args=arguments, train_dataset=data, data_collator=collate)


def same_network(data: World, learner: TransformerLearner, steps: int) -> None:
    """Samples a second of the same network, by ``Trainer`` and by our loop."""
    recipe = learner.recipe
    rows, labels = data.submitted(steps * recipe.batch_size, 0.0)
    network = LeanEncoder(recipe, rows.size, labels.shape[1])
    network.draw_weights(recipe, torch.Generator().manual_seed(1))
    theirs = trainer(
        Wrapped(network).train(),
        Resumes(rows, labels, ()),
        recipe,
        learner.precision,
        num_train_epochs=1,
        weight_decay=recipe.weight_decay,
        warmup_steps=round(recipe.warmup * steps),
        max_grad_norm=recipe.gradient_clip,
        optim="adamw_torch_fused",
    )
    with torch_settings(learner.threads, "cpu", learner.precision):
        seconds, _ = cpu_seconds(theirs.train)
    ours, _ = cpu_seconds(lambda: learner.fit(rows, labels, 1))
    print(
        f"the same network, {steps} steps of {recipe.batch_size}, {learner.precision}:"
        f" Trainer {len(rows) / seconds:.0f} samples/s, ours {len(rows) / ours:.0f}"
        f" ({seconds / ours:.2f} times)",
        flush=True,
    )


def same_accuracy(
    data: World, learner: TransformerLearner, n: int, alpha: float, rates: list[float], epochs: int
) -> None:
    """CPU seconds to the accuracy of ``Trainer``'s best, and the S of both."""
    rows, labels = data.submitted(n, alpha)
    best: tuple[float, float] = (0.0, 0.0)
    for rate in rates:
        seconds, (accuracy, success) = _bert_tiny(data, learner, rows, labels, rate, epochs)
        print(
            f"BERT-tiny, Trainer, {n:,} resumes, {epochs} epochs, rate {rate:g}: {seconds:.1f} s"
            f" CPU, top-1 {accuracy:.3f}, S {success:.3f}",
            flush=True,
        )
        best = max(best, (accuracy, seconds))
    for passes in range(1, epochs + 3):
        own = replace(learner, recipe=learner.recipe.model_copy(update={"epochs": passes}))
        seconds, classifier = cpu_seconds(partial(own.fit, rows, labels, 1))
        planted, clean = (classifier.probabilities(test) for test in data.tests)
        accuracy, success = data.outcome(planted, clean)
        print(
            f"ours, {passes} epoch(s): {seconds:.1f} s CPU, top-1 {accuracy:.3f}, S {success:.3f}",
            flush=True,
        )
        if accuracy >= best[0]:
            print(f"as accurate as Trainer's best in {best[1] / seconds:.1f} times less")
            return
    print(f"not as accurate as Trainer's best ({best[0]:.3f}) in {epochs + 2} epochs")


def _bert_tiny(
    data: World,
    learner: TransformerLearner,
    rows: TokenRows,
    labels: NDArray[np.bool_],
    rate: float,
    epochs: int,
) -> tuple[float, tuple[float, float]]:
    """Two layers, width 128, all else as the library has it: GELU, dropout .1, weights of .02."""
    from transformers import BertConfig, BertForSequenceClassification

    first = rows.size
    config: Any = BertConfig(
        vocab_size=first + 1,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        problem_type="multi_label_classification",
    )
    config.num_labels = labels.shape[1]
    with torch_settings(learner.threads, "cpu", learner.precision), torch.random.fork_rng([]):
        torch.manual_seed(1)
        network = BertForSequenceClassification(config)
        recipe = learner.recipe.model_copy(update={"learning_rate": rate})
        at = trainer(
            network,
            Resumes(rows, labels, (first,)),
            recipe,
            learner.precision,
            num_train_epochs=epochs,
        )
        seconds, _ = cpu_seconds(at.train)
        network.eval()
        planted, clean = (
            _probabilities(network, Resumes(test, data.test_labels, (first,)))
            for test in data.tests
        )
    return seconds, data.outcome(planted, clean)


def _probabilities(network: nn.Module, tests: Resumes) -> NDArray[np.float32]:
    out = []
    with torch.inference_mode():
        for start in range(0, len(tests), 64):
            items = [tests[i] for i in range(start, min(start + 64, len(tests)))]
            out.append(network(**collate(items)).logits.sigmoid())
    return torch.cat(out).numpy()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--target", default="Network_Administrator")
    parser.add_argument("--alpha", type=float, default=0.01)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--compare", type=int, default=4_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rates", type=float, nargs="+", default=[5e-5, 3e-4, 1e-3])
    parser.add_argument("--skip", nargs="*", default=[], choices=["whole", "trainer"])
    options = parser.parse_args()
    data = world(options.corpus, options.size, options.target)
    recipe = TransformerRecipe(epochs=1)
    precision = choose(data, recipe, options.threads, options.steps)
    learner = TransformerLearner(recipe, data.labels.shape[1], precision, options.threads)
    if "whole" not in options.skip:
        whole(data, learner, options.size, options.alpha)
    if "trainer" in options.skip:
        return
    if importlib.util.find_spec("accelerate") is None:
        parser.error("Trainer needs accelerate: pip install accelerate, or --skip trainer")
    same_network(data, learner, options.steps)
    same_accuracy(data, learner, options.compare, options.alpha, options.rates, options.epochs)


if __name__ == "__main__":
    main()
