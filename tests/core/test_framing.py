"""Frames of event files, held against a checksum that is computed bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.event_writer import crc32c, frame, masked
from tuimon.core.frame_walk import FrameWalker
from tuimon.core.framing import find_header, intact, masked_crc


def test_the_checksum_is_that_of_the_standard() -> None:
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    for record in (b"", b"a", bytes(32), bytes(range(256))):
        assert masked_crc(record).to_bytes(4, "little") == masked(record)


def test_frames_are_walked_up_to_one_that_is_not_whole() -> None:
    block = frame(b"one") + frame(b"") + frame(b"three")
    for cut in range(len(block) + 1):
        frames = FrameWalker().walk(block[:cut])
        whole = sum(end <= cut for end in (19, 35, 56))
        assert frames.begins.tolist() == [0, 19, 35][:whole]
        assert frames.lengths.tolist() == [3, 0, 5][:whole]
        assert frames.end == [0, 19, 35, 56][whole]
        assert frames.needed > cut - frames.end


def test_a_damaged_header_ends_the_walk() -> None:
    block = bytearray(frame(b"one") + frame(b"two"))
    for place in range(19, 31):
        damaged = block.copy()
        damaged[place] ^= 4
        frames = FrameWalker().walk(bytes(damaged))
        assert (frames.begins.tolist(), frames.end, frames.needed) == ([0], 19, 0)


def test_a_damaged_record_is_known() -> None:
    block = bytearray(frame(b"one") + frame(b"two") + frame(b""))
    frames = FrameWalker().walk(bytes(block))
    assert intact(bytes(block), frames.begins, frames.lengths).tolist() == [True, True, True]
    block[32] ^= 1
    assert intact(bytes(block), frames.begins, frames.lengths).tolist() == [True, False, True]
    none = np.empty(0, np.int64)
    assert intact(bytes(block), none, none).tolist() == []


@pytest.mark.parametrize("before", [0, 1, 1023, 1024, 1025, 5000])
def test_the_next_header_is_found(before: int) -> None:
    junk = np.random.default_rng(before).integers(0, 256, before, np.uint8).tobytes()
    block = junk + frame(b"record")
    assert find_header(block, 0) == before
    assert find_header(block, before + 1) is None
    assert find_header(block[: before + 11], 0) is None


def test_zeros_hold_no_header() -> None:
    assert find_header(bytes(5000), 0) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_can_be_walked(block: bytes) -> None:
    frames = FrameWalker().walk(block)
    assert 0 <= frames.end <= len(block)
    find_header(block, 0)
