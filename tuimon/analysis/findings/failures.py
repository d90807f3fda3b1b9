"""What a run's log says went wrong."""

from __future__ import annotations

import re

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule, quoted
from tuimon.analysis.findings.sample import NO_SAMPLE, Sample
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role

# PyTorch, TensorFlow and JAX, CUDA, C++, Python, and the kernel's word for it.
_OUT_OF_MEMORY = re.compile(
    r"out of memory|OutOfMemory|OUT_OF_MEMORY|RESOURCE_EXHAUSTED|cudaErrorMemoryAllocation|bad_alloc"
    r"|\bMemoryError|can't allocate memory|oom[-_ ]kill|Killed process"
)
_ON_THE_HOST = re.compile(r"\bMemoryError|can't allocate memory|oom[-_ ]kill|Killed process|bad_alloc")
# A person stopped it.
_INTERRUPTED = re.compile(r"KeyboardInterrupt")
_NCCL = re.compile(r"NCCL|nccl|Watchdog caught collective")


@frozen
class OutOfMemoryLimits:
    """Defaults of `out_of_memory`: one line in a log is enough.

    Attributes:
        clear: Training lines after which it is over: the run goes on (own choice).
    """

    clear: int = 50


class OutOfMemory(Rule[OutOfMemoryLimits]):
    """A log that says that the memory of a GPU or of the host ran out."""

    name = "out_of_memory"
    severity = Severity.CRITICAL
    roles = frozenset(
        {Role.GPU_MEMORY_USED, Role.GPU_MEMORY_TOTAL, Role.GPU_MEMORY_PCT, Role.HOST_MEMORY_PCT}
    )
    per_series = False
    causes = (
        "the batch or the sequences do not fit",
        "one batch that is much longer than the others",
        "memory that leaks (see gpu_memory_leak and host_memory_leak)",
        "another process on the same GPU or host",
    )
    remedies = (
        "Use a smaller batch with gradient accumulation, or shorter sequences.",
        "Use gradient checkpointing, or weights in 8 or 4 bit.",
        "Set PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True if fragments are the cause.",
        "On the host: fewer loader workers, memory-mapped examples.",
    )

    def prepare(self) -> None:
        """Start without a word."""
        self._alarm = Alarm(self, clear=self.limits.clear, by_lines=True)
        self._last = NO_SAMPLE

    def sampled(self, sample: Sample) -> None:
        """Keep the last readings."""
        self._last = sample

    def told(self, text: str) -> None:
        """Look at what a log says failed."""
        if _OUT_OF_MEMORY.search(text):
            self._alarm.hit(lambda: self._describe(text))

    def _describe(self, text: str) -> Evidence:
        if _ON_THE_HOST.search(text):
            readings = self._last.of(Role.HOST_MEMORY_PCT)
            known = [f"the host was at {percent:.0f} %" for percent in readings]
            value = max(readings, default=None)
        else:
            percents = {index: percent for index, _, percent in self._last.memory_percents()}
            known = [f"GPU {index} was at {percent:.0f} %" for index, percent in sorted(percents.items())]
            value = max(percents.values(), default=None)
        return Evidence(
            value=value, usual=None, message=f"out of memory: {'; '.join([quoted(text), *known])}"
        )


@frozen
class LogErrorLimits:
    """Defaults of `log_error`: one line in a log is enough.

    Attributes:
        clear: Training lines after which it is over: the run goes on (own choice).
    """

    clear: int = 50


class LogError(Rule[LogErrorLimits]):
    """A log with a traceback, a failed collective operation or an ERROR line."""

    name = "log_error"
    severity = Severity.WARNING
    per_series = False
    causes = ("the training program raised an exception", "a worker or a rank failed, and the others go on")
    remedies = (
        "Read the log around that line: the first error counts, the others follow from it.",
        "Look at the logs of the other ranks and at the kernel log (dmesg).",
    )

    def prepare(self) -> None:
        """Start without a word."""
        self._alarm = Alarm(self, clear=self.limits.clear, by_lines=True)

    def told(self, text: str) -> None:
        """Look at what a log says failed."""
        if text and not _OUT_OF_MEMORY.search(text) and not _INTERRUPTED.search(text):
            self._alarm.hit(lambda: _describe(text))


def _describe(text: str) -> Evidence:
    causes = ("a rank that died or hangs: the others wait for it in a collective operation",)
    message = f"the log says: {quoted(text)}"
    return Evidence(value=None, usual=None, message=message, causes=causes if _NCCL.search(text) else ())
