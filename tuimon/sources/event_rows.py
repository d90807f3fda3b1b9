"""One time around a training loop as a row of bytes, and the columns of many such rows.

Where in the row the times, steps and numbers stand is worked out once per loop; each is then cut out of all
rows, and for all records of the row, by one gather.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import ValueArray
from tuimon.core.checksums import UInt8Array
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.event_proto import as_logged, layout_of, moments

if TYPE_CHECKING:
    from tuimon.sources.event_shapes import Shape

LONGEST_STEP_BYTES = 8
"""Longer steps, which are negative or beyond 2**56, are not read row by row."""

_SEPTETS = 0x7F7F7F7F7F7F7F7F
# The tags of each record of a row, and the types of all numbers.
RowKind = tuple[tuple[tuple[str, ...], ...], tuple[int, ...]]


@frozen(eq=False)
class RowColumns:
    """What n rows of k records hold.

    Attributes:
        orders: int64[n], of the first record of each row.
        steps: int64[k, n], or int64[1, n] if all records of a row have the same.
        wall_times: float64[k, n].
        values: Per tensor type float32[m, n] or float64[m, n], the numbers of this type in their order.
    """

    orders: Int64Array
    steps: Int64Array
    wall_times: Float64Array
    values: tuple[ValueArray, ...]


@frozen(eq=False)
class LoopRow:
    """The frames of one time around a loop.

    Attributes:
        example: uint8[m], such frames.
        mask: uint8[m], the bits that are the same each time around.
        kind: Rows of one kind hold the same columns.
        wall_times_at: int64[k], places of the times.
        step_words_at: int64[k], places of the eight bytes that end with the steps.
        step_shifts: uint64[k, 1], by how many bits the steps begin later in these words.
        step_masks: uint64[k, 1], the bits of the steps once they are shifted.
        longest_step: The most bytes that a step takes.
        numbers: Per tensor type, the places of the numbers of this type, int64[m].
        number_at: Per record, in which of `numbers` and where in it each of its numbers stands.
    """

    example: UInt8Array
    mask: UInt8Array
    kind: RowKind
    wall_times_at: Int64Array
    step_words_at: Int64Array
    step_shifts: npt.NDArray[np.uint64]
    step_masks: npt.NDArray[np.uint64]
    longest_step: int
    numbers: tuple[tuple[int, Int64Array], ...]
    number_at: tuple[tuple[tuple[int, int], ...], ...]

    def columns(self, rows: UInt8Array, orders: Int64Array) -> RowColumns:
        """Cut the columns out of such rows.

        Args:
            rows: uint8[n, m] without gaps.
            orders: int64[n], of the first record of each row.
        """
        wall_times = moments(_words(rows, self.wall_times_at, "<f8").astype(np.float64, copy=False))
        values = (as_logged(_words(rows, at, layout_of(dtype)), dtype) for dtype, at in self.numbers)
        return RowColumns(orders, self._steps(rows), wall_times, tuple(values))

    def _steps(self, rows: UInt8Array) -> Int64Array:
        raw = _words(rows, self.step_words_at, "<u8").astype(np.uint64, copy=False)
        raw >>= self.step_shifts
        raw &= self.step_masks
        # Tags that are logged together mostly have one step.
        different = raw if (raw != raw[0]).any() else raw[:1]
        steps = np.zeros(different.shape, np.uint64)
        for index in range(self.longest_step):
            steps |= (different >> np.uint64(index)) & np.uint64(0x7F << (7 * index))
        return steps.view(np.int64)


def make_row(example: UInt8Array, records: Sequence[tuple[tuple[str, ...], Shape, int]]) -> LoopRow:
    """Return what the rows of a loop look like.

    Args:
        example: uint8[m], the frames of one time around.
        records: Of each record its tags, its shape, and where in the row the places of the shape count from.
    """
    mask = np.zeros(len(example), np.uint8)
    numbers: dict[int, list[int]] = {}
    number_at = []
    for _, shape, at in records:
        mask[at : at + 8 * len(shape.words)] = (shape.masks | shape.tag_masks).view(np.uint8)
        own = []
        for place, dtype in shape.numbers:
            places = numbers.setdefault(dtype, [])
            own.append((list(numbers).index(dtype), len(places)))
            places.append(at + place)
        number_at.append(tuple(own))
    widths = [shape.step_bytes for _, shape, _ in records]
    step_ends = [at + shape.step_at + shape.step_bytes for _, shape, at in records]
    return LoopRow(
        example.copy(),
        mask,
        (
            tuple(tags for tags, _, _ in records),
            tuple(dtype for _, s, _ in records for _, dtype in s.numbers),
        ),
        np.array([at + shape.wall_time_at for _, shape, at in records]),
        # Before a step there is a header at least; where none was logged, the mask leaves nothing.
        np.maximum(np.array(step_ends) - LONGEST_STEP_BYTES, 0),
        np.array([[8 * (LONGEST_STEP_BYTES - max(width, 1))] for width in widths], np.uint64),
        np.array([[_SEPTETS & ((1 << 8 * width) - 1)] for width in widths], np.uint64),
        max(widths),
        tuple((dtype, np.array(places)) for dtype, places in numbers.items()),
        tuple(number_at),
    )


def join_columns(parts: Sequence[RowColumns]) -> RowColumns:
    """Return the columns of rows of one kind as one, in the order of writing."""
    if len(parts) == 1:
        return parts[0]
    records = max(len(part.steps) for part in parts)
    orders = np.concatenate([part.orders for part in parts])
    steps = np.hstack([np.broadcast_to(part.steps, (records, len(part.orders))) for part in parts])
    wall_times = np.hstack([part.wall_times for part in parts])
    values = [np.hstack(matrices) for matrices in zip(*(part.values for part in parts), strict=True)]
    if (orders[1:] < orders[:-1]).any():
        rank = np.argsort(orders)
        orders, steps, wall_times = orders[rank], steps[:, rank], wall_times[:, rank]
        values = [matrix[:, rank] for matrix in values]
    return RowColumns(orders, steps, wall_times, tuple(values))


def _words(rows: UInt8Array, at: Int64Array, dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    """Return what stands at some places of each row, uint8[n, m] without gaps: dtype[k, n], a new array."""
    count, size = rows.shape
    everywhere = np.ndarray((size - np.dtype(dtype).itemsize + 1, count), dtype, rows, 0, (1, size))
    return everywhere[at]
