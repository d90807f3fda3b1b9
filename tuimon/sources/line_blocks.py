"""Reading text files that other programs are still writing as blocks of lines, without an object per line."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tuimon.core.batch import Problem
from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import ByteArray
from tuimon.sources.tail import LineTail
from tuimon.sources.tailed_file import BLOCK_BYTES

_LINE_END = 0x0A
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NO_LINES = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
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


class BlockTail(LineTail):
    """A `LineTail` that leaves the lines in one piece."""

    _text = b""
    _whole = 0
    _begin = 0

    def read_block(self, max_bytes: int = BLOCK_BYTES) -> LineBlock:
        """Read up to `max_bytes` bytes on and return the lines that they complete. Never raises."""
        self._text, self._whole = b"", 0
        read = self.read(max_bytes)
        text, self._text = self._text, b""
        starts = ends = _NO_LINES
        if self._whole:
            ends = (np.frombuffer(text, np.uint8, self._whole) == _LINE_END).nonzero()[0]
            starts = np.append(0, ends[:-1] + 1)
            if (starts == ends).any():
                starts, ends = starts[starts < ends], ends[starts < ends]
        offsets = starts + self._begin
        if read.lines:
            # Cut one by one: long lines, and a last one that is complete without its end.
            text = b"\n".join([text[: self._whole], *read.lines, b""])
            cut_ends = np.cumsum([self._whole, *(len(line) + 1 for line in read.lines)])[1:]
            starts = np.append(starts, cut_ends - [len(line) for line in read.lines])
            ends, offsets = np.append(ends, cut_ends), np.append(offsets, read.offsets)
        return LineBlock(
            text, starts, ends, offsets, read.new_generation, read.more, read.bytes_read, read.problems
        )

    def _split(self, text: bytes, start: int, problems: list[Problem]) -> tuple[list[bytes], list[int]]:
        is_special = self._is_skipping or len(text) > self._max_line_bytes
        if is_special or (start == 0 and text.startswith(_BYTE_ORDER_MARK)):
            return super()._split(text, start, problems)
        self._text, self._begin = text, start
        self._whole = text.rfind(b"\n") + 1
        self._partial = text[self._whole :]
        return [], []
