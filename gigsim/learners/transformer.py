"""The transformer learner: the training loop, batches by length, and prediction."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gigsim.errors import InputError
from gigsim.learners.encoder import LeanEncoder
from gigsim.learners.pretrained import PretrainedEncoder
from gigsim.learners.protocol import Device, Precision, Rows, State
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import TransformerRecipe
from gigsim.learners.threads import torch_settings
from gigsim.learners.token_rows import TokenRows, TokensOn, token_rows
from gigsim.learners.updates import Updates
from gigsim.learners.vocabulary import Vocabulary, WordList
from gigsim.learners.wordpiece import WordPiece, load_tokenizer
from gigsim.resumes.corpus import Corpus

#: Batches are cut from stretches of this many batches sorted by length: nearly no padding, and
#: the composition of a batch stays nearly random.
_STRETCH = 50

#: Resumes in a batch of prediction: on a processor what fits its cache.
_PREDICT = {"cpu": 16, "cuda": 512, "mps": 128}


@dataclass(frozen=True)
class TransformerLearner:
    """An encoder and a head trained end to end with binary cross-entropy and AdamW.

    Attributes:
        recipe: architecture and training.
        labels: number of labels L.
        precision: of matrix products: ``float32``; ``medium``, float32 that may be computed in
            parts of bfloat16; or ``bfloat16`` by autocast with float32 weights.
        threads: of one training.
        device: ``cpu``, ``cuda`` or ``mps``.

    Raises:
        InputError: the device is not there.
    """

    recipe: TransformerRecipe
    labels: int
    precision: Precision = "float32"
    threads: int = 1
    device: Device = "cpu"

    name = "transformer"
    ordered = True
    stochastic = True
    quick = False

    def __post_init__(self) -> None:
        there = {
            "cpu": True,
            "cuda": torch.cuda.is_available(),
            "mps": torch.backends.mps.is_available(),
        }
        if not there[self.device]:
            raise InputError(
                "run.device",
                f"{self.device!r} is not available",
                f"one of {', '.join(name for name, is_there in there.items() if is_there)}",
            )

    @property
    def limit(self) -> int:
        """Pieces of a resume that fit beside the special ones."""
        special = 2 if not self._lean else int(self.recipe.pooling == "first")
        return self.recipe.max_tokens - special

    @property
    def _lean(self) -> bool:
        return self.recipe.encoder == "lean"

    def vocabulary(self, training_side: Corpus, word_list: Sequence[str] | None) -> Vocabulary:
        """A published encoder's own; else the word list, or word pieces of the training side."""
        if not self._lean:
            return WordPiece.from_folder(self.recipe.encoder, training_side)
        if word_list is not None:
            return WordList(word_list)
        return WordPiece.train(training_side, self.recipe.vocabulary_size)

    def represent(self, texts: Ragged, vocabulary_size: int) -> TokenRows:
        """The ids as they are, with the special ones that a published encoder expects."""
        texts = texts.truncate(self.limit)
        if not self._lean:
            texts = load_tokenizer(self.recipe.encoder).enclose(texts)
        return TokenRows(texts, vocabulary_size)

    @property
    def libraries(self) -> tuple[str, ...]:
        """A published encoder's network is the library's own."""
        return ("numpy", "torch") if self._lean else ("numpy", "torch", "transformers")

    def material(self) -> State:
        """Weights and config of a published encoder as a training loads them; else nothing."""
        if self._lean:
            return {}
        with self.settings(seed=0):
            network = PretrainedEncoder(self.recipe, 0, self.labels, weights=True)
        config = network.encoder.config.to_json_string().encode()
        weights = {name: w.numpy() for name, w in network.encoder.state_dict().items()}
        return weights | {"config.json": np.frombuffer(config, dtype=np.uint8)}

    def fit(
        self, rows: Rows, labels: NDArray[np.bool_], seed: int, start: State | None = None
    ) -> TransformerClassifier:
        """Train for the recipe's epochs; ``start`` replaces the fresh weights, not the recipe.

        Raises:
            InputError: the loss is no longer finite.
        """
        rows = token_rows(rows)
        if labels.shape != (len(rows), self.labels) or not len(rows):
            raise ValueError(f"labels are {labels.shape}, not {(len(rows), self.labels)}")
        recipe = self.recipe
        weights, order, masks = seeds_of(seed)
        with self.settings(seed=masks):
            network = self.network(rows.size, weights, start)
            steps = recipe.epochs * math.ceil(len(rows) / recipe.batch_size)
            updates = Updates(network, recipe, steps)
            generator = torch.Generator(self.device).manual_seed(masks)
            shuffler = np.random.Generator(np.random.PCG64(order))
            texts = TokensOn(rows, self.device)
            targets = torch.from_numpy(labels.astype(np.float32)).to(self.device)
            for epoch in range(1, recipe.epochs + 1):
                total = torch.zeros((), device=self.device)
                for batch in texts.batches(
                    batches_by_length(rows.texts.lengths, recipe.batch_size, shuffler)
                ):
                    ids, table = updates.table(batch.ids)
                    logits = self._logits(network, ids, batch.present, generator, table)
                    loss = functional.binary_cross_entropy_with_logits(logits, targets[batch.rows])
                    updates.step(loss)
                    total += loss.detach() * len(batch.rows)
                # Asked once an epoch: a number that Python wants makes a GPU wait.
                if not math.isfinite(total):
                    raise InputError(
                        "platform.learner.learning_rate",
                        f"the transformer diverged by step {epoch * steps // recipe.epochs} of"
                        f" {steps}",
                        f"a lower rate than {recipe.learning_rate} is needed",
                    )
            network.zero_grad()
            return TransformerClassifier(self, network, rows.size, float(total) / len(rows))

    def restore(self, state: State) -> TransformerClassifier:
        """The classifier with the given weights."""
        size = int(state["vocabulary_size"])
        with self.settings(seed=0):
            network = self.network(size, 0, state)
        return TransformerClassifier(self, network, size, float("nan"))

    def network(self, size: int, seed: int, start: State | None) -> nn.Module:
        """A network for ``size`` ids with fresh weights, or with those of ``start``."""
        network: LeanEncoder | PretrainedEncoder
        if self._lean:
            network = LeanEncoder(self.recipe, size, self.labels)
        else:
            network = PretrainedEncoder(self.recipe, size, self.labels, weights=start is None)
        if start is None:
            network.draw_weights(self.recipe, torch.Generator().manual_seed(seed))
        else:
            weights = {k: torch.tensor(v) for k, v in start.items() if k != "vocabulary_size"}
            network.load_state_dict(weights)
        return network.to(self.device)

    def _logits(
        self,
        network: nn.Module,
        ids: Tensor,
        present: Tensor | None,
        generator: torch.Generator | None,
        table: Tensor | None = None,
    ) -> Tensor:
        """Log-odds in float32, shape (batch, L); ``table`` as for ``LeanEncoder.forward``."""
        more = () if table is None else (table,)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bfloat16"):
            return network(ids, present, generator, *more).float()

    @contextmanager
    def settings(self, seed: int) -> Iterator[None]:
        """Torch's settings, and a global generator of our own for encoders that draw from it."""
        devices = [torch.cuda.current_device()] if self.device == "cuda" else []
        settings = torch_settings(self.threads, self.device, self.precision)
        with settings, torch.random.fork_rng(devices):
            torch.random.default_generator.manual_seed(seed)
            if self.device == "cuda":
                torch.cuda.manual_seed(seed)
            yield


class TransformerClassifier:
    """A trained network; see ``protocol.Classifier``."""

    def __init__(
        self, learner: TransformerLearner, network: nn.Module, size: int, loss: float
    ) -> None:
        self._learner = learner
        self._network = network.eval()
        self._size = size
        self.loss = loss

    @property
    def state(self) -> State:
        """Weights by name (float32) and the number of ids."""
        weights = self._network.state_dict()
        state: State = {name: w.cpu().numpy().copy() for name, w in weights.items()}
        return state | {"vocabulary_size": np.array(self._size)}

    def probabilities(self, rows: Rows) -> NDArray[np.float32]:
        """The probability of each label, float32, shape (n, L)."""
        rows = token_rows(rows)
        if rows.size != self._size:
            raise ValueError(f"rows over {rows.size} ids, a classifier over {self._size}")
        learner = self._learner
        out = torch.empty((len(rows), learner.labels), device=learner.device)
        by_length = np.argsort(rows.texts.lengths, kind="stable")
        size = _PREDICT[learner.device]
        cut = (by_length[i : i + size] for i in range(0, len(rows), size))
        with learner.settings(seed=0), torch.inference_mode():
            for batch in TokensOn(rows, learner.device).batches(cut):
                logits = learner._logits(self._network, batch.ids, batch.present, None)
                out[batch.rows] = logits.sigmoid()
        return out.cpu().numpy()


def seeds_of(seed: int) -> tuple[int, int, int]:
    """Of fresh weights, of the order of the rows and of dropout's masks."""
    weights, order, masks = np.random.SeedSequence(seed).generate_state(3).tolist()
    return weights, order, masks


def batches_by_length(
    lengths: NDArray[np.int64], size: int, shuffler: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Every row once, in batches of rows of similar length, in random order."""
    order = shuffler.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), _STRETCH * size):
        stretch = order[start : start + _STRETCH * size]
        stretch = stretch[np.argsort(lengths[stretch], kind="stable")]
        batches += [stretch[i : i + size] for i in range(0, len(stretch), size)]
    for i in shuffler.permutation(len(batches)):
        yield batches[i]
