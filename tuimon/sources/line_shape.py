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
        starts: int64[n, k] for k numbers in each of n lines.
        ends: int64[n, k].
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
    """

    def __init__(self, line: bytes, row: Row, tags: tuple[str, ...], spans: list[tuple[int, int]]) -> None:
        self.tags = tags
        self.names = frozenset(row)
        self.commas = line.count(b",")
        self.axes = tuple(index for index, tag in enumerate(tags) if names_axis(tag.lower()))
        borders = [0, *(place for span in spans for place in span), len(line)]
        between = [line[borders[index] : borders[index + 1]] for index in range(0, len(borders), 2)]
        self._between = between
        self._lengths = np.array([len(text) for text in between])
        # The end of each number but the last, as which comma and how many bytes before it.
        stops = [end for _, end in spans[:-1]]
        self._comma = _slice_or_array([line.count(b",", 0, stop) for stop in stops])
        self._before = np.array([line.index(b",", stop) - stop for stop in stops], np.int64)
        windows = [window for index, text in enumerate(between) for window in _windows(index, text)]
        self._text = _slice_or_array([index for index, *_ in windows])
        self._back = np.array([back for _, back, _, _ in windows])
        self._expected = np.frombuffer(b"".join(expected for *_, expected, _ in windows), np.uint64)
        self._masks = np.frombuffer(b"".join(mask for *_, mask in windows), np.uint64)

    def is_like(self, other: LineShape) -> bool:
        """Return whether another shape is the same."""
        return self._between == other._between

    def locate(self, text: ByteArray, starts: Int64Array, ends: Int64Array, commas: Int64Array) -> Located:
        """Find the numbers of lines.

        Args:
            text: uint8[m].
            starts: int64[n], where each line begins; as many bytes as a window has lie before the first.
            ends: int64[n], where its line end stands.
            commas: int64[n, `self.commas`], where the commas of each line stand.
        """
        count = len(self.tags)
        stops = np.empty((len(starts), count), np.int64)
        np.subtract(commas[:, self._comma], self._before, out=stops[:, :-1])
        np.subtract(ends, self._lengths[-1], out=stops[:, -1])
        # Each text between two numbers, where it ends: at the start of a number, or the end of the line.
        behind = np.empty((len(starts), count + 1), np.int64)
        np.add(starts, self._lengths[0], out=behind[:, 0])
        np.add(stops[:, :-1], self._lengths[1:-1], out=behind[:, 1:-1])
        behind[:, -1] = ends
        # Where a line does not fit, the text may end before it should.
        np.minimum(behind, len(text), out=behind)
        fits = np.asarray((stops > behind[:, :-1]).all(axis=1))
        windows = np.ndarray((len(text) - _WINDOW + 1,), f"V{_WINDOW}", text.data, strides=(1,))
        at_once = max(1, _WINDOWS_AT_ONCE // len(self._back))
        for begin in range(0, len(starts), at_once):
            part = slice(begin, begin + at_once)
            at = np.subtract(behind[part, self._text], self._back, order="C")
            found = windows[at].view(np.uint64)
            found &= self._masks
            same = found == self._expected
            if not same.all():
                fits[part] &= same.all(axis=1)
        return Located(behind[:, :-1], stops, fits)


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
    """Return indices as what numpy takes without a copy, if they are those from 0 on."""
    return slice(len(indices)) if indices == list(range(len(indices))) else np.array(indices, np.int64)


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
