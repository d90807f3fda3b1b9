"""Finding all whole frames of an event file block by block, over damage and over what is not written yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tuimon.core.frame_walk import Frames, FrameWalker, ShortFrames
from tuimon.core.framing import FRAME_BYTES, HEADER_BYTES, find_header, intact
from tuimon.core.frozen import frozen

MAX_RECORD_BYTES = 64 << 20
"""Longer records (graphs, embeddings) are stepped over unread, so that memory stays bounded."""

_SEARCH_BYTES = 64 << 10


@frozen
class _Lost:
    """The damaged frame behind which an intact header is looked for; both are offsets in the file.

    `doubtful_end` is where what shows the damage ends: the header, or the whole frame if its header holds.
    """

    begin: int
    doubtful_end: int


class FrameScanner:
    """Remembers between blocks whether the frames were lost, and where they go on.

    Args:
        report: Takes each damaged place: what is wrong, and its offset in the file.
    """

    def __init__(self, report: Callable[[str, int], None]) -> None:
        self._report = report
        self._walker = FrameWalker()
        self.needed = HEADER_BYTES
        """How many bytes the next block must have at least to be of use."""
        self.unfinished_at: int | None = None
        """Where in the file the record begins that is begun and not whole, at the end of the file."""
        self._skip_to = 0
        self._lost: _Lost | None = None
        self._said_lost = False
        self._said_blank = False
        self._written_end = 0

    def scan(self, block: bytes, offset: int, *, at_end: bool) -> Frames:
        """Return the whole frames of `block`, which begins at `offset` of the file.

        Args:
            block: Begins where the last scan said that the next block has to begin (`Frames.end`).
            offset: Where in the file `block` begins.
            at_end: Whether the file ends with `block`. Frames that end in NUL bytes up to the end of the
                file and do not hold are not written yet.

        Returns:
            The frames, and as `end` where in `block` the next block has to begin (it may lie before it).
        """
        parts: list[Frames] = []
        short = ShortFrames(block)
        position = min(len(block), max(0, self._skip_to - offset))
        while True:
            if self._lost is not None:
                position = self._search(block, offset, position)
            if self._lost is not None:
                break
            frames = self._walker.walk(block, position, short, at_end=at_end)
            if frames.needed:
                parts.append(frames)
                position = self._step_over_long(block, offset, frames)
                break
            kept = _without_false_last(block, frames)
            parts.append(kept)
            doubtful_end = frames.end if kept.end < frames.end else frames.end + HEADER_BYTES
            self._lost = _Lost(offset + kept.end, offset + doubtful_end)
            self._written_end = 0
            position = kept.end + 1
        found = _joined(parts, position)
        is_unfinished = self._lost is None and position < len(block)
        self.unfinished_at = offset + position if is_unfinished else None
        return self._without_blank_end(block, offset, found) if at_end else found

    def _search(self, block: bytes, offset: int, position: int) -> int:
        """Look for the next intact header and return its place, or where to go on looking."""
        assert self._lost is not None  # noqa: S101 - tells mypy what the only caller knows
        written = len(block.rstrip(b"\0"))
        self._written_end = offset + written if written else self._written_end
        found = find_header(block, position)
        if found is None:
            self.needed = _SEARCH_BYTES
            return max(position, len(block) - HEADER_BYTES + 1)
        skipped = offset + found - self._lost.begin
        self._report(f"a damaged record: {skipped} bytes were skipped up to the next one", self._lost.begin)
        self._lost, self._said_lost = None, False
        return found

    def _step_over_long(self, block: bytes, offset: int, frames: Frames) -> int:
        """Return where the next block has to begin when the walk stopped at a frame that is not whole."""
        self.needed = frames.needed
        if frames.needed <= MAX_RECORD_BYTES:
            return frames.end
        self._report(f"a record of {frames.needed} bytes is too long and was not read", offset + frames.end)
        self._skip_to = offset + frames.end + frames.needed
        self.needed = HEADER_BYTES
        return len(block)

    def _without_blank_end(self, block: bytes, offset: int, found: Frames) -> Frames:
        """Leave a last frame that ends in NUL bytes and does not hold to a later scan, once it is written."""
        lost = self._lost
        if lost is not None and (self._written_end >= lost.doubtful_end or not block.endswith(b"\0")):
            if not self._said_lost:
                self._said_lost = True
                self._report("a damaged record; no intact one follows it so far", lost.begin)
            return found
        if lost is not None:
            self._lost = None
            self.needed = HEADER_BYTES
            self._report_blank(max(self._written_end, lost.begin))
            return replace(found, end=lost.begin - offset)
        if not (block.endswith(b"\0") and len(found.begins)):
            return found
        kept = _without_false_last(block, found)
        written = len(block.rstrip(b"\0"))
        if kept.end < found.end and written < _last_end(found):
            self._report_blank(offset + written)
            return kept
        return found

    def _report_blank(self, offset: int) -> None:
        if not self._said_blank:
            self._said_blank = True
            self._report("the file ends in NUL bytes: not written yet, or lost in a crash", offset)


def _without_false_last(block: bytes, frames: Frames) -> Frames:
    """Leave out the last frame if its record does not hold.

    A writer that died left the begin of a record, and another one wrote on: the length of the first one
    then reaches over good records of the second, which are found only by looking inside it.
    """
    if not len(frames.begins) or intact(block, frames.begins[-1:], frames.lengths[-1:])[0]:
        return frames
    return replace(frames, begins=frames.begins[:-1], lengths=frames.lengths[:-1], end=int(frames.begins[-1]))


def _last_end(frames: Frames) -> int:
    return int(frames.begins[-1] + frames.lengths[-1]) + FRAME_BYTES


def _joined(parts: list[Frames], end: int) -> Frames:
    if len(parts) == 1:
        return replace(parts[0], end=end)
    none = np.empty(0, np.int64)
    begins = np.concatenate([none, *(part.begins for part in parts)])
    lengths = np.concatenate([none, *(part.lengths for part in parts)])
    return Frames(begins, lengths, end, 0)
