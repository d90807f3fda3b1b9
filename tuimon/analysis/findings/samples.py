"""Readings of sensors, put together and kept to the time in which training went on."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from tuimon.analysis.findings.frame import Sample
from tuimon.core.roles import Role

# One reading covers at least this long: a sensor that is read every second would fill a rule's window of 40
# readings within a hiccup. Own choice.
_READING_S = 1.5
_MOST_WAITING = 256
# Start-up is not training: readings count after the third training line.
_FIRST_LINE = 3
# Python 3.11 takes longer to look a member up in its class than for all that is done with it here.
_GPU_THROTTLE = Role.GPU_THROTTLE


class Layout:
    """The sensors of a record in their order, so that the next such record is taken in at once.

    Args:
        tags: Role and tag of each sensor; each tag once.
    """

    __slots__ = ("first", "names", "roles", "tags", "throttles")

    def __init__(self, tags: Sequence[tuple[Role, str]]) -> None:
        self.tags = tuple(tags)
        self.names = tuple(tag for _, tag in tags)
        self.first = self.names[0]
        self.throttles = [at for at, (role, _) in enumerate(tags) if role is Role.GPU_THROTTLE]
        self.roles: dict[Role, list[tuple[str, int]]] = {}
        for at, (role, tag) in enumerate(tags):
            self.roles.setdefault(role, []).append((tag, at))

    def sample(self, values: Sequence[float]) -> Sample:
        """Return the values by role and tag."""
        return {role: {tag: values[at] for tag, at in places} for role, places in self.roles.items()}


class SampleGate:
    """Turns points of hardware series into readings of all sensors.

    Formats that log one tag per record and formats that log all in one look alike here: a reading is
    complete when a sensor that is part of it reports again. Readings wait for the next training line, which
    shows whether training went on meanwhile; those from a start-up, an evaluation, a checkpoint or a hang are
    dropped.
    """

    def __init__(self) -> None:
        self._open: dict[str, _Reading] = {}
        # The reading that is open, while it consists of records of one layout.
        self._layout: Layout | None = None
        self._totals: list[float] = []
        self._records = 0
        self._begun = math.nan
        self._waiting: deque[Sample] = deque(maxlen=_MOST_WAITING)

    def add(self, role: Role, tag: str, value: float, time: float) -> None:
        """Take in a point of a hardware series."""
        if self._layout is not None:
            self._take_apart()
        reading = self._open.get(tag)
        if reading is not None and not time - self._begun < _READING_S:
            self._complete()
            reading = None
        if not self._open:
            self._begun = time
        if reading is None:
            self._open[tag] = _Reading(role, value)
        elif role is _GPU_THROTTLE:
            # Bits have no mean: the last ones count.
            reading.total = value
        else:
            reading.total += value
            reading.count += 1

    def add_record(self, layout: Layout, values: list[float], time: float) -> None:
        """Take in finite points of several hardware series that were logged together: as `add` for each."""
        if self._layout is not layout:
            self._take_apart()
        young = time - self._begun < _READING_S
        if self._layout is layout and young:
            totals = [total + value for total, value in zip(self._totals, values, strict=True)]
            for at in layout.throttles:
                totals[at] = values[at] * (self._records + 1)
            self._totals, self._records = totals, self._records + 1
        elif self._layout is layout or not self._open or (layout.first in self._open and not young):
            self._complete()
            self._layout, self._totals, self._records, self._begun = layout, values, 1, time
        else:
            for (role, tag), value in zip(layout.tags, values, strict=True):
                self.add(role, tag, value, time)

    def drop(self) -> None:
        """Forget what was read since the last training line: training did not go on."""
        self._waiting.clear()
        self._open.clear()
        self._layout = None

    def release(self, lines: int, *, paused: bool) -> tuple[Sample, ...]:
        """Return the readings since the last training line, oldest first, or nothing after a pause."""
        if not paused and not self._waiting:
            return ()
        released = () if paused or lines <= _FIRST_LINE else tuple(self._waiting)
        self._waiting.clear()
        if paused:
            self.drop()
        return released

    def _complete(self) -> None:
        if self._layout is not None:
            count = self._records
            means = self._totals if count == 1 else [total / count for total in self._totals]
            self._waiting.append(self._layout.sample(means))
            self._layout = None
        elif self._open:
            sample: dict[Role, dict[str, float]] = {}
            for tag, reading in self._open.items():
                sample.setdefault(reading.role, {})[tag] = reading.total / reading.count
            self._waiting.append(sample)
            self._open.clear()

    def _take_apart(self) -> None:
        """Go on with the open reading sensor by sensor: what comes next has another layout."""
        if self._layout is not None:
            for (role, tag), total in zip(self._layout.tags, self._totals, strict=True):
                reading = self._open[tag] = _Reading(role, total)
                reading.count = self._records
                if role is Role.GPU_THROTTLE:
                    reading.total, reading.count = total / self._records, 1
            self._layout = None


class _Reading:
    """One sensor in the reading that is being put together."""

    __slots__ = ("count", "role", "total")

    def __init__(self, role: Role, value: float) -> None:
        self.role = role
        self.total = value
        self.count = 1
