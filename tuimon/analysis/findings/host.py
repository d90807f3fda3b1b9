"""Disks and host memory that fill up."""

from __future__ import annotations

import math

from tuimon.analysis.findings.breakout import Breakout
from tuimon.analysis.findings.climb import Ascent, Climb
from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import AVERAGED_READINGS, Alarm, Evidence, Rule
from tuimon.analysis.findings.sample import Sample
from tuimon.analysis.findings.windows import mean
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.units import format_duration

# A disk that was foreseen to fill up, and reached no new height for so many readings, fills up no more.
_LEVEL_READINGS = 60
# Python 3.11 takes longer to look a member up in its class than for all that is done with it here.
_PROCESS_MEMORY, _HOST_MEMORY = Role.PROCESS_MEMORY, Role.HOST_MEMORY_PCT


@frozen
class DiskFullLimits:
    """Defaults of `disk_full` (own choice).

    Attributes:
        percent: From this share on a disk is full ...
        critical_percent: ... and from this one on it is critical.
        rising_percent: Or above this share, while five block means in a row rise ...
        rise: ... by so many points.
        least_step: Each of them by so many.
        calm_percent: Below this it is over.
        foresight: Or at any level, if a climb that set in after a quiet stretch reaches `percent` within so
            many times as long as it has lasted, and before the end of the run.
    """

    percent: float = 95.0
    critical_percent: float = 98.0
    rising_percent: float = 85.0
    rise: float = 4.0
    least_step: float = 0.15
    calm_percent: float = 93.0
    foresight: float = 3.0


class DiskFull(Rule[DiskFullLimits]):
    """A disk that is full, or soon will be."""

    name = "disk_full"
    severity = Severity.WARNING
    roles = frozenset({Role.DISK_PCT})
    causes = ("checkpoints that are never deleted", "caches and logs", "another job on the same disk")
    remedies = (
        "Keep fewer checkpoints (save_total_limit), and delete old ones.",
        "Empty caches, or move them to another disk.",
        "Save the next checkpoint elsewhere.",
    )

    def prepare(self) -> None:
        """Start without readings."""
        self._alarm = Alarm(self, clear=3)
        least, averaged = self.limits.least_step, AVERAGED_READINGS
        self._climb = Climb(least_step=least, least_last=0.3, averaged=averaged)
        self._breakout = Breakout(least_step=least, least_last=0.3, averaged=averaged)
        self._high = min(self.limits.percent, self.limits.rising_percent)
        self._waiting: list[float] = []
        self._critical = self._foreseen = False
        self._peak, self._since_peak = -math.inf, 0
        self._rising: Ascent | None = None
        self._start_time = math.nan
        self._readings = 0

    def point(self, value: float) -> None:
        """Look at the used share of a disk: at several together as long as there is room."""
        if 0.0 <= value <= 100.0:
            self._waiting.append(value)
            if len(self._waiting) == AVERAGED_READINGS:
                self._look_at_group()
            if value > self._high or self._alarm.awake:
                self._look(value)

    def _look_at_group(self) -> None:
        """Look at the mean of the last readings."""
        group, self._waiting = self._waiting, []
        if self._readings == 0:
            self._start_time = self.run.now
        self._readings += len(group)
        highest = max(group)
        if highest > self._peak:
            self._since_peak, self._peak = 0, highest
        else:
            self._since_peak += len(group)
        self._foreseen = self._foreseen and self._since_peak < _LEVEL_READINGS
        average = math.fsum(group) / len(group)
        if self._climb.push(average):
            rising = (ascent for ascent in self._climb.ascents() if ascent.rise > self.limits.rise)
            self._rising = next(rising, None)
        early = self._breakout.push(average)
        if early is not None and self._fills(early):
            self._rising = early
            self._foreseen = True
            self._alarm.hit(lambda: self._describe(group[-1]))

    def _look(self, value: float) -> None:
        """Look at a single reading, of a disk that is fuller than most or that was foreseen to fill up."""
        limits = self.limits
        if value >= limits.critical_percent and not self._critical:
            # What was a warning is something else now.
            self._alarm.resolve()
        if value >= limits.percent:
            self._critical = self._critical or value >= limits.critical_percent
            self._alarm.hit(lambda: self._describe(value))
        elif value > limits.rising_percent and self._rising is not None:
            self._alarm.hit(lambda: self._describe(value))
        else:
            self._alarm.miss(calm=value < limits.calm_percent and not self._foreseen)
            self._critical = self._critical and self._alarm.is_open

    def _fills(self, climb: Ascent) -> bool:
        """Return whether a climb leads to a full disk soon, and before the run is over."""
        if not climb.reaches(self.limits.percent, self.limits.foresight):
            return False
        progress = self.run.progress
        if not progress:
            return True
        left = self._readings * (1.0 - progress) / progress
        return climb.last + climb.per_reading * left >= self.limits.percent

    def _describe(self, value: float) -> Evidence:
        message = f"the disk is {value:.1f} % full"
        if self._rising is not None and value < self.limits.critical_percent:
            reading_s = (self.run.now - self._start_time) / self._readings
            left_s = (100.0 - value) / self._rising.per_reading * reading_s
            if math.isfinite(left_s):
                message += f" and rising, full in about {format_duration(left_s)}"
        severity = Severity.CRITICAL if value >= self.limits.critical_percent else None
        return Evidence(value=value, usual=None, message=message, severity=severity)


@frozen
class HostMemoryLeakLimits:
    """Defaults of `host_memory_leak` (own choice).

    Attributes:
        rise: Points of the host's memory by which five block means rise in all.
        least_growth: Share of its first value by which each block mean of the process must rise.
        least_last: The last rise must be this share of the first: warm-up saturates.
        foresight: A climb that set in after a quiet stretch is trusted to go on for so many times as long as
            it has lasted; the memory must be full by then.
    """

    rise: float = 5.0
    least_growth: float = 0.005
    least_last: float = 0.55
    foresight: float = 3.0


class HostMemoryLeak(Rule[HostMemoryLeakLimits]):
    """A process whose memory on the host grows and grows.

    The memory of the process itself is what counts; the host's used share alone also holds the page cache.
    """

    name = "host_memory_leak"
    severity = Severity.WARNING
    roles = frozenset({Role.PROCESS_MEMORY, Role.HOST_MEMORY_PCT})
    per_series = False
    causes = (
        "loader workers that copy a Python list of examples (reference counts touch its pages)",
        "metrics, outputs or examples that are kept in a list",
        "a cache without a limit",
    )
    remedies = (
        "Hold the examples in numpy arrays or memory-mapped files instead of Python lists.",
        "Use persistent_workers with fewer workers.",
        "Clear lists of outputs after each evaluation.",
    )

    def prepare(self) -> None:
        """Start without readings."""
        self._alarm = Alarm(self, clear=1)
        self._begin()

    def restarted(self) -> None:
        """Start over: it is another process."""
        self._alarm.resolve()
        self._begin()

    def _begin(self) -> None:
        limits = self.limits
        self._first: float | None = None
        self._start_time = math.nan
        self._readings = 0
        step, last, averaged = limits.least_growth, limits.least_last, AVERAGED_READINGS
        self._process = Climb(least_step=step, least_last=last, averaged=averaged)
        self._host = Climb(least_step=0.0, least_last=0.0, averaged=averaged)
        self._process_breakout = Breakout(least_step=step, least_last=last, averaged=averaged)
        self._host_breakout = Breakout(least_step=0.0, least_last=0.0, averaged=averaged)

    def averaged(self, sample: Sample) -> None:
        """Look at some readings of the host."""
        processes = [size for size in sample.of(_PROCESS_MEMORY) if size > 0.0]
        hosts = [percent for percent in sample.of(_HOST_MEMORY) if 0.0 <= percent <= 100.0]
        if not processes or not hosts:
            return
        if self._first is None:
            self._first, self._start_time = max(processes), self.run.now
            self.series = next(iter(sample.by_tag(_PROCESS_MEMORY)))
        else:
            self._readings += AVERAGED_READINGS
        host, process = mean(hosts), max(processes) / self._first
        self._host.push(host)
        early, grown = self._host_breakout.push(host), self._process_breakout.push(process)
        if self._process.push(process):
            self._judge()
        if early is None or grown is None or early.rise <= self.limits.rise:
            return
        if early.reaches(100.0, self.limits.foresight):
            self._alarm.hit(lambda: self._describe(early))

    def _judge(self) -> None:
        climbing = {ascent.readings for ascent in self._process.ascents()}
        for ascent in self._host.ascents():
            if ascent.readings in climbing and ascent.rise > self.limits.rise:
                self._alarm.hit(lambda leak=ascent: self._describe(leak))  # type: ignore[misc]
                return
        self._alarm.miss(calm=self._process.rests())

    def _describe(self, leak: Ascent) -> Evidence:
        reading_s = (self.run.now - self._start_time) / self._readings
        left_s = (100.0 - leak.last) / leak.per_reading * reading_s
        full = f", full in about {format_duration(left_s)}" if math.isfinite(left_s) else ""
        return Evidence(
            value=leak.last,
            usual=leak.first,
            message=f"the process grows: host memory went from {leak.first:.0f} to {leak.last:.0f} %{full}",
        )
