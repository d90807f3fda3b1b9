"""The points, samples, console and end of a W&B run, from its `.wandb` file."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from tuimon.core.batch import ConfigRecord, LifecycleRecord, LogLine, Problem, Record
from tuimon.core.columns import Int64Array
from tuimon.sources.line_files import FileRead
from tuimon.sources.protobuf import LENGTH, DamagedMessageError
from tuimon.sources.protobuf_table import FieldTable, field_table
from tuimon.sources.rows import MAX_TAGS
from tuimon.sources.wandb_blocks import RecordBlock, WandbLog
from tuimon.sources.wandb_history import HistoryDecoder, StatsDecoder
from tuimon.sources.wandb_records import (
    ConsoleDecoder,
    read_alert,
    read_config,
    read_exit,
    read_run,
    read_step_metric,
)

# Fields of `Record` in wandb/proto/wandb_internal.proto, which is public under the MIT licence.
_HISTORY, _OUTPUT, _CONFIG, _STATS, _ALERT, _METRIC, _OUTPUT_RAW, _RUN, _EXIT = 2, 4, 5, 7, 10, 12, 13, 17, 18
_UNDECODABLE = "a record that cannot be decoded was skipped"
_SINGLE = (_CONFIG, _ALERT, _METRIC, _RUN, _EXIT)


class WandbRun:
    """One file, read on block by block (see `LineFile`), and what is known of its run.

    `order` counts records. Samples of the machine and lines of the console carry the step of the history row
    before them. Names of nested keys are joined by `.`; `_step` and `_timestamp` are the steps and times of
    all others and no series.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log = WandbLog(path)
        self._limit_told = False
        self._begin()

    @property
    def size(self) -> int:
        """Its size in bytes when it was read last."""
        return self._log.size

    def read(self, max_bytes: int, first_order: int) -> FileRead:
        """Read on; the first new record has the number `first_order`. Never raises on bad content."""
        block = self._log.read(max_bytes)
        if block.new_generation:
            self._begin()
        records = self._decode(block, first_order)
        return FileRead(records, block.count, block.more, block.bytes_read, self._take_problems())

    def _begin(self) -> None:
        self._history = HistoryDecoder(self.path.parent / "files")
        self._stats = StatsDecoder()
        self._console = ConsoleDecoder()
        self._start_time = math.nan
        self._is_announced = False
        self._ended_at: int | None = None

    def _decode(self, block: RecordBlock, first: int) -> list[Record]:
        order = block.numbers + first
        table, damaged = field_table(block.data, block.begins, block.ends)
        for index in damaged.tolist():
            self._log.report(_UNDECODABLE, int(block.offsets[index]))
        found: list[Record] = []
        ends: list[Record] = []
        single = table.where(np.isin(table.number, _SINGLE) & (table.wire_type == LENGTH))
        columns = (single.message, single.number, single.begin, single.end)
        for index, number, begin, end in zip(*(column.tolist() for column in columns), strict=True):
            try:
                told = self._read_single(number, block.data[begin:end], int(order[index]))
            except DamagedMessageError:
                self._log.report(_UNDECODABLE, int(block.offsets[index]))
                continue
            (ends if number == _EXIT else found).extend(told)
        found += self._columns(block.data, table, order)
        return found + [self._timed(record) for record in ends if isinstance(record, LifecycleRecord)]

    def _take_problems(self) -> list[Problem]:
        """Return the problems since the last call."""
        problems = self._log.take_problems()
        if self._history.has_too_many_tags and not self._limit_told:
            self._limit_told = True
            message = f"more than {MAX_TAGS} different names were logged; the rest was left out"
            problems.append(Problem(str(self.path), message))
        return problems

    def _columns(self, data: bytes, table: FieldTable, order: Int64Array) -> list[Record]:
        """Return what there is much of: history, samples of the machine, console."""
        before = self._history.last_step
        history = table.of(_HISTORY)
        found = self._history.decode(data, history, order[history.message], self._start_time)
        steps = np.append(before or 0, self._history.row_steps)
        stats = table.of(_STATS)
        stats_order = order[stats.message]
        if self._ended_at is not None:
            # The last samples are written behind the exit; they are no sign of a run that goes on.
            stats_order = np.minimum(stats_order, self._ended_at - 1)
        carried = steps[np.searchsorted(history.message, stats.message)]
        found += self._stats.decode(data, stats, stats_order, carried)
        console = table.where(np.isin(table.number, (_OUTPUT, _OUTPUT_RAW)) & (table.wire_type == LENGTH))
        carried = steps[np.searchsorted(history.message, console.message)]
        found += self._console.decode(data, console, order[console.message], carried)
        return found

    def _read_single(self, number: int, record: bytes, order: int) -> list[Record]:
        """Return what a record tells that there are few of."""
        if number == _RUN:
            return self._read_run(record, order)
        if number == _CONFIG:
            return [ConfigRecord(values)] if (values := read_config(record)) else []
        if number == _METRIC:
            self._history.step_metric = read_step_metric(record) or self._history.step_metric
            return []
        if number == _ALERT:
            return [LogLine(order, math.nan, "warning", read_alert(record))]
        code, runtime = read_exit(record)
        self._ended_at = order
        time = self._start_time + runtime if runtime else math.nan
        text = f"exit code {code}" if code else ""
        return [LifecycleRecord("failed" if code else "finished", order, None, time, text)]

    def _read_run(self, record: bytes, order: int) -> list[Record]:
        """Return what the run record tells; it is written again when the run is told more about."""
        run = read_run(record)
        if np.isfinite(run.start_time):
            self._start_time = run.start_time
        found: list[Record] = []
        if not self._is_announced:
            self._is_announced = True
            host = run.facts.get("host", "")
            found.append(LifecycleRecord("writer", order, None, self._start_time, host=host))
        facts = {f"wandb.{name}": text for name, text in run.facts.items() if text}
        return [*found, ConfigRecord({**run.config, **facts}, self._start_time)]

    def _timed(self, end: LifecycleRecord) -> LifecycleRecord:
        """Return the end of the run with its time and step: the run's length is told in whole seconds."""
        time = float(np.fmax(end.wall_time, self._history.last_time))
        return replace(end, wall_time=time, step=self._history.last_step)
