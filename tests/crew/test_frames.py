"""Frames: put together again however they were cut, blocking and not."""

from __future__ import annotations

import os
import threading

from hypothesis import given
from hypothesis import strategies as st

from gigsim.crew.frames import Frame, Kind, Parser, available, pack, read_frame, write_frame

frames = st.lists(
    st.builds(
        Frame,
        st.sampled_from(Kind),
        st.integers(0, 2**64 - 1),
        st.just(0),
        st.binary(max_size=100),
    )
)


@given(frames, st.lists(st.integers(1, 50), min_size=1))
def test_frames_come_out_as_they_went_in(sent: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(pack(frame.kind, frame.serial, frame.body) for frame in sent)
    parser, found, at = Parser(), [], 0
    while at < len(stream):
        size = cuts[len(found) % len(cuts)]
        found += list(parser.feed(stream[at : at + size]))
        at += size
    assert found == sent


def test_through_a_pipe_longer_than_it_holds() -> None:
    reader, writer = os.pipe()
    body = os.urandom(300_000)
    thread = threading.Thread(target=write_frame, args=(writer, Kind.DONE, 7, body, 12))
    thread.start()
    assert read_frame(reader) == Frame(Kind.DONE, 7, 12, body)
    thread.join()
    os.set_blocking(reader, False)
    assert available(reader) == (b"", False)
    write_frame(writer, Kind.READY, 0)
    data, ended = available(reader)
    assert (list(Parser().feed(data)), ended) == ([Frame(Kind.READY, 0, 0, b"")], False)
    os.write(writer, pack(Kind.ORDER, 1, b"cut short")[:-1])
    os.close(writer)
    os.set_blocking(reader, True)
    assert read_frame(reader) is None
    assert available(reader) == (b"", True)
    os.close(reader)
