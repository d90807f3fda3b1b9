"""Blocks of lines, without an object per line."""

from __future__ import annotations

from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from tuimon.core.batch import Problem
from tuimon.core.columns import Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.decimal_text import ByteArray
from tuimon.sources.sparse_marks import places_of

MARGIN = 32
"""So many bytes lie before the first line of a block: whoever reads whole words may begin before it."""

_LINE_END, _COMMA = 0x0A, 0x2C
# What is found out about so many bytes at once stays in the processor's cache.
_PIECE = 128 << 10
_NONE = np.empty(0, np.int64)
# A reader has one block at a time. More memory than this is not kept for the next one.
_spare: list[bytearray] = []
_spare_marks: list[Int64Array] = []
_MOST_SPARE = 2
_LARGEST_SPARE = 5 << 20


class FoundLines(NamedTuple):
    """Lines in a text.

    Attributes:
        starts: int64[n], where in the text each line that is not empty begins.
        ends: int64[n], where its line end stands.
        marks: int64[k], where commas and line ends stand.
        first_marks: int64[n], which is the first of these in each line.
        commas: int64[n], how many commas it has; its line end is the mark behind these.
    """

    starts: Int64Array = _NONE
    ends: Int64Array = _NONE
    marks: Int64Array = _NONE
    first_marks: Int64Array = _NONE
    commas: Int64Array = _NONE


@frozen
class LineBlock:
    """What one read of a text file brought: lines in memory that the next block takes when this one is left.

    Attributes:
        memory: Bytes with whole lines among them. The first one begins at `MARGIN` or behind it, and a word
            lies behind the last one.
        found: The lines.
        offsets: int64[n], where in the file each line begins.
        new_generation: These lines begin another file (see `Chunk`).
        more: Whether another read would bring more at once.
        bytes_read: How many bytes were read.
        problems: What is wrong. Each problem is reported once.
    """

    memory: bytearray
    found: FoundLines
    offsets: Int64Array
    new_generation: bool
    more: bool
    bytes_read: int
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.offsets)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if len(_spare) < _MOST_SPARE and len(self.memory) <= _LARGEST_SPARE:
            _spare.append(self.memory)
        marks = self.found.marks.base
        if marks is not None and len(_spare_marks) < _MOST_SPARE and marks.nbytes <= _LARGEST_SPARE:
            _spare_marks.append(marks)

    @property
    def characters(self) -> ByteArray:
        """The memory as uint8[m]."""
        return np.frombuffer(self.memory, np.uint8)

    def lines(self, places: Int64Array) -> list[memoryview]:
        """Return some of the lines, without their ends."""
        text = memoryview(self.memory)
        bounds = zip(self.found.starts[places].tolist(), self.found.ends[places].tolist(), strict=True)
        return [text[start:end] for start, end in bounds]


def spare_memory(size: int) -> bytearray:
    """Return at least so many bytes, which hold whatever was in them."""
    while _spare:
        memory = _spare.pop()
        if len(memory) >= size:
            return memory
    # With room for the beginning of a line before the next block.
    return bytearray(size + size // 8)


def find_lines(memory: bytearray, begin: int, stop: int) -> FoundLines:
    """Find whole lines, and their commas, in a part of a text that ends with a line end."""
    text = np.frombuffer(memory, np.uint8)
    room, count = _spare_marks.pop() if _spare_marks else _NONE, 0
    for first in range(begin, stop, _PIECE):
        piece = text[first : min(first + _PIECE, stop)]
        is_mark = piece == _COMMA
        is_mark |= piece == _LINE_END
        places = places_of(is_mark)
        if count + len(places) > len(room):
            room, known = np.empty(2 * (count + len(places)), np.int64), room
            room[:count] = known[:count]
        np.add(places, first, out=room[count : count + len(places)])
        count += len(places)
    if begin >= stop:
        return FoundLines()
    marks = room[:count]
    last_marks = (text[marks] == _LINE_END).nonzero()[0]
    first_marks = np.append(0, last_marks[:-1] + 1)
    ends = marks[last_marks]
    starts = np.append(begin, ends[:-1] + 1)
    commas = last_marks - first_marks
    if (starts == ends).any():
        holds_text = starts < ends
        starts, ends = starts[holds_text], ends[holds_text]
        first_marks, commas = first_marks[holds_text], commas[holds_text]
    return FoundLines(starts, ends, marks, first_marks, commas)
