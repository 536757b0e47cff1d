"""One training as a file: back to the bit, and nothing else is taken for it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, floating_dtypes, integer_dtypes
from safetensors.numpy import load, save

from gigsim.learners.cache_entry import DamagedError, decode, encode
from gigsim.learners.pool import FitResult

KEY = "ab" * 32

floats = arrays(
    floating_dtypes(endianness="<", sizes=(32, 64)), array_shapes(min_dims=0, min_side=0)
)
whole = arrays(
    st.one_of(
        integer_dtypes(endianness="<"), st.just(np.dtype(np.uint64)), st.just(np.dtype(bool))
    ),
    array_shapes(min_dims=0, min_side=0),
)
results = st.builds(
    FitResult,
    state=st.dictionaries(st.text(max_size=5), st.one_of(floats, whole), max_size=4),
    loss=st.floats(),
    probabilities=st.lists(floats, max_size=12).map(tuple),
    seconds=st.just(1.0),
)


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    alike = (one.dtype, one.shape) == (other.dtype, other.shape)
    return alike and one.tobytes() == other.tobytes()


def equal(one: FitResult, other: FitResult) -> bool:
    pairs = zip(one.probabilities, other.probabilities, strict=True)
    return (
        list(one.state) == list(other.state)
        and all(same_bits(one.state[name], other.state[name]) for name in one.state)
        and all(same_bits(a, b) for a, b in pairs)
        and struct.pack("<d", one.loss) == struct.pack("<d", other.loss)
    )


@given(result=results)
def test_a_result_comes_back_to_the_bit(result: FitResult) -> None:
    back = decode(KEY, encode(KEY, result))
    assert equal(back, result)
    assert (back.seconds, back.cached) == (0.0, True)


def test_arrays_may_lie_anyhow_and_are_the_readers_own() -> None:
    values = np.arange(12.0).reshape(3, 4)
    result = FitResult({"w": values.T, "n": np.array(7)}, float("nan"), (values[:, ::2],), 1.0)
    back = decode(KEY, encode(KEY, result))
    assert np.array_equal(back.state["w"], values.T)
    assert back.state["n"].shape == ()
    assert np.array_equal(back.probabilities[0], values[:, ::2])
    for array in (*back.state.values(), *back.probabilities):
        assert array.flags.writeable
        assert array.flags.c_contiguous


RESULT = FitResult(
    {"w": np.linspace(0, 1, 50), "b": np.array([1], dtype=np.int64)},
    0.25,
    (np.full((4, 3), 0.5, dtype=np.float32),),
    1.0,
)
WHOLE = encode(KEY, RESULT)


@given(at=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_any_changed_bit_is_found(at: int, bit: int) -> None:
    content = bytearray(WHOLE)
    content[at] ^= 1 << bit
    try:
        back = decode(KEY, bytes(content))
    except DamagedError:
        return
    # A bit that says nothing: JSON has several spellings of the same, and is padded.
    assert equal(back, RESULT)


@given(length=st.integers(0, len(WHOLE) - 1))
def test_a_file_that_was_cut_off_is_found(length: int) -> None:
    with pytest.raises(DamagedError):
        decode(KEY, WHOLE[:length])


@given(content=st.binary(max_size=200))
def test_any_other_bytes_are_not_believed(content: bytes) -> None:
    for some in (content, WHOLE + content + b"x"):
        with pytest.raises(DamagedError):
            decode(KEY, some)


def header(**changes: Any) -> dict[str, str]:
    length = int.from_bytes(WHOLE[:8], "little")
    return json.loads(WHOLE[8 : 8 + length])["__metadata__"] | changes


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        (None, "not a training"),
        ({"format": "pt"}, "not a training"),
        (header(format="pt"), "schema 1 of 'pt'"),
        (header(schema="2"), "schema 2 of"),
        (header(key="cd" * 32), "another training"),
        (header(loss="00" * 8), "content has changed"),
        (header(loss="00"), "not a training"),
        (header(names='["b", "w"]'), "content has changed"),
        (header(names='["b"]'), "not a training"),
        (header(names='["b", ["w"]]'), "not a training"),
        (header(names="7"), "not a training"),
        (header(digest="0" * 64), "content has changed"),
    ],
)
def test_another_header_is_not_believed(metadata: dict[str, str] | None, why: str) -> None:
    with pytest.raises(DamagedError, match=why):
        decode(KEY, save(load(WHOLE), metadata))


@pytest.mark.parametrize("metadata", [[], "x", 3, {"names": 3}])
def test_a_header_of_other_types_is_not_believed(metadata: Any) -> None:
    text = json.dumps({"__metadata__": metadata}).encode()
    with pytest.raises(DamagedError, match="not a training"):
        decode(KEY, len(text).to_bytes(8, "little") + text)


def test_the_key_of_another_training_is_not_this_one() -> None:
    with pytest.raises(DamagedError, match="another training"):
        decode("cd" * 32, WHOLE)
