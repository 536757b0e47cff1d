"""Vectors of texts from a published encoder that is never trained: each a function of its text.

Texts are read in batches of one shape: always as many texts, all of one length, without padding;
where texts of a length run out, the last one is repeated. Matrix products of one shape treat every
row alike, so a text's vector has the same bits whichever texts it is read with, and one that was
kept on disk is the one that would be computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.embedding_cache import EmbeddingCache
from gigsim.learners.embedding_rows import EmbeddingRows, text_keys
from gigsim.learners.fingerprint import Digest, machine, versions
from gigsim.learners.pretrained import PretrainedEncoder
from gigsim.learners.protocol import Device, Precision
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import TransformerRecipe
from gigsim.learners.threads import torch_settings

if TYPE_CHECKING:
    from gigsim.learners.protocol import Learner

#: Of how vectors are computed here; what an older one made is never met.
VERSION = 1

#: Texts in a batch: of a GPU enough to keep it busy; of a CPU the fewest that cost no more each.
_BATCH = {"cpu": 8, "cuda": 64, "mps": 64}

#: Batches after which what was computed is kept, so that an interruption loses no more.
_KEPT_AT_ONCE = {"cpu": 256, "cuda": 128, "mps": 128}

#: What an encoder's config says of where it came from and which library wrote it.
_NO_MATTER = frozenset({"_name_or_path", "transformers_version"})

#: Of the draws of vectors for ids that the encoder does not know.
_FRESH = 7_064_150_932


@dataclass(frozen=True)
class TextEncoder:
    """A published encoder and how its vectors are made. Small and picklable: it holds no weights.

    Attributes:
        source: a name, local folder or hub id, as ``TransformerRecipe.encoder``.
        max_tokens: the most ids of a text, special ones included.
        pooling: a text's vector is the mean over its pieces, or that of the first piece.
        precision: of the matrix products; vectors are float32 in any case.
        threads: of one operation.
        device: ``cpu``, ``cuda`` or ``mps``.

    Raises:
        InputError: the device is not there.
    """

    source: str
    max_tokens: int
    pooling: Literal["mean", "first"]
    precision: Precision = "float32"
    threads: int = 1
    device: Device = "cpu"

    #: The modules of which another version may give other bits.
    libraries = ("numpy", "torch", "transformers")

    def __post_init__(self) -> None:
        check_device(self.device)

    def embed(self, texts: Ragged, size: int, cache: EmbeddingCache | None) -> EmbeddingRows:
        """The vectors of n texts; equal texts are read once.

        Args:
            texts: ids in [0, size), special ones included, at most ``max_tokens`` a text.
            size: number of ids; those beyond the encoder's own get vectors of a fixed draw, as
                large as the others.
            cache: vectors that were made before; changes no bit.

        Raises:
            InputError: the encoder cannot be loaded.
        """
        keys = text_keys(texts)
        distinct, first, number = np.unique(
            keys.view(f"V{keys.shape[1]}").ravel(), return_index=True, return_inverse=True
        )
        wanted = texts.take(first)
        with self._settings(), torch.inference_mode():
            network, name = self._load(size)
            width = int(network.encoder.config.hidden_size)
            vectors = np.empty((len(distinct), width), dtype=np.float32)
            if cache is None:
                self._read(network, wanted, np.arange(len(distinct)), vectors)
            else:
                with cache.opened(self._key(name), width) as kept:
                    missing = kept.look_up(distinct, vectors)
                    portion = _BATCH[self.device] * _KEPT_AT_ONCE[self.device]
                    missing = missing[np.argsort(wanted.lengths[missing], kind="stable")]
                    for begin in range(0, len(missing), portion):
                        part = missing[begin : begin + portion]
                        self._read(network, wanted, part, vectors)
                        kept.add(distinct[part], vectors[part])
        return EmbeddingRows(keys, vectors[number], name)

    def _read(
        self,
        network: PretrainedEncoder,
        texts: Ragged,
        rows: NDArray[np.int64],
        vectors: NDArray[np.float32],
    ) -> None:
        """Fill in the vectors of some texts."""
        batch, lengths = _BATCH[self.device], texts.lengths
        for length in np.unique(lengths[rows]):
            alike = rows[lengths[rows] == length]
            if not length:
                # A text without any piece, of a tokenizer that puts nothing around it.
                vectors[alike] = 0.0
                continue
            for begin in range(0, len(alike), batch):
                part = alike[begin : begin + batch]
                full = np.concatenate([part, np.repeat(part[-1:], batch - len(part))])
                ids = texts.values[texts.offsets[full][:, None] + np.arange(length)]
                vectors[part] = self._forward(network, ids)[: len(part)]

    def _forward(self, network: PretrainedEncoder, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Vectors of texts of one length: ids of shape (batch, length) to (batch, d)."""
        given = torch.from_numpy(ids.astype(np.int64)).to(self.device)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bfloat16"):
            hidden = network.encoder(
                input_ids=given, attention_mask=torch.ones_like(given)
            ).last_hidden_state
        # Not by autocast: a mean of bfloat16 is none to three digits.
        hidden = hidden.float()
        pooled = hidden[:, 0] if self.pooling == "first" else hidden.mean(dim=1)
        return pooled.cpu().numpy()

    def _load(self, size: int) -> tuple[PretrainedEncoder, str]:
        """The encoder, with vectors for all ids below ``size``, and its digest."""
        recipe = TransformerRecipe(
            encoder=self.source, max_tokens=self.max_tokens, pooling=self.pooling
        )
        network = PretrainedEncoder(recipe, 0, 1, weights=True).eval()
        name = self._digest(network)
        if size > network.known:
            table = network.encoder.get_input_embeddings().weight
            mean, spread = float(table.mean()), float(table.std())
            network.encoder.resize_token_embeddings(size, mean_resizing=False)
            table = network.encoder.get_input_embeddings().weight
            for new in range(network.known, size):
                # One draw an id: its vector does not depend on how many others there are.
                generator = np.random.default_rng([_FRESH, new - network.known])
                drawn = mean + spread * generator.standard_normal(table.shape[1])
                table[new] = torch.from_numpy(drawn.astype(np.float32))
        return network.to(self.device), name

    def _digest(self, network: PretrainedEncoder) -> str:
        """Of weights, architecture and how texts are read; of nothing that is the machine's."""
        digest = Digest()
        state = network.encoder.state_dict()
        digest.add_arrays("weights", {name: weights.numpy() for name, weights in state.items()})
        config = network.encoder.config.to_dict()
        known = {name: repr(value) for name, value in config.items() if name not in _NO_MATTER}
        digest.add_plain("config", known)
        digest.add_plain("read", [self.pooling, self.precision])
        return digest.hexdigest()

    def _key(self, name: str) -> str:
        """Of what the bits of a text's vector follow from, beside the text."""
        digest = Digest()
        digest.add("encoder", name)
        digest.add_plain("version", VERSION)
        digest.add_plain("batch", _BATCH[self.device])
        digest.add_plain("threads", self.threads)
        digest.add_plain("device", self.device)
        digest.add_plain("libraries", versions(self.libraries))
        digest.add_plain("machine", machine(cast("Learner", self)))
        return digest.hexdigest()

    @contextmanager
    def _settings(self) -> Iterator[None]:
        """Torch's settings; whatever a library draws while it lays out a network is undone."""
        devices = [torch.cuda.current_device()] if self.device == "cuda" else []
        with (
            torch_settings(self.threads, self.device, self.precision),
            torch.random.fork_rng(devices),
        ):
            yield


def check_device(device: Device) -> None:
    """Refuse a device that this machine lacks.

    Raises:
        InputError: it is not there.
    """
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there[device]:
        raise InputError(
            "run.device",
            f"{device!r} is not available",
            f"one of {', '.join(name for name, is_there in there.items() if is_there)}",
        )
