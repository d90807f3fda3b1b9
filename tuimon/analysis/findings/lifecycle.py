"""Runs that stand still, and runs that began again."""

from __future__ import annotations

from statistics import fmean

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, role_of
from tuimon.core.units import format_duration

# Python 3.11 takes longer to look a member up in its class than for all that is done with it here.
_PROCESS_ALIVE = Role.PROCESS_ALIVE


@frozen
class StalledLimits:
    """Defaults of `stalled` (SageMaker Debugger: 1800 s; NVRx: five times the longest interval).

    Attributes:
        least_s: Never before so many seconds of silence.
        intervals: Nor before so many usual intervals.
        gaps: Nor before so many times the longest silence so far.
        least_lines: Nor before so many training lines.
        most_s: A longer silence is no stall: a clock was set, or files of several runs lie together.
    """

    least_s: float = 600.0
    intervals: float = 10.0
    gaps: float = 3.0
    least_lines: int = 8
    most_s: float = 30 * 86400.0


class Stalled(Rule[StalledLimits]):
    """No training or evaluation line for much longer than ever before, while the run has not ended."""

    name = "stalled"
    severity = Severity.CRITICAL
    roles = frozenset({Role.PROCESS_ALIVE, Role.GPU_UTILISATION})
    per_series = False
    causes = (
        "a collective operation that waits for a rank that died (NCCL)",
        "a file system or a data loader that does not answer",
        "an evaluation or a checkpoint that takes far longer than before",
    )
    remedies = (
        "Look where it waits: py-spy dump --pid PID on every rank.",
        "Start again with NCCL_DEBUG=INFO, and look at the kernel log (dmesg).",
        "If it does not come back, go on from the last checkpoint.",
    )

    def prepare(self) -> None:
        """Start without a silence."""
        self._alarm = Alarm(self)
        self._longest_s = 0.0
        self._resumed = False
        self._gone = False
        self._gpu_percent: dict[str, float] = {}

    def point(self, value: float) -> None:
        """Take note of whether the process lives and its GPUs work."""
        if role_of(self.run.tag) is _PROCESS_ALIVE:
            self._gone = value == 0.0
        elif 0.0 <= value <= 100.0:
            self._gpu_percent[self.run.tag] = value

    def restarted(self) -> None:
        """Leave the down-time out of the silences."""
        self._resumed = True

    def active(self) -> None:
        """Note how long the silence was that has just ended."""
        silence = self.run.silence_s
        if self._alarm.is_open:
            self._alarm.resolve()
        elif silence > self._longest_s and not self._resumed:
            self._longest_s = silence
        self._resumed = False

    def silence(self) -> None:
        """Look at how long nothing has come."""
        run, limits = self.run, self.limits
        if not limits.least_s < run.silence_s < limits.most_s:
            return
        if self._alarm.is_open or self._gone or run.ended or run.lines < limits.least_lines:
            return
        if run.progress is not None and run.progress >= 1.0:
            return
        usual = run.usual_interval_s
        longest_allowed = max(limits.least_s, limits.intervals * usual, limits.gaps * self._longest_s)
        if run.silence_s > longest_allowed:
            self._alarm.hit(lambda: self._describe(run.silence_s, usual))

    def ended(self) -> None:
        """Stop waiting."""
        self._alarm.resolve()

    def _describe(self, silence: float, usual: float) -> Evidence:
        message = f"no training line for {format_duration(silence)} (usual {format_duration(usual)})"
        causes: tuple[str, ...] = ()
        if self._gpu_percent:
            percent = fmean(self._gpu_percent.values())
            message += f"; GPU at {percent:.0f} %"
            if percent > 90.0:
                message += ": looks like a collective hang"
            elif percent < 5.0:
                message += ": looks like waiting for files or a dead rank"
                causes = self.causes[1:2]
        return Evidence(value=silence, usual=usual, message=message, causes=causes)


@frozen
class CrashedLimits:
    """Defaults of `crashed`.

    Attributes:
        samples: So many readings in a row that say the process is gone (NVRx: unknown is not gone).
    """

    samples: int = 2


class Crashed(Rule[CrashedLimits]):
    """A process that is gone before the run's end.

    Without a word about the process a silent run is called stalled, never crashed.
    """

    name = "crashed"
    severity = Severity.CRITICAL
    roles = frozenset({Role.PROCESS_ALIVE})
    per_series = False
    causes = (
        "out of memory, on the GPU or on the host",
        "an exception in the training program",
        "the job was cancelled or preempted",
    )
    remedies = (
        "Read the end of the log, and the kernel log (dmesg) for an out-of-memory kill.",
        "Go on from the last checkpoint.",
    )

    def prepare(self) -> None:
        """Start with a process that lives, as far as is known."""
        # A training line is a sign of life.
        self._alarm = Alarm(self, self.limits.samples, clear=1, by_lines=True)

    def point(self, value: float) -> None:
        """Look at whether the process lives."""
        done = self.run.ended or (self.run.progress is not None and self.run.progress >= 1.0)
        if value == 0.0 and self.run.lines and not done:
            self._alarm.hit(self._describe)

    def ended(self) -> None:
        """Look at how it ended."""
        if self.run.failed and not self._alarm.is_open:
            self._alarm.hold = 1
            self._alarm.hit(self._describe_failure)

    def _describe(self) -> Evidence:
        message = f"the process is gone at step {self._reached()}, and no end was logged"
        return Evidence(value=None, usual=None, message=message)

    def _describe_failure(self) -> Evidence:
        where = f"at step {self._reached()}" if self.run.lines else "before its first training line"
        return Evidence(value=None, usual=None, message=f"the run failed {where}")

    def _reached(self) -> str:
        of_total = "" if self.run.total_steps is None else f" of {self.run.total_steps}"
        return f"{self.run.train_step}{of_total}"
