"""Tables in CSV (RFC 4180, with line feeds alone): a row per point, or a column per tag."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from tuimon.output.export.numbers import texts_of
from tuimon.output.export.rows import Rows, rows_of, stretch_of, windows
from tuimon.output.export.writer import RunToWrite, tags_of
from tuimon.store.series import SeriesView

LONG_COLUMNS = ("run", "tag", "step", "wall_time", "value")
WIDE_COLUMNS = ("run", "step", "wall_time")
_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$')
_CHUNK = 1 << 17


class LongTable:
    """Writes a row per point: run, tag, step, wall time, value. An unknown time is an empty cell.

    Args:
        file: Where to write.
        wanted: Which tags; None for all.
    """

    def __init__(self, file: BinaryIO, wanted: re.Pattern[str] | None = None) -> None:
        self._file = file
        self._wanted = wanted
        file.write(",".join(LONG_COLUMNS).encode() + b"\n")

    def write(self, run: RunToWrite) -> int:
        """Write the points of a run, series after series; return how many there are."""
        tags = tags_of(run.view, self._wanted)
        for tag in tags:
            for block in _long_rows(run.name, run.view.series[tag]):
                self._file.write(block)
        return sum(len(run.view.series[tag]) for tag in tags)

    def close(self) -> None:
        """Do nothing: a table has no end."""


class WideTable:
    """Writes a row per step: run, step, wall time, and a column per tag, empty where it was not logged.

    Of points that were logged one after the other for one step the wall time is that of the first.

    Args:
        file: Where to write.
        tags: The columns, those of all runs.
    """

    def __init__(self, file: BinaryIO, tags: Sequence[str]) -> None:
        self._file = file
        self._tags = tuple(tags)
        file.write(b",".join([*map(str.encode, WIDE_COLUMNS), *map(cell, tags)]) + b"\n")

    def write(self, run: RunToWrite) -> int:
        """Write the steps of a run in the order of writing; return how many points they hold."""
        tags = [tag for tag in self._tags if tag in run.view.series]
        for window in windows(run.view, tags):
            self._file.write(self._wide_rows(cell(run.name), rows_of(window.stretches, one_time=False)))
        return sum(len(run.view.series[tag]) for tag in tags)

    def close(self) -> None:
        """Do nothing: a table has no end."""

    def _wide_rows(self, name: bytes, rows: Rows) -> bytes:
        empty = [b""] * len(rows)
        held = {tag: (places, values) for tag, places, values in rows.cells}
        columns = [[name] * len(rows), texts_of(rows.steps), texts_of(rows.wall_times, unknown=b"")]
        for tag in self._tags:
            if tag not in held:
                columns.append(empty)
                continue
            places, values = held[tag]
            column = texts_of(values)
            if len(column) < len(rows):
                sparse = empty.copy()
                for place, text in zip(places.tolist(), column, strict=True):
                    sparse[place] = text
                column = sparse
            columns.append(column)
        return b"\n".join(map(b",".join, zip(*columns, strict=True))) + b"\n"


def cell(text: str) -> bytes:
    """Return a text as a cell of a table."""
    quoted = '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
    return quoted.encode("utf-8", "replace")


def _long_rows(name: str, series: SeriesView) -> Iterator[bytes]:
    begin = cell(name) + b"," + cell(series.tag) + b","
    for start in range(0, len(series), _CHUNK):
        points = stretch_of(series, start, min(start + _CHUNK, len(series)))
        columns = texts_of(points.steps), texts_of(points.wall_times, unknown=b""), texts_of(points.values)
        yield begin + (b"\n" + begin).join(map(b",".join, zip(*columns, strict=True))) + b"\n"
