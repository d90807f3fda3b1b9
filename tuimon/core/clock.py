"""What time it is: the machine's, or the data's."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells unix seconds."""

    def now(self) -> float:
        """Return the time in unix seconds."""


class SystemClock:
    """The machine's clock, for runs that are watched live."""

    def now(self) -> float:
        """Return the machine's time in unix seconds."""
        return time.time()


class FixedClock:
    """A time that somebody sets: the time of the data in `check`, `summary` and `replay`, and in tests."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        """Return the time that was set last."""
        return self._now

    def set(self, now: float) -> None:
        """Set the time, in unix seconds."""
        self._now = now
