"""From points of sensors to the samples that rules look at."""

from __future__ import annotations

from collections.abc import Sequence

from tuimon.analysis.findings.frame import AVERAGED_READINGS, Listener, overriding
from tuimon.analysis.findings.sample import Layouts, Sample, SampleMean
from tuimon.analysis.findings.sample_gate import SampleGate


class Sampling:
    """Shows the rules what the sensors read while training goes on: each reading, and means of a few.

    Attributes:
        layouts: The layouts of the run's sensors.
        gate: Where points of sensors go.
    """

    def __init__(self, rules: Sequence[Listener]) -> None:
        self.layouts = Layouts()
        self.gate = SampleGate(self.layouts)
        self._mean, self._averaged = SampleMean(self.layouts), 0
        self._on_sample = overriding(rules, "sampled")
        self._on_average = overriding(rules, "averaged")

    def restart(self) -> None:
        """Forget what was read: it may be another machine."""
        self.gate.drop()
        self._mean.clear()
        self._averaged = 0

    def line(self, lines: int, *, paused: bool) -> None:
        """Show what was read since the last training line, unless there was a pause."""
        if paused or self.gate.waits:
            for sample in self.gate.release(lines, paused=paused):
                self._show(sample)

    def _show(self, sample: Sample) -> None:
        for rule in self._on_sample:
            rule.sampled(sample)
        self._mean.add_all(sample.layout, sample.readings)
        self._averaged += 1
        if self._averaged == AVERAGED_READINGS:
            self._averaged = 0
            average = self._mean.take()
            for rule in self._on_average:
                rule.averaged(average)
