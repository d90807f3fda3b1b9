"""Lines of a text log that have the same shape: into tables, without an object per line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import MARGIN
from tuimon.sources.log_shape import Described, Found, LogShape
from tuimon.sources.log_text import LogText
from tuimon.sources.rows import NumberTable

# Fewer lines are read as any other lines.
_FEWEST_LINES = 16
_SMALLEST_BLOCK = 4096
_MOST_SHAPES = 8
# A log whose lines have no shape that lasts is not tried for ever.
_MOST_TRIED = 60
_MOST_SKIPPED = 31


class CutTable:
    """Lines of one shape that were cut out of a block.

    Attributes:
        described: What their numbers mean.
        found: These numbers.
        begins: int64[n], where the lines begin in the block.
        ends: int64[n], where they end.
    """

    def __init__(self, shape: LogShape, found: Found, text: LogText) -> None:
        self.described = shape.described
        self.found = found
        self.begins = text.line_starts[found.places] - MARGIN
        self.ends = text.line_ends[found.places] - MARGIN

    def column(self, tag: str) -> Int64Array | None:
        """Return a column of whole numbers, int64[n]; None if there is none of this name."""
        return self.found.parsed.get(tag)

    def with_column(self, tag: str, numbers: Int64Array) -> None:
        """Add a column of whole numbers, int64[n]."""
        found = self.found
        values = np.concatenate([found.values, numbers[np.newaxis].astype(np.float64)])
        self.found = Found(found.places, (*found.tags, tag), values, {**found.parsed, tag: numbers})

    def rows(self, at: Int64Array) -> NumberTable:
        """Return the lines as rows of numbers; `at` is where all metric lines begin, rising."""
        places = at.searchsorted(self.begins)
        return NumberTable(self.found.tags, places, self.found.values, self.found.parsed)


@dataclass
class Cut:
    """What is left of a block, and what was cut out.

    Attributes:
        rest: The other lines.
        text: The whole block; None where nothing was looked for.
        tables: What was cut out.
        kept: int64[k], where in `rest` each piece of it begins.
        moved: int64[k], by how much each piece moved.
    """

    rest: bytes
    text: LogText | None = None
    tables: list[CutTable] = field(default_factory=list)
    kept: Int64Array = field(default_factory=lambda: np.zeros(1, np.int64))
    moved: Int64Array = field(default_factory=lambda: np.zeros(1, np.int64))

    def original(self, places: Int64Array) -> Int64Array:
        """Return where places in the rest stood in the block; what is negative stays so."""
        piece = np.maximum(self.kept.searchsorted(places, side="right") - 1, 0)
        found: Int64Array = np.where(places < 0, places, places + self.moved[piece])
        return found

    def rows_before(self, places: Int64Array) -> list[list[int]]:
        """Return for each table how many of its lines stood before each of n places in the rest."""
        original = self.original(places)
        return [table.begins.searchsorted(original).tolist() for table in self.tables]


class LogTables:
    """Knows the shapes of one log's lines. Used by one thread."""

    def __init__(self) -> None:
        self._shapes: list[LogShape] = []
        self._tried = 0
        # Where metric lines are rare, they are looked for in few blocks only.
        self._in_vain = 0
        self._skipped = 0

    @property
    def is_learning(self) -> bool:
        """Whether another shape is worth to be known."""
        return self._tried < _MOST_TRIED

    def learn(self, line: bytes, described: Described | None) -> None:
        """Learn the shape of a line, if it has one."""
        self._tried += 1
        if described is None:
            return
        try:
            shape = LogShape(line, described)
        except ValueError:
            return
        if not any(known.is_like(shape) for known in self._shapes):
            self._shapes = [shape, *self._shapes][:_MOST_SHAPES]

    def forget(self) -> None:
        """Forget all shapes: their lines did not mean what they were thought to."""
        self._tried += 1
        self._shapes = []

    def cut(self, block: bytes, is_valid: Callable[[Described], bool]) -> Cut:
        """Cut the lines of known shapes out of a block, if what is known of them `is_valid`."""
        if not self._shapes or len(block) < _SMALLEST_BLOCK:
            return Cut(block)
        if self._skipped < self._in_vain:
            self._skipped += 1
            return Cut(block)
        self._skipped = 0
        text = LogText(block)
        tables: list[CutTable] = []
        gone = np.zeros(len(text), np.bool_)
        for shape in self._shapes:
            if not is_valid(shape.described):
                continue
            found = shape.find(text, ~gone)
            if len(found.places) >= _FEWEST_LINES:
                gone[found.places] = True
                tables.append(CutTable(shape, found, text))
        self._in_vain = 0 if tables else min(2 * self._in_vain + 1, _MOST_SKIPPED)
        if not tables:
            return Cut(block, text)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], gone, [False])).view(np.int8)))
        begins = np.append(text.line_starts - MARGIN, len(block))[edges]
        bounds = np.concatenate(([0], begins, [len(block)])).reshape(-1, 2)
        lengths = bounds[:, 1] - bounds[:, 0]
        kept = np.cumsum(lengths) - lengths
        rest = b"".join([block[start:stop] for start, stop in bounds.tolist()])
        return Cut(rest, text, tables, kept, bounds[:, 0] - kept)
