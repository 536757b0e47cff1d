"""Two columns of a Parquet file, row by row: the script of a process of its own, never imported.

A Parquet file made to do harm can bring the reader's whole process down: some damaged footers end
it by a C++ exception that nobody catches (seen in pyarrow 26: ``RowGroupMetaData.column`` where a
histogram has another length than the levels), and a few bytes may stand for a list of a thousand
million labels. Here that is an early end, which the parent reports, and a limit of memory. Nothing
of the package is imported: the start takes as long as pyarrow's.

Standard input is the file, the argument is JSON (``text``, ``labels``: columns; ``limits``). On
standard output goes one line of JSON about the file, then for each row two lengths, the bytes of
the text and its labels as JSON; then what was wrong, as JSON, if anything was.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

#: Lengths before a row; a text of ``END`` bytes is none: what follows is what was wrong.
LENGTHS = struct.Struct("<qq")
END, NULL = -2, -1

#: Bytes of address space; honest files need a tenth of it.
_MEMORY = 8 << 30
_BATCH_ROWS = 64
_BROKEN = (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError)


class _Fault(Exception):  # noqa: N818 - it is sent, not shown
    """What is wrong with the file: (place in it, problem, what is allowed or nothing)."""


def main(order: dict[str, Any], source: BinaryIO, out: BinaryIO) -> None:
    """Write what the file tells, then its rows."""
    _limit_memory()
    names = (order["text"], order["labels"])
    fault: list[str] | None = None
    header: dict[str, Any] = {"columns": None}
    try:
        # Of the file as it is, to see the types before columns are read as dictionaries.
        plain = pq.ParquetFile(source, pre_buffer=False)
        header = _header(plain, names)
        _send(out, header)
        if header["readable"]:
            leaves = _leaves(plain, names, order["limits"])
            reader = pq.ParquetFile(
                source,
                metadata=plain.metadata,
                read_dictionary=leaves,
                pre_buffer=False,
                page_checksum_verification=True,
            )
            for text, labels in _rows(reader, names, order["limits"]):
                cell = json.dumps(labels).encode()
                out.write(LENGTHS.pack(NULL if text is None else len(text), len(cell)))
                out.write(text or b"")
                out.write(cell)
    except _Fault as error:
        fault = list(error.args)
    except (*_BROKEN, ValueError) as error:
        fault = ["", f"unreadable ({str(error) or type(error).__name__})", ""]
        if header["columns"] is None:
            fault[1] = fault[1].replace("unreadable", "not a readable Parquet file", 1)
            _send(out, header)
    said = json.dumps(fault).encode()
    out.write(LENGTHS.pack(END, len(said)) + said)
    out.flush()


def _limit_memory() -> None:
    if sys.platform != "linux":  # elsewhere the system's own limits hold, if it has any
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY or most > _MEMORY:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, most))


def _send(out: BinaryIO, header: dict[str, Any]) -> None:
    out.write(json.dumps(header).encode() + b"\n")


def _header(file: pq.ParquetFile, names: tuple[str, str]) -> dict[str, Any]:
    schema = file.schema_arrow
    columns = list(schema.names)
    header: dict[str, Any] = {"columns": columns, "rows": file.metadata.num_rows}
    header["readable"] = all(columns.count(name) == 1 for name in names) and names[0] != names[1]
    if header["readable"]:
        text, labels = (schema.field(name).type for name in names)
        header["types"] = [str(text), str(labels)]
        header["texts"] = _is_text(text) or pa.types.is_binary(_values(text))
        several = _values(labels)
        if pa.types.is_list(several) or pa.types.is_large_list(several):
            several = several.value_type
        header["labels"] = _is_text(several)
        header["readable"] = header["texts"] and header["labels"]
    return header


def _values(kind: pa.DataType) -> pa.DataType:
    """The type of a column's values, whether or not they are kept in a dictionary."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    kind = _values(kind)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _leaves(file: pq.ParquetFile, names: tuple[str, str], limits: dict[str, int]) -> list[str]:
    """Paths of the leaves of both columns; what the footer tells of them is looked at first."""
    metadata = file.metadata
    paths = [file.schema.column(k).path for k in range(metadata.num_columns)]
    own = [
        k for k, path in enumerate(paths) if f"{path}.".startswith(tuple(f"{n}." for n in names))
    ]
    total = 0
    for group in range(metadata.num_row_groups):
        for k in own:
            chunk = metadata.row_group(group).column(k)
            where = f": column {paths[k]!r}"
            size, packed = chunk.total_uncompressed_size, chunk.total_compressed_size
            total += max(0, size)
            if total > limits["total"]:
                raise _Fault(
                    where,
                    f"more than {limits['total']:,} bytes uncompressed",
                    f"at most {limits['total']:,} are read",
                )
            if size > max(limits["ratio_from"], limits["ratio"] * packed):
                raise _Fault(
                    where,
                    f"{packed:,} bytes that unpack to {size:,} or more",
                    f"at most {limits['ratio']} times as many are read: text packs no better",
                )
            most = limits["labels"] * max(1, metadata.num_rows)
            if chunk.num_values > most:
                raise _Fault(
                    where,
                    f"{chunk.num_values:,} values in {metadata.num_rows:,} rows",
                    f"at most {limits['labels']} a row",
                )
    return [paths[k] for k in own]


def _rows(
    reader: pq.ParquetFile, names: tuple[str, str], limits: dict[str, int]
) -> Iterator[tuple[bytes | None, Any]]:
    """Texts as bytes, None where there is none, and labels: a text, a list or None."""
    row = 0
    for batch in reader.iter_batches(_BATCH_ROWS, columns=list(names), use_threads=False):
        if sorted(batch.schema.names) != sorted(names):
            raise _Fault("", "its columns are nested under the same names", "")
        texts, labels = (batch.column(name) for name in names)
        for k in range(batch.num_rows):
            row += 1
            value = texts[k].value if pa.types.is_dictionary(texts.type) else texts[k]
            # The bytes: cleaning decodes them, and takes invalid UTF-8 for cp1252.
            buffer = value.as_buffer() if value is not None and value.is_valid else None
            if buffer is not None and buffer.size > limits["resume"]:
                raise _Fault(
                    f": row {row}",
                    f"{buffer.size:,} bytes",
                    f"a resume may have {limits['resume']:,}",
                )
            try:
                cell = labels[k].as_py()
            except UnicodeDecodeError as error:
                raise _Fault(
                    f": row {row}",
                    f"labels that are not UTF-8 (byte {error.start + 1})",
                    "labels are texts",
                ) from error
            yield None if buffer is None else bytes(buffer), cell
    if row != reader.metadata.num_rows:
        raise _Fault("", f"{row:,} of {reader.metadata.num_rows:,} rows are there", "")


if __name__ == "__main__":
    with open(0, "rb", closefd=False) as _source:
        main(json.loads(sys.argv[1]), _source, sys.stdout.buffer)
