"""The pretraining loop: a pure function of corpus and recipe that can be killed at any time."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.hub import quietly
from gigsim.learners.threads import torch_settings
from gigsim.pretraining.checkpoint import Progress, load_checkpoint, save_checkpoint
from gigsim.pretraining.masking import mask
from gigsim.pretraining.network import fresh_network, masked_loss, optimizer_of
from gigsim.pretraining.recipe import PretrainRecipe
from gigsim.streams import Streams

#: Steps between two entries of the loss.
_REPORT = 100


def train(
    windows: NDArray[np.uint16],
    size: int,
    recipe: PretrainRecipe,
    checkpoint: Path,
    *,
    digest: str,
    tell: Callable[[str], None] = lambda _: None,
    threads: int = 1,
    every: float = 120.0,
) -> tuple[Any, Progress]:
    """Train from scratch, or from where the checkpoint says.

    Args:
        windows: ids, shape (windows, length).
        size: of the vocabulary.
        recipe: of network and training.
        checkpoint: a file that is read if it is there, and written every so often and at the end.
        digest: what a checkpoint must be of to be taken up.
        tell: gets a line on progress now and then.
        threads: of one operation.
        every: seconds between two checkpoints; it changes no bit.

    Returns:
        The network, a ``BertForMaskedLM``, and how it went.

    Raises:
        InputError: there are fewer windows than a batch has, the checkpoint is of something else,
            or the loss is no longer finite.
    """
    if len(windows) < recipe.batch_size:
        raise InputError(
            "batch_size", f"{recipe.batch_size}, but there are {len(windows)} windows", "fewer"
        )
    steps = recipe.total_steps(len(windows))
    streams = Streams(recipe.seed)
    weights = torch.Generator().manual_seed(streams.seed_for("pretraining/weights"))
    with torch_settings(threads, "cpu"), quietly():
        network = fresh_network(recipe, size, weights)
        optimizer = optimizer_of(network, recipe)
        progress = Progress(0, digest)
        if checkpoint.exists():
            progress = load_checkpoint(checkpoint, network, optimizer, digest)
            _check_length(progress, recipe, steps, checkpoint)
        saved, began = time.monotonic(), time.process_time()
        recent: list[float] = []
        for step in range(progress.step, steps):
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(step, steps)
            rows = _rows(step, len(windows), recipe.batch_size, streams)
            draws = streams.generator("pretraining/masks", step)
            loss = masked_loss(network, mask(windows[rows], recipe.masked, size, draws))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.gradient_clip)
            optimizer.step()
            recent.append(loss.item())
            if not math.isfinite(recent[-1]):
                raise InputError(
                    "learning_rate", f"diverged at step {step}", f"less than {recipe.learning_rate}"
                )
            progress.step = step + 1
            if progress.step % _REPORT == 0 or progress.step == steps:
                progress.losses.append((progress.step, float(np.mean(recent))))
                recent.clear()
                tell(f"step {progress.step} of {steps}, loss {progress.losses[-1][1]:.3f}")
                # Only here: so that what is reported does not depend on when it was saved.
                if time.monotonic() - saved > every or progress.step == steps:
                    progress.total = steps if step >= recipe.cooldown_from(steps) else 0
                    progress.cpu_seconds += time.process_time() - began
                    began = time.process_time()
                    save_checkpoint(checkpoint, network, optimizer, progress)
                    saved = time.monotonic()
    return network.eval(), progress


def _rows(step: int, windows: int, batch: int, streams: Streams) -> NDArray[np.int64]:
    """The windows of a step: each once an epoch, in random order; a last incomplete batch waits."""
    epoch, within = divmod(step, windows // batch)
    return _order(windows, epoch, streams.seed)[within * batch : (within + 1) * batch]


@functools.lru_cache(maxsize=1)
def _order(windows: int, epoch: int, seed: int) -> NDArray[np.int64]:
    """The order of an epoch."""
    return Streams(seed).generator("pretraining/order", epoch).permutation(windows)


def _check_length(progress: Progress, recipe: PretrainRecipe, steps: int, path: Path) -> None:
    """A training whose learning rate has begun to fall cannot get another end."""
    begun = progress.total or (progress.step if progress.step > recipe.cooldown_from(steps) else 0)
    if begun and progress.total != steps:
        raise InputError(
            str(path),
            f"at step {progress.step} it was not on its way to {steps} steps",
            f"{progress.total or 'more'} steps, or remove it to start over",
        )
