"""GPU memory that grows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tuimon.analysis.findings.breakout import Breakout
from tuimon.analysis.findings.climb import Ascent, Climb
from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import AVERAGED_READINGS, Alarm, Evidence, Rule
from tuimon.analysis.findings.sample import Sample
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.units import format_duration

_ROLES = frozenset({Role.GPU_MEMORY_USED, Role.GPU_MEMORY_TOTAL, Role.GPU_MEMORY_PCT})


@dataclass(slots=True)
class _Gpu:
    alarm: Alarm
    climb: Climb
    breakout: Breakout
    start_time: float
    readings: int = field(default=0)


@frozen
class GpuMemoryLeakLimits:
    """Defaults of `gpu_memory_leak` (SageMaker Debugger: 5 to 10 % growth; the numbers are our own choice).

    Attributes:
        least_step: Five block means must each rise by so many points of the total.
        least_last: The last rise must be this share of the first: warm-up saturates.
        rise: So many points in all are a leak ...
        rise_when_full: ... or so many above `full` percent.
        full: See `rise_when_full`.
        foresight: A climb that set in after a quiet stretch is trusted to go on for so many times as long as
            it has lasted: if the memory is full by then, it is a leak before it has risen so far.
    """

    least_step: float = 0.15
    least_last: float = 0.55
    rise: float = 3.0
    rise_when_full: float = 1.5
    full: float = 80.0
    foresight: float = 3.0


class GpuMemoryLeak(Rule[GpuMemoryLeakLimits]):
    """GPU memory that rises block after block while training goes on, without levelling off."""

    name = "gpu_memory_leak"
    severity = Severity.WARNING
    roles = _ROLES
    per_series = False
    causes = (
        "losses or outputs that are kept with their graph (a sum of loss instead of loss.item())",
        "a cache that grows with every step",
        "sequences that get longer and longer",
    )
    remedies = (
        "Add loss.item(), not loss, to running sums; detach what is kept.",
        "Set PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True if fragments are the cause.",
        "Use a smaller batch with gradient accumulation, or gradient checkpointing, to reach the end.",
        "Save a checkpoint before it is full.",
    )

    def prepare(self) -> None:
        """Start without GPUs."""
        self._gpus: dict[int, _Gpu] = {}

    def restarted(self) -> None:
        """Start over: another process holds the memory."""
        for gpu in self._gpus.values():
            gpu.alarm.resolve()
        self._gpus.clear()

    def averaged(self, sample: Sample) -> None:
        """Look at some readings of all GPUs."""
        for index, tag, percent in sample.memory_percents():
            gpu = self._gpus.get(index)
            if gpu is None:
                gpu = self._gpus[index] = self._begin(tag)
            else:
                gpu.readings += AVERAGED_READINGS
            early = gpu.breakout.push(percent)
            if early is not None and not early.reaches(100.0, self.limits.foresight):
                early = None
            if gpu.climb.push(percent) or early is not None:
                self._judge(index, gpu, early)

    def _begin(self, tag: str) -> _Gpu:
        step, last = self.limits.least_step, self.limits.least_last
        return _Gpu(
            Alarm(self, clear=1, series=tag),
            Climb(least_step=step, least_last=last, averaged=AVERAGED_READINGS),
            Breakout(least_step=step, least_last=last, averaged=AVERAGED_READINGS),
            self.run.now,
        )

    def _judge(self, index: int, gpu: _Gpu, early: Ascent | None) -> None:
        leak = next((ascent for ascent in gpu.climb.ascents() if self._leaks(ascent)), early)
        if leak is not None:
            self._alarm_for(gpu, index, leak)
        else:
            gpu.alarm.miss(calm=gpu.climb.rests())

    def _leaks(self, ascent: Ascent) -> bool:
        nearly_full = ascent.last > self.limits.full and ascent.rise > self.limits.rise_when_full
        return ascent.rise > self.limits.rise or nearly_full

    def _alarm_for(self, gpu: _Gpu, index: int, leak: Ascent) -> None:
        reading_s = (self.run.now - gpu.start_time) / gpu.readings
        left_s = (100.0 - leak.last) / leak.per_reading * reading_s
        full = f", full in about {format_duration(left_s)}" if math.isfinite(left_s) else ""
        gpu.alarm.hit(
            lambda: Evidence(
                value=leak.last,
                usual=leak.first,
                message=f"memory of GPU {index} grew from {leak.first:.1f} to {leak.last:.1f} %{full}",
            )
        )


# Memory that was never as full as this is not nearly full: its rise is not followed. Own choice.
_WATCHED_PERCENT = 90.0


@frozen
class GpuMemoryPressureLimits:
    """Defaults of `gpu_memory_pressure` (own choice; caching allocators rest at 93 to 96 %).

    Attributes:
        percent: A mean above this ...
        least_step: ... that still rises by so many points from block to block.
        calm_percent: Below this it is over.
    """

    percent: float = 97.0
    least_step: float = 0.05
    calm_percent: float = 96.0


class GpuMemoryPressure(Rule[GpuMemoryPressureLimits]):
    """GPU memory that is nearly full and still rising."""

    name = "gpu_memory_pressure"
    severity = Severity.INFO
    roles = _ROLES
    per_series = False
    causes = ("the batch or the sequences barely fit", "memory leaks (see gpu_memory_leak)")
    remedies = (
        "Use a smaller batch with gradient accumulation, or shorter sequences.",
        "Use gradient checkpointing, or weights in 8 or 4 bit.",
        "Set PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True.",
    )

    def prepare(self) -> None:
        """Start without GPUs."""
        self._gpus: dict[int, tuple[Alarm, Climb]] = {}

    def restarted(self) -> None:
        """Start over: another process holds the memory."""
        for alarm, _ in self._gpus.values():
            alarm.resolve()
        self._gpus.clear()

    def averaged(self, sample: Sample) -> None:
        """Look at some readings of all GPUs."""
        for index, tag, percent in sample.memory_percents():
            if index not in self._gpus:
                if percent < _WATCHED_PERCENT:
                    continue
                least, averaged = self.limits.least_step, AVERAGED_READINGS
                climb = Climb(least_step=least, least_last=0.0, blocks=3, scales=1, averaged=averaged)
                self._gpus[index] = (Alarm(self, clear=1, series=tag), climb)
            alarm, climb = self._gpus[index]
            if climb.push(percent):
                self._judge(index, alarm, climb, percent)

    def _judge(self, index: int, alarm: Alarm, climb: Climb, percent: float) -> None:
        if any(ascent.last > self.limits.percent for ascent in climb.ascents()):
            alarm.hit(
                lambda: Evidence(
                    value=percent,
                    usual=None,
                    message=f"memory of GPU {index} is {percent:.1f} % full and still rising",
                )
            )
        else:
            alarm.miss(calm=percent < self.limits.calm_percent)
