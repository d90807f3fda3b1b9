"""GPUs that wait."""

from __future__ import annotations

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import AVERAGED_READINGS, RUN_SERIES, Alarm, Evidence, Rule, averages
from tuimon.analysis.findings.sample import Sample
from tuimon.analysis.findings.windows import MovingMean, mean
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role

# Python 3.11 takes longer to look a member up in its class than for all that is done with it here.
_GPU_UTILISATION = Role.GPU_UTILISATION


@frozen
class GpuUnderutilisedLimits:
    """Defaults of `gpu_underutilised` (80 % is the ideal; below 50 % half of the GPUs is paid for nothing).

    Attributes:
        percent: A mean below this is too little.
        calm_percent: A mean above this is calm.
        mean_samples: The mean is over so many readings, which are looked at four at a time.
        least_samples: Before so many readings only possible cases are found ...
        possible_samples: ... and before so many none.
        possible_percent: What `percent` is for them; every mean of a few readings must lie below it.
        hold: Readings in a row.
    """

    percent: float = 50.0
    calm_percent: float = 60.0
    mean_samples: int = 40
    least_samples: int = 25
    possible_samples: int = 10
    possible_percent: float = 30.0
    hold: int = 5


class GpuUnderutilised(Rule[GpuUnderutilisedLimits]):
    """GPUs that are busy less than half of the time while training goes on."""

    name = "gpu_underutilised"
    severity = Severity.WARNING
    roles = frozenset({Role.GPU_UTILISATION})
    per_series = False
    causes = (
        "loading or preparing examples keeps the GPUs waiting",
        "a batch that is too small",
        "work between the steps: logging, metrics, copies to the host",
    )
    remedies = (
        "Raise num_workers and prefetch_factor, and set pin_memory.",
        "Use a larger batch if memory allows.",
        "Profile a few steps, and move work out of the loop.",
    )

    def prepare(self) -> None:
        """Start without readings."""
        self._alarm = Alarm(self, averages(self.limits.hold), averages(2 * self.limits.hold))
        self._means = MovingMean(averages(self.limits.mean_samples))

    def restarted(self) -> None:
        """Forget the readings: it may be another machine."""
        self._alarm.resolve()
        self._means.clear()

    def averaged(self, sample: Sample) -> None:
        """Look at some readings of all GPUs."""
        gpus = [percent for percent in sample.of(_GPU_UTILISATION) if 0.0 <= percent <= 100.0]
        if not gpus:
            return
        means = self._means
        means.push(mean(gpus))
        self.series = RUN_SERIES
        if len(gpus) == 1:
            known = sample.by_tag(_GPU_UTILISATION).items()
            self.series = next(tag for tag, percent in known if percent == gpus[0])
        self._judge(means.mean, len(gpus))

    def _judge(self, percent: float, gpus: int) -> None:
        limits = self.limits
        known = self._means.values
        if len(known) < averages(limits.least_samples):
            enough = len(known) >= averages(limits.possible_samples)
            if enough and max(known) < limits.possible_percent:
                self._alarm.suspect(lambda: self._describe(percent, gpus))
        elif self.ledger.is_open("dataloader_bottleneck"):
            # That finding says it better.
            self._alarm.miss(calm=False)
        elif percent < limits.percent:
            self._alarm.hit(lambda: self._describe(percent, gpus))
        elif self._alarm.awake:
            self._alarm.miss(calm=percent > limits.calm_percent)

    def _describe(self, percent: float, gpus: int) -> Evidence:
        who = "the GPU was" if gpus == 1 else f"the {gpus} GPUs were"
        return Evidence(
            value=percent,
            usual=None,
            message=f"{who} busy {percent:.0f} % of the time over the last "
            f"{AVERAGED_READINGS * len(self._means)} readings "
            f"(below {self.limits.percent:.0f} %)",
        )
