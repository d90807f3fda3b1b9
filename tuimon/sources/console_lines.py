"""Lines of a console: their level, and the failures that they tell of."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from tuimon.core.batch import LifecycleRecord, LogLine

COLOURS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""Escape sequences of a terminal."""
_LONGEST_LINE = 2000
# The first ones tell the story; a loop that fails a million times does not fill the memory.
_MOST_FAILURES = 500

_LEVEL = re.compile(r"(?<![\w/.\"'])(DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)(?![\w/.=])|(\w*Warning): ")
_LEVEL_NAMES = {"warn": "warning", "fatal": "critical"}
# How far from a line's start a logger writes the level; behind that it is a word of the message.
_LEVEL_WITHIN = 120
FAILURE = re.compile(
    r"CUDA out of memory|OutOfMemoryError|CUDA error|NCCL (?:error|timeout|WARN Timeout)|ncclSystemError"
    r"|Watchdog caught collective operation timeout|CUBLAS_STATUS_\w+_FAILED|Segmentation fault"
    r"|^(?:\w+\.)*\w*(?:Error|Exception|Interrupt|Exit): ?|DUE TO TIME LIMIT|oom-kill|ChildFailedError"
)
"""What a line holds that tells of a failure, beside its level."""
# What a line holds that is worth a closer look; lines without it are shown as they are.
_NOTABLE = re.compile(
    r"DEBUG|WARN|ERROR|CRITICAL|FATAL|Warning: |Error|Exception|Interrupt|Exit|Traceback|CUDA|NCCL|nccl"
    r"|Watchdog|CUBLAS|Segmentation|DUE TO|oom-kill"
)
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):")
# The last line of a traceback; a rank or a time may stand before it.
_RAISED = re.compile(
    r"^(?:\[?\w*rank\w*\]?:? ?)?"
    r"((?:\w+\.)*[A-Z]\w*(?:: .*|(?<=Error)|(?<=Exception)|(?<=Interrupt)|(?<=Exit)))$"
)
_LONGEST_TRACEBACK = 200


# What raised an exception without a message is a failure too; an ERROR line alone may be a trifle.
_EXCEPTION = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Interrupt|Exit)$")
# A launcher says a few words behind the failure that ended its program.
_LAST_LINES = 20


def failures_that_count(
    records: Sequence[LogLine | LifecycleRecord], *, written_at: float
) -> list[LogLine | LifecycleRecord]:
    """Return records of a console that tells no metrics, without failures that need not concern the run.

    Nothing there says that training went on behind a failure. So one counts if it is an exception, or one of
    `FAILURE`, and its line tells the time or the console ends with it.

    Args:
        records: In the order of their lines.
        written_at: When the last line was written, in unix seconds; NaN where these are not the last lines.
    """
    grave = [
        index
        for index, record in enumerate(records)
        if isinstance(record, LifecycleRecord) and _is_grave(record)
    ]
    # Ranks fail together: if the last of them ends the console, those shortly before it do, too.
    last = grave[-1] if grave else -1
    ends_so = math.isfinite(written_at) and len(records) - last <= _LAST_LINES
    kept: list[LogLine | LifecycleRecord] = []
    for index, record in enumerate(records):
        if isinstance(record, LogLine) or math.isfinite(record.wall_time):
            if isinstance(record, LogLine) or _is_grave(record):
                kept.append(record)
        elif ends_so and _is_grave(record) and last - index <= _LONGEST_TRACEBACK:
            kept.append(replace(record, wall_time=written_at))
    return kept


def _is_grave(record: LifecycleRecord) -> bool:
    return FAILURE.search(record.text) is not None or _EXCEPTION.match(record.text) is not None


def without_colours(text: str) -> str:
    """Return a text without the escape sequences of a terminal."""
    return COLOURS.sub("", text) if "\x1b" in text else text


def level_of(line: str) -> str:
    """Return the level that a logger wrote into a line, in lower case; "info" where there is none."""
    found = _LEVEL.search(line, 0, _LEVEL_WITHIN)
    if not found:
        return "info"
    level = found[1].lower() if found[1] else "warning"
    return _LEVEL_NAMES.get(level, level)


class ConsoleLines:
    """Turns lines of a console into records; failures become events. Used for one console.

    A traceback is one failure: its last line, which says what was raised.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._traceback_lines = 0
        self._latest = ""

    def take(
        self,
        texts: Sequence[str],
        orders: Sequence[int],
        steps: Sequence[int | None],
        wall_times: Sequence[float],
    ) -> list[LogLine | LifecycleRecord]:
        """Return the records of n lines: where each stands, behind which step it was logged, and when."""
        joined = "\n".join(texts)
        lines = without_colours(joined).split("\n") if "\x1b" in joined else texts
        is_plain = self._traceback_lines == 0 and _NOTABLE.search(joined) is None
        records: list[LogLine | LifecycleRecord] = []
        for text, order, step, wall_time in zip(lines, orders, steps, wall_times, strict=True):
            line = text.rstrip()[:_LONGEST_LINE]
            if not line:
                continue
            if is_plain or not (self._traceback_lines or _NOTABLE.search(line)):
                records.append(LogLine(order, wall_time, "info", line))
            else:
                records += self._notable(line, order, step, wall_time)
        return records

    def _notable(
        self, line: str, order: int, step: int | None, wall_time: float
    ) -> list[LogLine | LifecycleRecord]:
        level = level_of(line)
        failure = self._failure(line, level)
        if failure is None:
            return [LogLine(order, wall_time, level, line)]
        level = level if level == "critical" else "error"
        records: list[LogLine | LifecycleRecord] = [LogLine(order, wall_time, level, line)]
        if failure and failure != self._latest and self._failures < _MOST_FAILURES:
            self._failures += 1
            self._latest = failure
            records.append(LifecycleRecord("error", order, step, wall_time, failure))
        return records

    def _failure(self, line: str, level: str) -> str | None:
        """Return what failed, "" for a line of a traceback, or None where nothing did."""
        if _TRACEBACK.search(line):
            self._traceback_lines = 1
            return ""
        if self._traceback_lines:
            raised = _RAISED.match(line)
            self._traceback_lines += 1
            if raised or self._traceback_lines > _LONGEST_TRACEBACK:
                self._traceback_lines = 0
            return raised[1] if raised else ""
        return line.strip() if level in ("error", "critical") or FAILURE.search(line) else None
