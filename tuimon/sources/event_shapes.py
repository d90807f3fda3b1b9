"""What records of numbers and histograms look like, so that many of them are cut into columns at once.

A shape says where in a record of some length the time, the step, the tags and the numbers stand, and what
else stands there. One record of a shape is parsed by hand; it is known from then on, in all blocks, files
and runs.
"""

from __future__ import annotations

from dataclasses import field
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import HistogramBatch, ValueArray
from tuimon.core.checksums import UInt8Array
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.event_plugins import BinPlaces, places_of_bins, read_bins
from tuimon.sources.event_proto import Event, moments, number_width, read_numbers
from tuimon.sources.event_rows import LoopRow

_UInt64Array = npt.NDArray[np.uint64]

_WORD_BYTES = 8
# Beyond these a log does not repeat itself; what is known of it is forgotten, so that memory is bounded.
_MOST_SHAPES = 4096
_MOST_SHAPES_PER_LENGTH = 64
_MOST_TAGS_PER_SHAPE = 1 << 14
_MOST_ROWS, _LONGEST_ROW_BYTES = 256, 1 << 16
# Any odd number with bits everywhere: its powers spread the words of a row over a hash.
_SPREAD: Final = 0x9E3779B97F4A7C15


@frozen(eq=False)
class Points:
    """Points of tags that were logged in the same records; all columns are of one length.

    Attributes:
        order: int64[n].
        steps: int64[n].
        wall_times: float64[n].
        values: One float32[n] or float64[n] per tag.
    """

    order: Int64Array
    steps: Int64Array
    wall_times: Float64Array
    values: tuple[ValueArray, ...]

    def __getitem__(self, part: slice) -> Points:
        values = tuple(column[part] for column in self.values)
        return Points(self.order[part], self.steps[part], self.wall_times[part], values)


@frozen(eq=False)
class Shape:
    """Where in records of one length the time, the step, the tags and the numbers stand.

    Places count from the begin of a row (see `rows_of`).

    Attributes:
        words: uint64[k], a row of this shape.
        masks: uint64[k], the bits that are the same in all rows of this shape.
        tag_masks: uint64[k], the bits that are the same in all rows with the same tags.
        wall_time_at: Place of the time, 8 bytes.
        step_at: Place of the step, a varint.
        step_bytes: Length of the step; 0 if it is 0 and was left out.
        tags_at: Where each tag stands.
        numbers: Place and tensor type of each value.
        bins: Where the numbers of a histogram stand, if it is one.
        known_tags: The tags that have been met, by what is left of a row under `tag_masks`.
    """

    words: _UInt64Array
    masks: _UInt64Array
    tag_masks: _UInt64Array
    wall_time_at: int
    step_at: int
    step_bytes: int
    tags_at: tuple[slice, ...]
    numbers: tuple[tuple[int, int], ...]
    bins: BinPlaces | None
    known_tags: dict[bytes, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, rows: UInt8Array) -> npt.NDArray[np.bool_]:
        """Return for each of `rows`, uint8[n, 8k], whether it is of this shape."""
        return np.equal(_differences(rows.view(np.uint64).T, self.words, self.masks), 0)

    def by_tags(self, rows: UInt8Array) -> Int64Array | None:
        """Return int64[n], the order that brings rows with the same tags together, otherwise in their order.

        None if all of them have the same tags.
        """
        words = rows.view(np.uint64).T
        if not _differences(words, words[:, 0], self.tag_masks).any():
            return None
        hashes = np.zeros(len(rows), np.uint64)
        for number, (column, mask) in enumerate(zip(words, self.tag_masks, strict=True)):
            if mask:
                hashes += (column & mask) * np.uint64(pow(_SPREAD, number + 1, 1 << 64))
        # Two bytes at a time: numpy sorts these by radix, in a tenth of the time.
        parts = hashes.view("<u2").reshape(-1, 4).T
        rank = np.argsort(parts[2], kind="stable")
        return rank[np.argsort(parts[3][rank], kind="stable")]

    def groups(self, rows: UInt8Array) -> list[slice]:
        """Return each stretch of rows with the same tags."""
        words = rows.view(np.uint64).T
        borders = np.flatnonzero(_differences(words[:, 1:], words[:, :-1], self.tag_masks)) + 1
        return [slice(*ends) for ends in pairwise([0, *borders.tolist(), len(rows)])]

    def tags_key(self, row: UInt8Array) -> bytes:
        """Return under what the tags of a row, uint8[8k], are known."""
        return (row.view(np.uint64) & self.tag_masks).tobytes()

    def learn_tags(self, row: UInt8Array) -> tuple[str, ...]:
        """Return the tags of a row, which are known from now on."""
        if len(self.known_tags) >= _MOST_TAGS_PER_SHAPE:
            self.known_tags.clear()
        tags = tuple(row[place].tobytes().decode("utf-8", "replace") for place in self.tags_at)
        self.known_tags[self.tags_key(row)] = tags
        return tags

    def points(self, rows: UInt8Array, order: Int64Array) -> Points:
        """Cut the columns out of rows of this shape."""
        steps = np.zeros(len(rows), np.int64)
        for index in range(self.step_bytes):
            steps |= (rows[:, self.step_at + index].astype(np.int64) & 0x7F) << (7 * index)
        wall_times = moments(rows[:, self.wall_time_at :][:, :8].view("<f8")[:, 0])
        numbers = (read_numbers(rows[:, at : at + number_width(dtype)], dtype) for at, dtype in self.numbers)
        return Points(order, steps, wall_times, tuple(numbers))

    def histograms(self, tag: str, rows: UInt8Array, points: Points) -> HistogramBatch | None:
        """Cut the histograms of one tag out of rows of this shape, whose times and steps are in `points`."""
        if self.bins is None:
            return None
        places = (self.bins.lowest, self.bins.highest, self.bins.limits, self.bins.counts)
        edges, counts = read_bins(*(rows[:, place].view("<f8").astype(np.float64) for place in places))
        return HistogramBatch(tag, points.order, points.steps, points.wall_times, edges, counts)


class ShapeBook:
    """The shapes that are known. May be used by several threads: what is lost in a race is learnt again."""

    def __init__(self) -> None:
        self._shapes: dict[int, list[Shape]] = {}
        self._count = 0
        self._rows: dict[bytes, LoopRow] = {}

    def find_row(self, lengths: bytes) -> LoopRow | None:
        """Return the row of a loop whose records had these lengths, int64[k] as bytes, the last time."""
        return self._rows.get(lengths)

    def remember_row(self, lengths: bytes, row: LoopRow) -> None:
        """Remember the row of a loop for `find_row`, if it is not too long."""
        if len(row.example) <= _LONGEST_ROW_BYTES:
            if len(self._rows) >= _MOST_ROWS:
                self._rows = {}
            self._rows[lengths] = row

    def find(self, length: int, row: UInt8Array) -> Shape | None:
        """Return the shape of a record of `length` bytes, uint8[8k] (see `rows_of`), if it is known."""
        words = row.view(np.uint64)
        for shape in self._shapes.get(length, ()):
            if not ((words ^ shape.words) & shape.masks).any():
                return shape
        return None

    def learn(self, event: Event) -> Shape | None:
        """Return the shape of a record, which is known from now on; None if it is of no shape."""
        shape = _shape_of(event)
        if shape is not None:
            if self._count >= _MOST_SHAPES:
                self._shapes, self._count = {}, 0
            shapes = self._shapes.setdefault(len(event.record), [])
            self._count += 1
            shapes.append(shape)
            del shapes[:-_MOST_SHAPES_PER_LENGTH]
        return shape


SHARED_SHAPES = ShapeBook()
"""What is known in this process: the runs of a folder mostly log the same."""


def _shape_of(event: Event) -> Shape | None:
    """Return the shape of a record that holds only numbers of fixed width, or one histogram."""
    if event.wall_time_at is None or not event.values or not event.holds_only_values:
        return None
    fill = -len(event.record) % _WORD_BYTES
    bins = places_of_bins(event.record, event.values[0], fill) if len(event.values) == 1 else None
    numbers, tags_at = [], []
    for value in event.values:
        if value.tag_place is None or (bins is None and (value.scalar is None or value.scalar.place is None)):
            return None
        tags_at.append(slice(fill + value.tag_place.begin, fill + value.tag_place.end))
        if value.scalar is not None and value.scalar.place is not None:
            numbers.append((fill + value.scalar.place, value.scalar.dtype))
    free = [slice(fill), slice(fill + event.wall_time_at, fill + event.wall_time_at + 8), *tags_at]
    free += [slice(at, at + number_width(dtype)) for at, dtype in numbers]
    free += [bins.lowest, bins.highest, bins.limits, bins.counts, *bins.others] if bins else []
    row = np.frombuffer(bytes(fill) + event.record, np.uint8)
    masks, tag_masks = np.full(len(row), 0xFF, np.uint8), np.zeros(len(row), np.uint8)
    for place in free:
        masks[place] = 0
    for place in tags_at:
        tag_masks[place] = 0xFF
    step = event.step_place
    step_at, step_bytes = (fill + step.begin, step.end - step.begin) if step else (0, 0)
    masks[step_at : step_at + step_bytes] = 0x80  # whether the number goes on in the next byte
    return Shape(
        row.view(np.uint64),
        masks.view(np.uint64),
        tag_masks.view(np.uint64),
        fill + event.wall_time_at,
        step_at,
        step_bytes,
        tuple(tags_at),
        tuple(numbers),
        bins,
    )


def _differences(columns: _UInt64Array, others: _UInt64Array, masks: _UInt64Array) -> _UInt64Array:
    """Return the bits in which rows differ, as far as `masks`, uint64[k], tell: uint64[n].

    Args:
        columns: The rows by column, uint64[k, n].
        others: The other rows by column, or one word per column.
        masks: One per column.
    """
    differs = np.zeros(columns.shape[1], np.uint64)
    for column, other, mask in zip(columns, others, masks, strict=True):
        if mask:
            differs |= (column ^ other) & mask
    return differs
