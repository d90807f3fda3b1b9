"""GPUs that fall behind the others, or that are too hot."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection
from itertools import pairwise
from statistics import median
from typing import TypeAlias

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule, averages
from tuimon.analysis.findings.sample import NO_SAMPLE, Layout, Sample
from tuimon.analysis.findings.windows import MovingMean, SortedWindow, mean
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, gpu_index

# Python 3.11 takes longer to look a member up in its class than for all that is done with it here.
_UTILISATION, _TEMPERATURE = Role.GPU_UTILISATION, Role.GPU_TEMPERATURE
_CLOCK, _THROTTLE = Role.GPU_CLOCK, Role.GPU_THROTTLE


@frozen
class GpuImbalanceLimits:
    """Defaults of `gpu_imbalance` (pipeline-parallel stages differ by 6 to 14 points when all is well).

    Attributes:
        points: One GPU's mean lies so many percentage points below the median of the others ...
        errors: ... and so many standard errors: GPUs that are busy by turns differ by chance (own choice).
        mean_samples: The mean is over so many readings, which are looked at four at a time.
        least_samples: Before so many readings nothing is said.
        hold: Readings in a row.
        clear: Calm readings in a row after which it is over.
        calm_points: Below this distance a reading is calm.
    """

    points: float = 22.0
    errors: float = 4.0
    mean_samples: int = 40
    least_samples: int = 25
    hold: int = 3
    clear: int = 20
    calm_points: float = 16.0


class GpuImbalance(Rule[GpuImbalanceLimits]):
    """One GPU that is much less busy than the others."""

    name = "gpu_imbalance"
    severity = Severity.WARNING
    roles = frozenset({Role.GPU_UTILISATION})
    per_series = False
    causes = (
        "uneven shards or pipeline stages",
        "a rank that waits for its own examples",
        "a GPU that is slower, or shared with another job",
    )
    remedies = (
        "Compare batch sizes, sequence lengths and layers per rank.",
        "Check clocks, temperature and other processes of that GPU (nvidia-smi).",
        "Check that every rank has the same number of loader workers.",
    )

    def prepare(self) -> None:
        """Start without readings."""
        self._recent: deque[dict[str, float]] = deque(maxlen=averages(self.limits.mean_samples))
        self._spreads = MovingMean(averages(self.limits.mean_samples))
        self._alarms: dict[str, Alarm] = {}

    def restarted(self) -> None:
        """Forget the readings: it may be another machine."""
        for alarm in self._alarms.values():
            alarm.resolve()
        self._recent.clear()
        self._spreads.clear()

    def averaged(self, sample: Sample) -> None:
        """Look at some readings of all GPUs."""
        percents = sample.by_tag(_UTILISATION)
        if not all(0.0 <= percent <= 100.0 for percent in percents.values()):
            percents = {tag: percent for tag, percent in percents.items() if 0.0 <= percent <= 100.0}
        if len(percents) < 2:
            return
        if self._recent and percents.keys() != self._recent[-1].keys():
            self._recent.clear()
            self._spreads.clear()
        self._recent.append(percents)
        self._spreads.push(max(percents.values()) - min(percents.values()))
        if len(self._recent) < averages(self.limits.least_samples):
            return
        # No two means lie further apart than their readings do on average.
        if self._spreads.mean < self.limits.calm_points:
            for alarm in self._alarms.values():
                if alarm.awake:
                    alarm.miss()
            return
        known = {tag: mean([reading[tag] for reading in self._recent]) for tag in percents}
        for tag, own in known.items():
            others = median(other for name, other in known.items() if name != tag)
            self._judge(tag, own, others)

    def _judge(self, tag: str, own: float, others: float) -> None:
        limits = self.limits
        alarm = self._alarms.get(tag)
        if alarm is None:
            alarm = self._alarms[tag] = Alarm(self, averages(limits.hold), averages(limits.clear), series=tag)
        if others - own > limits.points and others - own > limits.errors * self._error():
            message = f"GPU {gpu_index(tag)} is busy {own:.0f} % of the time, the others {others:.0f} %"
            alarm.hit(lambda: Evidence(value=own, usual=others, message=message))
        else:
            alarm.miss(calm=others - own < limits.calm_points)

    def _error(self) -> float:
        """Return the standard error of a difference of two means, by the most uneven GPU."""
        noises = [_noise([reading[tag] for reading in self._recent]) for tag in self._recent[-1]]
        return math.sqrt(2.0 * max(noises) / len(self._recent))


def _noise(values: Collection[float]) -> float:
    """Return the variance of values around a level that may have moved: half the mean square of steps."""
    return 0.5 * mean([(later - earlier) ** 2 for earlier, later in pairwise(values)])


@frozen
class ThermalThrottleLimits:
    """Defaults of `thermal_throttle`.

    Attributes:
        bits: NVML's clock event bits for heat: 0x20 (software thermal) and 0x40 (hardware thermal). The power
            cap, 0x4, is how a card is meant to work.
        temperature_c: Without bits: from this temperature on ...
        clock_share: ... with a clock below this share of its own 80th percentile (own choice).
        hits: So many of the last `window` readings.
        window: See `hits`.
        busy_percent: From this utilisation on a reading counts, as a hot one or as a usual clock.
        least_samples: Before so many readings nothing is said.
        clear: Calm readings in a row after which it is over.
    """

    bits: int = 0x60
    temperature_c: float = 84.0
    clock_share: float = 0.88
    hits: int = 4
    window: int = 6
    busy_percent: float = 20.0
    least_samples: int = 10
    clear: int = 10


class _Heat:
    """What is known of one GPU."""

    def __init__(self, alarm: Alarm, hits: int) -> None:
        self.alarm = alarm
        # The numbers of the last readings at which it was throttled.
        self.hot: deque[int] = deque(maxlen=hits)
        self.clocks = SortedWindow(32)


# Number and state of a GPU, and where utilisation, temperature, clock and throttle bits stand in a sample.
_Places: TypeAlias = tuple[int, _Heat, int | None, int | None, int | None, int | None]


class ThermalThrottle(Rule[ThermalThrottleLimits]):
    """A GPU that lowers its clock because it is too hot."""

    name = "thermal_throttle"
    severity = Severity.WARNING
    roles = frozenset(
        {Role.GPU_UTILISATION, Role.GPU_TEMPERATURE, Role.GPU_CLOCK, Role.GPU_THROTTLE},
    )
    per_series = False
    causes = (
        "cooling: dust, a fan that failed, a room that is too warm",
        "a neighbour in the chassis that heats it",
        "a power limit above what the cooling carries",
    )
    remedies = (
        "Check fans and air flow, and the temperature of the neighbours.",
        "Lower the power limit (nvidia-smi -pl): a cool card at less power is often faster.",
        "Move the job to another node.",
    )

    def prepare(self) -> None:
        """Start without GPUs."""
        self._gpus: dict[int, _Heat] = {}
        self._layout, self._places = NO_SAMPLE.layout, self._places_in(NO_SAMPLE.layout)
        self._count, self._awake = 0, False

    def sampled(self, sample: Sample) -> None:
        """Look at a reading of all GPUs."""
        readings = sample.readings
        if sample.layout is not self._layout:
            self._layout, self._places = sample.layout, self._places_in(sample.layout)
        self._count += 1
        # The usual clock hardly changes: every eighth reading tells it as well.
        is_eighth, is_warm = self._count % 8 == 1, self._awake or self._is_warm(sample)
        if not is_eighth and not is_warm:
            return
        for index, gpu, busy_at, temperature_at, clock_at, bits_at in self._places:
            if busy_at is not None and readings[busy_at] < self.limits.busy_percent:
                continue
            clock = None if clock_at is None else readings[clock_at]
            if is_warm:
                temperature = -math.inf if temperature_at is None else readings[temperature_at]
                throttled = bits_at is not None and int(readings[bits_at]) & self.limits.bits != 0
                self._look(index, gpu, clock, temperature, throttled=throttled)
            if is_eighth and clock is not None and not gpu.alarm.is_open:
                gpu.clocks.push(clock)
        self._awake = is_warm and any(gpu.alarm.awake for gpu in self._gpus.values())

    def _is_warm(self, sample: Sample) -> bool:
        """Return whether any GPU is hot or throttled by heat."""
        if max(sample.of(_TEMPERATURE), default=-math.inf) >= self.limits.temperature_c:
            return True
        bits = sample.of(_THROTTLE)
        return any(bits) and any(int(each) & self.limits.bits for each in bits)

    def _places_in(self, layout: Layout) -> list[_Places]:
        """Return each GPU that tells its clock, or why it is throttled, and where its sensors stand."""
        bits, clocks = layout.gpus.get(_THROTTLE, {}), layout.gpus.get(_CLOCK, {})
        busy, temperatures = layout.gpus.get(_UTILISATION, {}), layout.gpus.get(_TEMPERATURE, {})
        places: list[_Places] = []
        for index in {**bits, **clocks}:
            if index not in self._gpus:
                at = temperatures.get(index)
                series = f"gpu.{index}" if at is None else layout.tags[at]
                alarm = Alarm(self, clear=self.limits.clear, series=series)
                self._gpus[index] = _Heat(alarm, self.limits.hits)
            sensors = (busy.get(index), temperatures.get(index), clocks.get(index), bits.get(index))
            places.append((index, self._gpus[index], *sensors))
        return places

    def _look(
        self, index: int, gpu: _Heat, clock: float | None, temperature: float, *, throttled: bool
    ) -> None:
        limits = self.limits
        usual = gpu.clocks.quantile(0.8) if gpu.clocks.values else None
        slow = clock is not None and usual is not None and clock < limits.clock_share * usual
        hot = throttled or (slow and temperature >= limits.temperature_c)
        if hot:
            gpu.hot.append(self._count)
        if self._count < limits.least_samples:
            return
        if hot and len(gpu.hot) == limits.hits and gpu.hot[0] > self._count - limits.window:
            gpu.alarm.hit(lambda: _describe(index, clock, usual, temperature))
        elif gpu.alarm.awake:
            gpu.alarm.miss(calm=not hot)


def _describe(index: int, clock: float | None, usual: float | None, temperature: float) -> Evidence:
    parts = []
    if math.isfinite(temperature):
        parts.append(f"at {temperature:.0f} C")
    if clock is not None and usual is not None:
        parts.append(f"{clock:.0f} MHz (usual {usual:.0f} MHz)")
    return Evidence(
        value=clock if clock is not None else temperature if math.isfinite(temperature) else None,
        usual=usual,
        message=f"GPU {index} is throttled by heat: {', '.join(parts) or 'the driver says so'}",
    )
