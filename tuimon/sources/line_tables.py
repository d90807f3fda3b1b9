"""Lines of known shapes into tables of numbers, without an object per line or number."""

from __future__ import annotations

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.sources.decimal_text import (
    BoolArray,
    ByteArray,
    places_of_odd,
    read_numbers,
    read_unusual,
    read_usual,
)
from tuimon.sources.lenient_json import parse
from tuimon.sources.line_blocks import FoundLines, LineBlock
from tuimon.sources.line_shape import LineShape, learn_shape
from tuimon.sources.rows import NumberTable

# For fewer lines numpy is no faster than a parser.
_FEWEST_LINES = 32
# Positions and numbers of so many at once stay in the processor's cache.
_NUMBERS_AT_ONCE = 32000
_MOST_SHAPES = 16
# So many lines of a block that fit no shape are looked at for a new one.
_MOST_TRIED = 4
_EXACT_BOUND = 2.0**53


class TableReader:
    """Reads the lines of one file that consist of numbers, and learns their shapes. Used by one thread.

    Args:
        refused: Lines that have one of these names at the top are left to others.
    """

    def __init__(self, refused: frozenset[str] = frozenset()) -> None:
        self._refused = refused
        self._shapes: list[LineShape] = []

    def read(self, block: LineBlock) -> tuple[list[NumberTable], Int64Array]:
        """Return tables of numbers, and the places of the lines in the block that are in none of them."""
        tables: list[NumberTable] = []
        rest = np.arange(len(block))
        if len(block) < _FEWEST_LINES:
            return tables, rest
        is_left = np.ones(len(block), np.bool_)
        untried = list(self._shapes)
        tried = 0
        while len(rest) >= _FEWEST_LINES:
            if not untried and tried < _MOST_TRIED:
                untried = self._learned(block, int(rest[len(rest) * tried // _MOST_TRIED]))
                tried += 1
                continue
            if not untried:
                break
            shape = untried.pop(0)
            places = rest[block.found.commas[rest] == shape.commas]
            if len(places) >= _FEWEST_LINES:
                table = _read_table(shape, block, places)
                if len(table.places):
                    tables.append(table)
                    is_left[table.places] = False
                    rest = rest[is_left[rest]]
        return tables, rest

    def _learned(self, block: LineBlock, place: int) -> list[LineShape]:
        """Return the shape of a line, if it is a new one that can be read."""
        shape = learn_shape(bytes(block.lines(np.array([place]))[0]))
        if shape is None or not self._refused.isdisjoint(shape.names):
            return []
        # The line itself may hold a number that cannot be read here, so that its shape was known before.
        if any(known.is_like(shape) for known in self._shapes):
            return []
        self._shapes = [shape, *self._shapes][:_MOST_SHAPES]
        return [shape]


def _read_table(shape: LineShape, block: LineBlock, places: Int64Array) -> NumberTable:
    """Return the lines at `places` that have a shape, and only numbers where it has some."""
    text, found = block.characters, block.found
    tags = np.arange(len(shape.tags))
    axes, others = list(shape.axes), tags[shape.others]
    # Arrays of this size have memory that was used before; one for all tags would be cleared by the system.
    values = [np.empty(len(places)) for _ in tags]
    fits = np.empty(len(places), np.bool_)
    bounds = np.empty((2, len(axes), len(places)), np.int64)
    left = _Left()
    at_once = max(_FEWEST_LINES, _NUMBERS_AT_ONCE // len(tags))
    for begin in range(0, len(places), at_once):
        lines = places[begin : begin + at_once]
        marks = _marks_of(found, lines, shape.commas + 1)
        starts, ends, fit = shape.locate(text, found.starts[lines], marks)
        fits[begin : begin + len(lines)] = fit
        part: slice | Int64Array = slice(begin, begin + len(lines))
        if not fit.all():
            starts, ends, part = starts[:, fit], ends[:, fit], begin + fit.nonzero()[0]
        bounds[:, :, part] = starts[axes], ends[axes]
        starts, ends = starts[shape.others], ends[shape.others]
        numbers = read_usual(text, starts, ends)
        for tag, column in zip(others, numbers.values, strict=True):
            values[tag][part] = column
        if numbers.odd.any():
            odd = places_of_odd(numbers.odd)
            members = np.arange(len(places))[part]
            left.add(others[odd[0]], members[odd[1]], starts[odd], ends[odd])
    fits[left.read(text, values)] = False
    kept = fits.nonzero()[0]
    numbers = read_numbers(text, *bounds[:, :, kept])
    for tag, column in zip(axes, numbers.values, strict=True):
        values[tag][kept] = column
    sound = ~numbers.odd.any(axis=0)
    kept = kept[sound]
    if len(kept) < len(places):
        places, values = places[kept], [column[kept] for column in values]
    parsed = {
        shape.tags[axis]: _parsed(values[axis], fractional[sound], bounds[:, index, kept], block)
        for index, (axis, fractional) in enumerate(zip(axes, numbers.fractional, strict=True))
    }
    return NumberTable(shape.tags, places, values, parsed)


class _Left:
    """Numbers of a table that are not written as most are.

    To read few of them takes as long as to read a thousand, so that they wait until all are known.
    """

    def __init__(self) -> None:
        self._found: list[tuple[Int64Array, ...]] = []

    def add(self, tags: Int64Array, rows: Int64Array, starts: Int64Array, ends: Int64Array) -> None:
        """Add numbers: which columns and rows are theirs, and where they lie in the text; all int64[n]."""
        self._found.append((tags, rows, starts, ends))

    def read(self, text: ByteArray, values: list[Float64Array]) -> Int64Array:
        """Read them into columns; return the rows in which something else stands."""
        if not self._found:
            return np.empty(0, np.int64)
        tags, rows, starts, ends = map(np.concatenate, zip(*self._found, strict=True))
        numbers = read_unusual(text, starts, ends)
        for tag in set(tags.tolist()):
            of_tag = tags == tag
            values[tag][rows[of_tag]] = numbers.values[of_tag]
        return rows[numbers.odd]


def _marks_of(found: FoundLines, lines: Int64Array, count: int) -> Int64Array:
    """Return where the marks of some lines stand, as int64[n, count]; each line has so many."""
    first = found.first_marks[lines]
    if first[-1] - first[0] == (len(lines) - 1) * count:
        # Lines behind one another, with nothing between them.
        return found.marks[first[0] : first[-1] + count].reshape(-1, count)
    marks: Int64Array = found.marks[first[:, np.newaxis] + np.arange(count)]
    return marks


def _parsed(
    values: Float64Array, fractional: BoolArray, bounds: Int64Array, block: LineBlock
) -> Int64Array | list[object] | None:
    """Return the numbers of a column as exact as they are written; None if float64 is."""
    if fractional.all():
        return None
    if not fractional.any() and (np.abs(values) < _EXACT_BOUND).all():
        return values.astype(np.int64)
    text = memoryview(block.memory)
    return [parse(bytes(text[start:end])) for start, end in zip(*bounds.tolist(), strict=True)]
