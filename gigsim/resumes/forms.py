"""Every form in which a corpus may come: which one a source is of, and reading it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, get_args

from gigsim.errors import InputError
from gigsim.resumes import one_file, table_parquet
from gigsim.resumes.archive import open_archive
from gigsim.resumes.assembly import assemble
from gigsim.resumes.bounded import lines, open_regular, opened
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.folder import open_folder
from gigsim.resumes.import_report import ImportReport
from gigsim.resumes.one_file import open_one_file
from gigsim.resumes.source import Source
from gigsim.resumes.table_csv import open_csv
from gigsim.resumes.table_jsonl import open_jsonl
from gigsim.resumes.table_parquet import open_parquet
from gigsim.resumes.tables import Columns

Form = Literal["archive", "folder", "one-file", "csv", "parquet", "jsonl"]
FORMS: tuple[Form, ...] = get_args(Form)

PUBLISHED_FORMS: dict[Form, Callable[[Path], AbstractContextManager[Source]]] = {
    "archive": open_archive,
    "folder": open_folder,
    "one-file": open_one_file,
}
TABLE_FORMS: dict[Form, Callable[[Path, Columns], AbstractContextManager[Source]]] = {
    "csv": open_csv,
    "parquet": open_parquet,
    "jsonl": open_jsonl,
}

ALLOWED = (
    "resumes come as archive (the published zip), folder (the same, extracted), one-file"
    f" ({one_file.FORM} in each line), csv, parquet or jsonl; --form says which"
)
_BY_ENDING: dict[str, Form] = {
    ".zip": "archive",
    ".txt": "one-file",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def import_corpus(
    source: Path | str,
    *,
    form: str = "auto",
    text: str | None = None,
    labels: str | None = None,
    separator: str | None = None,
    scrub: bool = True,
    progress: Callable[[str], object] | None = None,
) -> tuple[Corpus, ImportReport]:
    """Read resumes in any form: clean, cluster and split them.

    The same resumes give the same corpus whatever form they come in (``Corpus.origin`` says
    archive for the published ones and table for the others).

    Args:
        source: a file or folder.
        form: one of ``FORMS``, or "auto" to find out.
        text: column of a table with the texts; "text" unless given.
        labels: column of a table with the labels; "labels" unless given.
        separator: between the labels of a resume, in a table; ";" unless given.
        scrub: remove personal data (``cleaning.PERSONAL_KINDS``).
        progress: called now and then with a line of text about what is being done.

    Returns:
        The corpus and what was done to make it.

    Raises:
        InputError: the source is missing, hostile or damaged, of none of the forms or not of this;
            columns are named for a form that has none.
    """
    path = Path(source)
    given = {"--text": text, "--labels": labels, "--separator": separator}
    columns = Columns(text=text or "text", labels=labels or "labels", separator=separator or ";")
    for option, value in given.items():
        if value == "":
            raise InputError(option, "is empty", "give a name, or leave the option out")
    found = find_form(path) if form == "auto" else _known(form)
    if found in PUBLISHED_FORMS:
        for option, value in given.items():
            if value is not None:
                raise InputError(
                    option,
                    f"{path} is read as {found}, which has no columns",
                    f"for {', '.join(TABLE_FORMS)} only",
                )
        opening = PUBLISHED_FORMS[found](path)
    else:
        opening = TABLE_FORMS[found](path, columns)
    with opening as opened_source:
        return assemble(opened_source, scrub=scrub, progress=progress)


def find_form(path: Path) -> Form:
    """The form of a source: by its first bytes, then by the ending of its name, then by its text.

    Raises:
        InputError: no such file, or none of the forms.
    """
    # Unlike Path.is_dir, this has no exceptions for names that are too long.
    if os.path.isdir(path):  # noqa: PTH112
        return "folder"
    with os.fdopen(open_regular(path, str(path), ALLOWED), "rb") as file:
        begin = file.peek(4)[:4]
    if begin in _ZIP:
        return "archive"
    if begin == table_parquet.MAGIC:
        return "parquet"
    endings = [ending.lower() for ending in path.suffixes]
    if endings[-1:] == [".gz"]:
        endings.pop()
    if endings and endings[-1] in _BY_ENDING:
        return _BY_ENDING[endings[-1]]
    with opened(path, ALLOWED) as stream:
        for _, line in lines(stream, str(path)):
            if one_file.looks_like(line):
                return "one-file"
            if line.lstrip().startswith(b"{"):
                return "jsonl"
            break
    raise InputError(str(path), "of none of the forms that are known", ALLOWED)


def _known(form: str) -> Form:
    for known in FORMS:
        if form == known:
            return known
    raise InputError("--form", f"{form!r} is not known", f"auto, {', '.join(FORMS)}")
