"""Training that waits for its examples."""

from __future__ import annotations

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import GROUPED_POINTS, Alarm, Evidence, Rule, averages
from tuimon.analysis.findings.sample import Sample
from tuimon.analysis.findings.windows import MovingMean, SortedWindow, mean
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, role_of
from tuimon.core.units import format_value

# Python 3.11 takes longer to look a member up in its class than for all that is done with it here.
_GPU_UTILISATION, _CPU_UTILISATION = Role.GPU_UTILISATION, Role.CPU_UTILISATION
_LOAD_TIME, _STEP_TIME = Role.LOAD_TIME, Role.STEP_TIME


@frozen
class DataloaderBottleneckLimits:
    """Defaults of `dataloader_bottleneck` (SageMaker Debugger: CPU above 90 % while the GPU waits).

    Attributes:
        gpu_percent: GPUs below this mean ...
        cpu_percent: ... while the median of the CPU lies above this.
        mean_samples: Over so many readings, which are looked at four at a time, as are points.
        least_samples: Before so many readings nothing is said.
        load_share: Or the logged loading time is more than this share of the step time (own choice) ...
        load_points: ... by the median of so many points.
        hold: Readings or points in a row.
        clear: Calm ones in a row after which it is over.
        calm_gpu_percent: GPUs above this are calm.
    """

    gpu_percent: float = 60.0
    cpu_percent: float = 88.0
    mean_samples: int = 20
    least_samples: int = 15
    load_share: float = 0.3
    load_points: int = 12
    hold: int = 3
    clear: int = 20
    calm_gpu_percent: float = 70.0


class DataloaderBottleneck(Rule[DataloaderBottleneckLimits]):
    """GPUs that wait while the CPUs are busy preparing examples."""

    name = "dataloader_bottleneck"
    severity = Severity.WARNING
    roles = frozenset({Role.GPU_UTILISATION, Role.CPU_UTILISATION, Role.LOAD_TIME, Role.STEP_TIME})
    per_series = False
    causes = (
        "too few loader workers, or too few CPU cores for them",
        "examples that are expensive to decode or augment",
        "storage that is too slow",
    )
    remedies = (
        "Raise num_workers and prefetch_factor, and set pin_memory and persistent_workers.",
        "Prepare the examples once, before training (tokenise, resize, pack).",
        "Move augmentation to the GPU, or stage the examples on a local disk.",
    )

    def prepare(self) -> None:
        """Start without readings."""
        limits = self.limits
        self._alarm = Alarm(self, averages(limits.hold), averages(limits.clear))
        self._gpu = MovingMean(averages(limits.mean_samples))
        self._cpu = SortedWindow(averages(limits.mean_samples))
        self._shares = SortedWindow(limits.load_points)
        self._load_s: float | None = None
        self._steps = 0

    def restarted(self) -> None:
        """Forget the readings: it may be another machine."""
        self._alarm.resolve()
        self._gpu.clear()
        self._cpu.clear()
        self._shares.clear()

    def hears(self, tag: str) -> bool:
        """Return whether a tag is a time that is needed: sensors come as samples."""
        return role_of(tag) is _LOAD_TIME or (role_of(tag) is _STEP_TIME and self._load_s is not None)

    def point(self, value: float) -> None:
        """Look at a logged loading time or step time."""
        role = role_of(self.run.tag)
        if role is _LOAD_TIME:
            if self._load_s is None:
                self.run.choose_anew = True
            self._load_s = value
        elif self._load_s is not None and 0.0 <= self._load_s <= value and value > 0.0:
            self._shares.push(self._load_s / value)
            self._steps += 1
            if self._shares.full and self._steps % GROUPED_POINTS == 0:
                self._judge_shares()

    def averaged(self, sample: Sample) -> None:
        """Look at some readings of GPUs and CPU."""
        limits = self.limits
        gpus = [percent for percent in sample.of(_GPU_UTILISATION) if 0.0 <= percent <= 100.0]
        cpus = [percent for percent in sample.of(_CPU_UTILISATION) if 0.0 <= percent <= 100.0]
        if not gpus or not cpus:
            return
        self._gpu.push(mean(gpus))
        self._cpu.push(mean(cpus))
        if len(self._gpu) < averages(limits.least_samples):
            return
        gpu = self._gpu.mean
        if gpu < limits.gpu_percent and (cpu := self._cpu.median) >= limits.cpu_percent:
            message = f"the GPUs are busy {gpu:.0f} % while the CPU is at {cpu:.0f} %"
            self._alarm.hit(lambda: Evidence(value=gpu, usual=None, message=message))
        elif self._alarm.awake and not self._shares.values:
            self._alarm.miss(calm=gpu > limits.calm_gpu_percent)

    def _judge_shares(self) -> None:
        share, load_s = self._shares.median, self._load_s
        if load_s is not None and share > self.limits.load_share:
            message = f"loading takes {100 * share:.0f} % of the step time ({format_value(load_s, 3)})"
            self._alarm.hit(lambda: Evidence(value=share, usual=None, message=message))
        else:
            self._alarm.miss()
