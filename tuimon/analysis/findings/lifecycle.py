"""Runs that stand still, and runs that began again."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule, quoted
from tuimon.analysis.findings.sample import Sample
from tuimon.analysis.findings.windows import mean
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, role_of
from tuimon.core.units import format_duration

# Python 3.11 takes longer to look a member up in its class than for all that is done with it here.
_PROCESS_ALIVE = Role.PROCESS_ALIVE
_GPU_UTILISATION, _CPU_UTILISATION, _GPU_POWER = Role.GPU_UTILISATION, Role.CPU_UTILISATION, Role.GPU_POWER
_HANG = "a collective operation that waits for a rank that died (NCCL)"
_FILES = "a file system or a data loader that does not answer"
_LOADER = "a data loader that prepares examples for far longer than before"
_EVALUATION = "an evaluation or a checkpoint that takes far longer than before"
# Ctrl+c, or a scheduler that asks it to leave.
_ASKED_TO_END = re.compile(r"KeyboardInterrupt|\bSIG(INT|TERM|HUP)\b")
# What is usual is told by so many means of readings from before the silence.
_USUAL_SAMPLES = 2


@frozen
class StalledLimits:
    """Defaults of `stalled` (SageMaker Debugger: 1800 s; NVRx: five times the longest interval).

    Attributes:
        least_s: Never before so many seconds of silence.
        intervals: Nor before so many usual intervals.
        gaps: Nor before so many times the longest silence so far.
        least_lines: Nor before so many training lines.
        most_s: A longer silence is no stall: a clock was set, or files of several runs lie together.
        busy_gpu_percent: GPUs at this utilisation and more are busy: with waiting, if ...
        low_power: ... they draw less than this share of what training drew (own choice), else with work.
        idle_gpu_percent: Below this utilisation they are idle; what lies between is work.
        busy_cpu_percent: While they are idle, a CPU above this prepares something (own choice).
    """

    least_s: float = 600.0
    intervals: float = 10.0
    gaps: float = 3.0
    least_lines: int = 8
    most_s: float = 30 * 86400.0
    busy_gpu_percent: float = 90.0
    low_power: float = 0.6
    idle_gpu_percent: float = 5.0
    busy_cpu_percent: float = 50.0


class Stalled(Rule[StalledLimits]):
    """No training or evaluation line for much longer than ever before, while the run has not ended.

    What the sensors read meanwhile tells where it waits: GPUs busy at low power wait for each other, idle
    GPUs for the CPU or for files, and GPUs that work as usual evaluate.
    """

    name = "stalled"
    severity = Severity.CRITICAL
    roles = frozenset({Role.PROCESS_ALIVE, Role.GPU_UTILISATION, Role.GPU_POWER, Role.CPU_UTILISATION})
    per_series = False
    causes = (_HANG, _FILES, _EVALUATION)
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
        self._usual: deque[Sample] = deque(maxlen=_USUAL_SAMPLES)

    def hears(self, tag: str) -> bool:
        """Return whether a tag tells of the process: the other sensors are asked when it stalls."""
        return role_of(tag) is _PROCESS_ALIVE

    def point(self, value: float) -> None:
        """Take note of whether the process lives."""
        self._gone = value == 0.0

    def averaged(self, sample: Sample) -> None:
        """Keep what the sensors read while training goes on."""
        self._usual.append(sample)

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
        clue, causes = self._clue()
        return Evidence(value=silence, usual=usual, message=message + clue, causes=causes)

    def _clue(self) -> tuple[str, tuple[str, ...]]:
        """Return what the sensors tell of where it waits, and the cause that this points to."""
        limits, gpu, cpu = self.limits, self._reading(_GPU_UTILISATION), self._reading(_CPU_UTILISATION)
        if gpu is None:
            return "", ()
        clue = f"; GPU at {gpu:.0f} %"
        if gpu >= limits.busy_gpu_percent:
            share = self._power_share()
            if share is not None:
                clue += f" and {100 * share:.0f} % of its usual power"
            if share is None or share < limits.low_power:
                return f"{clue}: looks like a collective hang", (_HANG,)
        elif gpu < limits.idle_gpu_percent:
            if cpu is None or cpu < limits.busy_cpu_percent:
                return f"{clue}: looks like waiting for files or a dead rank", (_FILES,)
            return f"{clue}, CPU at {cpu:.0f} %: looks like waiting for the data loader", (_LOADER,)
        return f"{clue}: still at work, looks like an evaluation or a checkpoint", (_EVALUATION,)

    def _reading(self, role: Role) -> float | None:
        """Return what the sensors of a role read last, on average; None if there are none."""
        return _mean(value for tag, value in self.run.readings.items() if role_of(tag) is role)

    def _power_share(self) -> float | None:
        """Return which share of what training drew the GPUs draw now; None if that is not known."""
        now = self._reading(_GPU_POWER)
        usual = _mean(watts for sample in self._usual for watts in sample.of(_GPU_POWER))
        return now / usual if now is not None and usual else None


def _mean(values: Iterable[float]) -> float | None:
    """Return the mean of the readings that can be ones; None if there are none."""
    known = [value for value in values if value >= 0.0]
    return mean(known) if known else None


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
            self._alarm.hold = self.limits.samples  # it may be resumed

    def _describe(self) -> Evidence:
        message = f"the process is gone at step {self._reached()}, and no end was logged"
        return Evidence(value=None, usual=None, message=message)

    def _describe_failure(self) -> Evidence:
        where = f"at step {self._reached()}" if self.run.lines else "before its first training line"
        said = quoted(self.run.last_words)
        asked = ("somebody interrupted it, or a scheduler ended it",) if _ASKED_TO_END.search(said) else ()
        message = f"the run failed {where}" + (f": {said}" if said else "")
        return Evidence(value=None, usual=None, message=message, causes=asked)

    def _reached(self) -> str:
        of_total = "" if self.run.total_steps is None else f" of {self.run.total_steps}"
        return f"{self.run.train_step}{of_total}"
