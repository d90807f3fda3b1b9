"""JSON lines of one shape: equal to the last byte but for the numbers in them.

A program mostly logs the same names in the same order. Then one line tells where the numbers of all others
lie: commas are counted from the start of a line, and what lies between two numbers is always as long. Each
byte between them is compared with the line that the shape was learned from, so that what is taken for a
number of this shape is exactly that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import orjson

from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import BoolArray, ByteArray
from tuimon.sources.row_axes import names_axis
from tuimon.sources.row_notes import CONFIG_NAMES
from tuimon.sources.rows import MAX_DEPTH, Row

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*', re.DOTALL)
# To fetch bytes from an odd place costs about the same for eight as for 32.
_WINDOW = 32
# A wider row would make tables of too much memory; it is read as any other.
_MOST_NUMBERS = 2000
# So many stay in the processor's cache.
_WINDOWS_AT_ONCE = 8000


class Located(NamedTuple):
    """Where the numbers of some lines lie.

    Attributes:
        starts: int64[k, n] for k numbers in each of n lines.
        ends: int64[k, n].
        fits: bool[n], which lines have the shape; what is said of the others means nothing.
    """

    starts: Int64Array
    ends: Int64Array
    fits: BoolArray


class LineShape:
    """The shape of a line with numbers only, nested or not.

    Attributes:
        tags: The name of each number; names of nested rows are joined by `/`.
        names: The names at the top.
        commas: How many commas a line has.
        axes: Which of the numbers may be step or clock.
        others: Which are neither.
    """

    def __init__(self, line: bytes, row: Row, tags: tuple[str, ...], spans: list[tuple[int, int]]) -> None:
        self.tags = tags
        self.names = frozenset(row)
        self.commas = line.count(b",")
        self.axes = tuple(index for index, tag in enumerate(tags) if names_axis(tag.lower()))
        self.others = _slice_or_array([index for index in range(len(tags)) if index not in self.axes])
        borders = [0, *(place for span in spans for place in span), len(line)]
        between = [line[borders[index] : borders[index + 1]] for index in range(0, len(borders), 2)]
        self._between = between
        # Behind each number a comma or the line end: which mark of the line, and how many bytes on.
        ends = [end for _, end in spans]
        marks = [line.count(b",", 0, end) for end in ends[:-1]] + [self.commas]
        behind = [line.index(b",", end) - end for end in ends[:-1]] + [len(between[-1])]
        self._mark = _slice_or_array(marks)
        self._behind = np.array(behind)
        self._lengths = np.array([len(text) for text in between[:-1]])
        # The windows of the first text are found from the start of the line, the others from these marks.
        windows = [window for index, text in enumerate(between) for window in _windows(index, text)]
        self._first = np.array([len(between[0]) - back for index, back, _, _ in windows if not index])
        others = [(index - 1, len(between[index]) - back) for index, back, _, _ in windows if index]
        self._anchor = _slice_or_array([marks[number] for number, _ in others])
        self._shift = np.array([shift - behind[number] for number, shift in others])
        self._expected = np.frombuffer(b"".join(expected for *_, expected, _ in windows), np.uint64)
        self._masks = np.frombuffer(b"".join(mask for *_, mask in windows), np.uint64)

    def is_like(self, other: LineShape) -> bool:
        """Return whether another shape is the same."""
        return self._between == other._between

    def locate(self, text: ByteArray, starts: Int64Array, marks: Int64Array) -> Located:
        """Find the numbers of lines.

        Args:
            text: uint8[m].
            starts: int64[n], where each line begins; as many bytes as a window has lie before the first.
            marks: int64[n, `self.commas` + 1], where the commas and the end of each line stand.
        """
        ends = np.subtract(marks.T[self._mark], self._behind[:, np.newaxis], order="C")
        begins = np.empty_like(ends)
        begins[0] = starts
        begins[1:] = ends[:-1]
        begins += self._lengths[:, np.newaxis]
        fits = np.asarray((begins < ends).all(axis=0))
        windows = np.ndarray((len(text) - _WINDOW + 1,), f"V{_WINDOW}", text.data, strides=(1,))
        first = len(self._first)
        at_once = max(1, _WINDOWS_AT_ONCE // (first + len(self._shift)))
        at = np.empty((at_once, first + len(self._shift)), np.int64)
        for begin in range(0, len(starts), at_once):
            part = slice(begin, begin + at_once)
            at = at[: len(starts) - begin]
            np.add(starts[part, np.newaxis], self._first, out=at[:, :first])
            np.add(marks[part, self._anchor], self._shift, out=at[:, first:])
            if at.min() < 0 or at.max() >= len(windows):
                # Where a line does not fit, what is looked for may lie outside of the text.
                fits[part] &= ((at >= 0) & (at < len(windows))).all(axis=1)
                np.clip(at, 0, len(windows) - 1, out=at)
            found = windows[at].view(np.uint64)
            found &= self._masks
            same = found == self._expected
            if not same.all():
                fits[part] &= same.all(axis=1)
        return Located(begins, ends, fits)


def learn_shape(line: bytes) -> LineShape | None:
    """Return the shape of a line, or None if it holds other than numbers, or what needs a closer look."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(row, dict) or any(isinstance(row.get(name), dict) for name in CONFIG_NAMES):
        return None
    leaves = list(_leaves(row))
    tags = tuple(tag for tag, _ in leaves)
    spans = [found.span() for found in _TOKEN.finditer(line) if not found[0].startswith(b'"')]
    if not 0 < len(tags) == len(set(tags)) == len(spans) <= _MOST_NUMBERS:
        return None
    for (_, value), (start, end) in zip(leaves, spans, strict=True):
        if type(value) not in (int, float) or orjson.loads(line[start:end]) != value:
            return None
    return LineShape(line, row, tags, spans)


def _leaves(row: Row, prefix: str = "", depth: int = 1) -> Iterator[tuple[str, object]]:
    for name, value in row.items():
        if isinstance(value, dict) and depth < MAX_DEPTH:
            yield from _leaves(value, f"{prefix}{name}/", depth + 1)
        else:
            yield prefix + name, value


def _slice_or_array(indices: list[int]) -> slice | Int64Array:
    """Return indices as what numpy takes without a copy, if they follow one another."""
    first = indices[0] if indices else 0
    follow = indices == list(range(first, first + len(indices)))
    return slice(first, first + len(indices)) if follow else np.array(indices, np.int64)


def _windows(index: int, text: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Yield the windows through which a text is looked at.

    Each is given as the index of the text, how many bytes before its end the window begins, what is seen
    there, and a mask of those of its bytes that belong to the text.
    """
    for back in range(_WINDOW, len(text) + _WINDOW, _WINDOW):
        # The last one overlaps the one before, or what lies before a short text.
        begin = min(back, max(len(text), _WINDOW))
        seen = text[max(len(text) - begin, 0) :][:_WINDOW]
        yield index, begin, seen.rjust(_WINDOW, b"\0"), (b"\xff" * len(seen)).rjust(_WINDOW, b"\0")
