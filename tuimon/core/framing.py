"""TFRecord frames: how a record stands in an event file, and how to find the next one after damage.

A frame is the length of the record (uint64, little-endian), the masked CRC-32C of these eight bytes, the
record, and the masked CRC-32C of the record:
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.core.checksums import UInt8Array, UInt32Array, crcs, masked_crc, masked_crcs, unmasked
from tuimon.core.columns import Int64Array

__all__ = ["FRAME_BYTES", "HEADER_BYTES", "by_length", "find_header", "intact", "masked_crc", "rows_of"]

HEADER_BYTES = 12
FRAME_BYTES = 16
"""What a frame is longer than its record: the header before it and the checksum behind it."""

_WORD_BYTES = 8
# The next good header is mostly near; the window in which it is looked for doubles.
_FIRST_WINDOW_BYTES = 1024
# Fewer records of one length, and longer ones, are checked faster one by one.
_FEWEST_ROWS = 4
_LONGEST_ROW_BYTES = 256


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
    """Return for each of the given frames of `block` whether its record is what was written."""
    import google_crc32c  # noqa: PLC0415 - see masked_crc

    found = np.empty(len(begins), np.uint32)
    for indices in by_length(lengths):
        length = int(lengths[indices[0]])
        if len(indices) >= _FEWEST_ROWS and 0 < length <= _LONGEST_ROW_BYTES:
            found[indices] = crcs(rows_of(block, begins[indices], length), length)
            continue
        for index in indices.tolist():
            start = int(begins[index]) + HEADER_BYTES
            found[index] = google_crc32c.value(block[start : start + int(lengths[index])])
    return np.equal(unmasked(_words(block, begins + (lengths + HEADER_BYTES))), found)


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


def _words(block: bytes, places: Int64Array) -> UInt32Array:
    """Return the four bytes at each of `places`, which need not be aligned, as a number."""
    if not len(places):
        return np.empty(0, np.uint32)
    words: UInt32Array = np.ndarray((len(block) - 3,), "<u4", block, 0, (1,))[places]
    return words
