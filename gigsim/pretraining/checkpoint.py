"""A pretraining put down and taken up again: one safetensors file, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from gigsim.errors import InputError
from gigsim.resumes.corpus import written_whole

_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass
class Progress:
    """How far a pretraining is.

    Attributes:
        step: steps done.
        digest: of recipe and corpus; another pretraining's checkpoint is not taken up.
        cpu_seconds: of the training loop, over all its processes.
        losses: (step, mean loss of the steps since the last entry, in nats).
        total: steps that it was to have when the learning rate began to fall; 0 before.
    """

    step: int
    digest: str
    cpu_seconds: float = 0.0
    losses: list[tuple[int, float]] = field(default_factory=list)
    total: int = 0


def save_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.AdamW, progress: Progress
) -> None:
    """Write weights, moments and progress."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        tensors[f"weight/{name}"] = parameter.detach()
        for moment in _MOMENTS if optimizer.state[parameter] else ():
            tensors[f"{moment}/{name}"] = optimizer.state[parameter][moment]
    with written_whole(path) as stream:
        stream.write(save(tensors, {"progress": json.dumps(asdict(progress))}))


def load_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.AdamW | None, digest: str
) -> Progress:
    """Restore weights and moments in place.

    Raises:
        InputError: the file is damaged, or of another recipe or corpus.
    """
    start_over = "remove it to start over"
    try:
        with safe_open(path, framework="pt") as stored:
            content = json.loads(stored.metadata()["progress"])
            content["losses"] = [tuple(entry) for entry in content["losses"]]
            progress = Progress(**content)
            if progress.digest != digest:
                raise InputError(
                    str(path), "of another recipe, seed or corpus", f"give its own, or {start_over}"
                )
            for name, parameter in network.named_parameters():
                parameter.detach().copy_(stored.get_tensor(f"weight/{name}"))
                if optimizer is not None and progress.step:
                    optimizer.state[parameter] = {
                        "step": torch.tensor(float(progress.step)),
                        **{m: stored.get_tensor(f"{m}/{name}") for m in _MOMENTS},
                    }
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(str(path), f"not a checkpoint of this ({error})", start_over) from error
    return progress
