"""Where the speed of a run is read from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from tuimon.analysis.findings.frame import GROUPED_POINTS, RUN_SERIES, Listener
from tuimon.analysis.findings.timeline import Timeline
from tuimon.core.roles import Role, role_of
from tuimon.core.units import format_duration, format_value

# The best first: what the trainer measured, and else the times of its lines.
_RANKS = {Role.STEP_TIME: 0, Role.THROUGHPUT: 1}
_LINES_RANK = 2
SPEED_ROLES = frozenset(_RANKS)


class SpeedListener(Protocol):
    """What is told how long the steps of a run take.

    Attributes:
        by_groups: Whether it is told of `GROUPED_POINTS` steps at once, or of each.
        series: Where that is read from.
    """

    by_groups: ClassVar[bool]
    name: ClassVar[str]
    series: str

    def forget(self) -> None:
        """Start over: the source, or the machine, is another one."""

    def take(self, log: float) -> None:
        """Look at the logarithm of the seconds per step, or of anything that grows with them."""

    def take_group(self, logs: Sequence[float], before: int) -> None:
        """Look at several such logarithms at once.

        Args:
            logs: Oldest first.
            before: How many there were before since the start, or since `forget`.
        """


class SpeedSource(Listener):
    """Reads the time that steps take from the best place that a run offers, once for all rules about it.

    Args:
        run: The run as it is now.
        listeners: Who is told.
        is_on: Whether a listener, given by its name, is to hear of a series.

    Attributes:
        inverted: Whether a throughput was logged, which is the inverse of a time.
    """

    def __init__(
        self, run: Timeline, listeners: Sequence[SpeedListener], is_on: Callable[[str, str], bool]
    ) -> None:
        self.inverted = False
        self._run = run
        self._listeners = listeners
        self._is_on = is_on
        self._told: tuple[SpeedListener, ...] = ()
        self._told_groups: tuple[SpeedListener, ...] = ()
        self._rank = _LINES_RANK + 1
        self._series = RUN_SERIES
        self._group: list[float] = []
        self._count = 0

    def hears(self, tag: str) -> bool:
        """Return whether a series is the source, or a better one."""
        return tag == self._series or _rank(tag) < self._rank

    def line(self) -> None:
        """Read the time that a training line took."""
        if self._rank >= _LINES_RANK and self._run.step_s > 0.0:
            self._adopt(_LINES_RANK, RUN_SERIES)
            self._tell(math.log(self._run.step_s))

    def point(self, value: float) -> None:
        """Read a logged step time or throughput."""
        tag = self._run.tag
        if tag != self._series:
            rank = _rank(tag)
            if rank >= self._rank:
                return
            self._adopt(rank, tag)
        if value > 0.0:
            self._tell(-math.log(value) if self.inverted else math.log(value))

    def restarted(self) -> None:
        """Forget the speed: it may be another machine."""
        self._begin()

    def spoken(self, slowness: float) -> str:
        """Return a pace as it was logged, or in seconds per step."""
        if self.inverted:
            return f"throughput {format_value(1.0 / slowness, 3)}"
        if self._rank == _LINES_RANK:
            return f"{format_duration(slowness)} per step"
        return f"step time {format_value(slowness, 3)}"

    def _tell(self, log: float) -> None:
        for listener in self._told:
            listener.take(log)
        self._group.append(log)
        if len(self._group) == GROUPED_POINTS:
            group, self._group = self._group, []
            for listener in self._told_groups:
                listener.take_group(group, self._count)
            self._count += GROUPED_POINTS

    def _begin(self) -> None:
        self._group, self._count = [], 0
        for listener in self._listeners:
            listener.forget()

    def _adopt(self, rank: int, series: str) -> None:
        """Read the speed from a better source from now on."""
        if rank == self._rank:
            return
        self._rank, self._series = rank, series
        self.inverted = rank == _RANKS[Role.THROUGHPUT]
        told = [each for each in self._listeners if self._is_on(each.name, series)]
        self._told = tuple(each for each in told if not each.by_groups)
        self._told_groups = tuple(each for each in told if each.by_groups)
        self._run.choose_anew = True
        self._begin()
        for listener in self._listeners:
            listener.series = series


def _rank(tag: str) -> int:
    return _LINES_RANK if tag == RUN_SERIES else _RANKS[role_of(tag)]
