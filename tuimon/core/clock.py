"""What time it is."""

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
