"""Readings of sensors, put together and kept to the time in which training went on."""

from __future__ import annotations

import math
from collections import deque

from tuimon.analysis.findings.frame import Sample
from tuimon.core.roles import Role

# One reading covers at least this long: a sensor that is read every second would fill a rule's window of 40
# readings within a hiccup. Own choice.
_READING_S = 1.5
_MOST_WAITING = 256
# Start-up is not training: readings count after the third training line.
_FIRST_LINE = 3


class SampleGate:
    """Turns points of hardware series into readings of all sensors.

    Formats that log one tag per record and formats that log all in one look alike here: a reading is
    complete when a sensor that is part of it reports again. Readings wait for the next training line, which
    shows whether training went on meanwhile; those from a start-up, an evaluation, a checkpoint or a hang are
    dropped.
    """

    def __init__(self) -> None:
        self._open: dict[str, _Reading] = {}
        self._begun = math.nan
        self._waiting: deque[Sample] = deque(maxlen=_MOST_WAITING)

    def add(self, role: Role, tag: str, value: float, time: float) -> None:
        """Take in a point of a hardware series."""
        reading = self._open.get(tag)
        if reading is not None and not time - self._begun < _READING_S:
            self._complete()
            reading = None
        if not self._open:
            self._begun = time
        if reading is None:
            self._open[tag] = _Reading(role, value)
        elif role is Role.GPU_THROTTLE:
            # Bits have no mean: the last ones count.
            reading.total = value
        else:
            reading.total += value
            reading.count += 1

    def drop(self) -> None:
        """Forget what was read since the last training line: training did not go on."""
        self._waiting.clear()
        self._open.clear()

    def release(self, lines: int, *, paused: bool) -> tuple[Sample, ...]:
        """Return the readings since the last training line, oldest first, or nothing after a pause."""
        released = () if paused or lines <= _FIRST_LINE else tuple(self._waiting)
        self._waiting.clear()
        if paused:
            self.drop()
        return released

    def _complete(self) -> None:
        sample: dict[Role, dict[str, float]] = {}
        for tag, reading in self._open.items():
            sample.setdefault(reading.role, {})[tag] = reading.total / reading.count
        self._waiting.append(sample)
        self._open.clear()


class _Reading:
    """One sensor in the reading that is being put together."""

    __slots__ = ("count", "role", "total")

    def __init__(self, role: Role, value: float) -> None:
        self.role = role
        self.total = value
        self.count = 1
