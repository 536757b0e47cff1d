"""``gigsim pretrain``: a small encoder from the training side of a corpus."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    interrupts_of,
    print_json,
    print_lines,
    stderr,
)
from gigsim.cli.run import stop
from gigsim.errors import InputError


def pretrain_command(
    context: typer.Context,
    corpus: Annotated[Path, typer.Argument(help="A corpus file (gigsim corpus import).")],
    dest: Annotated[Path, typer.Argument(help="The folder to write, e.g. models/my-encoder.")],
    epochs: Annotated[
        float | None, typer.Option(help="Passes over the text.  [default: 2]")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Optimiser steps, in place of epochs.")] = None,
    batch_size: Annotated[int, typer.Option(help="Windows in a step.")] = 16,
    learning_rate: Annotated[float, typer.Option(help="Peak step of AdamW.")] = 2e-3,
    words: Annotated[int, typer.Option(help="Words of the vocabulary at most.")] = 8_000,
    min_resumes: Annotated[
        int, typer.Option(help="Resumes that a word must be in, near-duplicates counted once.")
    ] = 50,
    length: Annotated[int, typer.Option(help="Pieces of a window; positions.")] = 128,
    layers: Annotated[int, typer.Option(help="Blocks of attention and feed-forward.")] = 2,
    width: Annotated[int, typer.Option(help="Units of the residual stream.")] = 128,
    heads: Annotated[int, typer.Option(help="Attention heads; they divide the width.")] = 2,
    feedforward: Annotated[int, typer.Option(help="Hidden units of a feed-forward layer.")] = 512,
    seed: Annotated[int, typer.Option(help="Of weights, order and masks.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Of one operation.")] = 1,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Pretrain a small BERT with a vocabulary of its own on a corpus's training side.

    Masked language model over windows of whole resumes. Interrupted or killed, the same command
    goes on from DEST.part, where it was a minute before. The folder written is a Hugging Face one
    with a model card; use it as platform.learner.encoder.

    Example: gigsim pretrain corpus.npz models/my-encoder --epochs 2
    """
    from gigsim.pretraining.pretrain import part_of, pretrain, recipe_of
    from gigsim.resumes.corpus import load_corpus

    if steps is not None and epochs is not None:
        raise InputError("--steps", "given with --epochs", "one of the two")
    recipe = recipe_of(
        **({"epochs": epochs} if epochs is not None else {}),
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        words=words,
        min_resumes=min_resumes,
        length=length,
        layers=layers,
        width=width,
        heads=heads,
        feedforward=feedforward,
        seed=seed,
    )
    interrupts = interrupts_of(context)
    interrupts.running()
    loaded = load_corpus(corpus)
    with stderr.status("reading the resumes") if not quiet else nullcontext() as status:
        try:
            report = pretrain(
                loaded,
                dest,
                recipe,
                threads=threads,
                tell=status.update if status is not None else lambda _: None,
            )
        except KeyboardInterrupt:
            interrupts.leaving()
            part = part_of(dest)
            kept = f"the same command goes on from {part}" if part.exists() else "nothing written"
            stop(f"interrupted: {kept}")
        interrupts.leaving()
    if as_json:
        print_json(report.as_dict() | {"written": str(dest)}, f"written to {dest}")
    else:
        print_lines([*report.lines(), f"written to {dest}"], f"written to {dest}")
