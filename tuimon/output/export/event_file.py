"""Event files as TensorBoard reads them: frames with checksums around messages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import HistogramBatch, ImageRecord, LifecycleRecord, Record, TextRecord, ValueArray
from tuimon.core.checksums import masked_crc, masked_crcs
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.output.export import messages
from tuimon.output.export.rows import Stretch, Window, windows
from tuimon.output.export.writer import RunToWrite, tags_of
from tuimon.store.run import RunView

_HEADER_BYTES, _CRC_BYTES = 12, 4
_MOST_IMAGE_BYTES = 1 << 28
# Of a message with a time: the key and the eight bytes of the time, the key of the step.
_TIME_KEY, _STEP_KEY = b"\x09", b"\x10"

Frame = tuple[int, bytes]
"""The place of a record in the order of writing, and the record in its frame."""


class EventFile:
    """Writes the scalars, hyper-parameters, checkpoints, texts, histograms and images of one run.

    Args:
        file: Where to write.
        wanted: Which tags; None for all.
        double: Write doubles as they are. Otherwise they are rounded to single precision, which is all that
            TensorBoard's quick loader reads.
    """

    def __init__(
        self, file: BinaryIO, wanted: re.Pattern[str] | None = None, *, double: bool = False
    ) -> None:
        self._file = file
        self._wanted = wanted
        self._double = double

    def write(self, run: RunToWrite) -> int:
        """Write a run: points in the order of writing, then what is no number; return how many points."""
        view, tags = run.view, tags_of(run.view, self._wanted)
        begin = _first_time(view, tags)
        self._file.write(framed(messages.event(begin, 0, messages.file_version())))
        if view.config:
            self._file.write(framed(messages.event(begin, 0, messages.hyper_parameters(view.config))))
        events = _events(view)
        for window in windows(view, tags):
            frames = _due(events.get(window.stream, []), window)
            frames += [frame for each in window.stretches for frame in self._frames_of(each)]
            frames.sort(key=lambda frame: frame[0])
            self._file.write(b"".join([record for _, record in frames]))
        for left in events.values():
            self._file.writelines(record for _, record in left)
        if view.texts or view.histograms or view.images:
            for record in run.records():
                self._file.writelines(self._rich(record))
        return sum(len(view.series[tag]) for tag in tags)

    def close(self) -> None:
        """Do nothing: an event file has no end."""

    def _frames_of(self, points: Stretch) -> Iterator[Frame]:
        """Yield the frames of one series' points: all with steps of one width at once."""
        double = self._double and points.values.dtype.itemsize > np.dtype(np.float32).itemsize
        with np.errstate(over="ignore"):  # beyond the largest single is infinity
            values: ValueArray = points.values if double else points.values.astype(np.float32)
        widths = _varint_widths(points.steps)
        timed = ~np.isnan(points.wall_times)
        for width in np.unique(widths).tolist():
            for with_time in (True, False):
                chosen = np.flatnonzero((widths == width) & (timed == with_time))
                if len(chosen):
                    times = points.wall_times[chosen] if with_time else None
                    rows = _frame_rows(points.tag, points.steps[chosen], width, times, values[chosen])
                    size, frames = rows.shape[1], rows.tobytes()
                    places = points.order[chosen].tolist()
                    yield from ((place, frames[n * size : (n + 1) * size]) for n, place in enumerate(places))

    def _rich(self, record: Record) -> Iterator[bytes]:
        """Yield the frames of what is no number."""
        if not isinstance(record, TextRecord | HistogramBatch | ImageRecord):
            return
        if self._wanted is not None and not self._wanted.search(record.tag):
            return
        if isinstance(record, HistogramBatch):
            clock = zip(record.wall_times.tolist(), record.steps.tolist(), strict=True)
            for (wall_time, step), edges, counts in zip(clock, record.edges, record.counts, strict=True):
                content = messages.histogram(record.tag, edges, counts)
                yield framed(messages.event(wall_time, step, content))
        elif isinstance(record, TextRecord):
            content = messages.text(record.tag, record.text)
            yield framed(messages.event(record.wall_time, record.step, content))
        else:
            with suppress(OSError):  # an image whose file has gone since is left out
                image = record.content.read(_MOST_IMAGE_BYTES)
                content = messages.image(record.tag, record.width, record.height, image)
                yield framed(messages.event(record.wall_time, record.step, content))


def framed(message: bytes) -> bytes:
    """Return a message in its frame; see `core.framing`."""
    length = len(message).to_bytes(8, "little")
    return b"".join([length, _crc(length), message, _crc(message)])


def _crc(content: bytes) -> bytes:
    return masked_crc(content).to_bytes(_CRC_BYTES, "little")


def _frame_rows(
    tag: str,
    steps: Int64Array,
    width: int,
    wall_times: Float64Array | None,
    values: ValueArray,
) -> npt.NDArray[np.uint8]:
    """Return frames of one length as rows of bytes, uint8[n, size]."""
    before, size, behind = messages.scalar(tag, double=values.dtype == np.float64)
    parts = [] if wall_times is None else [_column(_TIME_KEY, len(steps)), _bits(wall_times, "<f8")]
    parts += [_column(_STEP_KEY, len(steps)), _varints(steps, width), _column(before, len(steps))]
    parts += [_bits(values, f"<f{size}"), _column(behind, len(steps))]
    message = np.concatenate(parts, axis=1)
    length = message.shape[1].to_bytes(8, "little")
    header = _column(length + _crc(length), len(steps))
    return np.concatenate([header, message, _bits(masked_crcs(message), "<u4")], axis=1)


def _column(content: bytes, count: int) -> npt.NDArray[np.uint8]:
    """Return the same bytes in each of `count` rows."""
    return np.broadcast_to(np.frombuffer(content, np.uint8), (count, len(content)))


def _bits(numbers: npt.NDArray[np.generic], layout: str) -> npt.NDArray[np.uint8]:
    """Return the bytes of each number as a row."""
    return np.ascontiguousarray(numbers.astype(layout)).view(np.uint8).reshape(len(numbers), -1)


def _varint_widths(numbers: Int64Array) -> Int64Array:
    """Return how many bytes each number takes as a varint: seven bits in each; ten for a negative one."""
    bits = numbers.view(np.uint64)
    widths = np.ones(len(numbers), np.int64)
    for place in range(1, 10):
        widths += bits >> np.uint64(7 * place) > 0
    return widths


def _varints(numbers: Int64Array, width: int) -> npt.NDArray[np.uint8]:
    """Return numbers that take `width` bytes each as varints, uint8[n, width]."""
    bits = numbers.view(np.uint64)[:, np.newaxis] >> (np.arange(width, dtype=np.uint64) * np.uint64(7))
    rows = (bits & np.uint64(0x7F)).astype(np.uint8)
    rows[:, :-1] |= 0x80
    return rows


def _events(view: RunView) -> dict[int, list[Frame]]:
    """Return the frames of writers and checkpoints by stream, in the order of writing."""
    found: dict[int, list[Frame]] = {}
    records = zip(view.lifecycle, view.lifecycle_streams, strict=True)
    for record, stream in sorted(records, key=lambda each: each[0].order):
        content = _content_of(record)
        if content is not None:
            message = messages.event(record.wall_time, record.step or 0, content)
            found.setdefault(stream, []).append((record.order, framed(message)))
    return found


def _content_of(record: LifecycleRecord) -> bytes | None:
    if record.kind == "checkpoint":
        return messages.checkpoint(record.text)
    return messages.file_version() if record.kind == "writer" else None


def _due(events: list[Frame], window: Window) -> list[Frame]:
    """Take the events of a window out of those that are left; they stand before points of their order."""
    count = sum(1 for place, _ in events if window.stop is None or place < window.stop)
    due, events[:] = events[:count], events[count:]
    return due


def _first_time(view: RunView, tags: list[str]) -> float:
    """Return the earliest time that a run's series begin with; NaN where none is known."""
    times = [float(view.series[tag].wall_times[0]) for tag in tags]
    return min((time for time in times if not math.isnan(time)), default=float("nan"))
