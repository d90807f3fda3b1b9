"""The records of a block of an event file, sorted by kind and decoded kind by kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.core.framing import UInt8Array
from tuimon.sources.event_columns import Layout, PointCollector, collect_event, layout_of, rows_of
from tuimon.sources.event_file import RecordBlock
from tuimon.sources.event_proto import Event, parse_event
from tuimon.sources.protobuf import DamagedMessageError

# A record of scalars holds a time and a tag, and is short; longer ones are histograms, images, graphs.
_SHORTEST_SCALAR_RECORD, _LONGEST_SCALAR_RECORD = 16, 4096
# Fewer records of one length than this are parsed faster one at a time.
_FEWEST_ROWS = 4
# So many kinds in a row that occur only once: this is no repeating log, and comparing would only cost.
_MOST_SINGLE_KINDS = 32
_MOST_LAYOUTS = 4096


class EventDecoder:
    """Decodes the blocks of one source, and remembers the layouts that it met."""

    def __init__(self) -> None:
        self._layouts: dict[int, list[Layout]] = {}
        self._layout_count = 0

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
        block = _Block(found, first_order, points, report)
        for indices in _by_length(found.lengths):
            length = int(found.lengths[indices[0]])
            singles = indices
            if len(indices) >= _FEWEST_ROWS and _SHORTEST_SCALAR_RECORD <= length <= _LONGEST_SCALAR_RECORD:
                singles = self._decode_kinds(block, length, indices)
            for index in singles.tolist():
                block.parse(index)
        return block.finish()

    def _decode_kinds(self, block: _Block, length: int, indices: Int64Array) -> Int64Array:
        """Decode records of one length kind by kind and return those for which that does not pay."""
        rows = rows_of(block.found, indices)
        for layout in self._layouts.get(length, ()):
            indices, rows = block.take(layout, indices, rows)
            if not len(indices):
                return indices
        single_kinds = 0
        while len(indices) and single_kinds < _MOST_SINGLE_KINDS:
            event = block.parse(int(indices[0]))
            indices, rows = indices[1:], rows[1:]
            new_layout = layout_of(event) if event else None
            if new_layout is None:
                continue
            count = len(indices)
            indices, rows = block.take(new_layout, indices, rows)
            if len(indices) < count:
                self._remember(length, new_layout)
                single_kinds = 0
            else:
                single_kinds += 1
        return indices

    def _remember(self, length: int, layout: Layout) -> None:
        if self._layout_count >= _MOST_LAYOUTS:
            self._layouts.clear()
            self._layout_count = 0
        self._layouts.setdefault(length, []).append(layout)
        self._layout_count += 1


class _Block:
    """One block while it is decoded."""

    def __init__(
        self,
        found: RecordBlock,
        first_order: int,
        points: PointCollector,
        report: Callable[[str, int], None],
    ) -> None:
        self.found = found
        self._first_order = first_order
        self._points = points
        self._report = report
        self._parsed: list[tuple[int, Event]] = []

    def parse(self, index: int) -> Event | None:
        """Parse one record by hand; it is kept for `finish`. Return None if that cannot be done."""
        offset = self.found.offset + int(self.found.begins[index])
        if not self.found.is_intact(index):
            self._report("a record with a wrong checksum was skipped", offset)
            return None
        try:
            event = parse_event(self.found.record(index))
        except DamagedMessageError as error:
            self._report(f"a record that cannot be decoded was skipped: {error}", offset)
            return None
        self._parsed.append((self._first_order + index, event))
        return event

    def take(self, layout: Layout, indices: Int64Array, rows: UInt8Array) -> tuple[Int64Array, UInt8Array]:
        """Collect those of the records that are of one kind, and return the others."""
        fits = layout.fits(rows)
        if fits.all():
            layout.collect(rows, self._first_order + indices, self._points)
            return indices[:0], rows[:0]
        if fits.any():
            layout.collect(rows[fits], self._first_order + indices[fits], self._points)
            return indices[~fits], rows[~fits]
        return indices, rows

    def finish(self) -> list[tuple[int, Event]]:
        """Collect the numbers of the parsed records and return those that hold something else."""
        self._parsed.sort(key=lambda pair: pair[0])
        for order, event in self._parsed:
            collect_event(event, order, self._points)
        return [(order, event) for order, event in self._parsed if not event.holds_only_numbers]


def _by_length(lengths: Int64Array) -> list[Int64Array]:
    """Return the indices of the records of each length; all long ones count as one length."""
    # Two bytes: numpy sorts these by radix, in a tenth of the time.
    short = np.minimum(lengths, np.iinfo(np.uint16).max).astype(np.uint16)
    rank = np.argsort(short, kind="stable")
    borders = np.flatnonzero(np.diff(short[rank])) + 1
    return np.split(rank, borders) if len(rank) else []
