"""The records of a block of an event file, decoded many at a time.

Records that repeat in one order are decoded where they stand (see `event_loops`). Of the others, those of one
length mostly have one shape, and those of one shape are cut into columns at once (see `event_shapes`). What
is of no shape is parsed one record at a time.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tuimon.core.checksums import UInt8Array
from tuimon.core.columns import Int64Array
from tuimon.core.framing import by_length, rows_of
from tuimon.sources.event_columns import PointCollector
from tuimon.sources.event_file import RecordBlock
from tuimon.sources.event_loops import decode_loops
from tuimon.sources.event_proto import Event, parse_event
from tuimon.sources.event_shapes import SHARED_SHAPES, Shape, ShapeBook
from tuimon.sources.protobuf import DamagedMessageError

# Shorter records do not hold a time and a tag; longer ones are texts, images, graphs.
_SHORTEST_RECORD, _LONGEST_RECORD = 16, 16384
# Fewer records of one length than this are parsed faster one at a time.
_FEWEST_ROWS = 4
# So many shapes in a row that fit one record only: this is no repeating log, and comparing would only cost.
_MOST_SINGLES = 32


class EventDecoder:
    """Decodes blocks of records.

    Args:
        shapes: What is known of records, and is added to.
    """

    def __init__(self, shapes: ShapeBook = SHARED_SHAPES) -> None:
        self._shapes = shapes

    def decode(
        self,
        found: RecordBlock,
        first_order: int,
        points: PointCollector,
        report: Callable[[str, int], None],
    ) -> list[tuple[int, Event]]:
        """Add the numbers of a block to `points`; return all records that hold something else.

        Args:
            found: The records.
            first_order: The order of the first of them.
            points: Takes the numbers, by tag.
            report: Takes each record that cannot be decoded: what is wrong, and its offset in the file.

        Returns:
            Order and content of each of these records, in their order.
        """
        block = _Block(found, first_order, points, report, self._shapes)
        rest = decode_loops(found, first_order, self._shapes, points)
        for part in by_length(found.lengths[rest]):
            indices = rest[part]
            length = int(found.lengths[indices[0]])
            singles = indices
            if len(indices) >= _FEWEST_ROWS and _SHORTEST_RECORD <= length <= _LONGEST_RECORD:
                singles = block.decode_shapes(length, indices)
            for index in singles.tolist():
                block.decode_single(index)
        return block.finish()


class _Block:
    """One block while it is decoded."""

    def __init__(
        self,
        found: RecordBlock,
        first_order: int,
        points: PointCollector,
        report: Callable[[str, int], None],
        shapes: ShapeBook,
    ) -> None:
        self._found = found
        self._first_order = first_order
        self._points = points
        self._report = report
        self._shapes = shapes
        self._parsed: list[tuple[int, Event]] = []

    def decode_shapes(self, length: int, indices: Int64Array) -> Int64Array:
        """Decode records of one length shape by shape and return those for which that does not pay."""
        rows = rows_of(self._found.block, self._found.begins[indices], length)
        singles = 0
        while len(indices) and singles < _MOST_SINGLES:
            shape = self._shapes.find(length, rows[0])
            if shape is None:
                event = self._parse(int(indices[0]))
                shape = self._shapes.learn(event) if event else None
                if shape is None:
                    self._keep(int(indices[0]), event)
                    indices, rows = indices[1:], rows[1:]
                    continue
            count = len(indices)
            indices, rows = self._take(shape, indices, rows)
            singles = singles + 1 if len(indices) == count - 1 else 0
        return indices

    def decode_single(self, index: int) -> None:
        """Decode one record."""
        self._keep(index, self._parse(index))

    def finish(self) -> list[tuple[int, Event]]:
        """Collect the numbers of the single records and return those that hold something else."""
        self._parsed.sort(key=lambda pair: pair[0])
        for order, event in self._parsed:
            self._points.add_event(event, order)
        return [(order, event) for order, event in self._parsed if not event.holds_only_numbers]

    def _take(self, shape: Shape, indices: Int64Array, rows: UInt8Array) -> tuple[Int64Array, UInt8Array]:
        """Collect those of the records that are of one shape, and return the others."""
        fits = shape.fits(rows)
        if fits.all():
            self._collect(shape, indices, rows)
            return indices[:0], rows[:0]
        self._collect(shape, indices[fits], rows[fits])
        return indices[~fits], rows[~fits]

    def _collect(self, shape: Shape, indices: Int64Array, rows: UInt8Array) -> None:
        """Collect the points of records of one shape."""
        rank = shape.by_tags(rows)
        groups = [slice(0, len(rows))]
        if rank is not None:
            indices, rows = indices[rank], _reordered(rows, rank)
            groups = shape.groups(rows)
        points = shape.points(rows, self._first_order + indices)
        for part in groups:
            tags = shape.known_tags.get(shape.tags_key(rows[part.start]))
            first = part.start
            while tags is None and first < part.stop:
                # A tag that nobody has seen so far may be the work of a damaged record.
                if self._is_intact(int(indices[first])):
                    tags = shape.learn_tags(rows[first])
                else:
                    first += 1
            if tags is None:
                continue
            kept = slice(first, part.stop)
            histograms = shape.histograms(tags[0], rows[kept], points[kept])
            if histograms is not None:
                self._points.histograms.append(histograms)
            else:
                self._points.add(tags, points[kept])

    def _parse(self, index: int) -> Event | None:
        """Parse one record. Return None if that cannot be done."""
        if not self._is_intact(index):
            return None
        try:
            return parse_event(self._found.record(index))
        except DamagedMessageError as error:
            self._report_record(index, f"a record that cannot be decoded was skipped: {error}")
            return None

    def _is_intact(self, index: int) -> bool:
        """Return whether one record is what was written; report it if it is not."""
        holds = self._found.is_intact(index)
        if not holds:
            self._report_record(index, "a record with a wrong checksum was skipped")
        return holds

    def _report_record(self, index: int, message: str) -> None:
        self._report(message, self._found.offset + int(self._found.begins[index]))

    def _keep(self, index: int, event: Event | None) -> None:
        if event is not None:
            self._parsed.append((self._first_order + index, event))


def _reordered(rows: UInt8Array, rank: Int64Array) -> UInt8Array:
    """Return rows in another order; each is copied as one element."""
    reordered: UInt8Array = rows.view(f"V{rows.shape[1]}")[rank, 0].view(np.uint8).reshape(rows.shape)
    return reordered
