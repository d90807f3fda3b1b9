"""TFRecord frames: where the records of an event file begin, and how to find the next one after damage.

A frame is the length of the record (uint64, little-endian), the masked CRC-32C of these eight bytes, the
record, and the masked CRC-32C of the record:
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Int64Array

HEADER_BYTES = 12
FRAME_BYTES = 16
"""What a frame is longer than its record: the header before it and the checksum behind it."""

_MASK_DELTA = 0xA282EAD8
_CASTAGNOLI = 0x82F63B78  # the polynomial of CRC-32C, bits reversed
_WORD = 0xFFFFFFFF
# A training loop logs records of a few lengths again and again; a file of ever new ones starts over.
_MOST_KNOWN_LENGTHS = 4096
_HEADER = struct.Struct("<QI")
# The next good header is mostly near; the window in which it is looked for doubles.
_FIRST_WINDOW_BYTES = 1024

UInt8Array = npt.NDArray[np.uint8]
UInt32Array = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The whole frames of a block that follow each other without a gap.

    Attributes:
        begins: int64[n], where in the block each frame begins (its record begins `HEADER_BYTES` later).
        lengths: int64[n], the length of each record in bytes.
        end: Where the walk stopped: behind the last whole frame.
        needed: How many bytes the frame at `end` takes, as far as is known; 0 if its header is damaged.
    """

    begins: Int64Array
    lengths: Int64Array
    end: int
    needed: int


class FrameWalker:
    """Walks from frame to frame. The checksum of every header is verified."""

    def __init__(self) -> None:
        self._frame_bytes: dict[bytes, int] = {}

    def walk(self, block: bytes, begin: int = 0) -> Frames:
        """Return the whole frames of `block` from `begin` on, up to its end or to a damaged header."""
        known = self._frame_bytes.get
        begins: list[int] = []
        found = begins.append
        size = len(block)
        while True:
            header = block[begin : begin + HEADER_BYTES]
            needed = known(header)
            if needed is None:
                if len(header) < HEADER_BYTES:
                    needed = HEADER_BYTES
                    break
                needed = self._learn(header)
                if not needed:
                    break
            following = begin + needed
            if following > size:
                break
            found(begin)
            begin = following
        ends = np.array([*begins[1:], begin] if begins else [], np.int64)
        starts = np.array(begins, np.int64)
        return Frames(starts, ends - starts - FRAME_BYTES, begin, needed)

    def _learn(self, header: bytes) -> int:
        """Return the length of the frame with this header, or 0 if the header is damaged."""
        length, checksum = _HEADER.unpack(header)
        if masked_crc(header[:8]) != checksum:
            return 0
        if len(self._frame_bytes) >= _MOST_KNOWN_LENGTHS:
            self._frame_bytes.clear()
        needed: int = length + FRAME_BYTES
        self._frame_bytes[header] = needed
        return needed


def masked_crc(record: bytes) -> int:
    """Return the checksum that a frame carries for `record`."""
    import google_crc32c  # noqa: PLC0415 - compiled; only who reads or writes event files needs it

    crc: int = google_crc32c.value(record)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & _WORD


def intact(block: bytes, begins: Int64Array, lengths: Int64Array) -> npt.NDArray[np.bool_]:
    """Return for each of the given frames of `block` whether its record is what was written."""
    import google_crc32c  # noqa: PLC0415 - see masked_crc

    crc_of = google_crc32c.value
    starts = begins + HEADER_BYTES
    stops = starts + lengths
    found = [crc_of(block[a:b]) for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]
    stored = np.frombuffer(block, np.uint8)[stops[:, None] + np.arange(4)].view("<u4")[:, 0]
    unmasked = stored - np.uint32(_MASK_DELTA)
    expected: UInt32Array = (unmasked >> np.uint32(17)) | (unmasked << np.uint32(15))
    return np.equal(expected, np.array(found, np.uint32))


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
    found: Int64Array = places[_masked_crcs(headers[:, :8]) == stored]
    return found


def _masked_crcs(words: UInt8Array) -> UInt32Array:
    """Return the masked CRC-32C of each row of `words`, uint8[n, k]."""
    crc = np.full(len(words), _WORD, np.uint32)
    for column in words.T:
        crc = _CRC_TABLE[(crc ^ column) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    crc = ~crc
    masked: UInt32Array = ((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(_MASK_DELTA)
    return masked


def _crc_table() -> UInt32Array:
    """Return the CRC-32C of every single byte, the table of the byte-wise algorithm (RFC 3720, B.4)."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> np.uint32(1)) ^ np.where(table & np.uint32(1), np.uint32(_CASTAGNOLI), np.uint32(0))
    return table


_CRC_TABLE = _crc_table()
