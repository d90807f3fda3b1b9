"""Findings that belong together: one incident, told from its first sign to its consequences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tuimon.analysis.findings.finding import Finding, Severity
from tuimon.core.frozen import frozen

# Findings whose onsets lie within so many training lines may be one matter. Own choice.
NEAR_LINES = 20

# What a rule's finding may be the consequence of. Where two rules name each other, the one that began first
# leads: a gradient norm that explodes drives the loss up, and a loss that explodes drives the gradients up.
_OF_THE_OPTIMISER = frozenset(
    {"grad_explosion", "loss_spike", "loss_surge", "divergence", "nan_inf", "lr_anomaly",
     "checkpoint_regress", "loss_oscillation"}
)  # fmt: skip
_OF_THE_SPEED = frozenset(
    {"dataloader_bottleneck", "thermal_throttle", "step_time_outlier", "straggler", "throughput_drop",
     "gpu_imbalance", "gpu_underutilised", "speed_unstable"}
)  # fmt: skip
CAUSES_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(_OF_THE_OPTIMISER, _OF_THE_OPTIMISER | {"restart_detected", "lr_schedule_mismatch"}),
        "metric_collapse": _OF_THE_OPTIMISER | {"restart_detected", "grad_vanishing"},
        "grad_vanishing": _OF_THE_OPTIMISER,
        "plateau": frozenset({"grad_vanishing", "lr_anomaly", "lr_schedule_mismatch"}),
        "eval_missing": frozenset({"restart_detected"}),
        **dict.fromkeys(_OF_THE_SPEED, _OF_THE_SPEED),
        "gpu_memory_pressure": frozenset({"gpu_memory_leak"}),
        "out_of_memory": frozenset(
            {"gpu_memory_leak", "gpu_memory_pressure", "host_memory_leak", "log_error"}
        ),
        "log_error": frozenset({"out_of_memory", "nan_inf", "disk_full"}),
        "stalled": frozenset({"log_error", "out_of_memory", "disk_full", "straggler"}),
        "crashed": frozenset(
            {"out_of_memory", "log_error", "gpu_memory_leak", "gpu_memory_pressure", "host_memory_leak",
             "disk_full", "nan_inf", "stalled"}
        ),
    }
)  # fmt: skip

# What goes on for long before it has its consequence. All else explains only what comes with it.
_LASTING = frozenset(
    {"gpu_memory_leak", "gpu_memory_pressure", "host_memory_leak", "disk_full", "dataloader_bottleneck",
     "thermal_throttle", "straggler", "grad_vanishing", "lr_anomaly", "divergence"}
)  # fmt: skip

# These are told from means of sensors and thus after what they explain, but they lead.
_EXPLANATIONS = frozenset({"dataloader_bottleneck", "thermal_throttle", "straggler"})

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "nan_inf": "NaN",
        "grad_explosion": "gradient norm",
        "grad_vanishing": "vanishing gradients",
        "lr_anomaly": "learning rate",
        "gpu_underutilised": "idle GPUs",
        "step_time_outlier": "stalling steps",
        "restart_detected": "restart",
        "checkpoint_regress": "higher loss after the restart",
        "eval_missing": "missing evaluation",
    }
)


@frozen
class Incident:
    """One matter of a run.

    Attributes:
        findings: What leads first, then the others in the order in which they began: its consequences, or
            further signs of it.
    """

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that the others follow from."""
        return self.findings[0]

    @property
    def consequences(self) -> tuple[Finding, ...]:
        """All other findings, in the order in which they began."""
        return self.findings[1:]

    @property
    def severity(self) -> Severity:
        """How bad the worst of its findings is."""
        return max(finding.severity for finding in self.findings)

    @property
    def open(self) -> bool:
        """Whether any of its findings still holds."""
        return any(finding.open for finding in self.findings)

    @property
    def title(self) -> str:
        """What happened in a few words: `gradient norm 31x, then loss spike, then NaN`."""
        return ", then ".join(dict.fromkeys(_words_for(finding) for finding in self.findings))


def incidents_of(findings: Iterable[Finding]) -> tuple[Incident, ...]:
    """Put findings of one run together.

    A finding joins an incident in which a rule speaks that it may follow from, or that may follow from it,
    if both began within `NEAR_LINES` training lines of each other; or if the cause, begun at any time before,
    still held when it began (memory that leaks for hours, and then the crash).

    Args:
        findings: In the order in which they opened, which decides between those that began at one line.

    Returns:
        The incidents in the order in which they began.
    """
    groups: list[list[Finding]] = []
    for finding in sorted(findings, key=lambda finding: finding.onset_line):
        related = [group for group in groups if any(_belong(earlier, finding) for earlier in group)]
        if not related:
            groups.append([finding])
            continue
        # The latest of several: what began just before explains more than what began long ago.
        related[-1].append(finding)
    return tuple(
        Incident(tuple(sorted(group, key=lambda finding: finding.rule not in _EXPLANATIONS)))
        for group in groups
    )


def _belong(earlier: Finding, later: Finding) -> bool:
    """Return whether two findings are one matter; `earlier` did not begin after `later`."""
    follows = earlier.rule in CAUSES_OF.get(later.rule, frozenset())
    near = later.onset_line - earlier.onset_line <= NEAR_LINES
    if near:
        return follows or later.rule in CAUSES_OF.get(earlier.rule, frozenset()) or earlier.rule == later.rule
    return follows and earlier.rule in _LASTING and _held(earlier, later.onset_line)


def _held(finding: Finding, line: int) -> bool:
    return finding.resolved_line is None or finding.resolved_line >= line


def _words_for(finding: Finding) -> str:
    if finding.rule == "nan_inf" and finding.value is not None and math.isinf(finding.value):
        return "infinity"
    if finding.rule == "grad_explosion" and finding.value and finding.usual:
        return f"gradient norm {finding.value / finding.usual:.0f}x"
    return _WORDS.get(finding.rule, finding.rule.replace("_", " "))
