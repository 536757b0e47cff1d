"""Names of the published form's files: which are resumes, which labels, which neither."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from gigsim.errors import InputError
from gigsim.resumes.source import is_plain, refuse_number, shown

TEXT, LABELS = ".txt", ".lab"


def resume_stems(names: Sequence[str], place: str, allowed: str) -> tuple[list[str], int]:
    """Names of the resumes without their ending, and the number of other files.

    Args:
        names: the files, by their paths in the archive or folder, with ``/`` between the parts.
        place: the archive or folder, for errors.
        allowed: what is, for errors.

    Returns:
        Stems, sorted: each has a ``.txt`` and a ``.lab``. And how many files are neither.

    Raises:
        InputError: a name with characters that cannot be shown; one that occurs twice, or twice but
            for upper and lower case; an ending in capitals; a text without labels or the reverse;
            too many resumes, or none.
    """
    seen: dict[str, str] = {}
    found: dict[str, set[str]] = {TEXT: set(), LABELS: set()}
    others = 0
    for name in names:
        where = f"{place}: {shown(name)}"
        if not is_plain(name):
            raise InputError(where, "a name with control characters", allowed)
        # On some systems names are one that differ in case or in how accents are written.
        known = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if known is not name:
            twice = "the name occurs twice"
            if known != name:
                twice += f" but for upper and lower case (as {shown(known)})"
            raise InputError(where, twice, allowed)
        path = PurePosixPath(name)
        ending = name[-4:]
        if _is_apples(path) or ending.lower() not in found:
            others += 1
        elif ending not in found:
            raise InputError(where, f"ends in {ending}, not in {ending.lower()}", allowed)
        else:
            found[ending].add(name[:-4])
    for stem in sorted(found[TEXT] ^ found[LABELS]):
        has, lacks = (TEXT, LABELS) if stem in found[TEXT] else (LABELS, TEXT)
        raise InputError(f"{place}: {shown(stem + has)}", f"has no {lacks} beside it", allowed)
    if not found[TEXT]:
        raise InputError(place, "no resumes in it", allowed)
    refuse_number(len(found[TEXT]), place)
    return sorted(found[TEXT]), others


def _is_apples(path: PurePosixPath) -> bool:
    """What macOS puts beside a file when it packs it: same ending, no text."""
    return path.parts[:1] == ("__MACOSX",) or path.name.startswith("._")
