"""Where the records of a training loop repeat in one order, their columns are cut out of the block itself.

Each time around is a row of bytes. Once the shapes and tags of the records of one row are known, all rows
are compared with it at once, outside the places where times, steps and numbers stand.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.core.checksums import UInt8Array
from tuimon.core.columns import Int64Array
from tuimon.core.framing import FRAME_BYTES, HEADER_BYTES, rows_of
from tuimon.core.periods import Stretch, count_alike, stretches
from tuimon.sources.event_file import RecordBlock
from tuimon.sources.event_proto import moments, number_width, read_numbers
from tuimon.sources.event_shapes import LoopPart, LoopRow, Points, ShapeBook

# Fewer times around than this are decoded faster shape by shape.
_FEWEST_ROWS = 64
_STEP_WORD_BYTES = 8


def loops_of(found: RecordBlock) -> list[Stretch]:
    """Return where records of the same lengths repeat again and again without a gap between them."""
    loops = []
    for loop in stretches(found.lengths, _FEWEST_ROWS):
        sizes = found.lengths[loop.first : loop.first + loop.period] + FRAME_BYTES
        spanned = found.begins[loop.stop - 1] + sizes[-1] - found.begins[loop.first]
        if spanned == loop.count * sizes.sum():
            loops.append(loop)
    return loops


def decode_loop(
    found: RecordBlock, loop: Stretch, first_order: int, shapes: ShapeBook
) -> list[tuple[tuple[str, ...], Points]]:
    """Return the points of a loop, per record of a row, as far as its rows are alike.

    Nothing if a record of its first row is not of a known shape with known tags.
    """
    begin = int(found.begins[loop.first])
    size = int(found.lengths[loop.first : loop.first + loop.period].sum()) + FRAME_BYTES * loop.period
    rows = np.frombuffer(found.block, np.uint8, loop.count * size, begin).reshape(-1, size)
    row = _row_of(found, loop, rows[0], shapes)
    if row is None:
        return []
    parts = row.parts
    rows = rows[: count_alike(rows, rows[0], row.mask)]
    steps, wall_times = _steps_of(rows, parts), _wall_times_of(rows, parts)
    orders = first_order + loop.first + np.arange(loop.period * len(rows)).reshape(-1, loop.period).T
    return [
        (part.tags, Points(np.ascontiguousarray(order), step, wall_time, _numbers_of(rows, part)))
        for part, order, step, wall_time in zip(parts, orders, steps, wall_times, strict=True)
    ]


def _row_of(found: RecordBlock, loop: Stretch, first: UInt8Array, shapes: ShapeBook) -> LoopRow | None:
    """Return what the rows of a loop look like; None if a record is of no known shape with known tags."""
    key = found.lengths[loop.first : loop.first + loop.period].tobytes()
    known = shapes.find_row(key)
    if known is not None and not ((first ^ known.example) & known.mask).any():
        return known
    parts = []
    mask = np.zeros(len(first), np.uint8)
    for index in range(loop.first, loop.first + loop.period):
        length = int(found.lengths[index])
        row = rows_of(found.block, found.begins[index : index + 1], length)[0]
        shape = shapes.find(length, row)
        tags = shape.known_tags.get(shape.tags_key(row)) if shape else None
        if shape is None or tags is None or shape.bins or shape.step_bytes > _STEP_WORD_BYTES:
            return None
        stop = int(found.begins[index] - found.begins[loop.first]) + HEADER_BYTES + length
        parts.append(LoopPart(tags, shape, stop - len(row)))
        mask[stop - len(row) : stop] = (shape.masks | shape.tag_masks).view(np.uint8)
    found_row = LoopRow(first.copy(), mask, tuple(parts))
    shapes.remember_row(key, found_row)
    return found_row


def _steps_of(rows: UInt8Array, parts: tuple[LoopPart, ...]) -> Int64Array:
    """Return int64[k, n], the step of each record of each row."""
    raw = np.empty((len(parts), len(rows)), np.uint64)
    for number, part in enumerate(parts):
        width = part.shape.step_bytes
        # Up to eight bytes are read, from where they surely are within the row.
        at = max(0, part.at + part.shape.step_at + width - _STEP_WORD_BYTES)
        raw[number] = _column(rows, at, "<u8")
        raw[number] >>= np.uint64(8 * (part.at + part.shape.step_at - at))
        raw[number] &= np.uint64(0x7F7F7F7F7F7F7F7F & ((1 << 8 * width) - 1))
    # Tags that are logged together mostly have one step.
    different = raw if (raw != raw[0]).any() else raw[:1]
    steps = np.zeros(different.shape, np.uint64)
    for index in range(max(part.shape.step_bytes for part in parts)):
        steps |= (different >> np.uint64(index)) & np.uint64(0x7F << (7 * index))
    return np.broadcast_to(steps.view(np.int64), raw.shape)


def _wall_times_of(rows: UInt8Array, parts: tuple[LoopPart, ...]) -> npt.NDArray[np.float64]:
    """Return float64[k, n], the time of each record of each row."""
    wall_times = np.empty((len(parts), len(rows)))
    for number, part in enumerate(parts):
        wall_times[number] = _column(rows, part.at + part.shape.wall_time_at, "<f8")
    return moments(wall_times)


def _numbers_of(
    rows: UInt8Array, part: LoopPart
) -> tuple[npt.NDArray[np.float32] | npt.NDArray[np.float64], ...]:
    places = ((part.at + at, dtype) for at, dtype in part.shape.numbers)
    return tuple(read_numbers(rows[:, at : at + number_width(dtype)], dtype) for at, dtype in places)


def _column(rows: UInt8Array, at: int, dtype: str) -> npt.NDArray[np.generic]:
    width = np.dtype(dtype).itemsize
    return rows[:, at : at + width].view(dtype)[:, 0]
