"""JSON lines of one shape: equal to the last byte but for the numbers in them.

A program mostly logs the same names in the same order. Then one line tells where the numbers of all others
lie: commas are counted from the start of a line, and what lies between two numbers is always as long. Each
byte between them is compared with the line that the shape was learned from, eight at a time, so that what is
taken for a number of this shape is exactly that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import orjson

from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import BoolArray, ByteArray, words_of
from tuimon.sources.row_axes import names_axis
from tuimon.sources.row_notes import CONFIG_NAMES
from tuimon.sources.rows import MAX_DEPTH, Row

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*', re.DOTALL)
_WORD = 8
# A wider row would make tables of too much memory; it is read as any other.
_MOST_NUMBERS = 2000
# So many stay in the processor's cache.
_WORDS_AT_ONCE = 32000


class Located(NamedTuple):
    """Where the numbers of some lines lie.

    Attributes:
        starts: int64[k, n] for k numbers in n lines.
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
    """

    def __init__(self, line: bytes, row: Row, tags: tuple[str, ...], spans: list[tuple[int, int]]) -> None:
        self.tags = tags
        self.names = frozenset(row)
        self.commas = line.count(b",")
        self.axes = tuple(index for index, tag in enumerate(tags) if names_axis(tag.lower()))
        borders = [0, *(place for span in spans for place in span), len(line)]
        between = [line[borders[index] : borders[index + 1]] for index in range(0, len(borders), 2)]
        self._between = between
        self._lengths = np.array([[len(text)] for text in between])
        # The end of each number but the last, as which comma and how many bytes before it.
        stops = [end for _, end in spans[:-1]]
        self._comma = np.array([[line.count(b",", 0, stop)] for stop in stops], np.int64).reshape(-1, 1)
        self._before = np.array([[line.index(b",", stop) - stop] for stop in stops], np.int64).reshape(-1, 1)
        words = [word for index, text in enumerate(between) for word in _words(index, text)]
        self._text = np.array([index for index, *_ in words])
        self._back = np.array([[back] for _, back, _, _ in words])
        self._expected = np.array([[expected] for *_, expected, _ in words], np.uint64)
        masks = np.array([[mask] for *_, mask in words], np.uint64)
        self._masks = None if (masks == _whole_mask(_WORD)).all() else masks

    def is_like(self, other: LineShape) -> bool:
        """Return whether another shape is the same."""
        return self._between == other._between

    def locate(
        self,
        text: ByteArray,
        starts: Int64Array,
        ends: Int64Array,
        commas: Int64Array,
        first: Int64Array,
        shift: int,
    ) -> Located:
        """Find the numbers of lines.

        Args:
            text: uint8[m].
            starts: int64[n], where each line begins; eight bytes lie before it.
            ends: int64[n], where its line end stands.
            commas: Where the commas of the text stand.
            first: int64[n], which is the first comma in each line. The line has as many as the shape.
            shift: How far behind `commas` the commas stand.
        """
        # Each text between two numbers, where it ends: at the start of a number, or the end of the line.
        behind = np.empty((len(self._lengths), len(starts)), np.int64)
        stops = np.empty((len(behind) - 1, len(starts)), np.int64)
        if len(self._comma):
            stops[:-1] = commas[first + self._comma]
            stops[:-1] -= self._before - shift
        behind[-1] = ends
        stops[-1] = ends - self._lengths[-1]
        behind[0] = starts + self._lengths[0]
        np.add(stops[:-1], self._lengths[1:-1], out=behind[1:-1])
        # Where a line does not fit, the text may end before it should.
        np.minimum(behind, len(text), out=behind)
        fits = np.asarray((stops > behind[:-1]).all(axis=0))
        words = words_of(text)
        at_once = max(1, _WORDS_AT_ONCE // max(1, len(starts)))
        for begin in range(0, len(self._text), at_once):
            part = slice(begin, begin + at_once)
            at = behind[self._text[part]]
            at -= self._back[part]
            found = words[at]
            if self._masks is not None:
                found &= self._masks[part]
            fits &= (found == self._expected[part]).all(axis=0)
        return Located(behind[:-1], stops, fits)


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


def _words(index: int, text: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield the words that a text consists of.

    Each is given as the index of the text, how many bytes before its end the word begins, what it is, and a
    mask of those of its bytes that belong to the text.
    """
    for back in range(_WORD, len(text) + _WORD, _WORD):
        # The last one overlaps the one before, or what lies before a short text.
        begin = min(back, max(len(text), _WORD))
        word = text[max(len(text) - begin, 0) :][:_WORD]
        yield (
            index,
            begin,
            int.from_bytes(word.rjust(_WORD, b"\0"), "little"),
            _whole_mask(len(word)),
        )


def _whole_mask(count: int) -> int:
    """Return a word in which the last `count` bytes are set."""
    return ((1 << 8 * count) - 1) << 8 * (_WORD - count)
