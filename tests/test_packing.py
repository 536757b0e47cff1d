"""Values and arrays in one file: to the last bit, whole or not at all."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from gigsim.packing import DamagedError, Packed, Packer, read_packed, unpack, write_packed

KIND = "a kind of file"


@dataclass(frozen=True)
class Pair:
    left: Any
    right: float


class Named(NamedTuple):
    value: Any


CLASSES = (Pair, Named)


def same(one: Any, other: Any) -> bool:
    """Equal types, equal bits."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        flags = [np.asarray(a).flags for a in (one, other)]
        order = flags[0].f_contiguous == flags[1].f_contiguous
        alike = one.dtype == other.dtype and one.shape == other.shape and order
        return alike and one.tobytes() == other.tobytes()
    if isinstance(one, float):
        return np.float64(one).tobytes() == np.float64(other).tobytes()
    if isinstance(one, Pair):
        return same(one.left, other.left) and same(one.right, other.right)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def through(value: Any, path: Path) -> Any:
    packer = Packer(CLASSES)
    content = packer.pack(value)
    write_packed(path, Packed(KIND, content, packer.arrays))
    found = read_packed(path, KIND)
    return unpack(found.content, found.arrays, CLASSES)


ARRAYS = st.builds(
    lambda kind, shape, seed, turn: (
        np.random.default_rng(seed).integers(0, 2, shape).astype(kind).T
        if turn
        else np.random.default_rng(seed).integers(0, 100, shape).astype(kind)
    ),
    st.sampled_from(["f8", "f4", "i8", "i4", "u8", "u1", "?"]),
    st.lists(st.integers(0, 3), max_size=3),
    st.integers(0, 99),
    st.booleans(),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=5)
    | ARRAYS
    | st.builds(np.float64, st.floats())
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.builds(lambda parts: tuple(parts), st.lists(inner, max_size=3))
        | st.builds(Pair, inner, st.floats())
        | st.builds(Named, inner)
    ),
    max_leaves=12,
)


@given(value=VALUES)
def test_what_is_read_is_what_was_written(
    value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "packed"
    found = through(value, path)
    assert same(found, _plain(value))


def _plain(value: Any) -> Any:
    """Lists of scalars alone come back as Python's own."""
    if isinstance(value, Pair):
        return Pair(_plain(value.left), value.right)
    if isinstance(value, Named):
        return Named(_plain(value.value))
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(_plain(inner) for inner in value)
    if isinstance(value, list):
        if value and all(type(v) in (float, np.float64) for v in value):
            return [float(v) for v in value]
        if len(value) > 1 and all(isinstance(v, dict) for v in value):
            keys = list(value[0])
            if keys and all(list(row) == keys for row in value):
                # Rows of a table are packed column by column, each a list.
                columns = {key: _plain([row[key] for row in value]) for key in keys}
                return [{key: columns[key][k] for key in keys} for k in range(len(value))]
        return [_plain(inner) for inner in value]
    return value


@given(
    rows=st.lists(
        st.builds(
            lambda n, x, b, s: {"n": n, "x": x, "b": b, "s": s},
            st.integers(-9, 9),
            st.floats(),
            st.booleans(),
            st.text(max_size=3),
        ),
        max_size=6,
    )
)
def test_rows_are_kept_by_column(
    rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows"
    assert same(through(rows, path), rows)
    if len(rows) > 1:
        assert len(read_packed(path, KIND).arrays) == 3


def test_every_bit_of_a_nan(tmp_path: Path) -> None:
    odd = np.array([0xFFF8000000000123], dtype=np.uint64).view(np.float64)
    found = through(
        {"array": odd, "number": float(odd[0]), "column": [float(odd[0])] * 2}, tmp_path / "n"
    )
    assert found["array"].tobytes() == odd.tobytes()
    assert np.float64(found["number"]).tobytes() == np.float64(float(odd[0])).tobytes()


def test_an_array_that_occurs_twice_is_written_once(tmp_path: Path) -> None:
    array = np.arange(1000.0)
    found = through([array, {"again": array}], tmp_path / "twice")
    assert (tmp_path / "twice").stat().st_size < 8000 + 1000
    assert found[0] is found[1]["again"], "and is one again when it is read"
    found[0][0] = 7


def test_it_is_a_safetensors_file(tmp_path: Path) -> None:
    through({"weights": np.ones((2, 3), dtype=np.float32)}, tmp_path / "file")
    with safe_open(tmp_path / "file", framework="numpy") as opened:
        assert set(opened.metadata()) == {KIND, "digest"}
        assert opened.get_tensor("0").shape == (2, 3)


@pytest.mark.parametrize(
    "value", [{1: 2}, {"a": object()}, np.array(["text"]), {3}, 1j], ids=range(5)
)
def test_what_is_not_written_is_an_error(value: Any) -> None:
    with pytest.raises(TypeError):
        Packer(CLASSES).pack(value)


def test_a_class_that_is_not_on_the_list_is_not_made(tmp_path: Path) -> None:
    packer = Packer(CLASSES)
    content = packer.pack(Pair(1, 2.0))
    with pytest.raises(DamagedError, match="Pair"):
        unpack(content, packer.arrays, (Named,))


def test_a_deque_comes_back_as_a_list(tmp_path: Path) -> None:
    assert through(deque([1, None], maxlen=5), tmp_path / "deque") == [1, None]


# ------------------------------------------------------------------------------ bad files


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "file"
    through({"a": np.arange(50.0), "b": ["x", 1.5]}, path)
    return path.read_bytes()


@given(data=st.data())
def test_any_byte_changed_or_cut_off_is_noticed(
    whole: bytes, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    path = tmp_path_factory.getbasetemp() / "broken"
    if data.draw(st.booleans()):
        path.write_bytes(whole[:place])
    else:
        flipped = whole[place] ^ data.draw(st.integers(1, 255))
        path.write_bytes(whole[:place] + bytes([flipped]) + whole[place + 1 :])
    try:
        found = read_packed(path, KIND)
    except DamagedError:
        return
    # JSON has room between its words that says nothing.
    assert found.content == _content(whole, tmp_path_factory)


def _content(whole: bytes, factory: pytest.TempPathFactory) -> Any:
    path = factory.getbasetemp() / "unbroken"
    path.write_bytes(whole)
    return read_packed(path, KIND).content


@pytest.mark.parametrize("content", [b"", b"{}", b"\0" * 100, bytes(range(64)), b"PK\x03\x04" * 50])
def test_a_foreign_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DamagedError, match=f"no {KIND}"):
        read_packed(tmp_path / "file", KIND)


def test_weights_of_somebody_else(tmp_path: Path) -> None:
    save_file({"weights": np.ones(3)}, tmp_path / "file")
    with pytest.raises(DamagedError, match=f"no {KIND}"):
        read_packed(tmp_path / "file", KIND)
    save_file({"weights": np.ones(3)}, tmp_path / "file", {KIND: "{}"})
    with pytest.raises(DamagedError, match="digest"):
        read_packed(tmp_path / "file", KIND)


def test_no_file_or_a_folder_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_packed(tmp_path / "none", KIND)
    with pytest.raises(IsADirectoryError):
        read_packed(tmp_path, KIND)


def test_a_full_disk_leaves_the_file_before(tmp_path: Path) -> None:
    code = f"""
import resource, numpy as np
from pathlib import Path
from gigsim.packing import Packed, write_packed
path = Path({str(tmp_path / "file")!r})
write_packed(path, Packed({KIND!r}, 1, {{}}))
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, {resource.RLIM_INFINITY}))
try:
    write_packed(path, Packed({KIND!r}, 2, {{"0": np.ones(10_000)}}))
except OSError as error:
    print(error.errno)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "27", "EFBIG"
    assert read_packed(tmp_path / "file", KIND).content == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
