"""Stretches of a text log in which each line has the same shape: into tables, without an object per line."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import MARGIN, BoolArray
from tuimon.sources.log_shape import Described, LogShape, LogText
from tuimon.sources.rows import NumberTable

# Shorter stretches are read as any other lines.
_FEWEST_LINES = 48
_MOST_SHAPES = 4
# A log whose lines have no shape that lasts is not tried for ever.
_MOST_TRIED = 40
_MOST_SKIPPED = 31


@dataclass(slots=True)
class Stretches:
    """What was cut out of a block.

    Attributes:
        rest: The other lines.
        tables: Those that were cut out, as rows of numbers; their `places` are where the lines begin.
        kept: int64[k], where in `rest` each piece of it begins.
        moved: int64[k], by how much each piece moved.
    """

    rest: bytes
    tables: list[NumberTable] = field(default_factory=list)
    kept: Int64Array = field(default_factory=lambda: np.zeros(1, np.int64))
    moved: Int64Array = field(default_factory=lambda: np.zeros(1, np.int64))

    def original(self, places: Int64Array) -> Int64Array:
        """Return where places in the rest stood in the block; what is negative stays so."""
        piece = np.maximum(self.kept.searchsorted(places, side="right") - 1, 0)
        found: Int64Array = np.where(places < 0, places, places + self.moved[piece])
        return found


class LogTables:
    """Knows the shapes of one log's lines. Used by one thread."""

    def __init__(self) -> None:
        self._shapes: list[LogShape] = []
        self._tried = 0
        # Where metric lines stand alone among others, they are looked for in few blocks only.
        self._in_vain = 0
        self._skipped = 0

    @property
    def is_learning(self) -> bool:
        """Whether another shape is worth to be known."""
        return self._tried < _MOST_TRIED

    def learn(self, line: bytes, described: Described) -> None:
        """Learn the shape of a line, if it has one."""
        self._tried += 1
        try:
            shape = LogShape(line, described)
        except (ValueError, StopIteration):
            return
        if not any(known.is_like(shape) for known in self._shapes):
            self._shapes = [shape, *self._shapes][:_MOST_SHAPES]

    def give_up(self) -> None:
        """Note that a line has no shape."""
        self._tried += 1

    def cut(self, block: bytes) -> Stretches:
        """Cut stretches of known shapes out of a block, all but their first and last lines.

        These tell whoever reads the rest where the loop stood before and behind a stretch.
        """
        if not self._shapes or not block:
            return Stretches(block)
        if self._skipped < self._in_vain:
            self._skipped += 1
            return Stretches(block)
        self._skipped = 0
        text = LogText(block)
        tables: list[NumberTable] = []
        gone = np.zeros(len(text), np.bool_)
        found = [lines for lines in (shape.find(text) for shape in self._shapes) if len(lines.places)]
        inside = np.zeros(len(text), np.bool_)
        for lines in found:
            inside[lines.places] = True
        inside = _interior(inside)
        for lines in found:
            inner = inside[lines.places] & ~gone[lines.places]
            if inner.any():
                places = lines.places[inner]
                gone[places] = True
                parsed = {
                    tag: None if column is None else column[inner] for tag, column in lines.parsed.items()
                }
                begins = text.line_starts[places] - MARGIN
                tables.append(NumberTable(lines.tags, begins, lines.values[:, inner], parsed))
        self._in_vain = 0 if tables else min(2 * self._in_vain + 1, _MOST_SKIPPED)
        if not tables:
            return Stretches(block)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], gone, [False])).view(np.int8)))
        begins = np.append(text.line_starts - MARGIN, len(block))[edges]
        bounds = np.concatenate(([0], begins, [len(block)])).reshape(-1, 2)
        lengths = bounds[:, 1] - bounds[:, 0]
        kept = np.cumsum(lengths) - lengths
        rest = b"".join(block[start:stop] for start, stop in bounds.tolist())
        return Stretches(rest, tables, kept, bounds[:, 0] - kept)


def _interior(inside: BoolArray) -> BoolArray:
    """Return which lines lie within a long stretch of lines of known shapes, its ends left out."""
    inner = np.zeros(len(inside), np.bool_)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False])).view(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        if stop - start >= _FEWEST_LINES:
            inner[start + 1 : stop - 1] = True
    return inner
