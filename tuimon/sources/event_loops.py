"""Where the records of a training loop repeat in one order, their columns are cut out of the block itself.

Each time around is a row of bytes. Once the shapes and tags of the records of one row are known, all rows
are compared with it at once, outside the places where times, steps and numbers stand. Rows need not follow
each other: a loop that now and then logs something else is one loop.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tuimon.core.checksums import UInt8Array
from tuimon.core.columns import Int64Array
from tuimon.core.framing import FRAME_BYTES, HEADER_BYTES, rows_of
from tuimon.core.periods import Turns, alike, turns_of
from tuimon.sources.event_columns import PointCollector
from tuimon.sources.event_file import RecordBlock
from tuimon.sources.event_proto import parse_event
from tuimon.sources.event_rows import LONGEST_STEP_BYTES, LoopRow, RowColumns, RowKind, join_columns, make_row
from tuimon.sources.event_shapes import Points, Shape, ShapeBook
from tuimon.sources.protobuf import DamagedMessageError

# Fewer times around in a row than this are decoded as fast shape by shape.
_FEWEST_TURNS = 4
# Rows of the same lengths may be of other tags; this often it is tried whether they are.
_MOST_ROWS_TRIED = 8


def decode_loops(
    found: RecordBlock, first_order: int, shapes: ShapeBook, points: PointCollector
) -> Int64Array:
    """Add the numbers of the records that repeat in one order to `points`, and return the other records.

    Args:
        found: The records.
        first_order: The order of the first of them.
        shapes: What is known of records, and is added to.
        points: Takes the numbers, by tag.
    """
    is_left = np.ones(len(found), bool)
    by_kind: dict[RowKind, list[tuple[LoopRow, RowColumns]]] = {}
    for turns in turns_of(found.lengths, _FEWEST_TURNS):
        for row, rows, firsts in _rows_of(found, _without_gaps(found, turns), shapes):
            is_left[firsts[:, None] + np.arange(len(turns.cycle))] = False
            columns = row.columns(rows, first_order + firsts)
            by_kind.setdefault(row.kind, []).append((row, columns))
    for parts in by_kind.values():
        row, joined = parts[0][0], join_columns([columns for _, columns in parts])
        for number, tags in enumerate(row.kind[0]):
            values = tuple(joined.values[matrix][line] for matrix, line in row.number_at[number])
            steps = joined.steps[number if len(joined.steps) > 1 else 0]
            points.add(tags, Points(joined.orders + number, steps, joined.wall_times[number], values))
    return np.flatnonzero(is_left)


def _without_gaps(found: RecordBlock, turns: Turns) -> Turns:
    """Return the turns whose records stand one behind the other: a damaged one may be missing."""
    last = len(turns.cycle) - 1
    spanned = found.begins[turns.firsts + last] - found.begins[turns.firsts]
    return Turns(turns.cycle, turns.firsts[spanned == (turns.cycle[:last] + FRAME_BYTES).sum()])


def _rows_of(
    found: RecordBlock, turns: Turns, shapes: ShapeBook
) -> Iterator[tuple[LoopRow, UInt8Array, Int64Array]]:
    """Yield what turns look like, their bytes, uint8[n, m], and the number of the first record of each."""
    firsts = turns.firsts
    size = int((turns.cycle + FRAME_BYTES).sum())
    for _ in range(_MOST_ROWS_TRIED):
        row = _row_at(found, int(firsts[0]), turns.cycle, shapes) if len(firsts) else None
        if row is None:
            return
        rows = _rows_at(found.block, found.begins[firsts], size)
        fits = alike(rows, row.example, row.mask)
        if fits.all():
            yield row, rows, firsts
            return
        yield row, rows[fits], firsts[fits]
        firsts = firsts[~fits]


def _rows_at(block: bytes, begins: Int64Array, size: int) -> UInt8Array:
    """Return `size` bytes from each of `begins` on as rows, a view if they follow each other."""
    begin = int(begins[0])
    if begins[-1] - begin == (len(begins) - 1) * size:
        return np.frombuffer(block, np.uint8, len(begins) * size, begin).reshape(-1, size)
    everywhere = np.ndarray((len(block) - size + 1,), f"V{size}", block, 0, (1,))
    return everywhere[begins].view(np.uint8).reshape(-1, size)


def _row_at(found: RecordBlock, first: int, cycle: Int64Array, shapes: ShapeBook) -> LoopRow | None:
    """Return what the row looks like that begins with the record `first`; None if it is no row of numbers."""
    key = cycle.tobytes()
    begin = int(found.begins[first])
    size = int((cycle + FRAME_BYTES).sum())
    example = np.frombuffer(found.block, np.uint8, size, begin)
    known = shapes.find_row(key)
    if known is not None and not ((example ^ known.example) & known.mask).any():
        return known
    records = []
    for index, length in enumerate(cycle.tolist(), first):
        row = rows_of(found.block, found.begins[index : index + 1], length)[0]
        shape = shapes.find(length, row) or _learnt(found, index, shapes)
        if shape is None or shape.bins is not None or shape.step_bytes > LONGEST_STEP_BYTES:
            return None
        tags = shape.known_tags.get(shape.tags_key(row))
        if tags is None:
            # A tag that nobody has seen so far may be the work of a damaged record.
            if not found.is_intact(index):
                return None
            tags = shape.learn_tags(row)
        stop = int(found.begins[index]) - begin + HEADER_BYTES + length
        records.append((tags, shape, stop - len(row)))
    found_row = make_row(example, records)
    shapes.remember_row(key, found_row)
    return found_row


def _learnt(found: RecordBlock, index: int, shapes: ShapeBook) -> Shape | None:
    """Return the shape of a record, which is known from now on; None if it has none or is damaged."""
    if not found.is_intact(index):
        return None
    try:
        return shapes.learn(parse_event(found.record(index)))
    except DamagedMessageError:  # said when it is decoded by itself
        return None
