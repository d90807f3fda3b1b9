"""The points, lines and failures of a text log."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from tuimon.core.batch import ConfigRecord, LifecycleRecord, LogLine, Problem, Record, ScalarBatch
from tuimon.core.columns import Int64Array
from tuimon.sources.console_lines import ConsoleLines, failures_that_count
from tuimon.sources.line_files import FileRead
from tuimon.sources.log_block import LogBlock
from tuimon.sources.log_lines import PASSED_LINES, SHOWN_LINES, TIME_WITHIN, time_in
from tuimon.sources.log_reader import LogReader
from tuimon.sources.log_tables import Cut, LogTables
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.sniffing import LFS_ADVICE, LFS_PREFIX
from tuimon.sources.text_tail import TextBlock, TextTail

# Where so many metric lines were read one by one, the shapes of some are learned.
_MANY_LINES, _LEARNED_LINES = 32, 4
_LEARNED_FROM = 1 << 16


class TextBlocks(Protocol):
    """Where the lines of a log come from."""

    @property
    def size(self) -> int:
        """How many bytes there are, as far as it is known."""

    def read(self, max_bytes: int) -> TextBlock:
        """Return the next whole lines. Never raises."""


class TextLogFile:
    """One text log, read on block by block (see `LineFile`).

    `order` counts metric lines; other lines carry the order of the next one, and the step of the one before.
    Of each block, only the last lines and those that tell of failures become records.

    Args:
        path: The log.
        text: Its lines, where they do not come from the file.
    """

    def __init__(self, path: Path, text: TextBlocks | None = None) -> None:
        self.path = path
        self._text: TextBlocks = TextTail(path) if text is None else text
        self._reported_limits: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        self._knows_pointer = False
        self._reader = LogReader()
        self._tables = LogTables()
        self._decoder = RowDecoder()
        self._console = ConsoleLines()
        self._known_totals: dict[str, int] = {}
        self._last_step: int | None = None
        self._has_begun = False
        self._has_metrics = False

    @property
    def size(self) -> int:
        """Its size in bytes when it was read last."""
        return self._text.size

    def read(self, max_bytes: int, first_order: int) -> FileRead:
        """Read on; the first new metric line has the number `first_order`. Never raises on bad content."""
        block = self._text.read(max_bytes)
        problems = list(block.problems)
        records: list[Record] = []
        if block.new_generation:
            self._begin()
            text = f"{self.path.name} was replaced or rewritten"
            records.append(LifecycleRecord("writer", first_order, None, math.nan, text))
        if block.text.startswith(LFS_PREFIX) and not self._knows_pointer:
            self._knows_pointer = True
            problems.append(Problem(str(self.path), LFS_ADVICE))
        count = 0
        lines: list[LogLine | LifecycleRecord] = []
        for piece in self._pieces(block.text):
            shown = PASSED_LINES if block.more else SHOWN_LINES
            count += self._read_lines(piece, first_order + count, shown, records, lines)
        if not self._has_metrics:
            lines = failures_that_count(lines, written_at=math.nan if block.more else _written_at(self.path))
        records += lines
        problems += self._new_limits()
        return FileRead(records, count, block.more, block.bytes_read, problems)

    def _pieces(self, text: bytes) -> Iterator[bytes]:
        """Give a block in pieces: the first one of a file is to learn from."""
        if not self._has_begun and len(text) > 2 * _LEARNED_FROM:
            end = text.rfind(b"\n", 0, _LEARNED_FROM) + 1
            yield text[:end]
            text = text[end:]
        if text:
            self._has_begun = True
            yield text

    def _read_lines(
        self,
        text: bytes,
        first_order: int,
        shown: int,
        records: list[Record],
        lines: list[LogLine | LifecycleRecord],
    ) -> int:
        """Read whole lines, of which `shown` are worth to be seen; return how many are metric lines."""
        text = self._reader.prepared(text)
        cut = self._tables.cut(text, self._reader.knows)
        found = self._reader.read_rest(cut, shown)
        if found is None:
            self._tables.forget()
            cut = Cut(text)
            found = self._reader.read(text)
        self._learn(cut, found)
        records += self._totals(found)
        begins = cut.original(np.array(found.starts, np.int64))
        at = np.sort(np.concatenate([begins, *(table.begins for table in cut.tables)]))
        order = np.arange(len(at)) + first_order
        tables = [table.rows(at) for table in cut.tables]
        points = self._decoder.decode(found.rows, order, _ranks(begins, at) if tables else None, tables)
        records += points
        lines += self._lines(cut, found, at, points, first_order)
        self._has_metrics |= len(at) > 0
        return len(at)

    def _learn(self, cut: Cut, found: LogBlock) -> None:
        """Learn the shapes of some lines where many are read one by one."""
        starts = [start for start in found.starts if start >= 0]
        if len(starts) < _MANY_LINES or not self._tables.is_learning:
            return
        for start in starts[len(starts) // (2 * _LEARNED_LINES) :: -(-len(starts) // _LEARNED_LINES)]:
            line = cut.rest[cut.rest.rfind(b"\n", 0, start) + 1 : cut.rest.find(b"\n", start)]
            self._tables.learn(line, self._reader.describe(line))

    def _totals(self, found: LogBlock) -> list[Record]:
        new = {name: total for name, total in found.totals.items() if self._known_totals.get(name) != total}
        self._known_totals.update(new)
        return [ConfigRecord(dict(new))] if new else []

    def _lines(
        self, cut: Cut, found: LogBlock, at: Int64Array, points: Sequence[Record], first_order: int
    ) -> list[LogLine | LifecycleRecord]:
        """Return the records of lines that are no metric lines, which begin `at` int64[n], rising."""
        step_behind = self._steps_behind(len(at), points, first_order)
        begins = cut.original(np.array([begin for begin, _ in found.lines], np.int64))
        behind = at.searchsorted(begins, side="right").tolist()
        text = cut.rest
        return self._console.take(
            [text[begin:stop].decode("utf-8", "replace") for begin, stop in found.lines],
            [first_order + count for count in behind],
            [step_behind(count) for count in behind],
            [time_in(text, begin, min(stop, begin + TIME_WITHIN)) for begin, stop in found.lines],
        )

    def _steps_behind(
        self, count: int, points: Sequence[Record], first_order: int
    ) -> Callable[[int], int | None]:
        """Return what tells the step that was reached behind so many rows, from 0 to `count`."""
        steps = np.zeros(count + 1, np.int64)
        known = np.zeros(count + 1, np.bool_)
        for batch in points:
            if isinstance(batch, ScalarBatch):
                places = batch.order - first_order + 1
                steps[places], known[places] = batch.steps, True
        latest = np.maximum.accumulate(np.where(known, np.arange(count + 1), -1))
        before = self._last_step
        if latest[-1] >= 0:
            self._last_step = int(steps[latest[-1]])
        return lambda rows: int(steps[latest[rows]]) if latest[rows] >= 0 else before

    def _new_limits(self) -> list[Problem]:
        passed = [limit for limit in self._decoder.limits_passed if limit not in self._reported_limits]
        self._reported_limits.update(passed)
        return [Problem(str(self.path), limit) for limit in passed]


def _written_at(path: Path) -> float:
    """Return when a file was changed last, in unix seconds; NaN where it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return math.nan


def _ranks(begins: Int64Array, at: Int64Array) -> Int64Array:
    """Return the places of rows that begin at `begins`, rising, among all that begin `at`.

    Rows of a block that is gone begin before this one, several at the same place.
    """
    places: Int64Array = at.searchsorted(begins)
    gone = np.count_nonzero(begins < 0)
    places[:gone] = np.arange(gone)
    return places
