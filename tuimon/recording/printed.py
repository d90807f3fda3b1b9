"""What a training command prints, as rows of our own JSON lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import orjson

from tuimon.core.batch import ConfigRecord, LifecycleRecord, LogLine, Record, ScalarBatch
from tuimon.sources.base import UNBOUNDED
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.rows import Row
from tuimon.sources.text_source import TextLogFile
from tuimon.sources.text_tail import MAX_LINE_BYTES, TextBlock

# Only its name is used, in problems; nothing of this name is opened.
_NOWHERE = Path("output")


class PrintedMetrics:
    """Reads what a command prints, piece by piece, as `tuimon watch -` would.

    Lines that are JSON objects are rows as they stand; all others are read as a text log, from which come
    metrics, warnings, and failures as events.
    """

    def __init__(self) -> None:
        self._text = _Pieces()
        self._log = TextLogFile(_NOWHERE, self._text)
        self._json = RowDecoder()
        self._order = 0

    def take(self, piece: bytes, now: float, stream: int = 1) -> list[Row]:
        """Return the rows that the lines tell which this piece completes.

        Args:
            piece: As printed; it may end within a line.
            now: Unix seconds; the time of rows that tell none.
            stream: Which of the command's streams it was printed to; lines are put together for each.
        """
        objects = self._text.add(piece, stream)
        order = np.arange(self._order, self._order + len(objects))
        records = self._json.decode(objects, order)
        self._order += len(objects)
        found = self._log.read(UNBOUNDED.max_bytes, self._order)
        self._order += found.rows
        return list(_rows([*records, *found.records], now))

    def finish(self, now: float) -> list[Row]:
        """Return the rows of last lines that have no end."""
        return [row for stream in self._text.streams for row in self.take(b"\n", now, stream)]


class _Pieces:
    """Pieces of output as blocks of whole lines, without those that are JSON objects."""

    def __init__(self) -> None:
        self._partial: dict[int, bytes] = {}
        self._lines = b""

    @property
    def size(self) -> int:
        """How many bytes wait to be read."""
        return len(self._lines)

    @property
    def streams(self) -> tuple[int, ...]:
        """The streams that there have been."""
        return tuple(self._partial)

    def add(self, piece: bytes, stream: int) -> list[Row]:
        """Take up output; return the JSON objects among the lines that it completes."""
        text = self._partial.get(stream, b"") + piece.replace(b"\r", b"\n").replace(b"\0", b"\n")
        end = text.rfind(b"\n") + 1
        if not end and len(text) > MAX_LINE_BYTES:
            text, end = text + b"\n", len(text) + 1
        whole, self._partial[stream] = text[:end], text[end:]
        if b"{" not in whole:
            self._lines += whole
            return []
        objects = []
        for line in whole.splitlines(keepends=True):
            row = _json_object(line)
            if row is None:
                self._lines += line
            else:
                objects.append(row)
        return objects

    def read(self, max_bytes: int) -> TextBlock:
        """Return what was added since. A block is never larger than what was added at once."""
        del max_bytes
        lines, self._lines = self._lines, b""
        return TextBlock(lines, bytes_read=len(lines))


def _json_object(line: bytes) -> Row | None:
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        found = orjson.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found else None


def _rows(records: Iterable[Record], now: float) -> Iterator[Row]:
    """Yield the rows that say what records say; numbers that were printed in one line share a row."""
    by_place: dict[int, Row] = {}
    others: list[tuple[int, Row]] = []
    for record in records:
        match record:
            case ConfigRecord():
                yield {"time": now, "config": dict(record.values)}
            case ScalarBatch():
                for index, place in enumerate(record.order.tolist()):
                    row = by_place.setdefault(
                        place,
                        {"step": int(record.steps[index]), "time": _time(record.wall_times[index], now)},
                    )
                    row.update(
                        (tag, float(column[index]))
                        for tag, column in zip(record.tags, record.values, strict=True)
                    )
            case LifecycleRecord(kind="error" | "checkpoint"):
                said = {"time": _time(record.wall_time, now), "event": record.kind, "message": record.text}
                others.append((record.order, said if record.step is None else {"step": record.step} | said))
            case LogLine() if record.level not in ("info", "debug"):
                said = {"time": _time(record.wall_time, now), "level": record.level, "message": record.text}
                others.append((record.order, said))
    yield from (row for _, row in sorted([*by_place.items(), *others], key=lambda found: found[0]))


def _time(wall_time: float, now: float) -> float:
    return round(float(wall_time) if math.isfinite(wall_time) else now, 3)
