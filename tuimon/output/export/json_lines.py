"""tuimon's own JSON lines: `{"time", "config"}`, then a line per record with `step`, `time` and its tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np
import orjson

from tuimon.core.batch import ConfigValue, LifecycleRecord
from tuimon.output.document import number
from tuimon.output.export.numbers import texts_of
from tuimon.output.export.rows import Rows, rows_of, windows
from tuimon.output.export.writer import RunToWrite, tags_of
from tuimon.store.run import RunView

# A tag of such a name gets a `/` behind it.
RESERVED = frozenset({"run", "step", "time", "config", "event", "message"})
# What `event` says, where that is another word than the kind of the record.
_EVENT_OF_KIND = {"writer": "resumed"}


class JsonLines:
    """Writes a line per record.

    Args:
        file: Where to write.
        wanted: Which tags; None for all.
        named: Whether each line names its run.
    """

    def __init__(self, file: BinaryIO, wanted: re.Pattern[str] | None = None, *, named: bool = False) -> None:
        self._file = file
        self._wanted = wanted
        self._named = named

    def write(self, run: RunToWrite) -> int:
        """Write config, records and events of a run in the order of writing; return how many points."""
        begin = b'{"run":' + _text(run.name) + b"," if self._named else b"{"
        view, tags = run.view, tags_of(run.view, self._wanted)
        if view.config:
            self._file.write(begin + b'"config":' + _config(view.config) + b"}\n")
        events = _events(view, begin)
        for window in windows(view, tags):
            rows = rows_of(window.stretches, one_time=True)
            lines, order = _lines(rows, begin), rows.order
            due = [
                each for each in events.get(window.stream, []) if window.stop is None or each[0] < window.stop
            ]
            if due:
                del events[window.stream][: len(due)]
                order = np.concatenate([[place for place, _ in due], order])
                every = [line for _, line in due] + lines
                lines = [every[place] for place in np.argsort(order, kind="stable").tolist()]
            self._file.write(b"\n".join(lines) + b"\n")
        for left in events.values():
            self._file.writelines(line + b"\n" for _, line in left)
        return sum(len(view.series[tag]) for tag in tags)

    def close(self) -> None:
        """Do nothing: lines have no end."""


def _lines(rows: Rows, begin: bytes) -> list[bytes]:
    parts: list[list[bytes]] = [[] for _ in range(len(rows))]
    for tag, places, values in rows.cells:
        name = _text(f"{tag}/" if tag in RESERVED else tag) + b":"
        texts = texts_of(values, quoted=True)
        for place, text in zip(places.tolist(), texts, strict=True):
            parts[place].append(name + text)
    heads = zip(texts_of(rows.steps), texts_of(rows.wall_times, unknown=b""), parts, strict=True)
    return [
        begin + b'"step":' + step + (b',"time":' + time if time else b"") + b"," + b",".join(cells) + b"}"
        for step, time, cells in heads
    ]


def _events(run: RunView, begin: bytes) -> dict[int, list[tuple[int, bytes]]]:
    """Return the lines of what happened to a run by stream, each with its place in the order."""
    found: dict[int, list[tuple[int, bytes]]] = {}
    records = zip(run.lifecycle, run.lifecycle_streams, strict=True)
    for record, stream in sorted(records, key=lambda each: each[0].order):
        line = begin + b",".join(_event_parts(record)) + b"}"
        found.setdefault(stream, []).append((record.order, line))
    return found


def _event_parts(record: LifecycleRecord) -> Iterator[bytes]:
    if record.step is not None:
        yield b'"step":%d' % record.step
    if record.wall_time == record.wall_time:
        yield b'"time":' + texts_of(np.array([record.wall_time]))[0]
    yield b'"event":' + _text(_EVENT_OF_KIND.get(record.kind, record.kind))
    if record.text:
        yield b'"message":' + _text(record.text)


def _config(values: Mapping[str, ConfigValue]) -> bytes:
    return orjson.dumps({_clean(k): number(v) if isinstance(v, float) else v for k, v in values.items()})


def _text(text: str) -> bytes:
    return orjson.dumps(_clean(text))


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
