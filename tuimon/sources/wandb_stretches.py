"""Whole records of a `.wandb` file that lie behind one another, found thousands at a time.

W&B writes each of its records with a number first, so that what follows a header is known. All places that
look like a header and what follows it are found at once; where each of some records ends where the next one
begins, these are a stretch. Whatever is not found so is left to be read one by one.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import repeat
from zlib import crc32

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.protobuf_table import length_prefixed
from tuimon.sources.sparse_marks import places_of

BLOCK_BYTES = 32768
HEADER_BYTES = 7
FULL = 1
"""The kind of a record that is in one piece. The kind is the last byte of a header, and the first one of what
its checksum is of."""

_CRC_OF_FULL = crc32(bytes([FULL]))
# The kind, and the key of the number that comes first: field 1, a varint.
_KIND_AND_KEY = int.from_bytes(bytes([FULL, 0x08]), "little")
# A summary repeats what the history says, for each row of it: half of a file is that.
_SUMMARY_KEY = np.uint64(3 << 3 | 2)
_WORD = 8
_KIND_AT, _LENGTH_AT = 6, 4
_ONE, _LOW_BYTE = np.uint64(1), np.uint64(0xFF)
# Where in a word the bytes of a varint end, behind the key of a field and before another one.
_ENDS, _LAST_END = np.uint64(0x0080_8080_8080_8000), np.uint64(1 << 55)


@frozen(eq=False)
class Stretch:
    """Intact records that lie behind one another.

    Attributes:
        first: The number of the first one.
        count: How many they are.
        stop: Where the last one ends.
        numbers: Those of the records that are to be read: all but summaries.
        begins: Where the headers of these begin.
        records: What these hold.
    """

    first: int
    count: int
    stop: int
    numbers: list[int]
    begins: list[int]
    records: list[memoryview]


class StretchFinder:
    """Finds the stretches of a part of a file.

    Args:
        data: The bytes.
        offset: Where in the file they begin.
    """

    def __init__(self, data: bytes, offset: int) -> None:
        begins, stops = _headers(data, offset)
        is_last = np.append(stops[:-1] != begins[1:], True)
        # No block is left but where the caller does.
        is_last[:-1] |= (begins[1:] + offset) // BLOCK_BYTES != (begins[:-1] + offset) // BLOCK_BYTES
        read = (~_are_summaries(data, begins + HEADER_BYTES, stops)).nonzero()[0]
        self._begins: list[int] = begins.tolist()
        self._stops: list[int] = stops.tolist()
        self._lasts: list[int] = is_last[: len(begins)].nonzero()[0].tolist()
        # Of those that are to be read: their numbers, where they begin, what they hold, and its checksum.
        self._numbers: list[int] = read.tolist()
        begins = begins[read]
        self._read_begins: list[int] = begins.tolist()
        contents = map(slice, (begins + HEADER_BYTES).tolist(), stops[read].tolist())
        self._records = list(map(memoryview(data).__getitem__, contents))
        self._checksums: list[int] = _unaligned(data, "<u4")[begins].tolist()

    def find(self, at: int) -> Stretch | None:
        """Return the intact records from `at` on; None where no such record begins.

        The checksums of summaries are not verified: what they hold is not read, and that they end where they
        do, they say twice.
        """
        first = bisect_left(self._begins, at)
        if first == len(self._begins) or self._begins[first] != at:
            return None
        stop = self._lasts[bisect_left(self._lasts, first)] + 1
        begin, end = bisect_left(self._numbers, first), bisect_left(self._numbers, stop)
        records, checksums = self._records[begin:end], self._checksums[begin:end]
        found = list(map(crc32, records, repeat(_CRC_OF_FULL)))
        if found != checksums:
            intact = next(
                n for n, pair in enumerate(zip(found, checksums, strict=True)) if pair[0] != pair[1]
            )
            end = begin + intact
            stop = self._numbers[end]
            del records[intact:]
        if stop == first:
            return None
        numbers, begins = self._numbers[begin:end], self._read_begins[begin:end]
        return Stretch(first, stop - first, self._stops[stop - 1], numbers, begins, records)


def _headers(data: bytes, offset: int) -> tuple[Int64Array, Int64Array]:
    """Return where headers of whole records may begin, rising, and where these records would end."""
    kinds = np.concatenate([
        2 * places_of(np.frombuffer(data, "<u2", (len(data) - shift) // 2, shift) == _KIND_AND_KEY) + shift
        for shift in (0, 1)
    ])  # fmt: skip
    kinds.sort(kind="stable")
    # Words are read from the record's begin on.
    kinds = kinds[(kinds >= _KIND_AT) & (kinds < len(data) - _WORD)]
    begins = kinds - _KIND_AT
    stops = kinds + 1 + _unaligned(data, "<u2")[begins + _LENGTH_AT]
    fits = (stops <= len(data)) & (stops <= begins + BLOCK_BYTES - (begins + offset) % BLOCK_BYTES)
    return begins[fits], stops[fits]


def _are_summaries(data: bytes, begins: Int64Array, stops: Int64Array) -> npt.NDArray[np.bool_]:
    """Return which records are a number, whose key is one byte, and a summary up to their end."""
    words = _unaligned(data, "<u8")[begins]
    ends = (~words & _ENDS) | _LAST_END
    # The exponent of two tells in which byte the first end is.
    behind_number = np.frexp((ends & (~ends + _ONE)).astype(np.float64))[1].astype(np.int64) // 8
    keys = words >> (8 * behind_number).astype(np.uint64)
    found: npt.NDArray[np.bool_] = (keys & _LOW_BYTE) == _SUMMARY_KEY
    which = found.nonzero()[0]
    lengths_at = (begins + behind_number + 1)[which]
    contents, content_ends = length_prefixed(np.frombuffer(data, np.uint8), lengths_at, stops[which])
    found[which] = (contents >= 0) & (content_ends == stops[which])
    return found


def _unaligned(data: bytes, dtype: str) -> npt.NDArray[np.unsignedinteger[npt.NBitBase]]:
    """Return what stands from each byte on, without a copy."""
    size = np.dtype(dtype).itemsize
    return np.ndarray((max(len(data) - size + 1, 0),), dtype, data, 0, (1,))
