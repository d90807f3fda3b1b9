"""From frame to frame through an event file.

A training loop logs the same tags in the same order, so the lengths of its records repeat. Where they do,
the headers that have to come are compared with those of many turns at once. Elsewhere all places that look
like the header of a short record are found at once, and the frames that follow each other are a chain of
them. What is left, such as what a loop logs now and then, is walked one by one. The checksum of every header
is verified on each of these ways.
"""

from __future__ import annotations

import struct
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from tuimon.core.checksums import UInt32Array, masked_crc, masked_crcs
from tuimon.core.columns import Int64Array
from tuimon.core.framing import FRAME_BYTES, HEADER_BYTES
from tuimon.core.frozen import frozen
from tuimon.core.periods import MOST_RECENT, period_at_end

_HEADER = struct.Struct("<QI")
# A training loop logs records of a few lengths again and again; a file of ever new ones starts over.
_MOST_KNOWN_LENGTHS = 4096
# Records shorter than this are found by their headers; of longer ones there are few.
_SHORT_BYTES = 4096
# A shorter stretch is walked faster one by one.
_FEWEST_BYTES = 1024
# Headers are looked for in a window that widens as long as no loop is found.
_FIRST_WINDOW_BYTES = 1 << 16
# A loop is left for so few frames mostly.
_MOST_BETWEEN = 64
# Few frames, as they come while a training runs, are walked without looking for a loop in them.
_FEWEST_REMEMBERED = 64
# How many turns of a loop are compared first, and how many headers at once.
_FIRST_TURNS, _MOST_COMPARED = 64, 1 << 16

_GOES_ON = -1
_WORD_BYTES, _LENGTH_BYTES = 4, 8


@frozen(eq=False)
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
        self._loop: _Loop | None = None

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
        parts = []
        at, needed = begin, _GOES_ON
        while needed == _GOES_ON:
            loop = self._loop
            turns = loop.count_turns(block, at) if loop else 0
            if loop and turns:
                parts.append(np.tile(loop.sizes, turns))
                at += turns * loop.turn_bytes
                if not at_end and at + loop.turn_bytes > len(block):
                    needed = loop.turn_bytes
                    break
                others, needed = self._walk_between(block, at, loop)
            else:
                others, needed = self._walk_on(block, at, short)
            parts.append(others)
            at += int(others.sum())
        sizes = np.concatenate(parts)
        ends = sizes.cumsum() + begin
        return Frames(ends - sizes, sizes - FRAME_BYTES, at, needed)

    def _walk_between(self, block: bytes, begin: int, loop: _Loop) -> tuple[Int64Array, int]:
        """Return the sizes of the frames that a loop was left for, and what the next one needs.

        That is `_GOES_ON` where the loop may go on or there are many of them. A loop that goes on is from
        then on taken to begin with its first frame behind what it was left for.
        """
        found: list[int] = []
        needed, at = _GOES_ON, begin
        while needed == _GOES_ON and len(found) < _MOST_BETWEEN:
            size = self._frame_at(block, at)
            if not size or at + size > len(block):
                needed = size
                break
            found.append(size)
            at += size
            if block.startswith(loop.head, at):
                begun = loop.count_begun(found)
                if begun:
                    self._loop = _loop_of(np.roll(loop.sizes, begun).tobytes())
                    del found[-begun:]
                break
        return np.array(found, np.int64), needed

    def _walk_on(self, block: bytes, begin: int, short: ShortFrames) -> tuple[Int64Array, int]:
        """Return the sizes of the frames from `begin` on, and what the next one needs (`Frames.needed`).

        That is `_GOES_ON` where a loop may have begun.
        """
        parts = []
        needed, at = _GOES_ON, begin
        while needed == _GOES_ON and (at == begin or at < short.stop):
            chain = short.chain(at)
            if not len(chain):
                size = self._frame_at(block, at)
                if not size or at + size > len(block):
                    needed = size
                    break
                chain = np.array([size], np.int64)
            parts.append(chain)
            at += int(chain.sum())
        found = np.concatenate([self._recent[:0], *parts])
        self._recent = np.concatenate([self._recent, found])[-MOST_RECENT:]
        period = period_at_end(self._recent) if needed == _GOES_ON or len(found) >= _FEWEST_REMEMBERED else 0
        if period:
            self._loop = _loop_of(self._recent[len(self._recent) - period :].tobytes())
        return found, needed

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


class _Loop:
    """Frames that repeat in one order.

    Attributes:
        sizes: int64[k], of the frames of one turn.
        turn_bytes: Their sum.
        head: The header of the first one.
    """

    def __init__(self, sizes: Int64Array) -> None:
        self.sizes = sizes
        self.turn_bytes = int(sizes.sum())
        self._at = sizes.cumsum() - sizes
        self._lengths = (sizes - FRAME_BYTES).astype("<u8")[:, None]
        self._checksums = masked_crcs(self._lengths.view(np.uint8))[:, None]
        self.head = self._lengths[0].tobytes() + self._checksums[0].astype("<u4").tobytes()

    def count_turns(self, block: bytes, begin: int) -> int:
        """Return how many turns stand one after another in `block` from `begin` on."""
        if not block.startswith(self.head, begin):
            return 0
        whole = (len(block) - begin) // self.turn_bytes
        most = max(1, _MOST_COMPARED // len(self.sizes))
        found, compared = 0, min(_FIRST_TURNS, most)
        while found < whole:
            count = min(compared, whole - found)
            at = begin + found * self.turn_bytes
            fits = self._words(block, at, count, "<u8", 0) == self._lengths
            fits &= self._words(block, at, count, "<u4", _LENGTH_BYTES) == self._checksums
            if not fits.all():
                return found + int(fits.all(axis=0).argmin())
            found += count
            compared = min(4 * compared, most)
        return found

    def count_begun(self, sizes: list[int]) -> int:
        """Return with how many of the last frames of a turn `sizes` end."""
        for begun, (size, other) in enumerate(
            zip(reversed(sizes), reversed(self.sizes.tolist()), strict=False)
        ):
            if size != other:
                return begun
        return min(len(sizes), len(self.sizes))

    def _words(self, block: bytes, begin: int, count: int, dtype: str, place: int) -> npt.NDArray[np.generic]:
        """Return what stands at `place` of each header of `count` turns, dtype[k, count]."""
        width = self.turn_bytes - np.dtype(dtype).itemsize + 1
        return np.ndarray((width, count), dtype, block, begin, (1, self.turn_bytes))[self._at + place]


@lru_cache(256)
def _loop_of(sizes: bytes) -> _Loop:
    """Return the loop of frames of these sizes, int64[k] as bytes: mostly all files of a folder have it."""
    return _Loop(np.frombuffer(sizes, np.int64))


class ShortFrames:
    """The whole frames of short records in a block, found by their headers when they are first asked for.

    A place within a record may look like a header; it is of no chain that is asked for.

    Attributes:
        stop: Up to where headers were looked for: a window that widens.
    """

    def __init__(self, block: bytes) -> None:
        self.stop = 0
        self._block = block
        self._window_bytes = _FIRST_WINDOW_BYTES
        self._begins = self._ends = self._lasts = np.empty(0, np.int64)

    def chain(self, begin: int) -> Int64Array:
        """Return the sizes of frames that follow each other from `begin` on.

        `begin` is not before that of an earlier call.
        """
        if begin >= self.stop:
            self._find(begin)
        first = int(np.searchsorted(self._begins, begin))
        if first == len(self._begins) or self._begins[first] != begin:
            return self._begins[:0]
        chain = slice(first, int(self._lasts[np.searchsorted(self._lasts, first)]) + 1)
        return self._ends[chain] - self._begins[chain]

    def _find(self, begin: int) -> None:
        # What lies between was a loop: another one is near.
        is_far = begin - self.stop >= _FIRST_WINDOW_BYTES
        self._window_bytes = _FIRST_WINDOW_BYTES if is_far or not self.stop else 4 * self._window_bytes
        self.stop = min(begin + self._window_bytes, len(self._block))
        self._begins = self._ends = self._lasts = np.empty(0, np.int64)
        if self.stop - begin >= _FEWEST_BYTES:
            begins, lengths = _short_headers(self._block, begin, self.stop)
            ends = begins + lengths + FRAME_BYTES
            whole = ends <= len(self._block)
            self._begins, self._ends = begins[whole], ends[whole]
            breaks = np.flatnonzero(self._ends[:-1] != self._begins[1:])
            self._lasts = np.append(breaks, len(self._begins) - 1)


def _short_headers(block: bytes, begin: int, stop: int) -> tuple[Int64Array, Int64Array]:
    """Return where from `begin` to `stop` headers of short records stand, and their lengths.

    Seven of the eight bytes of a length below 256 are zero, so an aligned word among them is; the last byte
    before it that is not zero is where the header begins. Of longer lengths, which have six zeros, this
    finds three in four.
    """
    first = begin // _WORD_BYTES
    # A frame that is whole is longer than the header behind which the words end here.
    count = (stop - HEADER_BYTES) // _WORD_BYTES - first
    words = np.frombuffer(block, "<u4", count, first * _WORD_BYTES)
    zeros = np.flatnonzero(words[1:] == 0)
    before = words[zeros]
    zeros, before = zeros[before != 0], before[before != 0]
    places = (first + zeros) * _WORD_BYTES + (_WORD_BYTES - 1)
    for shift in (24, 16, 8):
        places -= before < (1 << shift)
    lengths, found = _lengths_at(block, places)
    # The last byte that is not zero may be the second one of a length.
    doubtful = np.flatnonzero(~found)
    places[doubtful] = np.maximum(places[doubtful] - 1, 0)
    lengths[doubtful], found[doubtful] = _lengths_at(block, places[doubtful])
    return places[found], lengths[found]


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
