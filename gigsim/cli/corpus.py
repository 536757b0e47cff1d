"""``gigsim corpus``: import resumes, describe a corpus, fit the language to one."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    check_target,
    interrupts_of,
    print_json,
    print_lines,
    stderr,
)
from gigsim.errors import InputError

corpus_app = typer.Typer(
    help="Resume corpora: import, describe, fit the built-in language.\n\n"
    "Example: gigsim corpus describe corpus.npz",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@corpus_app.command("import")
def import_command(
    context: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(help="A zip, a folder, a parquet file, or a txt, csv or jsonl (also .gz)."),
    ],
    dest: Annotated[Path, typer.Argument(help="The corpus file to write, e.g. corpus.npz.")],
    form: Annotated[
        str,
        typer.Option(help="auto, archive, folder, one-file, csv, parquet or jsonl."),
    ] = "auto",
    text: Annotated[
        str | None, typer.Option(help="Column of a table with the texts.  [default: text]")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="Column of a table with the labels.  [default: labels]")
    ] = None,
    separator: Annotated[
        str | None, typer.Option(help="Between a resume's labels, in a table.  [default: ;]")
    ] = None,
    scrub: Annotated[
        bool, typer.Option(help="Remove addresses, numbers and links of persons.")
    ] = True,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read resumes: decode, strip markup, scrub, cluster near-duplicates, split.

    Forms: the published archive, the folder extracted from it, one file of lines
    id:::label;label:::text, or a table with columns of texts and labels.

    Example: gigsim corpus import resumes_corpus.zip corpus.npz
    """
    from gigsim.resumes.forms import import_corpus

    check_target(dest)
    if dest.exists() and os.path.exists(source) and dest.samefile(source):  # noqa: PTH110
        raise InputError(str(dest), "is the source itself", "name another file")
    interrupts = interrupts_of(context)
    interrupts.running()
    with stderr.status("reading the resumes") if not quiet else nullcontext() as status:
        corpus, report = import_corpus(
            source,
            form=form,
            text=text,
            labels=labels,
            separator=separator,
            scrub=scrub,
            progress=status.update if status is not None else None,
        )
        corpus.save(dest)
        interrupts.leaving()
    if as_json:
        print_json(report.as_dict() | {"written": str(dest)})
    else:
        print_lines([*report.lines(), f"written to {dest}"])


@corpus_app.command("describe")
def describe_command(
    corpus: Annotated[Path, typer.Argument(help="A corpus file.")],
    as_json: JsonOption = False,
) -> None:
    """Sizes, labels, lengths, near-duplicates and the split of an imported corpus.

    Example: gigsim corpus describe corpus.npz
    """
    from gigsim.resumes.corpus import load_corpus
    from gigsim.resumes.describe import describe, describe_lines

    facts = describe(load_corpus(corpus))
    if as_json:
        print_json(facts)
    else:
        print_lines(describe_lines(facts))


@corpus_app.command("fit")
def fit_command(
    context: typer.Context,
    corpus: Annotated[Path, typer.Argument(help="A corpus file.")],
    stats: Annotated[Path, typer.Argument(help="The statistics file to write.")],
    words: Annotated[int, typer.Option(min=100, help="Words of the language.")] = 3000,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fit the built-in resume language to the training side of a corpus.

    Example: gigsim corpus fit corpus.npz language.npz
    """
    from gigsim.resumes.corpus import load_corpus
    from gigsim.resumes.language_fit import fit_language

    check_target(stats)
    interrupts = interrupts_of(context)
    interrupts.running()
    loaded = load_corpus(corpus)
    with stderr.status("fitting the language") if not quiet else nullcontext():
        language, report = fit_language(loaded, words=words)
        language.save(stats)
        interrupts.leaving()
    if as_json:
        print_json(report.as_dict() | {"written": str(stats)})
    else:
        print_lines([*report.lines(), f"written to {stats}"])
