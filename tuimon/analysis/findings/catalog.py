"""Every rule, and the thresholds of all of them."""

from __future__ import annotations

from dataclasses import field, replace
from fnmatch import fnmatchcase
from typing import Any

from tuimon.analysis.findings.collapse import MetricCollapse, MetricCollapseLimits
from tuimon.analysis.findings.evaluation import EvalMissing, EvalMissingLimits, Overfitting, OverfittingLimits
from tuimon.analysis.findings.failures import LogError, LogErrorLimits, OutOfMemory, OutOfMemoryLimits
from tuimon.analysis.findings.frame import Rule
from tuimon.analysis.findings.gpu import GpuUnderutilised, GpuUnderutilisedLimits
from tuimon.analysis.findings.gpu_health import (
    GpuImbalance,
    GpuImbalanceLimits,
    ThermalThrottle,
    ThermalThrottleLimits,
)
from tuimon.analysis.findings.gpu_memory import (
    GpuMemoryLeak,
    GpuMemoryLeakLimits,
    GpuMemoryPressure,
    GpuMemoryPressureLimits,
)
from tuimon.analysis.findings.gradient import (
    GradExplosion,
    GradExplosionLimits,
    GradVanishing,
    GradVanishingLimits,
)
from tuimon.analysis.findings.host import DiskFull, DiskFullLimits, HostMemoryLeak, HostMemoryLeakLimits
from tuimon.analysis.findings.learning_rate import LrAnomaly, LrAnomalyLimits
from tuimon.analysis.findings.lifecycle import Crashed, CrashedLimits, Stalled, StalledLimits
from tuimon.analysis.findings.loading import DataloaderBottleneck, DataloaderBottleneckLimits
from tuimon.analysis.findings.loss import (
    Divergence,
    DivergenceLimits,
    LossSpike,
    LossSpikeLimits,
    LossSurge,
    LossSurgeLimits,
)
from tuimon.analysis.findings.nonfinite import NanInf, NanInfLimits
from tuimon.analysis.findings.plateau import Plateau, PlateauLimits
from tuimon.analysis.findings.ranks import Straggler, StragglerLimits
from tuimon.analysis.findings.restart import (
    CheckpointRegress,
    CheckpointRegressLimits,
    RestartDetected,
    RestartDetectedLimits,
)
from tuimon.analysis.findings.schedule import LrScheduleMismatch, LrScheduleMismatchLimits
from tuimon.analysis.findings.speed import (
    StepTimeOutlier,
    StepTimeOutlierLimits,
    ThroughputDrop,
    ThroughputDropLimits,
)
from tuimon.analysis.findings.unrest import (
    LossOscillation,
    LossOscillationLimits,
    SpeedUnstable,
    SpeedUnstableLimits,
)
from tuimon.core.frozen import frozen

# A rule sees a point after those above it: what names another rule's finding stands below that rule.
RULES: tuple[type[Rule[Any]], ...] = (
    NanInf,
    LossSpike,
    LossSurge,
    Divergence,
    LossOscillation,
    Plateau,
    CheckpointRegress,
    Overfitting,
    EvalMissing,
    MetricCollapse,
    GradExplosion,
    GradVanishing,
    LrAnomaly,
    LrScheduleMismatch,
    DataloaderBottleneck,
    ThermalThrottle,
    StepTimeOutlier,
    Straggler,
    SpeedUnstable,
    ThroughputDrop,
    Stalled,
    Crashed,
    OutOfMemory,
    LogError,
    RestartDetected,
    GpuUnderutilised,
    GpuImbalance,
    GpuMemoryLeak,
    GpuMemoryPressure,
    HostMemoryLeak,
    DiskFull,
)


@frozen
class FindingSettings:
    """The thresholds of every rule, under the rule's name, and which rules are off.

    Attributes:
        off: Names of rules that do not run.
        patterns: Rule, pattern of tags (`*` stands for anything) and the thresholds for the series that fit
            it; None: the rule is off for them. The first that fits counts.
    """

    nan_inf: NanInfLimits = field(default_factory=NanInfLimits)
    loss_spike: LossSpikeLimits = field(default_factory=LossSpikeLimits)
    loss_surge: LossSurgeLimits = field(default_factory=LossSurgeLimits)
    divergence: DivergenceLimits = field(default_factory=DivergenceLimits)
    loss_oscillation: LossOscillationLimits = field(default_factory=LossOscillationLimits)
    plateau: PlateauLimits = field(default_factory=PlateauLimits)
    checkpoint_regress: CheckpointRegressLimits = field(default_factory=CheckpointRegressLimits)
    overfitting: OverfittingLimits = field(default_factory=OverfittingLimits)
    eval_missing: EvalMissingLimits = field(default_factory=EvalMissingLimits)
    metric_collapse: MetricCollapseLimits = field(default_factory=MetricCollapseLimits)
    grad_explosion: GradExplosionLimits = field(default_factory=GradExplosionLimits)
    grad_vanishing: GradVanishingLimits = field(default_factory=GradVanishingLimits)
    lr_anomaly: LrAnomalyLimits = field(default_factory=LrAnomalyLimits)
    lr_schedule_mismatch: LrScheduleMismatchLimits = field(default_factory=LrScheduleMismatchLimits)
    dataloader_bottleneck: DataloaderBottleneckLimits = field(default_factory=DataloaderBottleneckLimits)
    thermal_throttle: ThermalThrottleLimits = field(default_factory=ThermalThrottleLimits)
    step_time_outlier: StepTimeOutlierLimits = field(default_factory=StepTimeOutlierLimits)
    straggler: StragglerLimits = field(default_factory=StragglerLimits)
    speed_unstable: SpeedUnstableLimits = field(default_factory=SpeedUnstableLimits)
    throughput_drop: ThroughputDropLimits = field(default_factory=ThroughputDropLimits)
    stalled: StalledLimits = field(default_factory=StalledLimits)
    crashed: CrashedLimits = field(default_factory=CrashedLimits)
    out_of_memory: OutOfMemoryLimits = field(default_factory=OutOfMemoryLimits)
    log_error: LogErrorLimits = field(default_factory=LogErrorLimits)
    restart_detected: RestartDetectedLimits = field(default_factory=RestartDetectedLimits)
    gpu_underutilised: GpuUnderutilisedLimits = field(default_factory=GpuUnderutilisedLimits)
    gpu_imbalance: GpuImbalanceLimits = field(default_factory=GpuImbalanceLimits)
    gpu_memory_leak: GpuMemoryLeakLimits = field(default_factory=GpuMemoryLeakLimits)
    gpu_memory_pressure: GpuMemoryPressureLimits = field(default_factory=GpuMemoryPressureLimits)
    host_memory_leak: HostMemoryLeakLimits = field(default_factory=HostMemoryLeakLimits)
    disk_full: DiskFullLimits = field(default_factory=DiskFullLimits)
    off: frozenset[str] = frozenset()
    patterns: tuple[tuple[str, str, Any], ...] = ()

    def limits_of(self, rule: str, series: str) -> Any:  # noqa: ANN401 - every rule has its own
        """Return the thresholds of a rule for a series; None if the rule is off for it."""
        if not self.patterns:
            return getattr(self, rule)
        fitting = (
            limits for name, tags, limits in self.patterns if name == rule and fnmatchcase(series, tags)
        )
        return next(fitting, getattr(self, rule))

    def strict(self) -> FindingSettings:
        """Return the settings with the simple literal rules on.

        A loss at twice the value before it, ten points that do not fall, a gradient norm above 100 or below
        0.01: easy to explain, blind to noise, and loud on healthy runs.
        """
        return replace(
            self,
            loss_surge=replace(self.loss_surge, literal=True),
            plateau=replace(self.plateau, literal=True),
            grad_explosion=replace(self.grad_explosion, literal=True),
            grad_vanishing=replace(self.grad_vanishing, literal=True),
        )
