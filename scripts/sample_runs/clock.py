"""The time base of the sample runs: hours of training out of the seconds that the script needs."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock

FIRST_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When the first sample run starts; the others start on the days that follow."""


class VirtualClock:
    """A clock that stands still until it is told how long something took.

    Args:
        day: Days after `FIRST_START` at which the clock begins.
        seed: Seed of the durations.
    """

    def __init__(self, *, day: int, seed: int) -> None:
        self._now = (FIRST_START + timedelta(days=day)).timestamp()
        self._random = random.Random(seed)

    def now(self) -> float:
        """Return the current virtual time in unix seconds, to the millisecond."""
        return round(self._now, 3)

    def advance(self, median_s: float, spread: float = 0.04) -> None:
        """Let a log-normal duration pass.

        Step times are skewed to the right: a step can be late but hardly early. A log-normal has that form.

        Args:
            median_s: Median of the duration in seconds.
            spread: Standard deviation of the logarithm of the duration.
        """
        self._now += median_s * math.exp(spread * self._random.gauss(0.0, 1.0))

    @contextmanager
    def as_system_time(self) -> Iterator[None]:
        """Make `time.time` read this clock, for libraries that take no time as an argument."""
        with mock.patch.object(time, "time", self.now):
            yield
