"""The points, lines and failures of a text log."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tuimon.core.batch import ConfigRecord, LifecycleRecord, Problem, Record, ScalarBatch
from tuimon.sources.console_lines import ConsoleLines
from tuimon.sources.line_files import FileRead
from tuimon.sources.log_reader import LogBlock, LogReader, time_in
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.rows import Row
from tuimon.sources.sniffing import LFS_ADVICE, LFS_PREFIX
from tuimon.sources.text_tail import TextTail

# The moment of a line stands at its start.
_TIME_WITHIN = 80


class TextLogFile:
    """One text log, read on block by block (see `LineFile`).

    `order` counts metric lines; other lines carry the order of the next one, and the step of the one before.
    Of each block, only the last lines and those that tell of failures become records.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = TextTail(path)
        self._reported_limits: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        self._knows_pointer = False
        self._reader = LogReader()
        self._decoder = RowDecoder()
        self._console = ConsoleLines()
        self._known_totals: dict[str, int] = {}
        self._last_step: int | None = None

    @property
    def size(self) -> int:
        """Its size in bytes when it was read last."""
        return self._text.tail.size

    def read(self, max_bytes: int, first_order: int) -> FileRead:
        """Read on; the first new metric line has the number `first_order`. Never raises on bad content."""
        block = self._text.read(max_bytes)
        problems = list(block.problems)
        records: list[Record] = []
        if block.new_generation:
            self._begin()
            text = f"{self.path.name} was replaced or rewritten"
            records.append(LifecycleRecord("writer", first_order, None, math.nan, text))
        found = self._reader.read(block.text) if block.text else LogBlock()
        if block.text.startswith(LFS_PREFIX) and not self._knows_pointer:
            self._knows_pointer = True
            problems.append(Problem(str(self.path), LFS_ADVICE))
        records += self._totals(found)
        points = self._decoder.decode(found.rows, np.arange(len(found.rows)) + first_order)
        records += points
        records += self._lines(block.text, found, points, first_order)
        problems += self._new_limits()
        return FileRead(records, len(found.rows), block.more, block.bytes_read, problems)

    def _totals(self, found: LogBlock) -> list[Record]:
        new = {name: total for name, total in found.totals.items() if self._known_totals.get(name) != total}
        self._known_totals.update(new)
        return [ConfigRecord(dict(new))] if new else []

    def _lines(
        self, text: bytes, found: LogBlock, points: Sequence[Record], first_order: int
    ) -> Sequence[Record]:
        steps = self._row_steps(found.rows, points, first_order)
        behind = [bisect_right(found.starts, begin) for begin, _ in found.lines]
        return self._console.take(
            [text[begin:stop].decode("utf-8", "replace") for begin, stop in found.lines],
            [first_order + count for count in behind],
            [steps[count] for count in behind],
            [time_in(text, begin, min(stop, begin + _TIME_WITHIN)) for begin, stop in found.lines],
        )

    def _row_steps(self, rows: Sequence[Row], points: Sequence[Record], first_order: int) -> list[int | None]:
        """Return the step before the first row, and that of each row."""
        steps: list[int | None] = [self._last_step, *[None] * len(rows)]
        for batch in points:
            if isinstance(batch, ScalarBatch):
                for order, step in zip(batch.order.tolist(), batch.steps.tolist(), strict=True):
                    steps[order - first_order + 1] = step
        for index in range(1, len(steps)):
            if steps[index] is None:
                steps[index] = steps[index - 1]
        self._last_step = steps[-1]
        return steps

    def _new_limits(self) -> list[Problem]:
        passed = [limit for limit in self._decoder.limits_passed if limit not in self._reported_limits]
        self._reported_limits.update(passed)
        return [Problem(str(self.path), limit) for limit in passed]
