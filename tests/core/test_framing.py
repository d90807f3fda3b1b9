"""Frames of event files, held against a checksum that is computed bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.event_writer import crc32c, frame, masked
from tuimon.core.checksums import all_hold
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


def test_damage_is_found_among_many_records_also_beside_gaps() -> None:
    records = [frame(bytes([n % 251]) * (n % 23)) for n in range(9000)]
    block = bytearray(b"".join(records))
    frames = FrameWalker().walk(bytes(block))
    assert intact(bytes(block), frames.begins, frames.lengths).all()
    damaged = [0, 17, 4095, 4096, 8998, 8999]
    for number in damaged:
        # A byte of the checksum: a record of no byte has one too.
        block[int(frames.begins[number] + frames.lengths[number]) + 12] ^= 0x80
    assert np.flatnonzero(~intact(bytes(block), frames.begins, frames.lengths)).tolist() == damaged
    kept = np.delete(np.arange(9000), [3, 17, 4096, 5000])
    holds = intact(bytes(block), frames.begins[kept], frames.lengths[kept])
    assert kept[~holds].tolist() == [0, 4095, 8998, 8999]


def test_one_checksum_tells_whether_all_records_hold() -> None:
    block = b"".join(frame(bytes([n]) * n) for n in (7, 0, 30))
    ends = np.array([7, 7 + 16, 7 + 16 + 30 + 16])
    content = np.frombuffer(block[12:] + bytes(12), np.uint8)
    assert all_hold(content.copy(), ends)
    for place in [*range(11), *range(23, 27), *range(39, 73)]:  # all but the headers
        damaged = content.copy()
        damaged[place] ^= 1 << place % 8
        assert not all_hold(damaged, ends)


@pytest.mark.parametrize("before", [0, 1, 1023, 1024, 1025, 5000])
def test_the_next_header_is_found(before: int) -> None:
    junk = np.random.default_rng(before).integers(0, 256, before, np.uint8).tobytes()
    block = junk + frame(b"record")
    assert find_header(block, 0) == before
    assert find_header(block, before + 1) is None
    assert find_header(block[: before + 11], 0) is None


def test_zeros_hold_no_header() -> None:
    assert find_header(bytes(5000), 0) is None


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_can_be_walked(block: bytes) -> None:
    frames = FrameWalker().walk(block)
    assert 0 <= frames.end <= len(block)
    find_header(block, 0)
