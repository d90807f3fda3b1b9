"""From the records of event files to columns of points, a whole block at a time.

A training loop logs the same few kinds of record again and again. One record of a kind is parsed by hand
and becomes a layout: the places of its time, its step and its numbers. All records that equal it
everywhere else are then compared, and their columns cut out, by numpy. What fits no layout is parsed one
record at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import ScalarBatch, ValueArray
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.framing import HEADER_BYTES, UInt8Array
from tuimon.sources.event_file import RecordBlock
from tuimon.sources.event_proto import Event, moments, number_width, read_numbers

_WORD_BYTES = 8
_UInt64Array = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Some points of one tag; all columns are of one length."""

    order: Int64Array
    steps: Int64Array
    wall_times: Float64Array
    values: ValueArray


class PointCollector:
    """Gathers the points of a block by tag, in any order, and hands them out as batches in theirs."""

    def __init__(self) -> None:
        self._points: dict[str, list[Points]] = {}

    def add(self, tag: str, points: Points) -> None:
        """Add points of one tag."""
        self._points.setdefault(tag, []).append(points)

    def batches(self) -> list[ScalarBatch]:
        """Return one batch per tag; tags and rows come in the order of writing."""
        found = [_batch(tag, parts) for tag, parts in self._points.items()]
        return sorted(found, key=lambda batch: int(batch.order[0]))


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where in records of one kind the time, the step and the numbers stand.

    Places count from the begin of a row: the record behind as many bytes of its header as fill up whole
    words of eight bytes.

    Attributes:
        words: uint64[k], a row of this kind.
        masks: uint64[k], the bits that are the same in all rows of this kind.
        wall_time_at: Place of the time, 8 bytes.
        step_at: Place of the step, a varint.
        step_bytes: Length of the step; 0 if it is 0 and was left out.
        numbers: Tag, place and tensor type of each value.
    """

    words: _UInt64Array
    masks: _UInt64Array
    wall_time_at: int
    step_at: int
    step_bytes: int
    numbers: tuple[tuple[str, int, int], ...]

    def fits(self, rows: UInt8Array) -> npt.NDArray[np.bool_]:
        """Return for each of `rows`, uint8[n, 8k], whether it is a record of this kind."""
        differs = np.zeros(len(rows), np.uint64)
        for column, word, mask in zip(rows.view(np.uint64).T, self.words, self.masks, strict=True):
            if mask:
                differs |= (column ^ word) & mask
        return np.equal(differs, 0)

    def collect(self, rows: UInt8Array, order: Int64Array, points: PointCollector) -> None:
        """Cut the columns out of `rows`, all of this kind, and add them to `points`."""
        wall_times = moments(_cut(rows, self.wall_time_at, 8).view("<f8")[:, 0])
        steps = np.zeros(len(rows), np.uint64)
        for index in range(self.step_bytes):
            septet = rows[:, self.step_at + index].astype(np.uint64) & np.uint64(0x7F)
            steps |= septet << np.uint64(7 * index)
        for tag, at, dtype in self.numbers:
            values = read_numbers(_cut(rows, at, number_width(dtype)), dtype)
            points.add(tag, Points(order, steps.view(np.int64), wall_times, values))


def layout_of(event: Event) -> Layout | None:
    """Return the layout of records like this one, or None if it holds more than numbers of fixed width."""
    numbers = [
        (value.tag, value.scalar.place, value.scalar.dtype)
        for value in event.values
        if value.scalar is not None and value.scalar.place is not None
    ]
    if not numbers or len(numbers) < len(event.values):
        return None
    if event.wall_time_at is None or not event.holds_only_numbers:
        return None
    fill = -len(event.record) % _WORD_BYTES
    row = np.frombuffer(bytes(fill) + event.record, np.uint8)
    masks = np.full(len(row), 0xFF, np.uint8)
    masks[:fill] = 0
    masks[fill + event.wall_time_at :][:8] = 0
    step = event.step_place
    step_at, step_bytes = (fill + step.begin, step.end - step.begin) if step else (0, 0)
    masks[step_at : step_at + step_bytes] = 0x80  # whether the number goes on in the next byte
    for _, at, dtype in numbers:
        masks[fill + at :][: number_width(dtype)] = 0
    return Layout(
        row.view(np.uint64),
        masks.view(np.uint64),
        fill + event.wall_time_at,
        step_at,
        step_bytes,
        tuple((tag, fill + at, dtype) for tag, at, dtype in numbers),
    )


def rows_of(found: RecordBlock, indices: Int64Array) -> UInt8Array:
    """Return records of one length as rows of whole words, uint8[n, 8k] (see `Layout`)."""
    length = int(found.lengths[indices[0]])
    fill = -length % _WORD_BYTES
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(found.block, np.uint8), fill + length)
    rows: UInt8Array = windows[found.begins[indices] + (HEADER_BYTES - fill)]
    return rows


def collect_event(event: Event, order: int, points: PointCollector) -> None:
    """Add the numbers of a single event."""
    for value in event.values:
        if value.scalar is not None:
            place = np.array([order]), np.array([event.step]), np.array([event.wall_time])
            points.add(value.tag, Points(*place, value.scalar.values))


def _cut(rows: UInt8Array, begin: int, size: int) -> UInt8Array:
    return np.ascontiguousarray(rows[:, begin : begin + size])


def _batch(tag: str, parts: list[Points]) -> ScalarBatch:
    if len(parts) == 1:
        one = parts[0]
        return ScalarBatch((tag,), one.order, one.steps, one.wall_times, (one.values,))
    order = np.concatenate([part.order for part in parts])
    steps = np.concatenate([part.steps for part in parts])
    wall_times = np.concatenate([part.wall_times for part in parts])
    values: ValueArray = np.concatenate([part.values for part in parts])
    if (np.diff(order) < 0).any():
        rank = np.argsort(order, kind="stable")
        order, steps, wall_times, values = order[rank], steps[rank], wall_times[rank], values[rank]
    return ScalarBatch((tag,), order, steps, wall_times, (values,))
