"""How well masked pieces are guessed: on text that was trained on, and on resumes never seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from gigsim.learners.threads import torch_settings
from gigsim.pretraining.masking import mask
from gigsim.streams import Streams

_BATCH = 64


@dataclass(frozen=True)
class Guesses:
    """Guesses of masked pieces.

    Attributes:
        windows: that the pieces are in.
        pieces: guessed.
        loss: mean cross-entropy, nats.
        right: share of the pieces whose likeliest guess is right, in [0, 1].
    """

    windows: int
    pieces: int
    loss: float
    right: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def guesses(
    network: Any,
    windows: NDArray[np.uint16],
    *,
    share: float,
    size: int,
    streams: Streams,
    most: int = 2_000,
    threads: int = 1,
) -> Guesses:
    """Guess masked pieces of up to ``most`` windows, evenly spaced, with masks from ``streams``."""
    rows = np.unique(np.linspace(0, len(windows) - 1, min(most, len(windows))).astype(np.int64))
    loss = right = pieces = 0.0
    with torch_settings(threads, "cpu"), torch.inference_mode():
        for number, start in enumerate(range(0, len(rows), _BATCH)):
            draws = streams.generator("pretraining/quality", number)
            batch = mask(windows[rows[start : start + _BATCH]], share, size, draws)
            hidden = network.bert(input_ids=torch.from_numpy(batch.ids)).last_hidden_state
            scores = network.cls(hidden.flatten(0, 1)[torch.from_numpy(batch.chosen)])
            answers = torch.from_numpy(batch.answers)
            loss += float(functional.cross_entropy(scores, answers, reduction="sum"))
            right += float((scores.argmax(dim=1) == answers).sum())
            pieces += len(answers)
    return Guesses(len(rows), int(pieces), loss / max(pieces, 1.0), right / max(pieces, 1.0))
