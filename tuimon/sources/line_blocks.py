"""Blocks of lines, without an object per line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np

from tuimon.core.batch import Problem
from tuimon.core.columns import Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.decimal_text import ByteArray

_LINE_END = 0x0A
_NO_LINES = np.empty(0, np.int64)


@frozen
class LineBlock:
    """What one read of a text file brought.

    Attributes:
        text: Bytes with whole lines among them.
        starts: int64[n], where in `text` each line that is not empty begins.
        ends: int64[n], where its line end stands.
        offsets: int64[n], where in the file each line begins.
        new_generation: These lines begin another file (see `Chunk`).
        more: Whether another read would bring more at once.
        bytes_read: How many bytes were read.
        problems: What is wrong. Each problem is reported once.
    """

    text: bytes = b""
    starts: Int64Array = field(default_factory=lambda: _NO_LINES)
    ends: Int64Array = field(default_factory=lambda: _NO_LINES)
    offsets: Int64Array = field(default_factory=lambda: _NO_LINES)
    new_generation: bool = False
    more: bool = False
    bytes_read: int = 0
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def characters(self) -> ByteArray:
        """The text as uint8[m]."""
        return np.frombuffer(self.text, np.uint8)

    def lines(self, places: Int64Array) -> list[bytes]:
        """Return some of the lines, without their ends."""
        text = self.text
        bounds = zip(self.starts[places].tolist(), self.ends[places].tolist(), strict=True)
        return [text[start:end] for start, end in bounds]


def joined_lines(
    text: bytes, whole: int, begin: int, lines: Sequence[bytes], offsets: Sequence[int]
) -> tuple[bytes, Int64Array, Int64Array, Int64Array]:
    """Return `text`, `starts`, `ends` and `offsets` of a `LineBlock`.

    Args:
        text: Bytes that begin with whole lines.
        whole: How many bytes these are.
        begin: Where in the file they begin.
        lines: Further lines, cut one by one: long ones, and a last one that is complete without its end.
        offsets: Where in the file these begin.
    """
    starts = ends = _NO_LINES
    if whole:
        ends = (np.frombuffer(text, np.uint8, whole) == _LINE_END).nonzero()[0]
        starts = np.append(0, ends[:-1] + 1)
        if (starts == ends).any():
            starts, ends = starts[starts < ends], ends[starts < ends]
    places = starts + begin
    if lines:
        text = b"\n".join([text[:whole], *lines, b""])
        cut_ends = np.cumsum([whole, *(len(line) + 1 for line in lines)])[1:]
        starts = np.append(starts, cut_ends - [len(line) for line in lines])
        ends, places = np.append(ends, cut_ends), np.append(places, offsets)
    return text, starts, ends, places
