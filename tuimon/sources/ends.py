"""How runs end, told before they are read: the last points that stand in their files.

A list of thousands of runs is to say at once how far each of them has come. A few kilobytes from the
beginning and the end of a file tell it. What is told is what a whole reading will tell; where that is not
sure (a damaged record, a dialect that counts from the first line on, a tag that the end does not hold),
nothing is.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from tuimon.core.batch import LifecycleRecord, ScalarBatch
from tuimon.core.framing import FRAME_BYTES, HEADER_BYTES, find_header, masked_crc
from tuimon.core.frozen import frozen
from tuimon.sources.base import SourceRef
from tuimon.sources.event_proto import Event, parse_event
from tuimon.sources.lenient_json import parse
from tuimon.sources.row_axes import STEP_NAMES
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.row_dialects import RowDialects
from tuimon.sources.rows import Row

WINDOW_BYTES = (2 << 10, 32 << 10)
"""How much to read of both ends of a file, and how much where that was not enough."""

_LENGTH_BYTES = 8
# The epoch is a step only where nothing better is logged anywhere in a file.
_SURE_STEPS = frozenset(STEP_NAMES) - {"epoch"}


@frozen
class LastPoint:
    """The last point of a tag: its place among the records of the end, its step, wall time and value."""

    order: int
    step: int
    wall_time: float
    value: float


@frozen
class FileEnd:
    """What the beginning and the end of a file hold.

    Attributes:
        tags: In the order in which they appear, each with its last point; None where that lies in between.
            All tags are among them that come again and again with those at the beginning, or at the end.
        lifecycle: What happened near the end, in the order of writing; `order` is that of `LastPoint`.
    """

    tags: Mapping[str, LastPoint | None]
    lifecycle: tuple[LifecycleRecord, ...] = ()


def read_end(ref: SourceRef, window_bytes: int) -> FileEnd | None:
    """Return how a file ends, or None where so little of it does not tell for sure. Never raises.

    Args:
        ref: The file.
        window_bytes: How much to read of its beginning and of its end.
    """
    read = _READERS.get(ref.format)
    if read is None or ref.prefix or len(ref.paths) != 1 or ref.paths[0].suffix == ".gz":
        return None
    try:
        return read(*_windows(ref.paths[0], window_bytes))
    except (OSError, ValueError):
        return None


def _windows(path: Path, size: int) -> tuple[bytes, bytes]:
    """Return the first and the last bytes of a file; a short file is all end, without a beginning.

    Raises:
        OSError: It cannot be read, or is no regular file.
    """
    # O_NONBLOCK: a pipe that took the file's place must not block the thread.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{path} is no regular file")
        if found.st_size <= 2 * size:
            return b"", os.pread(file, found.st_size, 0)
        return os.pread(file, size, 0), os.pread(file, size, found.st_size - size)
    finally:
        os.close(file)


def _read_events(head: bytes, tail: bytes) -> FileEnd | None:
    """Return how an event file ends.

    Raises:
        ValueError: There is damage.
    """
    begin = find_header(tail, 0) if head else 0
    if begin is None:
        return None
    first = _one_cycle(_events(head, _frames(head, 0))) if head else []
    frames = list(_frames(tail, begin))
    last = _one_cycle(_events(tail, reversed(frames)), whole=not head)
    if first is None or last is None or any(event.session_status for event in last):
        return None
    tags: dict[str, LastPoint | None] = dict.fromkeys(tag for event in first for tag, _ in _numbers(event))
    # They were gone through from the last one back, which is found first; order is for comparing only.
    ends: dict[str, LastPoint] = {}
    for order, event in enumerate(reversed(last)):
        for tag, value in _numbers(event):
            ends[tag] = LastPoint(order, event.step, event.wall_time, value)
    return FileEnd(tags | ends)


def _frames(block: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Yield where each whole frame from `begin` on begins and ends.

    Raises:
        ValueError: A header is damaged.
    """
    while begin + HEADER_BYTES <= len(block):
        length = block[begin : begin + _LENGTH_BYTES]
        checksum = block[begin + _LENGTH_BYTES : begin + HEADER_BYTES]
        if masked_crc(length).to_bytes(4, "little") != checksum:
            raise ValueError("a damaged header")
        end = begin + int.from_bytes(length, "little") + FRAME_BYTES
        if end > len(block):
            return  # it is read when the rest of it is written
        yield begin, end
        begin = end


def _events(block: bytes, frames: Iterable[tuple[int, int]]) -> Iterator[Event]:
    """Yield what stands in some frames.

    Raises:
        ValueError: A record is damaged.
    """
    for begin, end in frames:
        record = block[begin + HEADER_BYTES : end - (FRAME_BYTES - HEADER_BYTES)]
        if masked_crc(record).to_bytes(4, "little") != block[end - (FRAME_BYTES - HEADER_BYTES) : end]:
            raise ValueError("a damaged record")
        yield parse_event(record)


def _one_cycle(events: Iterable[Event], *, whole: bool = False) -> list[Event] | None:
    """Return events until a tag comes again, and so all that are logged with it have come; else None.

    With `whole` they are all there are, and all are returned.
    """
    taken: list[Event] = []
    seen: set[str] = set()
    for event in events:
        taken.append(event)
        tags = {tag for tag, _ in _numbers(event)}
        if not whole and not seen.isdisjoint(tags):
            return taken
        seen |= tags
    return taken if whole else None


def _numbers(event: Event) -> Iterator[tuple[str, float]]:
    for value in event.values:
        if value.scalar is not None:
            yield value.tag, float(value.scalar.values[0])


def _read_lines(head: bytes, tail: bytes) -> FileEnd | None:
    """Return how a file of JSON lines ends.

    Raises:
        ValueError: A line is no JSON.
    """
    is_whole = not head
    if head:
        head, tail = head[: head.rfind(b"\n") + 1], tail[tail.find(b"\n") + 1 :]
    # A null means NaN or nothing, which the rows before it tell.
    if any(mark in end for mark in (b"null", b"\0", b"\r") for end in (head, tail)):
        return None
    *last, unfinished = tail.split(b"\n")
    first = [parse(line) for line in head.split(b"\n") if line]
    parsed = [*first, *(parse(line) for line in last if line)]
    with suppress(ValueError):  # it is read when the rest of it is written
        if unfinished:
            parsed.append(parse(unfinished))
    rows: list[Row] = [row for row in parsed if isinstance(row, dict)]
    if len(rows) < len(parsed) or not _names_steps(rows, len(first)):
        return None
    records = RowDecoder().decode(rows, np.arange(len(rows)))
    lifecycle = tuple(r for r in records if isinstance(r, LifecycleRecord) and r.order >= len(first))
    batches = [record for record in records if isinstance(record, ScalarBatch) and len(record)]
    if not is_whole and not _hold_cycles(batches, len(first)):
        return None
    return FileEnd(_last_points(batches, len(first)), lifecycle)


def _names_steps(rows: Sequence[Row], head_count: int) -> bool:
    """Return whether the step of each row from `head_count` on stands in it, and no dialect is about any."""
    if RowDialects().apply(rows) is not rows:
        return False
    steps = [_SURE_STEPS.intersection(map(str.lower, row)) for row in rows]
    best = min(set().union(*steps), key=STEP_NAMES.index, default=None)
    return best is not None and all(best in names for names in steps[head_count:])


def _hold_cycles(batches: Iterable[ScalarBatch], head_count: int) -> bool:
    """Return whether some tag comes twice among the first `head_count` rows, and among the others."""
    first: Counter[str] = Counter()
    last: Counter[str] = Counter()
    for batch in batches:
        count = int(batch.order.searchsorted(head_count))
        first.update(dict.fromkeys(batch.tags, count))
        last.update(dict.fromkeys(batch.tags, len(batch) - count))
    return max(first.values(), default=0) > 1 and max(last.values(), default=0) > 1


def _last_points(batches: Iterable[ScalarBatch], head_count: int) -> dict[str, LastPoint | None]:
    orders: dict[str, int] = {}
    points: dict[str, LastPoint | None] = {}
    for batch in batches:
        order, step, wall_time = int(batch.order[-1]), int(batch.steps[-1]), float(batch.wall_times[-1])
        for tag, values in zip(batch.tags, batch.values, strict=True):
            if order >= orders.get(tag, 0):
                is_last = order >= head_count
                points[tag] = LastPoint(order, step, wall_time, float(values[-1])) if is_last else None
                orders[tag] = order
    return points


_READERS: dict[str, Callable[[bytes, bytes], FileEnd | None]] = {
    "tfevents": _read_events,
    "jsonl": _read_lines,
}
