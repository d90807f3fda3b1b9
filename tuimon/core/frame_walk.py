"""From frame to frame through an event file.

A training loop logs the same tags in the same order, so the lengths of its records repeat. Where they do,
the headers that have to come are compared with a whole block at once. Elsewhere all places that look like
the header of a short record are found at once, and the frames that follow each other are a chain of them.
What is left is walked one by one. The checksum of every header is verified on each of these ways.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from tuimon.core.checksums import UInt8Array, UInt32Array, masked_crc, masked_crcs
from tuimon.core.columns import Int64Array
from tuimon.core.framing import FRAME_BYTES, HEADER_BYTES
from tuimon.core.periods import MOST_RECENT, count_alike, period_at_end

_HEADER = struct.Struct("<QI")
# A training loop logs records of a few lengths again and again; a file of ever new ones starts over.
_MOST_KNOWN_LENGTHS = 4096
# Records shorter than this are found by their headers; of longer ones there are few.
_SHORT_BYTES = 4096
# A shorter stretch is walked faster one by one.
_FEWEST_BYTES = 1024
_SHORTEST_ROW_BYTES = 512

_WORD_BYTES = 4


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
    """Walks from frame to frame, and remembers what followed what."""

    def __init__(self) -> None:
        self._frame_bytes: dict[bytes, int] = {}
        self._recent = np.empty(0, np.int64)

    def walk(
        self, block: bytes, begin: int = 0, short: ShortFrames | None = None, *, at_end: bool = True
    ) -> Frames:
        """Return the whole frames of `block` from `begin` on, up to its end or to a damaged header.

        Args:
            block: The bytes.
            begin: Where a frame begins.
            short: For several walks through one block, so that it is searched only once.
            at_end: Whether nothing follows `block` yet. Otherwise the last frames may be left to the next
                block: a loop is cheapest where it is whole.
        """
        short = short or ShortFrames(block)
        cycle = self._recent[:0] if short.are_known else self._cycle(len(block) - begin)
        repeated = np.tile(cycle, _count_repeats(np.frombuffer(block, np.uint8)[begin:], cycle))
        at = begin + int(repeated.sum())
        needed = _row_of(cycle)[1] if len(repeated) and not at_end else 0
        others = cycle[:0]
        if at + needed <= len(block):
            others, needed = self._walk_on(block, at, short)
            self._recent = np.concatenate([self._recent, others])[-MOST_RECENT:]
        sizes = np.concatenate([repeated, others])
        ends = sizes.cumsum() + begin
        return Frames(ends - sizes, sizes - FRAME_BYTES, int(sizes.sum()) + begin, needed)

    def _cycle(self, size: int) -> Int64Array:
        """Return the sizes of the frames that repeat, from the next one on; nothing if that does not pay."""
        period = period_at_end(self._recent) if size >= _FEWEST_BYTES else 0
        return self._recent[len(self._recent) - period :]

    def _walk_on(self, block: bytes, begin: int, short: ShortFrames) -> tuple[Int64Array, int]:
        """Return the sizes of the frames from `begin` on, and what the next one needs (`Frames.needed`)."""
        parts = [self._recent[:0]]
        at = begin
        while True:
            chain = short.chain(at)
            if not len(chain):
                needed = self._frame_at(block, at)
                if not needed or at + needed > len(block):
                    return np.concatenate(parts), needed
                chain = np.array([needed], np.int64)
            parts.append(chain)
            at += int(chain.sum())

    def _frame_at(self, block: bytes, begin: int) -> int:
        """Return the size of the frame at `begin`, at least that of a header; 0 if its header is damaged."""
        header = block[begin : begin + HEADER_BYTES]
        known = self._frame_bytes.get(header)
        if known is not None:
            return known
        if len(header) < HEADER_BYTES:
            return HEADER_BYTES
        length, checksum = _HEADER.unpack(header)
        if masked_crc(header[:8]) != checksum:
            return 0
        if len(self._frame_bytes) >= _MOST_KNOWN_LENGTHS:
            self._frame_bytes.clear()
        size: int = length + FRAME_BYTES
        self._frame_bytes[header] = size
        return size


class ShortFrames:
    """The whole frames of short records in a block, found by their headers when they are first asked for.

    A place within a record may look like a header; it is of no chain that is asked for.
    """

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._begins = self._ends = self._lasts = np.empty(0, np.int64)
        self.are_known = False

    def chain(self, begin: int) -> Int64Array:
        """Return the sizes of frames that follow each other from `begin` on.

        `begin` is not before that of the first call.
        """
        if not self.are_known:
            self._find(begin)
        first = int(np.searchsorted(self._begins, begin))
        if first == len(self._begins) or self._begins[first] != begin:
            return self._begins[:0]
        chain = slice(first, int(self._lasts[np.searchsorted(self._lasts, first)]) + 1)
        return self._ends[chain] - self._begins[chain]

    def _find(self, begin: int) -> None:
        self.are_known = True
        if len(self._block) - begin >= _FEWEST_BYTES:
            begins, lengths = _short_headers(self._block, begin)
            ends = begins + lengths + FRAME_BYTES
            whole = ends <= len(self._block)
            self._begins, self._ends = begins[whole], ends[whole]
            breaks = np.flatnonzero(self._ends[:-1] != self._begins[1:])
            self._lasts = np.append(breaks, len(self._begins) - 1)


def _short_headers(block: bytes, begin: int) -> tuple[Int64Array, Int64Array]:
    """Return where from `begin` on headers of short records stand, and their lengths.

    Seven of the eight bytes of a length below 256 are zero, so an aligned word among them is; the last byte
    before it that is not zero is where the header begins. Of longer lengths, which have six zeros, this
    finds three in four.
    """
    first = begin // _WORD_BYTES
    # A frame that is whole is longer than the header behind which the words end here.
    count = (len(block) - HEADER_BYTES) // _WORD_BYTES - first
    words = np.frombuffer(block, "<u4", count, first * _WORD_BYTES)
    zeros = np.flatnonzero(words[1:] == 0)
    before = words[zeros]
    zeros, before = zeros[before != 0], before[before != 0]
    places = (first + zeros) * _WORD_BYTES + (_WORD_BYTES - 1)
    for shift in (24, 16, 8):
        places -= before < (1 << shift)
    lengths, found = _lengths_at(block, places)
    if found.all():
        return places, lengths
    # The last byte that is not zero may be the second one of a length.
    earlier = np.maximum(places - 1, 0)
    earlier_lengths, earlier_found = _lengths_at(block, earlier)
    places = np.where(found, places, earlier)[found | earlier_found]
    return places, np.where(found, lengths, earlier_lengths)[found | earlier_found]


def _lengths_at(block: bytes, places: Int64Array) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
    """Return the length that stands at each of `places`, and whether a short record's header does."""
    lengths = np.ndarray((len(block) - 7,), "<i8", block, 0, (1,))[places]
    checksums = np.ndarray((len(block) - 3,), "<u4", block, 0, (1,))[places + 8]
    found = (lengths > 0) & (lengths < _SHORT_BYTES)
    found &= _header_checksums().take(lengths, mode="clip") == checksums
    return lengths, found


@cache
def _header_checksums() -> UInt32Array:
    """Return the checksum of the header of every short record, by its length."""
    return masked_crcs(np.arange(_SHORT_BYTES, dtype="<u8")[:, None].view(np.uint8))


def _count_repeats(array: UInt8Array, cycle: Int64Array) -> int:
    """Return how often frames of the sizes in `cycle` stand in `array` one after another.

    Several times around are compared as one row, and only whole rows count.
    """
    if not len(cycle):
        return 0
    cycles, size = _row_of(cycle)
    sizes = np.tile(cycle, cycles)
    expected, mask = np.zeros((2, size), np.uint8)
    for begin, frame_bytes in zip((sizes.cumsum() - sizes).tolist(), sizes.tolist(), strict=True):
        expected[begin : begin + HEADER_BYTES] = _header_of(frame_bytes)
        mask[begin : begin + HEADER_BYTES] = 0xFF
    return cycles * count_alike(array[: len(array) // size * size].reshape(-1, size), expected, mask)


def _row_of(cycle: Int64Array) -> tuple[int, int]:
    """Return how often a cycle stands in a row, and how many bytes that makes."""
    size = int(cycle.sum())
    cycles = 1 + _SHORTEST_ROW_BYTES // size
    return cycles, cycles * size


@lru_cache(_MOST_KNOWN_LENGTHS)
def _header_of(size: int) -> UInt8Array:
    """Return the header of a frame of `size` bytes, uint8[12]."""
    length = (size - FRAME_BYTES).to_bytes(8, "little")
    return np.frombuffer(length + masked_crc(length).to_bytes(4, "little"), np.uint8)
