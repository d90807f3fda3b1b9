"""This machine's sensors and the writers of runs, looked at once a second while a run is live."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon.core.clock import Clock
from tuimon.core.process import RunProcess
from tuimon.hardware.run_process import gpus_of, numbered_like_driver
from tuimon.monitor.liveness import WriterWatch

if TYPE_CHECKING:
    from tuimon.core.hardware import HardwareSample
    from tuimon.hardware.base import Probe

SAMPLE_S = 1.0
_KEPT_SAMPLES = 600
_SHOWN_SAMPLES = 60
# Rates and the CPU's use need two samples, which are taken in any case.
_FIRST_SAMPLES = 2


class Sampling:
    """Samples of the sensors, and who writes which run. The sampler's thread looks, the reader's thread asks.

    Args:
        probe: This machine's sensors, or None.
        clock: Tells the present.

    Attributes:
        writers: The processes that write runs, as far as they are known.
        followed: The files of the runs whose writers are looked for, by run; set by the reader's thread.
        silent: Those of runs that seem to have ended, not long ago.
    """

    def __init__(self, probe: Probe | None, clock: Clock) -> None:
        self.writers = WriterWatch()
        self.followed: Mapping[str, tuple[Path, ...]] = {}
        self.silent: Mapping[str, tuple[Path, ...]] = {}
        self._probe = probe
        self._clock = clock
        self._samples: deque[HardwareSample] = deque(maxlen=_KEPT_SAMPLES)
        self._taken = 0
        self._given = 0

    @property
    def shown(self) -> tuple[HardwareSample, ...]:
        """The last samples, oldest first."""
        return tuple(self._samples)[-_SHOWN_SAMPLES:]

    def process_of(self, run_name: str) -> RunProcess | None:
        """Return the process that writes a run, with the GPUs on which it was seen last."""
        process = self.writers.process(run_name)
        if process is None or not process.alive or not self._samples:
            return process
        gpus = gpus_of(process.family, self._samples[-1].gpus, same_numbers=numbered_like_driver())
        return replace(process, gpus=gpus)

    def look_for_writers(self) -> bool:
        """Look for the writers of the runs that are followed, and whether the known ones live.

        Returns:
            Whether a run that seemed to have ended is being written.
        """
        if not (self.followed or self.silent):
            return False
        self.writers.look(self.followed, time.monotonic(), self.silent)
        return not self.silent.keys().isdisjoint(self.writers.known())

    def sample(self, *, live: bool) -> bool:
        """Look at the sensors, if any run is live; return whether there is a new sample."""
        if self._probe is None or not (live or self._taken < _FIRST_SAMPLES):
            return False
        self._samples.append(self._probe.sample(self._clock.now()))
        self._taken += 1
        return True

    @property
    def has_fresh(self) -> bool:
        """Whether there are samples that nobody took yet."""
        return self._taken > self._given

    def take_fresh(self) -> tuple[HardwareSample, ...]:
        """Return the samples since the last call."""
        fresh, self._given = self._taken - self._given, self._taken
        return tuple(self._samples)[-fresh:] if fresh else ()
