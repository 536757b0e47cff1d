"""Sources of resumes that are damaged, hostile or mistaken, each with what is to be said of it."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import socket
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.resumes import limits
from gigsim.resumes.corpus import OCCUPATIONS

GOOD = {
    "00001.txt": b"a resume of few words",
    "00001.lab": b"Java_Developer\nSoftware_Developer",
    "00002.txt": b"caf\xe9 another \x95 one",
    "00002.lab": b"Project_manager",
}
GOOD_LINES = (
    b"1:::Java_Developer;Software_Developer:::a resume of few words\n"
    b"2:::Project_manager:::caf\xe9 another \x95 one\n"
)
GOOD_CSV = (
    b"id,text,labels\n"
    b'1,a resume of few words,Java_Developer;Software_Developer\n2,"another, one",Project_manager\n'
)
GOOD_JSONL = (
    b'{"text": "a resume of few words", "labels": ["Java_Developer", "Software_Developer"]}\n'
    b'{"text": "another one", "labels": "Project_manager"}\n'
)
GOOD_TABLE = {
    "text": ["a resume of few words", "another one"],
    "labels": [["Java_Developer", "Software_Developer"], ["Project_manager"]],
}

ZIP = "the published archive is needed: a zip of NNNNN.txt and NNNNN.lab files"
FOLDER = "the extracted archive is needed: a folder of NNNNN.txt and NNNNN.lab files"
LINES = "one resume a line is needed, as id:::label;label:::text"
CSV = "CSV is needed: a header, commas between cells"
JSONL = "JSON lines are needed: one object a line, in UTF-8"
PARQUET = "a Parquet file is needed, with a column of texts and one of labels"
FORMS = "resumes come as archive (the published zip), folder"
LABELS = f"labels are {', '.join(OCCUPATIONS)}"
TEXT = "a resume is text, in UTF-8 or cp1252"
PLAIN = "may hold plain files only"
TABLE_LABELS = "a table may have 2 to 62 labels"


@dataclass(frozen=True)
class Malformed:
    """One malformed source.

    Attributes:
        kind: by which they are counted.
        name: what is wrong with it.
        make: makes it in an empty folder.
        said: where and what, in the error, after the name of the source.
        allowed: what would have been right, in the error.
        source: name of the source in the folder, or a path from the root.
        options: of the command.
        lowered: limits that are lowered for it.
    """

    kind: str
    name: str
    make: Callable[[Path], object]
    said: str
    allowed: str
    source: str
    options: tuple[str, ...] = ()
    lowered: tuple[tuple[str, int], ...] = ()


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def parquet(columns: Mapping[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def written(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def extracted(*more: Callable[[Path], object], **files: bytes) -> Callable[[Path], object]:
    """A folder ``x`` with good resumes, and with what is made in it besides."""

    def make(folder: Path) -> None:
        root = folder / "x"
        root.mkdir()
        for name, content in (GOOD | files).items():
            (root / name).write_bytes(content)
        for one in more:
            one(root)

    return make


def _nothing(folder: Path) -> None:
    """The command's own fault."""


def _special(mode: int, target: bytes = b"/etc/passwd") -> bytes:
    out = io.BytesIO(zipped(GOOD))
    info = zipfile.ZipInfo("3.txt")
    info.external_attr = mode << 16
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(info, target)
        archive.writestr("3.lab", "")
    return out.getvalue()


def _patched(raw: bytes, entry: int, at: int, form: str, value: int) -> bytes:
    """A zip with one number of one entry of its directory changed."""
    changed = bytearray(raw)
    begin = -1
    for _ in range(entry + 1):
        begin = changed.index(b"PK\x01\x02", begin + 1)
    struct.pack_into(form, changed, begin + at, value)
    return bytes(changed)


def _offset(raw: bytes, entry: int) -> int:
    begin = -1
    for _ in range(entry + 1):
        begin = raw.index(b"PK\x01\x02", begin + 1)
    return int(struct.unpack_from("<I", raw, begin + 42)[0])


def _renamed(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert raw.count(old) == 2
    assert len(old) == len(new)
    return raw.replace(old, new)


def _twice() -> bytes:
    return _renamed(zipped(GOOD | {"0000X.txt": b"again"}), b"0000X.txt", b"00001.txt")


def _zip(name: str, raw: bytes, said: str, allowed: str = ZIP, kind: str = "", **more: Any):
    return Malformed(kind, name, written("x.zip", raw), f"x.zip: {said}", allowed, "x.zip", **more)


_STORED = zipped(GOOD, zipfile.ZIP_STORED)
_DEFLATED = zipped(GOOD)

ZIP_NAMES = [
    _zip(name, zipped(GOOD | members), said, kind="zip: name")
    for name, members, said in (
        ("traversal", {"../1.txt": b"x", "../1.lab": b""}, "'../1.txt': a name that leads out"),
        ("deep traversal", {"a/../../1.txt": b""}, "'a/../../1.txt': a name that leads out"),
        ("absolute", {"/etc/1.txt": b"x"}, "'/etc/1.txt': a name that leads out"),
        ("backslashes", {"a\\..\\1.txt": b"x"}, "'a\\\\..\\\\1.txt': a name that leads out"),
        ("drive", {"C:1.txt": b"x"}, "'C:1.txt': a name that leads out"),
        ("newline", {"a\nb.txt": b"x"}, "'a\\nb.txt': a name with control characters"),
        ("escape", {"\x1b[2J.txt": b"x"}, "'\\x1b[2J.txt': a name with control characters"),
        ("direction", {"\u202etxt.exe": b"x"}, "'\\u202etxt.exe': a name with control characters"),
        ("line separator", {"\u2028.txt": b"x"}, "'\\u2028.txt': a name with control characters"),
        ("case", {"A.txt": b"", "a.txt": b""}, "'a.txt': the name occurs twice but for upper"),
        (
            "accents",
            dict.fromkeys((unicodedata.normalize(n, "é.md") for n in ("NFC", "NFD")), b""),
            "'e\u0301.md': the name occurs twice but for upper and lower case",
        ),
        ("capitals", {"3.TXT": b"x", "3.lab": b""}, "'3.TXT': ends in .TXT, not in .txt"),
        ("endless", {"a" * 9000 + "\n": b""}, f"'{'a' * 117}...': a name with control characters"),
    )
] + [
    _zip("repeated", _twice(), "'00001.txt': the name occurs twice", kind="zip: name"),
    _zip(
        "cut short",
        _renamed(_DEFLATED, b"00001.txt", b"00001\0txt"),
        "'00001': a name that is cut short",
        kind="zip: name",
    ),
]

ZIP_KINDS = [
    _zip(name, _special(mode), f"'3.txt': {said}", PLAIN, kind="zip: no plain file")
    for name, mode, said in (
        ("symbolic link", stat.S_IFLNK | 0o777, "a symbolic link"),
        ("pipe", stat.S_IFIFO, "neither a file nor a folder"),
        ("device", stat.S_IFCHR, "neither a file nor a folder"),
        ("socket", stat.S_IFSOCK, "neither a file nor a folder"),
    )
]

_BIG = random.Random(1).randbytes(limits.RESUME_BYTES + 1)
ZIP_BOMBS = [
    _zip(name, raw, said, allowed, kind="zip: bomb", lowered=lowered)
    for name, raw, said, allowed, lowered in (
        (
            "packed too well",
            zipped(GOOD | {"3.txt": bytes(3 << 20), "3.lab": b""}),
            "'3.txt': 3,",
            "at most 100 times as many are read",
            (),
        ),
        (
            "huge member",
            zipped({"3.txt": _BIG, "3.lab": b""}),
            "'3.txt': 4,194,305 bytes",
            "a resume may have 4,194,304",
            (),
        ),
        (
            "claims to be huge",
            _patched(_STORED, 0, 24, "<I", 0xFFFFFFF0),
            "more than 2,147,483,648 bytes uncompressed",
            "at most 2,147,483,648 are read",
            (),
        ),
        (
            "overlapping members",
            _patched(_STORED, 1, 42, "<I", _offset(_STORED, 0)),
            "'00001.txt': overlaps what comes after it",
            ZIP,
            (),
        ),
        ("nested zip", zipped({"inner.zip": _DEFLATED}), "no resumes in it", ZIP, ()),
        (
            "many resumes",
            _DEFLATED,
            "more than 1 resumes",
            "at most 1 are read",
            (("RESUMES", 1),),
        ),
        (
            "large directory",
            _DEFLATED[:-10] + struct.pack("<I", 0x7FFFFFFF) + _DEFLATED[-6:],
            "a directory of 2,147,483,647 bytes",
            "at most 67,108,864 are read",
            (),
        ),
        (
            "one file, packed too well",
            zipped({"all.txt": GOOD_LINES + b"3::::::" + bytes(9 << 20)}),
            "'all.txt': 9,",
            "at most 100 times as many are read",
            (),
        ),
    )
]

ZIP_DAMAGE = [
    _zip(name, raw, said, allowed, kind="zip: damage")
    for name, raw, said, allowed in (
        ("empty file", b"", "not a readable zip file", ZIP),
        ("garbage", b"PK\x03\x04" + _BIG[:5000], "not a readable zip file", ZIP),
        ("truncated", _DEFLATED[: len(_DEFLATED) // 2], "not a readable zip file", ZIP),
        ("cut at the front", _DEFLATED[20:], "'00001.txt': ", ZIP),
        (
            "wrong checksum",
            _STORED.replace(b"few words", b"few Words"),
            "'00001.txt': unreadable (Bad CRC-32",
            ZIP,
        ),
        ("encrypted", _patched(_DEFLATED, 0, 8, "<H", 1), "'00001.txt': encrypted", ZIP),
        (
            "unusual compression",
            zipped(GOOD, zipfile.ZIP_BZIP2),
            "'00001.txt': compression method 12",
            "members are to be stored or deflated",
        ),
        (
            "hidden members",
            _patched(_DEFLATED, 0, 32, "<H", 46 + len("00001.lab")),
            "3 of 4 members are listed",
            ZIP,
        ),
        (
            "longer than it says",
            _patched(_DEFLATED, 0, 24, "<I", 3),
            "'00001.txt': unreadable",
            ZIP,
        ),
        (
            "another name inside",
            _DEFLATED.replace(b"00001.txt", b"99999.txt", 1),
            "'00001.txt': unreadable (File name in directory",
            ZIP,
        ),
    )
]

ZIP_CONTENT = [
    _zip(name, zipped(members), said, allowed, kind="zip: content")
    for name, members, said, allowed in (
        ("empty", {}, "no resumes in it", ZIP),
        ("other files", {"x.md": b"", "y.doc": b""}, "no resumes in it", ZIP),
        ("no labels", GOOD | {"3.txt": b"x"}, "'3.txt': has no .lab beside it", ZIP),
        ("no text", GOOD | {"3.lab": b""}, "'3.lab': has no .txt beside it", ZIP),
        (
            "unknown label",
            GOOD | {"00002.lab": b"Project_manager\nBaker"},
            "'00002.lab': unknown label 'Baker'",
            LABELS,
        ),
        (
            "a label of bytes",
            GOOD | {"00002.lab": b"\xff\x00\n"},
            "'00002.lab': unknown label '\ufffd\\x00'",
            LABELS,
        ),
        ("blank", {"1.txt": b" \xa0 ", "1.lab": b""}, "no resume has any text", ZIP),
        (
            "NUL",
            GOOD | {"00002.txt": b"word\0word"},
            "'00002.txt': a NUL byte (byte 5 of the text)",
            TEXT,
        ),
        (
            "control characters",
            GOOD | {"00002.txt": b"\x07\x08\x01\x02 word"},
            "'00002.txt': 4 of 9 bytes are control characters or undefined",
            TEXT,
        ),
        (
            "undefined bytes",
            GOOD | {"00002.txt": b"word \x81\x8d\x8f\x90\x9d"},
            "'00002.txt': 5 of 10 bytes are control characters or undefined",
            TEXT,
        ),
        (
            "nested markup",
            GOOD | {"00002.txt": b"&" + b"amp;" * 99},
            "'00002.txt': markup or personal data nested more than 16 deep",
            "resumes are plain text",
        ),
    )
]


def _folder(
    name: str, make: Callable[[Path], object], said: str, allowed: str = FOLDER, **more: Any
) -> Malformed:
    return Malformed("folder", name, make, f"x: {said}", allowed, "x", **more)


def _socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        # A socket's path is short: it is bound from within.
        here = os.open(".", os.O_RDONLY)
        os.chdir(folder)
        try:
            bound.bind("s")
        finally:
            os.fchdir(here)
            os.close(here)


def _sparse(folder: Path) -> None:
    with (folder / "3.txt").open("wb") as file:
        file.truncate(1 << 40)
    (folder / "3.lab").touch()


def _deep(folder: Path) -> None:
    (folder / "/".join("d" * (limits.DEPTH + 2))).mkdir(parents=True)


FOLDERS = [
    _folder("empty", lambda folder: (folder / "x").mkdir(), "no resumes in it"),
    _folder("link to a file", extracted(lambda f: (f / "3.txt").symlink_to("00001.txt")),
            "'3.txt': a symbolic link", PLAIN),
    _folder("link out of it", extracted(lambda f: (f / "3.txt").symlink_to("/etc/passwd")),
            "'3.txt': a symbolic link", PLAIN),
    _folder("link to a folder", extracted(lambda f: (f / "deep").symlink_to("/etc")),
            "'deep': a symbolic link", PLAIN),
    _folder("link to itself", extracted(lambda f: (f / "loop").symlink_to(".")),
            "'loop': a symbolic link", PLAIN),
    _folder("link to nothing", extracted(lambda f: (f / "n").symlink_to("nowhere")),
            "'n': a symbolic link", PLAIN),
    _folder("pipe", extracted(lambda f: os.mkfifo(f / "3.txt")),
            "'3.txt': neither a file nor a folder", PLAIN),
    _folder("socket", extracted(_socket), "'s': neither a file nor a folder", PLAIN),
    _folder("huge file", extracted(_sparse), "'3.txt': 1,099,511,627,776 bytes",
            "a resume may have 4,194,304"),
    _folder("much in all", extracted(), "more than 10 bytes uncompressed", "at most 10 are read",
            lowered=(("TOTAL_BYTES", 10),)),
    _folder("many files", extracted(), "more than 3 files and folders", "at most 3 are looked at",
            lowered=(("ENTRIES", 3),)),
    _folder("deep", extracted(_deep), f"'{'d/' * 33}': lies more than 32 folders deep"),
    _folder("no labels", extracted(**{"3.txt": b"x"}), "'3.txt': has no .lab beside it"),
    _folder("no text", extracted(**{"3.lab": b""}), "'3.lab': has no .txt beside it"),
    _folder("a folder for a text", extracted(lambda f: (f / "3.txt").mkdir(), **{"3.lab": b""}),
            "'3.lab': has no .txt beside it"),
    _folder("unknown label", extracted(**{"00001.lab": b"Baker"}),
            "'00001.lab': unknown label 'Baker'", LABELS),
    _folder("NUL", extracted(**{"00001.txt": b"\0"}), "'00001.txt': a NUL byte", TEXT),
    _folder("newline in a name", extracted(**{"a\nb.txt": b""}),
            "'a\\nb.txt': a name with control characters"),
    _folder("name that is no text", extracted(lambda f: (f / "\udcff.txt").touch()),
            "'\\udcff.txt': a name with control characters"),
    _folder("case", extracted(**{"3.md": b"", "3.MD": b""}), "'3.md': the name occurs twice"),
    _folder("capitals", extracted(**{"3.Lab": b""}), "'3.Lab': ends in .Lab, not in .lab"),
    Malformed("folder", "read as csv", lambda f: (f / "x.csv").mkdir(), "x.csv: not a file", CSV,
              "x.csv", ("--form", "csv")),
    Malformed("folder", "called x.csv", lambda f: (f / "x.csv").mkdir(), "x.csv: no resumes in it",
              FOLDER, "x.csv"),
    Malformed("folder", "a file read as one", written("x", b""), "x: not a folder", FOLDER, "x",
              ("--form", "folder")),
    Malformed("folder", "missing", _nothing, "x: no such folder", FOLDER, "x",
              ("--form", "folder")),
]  # fmt: skip


def _lines(
    name: str, raw: bytes, said: str, allowed: str = LINES, source: str = "x.txt", **more: Any
) -> Malformed:
    make = written(source, raw)
    return Malformed("one file", name, make, f"{source}: {said}", allowed, source, **more)


ONE_FILES = [
    _lines("empty", b"", "no resumes in it"),
    _lines("blank lines", b"\n \n\r\n", "no resumes in it"),
    _lines("no separators", GOOD_LINES + b"just a text\n", "line 3: 0 of two ':::'"),
    _lines("one separator", b"1:::Java_Developer\n", "line 1: 1 of two ':::'"),
    _lines("spaced separators", b"1: : : Java_Developer : : :x", "line 1: 0 of two ':::'"),
    _lines("unknown label", GOOD_LINES + b"3:::Java_Developer;Baker:::x",
           "line 3: unknown label 'Baker'", LABELS),
    _lines("NUL", b"1::::::a\0b", "line 1: a NUL byte (byte 2 of the text)", TEXT),
    _lines("no text at all", b"1:::::: \n2:::Java_Developer:::\n", "no resume has any text"),
    _lines("UTF-16", GOOD_LINES.decode("cp1252").encode("utf-16"), "line 1: UTF-16",
           "text is UTF-8 or cp1252"),
    _lines("long line", GOOD_LINES + b"3::::::" + b"a " * 100, "line 3: more than 100 bytes",
           "a line may have 100", lowered=(("RECORD_BYTES", 100),)),
    _lines("large resume", b"1::::::" + b"a " * 100, "line 1: 200 bytes", "a resume may have 100",
           lowered=(("RESUME_BYTES", 100),)),
    _lines("much in all", GOOD_LINES, "more than 20 bytes uncompressed", "at most 20 are read",
           lowered=(("TOTAL_BYTES", 20),)),
    _lines("many lines", GOOD_LINES, "more than 1 resumes", "at most 1 are read",
           lowered=(("RESUMES", 1),)),
    _lines("truncated gzip", gzip.compress(GOOD_LINES)[:-9], "unreadable", source="x.txt.gz"),
    _lines("gzip bomb", gzip.compress(GOOD_LINES + b"3::::::" + bytes(9 << 20)),
           "", "at most 100 times as many are read",
           source="x.txt.gz"),
    Malformed("one file", "bad line in a zip", written("x.zip", zipped({"all.txt": b"a text"})),
              "x.zip: 'all.txt': line 1: 0 of two ':::'", LINES, "x.zip"),
    Malformed("one file", "bad checksum in a zip",
              written("x.zip", zipped({"all.txt": GOOD_LINES}, 0).replace(b"few", b"Few")),
              "x.zip: 'all.txt': unreadable (Bad CRC-32", ZIP, "x.zip"),
    Malformed("one file", "another name in a zip",
              written("x.zip", zipped({"all.txt": GOOD_LINES}, 0).replace(b"all.", b"ALL.", 1)),
              "x.zip: 'all.txt': unreadable (File name", ZIP, "x.zip"),
]  # fmt: skip


def _csv(name: str, raw: bytes, said: str, allowed: str = CSV, **more: Any) -> Malformed:
    return Malformed("csv", name, written("x.csv", raw), f"x.csv: {said}", allowed, "x.csv", **more)


_HEADER = b"text,labels\n"
CSVS = [
    _csv("empty", b"", "is empty"),
    _csv("header alone", _HEADER, "no resumes in it"),
    _csv("missing column", b"body,labels\nx,y\n", "line 1: no column 'text'",
         "name one with --text; there are 'body', 'labels'"),
    _csv("missing labels", b"text,tags,id\nx,y,z\n", "line 1: no column 'labels'",
         "name one with --labels; there are 'text', 'tags', 'id'"),
    _csv("missing named column", GOOD_CSV, "line 1: no column 'body'",
         "there are 'id', 'text', 'labels'", options=("--text", "body")),
    _csv("semicolons", b"text;labels\nx;y\n", "line 1: no column 'text'",
         "there are 'text;labels'"),
    _csv("many columns", ",".join(map(str, range(30))).encode() + b"\n", "line 1: no column",
         "'19' and 10 more"),
    _csv("repeated column", b"text,labels,text\n", "line 1: 2 columns are called 'text'",
         "each name may occur once"),
    _csv("short row", GOOD_CSV + b"3,x\n", "line 4: 2 cells, but the header has 3",
         "a cell for each column"),
    _csv("long row", GOOD_CSV + b"3,x,y,Java_Developer\n", "line 4: 4 cells, but the header has 3",
         "a cell with a comma is to be in quotes"),
    _csv("open quote", _HEADER + b'"x,Java_Developer\n', "line 2, cell 1: a quote that is never"),
    _csv("stray quote", _HEADER + b'a 5" disk,y\n', "line 2, cell 1: a quote in the midst"),
    _csv("text after a quote", _HEADER + b'x,"y" z\n', "line 2, cell 2: text after the closing"),
    _csv("line ends of old", b"text,labels\rx,y\r", "line 1, cell 2: a line end in the midst"),
    _csv("NUL", _HEADER + b"x,y\na\0b,y\n", "line 3: a NUL byte (byte 2 of the row)"),
    _csv("UTF-16", GOOD_CSV.decode().encode("utf-16"), "line 1: UTF-16",
         "text is UTF-8 or cp1252"),
    _csv("large cell", _HEADER + b'"' + b"a " * 99 + b'",y\n', "line 2: 198 bytes",
         "a resume may have 100", lowered=(("RESUME_BYTES", 100),)),
    _csv("large row", _HEADER + b'"' + b"a\n" * 99 + b'",y\n',
         "line 2: a row of more than 100 bytes", "is a quote left open?",
         lowered=(("RECORD_BYTES", 100),)),
    _csv("many cells", b"," * 2000 + b"\n", "line 1: more than 1,000 cells",
         "a row may have 1,000"),
    _csv("control characters", _HEADER + b"\1\2\3\4,x\n",
         "line 2: 4 of 4 bytes are control characters", TEXT),
    _csv("one label", _HEADER + b"x,y\nz,y\n", "one label, 'y' in all", TABLE_LABELS),
    _csv("no label", _HEADER + b"x,\ny,;\n", "no label in all", TABLE_LABELS),
    _csv("many labels", _HEADER + b"".join(b"x,label %d\n" % k for k in range(63)),
         "line 64: label number 63, 'label 62'", TABLE_LABELS),
    _csv("many labels of one", _HEADER + b"x," + b"a;" * 2000 + b"\n",
         "line 2, column 'labels': more than 1000 labels", "is --separator right?"),
    _csv("long label", _HEADER + b"x," + b"word " * 30 + b"\n",
         "line 2, column 'labels': a label of 149 characters", "is --separator right?"),
    _csv("strange label", _HEADER + b'x,"y\x1b[1m"\n',
         "line 2, column 'labels': 'y\\x1b[1m' as a label", "without control characters"),
    _csv("a picture", b"\x89PNG\r\n\x1a\n" + _BIG[:3000], "line 1: no column",
         "name one with --text"),
    _csv("truncated gzip", gzip.compress(GOOD_CSV)[:-3], "unreadable"),
    _csv("gzip of another length", gzip.compress(GOOD_CSV)[:-4] + b"\0\0\0\1", "unreadable"),
]  # fmt: skip


def _jsonl(name: str, raw: bytes, said: str, allowed: str = JSONL, **more: Any) -> Malformed:
    source = "x.jsonl"
    return Malformed("jsonl", name, written(source, raw), f"{source}: {said}", allowed, source,
                     **more)  # fmt: skip


def _row(text: str, labels: str, more: str = "") -> bytes:
    return GOOD_JSONL + f'{{"text": {text}, "labels": {labels}{more}}}\n'.encode()


_NAMED = "line 3, column 'labels': "
_LABELS_ALLOWED = "a text with ';' between the labels, or a list of texts"
JSONLS = [
    _jsonl("empty", b"", "no resumes in it"),
    _jsonl("list", b'["a", "b"]\n', "line 1: a list instead of an object"),
    _jsonl("whole list", json.dumps([{"text": "x"}], indent=1).encode(), "line 1, column 1: no "),
    _jsonl("number", GOOD_JSONL + b"7\n", "line 3: a single value instead of an object"),
    _jsonl("text", b'"x"\n', "line 1: a single value instead of an object"),
    _jsonl("several lines", json.dumps({"text": "x"}, indent=1).encode(), "line 1, column 1: no "),
    _jsonl("cut", GOOD_JSONL + b'{"text": "a res', "line 3, column 10: no JSON (Unterminated"),
    _jsonl("two objects", b"{} {}", "line 1, column 4: no JSON (Extra data)"),
    _jsonl("single quotes", b"{'text': 'x'}", "line 1, column 2: no JSON (Expecting property"),
    _jsonl("nest of lists", b"[" * 100_000, "line 1: nested too deep"),
    _jsonl("nest of objects", b'{"a":' * 100_000, "line 1: nested too deep"),
    _jsonl("nest in a column", _row('"x"', "[]", ', "z": ' + "[" * 9999 + "]" * 9999),
           "line 3: nested too deep"),
    _jsonl("repeated key", _row('"x"', '"y"', ', "text": "z"'), "line 3: key 'text' twice"),
    _jsonl("repeated key inside", _row('"x"', "[]", ', "z": {"a": 1, "a": 2}'),
           "line 3: key 'a' twice"),
    _jsonl("missing key", GOOD_JSONL + b'{"text": "x"}\n', "line 3: no column 'labels'",
           "name one with --labels; there are 'text'"),
    _jsonl("empty object", b"{}\n", "line 1: no column 'text'", "there are none"),
    *(
        _jsonl(f"{name} for a text", _row(value, "[]"),
               f"line 3, column 'text': {said} instead of a text", "resumes are texts")
        for name, value, said in (
            ("number", "7", "a number"), ("null", "null", "null"), ("list", '["x"]', "a list"),
            ("object", "{}", "an object"), ("true", "true", "true or false"),
            ("NaN", "NaN", "a number"),
        )
    ),
    *(
        _jsonl(f"{name} for labels", _row('"x"', value), f"{_NAMED}{said} instead of labels",
               _LABELS_ALLOWED)
        for name, value, said in (
            ("number", "7", "a number"), ("null", "null", "null"), ("object", "{}", "an object"),
        )
    ),
    _jsonl("number as a label", _row('"x"', '["y", 3]'), f"{_NAMED}a number as a label",
           "labels are texts"),
    _jsonl("list as a label", _row('"x"', '[["y"]]'), f"{_NAMED}a list as a label",
           "labels are texts"),
    _jsonl("half a character", _row('"ab\\ud800"', "[]"),
           "line 3, column 'text': half a character (a lone surrogate) at character 3",
           "resumes are texts of whole characters"),
    _jsonl("half a character in a label", _row('"x"', '["\\udc00"]'),
           f"{_NAMED}'\\udc00' as a label", "without control characters"),
    _jsonl("newline in a label", _row('"x"', '["a\\nb"]'), f"{_NAMED}'a\\nb' as a label",
           "without control characters"),
    _jsonl("NUL", _row('"a\\u0000"', "[]"), "line 3: a NUL byte (byte 2 of the text)", TEXT),
    _jsonl("not UTF-8", GOOD_JSONL + b'{"text": "caf\xe9"}', "line 3: byte 14 is not UTF-8"),
    _jsonl("endless number", _row('"x"', "[]", ', "n": ' + "9" * 9999), "line 3: Exceeds the"),
    _jsonl("long line", GOOD_JSONL, "line 1: more than 50 bytes", "a line may have 50",
           lowered=(("RECORD_BYTES", 50),)),
    _jsonl("truncated gzip", gzip.compress(GOOD_JSONL)[:-1], "unreadable"),
]  # fmt: skip


def _parquet(name: str, raw: bytes, said: str, allowed: str = PARQUET, **more: Any) -> Malformed:
    source = "x.parquet"
    return Malformed("parquet", name, written(source, raw), f"{source}: {said}", allowed, source,
                     **more)  # fmt: skip


def _repeated_columns() -> bytes:
    out = io.BytesIO()
    columns = [["x"], ["y"], ["z"]]
    table = pa.Table.from_arrays([pa.array(c) for c in columns], ["text", "labels", "text"])
    pq.write_table(table, out)
    return out.getvalue()


def _repeating(value: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([value]))


_PARQUET = parquet(GOOD_TABLE)
_PAGES = parquet(GOOD_TABLE, compression="none", use_dictionary=False, write_page_checksum=True)
_COLUMN = "column 'labels': of type "
PARQUETS = [
    _parquet("empty", b"", "not a readable Parquet file"),
    _parquet("garbage", _BIG[:999], "not a readable Parquet file"),
    _parquet("magic alone", b"PAR1PAR1", "not a readable Parquet file"),
    _parquet("truncated", _PARQUET[:-20], "not a readable Parquet file"),
    _parquet("cut footer", _PARQUET[:-60] + _PARQUET[-8:], "not a readable Parquet file"),
    _parquet("damaged footer", _PARQUET[:-80] + bytes(20) + _PARQUET[-60:], ""),
    _parquet("endless footer", _PARQUET[:-8] + b"\xff\xff\xff\x7fPAR1", "not a readable Parquet"),
    _parquet("damaged page", _PAGES.replace(b"few words", b"few Words"), "unreadable"),
    _parquet("no rows", parquet({k: pa.array(v)[:0] for k, v in GOOD_TABLE.items()}),
             "no resumes in it"),
    _parquet("missing column", parquet({"text": ["x"], "tags": ["y"]}), "no column 'labels'",
             "name one with --labels; there are 'text', 'tags'"),
    _parquet("no columns", parquet({}), "no column 'text'", "there are none"),
    _parquet("repeated column", _repeated_columns(), "2 columns are called 'text'",
             "each name may occur once"),
    _parquet("numbers for texts", parquet(GOOD_TABLE | {"text": [1, 2]}),
             "column 'text': of type int64", "resumes are texts"),
    _parquet("lists for texts", parquet(GOOD_TABLE | {"text": [["x"], ["y"]]}),
             "column 'text': of type list", "resumes are texts"),
    _parquet("times for texts", parquet(GOOD_TABLE | {"text": pa.array([1, 2], pa.date32())}),
             "column 'text': of type date32", "resumes are texts"),
    _parquet("numbers for labels", parquet(GOOD_TABLE | {"labels": [1.5, 2.5]}),
             f"{_COLUMN}double", _LABELS_ALLOWED),
    _parquet("lists of numbers", parquet(GOOD_TABLE | {"labels": [[1], []]}),
             f"{_COLUMN}list", _LABELS_ALLOWED),
    _parquet("lists of lists", parquet(GOOD_TABLE | {"labels": [[["x"]], []]}),
             f"{_COLUMN}list", _LABELS_ALLOWED),
    _parquet("objects for labels", parquet(GOOD_TABLE | {"labels": [{"a": "x"}, {"a": "y"}]}),
             f"{_COLUMN}struct", _LABELS_ALLOWED),
    _parquet("nulls for labels", parquet(GOOD_TABLE | {"labels": [None, None]}),
             f"{_COLUMN}null", _LABELS_ALLOWED),
    _parquet("null text", parquet(GOOD_TABLE | {"text": ["x", None]}),
             "row 2, column 'text': null instead of a text", "resumes are texts"),
    _parquet("null labels", parquet(GOOD_TABLE | {"labels": ["x", None]}),
             "row 2, column 'labels': null instead of labels", _LABELS_ALLOWED),
    _parquet("null label", parquet(GOOD_TABLE | {"labels": [["x"], ["y", None]]}),
             "row 2, column 'labels': null as a label", "labels are texts"),
    _parquet("labels that are no text",
             parquet(GOOD_TABLE | {"labels": pa.array([b"x", b"\xff"]).view(pa.string())}),
             "row 2: labels that are not UTF-8 (byte 1)", "labels are texts"),
    _parquet("NUL", parquet(GOOD_TABLE | {"text": ["x", "a\0b"]}),
             "row 2: a NUL byte (byte 2 of the text)", TEXT),
    _parquet("endless rows", parquet({"text": _repeating("", 1_500_000),
                                      "labels": _repeating("", 1_500_000)}),
             "more than 1,000,000 resumes", "at most 1,000,000 are read"),
    _parquet("large text", parquet(GOOD_TABLE | {"text": ["x", "a " * 100]}),
             "row 2: 200 bytes", "a resume may have 100", lowered=(("RESUME_BYTES", 100),)),
    _parquet("column packed too well", parquet(GOOD_TABLE | {"text": ["x", "a " * 10**6]},
                                                compression="zstd"),
             "column 'text': ", "at most 100 times as many are read"),
    _parquet("one text many times", parquet({"text": _repeating("ab " * 9999, 9000),
                                             "labels": _repeating("x", 9000)}),
             "row ", "at most 100 times as many are read"),
    _parquet("many labels of one", parquet(GOOD_TABLE | {"labels": [[], _repeating("x", 5000)
                                                                   .to_pylist()]}),
             "column 'labels.list.element': 5,001 values in 2 rows", "at most 1000 a row"),
    _parquet("nested under the same name", parquet({"text": ["x"], "labels": ["y"],
             "t": [{"a": "x"}], "t.a": ["z"]}), "its columns are nested under the same names",
             PARQUET, options=("--text", "t.a")),
]  # fmt: skip


def _source(
    name: str,
    make: Callable[[Path], object],
    said: str,
    allowed: str,
    source: str = "x",
    options: Sequence[str] = (),
) -> Malformed:
    return Malformed("source", name, make, said, allowed, source, tuple(options))


SOURCES = [
    _source("missing", _nothing, "x: no such file", FORMS),
    _source("missing of a form", _nothing, "x: no such file", ZIP, options=("--form", "archive")),
    _source("below a file", written("x", b""), "x/y: cannot be read (Not a directory)", FORMS,
            "x/y"),
    _source("endless name", _nothing, "cannot be read (File name too long)", FORMS, "n" * 300),
    _source("newline in its name", _nothing, "no such file", FORMS, "x\ny"),
    _source("link to nothing", lambda f: (f / "x").symlink_to("y"), "x: no such file", FORMS),
    _source("link to itself", lambda f: (f / "x").symlink_to("x"),
            "x: cannot be read (Too many levels of symbolic links)", FORMS),
    _source("pipe", lambda f: os.mkfifo(f / "x"), "x: not a file", FORMS),
    _source("pipe called csv", lambda f: os.mkfifo(f / "x.csv"), "x.csv: not a file", FORMS,
            "x.csv"),
    _source("device", _nothing, "/dev/zero: not a file", FORMS, "/dev/zero"),
    _source("random device as csv", _nothing, "/dev/urandom: not a file", CSV, "/dev/urandom",
            ("--form", "csv")),
    _source("empty", written("x", b""), "x: of none of the forms that are known", FORMS),
    _source("binary", written("x", _BIG[:999]), "x: of none of the forms", FORMS),
    _source("plain text", written("x", b"just a text\n"), "x: of none of the forms", FORMS),
    _source("a document", written("x.pdf", b"%PDF-1.5\n"), "x.pdf: of none of the forms", FORMS,
            "x.pdf"),
    _source("a list in JSON", written("x.json", b'[{"text": "x"}]'), "x.json: of none of", FORMS,
            "x.json"),
    _source("unknown form", written("x", b""), "--form: 'xml' is not known",
            "auto, archive, folder, one-file, csv, parquet, jsonl", options=("--form", "xml")),
    _source("another form: csv", written("x.zip", _DEFLATED), "x.zip: line 1", CSV, "x.zip",
            ("--form", "csv")),
    _source("another form: parquet", written("x.zip", _DEFLATED), "x.zip: not a readable Parquet",
            PARQUET, "x.zip", ("--form", "parquet")),
    _source("another form: archive", written("x.csv", GOOD_CSV), "x.csv: not a readable zip", ZIP,
            "x.csv", ("--form", "archive")),
    _source("columns of a zip", written("x.zip", _DEFLATED),
            "--text: ", "for csv, parquet, jsonl only", "x.zip", ("--text", "body")),
    _source("separator of a zip", written("x.zip", _DEFLATED),
            "--separator: ", "for csv, parquet, jsonl only", "x.zip", ("--separator", ",")),
    _source("empty separator", written("x.csv", GOOD_CSV), "--separator: is empty",
            "give a name, or leave the option out", "x.csv", ("--separator", "")),
    _source("one column for both", written("x.csv", GOOD_CSV), "--labels: 'text' is --text too",
            "two columns", "x.csv", ("--labels", "text")),
]  # fmt: skip

CASES = [
    *ZIP_NAMES, *ZIP_KINDS, *ZIP_BOMBS, *ZIP_DAMAGE, *ZIP_CONTENT, *FOLDERS, *ONE_FILES, *CSVS,
    *JSONLS, *PARQUETS, *SOURCES,
]  # fmt: skip
