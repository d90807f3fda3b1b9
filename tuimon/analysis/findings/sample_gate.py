"""Readings of sensors, put together and kept to the time in which training went on."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tuimon.analysis.findings.sample import Layout, Layouts, Sample, SampleMean
from tuimon.core.roles import Role

# One reading covers at least this long: a sensor that is read every second would fill a rule's window of 40
# readings within a hiccup. Own choice.
_READING_S = 1.5
_MOST_WAITING = 256
# Start-up is not training: readings count after the third training line.
_FIRST_LINE = 3


class SampleGate:
    """Turns points of hardware series into readings of all sensors.

    A reading is complete when a sensor that is part of it reports again. Readings wait for the next training
    line, which shows whether training went on meanwhile; those from a start-up, an evaluation, a checkpoint
    or a hang are dropped.
    """

    def __init__(self, layouts: Layouts) -> None:
        self._reading = SampleMean(layouts)
        self._begun = float("nan")
        self._waiting: deque[Sample] = deque(maxlen=_MOST_WAITING)

    def add(self, role: Role, tag: str, value: float, time: float) -> None:
        """Take in a finite point of a hardware series."""
        self._begin(tag, time)
        self._reading.add(role, tag, value)

    def add_record(self, layout: Layout, values: Sequence[float], time: float) -> None:
        """Take in finite points of several hardware series that were logged together: as `add` for each."""
        if self._reading.layout is layout and not time - self._begun < _READING_S:
            self._waiting.append(self._reading.exchange(layout, values))
            self._begun = time
        elif self._reading.layout is layout or self._reading.is_empty:
            self._begin(layout.tags[0], time)
            self._reading.add_all(layout, values)
        else:
            for (role, tag), value in zip(layout.sensors, values, strict=True):
                self.add(role, tag, value, time)

    @property
    def waits(self) -> bool:
        """Whether a reading waits for the next training line."""
        return bool(self._waiting)

    def drop(self) -> None:
        """Forget what was read since the last training line: training did not go on."""
        self._waiting.clear()
        self._reading.clear()

    def release(self, lines: int, *, paused: bool) -> tuple[Sample, ...]:
        """Return the readings since the last training line, oldest first, or nothing after a pause."""
        released = () if paused or lines <= _FIRST_LINE else tuple(self._waiting)
        self._waiting.clear()
        if paused:
            self.drop()
        return released

    def _begin(self, tag: str, time: float) -> None:
        """Begin another reading if a sensor is part of the one that is open, which has lasted long enough."""
        reading = self._reading
        if not time - self._begun < _READING_S and reading.holds(tag):
            self._waiting.append(reading.take())
        if reading.is_empty:
            self._begun = time
