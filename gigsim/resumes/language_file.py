"""Reading a language from its file: the one that ships, or one that ``gigsim corpus fit`` wrote."""

from __future__ import annotations

import functools
import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np

from gigsim.errors import InputError
from gigsim.resumes.corpus import UNREADABLE, unpack_strings
from gigsim.resumes.language import SCHEMA_VERSION, Language

#: The language that ships, fitted on the training side of the published resume corpus.
SHIPPED = Path(__file__).parent.parent / "data" / "language.npz"

#: Bytes that the arrays of a language may take; the one that ships takes 60,000.
_LARGEST = 2**26

_ALLOWED = "a file written by `gigsim corpus fit CORPUS STATS` is needed"


def load_language(path: Path | str | None = None) -> Language:
    """Read a language: the one that ships, or a file written by ``gigsim corpus fit``.

    Raises:
        InputError: the file is missing, or is not a language of this schema.
    """
    path = SHIPPED if path is None else Path(path)
    if not path.is_file():
        raise InputError(str(path), "no such file", _ALLOWED)
    written = path.stat()
    return _read(path.absolute(), written.st_mtime_ns, written.st_size)


@functools.lru_cache(maxsize=2)
def _read(path: Path, modified: int, size: int) -> Language:
    """Read once what many models share: the table behind a posterior alone is 29 MB."""
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("not a zip archive of arrays")
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST:
                raise ValueError(f"more than {_LARGEST} bytes")
        with np.load(path, allow_pickle=False) as arrays:
            if int(arrays["schema_version"]) != SCHEMA_VERSION:
                raise ValueError(f"language schema {int(arrays['schema_version'])}")
            values = {field.name: arrays[field.name] for field in fields(Language)}
            values |= {name: unpack_strings(values[name]) for name in ("words", "label_names")}
            values |= {name: float(values[name]) for name in ("concentration", "rho")}
            return Language(**values)
    except (*UNREADABLE, ValueError, TypeError, KeyError) as error:
        raise InputError(str(path), f"not a gigsim language ({error})", _ALLOWED) from error
