"""TFRecord frames: how a record stands in an event file, and how to find the next one after damage.

A frame is the length of the record (uint64, little-endian), the masked CRC-32C of these eight bytes, the
record, and the masked CRC-32C of the record:
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tuimon.core.checksums import UInt8Array, all_hold, masked_crc, masked_crcs
from tuimon.core.columns import Int64Array

__all__ = ["FRAME_BYTES", "HEADER_BYTES", "by_length", "find_header", "intact", "masked_crc", "rows_of"]

HEADER_BYTES = 12
FRAME_BYTES = 16
"""What a frame is longer than its record: the header before it and the checksum behind it."""

_WORD_BYTES = 8
# The next good header is mostly near; the window in which it is looked for doubles.
_FIRST_WINDOW_BYTES = 1024
# So many records are checked faster one by one.
_FEW_FRAMES = 16
# So many are checked at once: what is copied stays in the processor's cache.
_FRAMES_AT_ONCE = 4096


def by_length(lengths: Int64Array) -> list[Int64Array]:
    """Return the indices of the records of each length, ascending; all above 64 KiB count as one length."""
    # Two bytes: numpy sorts these by radix, in a tenth of the time.
    short = np.minimum(lengths, np.iinfo(np.uint16).max).astype(np.uint16)
    rank = np.argsort(short, kind="stable")
    borders = np.flatnonzero(np.diff(short[rank])) + 1
    return np.split(rank, borders) if len(rank) else []


def rows_of(block: bytes, begins: Int64Array, length: int) -> UInt8Array:
    """Return records of one length as rows of whole words, uint8[n, 8k].

    Args:
        block: Where the records stand.
        begins: int64[n], where in `block` their frames begin.
        length: Of each record. What fills up the first word are the bytes of the header before it.
    """
    fill = -length % _WORD_BYTES
    # An element of as many bytes as the row is copied at once; a row of bytes would be copied one by one.
    rows = np.ndarray((len(block) - fill - length + 1,), f"V{fill + length}", block, 0, (1,))
    return rows[begins + (HEADER_BYTES - fill)].view(np.uint8).reshape(-1, fill + length)


def intact(block: bytes, begins: Int64Array, lengths: Int64Array) -> npt.NDArray[np.bool_]:
    """Return for each of the given frames of `block`, which stand in order, whether its record is intact."""
    ends = begins + (lengths + HEADER_BYTES)
    gaps = np.flatnonzero(ends[:-1] + (FRAME_BYTES - HEADER_BYTES) != begins[1:]) + 1
    borders = sorted({*gaps.tolist(), *range(0, len(begins), _FRAMES_AT_ONCE), len(begins)})
    parts = [slice(*part) for part in pairwise(borders)]
    holds = np.ones(len(begins), bool)
    while parts:
        part = parts.pop()
        count = part.stop - part.start
        if count <= _FEW_FRAMES:
            places = zip(begins[part].tolist(), ends[part].tolist(), strict=True)
            holds[part] = [_holds(block, *place) for place in places]
        elif not _all_hold(block, int(begins[part.start]), ends[part]):
            middle = part.start + count // 2
            parts += [slice(part.start, middle), slice(middle, part.stop)]
    return holds


def find_header(block: bytes, begin: int) -> int | None:
    """Return the first place from `begin` on where an intact header stands, or None.

    Only records of 1 byte to 4 GiB are looked for, so that runs of zeros cost little.
    """
    window = _FIRST_WINDOW_BYTES
    while len(block) - begin >= HEADER_BYTES:
        places = _header_places(np.frombuffer(block, np.uint8)[begin : begin + window + HEADER_BYTES - 1])
        if len(places):
            return begin + int(places[0])
        begin += window
        window *= 2
    return None


def _header_places(array: UInt8Array) -> Int64Array:
    count = len(array) - HEADER_BYTES + 1
    low = array[:count] | array[1 : 1 + count] | array[2 : 2 + count] | array[3 : 3 + count]
    high = array[4 : 4 + count] | array[5 : 5 + count] | array[6 : 6 + count] | array[7 : 7 + count]
    places = np.flatnonzero((high == 0) & (low != 0))
    headers = array[places[:, None] + np.arange(HEADER_BYTES)]
    stored = headers[:, 8:].copy().view("<u4")[:, 0]
    found: Int64Array = places[masked_crcs(headers[:, :8]) == stored]
    return found


def _all_hold(block: bytes, begin: int, ends: Int64Array) -> bool:
    """Return whether all records of frames that follow each other from `begin` on are intact."""
    begin += HEADER_BYTES
    size = int(ends[-1]) + (FRAME_BYTES - HEADER_BYTES) - begin
    content = np.zeros(size + HEADER_BYTES, np.uint8)
    content[:size] = np.frombuffer(block, np.uint8, size, begin)
    return all_hold(content, ends - begin)


def _holds(block: bytes, begin: int, end: int) -> bool:
    return masked_crc(block[begin + HEADER_BYTES : end]).to_bytes(4, "little") == block[end : end + 4]
