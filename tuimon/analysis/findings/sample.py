"""One reading of all sensors of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add as _add
from operator import itemgetter
from typing import TypeAlias

from tuimon.core.roles import Role, gpu_index

# Python 3.11 takes longer to look a member up in its class than for all that is done with it here.
_GPU_THROTTLE = Role.GPU_THROTTLE
# Sensors come and go; a run with more combinations of them than this has its layouts made anew.
_MOST_LAYOUTS = 256
_NOWHERE: tuple[int, ...] = ()
_Pick: TypeAlias = Callable[[Sequence[float]], tuple[float, ...]]


class Layout:
    """Which sensors a reading holds, and where each stands in it.

    What a rule needs to find its values is worked out once for all readings of the same sensors.

    Attributes:
        sensors: Role and tag of each sensor; each tag once.
        tags: Their tags.
        places: Where the sensors of a role stand.
        picks: What picks the values of a role out of a reading.
        gpus: Where the sensor of a role stands by the number of its GPU.
        memory: Of each GPU whose used memory is known as a share: its number, the tag, where that stands,
            and where the total stands; None if what is logged is a percentage.
        throttles: Where bits stand, which have no mean.
    """

    __slots__ = ("gpus", "memory", "picks", "places", "sensors", "tags", "throttles")

    def __init__(self, sensors: Sequence[tuple[Role, str]]) -> None:
        self.sensors = tuple(sensors)
        self.tags = tuple(tag for _, tag in sensors)
        places: dict[Role, list[int]] = {}
        self.gpus: dict[Role, dict[int, int]] = {}
        for at, (role, tag) in enumerate(sensors):
            places.setdefault(role, []).append(at)
            self.gpus.setdefault(role, {})[gpu_index(tag) or 0] = at
        self.places = {role: tuple(known) for role, known in places.items()}
        self.picks = {role: _picking(known) for role, known in self.places.items()}
        self.throttles = self.places.get(Role.GPU_THROTTLE, _NOWHERE)
        self.memory = tuple(self._memory())

    def _memory(self) -> list[tuple[int, str, int, int | None]]:
        totals = {gpu_index(self.tags[at]): at for at in self.places.get(Role.GPU_MEMORY_TOTAL, _NOWHERE)}
        role = Role.GPU_MEMORY_USED if totals else Role.GPU_MEMORY_PCT
        return [
            (gpu_index(self.tags[at]) or 0, self.tags[at], at, totals.get(gpu_index(self.tags[at])))
            for at in self.places.get(role, _NOWHERE)
            if not totals or gpu_index(self.tags[at]) in totals
        ]


def _picking(places: tuple[int, ...]) -> _Pick:
    if len(places) > 1:
        return itemgetter(*places)
    (place,) = places
    return lambda readings: (readings[place],)


class Layouts:
    """The layouts of a run, each made once."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[Role, str], ...], Layout] = {}

    def of(self, sensors: Sequence[tuple[Role, str]]) -> Layout:
        """Return the layout of some sensors in their order."""
        key = tuple(sensors)
        layout = self._known.get(key)
        if layout is None:
            if len(self._known) >= _MOST_LAYOUTS:
                self._known.clear()
            layout = self._known[key] = Layout(key)
        return layout


class Sample:
    """One reading of all sensors, or the mean of several.

    Attributes:
        layout: Which sensors it holds.
        readings: What they read, in the order of the layout.
    """

    __slots__ = ("_memory", "layout", "readings")

    def __init__(self, layout: Layout, readings: Sequence[float]) -> None:
        self.layout = layout
        self.readings = readings
        self._memory: list[tuple[int, str, float]] | None = None

    def of(self, role: Role) -> tuple[float, ...]:
        """Return what the sensors of a role read."""
        pick = self.layout.picks.get(role)
        return () if pick is None else pick(self.readings)

    def by_tag(self, role: Role) -> dict[str, float]:
        """Return what the sensors of a role read, by tag."""
        tags = self.layout.tags
        return dict(
            zip([tags[at] for at in self.layout.places.get(role, _NOWHERE)], self.of(role), strict=True)
        )

    def memory_percents(self) -> list[tuple[int, str, float]]:
        """Return number, tag and used share of the memory in percent of each GPU of which that is known."""
        if self._memory is None:
            self._memory = self._memory_percents()
        return self._memory

    def _memory_percents(self) -> list[tuple[int, str, float]]:
        readings, found = self.readings, []
        for index, tag, at, total_at in self.layout.memory:
            percent = readings[at]
            if total_at is not None:
                total = readings[total_at]
                percent = min(100.0, 100.0 * percent / total) if total > 0.0 else -1.0
            if 0.0 <= percent <= 100.0:
                found.append((index, tag, percent))
        return found


NO_SAMPLE = Sample(Layout(()), ())


class SampleMean:
    """The mean of readings that are added one by one, of all sensors at once or sensor by sensor.

    Formats that log one tag per record and formats that log all in one look alike here. Bits, which have no
    mean, are those of the last reading.

    Attributes:
        layout: The layout of all that was added so far; None if it was several, or nothing.
    """

    __slots__ = ("_count", "_layouts", "_parts", "_totals", "layout")

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts
        self.layout: Layout | None = None
        # What was added so far is either the totals of so many readings of one layout, or in parts.
        self._totals: Sequence[float] = ()
        self._count = 0
        self._parts: dict[str, _Part] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added."""
        return self.layout is None and not self._parts

    def holds(self, tag: str) -> bool:
        """Return whether a sensor was added."""
        return tag in self._parts if self.layout is None else tag in self.layout.tags

    def add(self, role: Role, tag: str, reading: float) -> None:
        """Add what one sensor read."""
        if self.layout is not None:
            self._take_apart(self.layout)
        part = self._parts.get(tag)
        if part is None:
            self._parts[tag] = _Part(role, reading)
        elif role is _GPU_THROTTLE:
            part.total = reading
        else:
            part.total += reading
            part.count += 1

    def add_all(self, layout: Layout, readings: Sequence[float]) -> None:
        """Add a reading of the sensors of a layout."""
        if self.layout is layout:
            totals = list(map(_add, self._totals, readings))
            self._count = count = self._count + 1
            for at in layout.throttles:
                totals[at] = readings[at] * count
            self._totals = totals
        elif self.is_empty:
            self.layout, self._totals, self._count = layout, readings, 1
        else:
            for (role, tag), reading in zip(layout.sensors, readings, strict=True):
                self.add(role, tag, reading)

    def exchange(self, layout: Layout, readings: Sequence[float]) -> Sample:
        """Return the mean, which is of this layout, and begin anew with another reading of the same."""
        mean = self._mean(layout)
        self._totals, self._count = readings, 1
        return mean

    def take(self) -> Sample:
        """Return the mean, and begin anew."""
        if self.layout is not None:
            mean, self.layout = self._mean(self.layout), None
            return mean
        parts = self._parts
        self._parts = {}
        layout = self._layouts.of([(part.role, tag) for tag, part in parts.items()])
        return Sample(layout, [part.total / part.count for part in parts.values()])

    def clear(self) -> None:
        """Forget what was added."""
        self.layout = None
        self._parts.clear()

    def _mean(self, layout: Layout) -> Sample:
        count = self._count
        return Sample(layout, self._totals if count == 1 else [each / count for each in self._totals])

    def _take_apart(self, layout: Layout) -> None:
        """Go on sensor by sensor: what comes next has another layout."""
        for (role, tag), total in zip(layout.sensors, self._totals, strict=True):
            part = self._parts[tag] = _Part(role, total)
            part.count = self._count
            if role is _GPU_THROTTLE:
                part.total, part.count = total / self._count, 1
        self.layout = None


class _Part:
    """One sensor in a mean of readings."""

    __slots__ = ("count", "role", "total")

    def __init__(self, role: Role, reading: float) -> None:
        self.role = role
        self.total = reading
        self.count = 1
